//! Rows as they were read, refused ones included.

use arrow::record_batch::RecordBatch;

use crate::PipelineError;

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

/// A row that does not fit the contract.
#[derive(Debug)]
#[non_exhaustive]
pub struct RefusedRow {
    /// 0-based row of the batch.
    pub row: usize,
    /// What is wrong; its row and line count from the beginning of the part.
    pub error: PipelineError,
    /// The row's cells as text, in the order of the batch's columns; `None` where the row has no such cell or a null.
    /// Values of pii columns are there: whoever writes them anywhere masks them.
    pub cells: Vec<Option<String>>,
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
