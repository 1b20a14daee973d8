//! Folding on all threads: the same state, to the bit, whatever their number.

use std::sync::atomic::{AtomicUsize, Ordering};

use arrow::array::RecordBatch;
use rayon::prelude::*;

use super::SEGMENT;
use crate::EngineError;
use crate::plan::Plan;
use crate::state::State;

/// Rows that a thread takes at a time.
const PIECE: usize = 2 * SEGMENT;

impl Plan {
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
}

/// A batch in pieces that are worth a thread each, with their first rows; slicing copies nothing.
fn slices(batch: &RecordBatch) -> Vec<(usize, RecordBatch)> {
    let rows = batch.num_rows();
    (0..rows).step_by(PIECE).map(|start| (start, batch.slice(start, PIECE.min(rows - start)))).collect()
}
