//! Where rows come from: CSV, Parquet and Arrow IPC, each a stream of exact batches.

mod column_reader;
mod csv;
pub(crate) mod date_text;
pub mod decimal_text;
mod digest;
mod fault;
mod format;
mod guard;
mod input;
mod ipc;
mod ipc_footer;
mod nulls;
pub(crate) mod one_date;
mod parquet;
pub(crate) mod part;
mod pow10;
mod report;
mod rescale;
mod short_number;
mod text_coder;
mod typed;
pub(crate) mod typed_part;
mod whole;

pub use format::Format;
pub(crate) use guard::guarded;
pub(crate) use report::Counters;
pub use report::{ColumnReport, IngestReport};
pub(crate) use {
    column_reader::ColumnReader, csv::CsvFile, input::Input, ipc::IpcFile, parquet::ParquetFile,
};
