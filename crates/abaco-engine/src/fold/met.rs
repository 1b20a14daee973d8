//! The groups of a grouping set that a segment meets.

use std::borrow::Cow;

use super::codes::Codes;
use super::partition::Partition;
use crate::state::cells::Cells;
use crate::state::groups::hash_key;
use crate::state::key::KeyValue;
use crate::state::set::Source;

/// Which of the columns that a segment is taken apart by make the key of a grouping set.
pub(super) struct Depths {
    pub(super) snapshot: Option<usize>,
    pub(super) by: Vec<usize>,
}

/// The groups, numbered as they are met, and what the segment has accumulated for each.
pub(super) struct Met<'s> {
    partition: &'s Partition<'s>,
    codes: &'s [&'s Codes],
    depths: Depths,
    /// The group of each place; `UNMET` for one without rows.
    of_place: Vec<u32>,
    /// A place of each group.
    first: Vec<usize>,
    hashes: Vec<u64>,
    cells: Cow<'s, Cells>,
}

const UNMET: u32 = u32::MAX;

impl<'s> Met<'s> {
    /// `places` are the cells of each place.
    pub(super) fn new(
        partition: &'s Partition<'s>,
        codes: &'s [&'s Codes],
        depths: Depths,
        places: &'s Cells,
    ) -> Self {
        // Places that agree up to here are of one group: most sets need not look at each place.
        let depth = depths.by.iter().chain(&depths.snapshot).map(|depth| depth + 1).max().unwrap_or(0);
        let (mut known, mut first) = (Vec::new(), Vec::new());
        let mut of_place = vec![UNMET; partition.len()];
        for place in (0..partition.len()).filter(|place| partition.rows[*place] > 0) {
            let ancestor = partition.ancestor(place, depth);
            if known.len() <= ancestor {
                known.resize(ancestor + 1, UNMET);
            }
            if known[ancestor] == UNMET {
                known[ancestor] = first.len() as u32;
                first.push(place);
            }
            of_place[place] = known[ancestor];
        }
        let cells = if first.len() == partition.with_rows() {
            Cow::Borrowed(places)
        } else {
            let mut cells = places.emptied();
            cells.grow_additive(first.len());
            for (place, group) in of_place.iter().enumerate().filter(|(_, group)| **group != UNMET) {
                cells.merge(*group as usize, places, place);
            }
            Cow::Owned(cells)
        };
        let mut met = Self { partition, codes, depths, of_place, first, hashes: Vec::new(), cells };
        met.hashes = (0..met.first.len())
            .map(|group| {
                let (snapshot, by) = met.key(group);
                hash_key(snapshot, by)
            })
            .collect();
        met
    }

    /// The group of a place, if it has rows.
    pub(super) fn group(&self, place: usize) -> Option<usize> {
        Some(self.of_place[place]).filter(|group| *group != UNMET).map(|group| group as usize)
    }

    fn value(&self, place: usize, depth: usize) -> &KeyValue {
        &self.codes[depth].values[self.partition.code(place, depth)]
    }
}

impl Source for Met<'_> {
    fn len(&self) -> usize {
        self.first.len()
    }

    fn hash(&self, group: usize) -> u64 {
        self.hashes[group]
    }

    fn key(&self, group: usize) -> (Option<i32>, impl Iterator<Item = &KeyValue> + Clone) {
        let place = self.first[group];
        let snapshot = self.depths.snapshot.and_then(|depth| self.value(place, depth).as_date());
        (snapshot, self.depths.by.iter().map(move |depth| self.value(place, *depth)))
    }

    fn cells(&self) -> &Cells {
        &self.cells
    }

    fn record(&self, group: usize) -> usize {
        match self.cells {
            Cow::Borrowed(_) => self.first[group],
            Cow::Owned(_) => group,
        }
    }
}
