//! Tables of any length, written as they come.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::Array;
use arrow::compute::BatchCoalescer;
use arrow::datatypes::{Schema, SchemaRef};
use arrow::error::ArrowError;
use arrow::ipc::writer::FileWriter;
use arrow::record_batch::{RecordBatch, RecordBatchOptions};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;

use super::remembering::{FirstError, Remembering};
use super::{CREATED_BY, TableFormat, flat_batch, flat_schema, neutralised};
use crate::PipelineError;

/// Rows that are written at a time. Where pages of Parquet end depends on it, so it is always the same.
const ROWS_PER_WRITE: usize = 1 << 13;

/// Rows of a Parquet row group: the most that is held in memory, encoded.
pub const ROWS_PER_GROUP: usize = 1 << 17;

/// Writes a table batch by batch; how the rows are divided into batches does not change a byte.
///
/// ```
/// use std::sync::Arc;
/// use abaco_pipeline::arrow::array::{Int64Array, RecordBatch};
/// use abaco_pipeline::artefacts::{TableFormat, TableWriter};
///
/// let batch = RecordBatch::try_from_iter([("dpd", Arc::new(Int64Array::from(vec![0, 45])) as _)])?;
/// let mut writer = TableWriter::new(TableFormat::Csv, "tape.csv", Vec::new(), &batch.schema())?;
/// writer.write(&batch)?;
/// assert_eq!(writer.rows(), 2);
/// assert_eq!(writer.finish()?, b"dpd\r\n0\r\n45\r\n");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct TableWriter<W: Write + Send> {
    /// For errors.
    path: PathBuf,
    schema: SchemaRef,
    pending: BatchCoalescer,
    encoder: Encoder<Remembering<W>>,
    first: FirstError,
    rows: u64,
}

enum Encoder<W: Write + Send> {
    Parquet(Box<ArrowWriter<W>>),
    Csv(Box<csv::Writer<W>>),
    Ipc(Box<FileWriter<W>>),
}

impl<W: Write + Send> TableWriter<W> {
    /// Begins a table with the columns of `schema`, which is made [flat](flat_schema); the path only appears in errors.
    ///
    /// # Errors
    /// [`PipelineError::Output`] where the beginning cannot be written, or the format does not know a type.
    pub fn new(
        format: TableFormat,
        path: impl Into<PathBuf>,
        sink: W,
        schema: &Schema,
    ) -> Result<Self, PipelineError> {
        let path = path.into();
        let schema = Arc::new(flat_schema(schema));
        let first = FirstError::default();
        let sink = Remembering::new(sink, first.clone());
        let encoder = Encoder::new(format, sink, &schema).map_err(at(&path, &first))?;
        let pending = BatchCoalescer::new(Arc::clone(&schema), ROWS_PER_WRITE);
        Ok(Self { path, schema, pending, encoder, first, rows: 0 })
    }

    /// Writes rows behind those before.
    ///
    /// # Errors
    /// [`PipelineError::Output`], also where the columns are not those of the table.
    pub fn write(&mut self, batch: &RecordBatch) -> Result<(), PipelineError> {
        self.rows += batch.num_rows() as u64;
        let written = self.push(batch);
        written.map_err(at(&self.path, &self.first))
    }

    fn push(&mut self, batch: &RecordBatch) -> io::Result<()> {
        let flat = flat_batch(batch).map_err(of_arrow)?;
        let rows = RecordBatchOptions::new().with_row_count(Some(flat.num_rows()));
        let (expected, found) = (names(&self.schema), names(flat.schema_ref()));
        if found != expected {
            return Err(io::Error::other(format!("expected the columns {expected}, found {found}")));
        }
        let columns = flat.columns().to_vec();
        let flat =
            RecordBatch::try_new_with_options(Arc::clone(&self.schema), columns, &rows).map_err(of_arrow)?;
        self.pending.push_batch(flat).map_err(of_arrow)?;
        self.drain()
    }

    fn drain(&mut self) -> io::Result<()> {
        while let Some(batch) = self.pending.next_completed_batch() {
            self.encoder.write(&batch)?;
        }
        Ok(())
    }

    /// Rows so far.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Writes what is left and the end of the table, and gives the sink back; it is not synced yet.
    ///
    /// # Errors
    /// [`PipelineError::Output`].
    pub fn finish(mut self) -> Result<W, PipelineError> {
        let end = self.pending.finish_buffered_batch().map_err(of_arrow).and_then(|()| self.drain());
        let sink = end.and_then(|()| self.encoder.finish());
        sink.map(Remembering::into_inner).map_err(at(&self.path, &self.first))
    }
}

impl<W: Write + Send> Encoder<W> {
    fn new(format: TableFormat, sink: W, schema: &SchemaRef) -> io::Result<Self> {
        match format {
            TableFormat::Parquet => {
                let properties = WriterProperties::builder()
                    .set_created_by(CREATED_BY.to_owned())
                    .set_compression(Compression::ZSTD(ZstdLevel::try_new(1).map_err(of_parquet)?))
                    .set_max_row_group_row_count(Some(ROWS_PER_GROUP));
                // The types of Parquet say all that flat columns have to say.
                let options = ArrowWriterOptions::new()
                    .with_properties(properties.build())
                    .with_skip_arrow_metadata(true);
                let writer = ArrowWriter::try_new_with_options(sink, Arc::clone(schema), options);
                Ok(Self::Parquet(Box::new(writer.map_err(of_parquet)?)))
            }
            TableFormat::Csv => {
                let mut writer =
                    csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(sink);
                writer.write_record(
                    schema.fields().iter().map(|field| neutralised(field.name()).into_owned()),
                )?;
                Ok(Self::Csv(Box::new(writer)))
            }
            TableFormat::Ipc => Ok(Self::Ipc(Box::new(FileWriter::try_new(sink, schema).map_err(of_arrow)?))),
        }
    }

    fn write(&mut self, batch: &RecordBatch) -> io::Result<()> {
        match self {
            Self::Parquet(writer) => writer.write(batch).map_err(of_parquet),
            Self::Csv(writer) => write_csv(writer, batch),
            Self::Ipc(writer) => writer.write(batch).map_err(of_arrow),
        }
    }

    fn finish(self) -> io::Result<W> {
        match self {
            Self::Parquet(writer) => writer.into_inner().map_err(of_parquet),
            Self::Csv(writer) => writer.into_inner().map_err(csv::IntoInnerError::into_error),
            Self::Ipc(writer) => writer.into_inner().map_err(of_arrow),
        }
    }
}

/// A cell is the shortest text of its value; null is an empty cell.
fn write_csv<W: Write>(writer: &mut csv::Writer<W>, batch: &RecordBatch) -> io::Result<()> {
    let options = FormatOptions::new();
    let columns = batch.columns().iter();
    let cells = columns.map(|array| ArrayFormatter::try_new(array.as_ref(), &options));
    let cells = cells.collect::<Result<Vec<_>, _>>().map_err(of_arrow)?;
    for row in 0..batch.num_rows() {
        for (array, cell) in batch.columns().iter().zip(&cells) {
            if array.is_null(row) {
                writer.write_field("")?;
            } else {
                let text = cell.value(row).try_to_string().map_err(of_arrow)?;
                writer.write_field(neutralised(&text).as_bytes())?;
            }
        }
        writer.write_record(None::<&[u8]>)?;
    }
    Ok(())
}

/// A whole table as bytes; the path only appears in errors.
///
/// # Errors
/// [`PipelineError::Output`] where the format does not know a type.
pub fn table_bytes(
    format: TableFormat,
    path: impl Into<PathBuf>,
    batch: &RecordBatch,
) -> Result<Vec<u8>, PipelineError> {
    let mut writer = TableWriter::new(format, path, Vec::new(), &batch.schema())?;
    writer.write(batch)?;
    writer.finish()
}

impl<W: Write + Send> std::fmt::Debug for TableWriter<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TableWriter").field("path", &self.path).field("rows", &self.rows).finish()
    }
}

/// The columns' names, for errors.
fn names(schema: &Schema) -> String {
    let names: Vec<String> = schema.fields().iter().map(|field| format!("`{}`", field.name())).collect();
    names.join(", ")
}

fn at(path: &Path, first: &FirstError) -> impl Fn(io::Error) -> PipelineError {
    |other| PipelineError::Output { path: path.to_path_buf(), source: first.or(other) }
}

fn of_parquet(error: ParquetError) -> io::Error {
    io::Error::other(error)
}

fn of_arrow(error: ArrowError) -> io::Error {
    io::Error::other(error)
}
