//! From a batch in memory to KPIs: `cargo run --example quickstart`.

use std::sync::Arc;

use abaco_loans::arrow::array::{Decimal64Array, Int64Array, RecordBatch};
use abaco_loans::calculators::par_ge;
use abaco_loans::prelude::*;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // Three loans: days past due, and outstanding balances in cents of a decimal(18, 2).
    let balances = Decimal64Array::from(vec![7_500_00, 2_000_00, 500_00]).with_precision_and_scale(18, 2)?;
    let batch = RecordBatch::try_from_iter([
        ("dpd", Arc::new(Int64Array::from(vec![0, 12, 95])) as _),
        ("outstanding_balance", Arc::new(balances) as _),
    ])?;

    let engine = KpiEngine::new([par_ge(1), par_ge(30), par_ge(90)]);
    let calculation = engine.calculate(&[batch], &PlanOptions::default(), AsOf::Single)?;
    assert_eq!(calculation.finished.groups[0].kpis[1].outcome.value(), Some(Decimal::new(5_00, 2)));
    for kpi in &calculation.finished.groups[0].kpis {
        let exact = kpi.exact.as_ref().ok_or("no exact form")?;
        let value = kpi.outcome.value().ok_or("no value")?;
        println!("{:<10} {value:>6} %   {} / {}", kpi.id, exact.numerator, exact.denominator);
    }
    Ok(())
}
