//! The values of a plan's terms in one group, at a snapshot and those before it.

use std::convert::Infallible;

use abaco_kpi::{Absent, Formula, Fraction, KpiError, Scaled, Terms, Undefined};
use arrow::datatypes::i256;

use crate::plan::Plan;
use crate::plan::layout::{Reading, SlotId};
use crate::plan::measure::{MeasureId, PlannedKeyTerm, PlannedReduction, PlannedTerm};
use crate::state::SetState;
use crate::state::cells::{ExtremeCell, KeyTotals, SumCell};
use crate::state::set::GroupId;

/// One group through time: where it is in the state at the chosen snapshot, the one before, and so on.
#[derive(Clone, Copy)]
pub(crate) struct GroupTerms<'s> {
    pub(crate) plan: &'s Plan,
    pub(crate) set: &'s SetState,
    /// The group at each snapshot, newest first; `None` where the group has no rows.
    pub(crate) history: &'s [Option<GroupId>],
}

impl GroupTerms<'_> {
    fn group(&self, lag: u32) -> Result<GroupId, Undefined> {
        let place = usize::try_from(lag).ok().and_then(|lag| self.history.get(lag));
        place.ok_or(Undefined::NoEarlierSnapshot)?.ok_or(Undefined::NoRows)
    }

    pub(crate) fn rows(&self) -> u64 {
        self.group(0).map_or(0, |group| self.set.rows(group))
    }

    /// Rows that a counting measure has found.
    pub(crate) fn count(&self, measure: MeasureId) -> u64 {
        match (&self.plan.layout.readings[measure.0], self.group(0)) {
            (Reading::Count(slots), Ok(group)) => self.rows_of(slots, group),
            _ => 0,
        }
    }

    /// Rows counted by slots over disjoint rows: never more than the group has.
    fn rows_of(&self, slots: &[SlotId], group: GroupId) -> u64 {
        let (cells, group) = self.set.cells(group);
        slots.iter().map(|slot| cells.count(group, *slot)).fold(0, u64::saturating_add)
    }

    /// The total of a measure that adds up over rows, in units of its last place, and whether it is defined; `None` for
    /// other measures, and where the group has no rows.
    pub(crate) fn additive(&self, measure: MeasureId) -> Option<(i256, bool)> {
        match self.cell(measure, self.group(0).ok()?) {
            Cell::Count(count) => Some((i256::from_i128(count), true)),
            Cell::Sum(sum) => Some((sum.total, sum.matched == 0 || sum.valid > 0)),
            Cell::Extreme(_) | Cell::Keyed(_) => None,
        }
    }

    fn cell(&self, measure: MeasureId, group: GroupId) -> Cell<'_> {
        let (cells, number) = self.set.cells(group);
        match &self.plan.layout.readings[measure.0] {
            Reading::Count(slots) => Cell::Count(self.rows_of(slots, group).into()),
            Reading::Sum { parts, frame } => {
                let mut sum = SumCell::default();
                for part in parts {
                    sum.merge(&cells.sum(number, *part));
                }
                if let Some(frame) = frame {
                    let nulls = sum.matched.saturating_sub(sum.valid);
                    sum.matched = self.rows_of(&frame.rows, group);
                    if frame.zero_elsewhere {
                        sum.valid = sum.matched.saturating_sub(nulls);
                    }
                }
                Cell::Sum(sum)
            }
            Reading::Extreme(slot) => Cell::Extreme(cells.extreme(number, *slot)),
            Reading::Distinct(slot) => {
                Cell::Count(cells.distinct(number, *slot).map_or(0, |keys| keys.len() as i128))
            }
            Reading::Keyed(slot) => Cell::Keyed(cells.keyed(number, *slot)),
        }
    }

    /// The exact total of a term, for people to check by hand; at least `floor` decimal places are shown.
    pub(crate) fn total(&self, term: &PlannedTerm, floors: &[u32]) -> Option<Scaled> {
        match term {
            PlannedTerm::Measure(measure) => {
                let scale = self.plan.measures[measure.0].scale;
                let total = match self.cell(*measure, self.group(0).ok()?) {
                    Cell::Count(count) => Scaled::new(count, 0),
                    Cell::Sum(sum) if sum.matched == 0 || sum.valid > 0 => {
                        Scaled::from_total(sum.total, scale)
                    }
                    Cell::Extreme(cell) => Scaled::from_total(cell.value?, scale),
                    Cell::Sum(_) | Cell::Keyed(_) => return None,
                };
                Some(total.with_scale_at_least(floors.get(measure.0).copied().unwrap_or(scale)))
            }
            PlannedTerm::Reduction(_) => Scaled::from_fraction(&self.value(term, 0).ok()?),
        }
    }

    fn reduce(&self, reduction: &PlannedReduction, totals: &KeyTotals, lag: u32) -> Result<Fraction, Absent> {
        // Figures of the whole scope are the same for every key: take them once. Whether one that has no value
        // matters is for the formula to say: `COALESCE` may stand in for it.
        let formula = reduction.formula.try_map::<_, Infallible>(&mut |term| {
            Ok(match term {
                PlannedKeyTerm::Sum(position) => KeyValueOf::Sum(*position),
                PlannedKeyTerm::Total(formula) => KeyValueOf::Total(self.outer(formula, lag)),
            })
        });
        let Ok(formula) = formula;
        let mut values = Vec::with_capacity(totals.len());
        let mut undefined = None;
        for cells in totals.values() {
            match formula.evaluate(&OfKey { cells, scales: &reduction.scales }) {
                Ok(evaluation) => values.push(evaluation.value),
                // As SUM skips NULL rows, a key whose operands are all NULL adds nothing.
                Err(Absent::Undefined(Undefined::AllNull)) => {}
                // A failure of any key outranks what others leave undefined.
                Err(Absent::Undefined(reason)) => undefined = undefined.or(Some(reason)),
                Err(failed) => return Err(failed),
            }
        }
        if let Some(reason) = undefined {
            return Err(Absent::Undefined(reason));
        }
        if values.is_empty() {
            return Err(Absent::Undefined(Undefined::AllNull));
        }
        if let Some(top) = reduction.top {
            values.sort_unstable_by(|a, b| b.cmp(a));
            values.truncate(usize::try_from(top).unwrap_or(usize::MAX));
        }
        let sum = values.iter().try_fold(Fraction::ZERO, |sum, value| sum.plus(value));
        Ok(sum?)
    }

    fn outer(&self, formula: &Formula<PlannedTerm>, lag: u32) -> Result<Fraction, Absent> {
        Ok(formula.evaluate(&Lagged { terms: self, lag })?.value)
    }
}

impl Terms<PlannedTerm> for GroupTerms<'_> {
    fn value(&self, term: &PlannedTerm, lag: u32) -> Result<Fraction, Absent> {
        let group = self.group(lag).map_err(Absent::Undefined)?;
        match term {
            PlannedTerm::Measure(measure) => {
                let scale = self.plan.measures[measure.0].scale;
                match self.cell(*measure, group) {
                    Cell::Count(count) => Ok(Fraction::from(count)),
                    Cell::Sum(sum) => sum_value(&sum, scale),
                    Cell::Extreme(cell) => match (cell.value, cell.matched) {
                        (Some(value), _) => Ok(Fraction::from_total(value, scale)),
                        (None, 0) => Err(Absent::Undefined(Undefined::NoMatch)),
                        (None, _) => Err(Absent::Undefined(Undefined::AllNull)),
                    },
                    // Totals per key are read through their reductions only.
                    Cell::Keyed(_) => Err(too_large()),
                }
            }
            PlannedTerm::Reduction(id) => {
                let reduction = &self.plan.reductions[id.0];
                match self.cell(reduction.totals, group) {
                    Cell::Keyed(Some(totals)) => self.reduce(reduction, totals, lag),
                    _ => Err(too_large()),
                }
            }
        }
    }
}

/// A measure of one group.
enum Cell<'s> {
    Count(i128),
    Sum(SumCell),
    Extreme(ExtremeCell),
    Keyed(Option<&'s KeyTotals>),
}

fn too_large() -> Absent {
    Absent::Failed(KpiError::TooLarge { bits: u64::MAX, limit: abaco_kpi::MAX_BITS })
}

/// The value of a sum: zero if nothing matched, undefined if all that matched was NULL.
fn sum_value(cell: &SumCell, scale: u32) -> Result<Fraction, Absent> {
    if cell.matched > 0 && cell.valid == 0 {
        return Err(Absent::Undefined(Undefined::AllNull));
    }
    Ok(Fraction::from_total(cell.total, scale))
}

/// The same terms, seen from an earlier snapshot.
pub(crate) struct Lagged<'t, 's> {
    pub(crate) terms: &'t GroupTerms<'s>,
    pub(crate) lag: u32,
}

impl Terms<PlannedTerm> for Lagged<'_, '_> {
    fn value(&self, term: &PlannedTerm, lag: u32) -> Result<Fraction, Absent> {
        self.terms.value(term, lag.saturating_add(self.lag))
    }
}

#[derive(Clone)]
enum KeyValueOf {
    Sum(usize),
    Total(Result<Fraction, Absent>),
}

struct OfKey<'k> {
    cells: &'k [SumCell],
    scales: &'k [u32],
}

impl Terms<KeyValueOf> for OfKey<'_> {
    /// Planning refuses `LAG` among the terms of a key, so there is no other snapshot here.
    fn value(&self, term: &KeyValueOf, _lag: u32) -> Result<Fraction, Absent> {
        match term {
            KeyValueOf::Sum(position) => sum_value(&self.cells[*position], self.scales[*position]),
            KeyValueOf::Total(value) => value.clone(),
        }
    }
}
