//! What a plan has accumulated: exact partial results that merge in any order.

pub(crate) mod cells;
mod codec;
pub(crate) mod key;

use hashbrown::HashMap;

use self::cells::Cells;
use self::key::GroupKey;
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

/// The groups of one grouping set.
#[derive(Clone, Debug)]
pub(crate) struct SetState {
    pub(crate) keys: Vec<GroupKey>,
    index: HashMap<GroupKey, usize>,
    pub(crate) rows: Vec<u64>,
    /// Number of values in each key.
    pub(crate) arity: usize,
    /// One per slot of the plan.
    pub(crate) slots: Vec<Cells>,
}

impl State {
    pub(crate) fn new(plan: &Plan) -> Self {
        let slots: Vec<Cells> = plan.slots.iter().map(|slot| Cells::new(&slot.kind)).collect();
        let sets = plan.groupings.iter().map(|by| SetState::new(by.len(), slots.clone())).collect();
        Self { fingerprint: plan.fingerprint, sets }
    }

    /// Rows folded so far.
    pub fn rows(&self) -> u64 {
        self.sets.first().map_or(0, SetState::total_rows)
    }

    /// Fails unless the state is one of this plan's: its fingerprint and, for bytes that only claim it, its shape.
    pub(crate) fn check(&self, plan: &Plan) -> Result<(), EngineError> {
        let fits = |(set, by): (&SetState, &Vec<_>)| {
            set.arity == by.len()
                && set.slots.len() == plan.slots.len()
                && set.slots.iter().zip(&plan.slots).all(|(cells, slot)| cells.is_of(&slot.kind))
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
        let alike = |(a, b): (&SetState, &SetState)| {
            a.arity == b.arity
                && a.slots.len() == b.slots.len()
                && a.slots.iter().zip(&b.slots).all(|(a, b)| a.is_like(b))
        };
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

impl SetState {
    pub(crate) fn new(arity: usize, slots: Vec<Cells>) -> Self {
        Self { keys: Vec::new(), index: HashMap::new(), rows: Vec::new(), arity, slots }
    }

    /// Rows of all groups: at most [`MAX_ROWS`], which every addition and every decoding holds to.
    pub(crate) fn total_rows(&self) -> u64 {
        self.rows.iter().sum()
    }

    /// The same slots without any group.
    pub(crate) fn emptied(&self) -> Self {
        Self::new(self.arity, self.slots.iter().map(Cells::emptied).collect())
    }

    pub(crate) fn find(&self, key: &GroupKey) -> Option<usize> {
        self.index.get(key).copied()
    }

    /// The group of this key, made if it is new.
    pub(crate) fn group(&mut self, key: &GroupKey) -> usize {
        if let Some(group) = self.index.get(key) {
            return *group;
        }
        let group = self.keys.len();
        self.index.insert(key.clone(), group);
        self.keys.push(key.clone());
        self.rows.push(0);
        for cells in &mut self.slots {
            cells.grow();
        }
        group
    }

    /// The groups in the order of their keys.
    pub(crate) fn sorted(&self) -> Vec<usize> {
        let mut groups: Vec<usize> = (0..self.keys.len()).collect();
        groups.sort_by(|a, b| self.keys[*a].cmp(&self.keys[*b]));
        groups
    }

    fn merge(&mut self, other: &Self) {
        for (from, key) in other.keys.iter().enumerate() {
            let into = self.group(key);
            self.merge_group(into, other, from);
        }
    }

    pub(crate) fn merge_group(&mut self, into: usize, other: &Self, from: usize) {
        self.rows[into] += other.rows[from];
        for (cells, others) in self.slots.iter_mut().zip(&other.slots) {
            cells.merge(into, others, from);
        }
    }
}

impl PartialEq for State {
    /// Equal if they serialise to the same bytes: the order in which groups were met does not count.
    fn eq(&self, other: &Self) -> bool {
        self.to_bytes() == other.to_bytes()
    }
}

impl Eq for State {}
