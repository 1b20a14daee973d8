//! Every KPI of the list has a value on one tape, and it is the oracle's.
#![allow(clippy::unwrap_used, clippy::panic, reason = "the helpers of a test are part of the test")]

mod ids;
mod loan;
mod tape;

use std::collections::BTreeSet;
use std::sync::LazyLock;

use abaco_calculators::{ALL, STANDARD};
use abaco_engine::{AsOf, KpiResult, Plan, PlanOptions};
use abaco_kpi::{CANONICAL_COLUMNS, FormulaKpi, Fraction, Kpi, Outcome, Unit};
use abaco_testkit::oracle::{Verdict, When, difference, rational};
use abaco_testkit::{Cell, Oracle, Tape, Width};

static TAPE: LazyLock<Tape> = LazyLock::new(tape::tape);

/// The results of the whole list at the newest snapshot, from one plan.
static RESULTS: LazyLock<Vec<KpiResult>> = LazyLock::new(|| {
    let kpis = STANDARD.kpis();
    let kpis: Vec<&dyn Kpi> = kpis.iter().map(|kpi| kpi as &dyn Kpi).collect();
    let options = PlanOptions { snapshot: Some("as_of".into()), ..PlanOptions::default() };
    let plan = Plan::new(&kpis, &TAPE.schema(Width::Decimal64), &options).unwrap();
    let mut state = plan.empty();
    for batch in TAPE.to_batches(Width::Decimal64, 97).unwrap() {
        plan.fold(&mut state, &batch).unwrap();
    }
    plan.finish(&state, AsOf::Latest).unwrap().groups.remove(0).kpis
});

fn newest() -> Cell {
    Cell::Date(tape::MONTH_ENDS[tape::LAST].parse().unwrap())
}

fn exact(id: &str) -> &'static Fraction {
    let result = RESULTS.iter().find(|result| &*result.id == id).unwrap_or_else(|| panic!("no KPI {id}"));
    result.outcome.exact().unwrap_or_else(|| panic!("{id}: {:?}", result.outcome))
}

#[test]
fn every_id_of_the_catalogue_is_in_the_list() {
    let known: BTreeSet<String> = ALL.iter().map(|kpi| kpi().spec().id.to_string()).collect();
    assert_eq!(known.len(), ALL.len());
    let expected = ids::IDS.split_whitespace().map(str::to_owned).chain(ids::matrix());
    let missing: Vec<String> = expected.filter(|id| !known.contains(id)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

/// Without this a KPI could have its value from a column in which nothing stands.
#[test]
fn every_canonical_column_has_values_at_the_newest_snapshot() {
    let rows: Vec<usize> =
        (0..TAPE.len()).filter(|row| TAPE.cell(*row, "as_of") == Some(&newest())).collect();
    for column in CANONICAL_COLUMNS {
        let filled =
            rows.iter().filter(|row| TAPE.cell(**row, column.name).is_some_and(|cell| !cell.is_null()));
        assert!(filled.count() > 0, "{}", column.name);
    }
}

#[test]
fn every_kpi_has_the_value_of_the_oracle() {
    let (oracle, Cell::Date(date)) = (Oracle::new(&TAPE).snapshot("as_of"), newest()) else {
        panic!("no date")
    };
    assert_eq!(oracle.snapshots().len(), 14);
    let kpis: Vec<FormulaKpi> = STANDARD.kpis();
    assert_eq!(kpis.len(), RESULTS.len());
    for (kpi, result) in kpis.iter().zip(RESULTS.iter()) {
        let id = &kpi.spec().id;
        assert_eq!(*id, *result.id);
        let expected = oracle.expect(kpi, When::At(date), &[]);
        assert_eq!(difference(&expected, result), None, "{id}");
        let (Verdict::Value { exact, .. }, Outcome::Value(value)) = (&expected.verdict, &result.outcome)
        else {
            panic!("{id}: expected a value, found {:?}", result.outcome)
        };
        assert_eq!(*exact, rational(&value.exact), "{id}");
    }
}

/// Percentages that are no share of a total: they may be more than all of it, or less than nothing.
const NO_SHARES: &[&str] = &[
    "collection_rate_total",
    "collection_ex_prepayment",
    "cumulative_collection",
    "collection_effectiveness_index_monthly",
    "collection_effectiveness_index_total",
    "risk_coverage",
    "npl_coverage",
    "cost_of_risk",
    "loan_loss_rate",
    "gross_chargeoff_annualised",
    "net_chargeoff_annualised",
    "cash_yield",
    "excess_spread",
    "growth_mom",
    "growth_yoy",
    "operational_self_sufficiency",
    "operating_expense_ratio",
];

#[test]
fn every_share_is_between_nothing_and_all() {
    let (nothing, all) = (Fraction::ZERO, Fraction::ratio(100, 1).unwrap());
    let mut shares = 0;
    for kpi in STANDARD.kpis() {
        let id = &*kpi.spec().id;
        if kpi.spec().unit == Unit::Percent && !NO_SHARES.contains(&id) {
            assert!((&nothing..=&all).contains(&exact(id)), "{id}: {:?}", exact(id));
            shares += 1;
        }
    }
    assert!(shares > ids::matrix().len(), "{shares} shares");
}

#[test]
fn every_step_of_the_migration_matrix_is_made() {
    for id in ids::matrix() {
        assert!(*exact(&id) > Fraction::ZERO, "{id}");
    }
}

/// A KPI that is zero here would also be zero if its rows were not found.
#[test]
fn no_kpi_is_zero() {
    let zeros = STANDARD.kpis().into_iter().map(|kpi| kpi.spec().id.to_string());
    let zeros: Vec<String> = zeros.filter(|id| exact(id).is_zero()).collect();
    assert!(zeros.is_empty(), "{zeros:?}");
}
