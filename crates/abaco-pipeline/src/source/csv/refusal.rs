//! Rows cell by cell, and what is said about those that are refused.

use ::csv::{ReaderBuilder, StringRecord};

use super::{CsvTape, MAX_ROW_BYTES};
use crate::source::Format;
use crate::source::column_reader::ColumnReader;
use crate::{CellError, CellProblem, PipelineError};

impl CsvTape {
    /// Reads a record into the columns, in the order of the contract.
    pub(super) fn push(
        &self,
        record: &StringRecord,
        row: u64,
        line: impl Fn() -> u64,
        columns: &mut [ColumnReader],
    ) -> Result<(), PipelineError> {
        if record.len() != self.headers.len() {
            return Err(PipelineError::RaggedRow {
                path: self.input.path.clone(),
                row,
                line: line(),
                expected: self.headers.len(),
                found: record.len(),
            });
        }
        for column in columns {
            let cell = &record[column.bound.index];
            if let Err(fault) = column.push_text(cell) {
                return Err(fault.at(&self.input.path, row, Some(line()), &column.bound, cell));
            }
        }
        Ok(())
    }

    /// What is wrong with a row of a text without quotes, whose bytes are given.
    pub(super) fn refusal(
        &self,
        text: &[u8],
        row: u64,
        line: u64,
        columns: &[ColumnReader],
    ) -> PipelineError {
        if text.len() as u64 > MAX_ROW_BYTES {
            return self.too_long(row, line);
        }
        // The columns have a part of the row already; others must not see it twice.
        let mut columns: Vec<ColumnReader> = columns.iter().map(ColumnReader::fresh).collect();
        let mut record = StringRecord::new();
        let reader = std::io::Read::chain(b"\n".as_slice(), text);
        let mut reader = ReaderBuilder::new().has_headers(false).flexible(true).from_reader(reader);
        let read = reader.read_record(&mut record);
        match read.map(|_| self.push(&record, row, || line, &mut columns)) {
            Ok(Err(error)) => error,
            Err(error) => self.record_error(error, row, line, &columns),
            Ok(Ok(())) => PipelineError::Corrupt {
                path: self.input.path.clone(),
                format: Format::Csv,
                message: format!("row {row} (line {line}), which was refused and then accepted"),
            },
        }
    }

    /// An error of the `csv` crate, which is given text in memory: only its encoding can be wrong.
    pub(super) fn record_error(
        &self,
        error: ::csv::Error,
        row: u64,
        line: u64,
        columns: &[ColumnReader],
    ) -> PipelineError {
        let path = self.input.path.clone();
        match error.into_kind() {
            ::csv::ErrorKind::Utf8 { err, .. } => PipelineError::Cell(Box::new(CellError {
                path,
                row,
                line: Some(line),
                column: self.label(err.field(), columns),
                problem: CellProblem::InvalidUtf8,
            })),
            ::csv::ErrorKind::Io(error) => PipelineError::input(&path, error),
            other => PipelineError::Corrupt { path, format: Format::Csv, message: format!("{other:?}") },
        }
    }

    /// The name of a field for an error: as the contract calls it, else as the file does.
    fn label(&self, field: usize, columns: &[ColumnReader]) -> String {
        match columns.iter().find(|column| column.bound.index == field) {
            Some(column) => column.bound.label(),
            None => self
                .headers
                .get(field)
                .map_or_else(|| format!("number {}", field + 1), |header| format!("`{header}`")),
        }
    }
}
