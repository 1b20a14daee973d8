//! CSV: text cells, in chunks of whole records.

mod chunk;
mod plain;
mod refusal;
mod scanner;

use std::sync::Arc;

use ::csv::{ReaderBuilder, StringRecord};
use arrow::datatypes::SchemaRef;

use self::chunk::Chunk;
use self::scanner::{Scanner, first_record, text_behind_quote};
use super::column_reader::ColumnReader;
use super::lines::line_ends;
use super::part::{Extent, Part, Parts, Passed};
use super::splitter::{BOM, MAX_ROW_BYTES, SplitFault, Splitter};
use super::text_stream::TextStream;
use super::{Format, Input};
use crate::PipelineError;
use crate::contract::normalise;

/// More columns are refused.
pub(super) const MAX_FILE_COLUMNS: usize = 16_384;

/// A CSV tape whose header has been read.
pub(crate) struct CsvFile {
    input: Arc<Input>,
    splitter: Splitter<TextStream, Scanner>,
    headers: Vec<String>,
    /// What lies before the first chunk.
    before: Extent,
}

/// What the chunks of a tape have in common.
pub(super) struct CsvTape {
    input: Arc<Input>,
    headers: Vec<String>,
    /// For each column of the file, which of the columns it is read into.
    readers: Vec<Option<usize>>,
    schema: SchemaRef,
    batch_rows: usize,
}

/// The chunks that have not been handed out.
struct Chunks {
    tape: Arc<CsvTape>,
    splitter: Splitter<TextStream, Scanner>,
}

impl CsvFile {
    /// Opens the tape and reads its header, trimmed and lower-cased.
    pub(crate) fn open(stream: TextStream, chunk_bytes: usize) -> Result<Self, PipelineError> {
        let input = Arc::clone(stream.input());
        let mut splitter = Splitter::new(stream, chunk_bytes);
        let path = || input.path.clone();
        let header = splitter.header(first_record).map_err(|fault| match fault {
            SplitFault::TooLong => {
                PipelineError::RowTooLong { path: path(), row: 0, line: 1, limit: MAX_ROW_BYTES }
            }
            SplitFault::OpenQuote => PipelineError::OpenQuote { path: path(), row: 0, line: 1 },
            SplitFault::Io(error) => splitter.reader().refused(error),
        })?;
        let mut record = StringRecord::new();
        match ReaderBuilder::new().has_headers(false).from_reader(header.as_slice()).read_record(&mut record)
        {
            Ok(true) => {}
            Ok(false) => return Err(PipelineError::EmptyFile { path: path() }),
            Err(_) => {
                return Err(PipelineError::Header {
                    path: path(),
                    expected: "utf-8 text".to_owned(),
                    found: "other bytes".to_owned(),
                });
            }
        }
        if record.len() > MAX_FILE_COLUMNS {
            return Err(PipelineError::Header {
                path: path(),
                expected: format!("at most {MAX_FILE_COLUMNS} columns"),
                found: record.len().to_string(),
            });
        }
        if let Some(field) = text_behind_quote(header.strip_prefix(BOM).unwrap_or(&header)) {
            return Err(PipelineError::Header {
                path: path(),
                expected: "a comma or the line's end behind a closing quote".to_owned(),
                found: format!("text in column {}", field + 1),
            });
        }
        let headers = record.iter().map(|header| normalise(header.trim_start_matches('\u{feff}'))).collect();
        let before = Extent { rows: 0, lines: line_ends(&header) };
        Ok(Self { input, splitter, headers, before })
    }

    /// The header, in the order of the file.
    pub(crate) fn headers(&self) -> &[String] {
        &self.headers
    }

    /// What lies before the rows.
    pub(crate) fn before(&self) -> Extent {
        self.before
    }

    /// Reads some of the columns.
    pub(crate) fn read(
        self,
        columns: &[ColumnReader],
        schema: SchemaRef,
        batch_rows: usize,
    ) -> impl Parts + use<> {
        let mut readers = vec![None; self.headers.len()];
        for (index, column) in columns.iter().enumerate() {
            readers[column.bound.index] = Some(index);
        }
        let tape = CsvTape { input: self.input, headers: self.headers, readers, schema, batch_rows };
        Chunks { tape: Arc::new(tape), splitter: self.splitter }
    }
}

impl Parts for Chunks {
    fn next_part(&mut self) -> Result<Option<Box<dyn Part>>, PipelineError> {
        match self.splitter.next_chunk() {
            Ok(None) => Ok(None),
            Ok(Some(text)) => Ok(Some(Box::new(Chunk::new(Arc::clone(&self.tape), text)))),
            // All rows before it were handed out.
            Err(SplitFault::TooLong) => Err(self.tape.too_long(1, 1)),
            Err(SplitFault::OpenQuote) => {
                Err(PipelineError::OpenQuote { path: self.tape.input.path.clone(), row: 1, line: 1 })
            }
            Err(SplitFault::Io(error)) => Err(self.splitter.reader().refused(error)),
        }
    }

    fn in_order(&self) -> bool {
        true
    }

    fn passed(&mut self) -> Passed {
        Passed::InOrder(self.splitter.reader().passed())
    }
}

impl CsvTape {
    fn too_long(&self, row: u64, line: u64) -> PipelineError {
        PipelineError::RowTooLong { path: self.input.path.clone(), row, line, limit: MAX_ROW_BYTES }
    }

    fn corrupt(&self, message: String) -> PipelineError {
        PipelineError::Corrupt { path: self.input.path.clone(), format: Format::Csv, message }
    }
}
