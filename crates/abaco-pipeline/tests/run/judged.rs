//! Judgement against earlier runs: hysteresis, anomalies, changes, and what becomes part of the identity.

use abaco_engine::AsOf;
use abaco_pipeline::{ErrorKind, Run, RunRequest};
use serde_json::{Value, json};

use crate::common::{Desk, SETTINGS};

const RULES: &str = r#"
version: 1
kpis:
  - id: par_90
    thresholds: { warning: "3", critical: "5" }
    leave: { warning: "1.5", critical: "4" }
    anomaly: "0.2"
    covenants: [{ name: "facility agreement, 7.1", at_most: "4.5" }]
    changes: [{ since: prior, measured: absolute, warning: "1" }]
    valid_range: { min: "0", max: "100" }
"#;

/// A desk whose tape has these shares at 90 days, in percent, one month each.
fn desk(shares: &[&str]) -> Desk {
    let desk = Desk::new();
    desk.write("cfg/definitions.yml", RULES);
    desk.write("cfg/pipeline.yml", format!("{SETTINGS}segments: [[segment]]\n"));
    let mut tape = "month,segment,dpd_90_plus_usd,total_receivable_usd\n".to_owned();
    for (month, share) in (1..).zip(shares) {
        tape += &format!("2025-{month:02}-28,a,{share},100.00\n");
    }
    desk.write("tape.csv", tape);
    desk
}

fn run(desk: &Desk, month: u32) -> Run {
    let as_of = AsOf::Date(format!("2025-{month:02}-28").parse().unwrap());
    desk.run(&RunRequest { as_of, ..desk.request() }).unwrap()
}

/// Kind, severity and message of the totals' findings.
fn findings(run: &Run) -> Vec<Value> {
    let findings = serde_json::to_value(&run.document.findings).unwrap();
    let totals = findings.as_array().unwrap().iter().filter(|finding| finding["by"] == json!({}));
    totals.map(|finding| json!([finding["kind"], finding["severity"], finding["message"]])).collect()
}

fn status(run: &Run) -> &str {
    run.document.kpis.iter().find(|kpi| kpi.id == "par_90").unwrap().status
}

#[test]
fn a_warning_holds_until_it_is_left() {
    let desk = desk(&["2.00", "3.00", "2.00", "1.49"]);
    assert_eq!((status(&run(&desk, 1)), findings(&run(&desk, 1))), ("ok", vec![]));
    let february = run(&desk, 2);
    assert_eq!(status(&february), "warning");
    assert_eq!(
        findings(&february),
        [
            json!(["level", "warning", "reaches the warning threshold 3"]),
            json!(["change", "warning", "moved by 1 or more since the prior"]),
            json!(["anomaly", "warning", "differs by more than 0.2 of the baseline's 2.00"]),
        ]
    );
    let march = run(&desk, 3);
    assert_eq!(status(&march), "warning");
    let held = json!(["held", "warning", "remains warning until it is better than 1.5"]);
    assert_eq!(findings(&march)[0], held);
    // In each group as well as in the totals.
    let groups: Vec<&str> = march.document.segments.iter().map(|segment| segment.kpis[1].status).collect();
    assert_eq!(groups, ["warning"]);
    let april = run(&desk, 4);
    assert_eq!(
        findings(&april),
        [json!(["anomaly", "warning", "differs by more than 0.2 of the baseline's 2.00"])]
    );
}

#[test]
fn a_covenant_is_breached_and_remembered_by_no_level() {
    let desk = desk(&["4.60", "2.00"]);
    let january = run(&desk, 1);
    assert_eq!(status(&january), "critical");
    assert_eq!(
        findings(&january),
        [
            json!(["level", "warning", "reaches the warning threshold 3"]),
            json!(["covenant", "critical", "breaches the covenant facility agreement, 7.1: at most 4.5"]),
        ]
    );
    // The level was a warning, and 2.00 is where a warning still holds; critical it never was.
    let february = run(&desk, 2);
    assert_eq!((status(&february), &findings(&february)[0][0]), ("warning", &json!("held")));
}

#[test]
fn without_an_earlier_run_of_the_portfolio_there_is_no_baseline() {
    let desk = desk(&["3.00", "2.00"]);
    let later = run(&desk, 2);
    assert_eq!((status(&later), findings(&later)), ("ok", vec![]));
    // A run of a later snapshot is no baseline, and neither is one of another portfolio.
    let first = run(&desk, 1);
    assert_eq!(findings(&first).len(), 1);
    desk.write("cfg/pipeline.yml", SETTINGS.replace("portfolio: p", "portfolio: q"));
    assert_eq!(findings(&run(&desk, 2)), [] as [Value; 0]);
}

#[test]
fn what_was_read_of_the_history_is_part_of_the_identity() {
    let desk = desk(&["2.00", "2.00"]);
    let alone = run(&desk, 2).document.identity;
    assert_eq!(run(&desk, 2).document.identity, alone);
    run(&desk, 1);
    assert_ne!(run(&desk, 2).document.identity, alone);
}

#[test]
fn a_damaged_earlier_run_is_not_passed_over() {
    let desk = desk(&["2.00", "2.00"]);
    let folder = run(&desk, 1).folder.unwrap();
    // What the history has of the run was checked when it was taken over; made anew, it must look again.
    std::fs::write(folder.join("kpis.json"), "{\"kpis\": [").unwrap();
    std::fs::remove_file(desk.path("runs/history.db")).unwrap();
    let as_of = AsOf::Date("2025-02-28".parse().unwrap());
    let error = desk.run(&RunRequest { as_of, ..desk.request() }).unwrap_err();
    assert!(error.to_string().contains("kpis.json"), "{error}");
    assert_eq!(error.kind(), ErrorKind::Io);
}
