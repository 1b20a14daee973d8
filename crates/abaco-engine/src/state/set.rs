//! The groups of one grouping set, with their cells.

use rayon::prelude::*;

use super::cells::Cells;
use super::groups::{Groups, hash_key};
use super::key::{GroupKey, KeyValue};
use crate::plan::layout::SlotShape;

/// Parts of a large set. A group belongs to one of them by its hash: two large sets merge part by part, on all threads,
/// and threads that add to one set seldom want the same part.
pub(crate) const PARTS: usize = 64;

/// Groups above which a set is large.
const LARGE: usize = 1 << 14;

/// The groups of a grouping set: in one part, or in [`PARTS`] once it has become large.
#[derive(Clone, Debug)]
pub(crate) struct SetState {
    arity: usize,
    parts: Vec<Part>,
}

#[derive(Clone, Debug)]
pub(crate) struct Part {
    groups: Groups,
    cells: Cells,
}

/// Where a group of a set is, until the set becomes large.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct GroupId(usize);

/// Groups that are added to a set: their keys and hashes, and their cells among others of the same slots.
pub(crate) trait Source: Sync {
    fn len(&self) -> usize;
    fn hash(&self, group: usize) -> u64;
    fn key(&self, group: usize) -> (Option<i32>, impl Iterator<Item = &KeyValue> + Clone);
    fn cells(&self) -> &Cells;
    /// The group's number among the cells.
    fn record(&self, group: usize) -> usize;
}

impl SetState {
    pub(crate) fn new(arity: usize, cells: Cells) -> Self {
        Self { arity, parts: vec![Part { groups: Groups::new(arity), cells }] }
    }

    pub(crate) fn of_parts(arity: usize, parts: Vec<Part>) -> Self {
        Self { arity, parts }
    }

    pub(crate) fn into_parts(self) -> Vec<Part> {
        self.parts
    }

    /// The same slots without any group.
    pub(crate) fn emptied(&self) -> Self {
        Self { arity: self.arity, parts: self.parts.iter().take(1).map(Part::emptied).collect() }
    }

    pub(crate) fn arity(&self) -> usize {
        self.arity
    }

    pub(crate) fn shapes(&self) -> impl ExactSizeIterator<Item = SlotShape> {
        self.parts[0].cells.shapes()
    }

    pub(crate) fn len(&self) -> usize {
        self.parts.iter().map(|part| part.groups.len()).sum()
    }

    pub(crate) fn total_rows(&self) -> u64 {
        self.parts.iter().map(|part| part.cells.total_rows()).sum()
    }

    pub(crate) fn keys(&self) -> impl Iterator<Item = (GroupId, GroupKey<'_>)> {
        let of_part = |(index, part): (usize, &'_ Part)| {
            (0..part.groups.len()).map(move |group| GroupId::new(index, group))
        };
        self.parts.iter().enumerate().flat_map(of_part).map(|id| (id, self.key(id)))
    }

    /// The groups in the order of their keys.
    pub(crate) fn sorted(&self) -> Vec<GroupId> {
        let mut groups: Vec<(GroupKey<'_>, GroupId)> = self.keys().map(|(id, key)| (key, id)).collect();
        groups.par_sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
        groups.into_iter().map(|(_, id)| id).collect()
    }

    pub(crate) fn key(&self, id: GroupId) -> GroupKey<'_> {
        self.part(id).groups.key(id.group())
    }

    pub(crate) fn find<'k>(
        &self,
        snapshot: Option<i32>,
        by: impl Iterator<Item = &'k KeyValue> + Clone,
    ) -> Option<GroupId> {
        let hash = hash_key(snapshot, by.clone());
        let part = self.part_of(hash);
        self.parts[part].groups.find(hash, snapshot, by).map(|group| GroupId::new(part, group))
    }

    /// The group of this key, made if it is new. Other groups may move.
    pub(crate) fn group<'k>(
        &mut self,
        snapshot: Option<i32>,
        by: impl Iterator<Item = &'k KeyValue> + Clone,
    ) -> GroupId {
        self.take_apart_if_large();
        let hash = hash_key(snapshot, by.clone());
        let index = self.part_of(hash);
        let part = &mut self.parts[index];
        let (group, new) = part.groups.insert(hash, snapshot, by);
        part.cells.grow(new.into());
        GroupId::new(index, group)
    }

    pub(crate) fn rows(&self, id: GroupId) -> u64 {
        self.part(id).cells.rows(id.group())
    }

    /// The cells among which a group's are, and its number there.
    pub(crate) fn cells(&self, id: GroupId) -> (&Cells, usize) {
        (&self.part(id).cells, id.group())
    }

    pub(crate) fn cells_mut(&mut self, id: GroupId) -> (&mut Cells, usize) {
        (&mut self.parts[id.part()].cells, id.group())
    }

    /// Adds groups; where they are now, in their order. Groups that the set has had before may move.
    pub(crate) fn absorb(&mut self, source: &impl Source) -> Vec<GroupId> {
        self.take_apart_if_large();
        if let [part] = self.parts.as_mut_slice() {
            let all: Vec<usize> = (0..source.len()).collect();
            return part.absorb(source, &all).into_iter().map(|group| GroupId::new(0, group)).collect();
        }
        let mut ids = vec![GroupId(0); source.len()];
        for (index, (part, groups)) in self.parts.iter_mut().zip(Routes::of(source).parts()).enumerate() {
            for (group, found) in groups.iter().zip(part.absorb(source, groups)) {
                ids[*group] = GroupId::new(index, found);
            }
        }
        ids
    }

    /// Adds the chosen groups, to the set as it is.
    pub(crate) fn absorb_some(&mut self, source: &impl Source, chosen: &[usize]) {
        if let [part] = self.parts.as_mut_slice() {
            part.absorb(source, chosen);
            return;
        }
        chosen.iter().for_each(|group| {
            self.parts[part_of(source.hash(*group))].absorb(source, &[*group]);
        });
    }

    /// Adds the groups of a set of the same slots.
    pub(crate) fn merge(&mut self, other: &Self) {
        if other.parts.len() > self.parts.len() {
            self.take_apart();
        }
        if other.parts.len() < self.parts.len() {
            other.parts.iter().for_each(|part| {
                self.absorb(part);
            });
            return;
        }
        self.parts.par_iter_mut().zip(&other.parts).for_each(|(part, other)| {
            let all: Vec<usize> = (0..other.groups.len()).collect();
            part.absorb(other, &all);
        });
        self.take_apart_if_large();
    }

    /// Makes a set in one part one of all parts.
    pub(crate) fn take_apart(&mut self) {
        let [whole] = self.parts.as_slice() else { return };
        let routes = Routes::of(whole);
        let parts = routes.parts().collect::<Vec<_>>().into_par_iter().map(|groups| {
            let mut part = whole.emptied();
            part.absorb(whole, groups);
            part
        });
        self.parts = parts.collect();
    }

    pub(crate) fn is_large(&self) -> bool {
        self.parts.len() > 1 || self.len() > LARGE
    }

    fn take_apart_if_large(&mut self) {
        if self.is_large() {
            self.take_apart();
        }
    }

    fn part(&self, id: GroupId) -> &Part {
        &self.parts[id.part()]
    }

    fn part_of(&self, hash: u64) -> usize {
        if self.parts.len() == 1 { 0 } else { part_of(hash) }
    }
}

impl Part {
    fn emptied(&self) -> Self {
        Self { groups: Groups::new(self.groups.arity()), cells: self.cells.emptied() }
    }

    /// Adds the chosen groups; their numbers here, in their order.
    pub(crate) fn absorb<S: Source>(&mut self, source: &S, chosen: &[usize]) -> Vec<usize> {
        // Step by step over all groups, so that the processor waits for many places of memory at once: those of the
        // index, of the keys, and of the records.
        let likely: Vec<Option<usize>> =
            chosen.iter().map(|group| self.groups.likely(source.hash(*group))).collect();
        self.groups.touch(&likely);
        let known = self.groups.len();
        let found = |(group, likely): (&usize, Option<usize>)| {
            let (snapshot, by) = source.key(*group);
            match likely {
                Some(own) if self.groups.key(own).is(snapshot, by.clone()) => own,
                _ => self.groups.insert(source.hash(*group), snapshot, by).0,
            }
        };
        let found: Vec<usize> = chosen.iter().zip(likely).map(found).collect();
        self.cells.grow(self.groups.len() - known);
        self.cells.touch(&found);
        for (group, into) in chosen.iter().zip(&found) {
            self.cells.merge(*into, source.cells(), source.record(*group));
        }
        found
    }
}

impl Source for Part {
    fn len(&self) -> usize {
        self.groups.len()
    }

    fn hash(&self, group: usize) -> u64 {
        self.groups.hash(group)
    }

    fn key(&self, group: usize) -> (Option<i32>, impl Iterator<Item = &KeyValue> + Clone) {
        let key = self.groups.key(group);
        (key.snapshot, key.by.iter())
    }

    fn cells(&self) -> &Cells {
        &self.cells
    }

    fn record(&self, group: usize) -> usize {
        group
    }
}

impl GroupId {
    fn new(part: usize, group: usize) -> Self {
        Self(group * PARTS + part)
    }

    fn part(self) -> usize {
        self.0 % PARTS
    }

    fn group(self) -> usize {
        self.0 / PARTS
    }
}

/// The groups of a source by the part that each belongs to.
pub(crate) struct Routes {
    groups: Vec<usize>,
    ends: [usize; PARTS],
}

impl Routes {
    pub(crate) fn of(source: &impl Source) -> Self {
        let part = |group: usize| part_of(source.hash(group));
        let mut ends = [0; PARTS];
        (0..source.len()).for_each(|group| ends[part(group)] += 1);
        let mut before = 0;
        for end in &mut ends {
            (*end, before) = (before, before + *end);
        }
        // Now where each part starts; filling it moves that to where it ends.
        let mut groups = vec![0; source.len()];
        for group in 0..source.len() {
            let next = &mut ends[part(group)];
            groups[*next] = group;
            *next += 1;
        }
        Self { groups, ends }
    }

    pub(crate) fn part(&self, index: usize) -> &[usize] {
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.groups[start..self.ends[index]]
    }

    fn parts(&self) -> impl Iterator<Item = &[usize]> {
        (0..PARTS).map(|index| self.part(index))
    }
}

/// By bits that the index of a part does not go by: it takes the lowest and the highest.
fn part_of(hash: u64) -> usize {
    (hash >> 40) as usize % PARTS
}
