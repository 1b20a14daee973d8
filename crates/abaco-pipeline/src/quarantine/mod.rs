//! The table of rows that were refused, with the reasons.

mod spool;

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringBuilder, UInt64Builder};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::error::ArrowError;
use serde_json::{Map, Value};

pub(crate) use self::spool::{Spool, Spooled};
use crate::PipelineError;
use crate::contract::{Contract, Role};
use crate::quality::QuarantinedRow;

/// Makes another text of a value that nobody may read; `None` leaves it out.
pub type Mask<'a> = &'a dyn Fn(&str, &str) -> Option<String>;

/// Collects refused rows and makes Arrow batches of them.
///
/// | column | type | |
/// |---|---|---|
/// | `table` | text | `tape`, or the role of a table beside it |
/// | `file` | text | the file |
/// | `row` | unsigned integer | its 1-based data row |
/// | `line` | unsigned integer | the 1-based line on which the row starts, where it is known |
/// | `reasons` | text | JSON: a list of `{rule, column, message}` |
/// | `cells` | text | JSON: canonical column to text or null |
///
/// ```
/// use abaco_pipeline::quarantine::QuarantineTable;
///
/// let mut table = QuarantineTable::new();
/// assert_eq!(table.take()?, None);
/// let names: Vec<_> = table.schema().fields().iter().map(|field| field.name().clone()).collect();
/// assert_eq!(names, ["table", "file", "row", "line", "reasons", "cells"]);
/// # Ok::<(), abaco_pipeline::PipelineError>(())
/// ```
#[derive(Debug)]
pub struct QuarantineTable {
    schema: SchemaRef,
    table: StringBuilder,
    file: StringBuilder,
    row: UInt64Builder,
    line: UInt64Builder,
    reasons: StringBuilder,
    cells: StringBuilder,
    rows: usize,
    bytes: usize,
}

/// Where refused rows come from, and what of them may be read.
#[derive(Clone, Copy)]
pub struct Origin<'a> {
    /// `tape`, or the role of a table beside it.
    pub table: &'a str,
    /// The file, as it is to be named.
    pub file: &'a str,
    /// Rows of the file before the part that the row is in.
    pub rows_before: u64,
    /// Lines of the file before that part.
    pub lines_before: u64,
    /// The columns of the batch that the row is from.
    pub schema: &'a Schema,
    /// What tells which of them are pii.
    pub contract: &'a Contract,
    /// What their values become.
    pub mask: Mask<'a>,
}

impl std::fmt::Debug for Origin<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Origin").field("table", &self.table).field("file", &self.file).finish_non_exhaustive()
    }
}

fn has_pii(contract: &Contract) -> bool {
    contract.columns().iter().any(|column| column.has_role(Role::Pii))
}

impl Default for QuarantineTable {
    fn default() -> Self {
        Self::new()
    }
}

impl QuarantineTable {
    /// A table without rows.
    pub fn new() -> Self {
        let text = |name| Field::new(name, DataType::Utf8, false);
        let schema = Schema::new(vec![
            text("table"),
            text("file"),
            Field::new("row", DataType::UInt64, false),
            Field::new("line", DataType::UInt64, true),
            text("reasons"),
            text("cells"),
        ]);
        Self {
            schema: Arc::new(schema),
            table: StringBuilder::new(),
            file: StringBuilder::new(),
            row: UInt64Builder::new(),
            line: UInt64Builder::new(),
            reasons: StringBuilder::new(),
            cells: StringBuilder::new(),
            rows: 0,
            bytes: 0,
        }
    }

    /// Bytes of text since the last [`take`](Self::take).
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// The schema of every batch.
    pub fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    /// Rows since the last [`take`](Self::take).
    pub fn len(&self) -> usize {
        self.rows
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// Adds a row.
    ///
    /// # Errors
    /// [`PipelineError::Json`]; not expected to happen.
    pub fn push(&mut self, origin: &Origin<'_>, row: &QuarantinedRow) -> Result<(), PipelineError> {
        let reasons = serde_json::to_string(&row.reasons).map_err(PipelineError::Json)?;
        // A row with a cell too many holds each value in another's column: nobody can tell which of them is personal.
        let hidden = row.was_unreadable && has_pii(origin.contract);
        let mut cells = Map::new();
        for (field, cell) in origin.schema.fields().iter().zip(&row.cells) {
            let secret =
                origin.contract.column(field.name()).is_some_and(|column| column.has_role(Role::Pii));
            let shown = match cell {
                _ if hidden => None,
                Some(cell) if secret => (origin.mask)(field.name(), cell),
                other => other.clone(),
            };
            cells.insert(field.name().clone(), shown.map_or(Value::Null, Value::String));
        }
        let cells = serde_json::to_string(&cells).map_err(PipelineError::Json)?;
        self.bytes += reasons.len() + cells.len() + origin.file.len();
        self.table.append_value(origin.table);
        self.file.append_value(origin.file);
        self.row.append_value(origin.rows_before + u64::from(row.row) + 1);
        self.line.append_option(row.line.map(|line| line + origin.lines_before));
        self.reasons.append_value(reasons);
        self.cells.append_value(cells);
        self.rows += 1;
        Ok(())
    }

    /// The rows since the last time, or `None` if there are none.
    ///
    /// # Errors
    /// [`PipelineError::Arrow`]; not expected to happen.
    pub fn take(&mut self) -> Result<Option<RecordBatch>, PipelineError> {
        if self.is_empty() {
            return Ok(None);
        }
        (self.rows, self.bytes) = (0, 0);
        let arrays: Vec<ArrayRef> = vec![
            Arc::new(self.table.finish()),
            Arc::new(self.file.finish()),
            Arc::new(self.row.finish()),
            Arc::new(self.line.finish()),
            Arc::new(self.reasons.finish()),
            Arc::new(self.cells.finish()),
        ];
        let arrow = |error: ArrowError| PipelineError::arrow("quarantine".as_ref(), error);
        RecordBatch::try_new(self.schema(), arrays).map(Some).map_err(arrow)
    }
}
