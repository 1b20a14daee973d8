//! Small tapes for the tests.

use std::sync::Arc;

use abaco_engine::{AsOf, Finished, KpiResult, Plan, PlanOptions};
use abaco_kpi::{Formula, FormulaKpi, Kpi, KpiSpec, Rounding, Unit};
use arrow::array::{
    ArrayRef, Date32Array, Decimal64Array, Decimal128Array, Int64Array, RecordBatch, StringArray,
};

pub(crate) fn kpi(id: &'static str, formula: impl Into<Formula>) -> FormulaKpi {
    FormulaKpi::new(KpiSpec::new(id, id, Unit::Ratio).rounding(Rounding::half_away(4)), formula)
}

pub(crate) fn batch<'a>(columns: impl IntoIterator<Item = (&'a str, ArrayRef)>) -> RecordBatch {
    RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, array)| (name, array, true)))
        .unwrap()
}

pub(crate) fn cents(values: impl IntoIterator<Item = Option<i64>>) -> ArrayRef {
    let array: Decimal64Array = values.into_iter().collect();
    Arc::new(array.with_precision_and_scale(18, 2).unwrap())
}

pub(crate) fn wide(values: impl IntoIterator<Item = Option<i128>>, precision: u8, scale: i8) -> ArrayRef {
    let array: Decimal128Array = values.into_iter().collect();
    Arc::new(array.with_precision_and_scale(precision, scale).unwrap())
}

pub(crate) fn ints(values: impl IntoIterator<Item = Option<i64>>) -> ArrayRef {
    Arc::new(values.into_iter().collect::<Int64Array>())
}

pub(crate) fn days(values: impl IntoIterator<Item = Option<i32>>) -> ArrayRef {
    Arc::new(values.into_iter().collect::<Date32Array>())
}

pub(crate) fn texts<'a>(values: impl IntoIterator<Item = Option<&'a str>>) -> ArrayRef {
    Arc::new(values.into_iter().collect::<StringArray>())
}

/// The totals of one KPI over one batch.
pub(crate) fn result(kpi: &FormulaKpi, batch: &RecordBatch) -> KpiResult {
    let finished = finish(&[kpi], batch, &PlanOptions::default(), AsOf::Single).unwrap();
    finished.groups[0].kpis[0].clone()
}

pub(crate) fn finish(
    kpis: &[&FormulaKpi],
    batch: &RecordBatch,
    options: &PlanOptions,
    as_of: AsOf,
) -> Result<Finished, abaco_engine::EngineError> {
    let kpis: Vec<&dyn Kpi> = kpis.iter().map(|kpi| *kpi as &dyn Kpi).collect();
    let plan = Plan::new(&kpis, &batch.schema(), options)?;
    let mut state = plan.empty();
    plan.fold(&mut state, batch)?;
    plan.finish(&state, as_of)
}

pub(crate) fn value(result: &KpiResult) -> String {
    match result.outcome.value() {
        Some(value) => value.normalize().to_string(),
        None => result.outcome.reason().unwrap(),
    }
}
