//! Rows that the contract refuses, and what becomes of them.

use crate::PipelineError;

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
    ///
    /// A cell of a text format is as it is in the file, so that an empty cell of a CSV row is an empty text, and what is
    /// not UTF-8 stands there as U+FFFD. A value of a typed format is printed.
    pub cells: Vec<Option<String>>,
}

/// What becomes of refused rows.
#[derive(Debug)]
pub(crate) enum Refusals {
    /// The first one is the error that ends the tape.
    End,
    /// They stay in the batch, and are noted here.
    Kept(Vec<RefusedRow>),
}

impl Refusals {
    /// Takes note of a row of the batch, or ends the tape.
    pub(crate) fn refuse(
        &mut self,
        row: usize,
        error: PipelineError,
        cells: impl FnOnce() -> Vec<Option<String>>,
    ) -> Result<(), PipelineError> {
        match self {
            Self::End => Err(error),
            Self::Kept(rows) => {
                rows.push(RefusedRow { row, error, cells: cells() });
                Ok(())
            }
        }
    }

    /// The rows noted since the last call.
    pub(crate) fn take(&mut self) -> Vec<RefusedRow> {
        match self {
            Self::End => Vec::new(),
            Self::Kept(rows) => std::mem::take(rows),
        }
    }

    /// The rows noted since the last call.
    pub(crate) fn noted(&mut self) -> &mut [RefusedRow] {
        match self {
            Self::End => &mut [],
            Self::Kept(rows) => rows,
        }
    }
}
