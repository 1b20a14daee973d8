//! Rows as they were read, refused ones included.

use arrow::record_batch::RecordBatch;

use crate::PipelineError;
use crate::source::part::Extent;
pub use crate::source::refused::RefusedRow;

/// A batch whose refused rows stand beside it instead of ending the tape.
#[derive(Debug)]
#[non_exhaustive]
pub struct Screened {
    /// 0-based number of the part of the tape that holds the rows: a row group, a chunk of text, an IPC batch. The same
    /// file read with the same options has the same parts.
    pub part: usize,
    /// Rows of the part before the batch.
    pub rows_before: u64,
    /// All rows. A refused one has null or zero where its cells could not be read.
    pub batch: RecordBatch,
    /// The refused rows, in ascending order.
    pub refused: Vec<RefusedRow>,
}

impl Screened {
    /// Rows of a part that were read elsewhere; the refused ones in ascending order.
    pub fn new(part: usize, rows_before: u64, batch: RecordBatch, refused: Vec<RefusedRow>) -> Self {
        Self { part, rows_before, batch, refused }
    }
}

impl RefusedRow {
    /// A row of a batch that does not fit; see the fields.
    pub fn new(row: usize, error: PipelineError, cells: Vec<Option<String>>) -> Self {
        Self { row, error, cells }
    }
}

/// What lies before a part of a tape.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Before {
    /// 0-based number of the part.
    pub part: usize,
    /// Rows of the tape before it.
    pub rows: u64,
    /// Line ends of the tape before it; only text has them.
    pub lines: u64,
}

impl Before {
    /// An error whose row and line count from the beginning of the part, as those of a [`RefusedRow`] do, counted from
    /// the beginning of the tape.
    pub fn locate(self, error: PipelineError) -> PipelineError {
        error.behind(Extent { rows: self.rows, lines: self.lines })
    }
}

/// A row's place in the inputs of a run, the same whenever the same files are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RowId {
    /// 0-based number of the file.
    pub file: u32,
    /// 0-based number of the part.
    pub part: u32,
    /// 0-based row of the part.
    pub row: u32,
}
