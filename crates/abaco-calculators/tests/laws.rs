//! Every KPI of every profile obeys the laws, and KPIs that should agree do.
#![allow(clippy::expect_used, reason = "the helpers of a test are part of the test")]

use abaco_calculators::{LEGACY_V2, Profile, STANDARD, par_30, par_90, par_ge, par_gt};
use abaco_engine::{AsOf, Bindings, Plan, PlanOptions};
use abaco_kpi::{Formula, FormulaKpi, Kpi, Outcome, case, col};
use abaco_testkit::strategy::TapeShape;
use abaco_testkit::{Laws, Tape, Width};
use proptest::prelude::*;
use rstest::rstest;

/// A quarter of the KPIs at a time, so that the quarters run side by side.
#[rstest]
fn every_kpi_obeys_the_laws(
    #[values(STANDARD, LEGACY_V2)] profile: Profile,
    #[values(0, 1, 2, 3)] quarter: usize,
) {
    let kpis = profile.kpis();
    for (index, kpi) in kpis.iter().enumerate().filter(|(index, _)| index % 4 == quarter) {
        let others = kpis.iter().enumerate().filter(|(other, _)| *other != index);
        Laws::new(kpi).beside(others.map(|(_, other)| other as &dyn Kpi)).cases(32).assert();
    }
}

fn outcomes(kpis: &[FormulaKpi], tape: &Tape, bindings: Bindings) -> Vec<Outcome> {
    let kpis: Vec<&dyn Kpi> = kpis.iter().map(|kpi| kpi as &dyn Kpi).collect();
    let options = PlanOptions { bindings, ..PlanOptions::default() };
    let plan = Plan::new(&kpis, &tape.schema(Width::Decimal64), &options).expect("a plan");
    let mut state = plan.empty();
    plan.fold(&mut state, &tape.to_batch(Width::Decimal64).expect("a batch")).expect("a state");
    let finished = plan.finish(&state, AsOf::Single).expect("outcomes");
    finished.groups[0].kpis.iter().map(|result| result.outcome.clone()).collect()
}

fn loans() -> BoxedStrategy<Tape> {
    TapeShape::new(Width::Decimal64)
        .canonical("dpd")
        .canonical("outstanding_balance")
        .dense("outstanding_balance")
        .strategy()
}

/// `par_30` and `par_90` over the buckets that a contract derives from loan rows.
fn buckets() -> Bindings {
    let bucket = |from: i64, to: i64| {
        case(col("dpd").ge(from).and(col("dpd").lt(to)), "outstanding_balance").otherwise(0)
    };
    Bindings::new()
        .bind("dpd_30_60_usd", bucket(30, 60))
        .bind("dpd_60_90_usd", bucket(60, 90))
        .bind("dpd_90_plus_usd", case(col("dpd").ge(90), "outstanding_balance").otherwise(0))
        .bind("total_receivable_usd", col("outstanding_balance"))
}

proptest! {
    #[test]
    fn on_whole_days_beyond_n_is_from_the_next_day(tape in loans(), days in 0u16..200) {
        let found = outcomes(&[par_gt(days), par_ge(days + 1)], &tape, Bindings::new());
        prop_assert_eq!(&found[0], &found[1]);
    }

    #[test]
    fn the_seed_kpis_over_loan_rows_are_those_of_the_par_family(tape in loans()) {
        let found = outcomes(&[par_30(), par_ge(30), par_90(), par_ge(90)], &tape, buckets());
        prop_assert_eq!(&found[0], &found[1]);
        prop_assert_eq!(&found[2], &found[3]);
    }

    #[test]
    fn more_days_never_mean_more_at_risk(tape in loans(), days in 0u16..200, more in 1u16..200) {
        let positive = |tape: &Tape| tape.rows().iter().all(|row| {
            !row.iter().any(|cell| matches!(cell, abaco_testkit::Cell::Number(units) if *units < 0))
        });
        prop_assume!(positive(&tape));
        let found = outcomes(&[par_ge(days), par_ge(days + more), par_gt(days)], &tape, Bindings::new());
        if let (Some(from), Some(later), Some(beyond)) = (found[0].exact(), found[1].exact(), found[2].exact()) {
            prop_assert!(later <= beyond);
            prop_assert!(beyond <= from);
        }
    }
}

/// The legacy profile is the standard one, rounded as V2 rounded, wherever V2 had no zero to invent.
#[test]
fn where_every_sum_is_defined_the_profiles_differ_by_rounding_only() {
    let standard = STANDARD.find("par_30").expect("a KPI").formula();
    let Formula::Divide(numerator, denominator) = standard else { panic!("a quotient") };
    let legacy = LEGACY_V2.find("par_30").expect("a KPI").formula().to_string();
    let plain = legacy.replace("COALESCE(SUM", "SUM").replace("_usd), 0)", "_usd)");
    assert_eq!(plain, format!("COALESCE(ROUND_EVEN({numerator} / {denominator}, 2), 0)"));
}
