//! Drill-down: the loans, obligors or segments that make up a KPI and its change.

use std::path::Path;

use abaco_engine::{
    AsOf, Bindings, ContributionError, Contributions, DrillDown, EngineError, KpiEngine, Plan, PlanOptions,
    State,
};
use abaco_kpi::{Column, Fraction, Kpi, Rounding};
use arrow::datatypes::Schema;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::document::Exact;
use crate::PipelineError;
use crate::config::DrillSettings;

/// Decimal places of an amount beyond those of its KPI: a loan's part of a percent is small.
const MORE_PLACES: u32 = 4;

/// What a KPI is made of.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DrillEntry {
    /// The KPI.
    pub kpi: String,
    /// The columns by which it is taken apart.
    pub by: Vec<String>,
    /// The parts of its value; null where it has none.
    pub value: Option<PartsEntry>,
    /// The parts of its change since the snapshot before; null where one of the two has no value.
    pub change: Option<PartsEntry>,
    /// Why there is nothing to take apart.
    pub reason: Option<String>,
}

/// The largest parts, and all others together; they sum exactly to the total.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PartsEntry {
    /// The snapshot from which a change is counted.
    pub since: Option<NaiveDate>,
    /// The whole.
    pub total: AmountEntry,
    /// The largest parts without regard to their sign, largest first.
    pub top: Vec<PartEntry>,
    /// How many other groups there are.
    pub other_groups: usize,
    /// What they contribute together.
    pub others: AmountEntry,
}

/// The part of one group.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PartEntry {
    /// The group's columns and values.
    pub by: Map<String, Value>,
    /// What it contributes.
    #[serde(flatten)]
    pub amount: AmountEntry,
}

/// An amount in the KPI's unit.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AmountEntry {
    /// Rounded, to four places more than the KPI; null where 28 digits cannot hold it.
    pub value: Option<String>,
    /// In lowest terms.
    pub exact: Exact,
}

/// The KPIs that are taken apart, planned over rows.
pub(super) struct Drill<'d> {
    plan: Plan,
    settings: Vec<&'d DrillSettings>,
}

impl<'d> Drill<'d> {
    /// Plans what `settings` ask of this engine's KPIs; nothing if that is nothing.
    pub(super) fn new(
        engine: &KpiEngine,
        settings: &'d [DrillSettings],
        schema: &Schema,
        bindings: &Bindings,
        snapshot: Option<Column>,
    ) -> Result<Option<Self>, EngineError> {
        let kpis: Vec<&dyn Kpi> =
            engine.kpis().filter(|kpi| settings.iter().any(|drill| drill.kpi == kpi.spec().id)).collect();
        let settings: Vec<&DrillSettings> =
            settings.iter().filter(|drill| kpis.iter().any(|kpi| kpi.spec().id == drill.kpi)).collect();
        if settings.is_empty() {
            return Ok(None);
        }
        let mut groups: Vec<Vec<Column>> = Vec::new();
        for drill in &settings {
            let by = columns(drill);
            if !groups.contains(&by) {
                groups.push(by);
            }
        }
        let options = PlanOptions { bindings: bindings.clone(), snapshot, groups };
        Ok(Some(Self { plan: Plan::new(&kpis, schema, &options)?, settings }))
    }

    pub(super) fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Takes the values at `as_of` apart, and their changes since `prior`.
    pub(super) fn entries(
        &self,
        state: &State,
        as_of: AsOf,
        prior: Option<NaiveDate>,
        path: &Path,
    ) -> Result<Vec<DrillEntry>, PipelineError> {
        self.settings.iter().map(|drill| self.entry(drill, state, as_of, prior, path)).collect()
    }

    fn entry(
        &self,
        settings: &DrillSettings,
        state: &State,
        as_of: AsOf,
        prior: Option<NaiveDate>,
        path: &Path,
    ) -> Result<DrillEntry, PipelineError> {
        let by = columns(settings);
        let drill = DrillDown { kpi: &settings.kpi, by: &by, top: settings.top };
        let places = self.plan.kpis().find(|(spec, _)| spec.id == settings.kpi);
        let scale = places.map_or(2, |(spec, _)| spec.rounding.scale) + MORE_PLACES;
        let mut entry = DrillEntry {
            kpi: settings.kpi.clone(),
            by: settings.by.clone(),
            value: None,
            change: None,
            reason: None,
        };
        match Contributions::to_value(&self.plan, state, drill, as_of) {
            Ok(found) => entry.value = Some(parts(&found, scale)),
            Err(ContributionError::Undefined { reason, .. }) => entry.reason = Some(reason.to_string()),
            Err(ContributionError::NoValue { outcome, .. }) => entry.reason = outcome.reason(),
            Err(error) => return Err(refused(error, path)),
        }
        if let (Some(prior), Some(_)) = (prior, &entry.value) {
            match Contributions::to_change(&self.plan, state, drill, AsOf::Date(prior), as_of) {
                Ok(found) => entry.change = Some(parts(&found, scale)),
                Err(ContributionError::Undefined { .. } | ContributionError::NoValue { .. }) => {}
                Err(error) => return Err(refused(error, path)),
            }
        }
        Ok(entry)
    }
}

fn columns(settings: &DrillSettings) -> Vec<Column> {
    settings.by.iter().cloned().map(Column::from).collect()
}

/// A formula that is no sum of parts is a matter of the configuration, whatever the tape.
fn refused(error: ContributionError, path: &Path) -> PipelineError {
    let path = path.to_path_buf();
    match error {
        ContributionError::Engine(source) => PipelineError::Engine { path, source },
        other => PipelineError::Configuration { path, message: format!("`drill_down`: {other}") },
    }
}

fn parts(found: &Contributions, scale: u32) -> PartsEntry {
    let by = |part: &abaco_engine::Contribution| {
        part.by.iter().map(|(column, value)| (column.name().to_owned(), value.clone().into())).collect()
    };
    // A group that contributes nothing is no part, however few there are.
    let listed: Vec<_> = found.top.iter().filter(|part| !part.amount.is_zero()).collect();
    PartsEntry {
        since: found.since,
        total: amount(&found.total, scale),
        other_groups: found.others.groups + found.top.len() - listed.len(),
        top: listed
            .iter()
            .map(|part| PartEntry { by: by(part), amount: amount(&part.amount, scale) })
            .collect(),
        others: amount(&found.others.amount, scale),
    }
}

fn amount(exact: &Fraction, scale: u32) -> AmountEntry {
    let (numerator, denominator) = exact.lowest_terms();
    AmountEntry {
        value: exact.round(Rounding::half_away(scale)).ok().map(|value| value.to_string()),
        exact: Exact {
            numerator: numerator.to_string(),
            denominator: denominator.to_string(),
            multiplier: "1".to_owned(),
        },
    }
}
