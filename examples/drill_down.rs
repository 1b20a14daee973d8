//! Which loans make up a portfolio at risk, and its change: `cargo run --example drill_down`.
//!
//! The contributions add up to the value exactly, the loans that are not listed included.

use std::sync::Arc;

use abaco_loans::arrow::array::{Date32Array, Decimal64Array, Int64Array, RecordBatch, StringArray};
use abaco_loans::calculators::par_ge;
use abaco_loans::engine::{Contributions, DrillDown};
use abaco_loans::kpi::{Column, Fraction, Rounding};
use abaco_loans::prelude::*;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let loan: Vec<Column> = vec!["loan_id".into()];
    let options =
        PlanOptions { snapshot: Some("as_of".into()), groups: vec![loan.clone()], ..PlanOptions::default() };
    let batch = tape()?;
    let kpi = par_ge(30);
    let plan = Plan::new(&[&kpi], &batch.schema(), &options)?;
    let state = plan.fold_all(&[batch])?;
    let [november, december] = plan.snapshots(&state)[..] else {
        return Err("expected two snapshots".into());
    };

    // 250.00 of 1,500.00 are late: a sixth, for which no decimal is exact.
    let drill = DrillDown { kpi: "par_ge_30", by: &loan, top: 1 };
    let value = Contributions::to_value(&plan, &state, drill, AsOf::Date(december))?;
    assert_eq!(value.total, Fraction::ratio(100, 6)?);
    assert_eq!(value.top[0].amount, Fraction::ratio(40, 3)?);
    assert_eq!((value.others.groups, &value.others.amount), (3, &Fraction::ratio(10, 3)?));
    print("value", &value)?;

    // `A` was late before, too; it weighs less now, because `D` came and the portfolio is larger.
    let drill = DrillDown { top: 3, ..drill };
    let change = Contributions::to_change(&plan, &state, drill, AsOf::Date(november), AsOf::Date(december))?;
    let amounts: Vec<Fraction> = change.top.iter().map(|one| one.amount.clone()).collect();
    assert_eq!(amounts, [Fraction::ratio(40, 3)?, Fraction::ratio(-5, 3)?, Fraction::from(0)]);
    assert_eq!(change.total, Fraction::ratio(35, 3)?);
    print("change", &change)
}

fn print(what: &str, found: &Contributions) -> Result<(), Box<dyn std::error::Error>> {
    let rule = Rounding::half_away(2);
    println!("{what} {} % = {}", found.total.round(rule)?, found.total);
    for one in &found.top {
        let name = one.by.first().and_then(|(_, value)| value.as_deref()).unwrap_or("(none)");
        println!("  {name:<10} {:>6} %", one.amount.round(rule)?);
    }
    println!("  {} others   {:>6} %", found.others.groups, found.others.amount.round(rule)?);
    Ok(())
}

fn tape() -> Result<RecordBatch, Box<dyn std::error::Error>> {
    // 2025-11-30 and 2025-12-31, in days since 1970-01-01.
    let dates = Date32Array::from(vec![20_422, 20_422, 20_422, 20_453, 20_453, 20_453, 20_453]);
    let loans = StringArray::from(vec!["A", "B", "C", "A", "B", "C", "D"]);
    let dpd = Int64Array::from(vec![40, 5, 0, 71, 36, 0, 0]);
    let balances = Decimal64Array::from(vec![50_00, 200_00, 750_00, 50_00, 200_00, 750_00, 500_00]);
    Ok(RecordBatch::try_from_iter([
        ("as_of", Arc::new(dates) as _),
        ("loan_id", Arc::new(loans) as _),
        ("dpd", Arc::new(dpd) as _),
        ("outstanding_balance", Arc::new(balances.with_precision_and_scale(18, 2)?) as _),
    ])?)
}
