//! Finishing: from a state to outcomes, exactly, at one snapshot.

mod outcomes;
mod scales;
pub(crate) mod select;
pub(crate) mod terms;

use std::borrow::Cow;

use abaco_kpi::{Absent, Column, Decimal, ExactForm, Fraction, KpiSpec, Outcome, Scaled, Value, exact_form};
use chrono::NaiveDate;
use rayon::prelude::*;

pub use self::outcomes::{GroupOutcomes, Outcomes};
pub use self::scales::ObservedScales;
pub use self::select::AsOf;
use self::select::{Chosen, choose, date, pooled};
use self::terms::{GroupTerms, Lagged};
use crate::plan::columns::Holds;
use crate::plan::node::ColumnId;
use crate::plan::{Plan, PlannedBody, PlannedKpi};
use crate::state::key::KeyValue;
use crate::state::set::GroupId;
use crate::state::{SetState, State};
use crate::{EngineError, Finding, Status};

/// Fewer outcomes are computed before other threads have woken up.
const WORTH_THREADS: usize = 1_000;

/// The outcomes of a state at one snapshot, with what explains them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finished {
    /// The snapshot, where the tape has any.
    pub as_of: Option<NaiveDate>,
    /// The snapshot before it, where there is one.
    pub prior_as_of: Option<NaiveDate>,
    /// The totals first, then the groups of each grouping set in the order of their keys.
    pub groups: Vec<Group>,
}

/// The outcomes of one group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// The grouping columns and this group's values; NULL is `None`. Empty for the totals.
    pub by: Vec<(Column, Option<String>)>,
    /// Rows in scope.
    pub rows: u64,
    /// One result per KPI, in the plan's order.
    pub kpis: Vec<KpiResult>,
}

/// The outcome of one KPI with what explains it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KpiResult {
    /// The KPI.
    pub id: Cow<'static, str>,
    /// Its value, or why it has none.
    pub outcome: Outcome,
    /// How it stands against what is expected of it; `None` until an engine with definitions has judged it.
    pub status: Status,
    /// What the rules have to say about it.
    pub findings: Vec<Finding>,
    /// The exact form of the value.
    pub exact: Option<ExactForm>,
    /// The formula's measures by their text, each with its exact total where it has one.
    pub components: Vec<(String, Option<Scaled>)>,
    /// Rows in scope.
    pub rows: u64,
    /// Those of them in which a column that the KPI reads is NULL.
    pub nulls: u64,
    /// The outcome one snapshot earlier, where there is an earlier one.
    pub prior: Option<Prior>,
}

/// A KPI one snapshot earlier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prior {
    /// The earlier snapshot.
    pub as_of: NaiveDate,
    /// The rounded value there, if it had one.
    pub value: Option<Decimal>,
    /// The exact value there.
    pub exact: Option<Fraction>,
}

impl Plan {
    /// The outcomes at the snapshot that `as_of` names.
    ///
    /// # Errors
    /// [`EngineError::SeveralSnapshots`], [`EngineError::NoSuchSnapshot`], [`EngineError::NoSnapshots`],
    /// [`EngineError::NullSnapshot`] and [`EngineError::DifferentPlan`]. A KPI that has no value is not an error.
    pub fn finish(&self, state: &State, as_of: AsOf) -> Result<Finished, EngineError> {
        self.finish_observed(state, as_of, &ObservedScales::new())
    }

    /// The same, with components shown at the decimal places that the tape really uses.
    ///
    /// # Errors
    /// Those of [`finish`](Self::finish).
    pub fn finish_observed(
        &self,
        state: &State,
        as_of: AsOf,
        observed: &ObservedScales,
    ) -> Result<Finished, EngineError> {
        self.finish_sets(&state.sets, state, as_of, observed)
    }

    /// The outcomes of the totals alone, whatever the grouping sets.
    ///
    /// # Errors
    /// Those of [`finish`](Self::finish).
    pub fn finish_totals(
        &self,
        state: &State,
        as_of: AsOf,
        observed: &ObservedScales,
    ) -> Result<Finished, EngineError> {
        self.finish_sets(&state.sets[..1], state, as_of, observed)
    }

    fn finish_sets(
        &self,
        sets: &[SetState],
        state: &State,
        as_of: AsOf,
        observed: &ObservedScales,
    ) -> Result<Finished, EngineError> {
        state.check(self)?;
        let chosen = choose(self, state, as_of)?;
        let floors = self.floors(observed);
        let earlier = chosen.snapshots.get(1).copied().flatten().map(date);
        let groups = self.each_group(sets, &chosen, &|by, terms| Group {
            by,
            rows: terms.rows(),
            kpis: self.kpis.iter().map(|kpi| result(kpi, terms, &floors, earlier)).collect(),
        });
        Ok(Finished { as_of: chosen.as_of, prior_as_of: earlier, groups })
    }

    /// The specifications and formula texts of the plan's KPIs, in the order of their results.
    pub fn kpis(&self) -> impl Iterator<Item = (&KpiSpec, &str)> {
        self.kpis.iter().map(|kpi| (&kpi.spec, kpi.text.as_str()))
    }

    /// The tape's columns that a KPI reads; none if it is unavailable.
    pub fn columns_of(&self, id: &str) -> &[Column] {
        let body = self.kpis.iter().find(|kpi| kpi.spec.id == id).and_then(|kpi| kpi.body.as_ref().ok());
        body.map_or(&[], |body| &body.reads)
    }

    /// Builds something for each group of the chosen snapshot: the totals, then each grouping set by its keys.
    fn each_group<G: Send>(
        &self,
        sets: &[SetState],
        chosen: &Chosen,
        build: &(impl Fn(Vec<(Column, Option<String>)>, &GroupTerms<'_>) -> G + Sync),
    ) -> Vec<G> {
        let mut groups = Vec::new();
        for (index, set) in sets.iter().enumerate() {
            if chosen.pooled {
                self.each_group_of(index, &pooled(set), chosen, build, &mut groups);
            } else {
                self.each_group_of(index, set, chosen, build, &mut groups);
            }
        }
        groups
    }

    fn each_group_of<G: Send>(
        &self,
        index: usize,
        set: &SetState,
        chosen: &Chosen,
        build: &(impl Fn(Vec<(Column, Option<String>)>, &GroupTerms<'_>) -> G + Sync),
        groups: &mut Vec<G>,
    ) {
        let (columns, ids) = (&self.group_columns[index], &self.groupings[index]);
        let current = chosen.snapshots.first().copied().flatten();
        let keys = set.keys().filter(|(_, key)| key.snapshot == current);
        let mut keys: Vec<(&[KeyValue], Option<GroupId>)> =
            keys.map(|(group, key)| (key.by, Some(group))).collect();
        keys.par_sort_unstable_by_key(|(by, _)| *by);
        if columns.is_empty() && keys.is_empty() {
            // The totals are there also for a tape without rows.
            keys.push((&[], None));
        }
        // No formula looks further back than this; one more is for the value before.
        let reach = usize::try_from(self.reach).unwrap_or(usize::MAX).saturating_add(2);
        let group = |(by, group): (&[KeyValue], Option<GroupId>)| {
            let earlier = chosen.snapshots.iter().take(reach).skip(1);
            let earlier = earlier.map(|snapshot| set.find(*snapshot, by.iter()));
            let history: Vec<Option<GroupId>> = std::iter::once(group).chain(earlier).collect();
            let shown = by.iter().zip(ids).map(|(value, id)| self.shown(value, *id));
            build(
                columns.iter().cloned().zip(shown).collect(),
                &GroupTerms { plan: self, set, history: &history },
            )
        };
        if keys.len() * self.kpis.len() < WORTH_THREADS {
            groups.extend(keys.into_iter().map(group));
        } else {
            groups.par_extend(keys.into_par_iter().map(group));
        }
    }

    /// A key's value for people: a number with its decimal point, without trailing zeros.
    pub(crate) fn shown(&self, value: &KeyValue, id: ColumnId) -> Option<String> {
        match value {
            KeyValue::Null => None,
            KeyValue::Boolean(value) => Some(value.to_string()),
            KeyValue::Number(units) => {
                let scale = match self.columns[id.0].holds {
                    Holds::Number { scale, .. } => scale,
                    Holds::Text | Holds::Date | Holds::Boolean => 0,
                };
                Some(Scaled::new(*units, scale).with_scale_at_least(0).to_string())
            }
            KeyValue::Date(days) => Some(date(*days).to_string()),
            KeyValue::Text(text) => Some(text.to_string()),
        }
    }
}

fn result(kpi: &PlannedKpi, terms: &GroupTerms<'_>, floors: &[u32], earlier: Option<NaiveDate>) -> KpiResult {
    let mut result = KpiResult {
        id: kpi.spec.id.clone(),
        outcome: Outcome::Unavailable(Vec::new()),
        status: Status::None,
        findings: Vec::new(),
        exact: None,
        components: Vec::new(),
        rows: terms.rows(),
        nulls: 0,
        prior: None,
    };
    let body = match &kpi.body {
        Ok(body) => body,
        Err(outcome) => {
            result.outcome = outcome.clone();
            return result;
        }
    };
    result.outcome = outcome(&kpi.spec, body, terms, 0);
    result.nulls = terms.count(body.nulls);
    result.components =
        body.components.iter().map(|(text, term)| (text.clone(), terms.total(term, floors))).collect();
    if let Outcome::Value(value) = &result.outcome {
        result.exact = exact_form(&body.formula, &value.exact, &|term| terms.total(term, floors));
    }
    result.prior = earlier.map(|as_of| {
        let earlier = outcome(&kpi.spec, body, terms, 1);
        Prior { as_of, value: earlier.value(), exact: earlier.exact().cloned() }
    });
    result
}

fn outcome(spec: &KpiSpec, body: &PlannedBody, terms: &GroupTerms<'_>, lag: u32) -> Outcome {
    let evaluation = match body.formula.evaluate(&Lagged { terms, lag }) {
        Ok(evaluation) => evaluation,
        Err(Absent::Undefined(reason)) => return Outcome::Undefined(reason),
        Err(Absent::Failed(error)) => return Outcome::from(error),
    };
    match evaluation.value.round(spec.rounding) {
        Ok(rounded) => Outcome::Value(Value { rounded, exact: evaluation.value, caught: evaluation.caught }),
        Err(error) => Outcome::from(error),
    }
}
