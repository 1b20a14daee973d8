use std::collections::BTreeMap;
use std::fs;

use abaco_pipeline::verify::Options;
use abaco_rollout::ErrorKind;
use abaco_rollout::evidence::{ComparisonRecord, Occasion, TieOutRecord};
use abaco_rollout::journal::Event;
use abaco_rollout::monitor::{
    Day, MonitorSettings, NullShare, Observed, PublishedRun, Watched, checkpoints, judge, line, observe,
    published_since, reconcile,
};
use abaco_rollout::stage::Stage;
use chrono::{DateTime, Utc};
use rstest::rstest;

fn compared(outcomes: &[(&str, u64)], largest: Option<&str>) -> ComparisonRecord {
    let outcomes: BTreeMap<_, _> =
        outcomes.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect();
    ComparisonRecord {
        occasion: Occasion::Reverse,
        as_of: Some("2026-03-02".parse().unwrap()),
        baseline: "b".to_owned(),
        rules: "r".to_owned(),
        until: None,
        compared: outcomes.values().sum(),
        expected: 10,
        informative: 5,
        clean: outcomes.keys().all(|name| name == "match"),
        outcomes,
        largest_relative: largest.map(str::to_owned),
        document: "d".to_owned(),
    }
}

/// One comparison without a difference, 1000 runs.
fn calm() -> Observed {
    Observed { comparisons: vec![compared(&[("match", 10)], Some("0"))], runs: 1000, ..Observed::default() }
}

fn with(change: impl FnOnce(&mut Observed)) -> Observed {
    let mut observed = calm();
    change(&mut observed);
    observed
}

fn nulls(nulls: u64, rows: u64) -> Observed {
    with(|o| o.nulls.push(NullShare { kpi: "par_30".to_owned(), nulls, rows }))
}

fn compares(outcomes: &[(&str, u64)], largest: Option<&str>) -> Observed {
    with(|o| o.comparisons = vec![compared(outcomes, largest)])
}

#[rstest]
#[case::calm(calm(), &[])]
#[case::variance_at_limit(compares(&[("match", 10)], Some("0.01")), &[])]
#[case::variance(compares(&[("match", 9), ("mismatch", 1)], Some("0.0101")), &["variance: 0.0101 of the baseline at 2026-03-02; accepted: 0.01 (back)"])]
#[case::variance_below(compares(&[("match", 10)], Some("-0.02")), &["variance: -0.02 of the baseline at 2026-03-02; accepted: 0.01 (back)"])]
#[case::mismatch_within(compares(&[("match", 9), ("mismatch", 1)], Some("0.005")), &["variance: a comparison that is not clean at 2026-03-02; accepted: 0.01"])]
#[case::unreadable(compares(&[("match", 10)], Some("much")), &["variance: expected a decimal, found `much` at 2026-03-02; accepted: 0.01"])]
#[case::no_comparison(with(|o| o.comparisons.clear()), &["variance: no reverse comparison; accepted: 0.01"])]
#[case::errors_at_limit(with(|o| o.failed = 1), &[])]
#[case::errors(with(|o| o.failed = 2), &["error_rate: 2 of 1000 runs failed; accepted: 0.001"])]
#[case::no_runs(with(|o| o.runs = 0), &[])]
#[case::latency_at_limit(with(|o| o.milliseconds = vec![1, 30_000]), &[])]
#[case::latency(with(|o| o.milliseconds = vec![30_001, 1]), &["latency_seconds: a run took 30001 ms; accepted: 30"])]
#[case::nulls_at_limit(nulls(1, 100), &[])]
#[case::nulls(nulls(2, 199), &["nulls: `par_30` has NULL operands in 2 of 199 rows; accepted: 0.01"])]
#[case::missing(compares(&[("match", 9), ("missing_candidate", 1)], Some("0")), &[
    "variance: a comparison that is not clean at 2026-03-02; accepted: 0.01",
    "data_loss: 10 of 10 keys compared, 1 missing in the candidate; accepted: none (back)",
])]
#[case::fewer_keys(compares(&[("match", 9)], Some("0")), &["data_loss: 9 of 10 keys compared, 0 missing in the candidate; accepted: none (back)"])]
#[case::rows(with(|o| o.lost = vec!["run r".to_owned()]), &["data_loss: run r; accepted: none (back)"])]
#[case::covered(with(|o| { o.coverage = Some("0.9".parse().unwrap()); o.comparisons = vec![compared(&[("match", 9)], Some("0"))] }), &[])]
#[case::audit(with(|o| o.unsound = vec!["run r".to_owned()]), &["audit_failure: run r; accepted: none (back)"])]
fn a_trigger_on_both_sides_of_its_limit(#[case] observed: Observed, #[case] expected: &[&str]) {
    let fired: Vec<String> = judge(&MonitorSettings::default(), &observed)
        .iter()
        .map(|fired| fired.message() + if fired.rolls_back { " (back)" } else { "" })
        .collect();
    assert_eq!(fired, expected);
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn moved(when: &str, from: Stage, to: Stage) -> (DateTime<Utc>, String, Event) {
    let event = Event::Moved { from, to, reason: String::new(), evidence: Vec::new() };
    (at(when), "op".to_owned(), event)
}

fn recorded(when: &str) -> (DateTime<Utc>, String, Event) {
    let event = Event::Recorded { kind: "reconciliation".to_owned(), digest: "r".to_owned() };
    (at(when), "op".to_owned(), event)
}

#[test]
fn the_hours_are_counted_from_the_cutover_that_holds() {
    let mut entries = vec![
        moved("2026-03-01T08:00:00Z", Stage::Cutover, Stage::Monitoring),
        recorded("2026-03-01T09:30:00Z"),
        moved("2026-03-01T10:00:00Z", Stage::Monitoring, Stage::RolledBack),
    ];
    let none = checkpoints(&[1, 8, 24], &entries, at("2026-03-01T12:00:00Z"));
    assert_eq!((none.cutover, none.hours.len(), none.complete()), (None, 0, false));
    entries.push(moved("2026-03-02T08:00:00Z", Stage::Cutover, Stage::Monitoring));
    entries.push(recorded("2026-03-02T08:59:59Z"));
    entries.push(recorded("2026-03-02T09:00:00Z"));
    let found = checkpoints(&[1, 8, 24], &entries, at("2026-03-02T16:00:00Z"));
    assert_eq!(found.cutover, Some(at("2026-03-02T08:00:00Z")));
    let hours: Vec<_> = found.hours.iter().map(|hour| (hour.hour, hour.due, hour.passed_at)).collect();
    assert_eq!(hours, [(1, true, Some(at("2026-03-02T09:00:00Z"))), (8, true, None), (24, false, None)]);
    entries.push(recorded("2026-03-03T08:00:00Z"));
    entries.push(moved("2026-03-03T09:00:00Z", Stage::Monitoring, Stage::Complete));
    assert!(checkpoints(&[1, 8, 24], &entries, at("2026-03-03T09:00:00Z")).complete());
}

#[test]
fn a_day_is_one_record_and_one_line() {
    let observed = Observed { failed: 1, ..compares(&[("match", 9), ("mismatch", 1)], Some("0.02")) };
    let run =
        PublishedRun { run_id: "r1".to_owned(), portfolio: "p".to_owned(), as_of: None, began_at: None };
    let fired = judge(&MonitorSettings::default(), &observed);
    let watched = Watched { observed, published: vec![run] };
    let tie = |found: &str, ties| TieOutRecord {
        as_of: None,
        figure: "balance".to_owned(),
        source: "the ledger".to_owned(),
        found: found.to_owned(),
        expected: "7".to_owned(),
        tolerance: "0".to_owned(),
        ties,
    };
    let tie_outs = [tie("7", true), tie("8", false)];
    let day =
        Day { day: "2026-03-02".parse().unwrap(), watched: &watched, tie_outs: &tie_outs, fired: &fired };
    let record = reconcile(day);
    assert_eq!((record.published.as_slice(), record.failed, record.ties), (&["r1".to_owned()][..], 1, 1));
    assert_eq!(
        line(&record),
        "2026-03-02: 1 runs published, 1 failed; 1 comparisons: 9 match, 1 mismatch; 1 figures tie; open: \
         variance: 0.02 of the baseline at 2026-03-02; accepted: 0.01; `balance` by the ledger: expected 7, found 8"
    );
}

/// The first 48 bits of such a name are the milliseconds since 1970.
fn name(when: &str) -> String {
    let milliseconds = format!("{:012x}", at(when).timestamp_millis());
    format!("{}-{}-7000-8000-000000000000", &milliseconds[..8], &milliseconds[8..])
}

#[test]
fn failed_runs_are_counted_by_the_instant_in_their_names() {
    let folder = tempfile::tempdir().unwrap();
    for name in [name("2026-03-02T07:59:59Z"), name("2026-03-02T08:00:00Z"), "nameless".to_owned()] {
        fs::create_dir_all(folder.path().join(".failed").join(name)).unwrap();
    }
    let since = at("2026-03-02T08:00:00Z");
    let watched = observe(folder.path(), since, Vec::new(), &Options::default()).unwrap();
    assert_eq!((watched.observed.runs, watched.observed.failed), (2, 2));
    assert_eq!(watched.published, []);
}

#[test]
fn a_folder_that_is_not_there_is_not_one_without_runs() {
    let folder = tempfile::tempdir().unwrap();
    let error = published_since(&folder.path().join("runs"), at("2026-03-02T08:00:00Z")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Failed);
}
