//! The real month-end panel, where it lies beside the repository.

use std::collections::BTreeMap;

use abaco_engine::AsOf;
use abaco_pipeline::{Pipeline, PipelineConfig, RunRequest};
use abaco_rollout::attribution::{DiffRequest, diff};

use crate::common::{catalogue, root};

/// `12.5` as 1250.
pub(crate) fn cents(text: &str) -> i64 {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    format!("{whole}{fraction:0<2}").parse().unwrap()
}

/// From November to December 2025, by the panel's own column of balances that are 30 days late.
#[test]
fn par_30_changes_by_what_its_loans_change() {
    let tape = root().join("../shared/data/loan_par_balances.csv");
    if !tape.exists() {
        eprintln!("SKIPPED: {} is not here; it may not be copied into the repository", tape.display());
        return;
    }
    let text = std::fs::read_to_string(&tape).unwrap();
    let mut lines = text.lines().map(|line| line.split(',').collect::<Vec<_>>());
    let header = lines.next().unwrap();
    let column = |name: &str| header.iter().position(|found| *found == name).unwrap();
    let (loan, date) = (column("loan_id_raw"), column("reporting_date"));
    let amounts = [column("PAR_30_balance_usd"), column("outstanding_balance_usd")];
    let days = ["2025-11-30", "2025-12-31"];
    let mut loans: BTreeMap<&str, [Option<[i64; 2]>; 2]> = BTreeMap::new();
    for line in lines {
        if let Some(day) = days.iter().position(|day| *day == line[date]) {
            let of_day = loans.entry(line[loan]).or_default()[day].get_or_insert_default();
            for (sum, amount) in of_day.iter_mut().zip(amounts) {
                *sum += cents(line[amount]);
            }
        }
    }

    let folder = tempfile::tempdir().unwrap();
    let run = |day: &str| {
        let config = PipelineConfig::load(root().join("config/par_balances.yml")).unwrap();
        let request = RunRequest {
            inputs: vec![tape.clone()],
            tables: Vec::new(),
            as_of: AsOf::Date(day.parse().unwrap()),
            out: Some(folder.path().join("runs")),
            actor: "test".to_owned(),
        };
        Pipeline::new(config, &catalogue()).unwrap().run(&request).unwrap()
    };
    let [november, december] = days.map(run);
    let (left, right) = (november.folder.as_deref().unwrap(), december.folder.as_deref().unwrap());
    let kpis = ["par_30".to_owned()];
    let found = diff(&DiffRequest { left, right, kpis: &kpis, by: &[], top: 3 }, &catalogue()).unwrap();
    let par = &found.kpis[0];
    assert_eq!(par.right.value.as_str(), Some("3.50"));
    assert_eq!(par.parts[0].right, "233573.36");
    assert_eq!(par.parts[1].right, "6668167.81");
    for (amount, part) in par.parts.iter().take(2).enumerate() {
        let of =
            |day: usize| loans.values().filter_map(|both| both[day]).map(|sums| sums[amount]).sum::<i64>();
        let money = |cents: i64| {
            let sign = if cents < 0 { "-" } else { "" };
            format!("{sign}{}.{:02}", cents.abs() / 100, cents.abs() % 100)
        };
        assert_eq!((&part.left, &part.right), (&money(of(0)), &money(of(1))));
        assert_eq!(part.delta, money(of(1) - of(0)));
        let by_loan = &part.groupings[0];
        let only = |day: usize| loans.values().filter(|both| both[1 - day].is_none()).count() as u64;
        assert_eq!((by_loan.only_left.groups, by_loan.only_right.groups), (only(0), only(1)));
        let changed = loans.values().filter(|both| match both {
            [Some(was), Some(is)] => was[amount] != is[amount],
            _ => false,
        });
        assert_eq!(by_loan.changed.groups, changed.count() as u64);
        let delta = |both: &[Option<[i64; 2]>; 2]| {
            both[1].map_or(0, |sums| sums[amount]) - both[0].map_or(0, |sums| sums[amount])
        };
        let mut largest: Vec<i64> = loans.values().map(delta).collect();
        largest.sort_by_key(|delta| -delta.abs());
        let of_loan = |id: Option<&str>| delta(&loans[id.unwrap()]);
        let listed: Vec<i64> =
            by_loan.top.iter().map(|loan| of_loan(loan.by["loan_id"].as_deref())).collect();
        let sizes = |deltas: &[i64]| deltas.iter().map(|delta| delta.abs()).collect::<Vec<_>>();
        assert_eq!(sizes(&listed), sizes(&largest[..3]));
        let shown: Vec<String> = by_loan.top.iter().map(|loan| loan.delta.clone()).collect();
        assert_eq!(shown, listed.into_iter().map(money).collect::<Vec<_>>());
    }
}
