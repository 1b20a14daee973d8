//! KPIs per segment and per snapshot from one pass: `cargo run --example by_segment`.
//!
//! The state is keyed by snapshot and group, so every date and every group is there to be finished, and balances
//! of two dates are never added up by accident.

use std::sync::Arc;

use abaco_loans::arrow::array::{Date32Array, Decimal64Array, Int64Array, RecordBatch, StringArray};
use abaco_loans::calculators::par_ge;
use abaco_loans::prelude::*;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let options = PlanOptions {
        snapshot: Some("as_of".into()),
        groups: vec![vec!["segment".into()]],
        ..PlanOptions::default()
    };
    let batch = tape()?;
    let kpi = par_ge(30);
    let plan = Plan::new(&[&kpi], &batch.schema(), &options)?;
    let mut state = plan.empty();
    plan.fold(&mut state, &batch)?;

    let december = plan.finish(&state, AsOf::Latest)?;
    assert_eq!(december.groups[0].kpis[0].outcome.value(), Some(Decimal::new(18_18, 2)));
    for date in plan.snapshots(&state) {
        println!("{date}");
        for group in plan.finish(&state, AsOf::Date(date))?.groups {
            let name = match group.by.first() {
                None => "all".to_owned(),
                Some((_, segment)) => segment.clone().unwrap_or_else(|| "(none)".to_owned()),
            };
            let result = &group.kpis[0];
            let prior = result.prior.as_ref().and_then(|prior| prior.value);
            let before = prior.map_or(String::new(), |value| format!("   before {value} %"));
            println!("  {name:<12} {:>6} %{before}", result.outcome.value().ok_or("no value")?);
        }
    }
    Ok(())
}

fn tape() -> Result<RecordBatch, Box<dyn std::error::Error>> {
    // 2025-11-30 and 2025-12-31, in days since 1970-01-01.
    let dates = Date32Array::from(vec![20_422, 20_422, 20_422, 20_453, 20_453, 20_453]);
    let segments = StringArray::from(vec!["factoring", "sme", "sme", "factoring", "sme", "sme"]);
    let dpd = Int64Array::from(vec![0, 45, 3, 0, 76, 34]);
    let balances = Decimal64Array::from(vec![800_00, 100_00, 100_00, 900_00, 100_00, 100_00]);
    Ok(RecordBatch::try_from_iter([
        ("as_of", Arc::new(dates) as _),
        ("segment", Arc::new(segments) as _),
        ("dpd", Arc::new(dpd) as _),
        ("outstanding_balance", Arc::new(balances.with_precision_and_scale(18, 2)?) as _),
    ])?)
}
