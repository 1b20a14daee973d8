//! What a plan has accumulated: exact partial results that merge in any order.

pub(crate) mod cells;
mod codec;
pub(crate) mod key;

use hashbrown::HashMap;

use self::cells::Cells;
use self::key::GroupKey;
use crate::plan::Plan;
use crate::{EngineError, plan};

/// Rows that one group may have; with the digit bound of a row it proves that no total overflows.
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
    /// One per slot of the plan.
    pub(crate) slots: Vec<Cells>,
}

impl State {
    pub(crate) fn new(plan: &Plan) -> Self {
        let slots: Vec<Cells> = plan.slots.iter().map(|slot| Cells::new(&slot.kind)).collect();
        let sets = plan.groupings.iter().map(|_| SetState::new(slots.clone())).collect();
        Self { fingerprint: plan.fingerprint, sets }
    }

    /// Rows folded so far.
    pub fn rows(&self) -> u64 {
        self.sets.first().map_or(0, |totals| totals.rows.iter().sum())
    }

    /// Fails unless the state was made by a plan with this fingerprint.
    pub(crate) fn check(&self, fingerprint: &[u8; 32]) -> Result<(), EngineError> {
        if self.fingerprint == *fingerprint {
            return Ok(());
        }
        Err(EngineError::DifferentPlan {
            expected: plan::hex(fingerprint),
            found: plan::hex(&self.fingerprint),
        })
    }

    /// Adds what `other` has accumulated.
    ///
    /// # Errors
    /// [`EngineError::DifferentPlan`], and [`EngineError::TooManyRows`] past 2^62 rows in a group; then `self`
    /// is as before.
    pub fn merge(&mut self, other: &Self) -> Result<(), EngineError> {
        other.check(&self.fingerprint)?;
        for (set, from) in self.sets.iter().zip(&other.sets) {
            set.check_room(from)?;
        }
        for (set, from) in self.sets.iter_mut().zip(&other.sets) {
            set.merge(from);
        }
        Ok(())
    }
}

impl SetState {
    pub(crate) fn new(slots: Vec<Cells>) -> Self {
        Self { keys: Vec::new(), index: HashMap::new(), rows: Vec::new(), slots }
    }

    /// The same slots without any group.
    pub(crate) fn emptied(&self) -> Self {
        Self::new(self.slots.iter().map(Cells::emptied).collect())
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

    fn check_room(&self, from: &Self) -> Result<(), EngineError> {
        for (key, rows) in from.keys.iter().zip(&from.rows) {
            let own = self.find(key).map_or(0, |group| self.rows[group]);
            if own.checked_add(*rows).is_none_or(|rows| rows > MAX_ROWS) {
                return Err(EngineError::TooManyRows);
            }
        }
        Ok(())
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
