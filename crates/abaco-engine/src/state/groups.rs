//! The groups of a grouping set, found by their keys.

use std::hash::{BuildHasher, Hasher};
use std::sync::OnceLock;

use hashbrown::DefaultHashBuilder;

use super::index::Index;
use super::key::{GroupKey, KeyValue};

/// Group keys, numbered as they come.
///
/// The values of all keys lie in one vector, so that a look-up among a million groups goes to memory as seldom as
/// possible.
#[derive(Clone, Debug)]
pub(crate) struct Groups {
    /// Number of values in each key.
    arity: usize,
    /// Number of keys.
    len: usize,
    /// Of each key; none at all while no key has one.
    snapshots: Vec<Option<i32>>,
    values: Vec<KeyValue>,
    hashes: Vec<u64>,
    index: Index,
}

impl Groups {
    pub(crate) fn new(arity: usize) -> Self {
        Self {
            arity,
            len: 0,
            snapshots: Vec::new(),
            values: Vec::new(),
            hashes: Vec::new(),
            index: Index::default(),
        }
    }

    pub(crate) fn arity(&self) -> usize {
        self.arity
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn key(&self, group: usize) -> GroupKey<'_> {
        let first = group * self.arity;
        let snapshot = self.snapshots.get(group).copied().flatten();
        GroupKey { snapshot, by: &self.values[first..first + self.arity] }
    }

    /// The group of a key and whether it is new.
    pub(crate) fn insert<'k>(
        &mut self,
        hash: u64,
        snapshot: Option<i32>,
        by: impl Iterator<Item = &'k KeyValue> + Clone,
    ) -> (usize, bool) {
        if let Some(group) = self.find(hash, snapshot, by.clone()) {
            return (group, false);
        }
        let group = self.len;
        self.len += 1;
        if snapshot.is_some() || !self.snapshots.is_empty() {
            self.snapshots.resize(group, None);
            self.snapshots.push(snapshot);
        }
        self.values.extend(by.cloned());
        self.index.add(hash, &self.hashes);
        self.hashes.push(hash);
        (group, true)
    }

    /// A group whose key has this hash, by all that the index knows: almost certainly the one that is looked for.
    #[inline]
    pub(crate) fn likely(&self, hash: u64) -> Option<usize> {
        self.index.candidates(hash).next()
    }

    /// Looks at the keys of groups that are about to be compared: see [`likely`](Self::likely).
    pub(crate) fn touch(&self, groups: &[Option<usize>]) {
        let of = |group: &usize| self.values.get(*group * self.arity);
        let nulls = groups.iter().flatten().filter_map(of).filter(|value| **value == KeyValue::Null).count();
        std::hint::black_box(nulls);
    }

    pub(crate) fn hash(&self, group: usize) -> u64 {
        self.hashes[group]
    }

    pub(crate) fn find<'k>(
        &self,
        hash: u64,
        snapshot: Option<i32>,
        by: impl Iterator<Item = &'k KeyValue> + Clone,
    ) -> Option<usize> {
        let is = |group: &usize| self.hashes[*group] == hash && self.key(*group).is(snapshot, by.clone());
        self.index.candidates(hash).find(is)
    }
}

/// The hash of a key, the same for all states of a process.
pub(crate) fn hash_key<'k>(snapshot: Option<i32>, by: impl Iterator<Item = &'k KeyValue>) -> u64 {
    // Seeded, so that which keys meet differs from process to process.
    static SEED: OnceLock<DefaultHashBuilder> = OnceLock::new();
    let mut state = SEED.get_or_init(DefaultHashBuilder::default).build_hasher();
    if let Some(days) = snapshot {
        state.write_i32(days);
    }
    // Without what tells the kinds of values apart: those of a column are of one kind.
    by.for_each(|value| match value {
        KeyValue::Null => state.write_u8(0),
        KeyValue::Boolean(value) => state.write_u8(1 + u8::from(*value)),
        KeyValue::Number(value) => state.write_i128(*value),
        KeyValue::Date(days) => state.write_i32(*days),
        KeyValue::Text(text) => state.write(text.as_bytes()),
    });
    state.finish()
}
