//! Every KPI of every profile obeys the laws, and KPIs that should agree do.
#![allow(clippy::expect_used, reason = "the helpers of a test are part of the test")]

use abaco_calculators::{LEGACY_V2, Profile, STANDARD, par_30, par_90, par_ge, par_gt};
use abaco_engine::{AsOf, Bindings, KpiResult, Plan, PlanOptions};
use abaco_kpi::{Formula, FormulaKpi, Kpi, Outcome, case, col};
use abaco_testkit::strategy::TapeShape;
use abaco_testkit::{Laws, Tape, Width};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use rstest::rstest;

/// Parts of a list, so that they run side by side.
const SHARDS: usize = 16;
/// With so many others a KPI is planned, the next ones of its list.
const NEIGHBOURS: usize = 4;
/// Tapes for each KPI; more by `PROPTEST_CASES`.
const CASES: u32 = 8;
/// One KPI in so many is also checked on tapes past a segment of the fold.
const LONG_EVERY: usize = 5;

#[rstest]
fn every_kpi_obeys_the_laws(
    #[values(STANDARD, LEGACY_V2)] profile: Profile,
    #[values(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)] shard: usize,
) {
    let kpis = profile.kpis();
    for (index, kpi) in kpis.iter().enumerate().filter(|(index, _)| index % SHARDS == shard) {
        let next = kpis.iter().cycle().skip(index + 1).take(NEIGHBOURS.min(kpis.len() - 1));
        let laws = Laws::new(kpi).beside(next.map(|other| other as &dyn Kpi)).cases(CASES);
        let laws = if index % LONG_EVERY == 0 { laws } else { laws.without_long_tapes() };
        laws.assert();
    }
}

/// One plan for the whole list: every KPI has the result, components and exact form included, that it has alone.
#[rstest]
fn the_whole_list_together_is_as_each_alone(#[values(STANDARD, LEGACY_V2)] profile: Profile) {
    let kpis = profile.kpis();
    let shape = kpis.iter().fold(TapeShape::new(Width::Decimal64), |shape, kpi| shape.kpi(kpi));
    let shape = shape.canonical("as_of").dense("as_of");
    let mut runner = TestRunner::new(Config { cases: 8, failure_persistence: None, ..Config::default() });
    let run = runner.run(&shape.strategy(), |tape| {
        let together = results(&kpis.iter().collect::<Vec<_>>(), &tape);
        for (kpi, fused) in kpis.iter().zip(together) {
            let alone = results(&[kpi], &tape).remove(0);
            prop_assert_eq!(fused, alone, "{} on\n{}", kpi.spec().id, tape);
        }
        Ok(())
    });
    run.expect("the same results");
}

/// The results at the newest snapshot.
fn results(kpis: &[&FormulaKpi], tape: &Tape) -> Vec<KpiResult> {
    let kpis: Vec<&dyn Kpi> = kpis.iter().map(|kpi| *kpi as &dyn Kpi).collect();
    let options = PlanOptions { snapshot: Some("as_of".into()), ..PlanOptions::default() };
    let plan = Plan::new(&kpis, &tape.schema(Width::Decimal64), &options).expect("a plan");
    let mut state = plan.empty();
    plan.fold(&mut state, &tape.to_batch(Width::Decimal64).expect("a batch")).expect("a state");
    plan.finish(&state, AsOf::Latest).expect("outcomes").groups.remove(0).kpis
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
