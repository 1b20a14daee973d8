//! A segment: from key columns to places, from places to the groups of every grouping set.

use hashbrown::HashMap;

use super::batch::Batch;
use super::bucket_codes::bucket_codes;
use super::codes::{Code, Codes};
use super::evaluate::Block;
use super::keyed::flush_keyed;
use super::mask::BLOCK;
use super::met::{Depths, Met};
use super::partition::Partition;
use super::pass::Pass;
use crate::plan::Plan;
use crate::plan::node::ColumnId;
use crate::state::SetState;
use crate::state::cells::Cells;
use crate::state::shared::SharedSet;

/// Where a segment's groups go.
pub(super) enum Target<'s> {
    Own(&'s mut SetState),
    /// A set that all workers add to, and what this one could not add there yet.
    Shared(&'s SharedSet, &'s mut SetState),
}

impl Target<'_> {
    pub(super) fn is_large(&self) -> bool {
        match self {
            Self::Own(set) => set.is_large(),
            Self::Shared(..) => true,
        }
    }
}

impl Plan {
    /// Adds rows of a batch to a set per grouping; the number of places that they took.
    pub(super) fn fold_segment(
        &self,
        targets: &mut [Target<'_>],
        batch: &Batch,
        start: usize,
        len: usize,
    ) -> usize {
        // All grouping sets go by the same columns, so their finest combination serves each of them.
        let keys = self.key_columns();
        let codes = self.key_codes(&keys, batch, start, len);
        let buckets: Vec<(Vec<Code>, usize)> = self
            .layout
            .buckets
            .iter()
            .map(|buckets| (bucket_codes(batch, buckets, start, len), buckets.len()))
            .collect();
        let by: Vec<&Codes> = keys.iter().map(|id| &codes[id]).collect();
        let partition = Partition::of(&by, len);
        let mut keyed: Vec<Pass<'_>> = self
            .layout
            .keyed
            .iter()
            .map(|slot| {
                let key = &codes[&slot.key];
                Pass::new(partition.refined(&key.codes, key.values.len()), &slot.scopes, &[])
            })
            .collect();
        let mut pass = Pass::new(partition, &self.layout.scopes, &buckets);
        let mut block = Block::new(&self.nodes, batch);
        let mut offset = 0;
        while offset < len {
            let rows = BLOCK.min(len - offset);
            block.move_to(start + offset, rows);
            pass.add(&block, offset);
            keyed.iter_mut().for_each(|keyed| keyed.add(&block, offset));
            offset += rows;
        }
        let places = pass.cells(Cells::new(self.layout.slots.iter().copied()));
        for (target, columns) in targets.iter_mut().zip(&self.groupings) {
            let met = Met::new(&pass.partition, &by, self.depths(columns, &keys), &places);
            match target {
                Target::Shared(set, own) => set.absorb(&met, own),
                Target::Own(set) => {
                    let groups = set.absorb(&met);
                    for (slot, keyed) in self.layout.keyed.iter().zip(&keyed) {
                        let group = |place: usize| met.group(place).map(|group| groups[group]);
                        flush_keyed(slot, keyed, &codes[&slot.key], group, set);
                    }
                }
            }
        }
        pass.partition.with_rows()
    }

    /// The snapshot and every column that some grouping set goes by.
    fn key_columns(&self) -> Vec<ColumnId> {
        let mut keys: Vec<ColumnId> = Vec::new();
        for id in self.snapshot.iter().chain(self.groupings.iter().flatten()) {
            if !keys.contains(id) {
                keys.push(*id);
            }
        }
        keys
    }

    /// Which of the key columns are the snapshot and the columns of a grouping set.
    fn depths(&self, columns: &[ColumnId], keys: &[ColumnId]) -> Depths {
        let depth_of = |id: &ColumnId| keys.iter().position(|key| key == id);
        Depths {
            snapshot: self.snapshot.as_ref().and_then(depth_of),
            by: columns.iter().filter_map(depth_of).collect(),
        }
    }

    /// The codes of the columns that groups go by, and of those that keyed slots go by.
    fn key_codes(
        &self,
        columns: &[ColumnId],
        batch: &Batch,
        start: usize,
        len: usize,
    ) -> HashMap<ColumnId, Codes> {
        let keys = self.layout.keyed.iter().map(|slot| slot.key);
        let mut codes = HashMap::new();
        for id in columns.iter().copied().chain(keys) {
            codes.entry(id).or_insert_with(|| Codes::new(batch, id, start, len));
        }
        codes
    }
}
