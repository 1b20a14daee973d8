//! Parts of a tape: what one thread reads at a time.

use arrow::record_batch::RecordBatch;

use super::ColumnReader;
use super::refused::Refusals;
use crate::PipelineError;

/// A format's half of a tape: hands out its parts in the order of the file.
pub(crate) trait Parts: Send {
    /// The next part, or `None` at the end. Cheap where it can be, because threads wait for each other here.
    fn next_part(&mut self) -> Result<Option<Box<dyn Part>>, PipelineError>;

    /// Whether the file is read from its beginning to its end, so that it can be digested on the way.
    fn in_order(&self) -> bool;

    /// Once all parts were handed out, what is known about the bytes that passed.
    fn passed(&mut self) -> Passed;
}

/// Digest, if it was asked for, and number of a file's bytes.
#[derive(Debug)]
pub(crate) struct Digested {
    pub(crate) sha256: Option<String>,
    pub(crate) bytes: u64,
}

/// What is known about the bytes of a file whose parts were all handed out.
pub(crate) enum Passed {
    /// They passed one after the other.
    InOrder(Digested),
    /// They did not: the digest must be taken apart.
    Apart,
}

/// A piece of the file: a row group, a chunk of text, a batch.
pub(crate) trait Part: Send {
    /// The next rows, read by the thread's own columns; `None` at the end.
    ///
    /// Rows and lines in errors count from the part's beginning. What is refused is added to the refusals; only what
    /// is wrong with the file as a whole is an error where they are kept.
    fn next_batch(
        &mut self,
        columns: &mut [ColumnReader],
        refusals: &mut Refusals,
    ) -> Result<Option<RecordBatch>, PipelineError>;

    /// How far the part has been read.
    fn extent(&self) -> Extent;
}

/// How much of a tape lies before something.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Extent {
    /// Rows of data.
    pub(crate) rows: u64,
    /// Line ends; only CSV has them.
    pub(crate) lines: u64,
}

impl Extent {
    pub(crate) fn add(&mut self, other: Self) {
        self.rows += other.rows;
        self.lines += other.lines;
    }
}
