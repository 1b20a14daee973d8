//! From a file and a contract to a stream of exact batches and a report.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;

use crate::PipelineError;
use crate::contract::Contract;
use crate::source::{Format, Source};

mod open;

pub use crate::source::{ColumnReport, IngestReport};

/// The most rows that a batch may have.
pub const MAX_BATCH_ROWS: usize = 1 << 20;

/// Which of the contract's columns are read.
///
/// A name that the contract does not declare is like a column that the file lacks: it is not in the schema.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Needed {
    /// Canonical names; `None` for all the contract's columns.
    pub columns: Option<BTreeSet<String>>,
}

impl Needed {
    /// All the contract's columns.
    pub const fn all() -> Self {
        Self { columns: None }
    }

    /// Only these.
    pub fn only<S: Into<String>>(names: impl IntoIterator<Item = S>) -> Self {
        Self { columns: Some(names.into_iter().map(Into::into).collect()) }
    }

    fn contains(&self, name: &str) -> bool {
        self.columns.as_ref().is_none_or(|columns| columns.contains(name))
    }
}

/// How a tape is read; never what is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IngestOptions {
    /// The most rows in a batch, 1 to [`MAX_BATCH_ROWS`].
    pub batch_rows: usize,
}

impl Default for IngestOptions {
    fn default() -> Self {
        Self { batch_rows: 1 << 16 }
    }
}

/// Opens a tape and checks its header against the contract; reads no row yet.
///
/// The whole contract is checked, needed or not, so that whether a tape's header is accepted does not depend on
/// the KPIs that are asked for. Cells are checked in the needed columns only.
///
/// # Errors
/// [`ErrorKind::Usage`](crate::ErrorKind) for an option or extension, [`ErrorKind::Data`](crate::ErrorKind) for
/// whatever is wrong with the tape, including that it does not exist.
pub fn open(
    path: impl AsRef<Path>,
    contract: &Contract,
    needed: &Needed,
    options: &IngestOptions,
) -> Result<TapeReader, PipelineError> {
    if options.batch_rows == 0 || options.batch_rows > MAX_BATCH_ROWS {
        return Err(PipelineError::Option {
            name: "batch_rows",
            expected: format!("1 to {MAX_BATCH_ROWS}"),
            found: options.batch_rows.to_string(),
        });
    }
    let path = path.as_ref();
    match Format::of(path)? {
        Format::Csv => open::csv(path, contract, needed, options),
        Format::Parquet => open::parquet(path, contract, needed, options),
        Format::Ipc => open::ipc(path, contract, needed, options),
    }
}

/// A stream of batches; the report is complete once it is exhausted.
///
/// - The schema has the needed columns of the contract that the file has, under their canonical names and in the
///   order of the contract. It is the same for every format of the same tape.
/// - Every value lies within its column's declared precision, which Arrow itself does not enforce.
/// - Null slots hold zero.
///
/// After an error the stream ends.
pub struct TapeReader {
    schema: SchemaRef,
    source: Box<dyn Source>,
    report: IngestReport,
    done: bool,
}

impl TapeReader {
    /// The schema of every batch.
    pub fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    /// What has been read so far.
    pub fn report(&self) -> &IngestReport {
        &self.report
    }

    /// The report, once the batches have been read.
    pub fn into_report(self) -> IngestReport {
        self.report
    }

    fn new(schema: SchemaRef, source: Box<dyn Source>, report: IngestReport) -> Self {
        Self { schema, source, report, done: false }
    }
}

impl std::fmt::Debug for TapeReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TapeReader").field("schema", &self.schema).field("report", &self.report).finish()
    }
}

impl Iterator for TapeReader {
    type Item = Result<RecordBatch, PipelineError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        let next = self.source.next_batch(&mut self.report).transpose();
        self.done = !matches!(next, Some(Ok(_)));
        next
    }
}

impl std::iter::FusedIterator for TapeReader {}
