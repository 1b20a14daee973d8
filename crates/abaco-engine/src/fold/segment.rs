//! A segment: from key columns to places, from places to the groups of every grouping set.

use hashbrown::HashMap;

use super::batch::Batch;
use super::bucket_codes::bucket_codes;
use super::codes::{Code, Codes};
use super::evaluate::Block;
use super::keyed::flush_keyed;
use super::mask::BLOCK;
use super::partition::Partition;
use super::pass::Pass;
use crate::plan::Plan;
use crate::plan::node::ColumnId;
use crate::state::cells::Cells;
use crate::state::groups::hash_key;
use crate::state::{SetState, State};

impl Plan {
    pub(super) fn fold_segment(&self, state: &mut State, batch: &Batch, start: usize, len: usize) {
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
        let groups: Vec<Vec<usize>> = state
            .sets
            .iter_mut()
            .zip(&self.groupings)
            .map(|(set, columns)| self.groups(set, columns, &keys, &by, &pass.partition))
            .collect();
        let mut sets: Vec<(&mut Cells, &[usize])> =
            state.sets.iter_mut().map(|set| &mut set.cells).zip(groups.iter().map(Vec::as_slice)).collect();
        for (place, rows) in pass.partition.rows.iter().enumerate().filter(|(_, rows)| **rows > 0) {
            sets.iter_mut().for_each(|(cells, groups)| cells.add_rows(groups[place], (*rows).into()));
        }
        pass.for_each_share(|place, slot, share| {
            sets.iter_mut().for_each(|(cells, groups)| cells.add(groups[place], slot, share));
        });
        for (slot, keyed) in self.layout.keyed.iter().zip(&keyed) {
            for (cells, groups) in &mut sets {
                flush_keyed(slot, keyed, &codes[&slot.key], groups, cells);
            }
        }
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

    /// The group in `set` of each place; groups that are new to it are added.
    fn groups(
        &self,
        set: &mut SetState,
        columns: &[ColumnId],
        keys: &[ColumnId],
        codes: &[&Codes],
        partition: &Partition<'_>,
    ) -> Vec<usize> {
        const UNSEEN: usize = usize::MAX;
        let depth_of = |id: &ColumnId| keys.iter().position(|key| key == id);
        let depths: Vec<usize> = columns.iter().filter_map(depth_of).collect();
        let snapshot = self.snapshot.as_ref().and_then(depth_of);
        // Places that agree up to here are of one group: most sets need not look at each place.
        let depth = depths.iter().chain(&snapshot).map(|depth| depth + 1).max().unwrap_or(0);
        let mut known: Vec<usize> = Vec::new();
        let mut first = Vec::new();
        let mut groups = vec![UNSEEN; partition.len()];
        for place in (0..partition.len()).filter(|place| partition.rows[*place] > 0) {
            let ancestor = partition.ancestor(place, depth);
            if known.len() <= ancestor {
                known.resize(ancestor + 1, UNSEEN);
            }
            if known[ancestor] == UNSEEN {
                known[ancestor] = first.len();
                first.push(place);
            }
            groups[place] = known[ancestor];
        }
        let value = |place: usize, depth: usize| &codes[depth].values[partition.code(place, depth)];
        let date = |place: usize| snapshot.and_then(|depth| value(place, depth).as_date());
        let by = |place: usize| depths.iter().map(move |depth| value(place, *depth));
        // Step by step over all keys, so that the processor waits for many places of memory at once.
        let hashes: Vec<u64> = first.iter().map(|place| hash_key(date(*place), by(*place))).collect();
        let likely: Vec<Option<usize>> = hashes.iter().map(|hash| set.groups.likely(*hash)).collect();
        let found: Vec<usize> = first
            .iter()
            .zip(hashes.iter().zip(likely))
            .map(|(place, (hash, likely))| match likely {
                Some(group) if set.groups.key(group).is(date(*place), by(*place)) => group,
                _ => set.group_hashed(*hash, date(*place), by(*place)),
            })
            .collect();
        for group in groups.iter_mut().filter(|group| **group != UNSEEN) {
            *group = found[*group];
        }
        groups
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
