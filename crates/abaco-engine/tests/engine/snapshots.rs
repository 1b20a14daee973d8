//! Snapshots: never pooled by accident, chosen at the end, compared with earlier ones.

use abaco_engine::{AsOf, EngineError, Finished, PlanOptions};
use abaco_kpi::{Formula, FormulaKpi, Outcome, Undefined, col, count, sum};
use arrow::array::RecordBatch;
use chrono::NaiveDate;

use crate::tape::{batch, cents, days, finish, kpi, texts, value};

const OCTOBER: i32 = 20_392;
const NOVEMBER: i32 = 20_422;
const DECEMBER: i32 = 20_453;

fn tape() -> RecordBatch {
    batch([
        ("as_of", days([DECEMBER, OCTOBER, NOVEMBER, NOVEMBER].map(Some))),
        ("segment", texts([Some("sme"), Some("sme"), Some("sme"), None])),
        ("outstanding_balance", cents([Some(40_00), Some(10_00), Some(20_00), Some(5_00)])),
    ])
}

fn options() -> PlanOptions {
    PlanOptions {
        snapshot: Some("as_of".into()),
        groups: vec![vec!["segment".into()]],
        ..PlanOptions::default()
    }
}

fn balance() -> FormulaKpi {
    kpi("balance", sum("outstanding_balance"))
}

fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn at(formula: impl Into<Formula>, as_of: AsOf) -> Finished {
    finish(&[&kpi("x", formula)], &tape(), &options(), as_of).unwrap()
}

#[test]
fn several_snapshots_need_a_name_and_the_error_lists_them() {
    let error = finish(&[&balance()], &tape(), &options(), AsOf::Single).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the tape has 3 snapshots and no as-of was named: 2025-10-31, 2025-11-30, 2025-12-31"
    );
    let missing = finish(&[&balance()], &tape(), &options(), AsOf::Date(date("2025-12-30"))).unwrap_err();
    assert_eq!(
        missing.to_string(),
        "the tape has no snapshot 2025-12-30; it has 2025-10-31, 2025-11-30, 2025-12-31"
    );
}

#[test]
fn a_snapshot_is_never_pooled_with_another() {
    for (as_of, expected, prior) in [
        (AsOf::Date(date("2025-10-31")), "10", None),
        (AsOf::Date(date("2025-11-30")), "25", Some("10.0000")),
        (AsOf::Latest, "40", Some("25.0000")),
    ] {
        let finished = finish(&[&balance()], &tape(), &options(), as_of).unwrap();
        let found = &finished.groups[0].kpis[0];
        assert_eq!(value(found), expected, "{as_of:?}");
        let earlier = found.prior.as_ref().and_then(|prior| prior.value).map(|value| value.to_string());
        assert_eq!(earlier.as_deref(), prior, "{as_of:?}");
    }
    let pooled = at(sum("outstanding_balance"), AsOf::Pooled);
    assert_eq!((value(&pooled.groups[0].kpis[0]).as_str(), pooled.as_of), ("75", None));
}

#[test]
fn groups_are_those_of_the_snapshot_and_null_is_one_of_them() {
    let by = |as_of| -> Vec<(Option<String>, String)> {
        let finished = at(sum("outstanding_balance"), as_of);
        finished.groups[1..].iter().map(|group| (group.by[0].1.clone(), value(&group.kpis[0]))).collect()
    };
    let sme = Some("sme".to_owned());
    assert_eq!(by(AsOf::Latest), [(sme.clone(), "40".to_owned())]);
    assert_eq!(by(AsOf::Date(date("2025-11-30"))), [(None, "5".to_owned()), (sme.clone(), "20".to_owned())]);
    assert_eq!(by(AsOf::Pooled), [(None, "5".to_owned()), (sme, "70".to_owned())]);
}

#[test]
fn lag_looks_at_earlier_snapshots_exactly() {
    let growth = || sum("outstanding_balance") / Formula::from(sum("outstanding_balance")).lag(1);
    assert_eq!(value(&at(growth(), AsOf::Latest).groups[0].kpis[0]), "1.6");
    assert_eq!(value(&at(growth(), AsOf::Date(date("2025-11-30"))).groups[0].kpis[0]), "2.5");
    let first = at(growth(), AsOf::Date(date("2025-10-31")));
    assert_eq!(first.groups[0].kpis[0].outcome, Outcome::Undefined(Undefined::NoEarlierSnapshot));
    let two = at(Formula::from(sum("outstanding_balance")).lag(1).lag(1), AsOf::Latest);
    assert_eq!(value(&two.groups[0].kpis[0]), "10");
    // The NULL segment has no rows in October: that is not zero.
    let finished = at(growth(), AsOf::Date(date("2025-11-30")));
    let null_segment = finished.groups.iter().find(|group| group.by.iter().any(|(_, value)| value.is_none()));
    assert_eq!(null_segment.unwrap().kpis[0].outcome, Outcome::Undefined(Undefined::NoRows));
}

#[test]
fn rows_without_a_date_are_an_error_and_not_lost() {
    let tape =
        batch([("as_of", days([Some(DECEMBER), None])), ("outstanding_balance", cents([Some(1), Some(2)]))]);
    let options = PlanOptions { snapshot: Some("as_of".into()), ..PlanOptions::default() };
    for as_of in [AsOf::Single, AsOf::Latest, AsOf::Date(date("2025-12-31")), AsOf::Pooled] {
        let error = finish(&[&balance()], &tape, &options, as_of).unwrap_err();
        assert_eq!(error, EngineError::NullSnapshot { rows: 1 }, "{as_of:?}");
    }
}

#[test]
fn a_date_cannot_be_asked_of_a_tape_without_dates() {
    let tape = batch([("outstanding_balance", cents([Some(1)]))]);
    let error =
        finish(&[&balance()], &tape, &PlanOptions::default(), AsOf::Date(date("2025-12-31"))).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the tape has no snapshot column, so the snapshot 2025-12-31 cannot be chosen"
    );
}

#[test]
fn no_rows_are_no_value_not_even_for_a_count() {
    let empty = batch([("as_of", days([])), ("segment", texts([])), ("outstanding_balance", cents([]))]);
    let kpis = [balance(), kpi("rows", count()), kpi("late", count().filter(col("segment").is_null()))];
    let kpis: Vec<&FormulaKpi> = kpis.iter().collect();
    for as_of in [AsOf::Single, AsOf::Latest, AsOf::Pooled] {
        let finished = finish(&kpis, &empty, &options(), as_of).unwrap();
        assert_eq!(finished.groups.len(), 1, "{as_of:?}");
        for result in &finished.groups[0].kpis {
            assert_eq!(result.outcome, Outcome::Undefined(Undefined::NoRows), "{as_of:?} {}", result.id);
            assert_eq!((result.rows, result.nulls), (0, 0));
        }
    }
}
