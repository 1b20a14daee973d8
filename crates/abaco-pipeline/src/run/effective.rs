//! The true date of a snapshot, where its label is another.

use abaco_engine::{AsOf, Bindings, EngineError, Plan, PlanOptions, State};
use abaco_kpi::{Column, FormulaKpi, Kpi, KpiSpec, Unit, max, min};
use arrow::datatypes::Schema;
use chrono::{Days, NaiveDate};
use rust_decimal::prelude::ToPrimitive;
use serde::{Deserialize, Serialize};

use super::bindings::LabelLag;

/// What the rows say about the day for which they hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effective {
    /// The contract derives nothing, or no row tells.
    Unknown,
    /// All rows that tell agree on this day.
    On(NaiveDate),
    /// They do not agree: from this day to that one.
    Between(NaiveDate, NaiveDate),
}

impl Effective {
    /// The last day of which any row tells.
    pub(super) fn latest(self) -> Option<NaiveDate> {
        match self {
            Self::Unknown => None,
            Self::On(date) | Self::Between(_, date) => Some(date),
        }
    }

    /// The day, where the rows agree on one.
    pub fn date(self) -> Option<NaiveDate> {
        match self {
            Self::On(date) => Some(date),
            Self::Unknown | Self::Between(..) => None,
        }
    }
}

/// Measures by how many days a snapshot's label lies behind its rows.
pub(super) struct LagPlan(Plan);

impl LagPlan {
    pub(super) fn new(
        lag: &LabelLag,
        schema: &Schema,
        bindings: &Bindings,
        snapshot: Option<Column>,
    ) -> Result<Self, EngineError> {
        let kpi = |id: &'static str, measure: abaco_kpi::RowMeasure| {
            let measure = match &lag.filter {
                Some(filter) => measure.filter(filter.clone()),
                None => measure,
            };
            FormulaKpi::new(KpiSpec::new(id, id, Unit::Days), measure)
        };
        let kpis = [kpi("least", min(lag.days.clone())), kpi("most", max(lag.days.clone()))];
        let kpis: Vec<&dyn Kpi> = kpis.iter().map(|kpi| kpi as &dyn Kpi).collect();
        let options = PlanOptions { bindings: bindings.clone(), snapshot, ..PlanOptions::default() };
        Plan::new(&kpis, schema, &options).map(Self)
    }

    pub(super) fn plan(&self) -> &Plan {
        &self.0
    }

    /// The true date of the snapshot labelled `as_of`.
    pub(super) fn effective(&self, state: &State, as_of: NaiveDate) -> Result<Effective, EngineError> {
        let finished = self.0.finish(state, AsOf::Date(as_of))?;
        let mut ends = finished.groups.iter().flat_map(|group| &group.kpis).map(|kpi| {
            let days = kpi.outcome.value().and_then(|days| days.to_i64())?;
            let distance = Days::new(days.unsigned_abs());
            if days < 0 { as_of.checked_add_days(distance) } else { as_of.checked_sub_days(distance) }
        });
        Ok(match (ends.next().flatten(), ends.next().flatten()) {
            (Some(latest), Some(earliest)) if latest == earliest => Effective::On(latest),
            (Some(latest), Some(earliest)) => Effective::Between(earliest, latest),
            _ => Effective::Unknown,
        })
    }
}
