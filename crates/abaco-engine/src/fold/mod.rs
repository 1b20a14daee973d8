//! The fold: one pass over a batch for all measures of a plan and all its grouping sets.
//!
//! A batch is taken in segments, whose key columns become small codes, and a segment in blocks, over which each
//! distinct expression is evaluated once and added to the cells of its groups.

mod batch;
mod bucket_codes;
mod codes;
mod evaluate;
mod interner;
mod keyed;
mod mask;
mod partition;
mod pass;
mod tally;
mod values;

use std::sync::atomic::{AtomicUsize, Ordering};

use arrow::array::RecordBatch;
use hashbrown::HashMap;
use rayon::prelude::*;

use self::batch::Batch;
use self::bucket_codes::bucket_codes;
use self::codes::{Code, Codes};
use self::evaluate::Block;
use self::keyed::flush_keyed;
use self::mask::BLOCK;
use self::partition::Partition;
use self::pass::Pass;
pub(crate) use self::pass::Share;
use crate::EngineError;
use crate::plan::Plan;
use crate::plan::node::ColumnId;
use crate::state::cells::Cells;
use crate::state::groups::hash_key;
use crate::state::{MAX_ROWS, SetState, State};

/// Rows whose keys are coded together: few enough that the codes stay in the second-level cache, many enough that
/// what was added up for them reaches the state seldom.
const SEGMENT: usize = 2 * BLOCK;

/// Rows that a thread takes at a time.
const PIECE: usize = 2 * SEGMENT;

impl Plan {
    /// The state of no rows; merging it changes nothing.
    pub fn empty(&self) -> State {
        State::new(self)
    }

    /// Adds a batch to `state`.
    ///
    /// # Errors
    /// [`EngineError::Schema`] if the batch is not of the plan's schema, [`EngineError::Precision`] if a decimal is
    /// larger than its column declares where the plan relies on it, [`EngineError::DifferentPlan`] and
    /// [`EngineError::TooManyRows`]. After an error the state is as before.
    pub fn fold(&self, state: &mut State, batch: &RecordBatch) -> Result<(), EngineError> {
        state.check(self)?;
        let rows = u64::try_from(batch.num_rows()).map_err(|_| EngineError::TooManyRows)?;
        if state.rows().checked_add(rows).is_none_or(|rows| rows > MAX_ROWS) {
            return Err(EngineError::TooManyRows);
        }
        let batch = Batch::new(batch, &self.columns)?;
        let mut start = 0;
        while start < batch.rows {
            let len = SEGMENT.min(batch.rows - start);
            self.fold_segment(state, &batch, start, len);
            start += len;
        }
        Ok(())
    }

    /// Adds batches on the threads of the current rayon pool, into a new state.
    ///
    /// The state is the same, to the bit, whatever the number of threads.
    ///
    /// # Errors
    /// Those of [`fold`](Self::fold).
    pub fn fold_all(&self, batches: &[RecordBatch]) -> Result<State, EngineError> {
        let pieces: Vec<(usize, RecordBatch)> = batches.iter().flat_map(slices).collect();
        let workers = rayon::current_num_threads().min(pieces.len());
        if workers <= 1 {
            let mut state = self.empty();
            for (start, piece) in &pieces {
                self.fold(&mut state, piece).map_err(|error| error.shifted(*start))?;
            }
            return Ok(state);
        }
        // One state per worker, however many pieces there are: a state may have a million groups.
        let next = AtomicUsize::new(0);
        let work = |_| {
            let mut state = self.empty();
            loop {
                let index = next.fetch_add(1, Ordering::Relaxed);
                let Some((start, piece)) = pieces.get(index) else { return Ok(state) };
                if let Err(error) = self.fold(&mut state, piece) {
                    // Pieces are handed out in order, so the first of all failures is among those that are met.
                    next.store(pieces.len(), Ordering::Relaxed);
                    return Err((index, error.shifted(*start)));
                }
            }
        };
        let results: Vec<Result<State, (usize, EngineError)>> =
            (0..workers).into_par_iter().map(work).collect();
        let mut states = Vec::new();
        let mut first: Option<(usize, EngineError)> = None;
        for result in results {
            match result {
                Ok(state) => states.push(state),
                Err((piece, error)) if first.as_ref().is_none_or(|(known, _)| piece < *known) => {
                    first = Some((piece, error));
                }
                Err(_) => {}
            }
        }
        if let Some((_, error)) = first {
            return Err(error);
        }
        let mut states = states.into_iter();
        let mut total = states.next().unwrap_or_else(|| self.empty());
        for state in states {
            total.merge(&state)?;
        }
        Ok(total)
    }

    /// Adds what `other` has accumulated to `into`.
    ///
    /// # Errors
    /// [`EngineError::DifferentPlan`] if either is of another plan, [`EngineError::TooManyRows`].
    pub fn merge(&self, into: &mut State, other: &State) -> Result<(), EngineError> {
        into.check(self)?;
        into.merge(other)
    }

    fn fold_segment(&self, state: &mut State, batch: &Batch, start: usize, len: usize) {
        let codes = self.key_codes(batch, start, len);
        let buckets: Vec<(Vec<Code>, usize)> = self
            .layout
            .buckets
            .iter()
            .map(|buckets| (bucket_codes(batch, buckets, start, len), buckets.len()))
            .collect();
        // All grouping sets go by the same columns, so their finest combination serves each of them.
        let keys: Vec<ColumnId> = self.key_columns();
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

    /// The codes of every column that some snapshot, grouping or key goes by.
    fn key_codes(&self, batch: &Batch, start: usize, len: usize) -> HashMap<ColumnId, Codes> {
        let keys = self.layout.keyed.iter().map(|slot| slot.key);
        let mut codes = HashMap::new();
        for id in self.key_columns().into_iter().chain(keys) {
            codes.entry(id).or_insert_with(|| Codes::new(batch, id, start, len));
        }
        codes
    }
}

/// A batch in pieces that are worth a thread each, with their first rows; slicing copies nothing.
fn slices(batch: &RecordBatch) -> Vec<(usize, RecordBatch)> {
    let rows = batch.num_rows();
    (0..rows).step_by(PIECE).map(|start| (start, batch.slice(start, PIECE.min(rows - start)))).collect()
}
