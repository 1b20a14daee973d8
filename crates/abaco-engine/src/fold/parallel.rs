//! Folding on all threads: the same state, to the bit, whatever their number.

use std::ops::Range;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use arrow::array::RecordBatch;
use rayon::prelude::*;

use super::SEGMENT;
use super::batch::Batch;
use super::segment::Target;
use crate::EngineError;
use crate::plan::Plan;
use crate::state::shared::SharedSet;
use crate::state::{MAX_ROWS, SetState, State};

/// Rows that a thread takes at a time.
const PIECE: usize = SEGMENT;

impl Plan {
    /// Adds batches on the threads of the current rayon pool, into a new state.
    ///
    /// The state is the same, to the bit, whatever the number of threads.
    ///
    /// # Errors
    /// Those of [`fold`](Self::fold).
    pub fn fold_all(&self, batches: &[RecordBatch]) -> Result<State, EngineError> {
        if batches.iter().map(|batch| batch.num_rows() as u128).sum::<u128>() > MAX_ROWS.into() {
            return Err(EngineError::TooManyRows);
        }
        let pieces: Vec<(&RecordBatch, Range<usize>)> = batches.iter().flat_map(pieces_of).collect();
        let workers = rayon::current_num_threads().min(pieces.len());
        if workers <= 1 {
            let mut state = self.empty();
            for (batch, rows) in pieces {
                self.fold_alone(&mut state, &Batch::of_rows(batch, rows, &self.columns)?);
            }
            return Ok(state);
        }
        // Cells that go by a key are added to one group at a time, so sets with such cells are not shared.
        let shared = (0..self.groupings.len()).map(|_| OnceLock::new()).collect();
        let shared = Shared { sets: shared, possible: self.layout.keyed.is_empty() };
        // One state per worker, however many pieces there are.
        let next = AtomicUsize::new(0);
        let work = |_| {
            let mut state = self.empty();
            loop {
                let index = next.fetch_add(1, Ordering::Relaxed);
                let Some((batch, rows)) = pieces.get(index) else { return Ok(state) };
                match Batch::of_rows(batch, rows.clone(), &self.columns) {
                    Ok(piece) => self.fold_batch(&mut shared.targets(&mut state), &piece),
                    Err(error) => {
                        // Pieces are handed out in order, so the first of all failures is among those that are met.
                        next.store(pieces.len(), Ordering::Relaxed);
                        return Err((index, error));
                    }
                }
                shared.offer(&mut state);
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
        let mut total = shared.into_state(states.next().unwrap_or_else(|| self.empty()));
        for state in states {
            total.merge(&state)?;
        }
        Ok(total)
    }
}

/// The sets that have become so large that all workers add to the same one.
struct Shared {
    sets: Vec<OnceLock<SharedSet>>,
    possible: bool,
}

impl Shared {
    /// Where a worker adds its next piece.
    fn targets<'s>(&'s self, state: &'s mut State) -> Vec<Target<'s>> {
        let target = |(own, shared): (&'s mut SetState, &'s OnceLock<SharedSet>)| match shared.get() {
            Some(shared) => Target::Shared(shared, own),
            None => Target::Own(own),
        };
        state.sets.iter_mut().zip(&self.sets).map(target).collect()
    }

    /// Shares those of a worker's sets that have become large.
    fn offer(&self, state: &mut State) {
        for (own, shared) in state.sets.iter_mut().zip(&self.sets) {
            if self.possible && own.is_large() {
                shared.get_or_init(|| SharedSet::new(own.emptied())).take(own);
            }
        }
    }

    /// A worker's state with the shared sets in the place of its own.
    fn into_state(self, mut state: State) -> State {
        for (own, shared) in state.sets.iter_mut().zip(self.sets) {
            if let Some(shared) = shared.into_inner() {
                shared.take(own);
                *own = shared.into_set();
            }
        }
        state
    }
}

/// A batch in pieces that are worth a thread each.
fn pieces_of(batch: &RecordBatch) -> impl Iterator<Item = (&RecordBatch, Range<usize>)> {
    let rows = batch.num_rows();
    (0..rows).step_by(PIECE).map(move |start| (batch, start..rows.min(start + PIECE)))
}
