//! The history answers as the published runs would.

use std::path::Path;

use abaco_engine::{Baseline, Status};
use abaco_kpi::{Column, Decimal};
use abaco_pipeline::history::{History, Line};
use chrono::NaiveDate;

use crate::toy::{Toy, sha256};

pub(crate) const LINE: Line<'_> = Line { portfolio: "factoring", profile: "standard", currency: "USD" };

pub(crate) fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

pub(crate) fn caught_up(out: &Path) -> History {
    let mut history = History::open(out).unwrap();
    history.catch_up().unwrap();
    history
}

/// The run that is the baseline of `as_of`.
fn baseline_of(out: &Path, line: Line<'_>, as_of: &str) -> Option<String> {
    caught_up(out).baseline(line, date(as_of)).unwrap().map(|earlier| earlier.run_id)
}

fn publish(out: &Path, run_id: &str, as_of: &str, known_at: &str) {
    Toy { run_id, as_of: Some(as_of), known_at, ..Toy::default() }.publish(out);
}

#[test]
fn the_baseline_has_the_values_and_the_levels_of_the_run() {
    let out = tempfile::tempdir().unwrap();
    let folder = Toy::default().publish(out.path());
    let mut history = caught_up(out.path());
    let earlier = history.baseline(LINE, date("2025-12-31")).unwrap().unwrap();
    assert_eq!((earlier.run_id.as_str(), earlier.as_of), ("run-1", date("2025-11-30")));
    assert_eq!(earlier.known_at, "2025-12-01T03:00:00Z");
    assert_eq!(earlier.document_sha256, sha256(&std::fs::read(folder.join("kpis.json")).unwrap()));
    let value = |text: &str| Some(text.parse::<Decimal>().unwrap());
    // The level was a warning; that the change was critical is forgotten.
    assert_eq!(
        earlier.baselines.get(&[], "par_30"),
        Some(&Baseline { value: value("3.31"), status: Status::Warning })
    );
    let sme = [(Column::from("segment".to_owned()), Some("sme".to_owned()))];
    assert_eq!(
        earlier.baselines.get(&sme, "par_30"),
        Some(&Baseline { value: value("7.00"), status: Status::Ok })
    );
    assert_eq!(earlier.baselines.get(&[], "par_60"), None);
}

#[test]
fn the_baseline_is_the_latest_snapshot_before_and_of_several_the_last_known() {
    let out = tempfile::tempdir().unwrap();
    let out = out.path();
    assert_eq!(baseline_of(out, LINE, "2025-12-31"), None);
    publish(out, "november", "2025-11-30", "2025-12-01T03:00:00Z");
    assert_eq!(baseline_of(out, LINE, "2025-11-30"), None);
    assert_eq!(baseline_of(out, LINE, "2025-12-31").as_deref(), Some("november"));
    // An older snapshot that is published later is nearer to nobody but its own followers.
    publish(out, "september", "2025-09-30", "2026-01-15T03:00:00Z");
    assert_eq!(baseline_of(out, LINE, "2025-12-31").as_deref(), Some("november"));
    assert_eq!(baseline_of(out, LINE, "2025-11-30").as_deref(), Some("september"));
    assert_eq!(baseline_of(out, LINE, "2025-09-30"), None);
    // A later snapshot is never the baseline of an earlier one.
    publish(out, "december", "2025-12-31", "2026-01-01T03:00:00Z");
    assert_eq!(baseline_of(out, LINE, "2025-12-31").as_deref(), Some("november"));
    // A restatement takes the place of what it restates, also when an older one is published behind it.
    publish(out, "november-again", "2025-11-30", "2026-02-01T03:00:00Z");
    publish(out, "november-late", "2025-11-30", "2025-12-20T03:00:00Z");
    assert_eq!(baseline_of(out, LINE, "2025-12-31").as_deref(), Some("november-again"));
}

#[test]
fn other_portfolios_profiles_and_currencies_are_no_baseline() {
    let out = tempfile::tempdir().unwrap();
    let out = out.path();
    publish(out, "own", "2025-09-30", "2025-10-01T03:00:00Z");
    Toy { run_id: "other", portfolio: "leasing", ..Toy::default() }.publish(out);
    Toy { run_id: "legacy", profile: "legacy_v2", ..Toy::default() }.publish(out);
    Toy { run_id: "pooled", as_of: None, ..Toy::default() }.publish(out);
    assert_eq!(baseline_of(out, LINE, "2025-12-31").as_deref(), Some("own"));
    let leasing = Line { portfolio: "leasing", ..LINE };
    assert_eq!(baseline_of(out, leasing, "2025-12-31").as_deref(), Some("other"));
    // As before: the last run counts, and if its amounts are of another currency there is no baseline.
    Toy { run_id: "euro", currency: "EUR", ..Toy::default() }.publish(out);
    assert_eq!(baseline_of(out, LINE, "2025-12-31"), None);
    let euro = Line { currency: "EUR", ..LINE };
    assert_eq!(baseline_of(out, euro, "2025-12-31").as_deref(), Some("euro"));
}

#[test]
fn a_trend_has_each_snapshot_once_as_it_was_last_known() {
    let out = tempfile::tempdir().unwrap();
    let runs = [
        ("a", "2025-10-31", "2025-11-01T03:00:00Z", Some("3.76")),
        ("b", "2025-11-30", "2025-12-01T03:00:00Z", Some("3.31")),
        ("c", "2025-10-31", "2025-12-05T03:00:00Z", Some("3.80")),
        ("d", "2025-09-30", "2025-12-06T03:00:00Z", None),
    ];
    for (run_id, as_of, known_at, value) in runs {
        Toy { run_id, as_of: Some(as_of), known_at, par_30: [value, Some("1")], ..Toy::default() }
            .publish(out.path());
    }
    let points = caught_up(out.path()).trend(LINE, "par_30").unwrap();
    let found: Vec<_> = points
        .iter()
        .map(|point| (point.as_of.to_string(), point.run_id.as_str(), point.value.map(|v| v.to_string())))
        .collect();
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(
        found,
        [
            ("2025-09-30".to_owned(), "d", None),
            ("2025-10-31".to_owned(), "c", text("3.80")),
            ("2025-11-30".to_owned(), "b", text("3.31")),
        ]
    );
    assert_eq!((points[0].state.as_str(), points[0].status), ("undefined", Status::None));
    assert_eq!(caught_up(out.path()).trend(LINE, "par_60").unwrap(), []);
}
