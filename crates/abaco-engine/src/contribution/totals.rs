//! The totals of groups as they are folded: what two states are held against each other by, group by group.

use std::borrow::Cow;
use std::cmp::Ordering;

use abaco_kpi::{Column, Formula};
use arrow::datatypes::i256;

use super::ContributionError;
use super::shape::{Refused, linear, text};
use crate::finish::select::{choose, pooled};
use crate::finish::terms::GroupTerms;
use crate::plan::Plan;
use crate::plan::columns::Holds;
use crate::plan::measure::{MeasureId, PlannedTerm};
use crate::state::key::KeyValue;
use crate::state::set::GroupId;
use crate::state::{SetState, State};
use crate::suggest::nearest;
use crate::{AsOf, EngineError};

/// The groups of one grouping at one snapshot, in the order of their keys, with the exact totals of KPIs that are a single
/// sum or count.
///
/// Nothing is made per group: a state of a million loans is walked through where it lies. Groups of two states whose
/// [`key_types`](Self::key_types) are the same are [ordered](Self::compare) alike, so that they can be merged.
///
/// ```
/// use std::sync::Arc;
/// use abaco_engine::{AsOf, GroupTotals, Plan, PlanOptions};
/// use abaco_kpi::{Column, FormulaKpi, Kpi, KpiSpec, Unit, sum};
/// use arrow::array::{Int64Array, RecordBatch, StringArray};
/// use arrow::datatypes::i256;
///
/// let owed = FormulaKpi::new(KpiSpec::new("owed", "Owed", Unit::Currency), sum("outstanding_balance"));
/// let batch = RecordBatch::try_from_iter([
///     ("loan_id", Arc::new(StringArray::from(vec!["L2", "L1", "L2"])) as _),
///     ("outstanding_balance", Arc::new(Int64Array::from(vec![1, 5, 2])) as _),
/// ])?;
/// let by = vec![Column::new("loan_id")];
/// let options = PlanOptions { groups: vec![by.clone()], ..PlanOptions::default() };
/// let plan = Plan::new(&[&owed as &dyn Kpi], &batch.schema(), &options)?;
/// let state = plan.fold_all(&[batch])?;
///
/// let totals = GroupTotals::new(&plan, &state, &by, AsOf::Single)?;
/// let owed = totals.measure("owed")?;
/// assert_eq!((totals.len(), totals.key(1)), (2, vec![Some("L2".to_owned())]));
/// assert_eq!(totals.units(owed, 1), i256::from_i128(3));
/// assert_eq!(totals.whole(owed), Some(i256::from_i128(8)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct GroupTotals<'s> {
    plan: &'s Plan,
    snapshot: Option<i32>,
    /// Which of the plan's groupings.
    grouping: usize,
    totals: Cow<'s, SetState>,
    set: Cow<'s, SetState>,
    /// The snapshot's groups, in the order of their keys.
    groups: Vec<GroupId>,
}

/// A sum or a count of a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AdditiveMeasure {
    id: MeasureId,
    scale: u32,
}

impl AdditiveMeasure {
    /// The decimal places of its units.
    pub fn scale(self) -> u32 {
        self.scale
    }
}

impl<'s> GroupTotals<'s> {
    /// The groups of a grouping of the plan.
    ///
    /// # Errors
    /// [`ContributionError::Grouping`] for one that the plan does not have, and what [`Plan::finish`] says of the snapshot.
    pub fn new(
        plan: &'s Plan,
        state: &'s State,
        by: &[Column],
        as_of: AsOf,
    ) -> Result<Self, ContributionError> {
        state.check(plan)?;
        let grouping = plan.group_columns.iter().position(|known| known == by);
        let grouping = grouping.ok_or_else(|| ContributionError::Grouping {
            by: by.to_vec(),
            found: plan.group_columns[1..].to_vec(),
        })?;
        let chosen = choose(plan, state, as_of)?;
        let set = |index: usize| -> Cow<'s, SetState> {
            let set = &state.sets[index];
            if chosen.pooled { Cow::Owned(pooled(set)) } else { Cow::Borrowed(set) }
        };
        let snapshot = chosen.snapshots.first().copied().flatten();
        let (totals, set) = (set(0), set(grouping));
        let found = set.keys().filter(|(_, key)| key.snapshot == snapshot);
        let mut groups: Vec<GroupId> = found.map(|(group, _)| group).collect();
        groups.sort_unstable_by(|a, b| set.key(*a).by.cmp(set.key(*b).by));
        Ok(Self { plan, snapshot, grouping, totals, set, groups })
    }

    /// How many groups have rows at the snapshot.
    pub fn len(&self) -> usize {
        self.groups.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.groups.is_empty()
    }

    /// What the grouping columns hold, one word each: keys of other types are never equal.
    pub fn key_types(&self) -> Vec<String> {
        let of = |holds: Holds| match holds {
            Holds::Number { scale, .. } => format!("number with {scale} decimal places"),
            Holds::Text => "text".to_owned(),
            Holds::Date => "date".to_owned(),
            Holds::Boolean => "boolean".to_owned(),
        };
        self.plan.groupings[self.grouping].iter().map(|id| of(self.plan.columns[id.0].holds)).collect()
    }

    /// The values of a group's key for people; NULL is `None`.
    pub fn key(&self, place: usize) -> Vec<Option<String>> {
        let ids = &self.plan.groupings[self.grouping];
        self.by(place).iter().zip(ids).map(|(value, id)| self.plan.shown(value, *id)).collect()
    }

    /// Which of two groups comes first, this one or one of another state; equal keys are the same group.
    pub fn compare(&self, place: usize, other: &GroupTotals<'_>, other_place: usize) -> Ordering {
        self.by(place).cmp(other.by(other_place))
    }

    /// The measure that a KPI of the plan is.
    ///
    /// # Errors
    /// [`ContributionError::NotAdditive`] for one that is no single sum or count of rows, [`ContributionError::NoValue`]
    /// for one that this tape cannot serve, and [`EngineError::UnknownKpi`].
    pub fn measure(&self, id: &str) -> Result<AdditiveMeasure, ContributionError> {
        let kpi = self.plan.kpis.iter().find(|kpi| kpi.spec.id == id).ok_or_else(|| {
            let known = self.plan.kpis.iter().map(|kpi| &*kpi.spec.id);
            EngineError::UnknownKpi { id: id.to_owned(), nearest: nearest(id, known).map(str::to_owned) }
        })?;
        let body = kpi
            .body
            .as_ref()
            .map_err(|outcome| ContributionError::NoValue { kpi: id.to_owned(), outcome: outcome.clone() })?;
        let refused = |Refused(part, reason): Refused<'_>| ContributionError::NotAdditive {
            kpi: id.to_owned(),
            part: text(body, part),
            reason,
        };
        match &body.formula {
            Formula::Term(PlannedTerm::Measure(measure)) => {
                linear(self.plan, &body.formula).map_err(refused)?;
                Ok(AdditiveMeasure { id: *measure, scale: self.plan.measures[measure.0].scale })
            }
            other => Err(refused(Refused(other, "is no single sum or count of rows"))),
        }
    }

    /// The total of a group, in units of the measure's last decimal place; NULL rows add nothing.
    pub fn units(&self, measure: AdditiveMeasure, place: usize) -> i256 {
        let total = read(self.plan, &self.set, Some(self.groups[place]), measure);
        total.map_or(i256::ZERO, |(units, _)| units)
    }

    /// The total of all rows; `None` without rows, and where all rows that matched were NULL.
    pub fn whole(&self, measure: AdditiveMeasure) -> Option<i256> {
        let group = self.totals.find(self.snapshot, [].iter());
        read(self.plan, &self.totals, group, measure).filter(|(_, defined)| *defined).map(|(units, _)| units)
    }

    fn by(&self, place: usize) -> &[KeyValue] {
        self.set.key(self.groups[place]).by
    }
}

fn read(
    plan: &Plan,
    set: &SetState,
    group: Option<GroupId>,
    measure: AdditiveMeasure,
) -> Option<(i256, bool)> {
    GroupTerms { plan, set, history: &[group] }.additive(measure.id)
}
