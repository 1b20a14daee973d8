//! The groups of a grouping set, found by their keys.

use std::hash::{BuildHasher, Hash, Hasher};
use std::sync::OnceLock;

use hashbrown::{DefaultHashBuilder, HashTable};
use rayon::slice::ParallelSliceMut;

use super::key::{GroupKey, KeyValue};

/// Group keys, numbered as they come.
///
/// The values of all keys lie in one vector, and the index holds the whole hash of each key, so that a look-up among a
/// million groups goes to memory as seldom as possible.
#[derive(Clone, Debug)]
pub(crate) struct Groups {
    /// Number of values in each key.
    arity: usize,
    snapshots: Vec<Option<i32>>,
    values: Vec<KeyValue>,
    hashes: Vec<u64>,
    /// Hash and number of each group.
    index: HashTable<(u64, usize)>,
}

impl Groups {
    pub(crate) fn new(arity: usize) -> Self {
        Self { arity, snapshots: Vec::new(), values: Vec::new(), hashes: Vec::new(), index: HashTable::new() }
    }

    pub(crate) fn arity(&self) -> usize {
        self.arity
    }

    pub(crate) fn len(&self) -> usize {
        self.snapshots.len()
    }

    pub(crate) fn key(&self, group: usize) -> GroupKey<'_> {
        let first = group * self.arity;
        GroupKey { snapshot: self.snapshots[group], by: &self.values[first..first + self.arity] }
    }

    pub(crate) fn keys(&self) -> impl Iterator<Item = GroupKey<'_>> {
        (0..self.len()).map(|group| self.key(group))
    }

    pub(crate) fn find<'k>(
        &self,
        snapshot: Option<i32>,
        by: impl Iterator<Item = &'k KeyValue> + Clone,
    ) -> Option<usize> {
        self.find_hashed(hash_key(snapshot, by.clone()), snapshot, by)
    }

    /// The group of a key and whether it is new.
    pub(crate) fn insert<'k>(
        &mut self,
        hash: u64,
        snapshot: Option<i32>,
        by: impl Iterator<Item = &'k KeyValue> + Clone,
    ) -> (usize, bool) {
        if let Some(group) = self.find_hashed(hash, snapshot, by.clone()) {
            return (group, false);
        }
        let group = self.len();
        self.snapshots.push(snapshot);
        self.values.extend(by.cloned());
        self.hashes.push(hash);
        self.index.insert_unique(hash, (hash, group), |(hash, _)| *hash);
        (group, true)
    }

    /// A group whose key has this hash: almost certainly the one that is looked for.
    pub(crate) fn likely(&self, hash: u64) -> Option<usize> {
        self.index.find(hash, |(known, _)| *known == hash).map(|(_, group)| *group)
    }

    pub(crate) fn hash(&self, group: usize) -> u64 {
        self.hashes[group]
    }

    /// The groups in the order of their keys.
    pub(crate) fn sorted(&self) -> Vec<usize> {
        let mut groups: Vec<usize> = (0..self.len()).collect();
        groups.par_sort_unstable_by(|a, b| self.key(*a).cmp(&self.key(*b)));
        groups
    }

    fn find_hashed<'k>(
        &self,
        hash: u64,
        snapshot: Option<i32>,
        by: impl Iterator<Item = &'k KeyValue> + Clone,
    ) -> Option<usize> {
        let is = |(known, group): &(u64, usize)| *known == hash && self.key(*group).is(snapshot, by.clone());
        self.index.find(hash, is).map(|(_, group)| *group)
    }
}

/// The hash of a key, the same for all states of a process.
pub(crate) fn hash_key<'k>(snapshot: Option<i32>, by: impl Iterator<Item = &'k KeyValue>) -> u64 {
    // Seeded, so that which keys meet differs from process to process.
    static SEED: OnceLock<DefaultHashBuilder> = OnceLock::new();
    let mut state = SEED.get_or_init(DefaultHashBuilder::default).build_hasher();
    snapshot.hash(&mut state);
    by.for_each(|value| value.hash(&mut state));
    state.finish()
}
