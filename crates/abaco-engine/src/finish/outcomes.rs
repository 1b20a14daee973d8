//! Outcomes alone, for those who recompute often and ask why only sometimes.

use abaco_kpi::{Column, Outcome};
use chrono::NaiveDate;

use super::select::choose;
use super::{AsOf, outcome};
use crate::EngineError;
use crate::plan::Plan;
use crate::state::State;

/// The outcomes of a state at one snapshot.
///
/// [`Finished`](crate::Finished) holds the same outcomes with what explains them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcomes {
    /// The snapshot, where the tape has any.
    pub as_of: Option<NaiveDate>,
    /// The totals first, then the groups of each grouping set in the order of their keys.
    pub groups: Vec<GroupOutcomes>,
}

/// The outcomes of one group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupOutcomes {
    /// The grouping columns and this group's values; NULL is `None`. Empty for the totals.
    pub by: Vec<(Column, Option<String>)>,
    /// Rows in scope.
    pub rows: u64,
    /// One outcome per KPI, in the plan's order.
    pub outcomes: Vec<Outcome>,
}

impl Plan {
    /// The outcomes at the snapshot that `as_of` names, without components, exact forms and earlier values.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use abaco_engine::{AsOf, Plan, PlanOptions};
    /// use abaco_kpi::{sum, FormulaKpi, Kpi, KpiSpec, Unit};
    /// use arrow::array::{Int64Array, RecordBatch};
    ///
    /// let kpi = FormulaKpi::new(KpiSpec::new("late", "Late", Unit::Currency), sum("past_due_amount"));
    /// let amounts = Int64Array::from(vec![5, 1]);
    /// let batch = RecordBatch::try_from_iter([("past_due_amount", Arc::new(amounts) as _)])?;
    /// let plan = Plan::new(&[&kpi as &dyn Kpi], &batch.schema(), &PlanOptions::default())?;
    /// let outcomes = plan.outcomes(&plan.fold_all(&[batch])?, AsOf::Single)?;
    /// assert_eq!(outcomes.groups[0].outcomes[0].value().map(|value| value.to_string()), Some("6.00".to_owned()));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`finish`](Self::finish).
    pub fn outcomes(&self, state: &State, as_of: AsOf) -> Result<Outcomes, EngineError> {
        state.check(self)?;
        let chosen = choose(self, state, as_of)?;
        let groups = self.each_group(&state.sets, &chosen, &|by, terms| GroupOutcomes {
            by,
            rows: terms.rows(),
            outcomes: self
                .kpis
                .iter()
                .map(|kpi| match &kpi.body {
                    Ok(body) => outcome(&kpi.spec, body, terms, 0),
                    Err(outcome) => outcome.clone(),
                })
                .collect(),
        });
        Ok(Outcomes { as_of: chosen.as_of, groups })
    }
}
