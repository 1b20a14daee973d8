//! For the person who has one batch and one KPI.

use abaco_kpi::{Kpi, Outcome};
use arrow::array::RecordBatch;

use crate::{AsOf, EngineError, Plan, PlanOptions};

/// Evaluates a KPI over one batch that is one snapshot.
///
/// ```
/// use std::sync::Arc;
/// use abaco_engine::Evaluate;
/// use abaco_kpi::{sum, FormulaKpi, KpiSpec, Unit};
/// use arrow::array::{Decimal64Array, RecordBatch};
///
/// let cents = |values: Vec<i64>| Decimal64Array::from(values).with_precision_and_scale(18, 2);
/// let batch = RecordBatch::try_from_iter([
///     ("paid_principal", Arc::new(cents(vec![100_00, 200_00])?) as _),
///     ("due_principal", Arc::new(cents(vec![1_000_00, 2_000_00])?) as _),
/// ])?;
/// let rate = FormulaKpi::new(
///     KpiSpec::new("principal_rate", "Principal paid of principal due", Unit::Percent),
///     100 * sum("paid_principal") / sum("due_principal"),
/// );
/// assert_eq!(rate.evaluate(&batch)?.value().map(|value| value.to_string()), Some("10.00".to_owned()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Evaluate {
    /// The KPI's outcome over the rows of `batch`, whose columns carry canonical names.
    ///
    /// # Errors
    /// [`EngineError`] if the batch cannot be read; a KPI without a value is an [`Outcome`].
    fn evaluate(&self, batch: &RecordBatch) -> Result<Outcome, EngineError>;
}

impl<K: Kpi> Evaluate for K {
    fn evaluate(&self, batch: &RecordBatch) -> Result<Outcome, EngineError> {
        let plan = Plan::new(&[self as &dyn Kpi], &batch.schema(), &PlanOptions::default())?;
        let mut state = plan.empty();
        plan.fold(&mut state, batch)?;
        let finished = plan.finish(&state, AsOf::Single)?;
        let results = finished.groups.into_iter().flat_map(|group| group.kpis);
        Ok(results
            .map(|result| result.outcome)
            .next()
            .unwrap_or(Outcome::Undefined(abaco_kpi::Undefined::NoRows)))
    }
}
