//! What a plan has accumulated: exact partial results that merge in any order.

pub(crate) mod cells;
mod codec;
pub(crate) mod groups;
mod index;
pub(crate) mod key;
mod records;
pub(crate) mod set;
pub(crate) mod shared;

use self::cells::Cells;
pub(crate) use self::set::SetState;
use crate::plan::Plan;
use crate::{EngineError, plan};

/// Rows that a state may have; with the digit bound of a row it proves that no total overflows.
pub(crate) const MAX_ROWS: u64 = 1 << 62;

/// The accumulated measures of a plan, keyed by snapshot and group.
///
/// Equal rows give equal states, in whatever order, batches and parts they came; two states of one plan merge.
#[derive(Clone, Debug)]
pub struct State {
    pub(crate) fingerprint: [u8; 32],
    pub(crate) sets: Vec<SetState>,
}

impl State {
    pub(crate) fn new(plan: &Plan) -> Self {
        let cells = Cells::new(plan.layout.slots.iter().copied());
        let sets = plan.groupings.iter().map(|by| SetState::new(by.len(), cells.emptied())).collect();
        Self { fingerprint: plan.fingerprint, sets }
    }

    /// Rows folded so far.
    pub fn rows(&self) -> u64 {
        self.sets.first().map_or(0, SetState::total_rows)
    }

    /// Fails unless the state is one of this plan's: its fingerprint and, for bytes that only claim it, its shape.
    pub(crate) fn check(&self, plan: &Plan) -> Result<(), EngineError> {
        let fits = |(set, by): (&SetState, &Vec<_>)| {
            set.arity() == by.len() && set.shapes().eq(plan.layout.slots.iter().copied())
        };
        if self.fingerprint == plan.fingerprint
            && self.sets.len() == plan.groupings.len()
            && self.sets.iter().zip(&plan.groupings).all(fits)
        {
            return Ok(());
        }
        Err(self.foreign(&plan.fingerprint))
    }

    fn foreign(&self, expected: &[u8; 32]) -> EngineError {
        EngineError::DifferentPlan { expected: plan::hex(expected), found: plan::hex(&self.fingerprint) }
    }

    /// Adds what `other` has accumulated.
    ///
    /// # Errors
    /// [`EngineError::DifferentPlan`], and [`EngineError::TooManyRows`] past 2^62 rows; then `self` is as before.
    pub fn merge(&mut self, other: &Self) -> Result<(), EngineError> {
        let alike = |(a, b): (&SetState, &SetState)| a.arity() == b.arity() && a.shapes().eq(b.shapes());
        if self.fingerprint != other.fingerprint
            || self.sets.len() != other.sets.len()
            || !self.sets.iter().zip(&other.sets).all(alike)
        {
            return Err(other.foreign(&self.fingerprint));
        }
        for (set, from) in self.sets.iter().zip(&other.sets) {
            if set.total_rows() + from.total_rows() > MAX_ROWS {
                return Err(EngineError::TooManyRows);
            }
        }
        for (set, from) in self.sets.iter_mut().zip(&other.sets) {
            set.merge(from);
        }
        Ok(())
    }
}

impl PartialEq for State {
    /// Equal if they serialise to the same bytes: the order in which groups were met does not count.
    fn eq(&self, other: &Self) -> bool {
        self.to_bytes() == other.to_bytes()
    }
}

impl Eq for State {}
