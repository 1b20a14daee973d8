//! The KPIs of the loan-period panel, its cohorts and its ledger, against figures from elsewhere.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    reason = "the helpers of a test are part of the test"
)]

mod catalogue;
mod matrix;
mod relations;
mod undefined;
mod vectors;

use abaco_calculators::STANDARD;
use abaco_engine::{AsOf, Plan, PlanOptions};
use abaco_kpi::{FormulaKpi, Fraction, Kpi, Outcome};
use abaco_testkit::{Tape, Width};

/// The families whose KPIs are tested here.
const FAMILIES: [&str; 9] = [
    "collections",
    "losses",
    "prepayment",
    "yield",
    "migration",
    "vintage",
    "factoring",
    "microfinance",
    "compliance",
];

fn kpi(id: &str) -> FormulaKpi {
    STANDARD.find(id).unwrap_or_else(|| panic!("no KPI {id}"))
}

/// The outcomes of several KPIs in one plan.
fn outcomes(ids: &[&str], tape: &Tape) -> Vec<Outcome> {
    let kpis: Vec<FormulaKpi> = ids.iter().map(|id| kpi(id)).collect();
    let kpis: Vec<&dyn Kpi> = kpis.iter().map(|kpi| kpi as &dyn Kpi).collect();
    let plan = Plan::new(&kpis, &tape.schema(Width::Decimal64), &PlanOptions::default()).unwrap();
    let mut state = plan.empty();
    plan.fold(&mut state, &tape.to_batch(Width::Decimal64).unwrap()).unwrap();
    let finished = plan.finish(&state, AsOf::Single).unwrap();
    finished.groups[0].kpis.iter().map(|result| result.outcome.clone()).collect()
}

fn outcome(id: &str, tape: &Tape) -> Outcome {
    outcomes(&[id], tape).remove(0)
}

fn exact(id: &str, tape: &Tape) -> Fraction {
    let outcome = outcome(id, tape);
    outcome.exact().unwrap_or_else(|| panic!("{id}: {outcome:?}")).clone()
}

fn ratio(numerator: i128, denominator: i128) -> Fraction {
    Fraction::ratio(numerator, denominator).unwrap()
}
