//! Parts of a tape, folded apart and merged in any order, give the same bits as the whole:
//! `cargo run --example merge_partitions`.
//!
//! So the parts may be files, days, threads or machines.

use std::sync::Arc;

use abaco_loans::arrow::array::{Decimal64Array, Int64Array, RecordBatch};
use abaco_loans::calculators::{par_ge, par_gt};
use abaco_loans::prelude::*;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let tape = tape(10_000)?;
    let kpis = [par_ge(30), par_gt(30)];
    let kpis: Vec<&dyn Kpi> = kpis.iter().map(|kpi| kpi as &dyn Kpi).collect();
    let plan = Plan::new(&kpis, &tape.schema(), &PlanOptions::default())?;

    let mut whole = plan.empty();
    plan.fold(&mut whole, &tape)?;

    // Three parts; each state travels as bytes, as it would from another process.
    let mut merged = plan.empty();
    for (start, rows) in [(7_000, 3_000), (0, 2_500), (2_500, 4_500)] {
        let mut part = plan.empty();
        plan.fold(&mut part, &tape.slice(start, rows))?;
        let bytes = part.to_bytes();
        println!("rows {start:>5}.. {rows:>5}: a state of {} bytes", bytes.len());
        plan.merge(&mut merged, &State::from_bytes(&bytes)?)?;
    }

    assert_eq!(merged.to_bytes(), whole.to_bytes());
    for result in &plan.finish(&merged, AsOf::Single)?.groups[0].kpis {
        println!("{:<10} {:>6} %", result.id, result.outcome.value().ok_or("no value")?);
    }
    Ok(())
}

/// Loans whose balances and days past due follow from their number, so that the result is always the same.
fn tape(rows: i64) -> Result<RecordBatch, Box<dyn std::error::Error>> {
    let dpd: Int64Array = (0..rows).map(|loan| (loan * 7) % 120).collect();
    let balances: Decimal64Array = (0..rows).map(|loan| 100_00 + (loan * 31) % 90_000).collect();
    let balances = balances.with_precision_and_scale(18, 2)?;
    Ok(RecordBatch::try_from_iter([
        ("dpd", Arc::new(dpd) as _),
        ("outstanding_balance", Arc::new(balances) as _),
    ])?)
}
