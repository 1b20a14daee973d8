//! The fold: one pass over a batch for all measures of a plan and all its grouping sets.
//!
//! A batch is taken in segments, whose key columns become small codes, and a segment in blocks, over which each
//! distinct expression is evaluated once and added to the cells of its groups.

mod accumulate;
mod batch;
mod evaluate;
mod groups;
mod keyed;
mod mask;
mod values;

use arrow::array::RecordBatch;
use hashbrown::HashMap;
use rayon::prelude::*;

use self::accumulate::accumulate;
use self::batch::Batch;
use self::evaluate::Block;
use self::groups::{Codes, Groups};
use self::keyed::KeyedSegment;
use self::mask::BLOCK;
use crate::EngineError;
use crate::plan::Plan;
use crate::plan::node::ColumnId;
use crate::plan::slot::SlotKind;
use crate::state::{MAX_ROWS, State};

/// Rows whose keys are coded together: the codes stay in the second-level cache.
const SEGMENT: usize = 4 * BLOCK;

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
        pieces
            .par_iter()
            .try_fold(
                || self.empty(),
                |mut state, (start, piece)| {
                    self.fold(&mut state, piece).map_err(|error| error.shifted(*start))?;
                    Ok(state)
                },
            )
            .try_reduce(
                || self.empty(),
                |mut left, right| {
                    left.merge(&right)?;
                    Ok(left)
                },
            )
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
        let kinds: Vec<&SlotKind> = self.slots.iter().map(|slot| &slot.kind).collect();
        let codes = self.key_codes(batch, start, len);
        let groups: Vec<Groups> = self
            .groupings
            .iter()
            .zip(&mut state.sets)
            .map(|(by, set)| {
                let by: Vec<&Codes> = by.iter().map(|id| &codes[id]).collect();
                Groups::assign(set, self.snapshot.as_ref().map(|id| &codes[id]), &by, len)
            })
            .collect();
        let mut keyed: Vec<Vec<(usize, &Codes, KeyedSegment<'_>)>> =
            groups.iter().map(|_| self.keyed_segments(&codes)).collect();
        let mut block = Block::new(&self.nodes, batch);
        let mut offset = 0;
        while offset < len {
            let rows = BLOCK.min(len - offset);
            block.move_to(start + offset, rows);
            for ((groups, set), keyed) in groups.iter().zip(&mut state.sets).zip(&mut keyed) {
                let groups = groups.block(offset, rows);
                accumulate(&block, groups, set, &kinds);
                for (_, keys, segment) in keyed {
                    segment.add(&block, groups, keys, offset);
                }
            }
            offset += rows;
        }
        for (set, keyed) in state.sets.iter_mut().zip(keyed) {
            for (slot, keys, segment) in keyed {
                segment.flush(keys, &mut set.slots[slot]);
            }
        }
    }

    /// The codes of every column that some snapshot, grouping or key goes by.
    fn key_codes(&self, batch: &Batch, start: usize, len: usize) -> HashMap<ColumnId, Codes> {
        let keys = self.slots.iter().filter_map(|slot| match &slot.kind {
            SlotKind::Distinct { key, .. } | SlotKind::Keyed { key, .. } => Some(*key),
            _ => None,
        });
        let mut codes = HashMap::new();
        for id in self.snapshot.into_iter().chain(self.groupings.iter().flatten().copied()).chain(keys) {
            codes.entry(id).or_insert_with(|| Codes::new(batch, id, start, len));
        }
        codes
    }

    fn keyed_segments<'s>(
        &'s self,
        codes: &'s HashMap<ColumnId, Codes>,
    ) -> Vec<(usize, &'s Codes, KeyedSegment<'s>)> {
        let segments = self.slots.iter().enumerate().filter_map(|(slot, planned)| match &planned.kind {
            SlotKind::Distinct { key, filter } => Some((slot, &codes[key], KeyedSegment::distinct(*filter))),
            SlotKind::Keyed { key, sums } => Some((slot, &codes[key], KeyedSegment::totals(sums))),
            _ => None,
        });
        segments.collect()
    }
}

/// A batch in pieces that are worth a thread each, with their first rows; slicing copies nothing.
fn slices(batch: &RecordBatch) -> Vec<(usize, RecordBatch)> {
    let rows = batch.num_rows();
    (0..rows).step_by(SEGMENT).map(|start| (start, batch.slice(start, SEGMENT.min(rows - start)))).collect()
}
