//! A KPI of one's own, checked by the laws that every KPI obeys: `cargo run --example custom_kpi`.

use std::sync::Arc;

use abaco_loans::arrow::array::{Decimal64Array, RecordBatch};
use abaco_loans::prelude::*;
use abaco_testkit::assert_kpi_laws;

/// How much of the arrears the loss allowance covers.
struct ArrearsCoverage {
    spec: KpiSpec,
}

impl ArrearsCoverage {
    fn new() -> Self {
        let spec = KpiSpec::new("arrears_coverage", "Allowance to arrears", Unit::Percent)
            .direction(Direction::HigherIsBetter)
            .convention("allowance at the snapshot over the overdue part of all balances");
        Self { spec }
    }
}

impl Kpi for ArrearsCoverage {
    fn spec(&self) -> &KpiSpec {
        &self.spec
    }

    fn formula(&self) -> Formula {
        100 * sum("allowance") / sum("past_due_amount")
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let kpi = ArrearsCoverage::new();

    // Any order, any split, any batch size, any number of threads, and a naive oracle: all to the same bits.
    assert_kpi_laws(&kpi);
    println!("{} obeys the laws: {}", kpi.spec().id, kpi.formula());

    let money = |cents: Vec<i64>| Decimal64Array::from(cents).with_precision_and_scale(18, 2);
    let batch = RecordBatch::try_from_iter([
        ("allowance", Arc::new(money(vec![30_00, 45_00])?) as _),
        ("past_due_amount", Arc::new(money(vec![40_00, 60_00])?) as _),
    ])?;
    let value = kpi.evaluate(&batch)?.value().ok_or("no value")?;
    assert_eq!(value, Decimal::from(75));
    println!("{value} %");

    // No arrears: there is nothing to divide by, and nothing is made up.
    let none = RecordBatch::try_from_iter([
        ("allowance", Arc::new(money(vec![30_00])?) as _),
        ("past_due_amount", Arc::new(money(vec![0])?) as _),
    ])?;
    println!("without arrears: {:?}", kpi.evaluate(&none)?);
    Ok(())
}
