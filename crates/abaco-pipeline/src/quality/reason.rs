//! Why a row was refused.

use arrow::array::{Array, RecordBatch};
use arrow::error::ArrowError;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use serde::{Deserialize, Serialize};

use crate::{CellProblem, PipelineError};

/// One reason for which a row was refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Reason {
    /// The id of the check.
    pub rule: String,
    /// The canonical column, where one alone is to blame.
    pub column: Option<String>,
    /// What was expected and what was found; values of pii columns are masked.
    pub message: String,
}

/// A row that does not go on.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct QuarantinedRow {
    /// 0-based row of the part.
    pub row: u32,
    /// 1-based line, from the beginning of the part, on which the row starts; where it is known.
    pub line: Option<u64>,
    /// All that is wrong with it.
    pub reasons: Vec<Reason>,
    /// Its cells as text, in the order of the batch's columns. Values of pii columns are there in plain text: whoever
    /// writes them anywhere masks them.
    pub cells: Vec<Option<String>>,
    /// Whether it was refused while it was read, so that its cells may stand in columns that are not theirs.
    pub was_unreadable: bool,
}

/// What is wrong with a row that could not be read: which column and which kind of problem, and the words.
pub(super) struct Fault {
    /// `None` if the row as a whole is wrong.
    pub(super) column: Option<String>,
    pub(super) is_null: bool,
    pub(super) line: Option<u64>,
    pub(super) message: String,
}

impl Fault {
    pub(super) fn of(error: &PipelineError) -> Self {
        let whole = |line: Option<u64>, message: String| Self { column: None, is_null: false, line, message };
        match error {
            PipelineError::Cell(cell) => Self {
                column: canonical(&cell.column),
                is_null: matches!(cell.problem, CellProblem::Null { .. }),
                line: cell.line,
                message: cell.problem.to_string(),
            },
            PipelineError::RaggedRow { line, expected, found, .. } => {
                whole(Some(*line), format!("expected {expected} cells, found {found}"))
            }
            PipelineError::JsonRow { line, expected, found, .. } => {
                whole(Some(*line), format!("expected {expected}, found {found}"))
            }
            PipelineError::RowTooLong { line, limit, .. } => {
                whole(Some(*line), format!("expected at most {limit} bytes, found more"))
            }
            other => whole(None, other.to_string()),
        }
    }
}

/// The canonical name in a label such as `` `dpd` (header `days`) ``.
fn canonical(label: &str) -> Option<String> {
    label.split('`').nth(1).map(str::to_owned)
}

/// Prints the cells of a batch.
pub(super) struct Printer<'a> {
    columns: Vec<(&'a dyn Array, ArrayFormatter<'a>)>,
}

impl<'a> Printer<'a> {
    pub(super) fn new(batch: &'a RecordBatch, options: &'a FormatOptions<'a>) -> Result<Self, ArrowError> {
        let columns = batch.columns().iter();
        let columns =
            columns.map(|array| Ok((array.as_ref(), ArrayFormatter::try_new(array.as_ref(), options)?)));
        Ok(Self { columns: columns.collect::<Result<_, ArrowError>>()? })
    }

    /// `None` is NULL.
    pub(super) fn cell(&self, column: usize, row: usize) -> Result<Option<String>, ArrowError> {
        let (array, formatter) = &self.columns[column];
        if array.is_null(row) {
            return Ok(None);
        }
        formatter.value(row).try_to_string().map(Some)
    }

    pub(super) fn cells(&self, row: usize) -> Result<Vec<Option<String>>, ArrowError> {
        (0..self.columns.len()).map(|column| self.cell(column, row)).collect()
    }
}
