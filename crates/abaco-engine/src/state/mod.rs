//! What a plan has accumulated: exact partial results that merge in any order.

pub(crate) mod cells;
mod codec;
pub(crate) mod groups;
pub(crate) mod key;

use self::cells::Cells;
use self::groups::{Groups, hash_key};
use self::key::KeyValue;
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
    pub(crate) groups: Groups,
    pub(crate) rows: Vec<u64>,
    /// One per slot of the plan.
    pub(crate) slots: Vec<Cells>,
}

impl State {
    pub(crate) fn new(plan: &Plan) -> Self {
        let slots: Vec<Cells> = plan.layout.slots.iter().map(|shape| Cells::new(*shape)).collect();
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
            set.groups.arity() == by.len()
                && set.slots.len() == plan.layout.slots.len()
                && set.slots.iter().zip(&plan.layout.slots).all(|(cells, shape)| cells.is_of(*shape))
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
            a.groups.arity() == b.groups.arity()
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
        Self { groups: Groups::new(arity), rows: Vec::new(), slots }
    }

    /// Rows of all groups: at most [`MAX_ROWS`], which every addition and every decoding holds to.
    pub(crate) fn total_rows(&self) -> u64 {
        self.rows.iter().sum()
    }

    /// The same slots without any group.
    pub(crate) fn emptied(&self) -> Self {
        Self::new(self.groups.arity(), self.slots.iter().map(Cells::emptied).collect())
    }

    /// The group of this key, made if it is new.
    pub(crate) fn group<'k>(
        &mut self,
        snapshot: Option<i32>,
        by: impl Iterator<Item = &'k KeyValue> + Clone,
    ) -> usize {
        self.group_hashed(hash_key(snapshot, by.clone()), snapshot, by)
    }

    /// The same, for a key whose hash is known.
    pub(crate) fn group_hashed<'k>(
        &mut self,
        hash: u64,
        snapshot: Option<i32>,
        by: impl Iterator<Item = &'k KeyValue> + Clone,
    ) -> usize {
        let (group, new) = self.groups.insert(hash, snapshot, by);
        if new {
            self.rows.push(0);
            self.slots.iter_mut().for_each(Cells::grow);
        }
        group
    }

    fn merge(&mut self, other: &Self) {
        let groups: Vec<usize> = (0..other.groups.len())
            .map(|from| {
                let key = other.groups.key(from);
                self.group_hashed(other.groups.hash(from), key.snapshot, key.by.iter())
            })
            .collect();
        for (from, into) in groups.iter().enumerate() {
            self.rows[*into] += other.rows[from];
        }
        // Slot by slot: each walks through memory of its own.
        for (cells, others) in self.slots.iter_mut().zip(&other.slots) {
            for (from, into) in groups.iter().enumerate() {
                cells.merge(*into, others, from);
            }
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
