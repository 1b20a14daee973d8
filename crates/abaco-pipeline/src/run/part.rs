//! Parts: the KPIs of one basis, over the rows that they are meant for.

use std::sync::Arc;

use abaco_engine::{
    AsOf, AuditEvent, Baselines, Definitions, EngineError, Finished, Group, KpiEngine, KpiResult,
    ObservedScales, Plan, State,
};
use abaco_kpi::{Column, Decimal, Kpi, KpiSpec, Undefined};
use arrow::datatypes::SchemaRef;
use chrono::NaiveDate;
use hashbrown::HashMap;

use super::meaning::{Asks, Over, undefined, withhold};
use super::planned::{Planned, Rows};
use crate::calendar::Point;

/// Some of a profile's KPIs, with their places in it.
#[derive(Debug)]
pub(super) struct Calculator {
    pub(super) engine: KpiEngine,
    pub(super) places: Vec<usize>,
    asks: Vec<Asks>,
}

impl Calculator {
    /// The KPIs of a profile that `wanted` chooses.
    pub(super) fn new(
        kpis: &[Arc<dyn Kpi>],
        definitions: &Definitions,
        wanted: impl Fn(&dyn Kpi) -> bool,
    ) -> Result<Self, abaco_engine::DefinitionError> {
        let places: Vec<usize> = (0..kpis.len()).filter(|place| wanted(&*kpis[*place])).collect();
        let chosen: Vec<Arc<dyn Kpi>> = places.iter().map(|place| Arc::clone(&kpis[*place])).collect();
        let about: Vec<&dyn Kpi> = chosen.iter().map(AsRef::as_ref).collect();
        let definitions = definitions.restricted_to(&about);
        let asks = chosen.iter().map(|kpi| Asks::new(&**kpi)).collect();
        Ok(Self { engine: KpiEngine::new(chosen).with_definitions(definitions)?, places, asks })
    }
}

/// A calculator's KPIs, planned and folded.
#[derive(Clone)]
pub(super) struct Part<'p> {
    pub(super) rows: Rows,
    pub(super) calculator: &'p Calculator,
    /// The schema of the rows, without the dimensions that are added to them.
    pub(super) schema: SchemaRef,
    pub(super) plan: Arc<Plan>,
    pub(super) state: Arc<State>,
}

impl<'p> Part<'p> {
    pub(super) fn new(rows: Rows, calculator: &'p Calculator, planned: &Planned, state: State) -> Self {
        Self {
            rows,
            calculator,
            schema: Arc::clone(&planned.schema),
            plan: Arc::clone(&planned.plan),
            state: Arc::new(state),
        }
    }
}

/// What is shown of a KPI beyond its outcome: its specification, and the text of its formula.
pub(super) type Described = (KpiSpec, String);

/// The rounded values of each group's KPIs, in the order of the profile.
pub(super) type Values = HashMap<Vec<(Column, Option<String>)>, Vec<Option<Decimal>>>;

/// Several parts at one snapshot, in the order of the profile.
#[derive(Clone)]
pub(super) struct Parts<'p> {
    pub(super) parts: Vec<Part<'p>>,
    pub(super) observed: ObservedScales,
    /// Whether flows are added up over all snapshots of a period.
    pub(super) sums_flows: bool,
}

impl Parts<'_> {
    /// The KPIs of all parts, in the order of the profile.
    pub(super) fn described(&self) -> Vec<Described> {
        let mut placed: Vec<(usize, Described)> = Vec::new();
        for part in &self.parts {
            let described = part.plan.kpis().map(|(spec, text)| (spec.clone(), text.to_owned()));
            placed.extend(part.calculator.places.iter().copied().zip(described));
        }
        placed.sort_by_key(|(place, _)| *place);
        placed.into_iter().map(|(_, described)| described).collect()
    }

    /// The date of the snapshot that `as_of` means, if it has one.
    pub(super) fn finished_as_of(&self, as_of: AsOf) -> Result<Option<NaiveDate>, EngineError> {
        match self.parts.first() {
            Some(part) => part.plan.as_of(&part.state, as_of),
            None => Ok(None),
        }
    }

    /// The judged outcomes at a snapshot, with what happened while they were calculated.
    pub(super) fn finish(
        &self,
        as_of: AsOf,
        baselines: &Baselines,
    ) -> Result<(Finished, Vec<AuditEvent>), EngineError> {
        let mut audit = Vec::new();
        let mut finished = Vec::new();
        for part in &self.parts {
            let calculation = part.calculator.engine.finish_against(
                &part.plan,
                &part.state,
                as_of,
                &self.observed,
                baselines,
            )?;
            audit.extend(calculation.audit);
            finished.push(calculation.finished);
        }
        let mut finished = self.merge(finished);
        if let Some(as_of) = finished.as_of {
            self.withhold(&mut finished, as_of, false, false);
        }
        Ok((finished, one_calculation(audit)))
    }

    /// The judged totals of a period; one that is not over is not stretched to a year.
    pub(super) fn totals(&self, point: &Point) -> Result<Finished, EngineError> {
        let as_of = AsOf::Date(point.as_of);
        let finish = |part: &Part<'_>| {
            part.calculator.engine.finish_totals(&part.plan, &part.state, as_of, &self.observed)
        };
        let finished = self.parts.iter().map(finish).collect::<Result<_, _>>()?;
        let mut totals = self.merge(finished);
        let unsummed = !self.sums_flows && point.from != totals.prior_as_of;
        self.withhold(&mut totals, point.as_of, point.partial, unsummed);
        Ok(totals)
    }

    /// The snapshots of a part up to `as_of`, newest first.
    fn snapshots(part: Option<&Part<'_>>, as_of: NaiveDate) -> Vec<NaiveDate> {
        let all = part.map(|part| part.plan.snapshots(&part.state)).unwrap_or_default();
        all.into_iter().rev().filter(|date| *date <= as_of).collect()
    }

    fn withhold(&self, finished: &mut Finished, as_of: NaiveDate, partial: bool, unsummed: bool) {
        let snapshots = Self::snapshots(self.parts.first(), as_of);
        let ends = Self::snapshots(self.parts.last(), as_of);
        let over = Over { snapshots: &snapshots, ends: &ends, partial, unsummed };
        let described = self.described();
        let specs: Vec<&KpiSpec> = described.iter().map(|(spec, _)| spec).collect();
        let mut placed: Vec<(usize, Asks)> = Vec::new();
        for part in &self.parts {
            placed.extend(part.calculator.places.iter().copied().zip(part.calculator.asks.iter().copied()));
        }
        placed.sort_by_key(|(place, _)| *place);
        let asks: Vec<Asks> = placed.into_iter().map(|(_, asks)| asks).collect();
        withhold(finished, &asks, &over, &specs);
    }

    /// The outcomes alone at a snapshot: of each group by its key, each KPI's value where it has one.
    pub(super) fn values(&self, as_of: NaiveDate) -> Result<Values, EngineError> {
        let count = self.parts.iter().map(|part| part.calculator.places.len()).sum();
        let mut values = Values::new();
        for part in &self.parts {
            let outcomes = part.plan.outcomes(&part.state, AsOf::Date(as_of))?;
            for group in outcomes.groups {
                let of_group = values.entry(group.by).or_insert_with(|| vec![None; count]);
                for (place, outcome) in part.calculator.places.iter().zip(group.outcomes) {
                    of_group[*place] = outcome.value();
                }
            }
        }
        Ok(values)
    }

    /// One list of groups, each with every KPI; a part that knows nothing of a group has no rows there.
    fn merge(&self, finished: Vec<Finished>) -> Finished {
        let mut finished = finished.into_iter();
        let places = |part: usize| &self.parts[part].calculator.places;
        let count = self.parts.iter().map(|part| part.calculator.places.len()).sum();
        let Some(first) = finished.next() else {
            return Finished { as_of: None, prior_as_of: None, groups: Vec::new() };
        };
        if self.parts.len() == 1 {
            return first;
        }
        let as_of = first.as_of;
        // A quarter of a monthly tape begins with the quarter before, not with the month before.
        let mut prior_as_of = first.prior_as_of;
        let mut merged: Vec<(Group, Vec<Option<KpiResult>>)> = Vec::new();
        let mut known: HashMap<Vec<(Column, Option<String>)>, usize> = HashMap::new();
        for (part, finished) in std::iter::once(first).chain(finished).enumerate() {
            prior_as_of = finished.prior_as_of;
            for mut group in finished.groups {
                let results = std::mem::take(&mut group.kpis);
                let at = *known.entry(group.by.clone()).or_insert(merged.len());
                if at == merged.len() {
                    merged.push((group, vec![None; count]));
                }
                for (place, result) in places(part).iter().zip(results) {
                    merged[at].1[*place] = Some(result);
                }
            }
        }
        let ids = self.described();
        let groups = merged.into_iter().map(|(mut group, results)| {
            let results = results.into_iter().zip(&ids);
            group.kpis = results
                .map(|(result, (spec, _))| result.unwrap_or_else(|| undefined(spec, Undefined::NoRows)))
                .collect();
            group
        });
        Finished { as_of, prior_as_of, groups: groups.collect() }
    }
}

/// The parts are one calculation: it starts once and is completed once.
fn one_calculation(events: Vec<AuditEvent>) -> Vec<AuditEvent> {
    let last = events.len().saturating_sub(1);
    let keep = |(index, event): &(usize, AuditEvent)| match event.event.as_str() {
        "started" => *index == 0,
        "completed" => *index == last,
        _ => true,
    };
    events.into_iter().enumerate().filter(keep).map(|(_, event)| event).collect()
}
