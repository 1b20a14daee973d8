//! The exit status of a run that was published: 0, 1 for a failed KPI, 4 for a crossed threshold or a required value.

use rstest::rstest;
use serde_json::{Value, json};

use crate::common::{Sandbox, exact, outcome, slices};

/// Receivable 100, so that the first bucket is PAR30 in percent; everything else is in order.
fn par_30(bucket: &str) -> Sandbox {
    Sandbox::with("tape.csv", slices(&[&format!("{bucket},0,0,100,50,5")]))
}

fn published(sandbox: &Sandbox) -> Value {
    serde_json::from_slice(&std::fs::read(sandbox.published().join("kpis.json")).unwrap()).unwrap()
}

/// The exact value is judged, not the printed one, and the threshold belongs to the worse side.
#[rstest]
#[case("4.99999999999999999", "5.00", "ok", [0, 0])]
#[case("5", "5.00", "warning", [4, 0])]
#[case("5.00000000000000001", "5.00", "warning", [4, 0])]
#[case("7.99999999999999999", "8.00", "warning", [4, 0])]
#[case("8", "8.00", "critical", [4, 4])]
#[case("100", "100.00", "critical", [4, 4])]
fn a_threshold_where_low_is_good(
    #[case] bucket: &str,
    #[case] value: &str,
    #[case] status: &str,
    #[case] statuses: [i32; 2],
) {
    let [on_warning, on_critical] = statuses;
    for (fail_on, expected) in [(None, 0), (Some("warning"), on_warning), (Some("critical"), on_critical)] {
        let sandbox = par_30(bucket);
        let mut args = vec!["run", "tape.csv", "--format", "json"];
        args.extend(fail_on.into_iter().flat_map(|limit| ["--fail-on", limit]));
        let answer = sandbox.abaco(&args).status(expected);
        assert_eq!(outcome(&answer.json(), "par_30"), (Some(value), "value", None, status));
        let word = if expected == 4 { format!("a KPI is {status}\n") } else { String::new() };
        assert_eq!(answer.stderr, word);
        // Crossed or not, the run is published.
        assert_eq!(published(&sandbox), answer.json());
    }
}

#[rstest]
#[case("1.50000000000000001", "1.50", "ok", [0, 0])]
#[case("1.5", "1.50", "warning", [4, 0])]
#[case("1.00000000000000001", "1.00", "warning", [4, 0])]
#[case("1", "1.00", "critical", [4, 4])]
#[case("0", "0.00", "critical", [4, 4])]
fn a_threshold_where_high_is_good(
    #[case] cash: &str,
    #[case] value: &str,
    #[case] status: &str,
    #[case] statuses: [i32; 2],
) {
    let sandbox = Sandbox::with("tape.csv", slices(&[&format!("0,0,0,100,100,{cash}")]));
    sandbox.configure("");
    let only =
        "version: 1\nkpis: [{id: collection_rate, thresholds: {warning: \"1.5\", critical: \"1.0\"}}]\n";
    sandbox.write("cfg/kpi_definitions.yml", only);
    let [on_warning, on_critical] = statuses;
    for (fail_on, expected) in [("warning", on_warning), ("critical", on_critical)] {
        let args =
            ["run", "tape.csv", "--config", "cfg/pipeline.yml", "--format", "json", "--fail-on", fail_on];
        let document = sandbox.abaco(&args).status(expected).json();
        assert_eq!(outcome(&document, "collection_rate"), (Some(value), "value", None, status));
        assert_eq!(outcome(&document, "par_30").3, "none");
    }
}

#[rstest]
#[case("100", 0, "none")]
#[case("100.00000000000000001", 4, "critical")]
#[case("-0.00000000000000001", 4, "critical")]
fn a_value_outside_its_valid_range_is_kept_and_critical(
    #[case] bucket: &str,
    #[case] expected: i32,
    #[case] status: &str,
) {
    let sandbox = par_30(bucket);
    sandbox.configure("");
    let only = "version: 1\nkpis: [{id: par_30, valid_range: {min: \"0\", max: \"100\"}}]\n";
    sandbox.write("cfg/kpi_definitions.yml", only);
    let args =
        ["run", "tape.csv", "--config", "cfg/pipeline.yml", "--format", "json", "--fail-on", "critical"];
    let document = sandbox.abaco(&args).status(expected).json();
    let (value, state, _, found) = outcome(&document, "par_30");
    assert_eq!((state, found), ("value", status));
    assert!(value.is_some());
}

/// A KPI without a value is no crossed threshold.
#[rstest]
#[case("0,0,0,0,0,0", "undefined")]
#[case(",,,,,", "undefined")]
fn nothing_is_judged_where_there_is_no_value(#[case] row: &str, #[case] state: &str) {
    let sandbox = Sandbox::with("tape.csv", slices(&[row]));
    let args = ["run", "tape.csv", "--format", "json", "--fail-on", "warning"];
    let document = sandbox.abaco(&args).silent().json();
    let (value, found, _, status) = outcome(&document, "par_30");
    assert_eq!((value, found, status), (None, state, "none"));
}

#[rstest]
#[case("par_30, collection_rate", slices(&["1,2,3,100,50,5"]), None)]
#[case("par_30", "dpd_30_60_usd\n1\n".to_owned(), Some("par_30"))]
#[case("portfolio_health, par_30, par_90", slices(&["1,2,3,100,0,5"]), Some("portfolio_health"))]
#[case("par_ge_30, par_30, collection_rate", slices(&[",,,,,"]), Some("par_ge_30, par_30, collection_rate"))]
fn a_required_kpi(#[case] required: &str, #[case] tape: String, #[case] missing: Option<&str>) {
    let sandbox = Sandbox::with("tape.csv", tape);
    sandbox.configure(&format!("required: [{required}]"));
    let answer = sandbox.abaco(&["run", "tape.csv", "--config", "cfg/pipeline.yml", "--format", "json"]);
    let (status, word) = match missing {
        Some(ids) => (4, format!("required KPIs without a value: {ids}\n")),
        None => (0, String::new()),
    };
    assert_eq!((answer.status, &answer.stderr), (status, &word));
    assert_eq!(published(&sandbox), answer.json());
}

/// 999,999,999,999,999,999,999 over 0.00000000000000001 is exact, but no decimal of 28 digits holds the percentage.
#[test]
fn a_failed_kpi_stands_alone() {
    let tape = slices(&["999999999999999999999,0,1,0.00000000000000001,50,5"]);
    let sandbox = Sandbox::with("tape.csv", tape);
    let answer = sandbox.abaco(&["run", "tape.csv", "--format", "json"]).status(1);
    assert_eq!(answer.stderr, "a KPI failed; the run is published with its error\n");
    let document = answer.json();
    assert_eq!(
        outcome(&document, "par_30"),
        (None, "failed", Some("a value of 43 digits at scale 2 does not fit a decimal of 28 digits"), "none")
    );
    assert_eq!(document["kpis"][0]["exact"], Value::Null);
    assert_eq!(
        document["kpis"][0]["components"],
        json!({
            "SUM(dpd_30_60_usd)": "999999999999999999999",
            "SUM(dpd_60_90_usd)": "0",
            "SUM(dpd_90_plus_usd)": "1",
            "SUM(total_receivable_usd)": "0.00000000000000001",
        })
    );
    assert_eq!(outcome(&document, "par_90"), (Some("10000000000000000000.00"), "value", None, "critical"));
    assert_eq!(outcome(&document, "collection_rate"), (Some("10.00"), "value", None, "ok"));
    assert_eq!(outcome(&document, "portfolio_health"), (Some("0.00"), "value", None, "critical"));
    assert_eq!(published(&sandbox), document);
}

#[test]
fn a_failed_kpi_weighs_more_than_a_crossed_or_required_one() {
    let sandbox = Sandbox::with("tape.csv", slices(&["999999999999999999999,0,1,0.00000000000000001,50,5"]));
    sandbox.configure("required: [par_30, par_ge_30]");
    let args = ["run", "tape.csv", "--config", "cfg/pipeline.yml", "--fail-on", "warning"];
    let answer = sandbox.abaco(&args).status(1);
    assert_eq!(answer.stderr, "a KPI failed; the run is published with its error\n");
    let line = answer.stdout.lines().find(|line| line.starts_with("par_30")).unwrap();
    let reason = "failed: a value of 43 digits at scale 2 does not fit a decimal of 28 digits";
    assert!(line.ends_with(reason), "{line}");
}

/// As many digits as the contract allows, a hundred times over: no sum wraps and none loses a digit.
#[test]
fn the_largest_amounts_add_up_exactly() {
    let nines = "999999999999999999999.99999999999999999";
    let row = format!("{nines},{nines},-{nines},{nines},{nines},{nines}");
    let sandbox = Sandbox::with("tape.csv", slices(&vec![row.as_str(); 100]));
    let document = sandbox.abaco(&["run", "tape.csv", "--format", "json"]).silent().json();
    let hundredfold = "99999999999999999999999.99999999999999900";
    assert_eq!(exact(&document, "collection_rate"), ("100", hundredfold, hundredfold));
    assert_eq!(exact(&document, "par_30"), ("100", hundredfold, hundredfold));
    assert_eq!(exact(&document, "par_90"), ("100", &*format!("-{hundredfold}"), hundredfold));
    assert_eq!(outcome(&document, "par_30"), (Some("100.00"), "value", None, "critical"));
    assert_eq!(outcome(&document, "par_90"), (Some("-100.00"), "value", None, "critical"));
}
