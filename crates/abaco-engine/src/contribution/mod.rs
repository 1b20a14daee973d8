//! Drill-down: which groups make up a KPI's value, or its change from one snapshot to another.
//!
//! The contributions are exact and add up to the value exactly: nothing is allocated, spread or rounded. That holds for
//! `x / y` with constants around it, where x and y are sums over rows: a group contributes its part of x over the whole
//! y. Any other formula is refused, with the part in which groups have no share.

mod error;
mod shape;
mod totals;

use std::borrow::Cow;
use std::collections::BTreeSet;

use abaco_kpi::{Absent, Column, Formula, Fraction, Terms, Undefined};
use arrow::datatypes::i256;
use chrono::NaiveDate;

pub use self::error::ContributionError;
use self::shape::{Refused, Shape, shape, text};
pub use self::totals::{AdditiveMeasure, GroupTotals};
use crate::finish::select::{choose, pooled};
use crate::finish::terms::GroupTerms;
use crate::plan::measure::PlannedTerm;
use crate::plan::{Plan, PlannedBody};
use crate::state::key::KeyValue;
use crate::state::{SetState, State};
use crate::suggest::nearest;
use crate::{AsOf, EngineError};

/// What is taken apart, and into what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DrillDown<'r> {
    /// The KPI's id.
    pub kpi: &'r str,
    /// One of the plan's groupings: the loan, the obligor, the segment.
    pub by: &'r [Column],
    /// How many groups are listed; [`usize::MAX`] for all of them.
    pub top: usize,
}

/// The groups that contribute most to a KPI's value or to its change, and what all others contribute together.
///
/// `total` is exactly the sum of the contributions of `top` and of `others`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Contributions {
    /// The snapshot, where the tape has any.
    pub as_of: Option<NaiveDate>,
    /// The snapshot from which the change is counted; `None` where a value is taken apart.
    pub since: Option<NaiveDate>,
    /// The exact value, or the exact change.
    pub total: Fraction,
    /// The largest contributions without regard to their sign, largest first; equal ones by their key.
    pub top: Vec<Contribution>,
    /// All other groups.
    pub others: Others,
}

/// What one group contributes, in the KPI's unit.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Contribution {
    /// The grouping columns and this group's values; NULL is `None`.
    pub by: Vec<(Column, Option<String>)>,
    /// The exact contribution.
    pub amount: Fraction,
}

/// What the groups that are not listed contribute.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Others {
    /// How many they are.
    pub groups: usize,
    /// The exact sum of their contributions.
    pub amount: Fraction,
}

impl Contributions {
    /// Takes the value at a snapshot apart.
    ///
    /// For `c * x / y` a group contributes `c * x_group / y`, with y over all rows; for a sum it contributes its own.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use abaco_engine::{AsOf, Contributions, DrillDown, Plan, PlanOptions};
    /// use abaco_kpi::{Column, FormulaKpi, Fraction, Kpi, KpiSpec, Unit, sum};
    /// use arrow::array::{Int64Array, RecordBatch, StringArray};
    ///
    /// let late = FormulaKpi::new(
    ///     KpiSpec::new("late_share", "Share in arrears", Unit::Percent),
    ///     100 * sum("past_due_amount") / sum("outstanding_balance"),
    /// );
    /// let batch = RecordBatch::try_from_iter([
    ///     ("loan_id", Arc::new(StringArray::from(vec!["L1", "L2", "L3"])) as _),
    ///     ("past_due_amount", Arc::new(Int64Array::from(vec![1, 5, 1])) as _),
    ///     ("outstanding_balance", Arc::new(Int64Array::from(vec![10, 10, 10])) as _),
    /// ])?;
    /// let by = vec![Column::new("loan_id")];
    /// let options = PlanOptions { groups: vec![by.clone()], ..PlanOptions::default() };
    /// let plan = Plan::new(&[&late as &dyn Kpi], &batch.schema(), &options)?;
    /// let state = plan.fold_all(&[batch])?;
    ///
    /// let drill = DrillDown { kpi: "late_share", by: &by, top: 1 };
    /// let found = Contributions::to_value(&plan, &state, drill, AsOf::Single)?;
    /// assert_eq!(found.total, Fraction::ratio(700, 30)?);
    /// assert_eq!(found.top[0].by[0].1.as_deref(), Some("L2"));
    /// assert_eq!(found.top[0].amount, Fraction::ratio(500, 30)?);
    /// assert_eq!((found.others.groups, found.others.amount), (2, Fraction::ratio(200, 30)?));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`ContributionError`]; [`ContributionError::Undefined`] where there is no value to take apart.
    pub fn to_value(
        plan: &Plan,
        state: &State,
        drill: DrillDown<'_>,
        as_of: AsOf,
    ) -> Result<Self, ContributionError> {
        let of = Subject::new(plan, state, drill)?;
        let at = of.side(as_of)?;
        let amount = |key: &[KeyValue]| at.amount(&of, key);
        of.ranked(at.keys().collect(), &amount, at.value.clone(), (at.as_of, None))
    }

    /// Takes the change from one snapshot to another apart.
    ///
    /// For `c * x / y` a group contributes `c * (x_group / y - x_group' / y')`, where ' is the earlier snapshot; a group
    /// that is not there at one of them has nothing there. So a group can contribute although nothing happened to it:
    /// because the whole portfolio grew or shrank around it.
    ///
    /// # Errors
    /// As [`to_value`](Self::to_value); both values must be defined.
    pub fn to_change(
        plan: &Plan,
        state: &State,
        drill: DrillDown<'_>,
        from: AsOf,
        to: AsOf,
    ) -> Result<Self, ContributionError> {
        let of = Subject::new(plan, state, drill)?;
        let (before, after) = (of.side(from)?, of.side(to)?);
        let keys: BTreeSet<&[KeyValue]> = before.keys().chain(after.keys()).collect();
        let amount = |key: &[KeyValue]| Ok(after.amount(&of, key)?.minus(&before.amount(&of, key)?)?);
        let total = after.value.minus(&before.value)?;
        of.ranked(keys, &amount, total, (after.as_of, before.as_of))
    }
}

/// A KPI of a plan and the grouping that it is taken apart by.
struct Subject<'p> {
    plan: &'p Plan,
    state: &'p State,
    drill: DrillDown<'p>,
    /// Which of the state's grouping sets.
    set: usize,
    body: &'p PlannedBody,
    shape: Shape<'p>,
}

/// A subject at one snapshot.
struct Side<'p> {
    as_of: Option<NaiveDate>,
    snapshot: Option<i32>,
    set: Cow<'p, SetState>,
    value: Fraction,
    /// The denominator over all rows.
    whole: Option<Fraction>,
}

impl<'p> Subject<'p> {
    fn new(plan: &'p Plan, state: &'p State, drill: DrillDown<'p>) -> Result<Self, ContributionError> {
        state.check(plan)?;
        let id = drill.kpi;
        let kpi = plan.kpis.iter().find(|kpi| kpi.spec.id == id).ok_or_else(|| {
            let known = plan.kpis.iter().map(|kpi| &*kpi.spec.id);
            EngineError::UnknownKpi { id: id.to_owned(), nearest: nearest(id, known).map(str::to_owned) }
        })?;
        let body = kpi
            .body
            .as_ref()
            .map_err(|outcome| ContributionError::NoValue { kpi: id.to_owned(), outcome: outcome.clone() })?;
        let found = || plan.group_columns[1..].to_vec();
        let set = plan.group_columns.iter().position(|by| by == drill.by);
        let set = set.ok_or_else(|| ContributionError::Grouping { by: drill.by.to_vec(), found: found() })?;
        let shape = shape(plan, &body.formula).map_err(|Refused(part, reason)| {
            ContributionError::NotAdditive { kpi: id.to_owned(), part: text(body, part), reason }
        })?;
        Ok(Self { plan, state, drill, set, body, shape })
    }

    fn side(&self, as_of: AsOf) -> Result<Side<'p>, ContributionError> {
        let chosen = choose(self.plan, self.state, as_of)?;
        let set = |index: usize| -> Cow<'p, SetState> {
            let set = &self.state.sets[index];
            if chosen.pooled { Cow::Owned(pooled(set)) } else { Cow::Borrowed(set) }
        };
        let snapshot = chosen.snapshots.first().copied().flatten();
        let totals = set(0);
        let history = [totals.find(snapshot, [].iter())];
        let terms = GroupTerms { plan: self.plan, set: &totals, history: &history };
        let value = |formula: &Formula<PlannedTerm>| {
            let evaluation = formula.evaluate(&terms).map_err(|absent| self.absent(absent, chosen.as_of))?;
            Ok::<_, ContributionError>(evaluation.value)
        };
        let whole = self.shape.denominator.map(value).transpose()?;
        Ok(Side {
            as_of: chosen.as_of,
            snapshot,
            value: value(&self.body.formula)?,
            whole,
            set: set(self.set),
        })
    }

    fn absent(&self, absent: Absent, as_of: Option<NaiveDate>) -> ContributionError {
        match absent {
            Absent::Undefined(reason) => {
                ContributionError::Undefined { kpi: self.drill.kpi.to_owned(), as_of, reason }
            }
            Absent::Failed(error) => ContributionError::Arithmetic(error),
        }
    }

    /// The largest amounts one by one, and the rest as one.
    fn ranked(
        &self,
        keys: BTreeSet<&[KeyValue]>,
        amount: &dyn Fn(&[KeyValue]) -> Result<Fraction, ContributionError>,
        total: Fraction,
        (as_of, since): (Option<NaiveDate>, Option<NaiveDate>),
    ) -> Result<Contributions, ContributionError> {
        let amounts = keys.into_iter().map(|key| {
            let amount = amount(key)?;
            let size = if amount < Fraction::ZERO { amount.negated()? } else { amount.clone() };
            Ok((size, key, amount))
        });
        let mut amounts = amounts.collect::<Result<Vec<_>, ContributionError>>()?;
        // Stable, so that equal sizes stay in the order of their keys.
        amounts.sort_by(|(a, ..), (b, ..)| b.cmp(a));
        let others = amounts.split_off(self.drill.top.min(amounts.len()));
        let rest = others.iter().try_fold(None::<Fraction>, |sum, (_, _, amount)| match sum {
            Some(sum) => sum.plus(amount).map(Some),
            None => Ok(Some(amount.clone())),
        })?;
        let ids = &self.plan.groupings[self.set];
        let contribution = |(_, key, amount): (Fraction, &[KeyValue], Fraction)| {
            let shown = key.iter().zip(ids).map(|(value, id)| self.plan.shown(value, *id));
            Contribution { by: self.drill.by.iter().cloned().zip(shown).collect(), amount }
        };
        Ok(Contributions {
            as_of,
            since,
            total,
            others: Others { groups: others.len(), amount: rest.unwrap_or(Fraction::ZERO) },
            top: amounts.into_iter().map(contribution).collect(),
        })
    }
}

impl Side<'_> {
    /// The groups that have rows here.
    fn keys(&self) -> impl Iterator<Item = &[KeyValue]> {
        self.set.keys().map(|(_, key)| key).filter(|key| key.snapshot == self.snapshot).map(|key| key.by)
    }

    /// What a group contributes to the value here.
    fn amount(&self, of: &Subject<'_>, key: &[KeyValue]) -> Result<Fraction, ContributionError> {
        let history = [self.set.find(self.snapshot, key.iter())];
        let own = Own(GroupTerms { plan: of.plan, set: &self.set, history: &history });
        let mut amount =
            of.shape.numerator.evaluate(&own).map_err(|absent| of.absent(absent, self.as_of))?.value;
        for factor in &of.shape.factors {
            amount = amount.times(&Fraction::from(*factor))?;
        }
        let divisors = of.shape.divisors.iter().map(|divisor| Fraction::from(*divisor));
        for divisor in divisors.chain(self.whole.clone()) {
            let quotient = amount.divided_by(&divisor)?;
            let zero = || of.absent(Absent::Undefined(Undefined::ZeroDenominator), self.as_of);
            amount = quotient.ok_or_else(zero)?;
        }
        Ok(amount)
    }
}

/// A group's own part of a total: nothing where it has no rows, or no values.
struct Own<'s>(GroupTerms<'s>);

impl Terms<PlannedTerm> for Own<'_> {
    fn value(&self, term: &PlannedTerm, lag: u32) -> Result<Fraction, Absent> {
        match (self.0.value(term, lag), term) {
            (
                Err(Absent::Undefined(Undefined::NoRows | Undefined::AllNull)),
                PlannedTerm::Measure(measure),
            ) => {
                // Over the same denominator as every other group's, so that sums of them stay short.
                Ok(Fraction::from_total(i256::ZERO, self.0.plan.measures[measure.0].scale))
            }
            (value, _) => value,
        }
    }
}
