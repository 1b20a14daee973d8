//! CSV: text cells, read row by row.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::sync::Arc;

use ::csv::{Position, Reader, ReaderBuilder, StringRecord};
use arrow::datatypes::SchemaRef;
use arrow::record_batch::{RecordBatch, RecordBatchOptions};

use super::IngestReport;
use super::column_reader::ColumnReader;
use super::hashing::{HashingReader, TooMuch};
use super::{Format, Input, Source};
use crate::contract::normalise;
use crate::{CellError, CellProblem, PipelineError};

/// A longer row is refused, so that an unclosed quote does not read the rest of the tape into memory.
pub(crate) const MAX_ROW_BYTES: u64 = 16 << 20;
/// A batch is closed early at this size, well under the 2 GiB that 32-bit text offsets allow.
const MAX_BATCH_BYTES: usize = 256 << 20;
/// More columns are refused.
const MAX_FILE_COLUMNS: usize = 16_384;
const BUFFER_BYTES: usize = 256 << 10;

/// A CSV tape whose header has been read.
pub(crate) struct CsvFile {
    input: Input,
    reader: Reader<HashingReader<File>>,
    record: StringRecord,
    headers: Vec<String>,
}

/// A CSV tape that is being read.
struct CsvSource {
    file: CsvFile,
    columns: Vec<ColumnReader>,
    schema: SchemaRef,
    batch_rows: usize,
    rows: u64,
}

impl CsvFile {
    /// Opens the tape and reads its header, trimmed and lower-cased.
    pub(crate) fn open(input: Input) -> Result<Self, PipelineError> {
        let mut reader = ReaderBuilder::new()
            .has_headers(false)
            // Ragged rows are ours to report: with both counts, row and line.
            .flexible(true)
            .buffer_capacity(BUFFER_BYTES)
            .from_reader(HashingReader::new(input.handle()?));
        reader.get_mut().allow(MAX_ROW_BYTES);
        let mut record = StringRecord::new();
        match reader.read_record(&mut record) {
            Ok(true) => {}
            Ok(false) => return Err(PipelineError::EmptyFile { path: input.path }),
            Err(error) => return Err(header_error(error, &input)),
        }
        if record.len() > MAX_FILE_COLUMNS {
            return Err(PipelineError::Header {
                path: input.path,
                expected: format!("at most {MAX_FILE_COLUMNS} columns"),
                found: record.len().to_string(),
            });
        }
        let headers = record.iter().map(|header| normalise(header.trim_start_matches('\u{feff}'))).collect();
        Ok(Self { input, reader, record, headers })
    }

    /// The header, in the order of the file.
    pub(crate) fn headers(&self) -> &[String] {
        &self.headers
    }

    /// Reads some of the columns.
    pub(crate) fn read(
        self,
        columns: Vec<ColumnReader>,
        schema: SchemaRef,
        batch_rows: usize,
    ) -> impl Source {
        CsvSource { file: self, columns, schema, batch_rows, rows: 0 }
    }
}

impl CsvSource {
    /// Reads one row into the columns; false at the end of the file.
    fn read_row(&mut self) -> Result<bool, PipelineError> {
        self.file.reader.get_mut().allow(MAX_ROW_BYTES);
        match self.file.reader.read_record(&mut self.file.record) {
            Ok(true) => {}
            Ok(false) => return Ok(false),
            Err(error) => return Err(self.row_error(error)),
        }
        if self.file.record.len() != self.file.headers.len() {
            return Err(PipelineError::RaggedRow {
                path: self.file.input.path.clone(),
                row: self.rows + 1,
                line: line(self.file.record.position(), &self.file.input.file),
                expected: self.file.headers.len(),
                found: self.file.record.len(),
            });
        }
        for column in &mut self.columns {
            let cell = &self.file.record[column.bound.index];
            if let Err(fault) = column.push_text(cell) {
                let line = line(self.file.record.position(), &self.file.input.file);
                return Err(fault.at(&self.file.input.path, self.rows + 1, Some(line), &column.bound, cell));
            }
        }
        self.rows += 1;
        Ok(true)
    }

    fn row_error(&self, error: ::csv::Error) -> PipelineError {
        let path = self.file.input.path.clone();
        let row = self.rows + 1;
        // Where the library does not say, the row starts where the reader stood before it.
        match error.into_kind() {
            ::csv::ErrorKind::Utf8 { pos, err } => PipelineError::Cell(Box::new(CellError {
                path,
                row,
                line: Some(line(pos.as_ref(), &self.file.input.file)),
                column: self.label(err.field()),
                problem: CellProblem::InvalidUtf8,
            })),
            ::csv::ErrorKind::Io(error) if is_too_much(&error) => PipelineError::RowTooLong {
                path,
                row,
                line: line(self.file.record.position(), &self.file.input.file),
                limit: MAX_ROW_BYTES,
            },
            ::csv::ErrorKind::Io(error) => PipelineError::input(&path, error),
            other => PipelineError::Corrupt { path, format: Format::Csv, message: format!("{other:?}") },
        }
    }

    /// The name of a field for an error: as the contract calls it, else as the file does.
    fn label(&self, field: usize) -> String {
        match self.columns.iter().find(|column| column.bound.index == field) {
            Some(column) => column.bound.label(),
            None => self
                .file
                .headers
                .get(field)
                .map_or_else(|| format!("number {}", field + 1), |header| format!("`{header}`")),
        }
    }
}

impl Source for CsvSource {
    fn next_batch(&mut self, report: &mut IngestReport) -> Result<Option<RecordBatch>, PipelineError> {
        let (mut rows, mut bytes, mut more) = (0, 0, true);
        while rows < self.batch_rows && bytes < MAX_BATCH_BYTES {
            more = self.read_row()?;
            if !more {
                break;
            }
            rows += 1;
            bytes += self.file.record.as_slice().len();
        }
        report.update(self.rows, &self.columns);
        if !more {
            self.file.input.check_unchanged()?;
            let passed = self.file.reader.get_ref();
            report.complete(passed.sha256(), passed.bytes());
        }
        if rows == 0 {
            return Ok(None);
        }
        let arrays = self.columns.iter_mut().map(ColumnReader::finish).collect();
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        RecordBatch::try_new_with_options(Arc::clone(&self.schema), arrays, &options)
            .map(Some)
            .map_err(|source| PipelineError::arrow(&self.file.input.path, source))
    }
}

fn header_error(error: ::csv::Error, input: &Input) -> PipelineError {
    let path = input.path.clone();
    match error.into_kind() {
        ::csv::ErrorKind::Io(error) if is_too_much(&error) => {
            PipelineError::RowTooLong { path, row: 0, line: 1, limit: MAX_ROW_BYTES }
        }
        ::csv::ErrorKind::Io(error) => PipelineError::input(&path, error),
        _ => {
            PipelineError::Header { path, expected: "utf-8 text".to_owned(), found: "other bytes".to_owned() }
        }
    }
}

fn is_too_much(error: &std::io::Error) -> bool {
    error.get_ref().is_some_and(|inner| inner.is::<TooMuch>())
}

/// The physical line on which a row starts.
///
/// The library's position lies before the line ends that it skips to reach the row: the second byte of a CRLF, and
/// blank lines. They are counted here, where an error is about to end the reading and a seek harms nobody.
fn line(position: Option<&Position>, mut file: &File) -> u64 {
    let Some(position) = position else { return 0 };
    let mut line = position.line();
    if file.seek(SeekFrom::Start(position.byte())).is_err() {
        return line;
    }
    for byte in std::io::BufReader::new(file).bytes() {
        match byte {
            Ok(b'\n') => line += 1,
            Ok(b'\r') => {}
            _ => break,
        }
    }
    line
}
