//! Where rows come from: CSV, JSON lines, Parquet and Arrow IPC, each a stream of exact batches.

mod byte_decimals;
mod column_reader;
mod csv;
pub(crate) mod date_text;
pub mod decimal_text;
mod digest;
pub(crate) mod fault;
mod format;
mod guard;
mod input;
mod ipc;
mod ipc_footer;
pub(crate) mod json_lines;
mod lines;
mod nulls;
pub(crate) mod one_date;
mod packing;
mod parquet;
pub(crate) mod part;
mod pow10;
pub(crate) mod refused;
mod report;
mod rescale;
mod short_number;
mod splitter;
mod text_coder;
mod text_stream;
mod typed;
pub(crate) mod typed_part;
mod values;
mod whole;

pub use format::Format;
pub(crate) use guard::guarded;
pub(crate) use input::file_digest;
pub(crate) use report::Counters;
pub use report::{ColumnReport, IngestReport};
pub(crate) use {
    column_reader::ColumnReader, csv::CsvFile, input::Input, ipc::IpcFile, json_lines::JsonFile,
    parquet::ParquetFile, text_stream::TextStream,
};
