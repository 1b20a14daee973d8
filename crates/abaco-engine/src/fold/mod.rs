//! The fold: one pass over a batch for all measures of a plan and all its grouping sets.
//!
//! A batch is taken in segments, whose key columns become small codes and each combination of them a place; and a
//! segment in blocks, over which each distinct expression is evaluated once and added up by place. At its end a segment
//! adds its places to the groups of the state.

mod batch;
mod bucket_codes;
mod calendar;
mod codes;
mod conditions;
mod evaluate;
mod interner;
mod keyed;
mod mask;
mod met;
mod parallel;
mod partition;
mod pass;
mod project;
mod rows;
mod segment;
mod tally;
mod values;

use arrow::array::RecordBatch;

pub use self::conditions::Conditions;
pub use self::project::Projection;

use self::batch::Batch;
use self::mask::BLOCK;
use self::segment::Target;
use crate::EngineError;
use crate::plan::Plan;
use crate::state::{MAX_ROWS, State};

/// Rows whose keys are coded together: few enough that the codes stay in the second-level cache, many enough that
/// what was added up for them reaches the state seldom.
const SEGMENT: usize = 2 * BLOCK;

/// Rows whose keys are coded together while hardly two of them share one: nothing is gained by waiting for more rows of
/// a group, and everything that is written down about so few rows stays in the second-level cache.
const SMALL_SEGMENT: usize = SEGMENT / 16;

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
        self.fold_alone(state, &Batch::new(batch, &self.columns)?);
        Ok(())
    }

    /// Adds a batch to a state that no other thread adds to.
    fn fold_alone(&self, state: &mut State, batch: &Batch) {
        self.fold_batch(&mut state.sets.iter_mut().map(Target::Own).collect::<Vec<_>>(), batch);
    }

    /// Adds a batch to a set per grouping.
    fn fold_batch(&self, targets: &mut [Target<'_>], batch: &Batch) {
        let mut most = if targets.iter().any(Target::is_large) { SMALL_SEGMENT } else { SEGMENT };
        let mut start = 0;
        while start < batch.rows {
            let len = most.min(batch.rows - start);
            let places = self.fold_segment(targets, batch, start, len);
            most = if places > len / 2 { SMALL_SEGMENT } else { SEGMENT };
            start += len;
        }
    }

    /// Adds a batch to the totals alone: rows that belong to no group, such as those of a ledger.
    ///
    /// # Errors
    /// Those of [`fold`](Self::fold).
    pub fn fold_totals(&self, state: &mut State, batch: &RecordBatch) -> Result<(), EngineError> {
        let mut own = self.empty();
        self.fold(&mut own, batch)?;
        for set in own.sets.iter_mut().skip(1) {
            *set = set.emptied();
        }
        self.merge(state, &own)
    }

    /// Adds what `other` has accumulated to `into`.
    ///
    /// # Errors
    /// [`EngineError::DifferentPlan`] if either is of another plan, [`EngineError::TooManyRows`].
    pub fn merge(&self, into: &mut State, other: &State) -> Result<(), EngineError> {
        into.check(self)?;
        into.merge(other)
    }
}
