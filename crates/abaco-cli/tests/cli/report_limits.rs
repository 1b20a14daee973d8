//! What a report counts rather than lists.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::common::{SLICES, Sandbox, in_repository};

const RUN: &[&str] = &["run", "tape.csv", "--config", "cfg/pipeline.yml"];

fn by_region(rows: impl IntoIterator<Item = String>) -> String {
    let rows: Vec<String> = rows.into_iter().collect();
    let sandbox = Sandbox::with("tape.csv", format!("region,{SLICES}\n{}\n", rows.join("\n")));
    sandbox.configure("segments: [[region]]");
    sandbox.abaco(RUN).silent().stdout
}

#[track_caller]
fn paragraph<'t>(stdout: &'t str, begins: &str) -> Vec<&'t str> {
    let found = stdout.split("\n\n").find(|paragraph| paragraph.starts_with(begins));
    found.unwrap_or_else(|| panic!("no `{begins}` in {stdout}")).lines().collect()
}

/// The totals come before the groups, the critical before the warnings, and remarks last.
#[test]
fn the_worst_finding_is_the_first() {
    let stdout =
        by_region(["north,6,0,0,100,50,5", "south,9,0,0,100,50,5", "west,3,0,4,100,50,5"].map(str::to_owned));
    assert_eq!(
        paragraph(&stdout, "findings"),
        [
            "findings",
            "critical  par_30  9.00  %  region = south  level: reaches the critical threshold 8",
            "warning   par_30  7.33  %                  level: reaches the warning threshold 5",
            "warning   par_30  6.00  %  region = north  level: reaches the warning threshold 5",
            "warning   par_30  7.00  %  region = west   level: reaches the warning threshold 5",
            "warning   par_90  4.00  %  region = west   level: reaches the warning threshold 3",
            "remark    par_90  0.00  %  region = north  saturated: lies at an end of its valid range 0 to 100",
            "remark    par_90  0.00  %  region = south  saturated: lies at an end of its valid range 0 to 100",
        ]
    );
}

/// Groups in which nothing is overdue are no news, one by one.
#[test]
fn many_values_at_an_end_are_counted() {
    let few = by_region((0..2).map(|group| format!("r{group},1,0,0,100,50,5")));
    assert_eq!(
        paragraph(&few, "findings"),
        [
            "findings",
            "remark  par_90  0.00  %               saturated: lies at an end of its valid range 0 to 100",
            "remark  par_90  0.00  %  region = r0  saturated: lies at an end of its valid range 0 to 100",
            "remark  par_90  0.00  %  region = r1  saturated: lies at an end of its valid range 0 to 100",
        ]
    );
    let many = by_region((0..5).map(|group| format!("r{group},1,0,0,100,50,5")));
    assert_eq!(
        paragraph(&many, "findings"),
        ["findings", "6 values at an end of their valid range; kpis.json lists them"]
    );
}

#[test]
fn many_findings_and_many_groups_are_counted() {
    let stdout = by_region(
        (0..45).map(|group| format!("r{group:02},{},0,1,100,50,5", if group < 20 { 7 } else { 5 })),
    );
    let findings = paragraph(&stdout, "findings");
    assert_eq!(findings.len(), 32, "{findings:#?}");
    assert_eq!(
        findings[30],
        "warning   par_30  6.00  %  region = r28  level: reaches the warning threshold 5"
    );
    assert_eq!(findings[31], "and 16 more in kpis.json: 0 critical, 16 warning, 0 remarks");
    let groups = paragraph(&stdout, "by region");
    // A title, the heads, 40 groups, the legend.
    assert_eq!(groups.len(), 44, "{groups:#?}");
    assert!(groups[41].starts_with("r39 "), "{groups:#?}");
    assert_eq!(groups[43], "5 more groups in kpis.json");
}

/// The last 13 of 15 months.
#[test]
fn a_long_series_is_shortened() {
    let dates =
        (0..15).map(|month| format!("{}-{:02}-28,1,0,0,100,50,5\n", 2024 + month / 12, month % 12 + 1));
    let sandbox =
        Sandbox::with("tape.csv", format!("measurement_date,{SLICES}\n{}", dates.collect::<String>()));
    sandbox.configure("rollups: [monthly]");
    let stdout = sandbox.abaco(&[RUN, &["--as-of", "latest"]].concat()).silent().stdout;
    let series = paragraph(&stdout, "monthly");
    assert_eq!(series.len(), 16, "{series:#?}");
    assert_eq!(series[0], "monthly  the last 13 periods; 2 earlier ones in kpis.json");
    assert!(series[2].starts_with("2024-03  2024-03-28 "), "{series:#?}");
    assert!(series[14].starts_with("2025-03  2025-03-28 "), "{series:#?}");
}

/// What a column would bring, counted from the reasons of the document.
#[test]
fn the_missing_columns_that_matter_most() {
    let tape = in_repository("examples/data/rollout_1000.csv");
    let sandbox = Sandbox::new();
    let stdout = sandbox.abaco(&["run", &tape]).silent().stdout;
    let text = std::fs::read(sandbox.published().join("kpis.json")).unwrap();
    let document: Value = serde_json::from_slice(&text).unwrap();
    let mut lacked: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    let mut count = 0;
    for kpi in document["kpis"].as_array().unwrap().iter().filter(|kpi| kpi["state"] == "unavailable") {
        let columns: Vec<&str> =
            kpi["reason"].as_str().unwrap().strip_prefix("missing columns: ").unwrap().split(", ").collect();
        count += 1;
        for column in &columns {
            let (kpis, alone) = lacked.entry(column).or_default();
            *kpis += 1;
            *alone += usize::from(columns.len() == 1);
        }
    }
    let lines = paragraph(&stdout, &format!("{count} KPIs are unavailable"));
    let found: Vec<(&str, (usize, usize))> = lines[2..7]
        .iter()
        .map(|line| {
            let words: Vec<&str> = line.split_whitespace().collect();
            (words[0], (words[1].parse().unwrap(), words[2].parse().unwrap()))
        })
        .collect();
    for (column, counts) in &found {
        assert_eq!(lacked.remove(column), Some(*counts), "{column}");
    }
    assert!(found.is_sorted_by_key(|(_, counts)| std::cmp::Reverse(*counts)), "{found:?}");
    let least = found.last().unwrap().1;
    assert!(lacked.values().all(|counts| *counts <= least), "{lacked:?}");
    assert_eq!(lines[7..], [format!("and {} more", lacked.len())]);
}
