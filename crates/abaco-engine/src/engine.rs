//! The engine: KPIs with their definitions, judged and audited.

use std::time::SystemTime;

use abaco_kpi::{FormulaKpi, Kpi, Outcome};
use arrow::array::RecordBatch;
use arrow::datatypes::Schema;
use chrono::{DateTime, Utc};

use crate::recent::RecentPlans;
use crate::suggest::nearest;
use crate::{
    AsOf, AuditEvent, Baselines, DefinitionError, Definitions, EngineError, Expectation, Finding,
    FindingKind, Finished, KpiResult, ObservedScales, Plan, PlanOptions, Reference, State, Status,
};

/// A set of KPIs with what an institution says about them.
///
/// ```
/// use std::{path::Path, sync::Arc};
/// use abaco_engine::{AsOf, Definitions, KpiEngine, PlanOptions, Status};
/// use abaco_kpi::{sum, Direction, FormulaKpi, KpiSpec, Unit};
/// use arrow::array::{Int64Array, RecordBatch};
///
/// let late = FormulaKpi::new(
///     KpiSpec::new("late_share", "Share in arrears", Unit::Percent).direction(Direction::LowerIsBetter),
///     100 * sum("past_due_amount") / sum("outstanding_balance"),
/// );
/// let thresholds = r#"{version: 1, kpis: [{id: late_share, thresholds: {warning: "5", critical: "8"}}]}"#;
/// let engine = KpiEngine::new([late]).with_definitions(Definitions::from_yaml(thresholds, Path::new("kpis.yml"))?)?;
///
/// let batch = RecordBatch::try_from_iter([
///     ("past_due_amount", Arc::new(Int64Array::from(vec![5, 1])) as _),
///     ("outstanding_balance", Arc::new(Int64Array::from(vec![60, 40])) as _),
/// ])?;
/// let calculation = engine.calculate(&[batch], &PlanOptions::default(), AsOf::Single)?;
/// let result = &calculation.finished.groups[0].kpis[0];
/// assert_eq!(result.outcome.value().map(|value| value.to_string()), Some("6.00".to_owned()));
/// assert_eq!(result.status, Status::Warning);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct KpiEngine {
    kpis: Vec<Box<dyn Kpi>>,
    definitions: Definitions,
    actor: String,
    clock: fn() -> DateTime<Utc>,
    recent: RecentPlans,
}

impl std::fmt::Debug for KpiEngine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let ids: Vec<&str> = self.kpis.iter().map(|kpi| &*kpi.spec().id).collect();
        f.debug_struct("KpiEngine").field("kpis", &ids).field("actor", &self.actor).finish_non_exhaustive()
    }
}

/// What an engine calculated, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Calculation {
    /// The outcomes, each with its status.
    pub finished: Finished,
    /// The steps, in order.
    pub audit: Vec<AuditEvent>,
}

impl KpiEngine {
    /// An engine for these KPIs, without definitions.
    pub fn new<K: Kpi + 'static>(kpis: impl IntoIterator<Item = K>) -> Self {
        Self {
            kpis: kpis.into_iter().map(|kpi| Box::new(kpi) as Box<dyn Kpi>).collect(),
            definitions: Definitions::empty(),
            actor: "abaco-engine".to_owned(),
            clock: || DateTime::<Utc>::from(SystemTime::now()),
            recent: RecentPlans::default(),
        }
    }

    /// The same engine with names, roundings, thresholds and valid ranges from `definitions`, and with the KPIs that
    /// they add.
    ///
    /// # Errors
    /// [`DefinitionError`] if a definition is about no KPI of this engine, or does not fit it.
    pub fn with_definitions(mut self, definitions: Definitions) -> Result<Self, DefinitionError> {
        let known: Vec<&dyn Kpi> = self.kpis.iter().map(AsRef::as_ref).collect();
        let added = definitions.kpis(&known)?;
        self.kpis.extend(added.into_iter().map(|kpi| Box::new(kpi) as Box<dyn Kpi>));
        let known: Vec<&dyn Kpi> = self.kpis.iter().map(AsRef::as_ref).collect();
        definitions.check(&known)?;
        self.kpis = self.kpis.into_iter().map(|kpi| defined(kpi, &definitions)).collect();
        self.definitions = definitions;
        // Definitions change names and roundings, which plans carry.
        self.recent = RecentPlans::default();
        Ok(self)
    }

    /// The same engine with the name that its audit events carry.
    #[must_use]
    pub fn with_actor(mut self, actor: impl Into<String>) -> Self {
        self.actor = actor.into();
        self
    }

    /// The same engine with another clock, for results that must not change from run to run.
    #[must_use]
    pub fn with_clock(mut self, clock: fn() -> DateTime<Utc>) -> Self {
        self.clock = clock;
        self
    }

    /// The KPIs, as the definitions name and round them.
    pub fn kpis(&self) -> impl Iterator<Item = &dyn Kpi> {
        self.kpis.iter().map(AsRef::as_ref)
    }

    /// The KPIs of these ids, in the engine's order; all of them if none is named.
    ///
    /// # Errors
    /// [`EngineError::UnknownKpi`] with the nearest id.
    pub fn kpis_named<S: AsRef<str>>(&self, ids: &[S]) -> Result<Vec<&dyn Kpi>, EngineError> {
        let known = || self.kpis().map(|kpi| &*kpi.spec().id);
        for id in ids.iter().map(AsRef::as_ref) {
            if known().all(|known| known != id) {
                let nearest = nearest(id, known()).map(str::to_owned);
                return Err(EngineError::UnknownKpi { id: id.to_owned(), nearest });
            }
        }
        let named = |kpi: &&dyn Kpi| ids.is_empty() || ids.iter().any(|id| id.as_ref() == kpi.spec().id);
        Ok(self.kpis().filter(named).collect())
    }

    /// The definitions.
    pub fn definitions(&self) -> &Definitions {
        &self.definitions
    }

    /// Plans the KPIs over tapes of this schema.
    ///
    /// # Errors
    /// Those of [`Plan::new`].
    pub fn plan(&self, schema: &Schema, options: &PlanOptions) -> Result<Plan, EngineError> {
        let kpis: Vec<&dyn Kpi> = self.kpis().collect();
        Plan::new(&kpis, schema, options)
    }

    /// Plans, folds on the threads of the current rayon pool, finishes and judges.
    ///
    /// The schema is that of the first batch; without any batch there is none, and every KPI that reads a column is
    /// unavailable. The plans of the last few schemas are kept, so that whoever recomputes on each request does not plan
    /// each time.
    ///
    /// # Errors
    /// Those of [`Plan::new`], [`Plan::fold_all`] and [`Plan::finish`]. A KPI that fails does not stop the others.
    pub fn calculate(
        &self,
        batches: &[RecordBatch],
        options: &PlanOptions,
        as_of: AsOf,
    ) -> Result<Calculation, EngineError> {
        let schema = batches.first().map_or_else(|| Schema::empty().into(), RecordBatch::schema);
        let plan = self.recent.get_or_plan(&schema, options, || self.plan(&schema, options))?;
        let state = plan.fold_all(batches)?;
        self.finish(&plan, &state, as_of, &ObservedScales::new())
    }

    /// Finishes and judges a state.
    ///
    /// # Errors
    /// Those of [`Plan::finish`].
    pub fn finish(
        &self,
        plan: &Plan,
        state: &State,
        as_of: AsOf,
        observed: &ObservedScales,
    ) -> Result<Calculation, EngineError> {
        self.finish_against(plan, state, as_of, observed, &Baselines::none())
    }

    /// The same, held also against an earlier run.
    ///
    /// # Errors
    /// Those of [`Plan::finish`].
    pub fn finish_against(
        &self,
        plan: &Plan,
        state: &State,
        as_of: AsOf,
        observed: &ObservedScales,
        baselines: &Baselines,
    ) -> Result<Calculation, EngineError> {
        let mut audit = vec![self.event("started", None, "ok", None)];
        let mut finished = plan.finish_observed(state, as_of, observed)?;
        self.judge(plan, &mut finished, baselines);
        // The totals come first; the groups repeat their KPIs and would bury them.
        let totals = finished.groups.iter().take(1).flat_map(|totals| &totals.kpis);
        audit.extend(totals.map(|result| self.kpi_event(result)));
        audit.push(self.event("completed", None, "ok", None));
        Ok(Calculation { finished, audit })
    }

    /// Finishes and judges the totals of a state alone, whatever the grouping sets.
    ///
    /// # Errors
    /// Those of [`Plan::finish`].
    pub fn finish_totals(
        &self,
        plan: &Plan,
        state: &State,
        as_of: AsOf,
        observed: &ObservedScales,
    ) -> Result<Finished, EngineError> {
        let mut finished = plan.finish_totals(state, as_of, observed)?;
        self.judge(plan, &mut finished, &Baselines::none());
        Ok(finished)
    }

    fn judge(&self, plan: &Plan, finished: &mut Finished, baselines: &Baselines) {
        let expected: Vec<Option<&Expectation>> = plan
            .kpis()
            .map(|(spec, _)| self.definitions.get(&spec.id).map(|definition| &definition.expectation))
            .collect();
        for group in &mut finished.groups {
            for ((result, (spec, _)), expected) in group.kpis.iter_mut().zip(plan.kpis()).zip(&expected) {
                let Some(expected) = expected else { continue };
                let prior = result.prior.as_ref().and_then(|prior| prior.exact.as_ref());
                let reference = Reference { prior, baseline: baselines.get(&group.by, &spec.id) };
                (result.status, result.findings) =
                    expected.judge(&result.outcome, spec.direction, reference).unwrap_or_else(|error| {
                        // Too large to be compared: it is not passed over.
                        let finding =
                            Finding::new(FindingKind::Unjudged, Status::Critical, error.to_string());
                        (Status::Critical, vec![finding])
                    });
            }
        }
    }

    fn kpi_event(&self, result: &KpiResult) -> AuditEvent {
        let detail = match &result.outcome {
            Outcome::Value(value) => Some(value.rounded.to_string()),
            other => other.reason(),
        };
        self.event("kpi", Some(result.id.to_string()), result.outcome.state(), detail)
    }

    fn event(&self, event: &str, kpi: Option<String>, status: &str, detail: Option<String>) -> AuditEvent {
        AuditEvent {
            timestamp: (self.clock)(),
            actor: self.actor.clone(),
            action: "calculate_all".to_owned(),
            event: event.to_owned(),
            kpi,
            status: status.to_owned(),
            detail,
        }
    }
}

/// The KPI with the name and the rounding that its definition gives it, if any.
fn defined(kpi: Box<dyn Kpi>, definitions: &Definitions) -> Box<dyn Kpi> {
    let Some(definition) = definitions.get(&kpi.spec().id) else { return kpi };
    if definition.name.is_none() && definition.rounding.is_none() {
        return kpi;
    }
    let mut spec = kpi.spec().clone();
    if let Some(name) = &definition.name {
        spec.title = name.clone().into();
    }
    if let Some(rounding) = definition.rounding {
        spec.rounding = rounding;
    }
    Box::new(FormulaKpi::new(spec, kpi.formula()))
}
