//! What is said about rows that are refused, and what stands for them in a batch.

use ::csv::{ByteRecord, ReaderBuilder};

use super::CsvTape;
use super::chunk::BEFORE;
use crate::contract::Bound;
use crate::source::column_reader::ColumnReader;
use crate::source::fault::{Fault, Telling};
use crate::source::refused::Refusals;
use crate::source::splitter::MAX_ROW_BYTES;
use crate::{CellError, CellProblem, PipelineError};

/// Where a refused row is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'r> {
    /// 0-based row of the batch.
    pub(super) batch_row: usize,
    /// 1-based row of the part.
    pub(super) row: u64,
    /// 1-based line of the part.
    pub(super) line: u64,
    /// The row's length.
    pub(super) bytes: u64,
    /// The fields with text behind their closing quotes, by their numbers and as they are written.
    pub(super) behind_quote: &'r [(usize, &'r [u8])],
}

impl<'r> Place<'r> {
    /// What is written in a field that has text behind its closing quote: it is no value.
    fn behind_quote(&self, field: usize) -> Option<&'r [u8]> {
        self.behind_quote.iter().find(|(number, _)| *number == field).map(|(_, text)| *text)
    }
}

impl CsvTape {
    /// Refuses a row, and completes it in the columns: a cell that was not read is, if it can be.
    pub(super) fn refuse(
        &self,
        place: Place<'_>,
        record: &ByteRecord,
        is_read: impl Fn(usize, &Bound) -> bool,
        columns: &mut [ColumnReader],
        refusals: &mut Refusals,
    ) -> Result<(), PipelineError> {
        if place.bytes > 2 * MAX_ROW_BYTES {
            return Err(self.too_long(place.row, place.line));
        }
        let of_arrow = |error| PipelineError::arrow(&self.input.path, error);
        let mut telling = Telling::default();
        for (index, column) in columns.iter_mut().enumerate() {
            if is_read(index, &column.bound) {
                continue;
            }
            let fault = match record.get(column.bound.index).map(std::str::from_utf8) {
                Some(Ok(_)) if place.behind_quote(column.bound.index).is_some() => {
                    column.push_missing().map_err(of_arrow)?;
                    None
                }
                Some(Ok(cell)) => column.push_text(cell).err(),
                Some(Err(_)) | None => {
                    column.push_missing().map_err(of_arrow)?;
                    None
                }
            };
            if let Some(fault) = fault {
                column.push_refused(fault).map_err(of_arrow)?;
                telling.note(column.drops(fault), index, fault);
            }
        }
        let Some(error) = self.what_is_wrong(place, record, telling.told(), columns) else {
            let Place { row, line, .. } = place;
            return Err(self.corrupt(format!("row {row} (line {line}), which was refused and then accepted")));
        };
        refusals.refuse(place.batch_row, error, || {
            let written = |field| place.behind_quote(field).or_else(|| record.get(field));
            let cells = columns.iter().map(|column| written(column.bound.index));
            cells.map(|cell| cell.map(|cell| String::from_utf8_lossy(cell).into_owned())).collect()
        })
    }

    fn what_is_wrong(
        &self,
        place: Place<'_>,
        record: &ByteRecord,
        cell: Option<(usize, Fault)>,
        columns: &[ColumnReader],
    ) -> Option<PipelineError> {
        let path = &self.input.path;
        let Place { row, line, .. } = place;
        if place.bytes > MAX_ROW_BYTES {
            return Some(self.too_long(row, line));
        }
        let of_field = |field: usize, problem: CellProblem| {
            let column = self.label(field, columns);
            Some(PipelineError::Cell(Box::new(CellError {
                path: path.clone(),
                row,
                line: Some(line),
                column,
                problem,
            })))
        };
        if let Some(field) = record.iter().position(|cell| std::str::from_utf8(cell).is_err()) {
            return of_field(field, CellProblem::InvalidUtf8);
        }
        let (expected, found) = (self.headers.len(), record.len());
        if found != expected {
            return Some(PipelineError::RaggedRow { path: path.clone(), row, line, expected, found });
        }
        if let Some((field, _)) = place.behind_quote.first() {
            return of_field(*field, CellProblem::BehindQuote);
        }
        let (index, fault) = cell?;
        let bound = &columns.get(index)?.bound;
        let cell = String::from_utf8_lossy(record.get(bound.index)?);
        Some(fault.at(path, row, Some(line), bound, &cell))
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

/// The cells of one row, whatever their encoding.
pub(super) fn reread(row: &[u8]) -> ByteRecord {
    let reader = std::io::Read::chain(BEFORE, row);
    let mut reader = ReaderBuilder::new().has_headers(false).flexible(true).from_reader(reader);
    let mut record = ByteRecord::new();
    // Text in memory of which nothing is decoded has no error.
    if reader.read_byte_record(&mut record).is_err() {
        record.clear();
    }
    record
}
