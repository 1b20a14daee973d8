//! Where rows come from: CSV, Parquet and Arrow IPC, each a stream of exact batches.

use arrow::record_batch::RecordBatch;

use crate::PipelineError;

mod column_reader;
mod csv;
pub(crate) mod date_text;
pub mod decimal_text;
mod fault;
mod format;
mod guard;
mod hashing;
mod input;
mod ipc;
mod ipc_footer;
mod nulls;
mod parquet;
mod pow10;
mod report;
mod rescale;
mod typed;
pub(crate) mod typed_source;

pub use format::Format;
pub(crate) use report::Counters;
pub use report::{ColumnReport, IngestReport};
pub(crate) use {
    column_reader::ColumnReader, csv::CsvFile, input::Input, ipc::IpcFile, parquet::ParquetFile,
};

/// A format's half of a tape: produces batches and keeps the report up to date.
pub(crate) trait Source: Send {
    /// The next batch, or `None` at the end, when the report is complete.
    fn next_batch(&mut self, report: &mut IngestReport) -> Result<Option<RecordBatch>, PipelineError>;
}
