//! What a plan has accumulated: exact partial results that merge in any order.

pub(crate) mod cells;
mod codec;
pub(crate) mod key;

use std::hash::{BuildHasher, Hash, Hasher};

use hashbrown::{DefaultHashBuilder, HashTable};

use self::cells::Cells;
use self::key::{GroupKey, KeyValue};
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
    /// The groups by their keys.
    index: HashTable<usize>,
    hasher: DefaultHashBuilder,
    pub(crate) rows: Vec<u64>,
    /// Number of values in each key.
    pub(crate) arity: usize,
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
            set.arity == by.len()
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
        Self {
            keys: Vec::new(),
            index: HashTable::new(),
            hasher: DefaultHashBuilder::default(),
            rows: Vec::new(),
            arity,
            slots,
        }
    }

    /// Rows of all groups: at most [`MAX_ROWS`], which every addition and every decoding holds to.
    pub(crate) fn total_rows(&self) -> u64 {
        self.rows.iter().sum()
    }

    /// The same slots without any group.
    pub(crate) fn emptied(&self) -> Self {
        Self::new(self.arity, self.slots.iter().map(Cells::emptied).collect())
    }

    pub(crate) fn find<'k>(
        &self,
        snapshot: Option<i32>,
        by: impl Iterator<Item = &'k KeyValue> + Clone,
    ) -> Option<usize> {
        let hash = self.hash(snapshot, by.clone());
        self.index.find(hash, |group| self.keys[*group].is(snapshot, by.clone())).copied()
    }

    /// The group of this key, made if it is new.
    pub(crate) fn group<'k>(
        &mut self,
        snapshot: Option<i32>,
        by: impl Iterator<Item = &'k KeyValue> + Clone,
    ) -> usize {
        let hash = self.hash(snapshot, by.clone());
        if let Some(group) = self.index.find(hash, |group| self.keys[*group].is(snapshot, by.clone())) {
            return *group;
        }
        let group = self.keys.len();
        self.keys.push(GroupKey { snapshot, by: by.cloned().collect() });
        let (keys, hasher) = (&self.keys, &self.hasher);
        self.index.insert_unique(hash, group, |group| {
            let key = &keys[*group];
            hash_key(hasher, key.snapshot, key.by.iter())
        });
        self.rows.push(0);
        for cells in &mut self.slots {
            cells.grow();
        }
        group
    }

    fn hash<'k>(&self, snapshot: Option<i32>, by: impl Iterator<Item = &'k KeyValue>) -> u64 {
        hash_key(&self.hasher, snapshot, by)
    }

    /// The groups in the order of their keys.
    pub(crate) fn sorted(&self) -> Vec<usize> {
        let mut groups: Vec<usize> = (0..self.keys.len()).collect();
        groups.sort_by(|a, b| self.keys[*a].cmp(&self.keys[*b]));
        groups
    }

    fn merge(&mut self, other: &Self) {
        for (from, key) in other.keys.iter().enumerate() {
            let into = self.group(key.snapshot, key.by.iter());
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

fn hash_key<'k>(
    hasher: &DefaultHashBuilder,
    snapshot: Option<i32>,
    by: impl Iterator<Item = &'k KeyValue>,
) -> u64 {
    let mut state = hasher.build_hasher();
    snapshot.hash(&mut state);
    by.for_each(|value| value.hash(&mut state));
    state.finish()
}

impl PartialEq for State {
    /// Equal if they serialise to the same bytes: the order in which groups were met does not count.
    fn eq(&self, other: &Self) -> bool {
        self.to_bytes() == other.to_bytes()
    }
}

impl Eq for State {}
