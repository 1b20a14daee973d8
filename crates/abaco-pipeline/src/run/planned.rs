//! Which rows KPIs are computed over, and how they are planned there: the same whether rows or a saved state come next.

use std::sync::Arc;

use abaco_engine::{Bindings, EngineError, Plan, PlanOptions};
use abaco_kpi::Column;
use arrow::datatypes::SchemaRef;
use serde::{Deserialize, Serialize};

use super::part::Calculator;
use super::{Pipeline, cohort};
use crate::panel::MADE_OF_STANDING;
use crate::transform::PlannedDimensions;

/// The rows that KPIs are computed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Rows {
    /// The tape alone: all KPIs.
    Tape,
    /// The tape's rows with static data joined: the KPIs of a snapshot.
    Snapshots,
    /// The loan-period panel: the KPIs of a period.
    Periods,
    /// The panel by cohort and age: the KPIs of cohorts.
    Cohorts,
}

/// KPIs planned over rows of one schema.
#[derive(Debug)]
pub(super) struct Planned {
    /// The rows' own schema.
    pub(super) schema: SchemaRef,
    /// What is added to the rows before they are folded.
    pub(super) dimensions: PlannedDimensions,
    pub(super) bindings: Bindings,
    pub(super) plan: Arc<Plan>,
}

impl Pipeline {
    /// The KPIs that are computed over such rows; none where the configuration has no tables that would make them.
    pub(super) fn calculator(&self, rows: Rows) -> Option<&Calculator> {
        match (rows, &self.split) {
            (Rows::Tape, _) => Some(&self.calculator),
            (Rows::Snapshots, Some(split)) => Some(&split.snapshot),
            (Rows::Periods, Some(split)) => Some(&split.period),
            (Rows::Cohorts, Some(split)) => Some(&split.cohort),
            (_, None) => None,
        }
    }

    /// Plans KPIs over rows of this schema.
    pub(super) fn planned(
        &self,
        calculator: &Calculator,
        rows: Rows,
        schema: SchemaRef,
    ) -> Result<Planned, EngineError> {
        let bindings = self.bindings_over(rows);
        let dimensions = match rows {
            Rows::Cohorts => PlannedDimensions::none(&schema),
            _ => self.dimensions.plan(&schema, &bindings)?,
        };
        let with_dimensions = dimensions.schema();
        let options = match rows {
            Rows::Cohorts => PlanOptions {
                bindings: bindings.clone(),
                snapshot: None,
                groups: vec![cohort::COLUMNS.map(Column::from).to_vec()],
            },
            _ => self.options(&with_dimensions, &bindings),
        };
        let plan = Arc::new(calculator.engine.plan(&with_dimensions, &options)?);
        Ok(Planned { schema, dimensions, bindings, plan })
    }

    /// What the contract derives; what the panel says of a loan's standing comes before it.
    fn bindings_over(&self, rows: Rows) -> Bindings {
        match rows {
            Rows::Tape | Rows::Snapshots => self.bindings.clone(),
            Rows::Periods | Rows::Cohorts => without(&self.bindings, &MADE_OF_STANDING),
        }
    }
}

/// The bindings of all columns but these.
fn without(bindings: &Bindings, names: &[&str]) -> Bindings {
    let kept = bindings.iter().filter(|(column, _)| !names.contains(&column.name()));
    kept.fold(Bindings::new(), |kept, (column, expr)| kept.bind(Column::clone(column), expr.clone()))
}
