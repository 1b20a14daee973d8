//! Folding a tape on all threads, where the first refused row ends it.

use arrow::record_batch::RecordBatch;

use super::order::NoOrder;
use super::threads::Reading;
use super::{IngestReport, Screened, TapeReader};
use crate::source::part::Extent;
use crate::{PipelineError, Watch};

/// Why a tape could not be folded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FoldError<E> {
    /// The tape was refused.
    #[error(transparent)]
    Tape(#[from] PipelineError),
    /// A batch could not be added, or its output was not taken.
    #[error("in the batch behind row {rows_before}: {source}")]
    Batch {
        /// Rows of the tape before the batch, or before its part if its output was not taken.
        rows_before: u64,
        /// What the closure returned.
        source: E,
    },
    /// Two states could not be merged.
    #[error("{0}")]
    Merge(E),
}

impl<E> FoldError<E> {
    pub(super) fn behind(self, before: Extent) -> Self {
        match self {
            Self::Tape(error) => Self::Tape(error.behind(before)),
            Self::Batch { rows_before, source } => {
                Self::Batch { rows_before: rows_before + before.rows, source }
            }
            Self::Merge(source) => Self::Merge(source),
        }
    }
}

impl TapeReader {
    /// Reads the rest of the tape on the threads of the current rayon pool, and folds each batch where it was
    /// decoded.
    ///
    /// Each thread has one state, and reads one part of the tape at a time: a row group, a chunk of text, an IPC
    /// batch. So memory does not grow with the number of parts. Which batches meet in a state, and in which order, is not determined, and `merge`
    /// must not depend on it; the report is that of a reader on one thread. After the iterator's end there is no rest, and
    /// after its error there is no result.
    ///
    /// # Errors
    /// The error of the earliest row that has one, whatever the number of threads; what `add` and `merge` return.
    ///
    /// ```
    /// use abaco_pipeline::contract::Contract;
    /// use abaco_pipeline::ingest::{self, IngestOptions, Needed};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let text = "contract: c\nversion: 1\ncurrency: USD\ncolumns: { x: { type: int } }";
    /// let contract = Contract::from_yaml_str(text, "c.yml")?;
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("tape.csv");
    /// std::fs::write(&path, "x\n1\n2\n3\n")?;
    /// let tape = ingest::open(&path, &contract, &Needed::all(), &IngestOptions::default())?;
    /// let (rows, report) = tape.fold(
    ///     || 0,
    ///     |rows, batch| Ok::<(), std::convert::Infallible>(*rows += batch.num_rows()),
    ///     |rows, others| Ok(*rows += others),
    /// )?;
    /// assert_eq!((rows, report.rows), (3, 3));
    /// # Ok(())
    /// # }
    /// ```
    pub fn fold<S: Send, E: Send>(
        self,
        empty: impl Fn() -> S + Sync,
        add: impl Fn(&mut S, &RecordBatch) -> Result<(), E> + Sync,
        merge: impl Fn(&mut S, S) -> Result<(), E>,
    ) -> Result<(S, IngestReport), FoldError<E>> {
        let add = |state: &mut S, screened: Screened| add(state, &screened.batch);
        let watch = Watch::default();
        self.on_all_threads(&Reading { screened: false, watch: &watch }, empty, add, merge, &NoOrder)
    }
}
