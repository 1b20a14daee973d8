//! From a file and a contract to a stream of exact batches and a report.

use std::collections::BTreeSet;
use std::path::Path;

use chrono::NaiveDate;

use crate::PipelineError;
use crate::contract::Contract;

mod expand;
mod fold;
mod order;
mod reader;
mod screen;
mod screened;
mod tape;
mod threads;

pub use self::expand::expand;
pub use self::fold::FoldError;
pub use self::reader::TapeReader;
pub use self::screened::{Before, RefusedRow, RowId, Screened};
pub use self::tape::Tape;
pub use crate::source::{ColumnReport, IngestReport};

/// The most rows that a batch may have.
pub const MAX_BATCH_ROWS: usize = 1 << 20;
/// The most bytes of text that a thread may be asked to take at a time.
pub const MAX_CHUNK_BYTES: usize = 1 << 26;

/// Which of the contract's columns are read, and which snapshot.
///
/// A name that the contract does not declare is like a column that the file lacks: it is not in the schema.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Needed {
    /// Canonical names; `None` for all the contract's columns.
    pub columns: Option<BTreeSet<String>>,
    /// A date column and the only date that is asked for.
    pub snapshot: Option<(String, NaiveDate)>,
}

impl Needed {
    /// All the contract's columns.
    pub const fn all() -> Self {
        Self { columns: None, snapshot: None }
    }

    /// Only these.
    pub fn only<S: Into<String>>(names: impl IntoIterator<Item = S>) -> Self {
        Self { columns: Some(names.into_iter().map(Into::into).collect()), snapshot: None }
    }

    /// The same, and of the rows only those of one date, and those without a date.
    ///
    /// Parquet row groups that by their statistics hold neither are not decoded; they are counted in
    /// [`rows_left_out`](IngestReport::rows_left_out). The other rows are read and checked, counted in
    /// [`rows`](IngestReport::rows), and not handed over. What looks at earlier snapshots, such as `LAG`, then finds
    /// none: it needs the whole tape. A column that the tape does not have, or that is no date, is ignored.
    #[must_use]
    pub fn at(mut self, column: impl Into<String>, date: NaiveDate) -> Self {
        self.snapshot = Some((column.into(), date));
        self
    }

    fn contains(&self, name: &str) -> bool {
        let is_snapshot = self.snapshot.as_ref().is_some_and(|(column, _)| column == name);
        is_snapshot || self.columns.as_ref().is_none_or(|columns| columns.contains(name))
    }
}

/// How a tape is read; never what is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IngestOptions {
    /// The most rows in a batch, 1 to [`MAX_BATCH_ROWS`].
    pub batch_rows: usize,
    /// About how many bytes of text a thread takes at a time, 1 to [`MAX_CHUNK_BYTES`]; a longer row is one
    /// chunk.
    pub chunk_bytes: usize,
    /// Whether the file is digested; without it the report has no [`sha256`](IngestReport::sha256).
    pub digest: bool,
}

impl Default for IngestOptions {
    fn default() -> Self {
        Self { batch_rows: 1 << 16, chunk_bytes: 1 << 20, digest: true }
    }
}

impl IngestOptions {
    fn check(&self) -> Result<(), PipelineError> {
        let limits = [
            ("batch_rows", self.batch_rows, MAX_BATCH_ROWS),
            ("chunk_bytes", self.chunk_bytes, MAX_CHUNK_BYTES),
        ];
        match limits.into_iter().find(|&(_, value, most)| value == 0 || value > most) {
            Some((name, value, most)) => Err(PipelineError::Option {
                name,
                expected: format!("1 to {most}"),
                found: value.to_string(),
            }),
            None => Ok(()),
        }
    }
}

/// Opens a tape and checks its header against the contract; reads no row yet.
///
/// It is [`Tape::open`] and [`Tape::read`] in one.
///
/// # Errors
/// Those of [`Tape::open`] and [`Tape::read`].
pub fn open(
    path: impl AsRef<Path>,
    contract: &Contract,
    needed: &Needed,
    options: &IngestOptions,
) -> Result<TapeReader, PipelineError> {
    Tape::open(path, contract, options)?.read(needed)
}
