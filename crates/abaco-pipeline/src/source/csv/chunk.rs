//! A chunk of whole records: a short way for text without quotes, the `csv` crate for the rest.

use std::io::{Chain, Cursor};
use std::sync::Arc;

use ::csv::{Position, Reader, ReaderBuilder, StringRecord};
use arrow::record_batch::{RecordBatch, RecordBatchOptions};
use bytes::Bytes;

use super::CsvTape;
use super::plain::{RowFault, next_row};
use super::refusal::{Place, reread};
use super::scanner::{fields, is_line_end, text_behind_quote};
use crate::PipelineError;
use crate::contract::Bound;
use crate::source::column_reader::ColumnReader;
use crate::source::lines::Lines;
use crate::source::part::{Extent, Part};
use crate::source::refused::Refusals;
use crate::source::splitter::MAX_ROW_BYTES;

/// A part of a CSV tape.
pub(super) struct Chunk {
    tape: Arc<CsvTape>,
    text: Text,
    extent: Extent,
    lines: Lines,
}

enum Text {
    /// As it was handed out.
    New(Vec<u8>),
    /// Without a quote, and the offset of the next row.
    Plain(String, usize),
    /// With quotes, or not UTF-8.
    Records(Records),
    Done,
}

/// A chunk in the hands of the `csv` crate.
struct Records {
    text: Bytes,
    reader: Reader<Chain<&'static [u8], Cursor<Bytes>>>,
    record: StringRecord,
}

/// Where the next row will go, and what becomes of it if it is refused.
struct Rows<'a> {
    tape: &'a CsvTape,
    /// Rows in the batch so far.
    in_batch: usize,
    /// Rows in the part so far.
    in_part: u64,
    lines: &'a mut Lines,
    columns: &'a mut [ColumnReader],
    refusals: &'a mut Refusals,
}

/// A line's end before the chunk: at a reader's beginning, `csv` would take a byte order mark away.
pub(super) const BEFORE: &[u8] = b"\n";

impl Chunk {
    pub(super) fn new(tape: Arc<CsvTape>, text: Vec<u8>) -> Self {
        Self { tape, text: Text::New(text), extent: Extent::default(), lines: Lines::default() }
    }

    fn open(text: Vec<u8>) -> Text {
        if memchr::memchr(b'"', &text).is_some() {
            return Text::Records(Records::new(text.into()));
        }
        match String::from_utf8(text) {
            Ok(text) => Text::Plain(text, 0),
            Err(error) => Text::Records(Records::new(error.into_bytes().into())),
        }
    }
}

impl Part for Chunk {
    fn next_batch(
        &mut self,
        columns: &mut [ColumnReader],
        refusals: &mut Refusals,
    ) -> Result<Option<RecordBatch>, PipelineError> {
        let (text, mut ended) = match std::mem::replace(&mut self.text, Text::Done) {
            Text::New(text) => (Self::open(text), false),
            Text::Done => (Text::Done, true),
            other => (other, false),
        };
        self.text = text;
        let (tape, lines) = (&*self.tape, &mut self.lines);
        let mut rows = Rows { tape, in_batch: 0, in_part: self.extent.rows, lines, columns, refusals };
        while rows.in_batch < tape.batch_rows && !ended {
            let more = match &mut self.text {
                Text::Plain(text, at) => plain_row(text, at, &mut rows)?,
                Text::Records(records) => records.next_row(&mut rows)?,
                Text::New(_) | Text::Done => false,
            };
            if more {
                rows.in_batch += 1;
                rows.in_part += 1;
            }
            ended = !more;
        }
        let Rows { in_batch: rows, in_part, .. } = rows;
        self.extent.rows = in_part;
        if ended {
            self.extent.lines += match &self.text {
                Text::Plain(text, _) => self.lines.before(text.as_bytes(), text.len()),
                Text::Records(records) => self.lines.before(&records.text, records.text.len()),
                Text::New(_) | Text::Done => 0,
            };
            self.text = Text::Done;
        }
        if rows == 0 {
            return Ok(None);
        }
        let refused = |source| PipelineError::arrow(&self.tape.input.path, source);
        let arrays = columns.iter_mut().map(|column| column.finish().map_err(refused));
        let arrays = arrays.collect::<Result<Vec<_>, _>>()?;
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        RecordBatch::try_new_with_options(Arc::clone(&self.tape.schema), arrays, &options)
            .map(Some)
            .map_err(refused)
    }

    fn extent(&self) -> Extent {
        self.extent
    }
}

impl Rows<'_> {
    /// Refuses the next row, which is at these offsets of the text.
    #[cold]
    fn refuse(
        &mut self,
        text: &[u8],
        (start, end): (usize, usize),
        is_read: impl Fn(usize, &Bound) -> bool,
    ) -> Result<(), PipelineError> {
        let fields = fields(&text[start..end]).into_iter().enumerate();
        let behind_quote: Vec<_> = fields.filter(|(_, field)| text_behind_quote(field).is_some()).collect();
        let place = Place {
            batch_row: self.in_batch,
            row: self.in_part + 1,
            line: 1 + self.lines.before(text, start),
            bytes: (end - start) as u64,
            behind_quote: &behind_quote,
        };
        self.tape.refuse(place, &reread(&text[start..end]), is_read, self.columns, self.refusals)
    }
}

/// Reads one row of a text without quotes; false at its end.
#[inline]
fn plain_row(text: &str, at: &mut usize, rows: &mut Rows<'_>) -> Result<bool, PipelineError> {
    let bytes = text.as_bytes();
    while bytes.get(*at).is_some_and(|&byte| is_line_end(byte)) {
        *at += 1;
    }
    let start = *at;
    if start == bytes.len() {
        return Ok(false);
    }
    let read = match next_row(text, start, &rows.tape.readers, rows.columns) {
        Ok(end) if (end - start) as u64 <= MAX_ROW_BYTES => {
            *at = end;
            return Ok(true);
        }
        Ok(_) => usize::MAX,
        Err(RowFault(field)) => field,
    };
    let end = memchr::memchr2(b'\n', b'\r', &bytes[start..]).map_or(bytes.len(), |index| start + index);
    *at = end;
    rows.refuse(bytes, (start, end), |_, bound| bound.index < read)?;
    Ok(true)
}

impl Records {
    fn new(text: Bytes) -> Self {
        let reader = std::io::Read::chain(BEFORE, Cursor::new(text.clone()));
        // Ragged rows are ours to report: with both counts, row and line.
        let reader = ReaderBuilder::new().has_headers(false).flexible(true).from_reader(reader);
        Self { text, reader, record: StringRecord::new() }
    }

    /// Reads one row; false at the end of the chunk.
    fn next_row(&mut self, rows: &mut Rows<'_>) -> Result<bool, PipelineError> {
        let before = self.reader.position().clone();
        let text = match self.reader.read_record(&mut self.record) {
            Ok(false) => return Ok(false),
            Ok(true) => true,
            Err(error) => match error.into_kind() {
                ::csv::ErrorKind::Utf8 { .. } => false,
                ::csv::ErrorKind::Io(error) => {
                    return Err(PipelineError::input(&rows.tape.input.path, error));
                }
                other => return Err(rows.tape.corrupt(format!("{other:?}"))),
            },
        };
        let start = self.offset(&before);
        let start = start + self.text[start..].iter().take_while(|&&byte| is_line_end(byte)).count();
        let end = self.offset(self.reader.position()).max(start);
        let end = end - self.text[start..end].iter().rev().take_while(|&&byte| is_line_end(byte)).count();
        let fits = text && self.record.len() == rows.tape.headers.len();
        if !fits
            || text_behind_quote(&self.text[start..end]).is_some()
            || (end - start) as u64 > MAX_ROW_BYTES
        {
            rows.refuse(&self.text, (start, end), |_, _| false)?;
            return Ok(true);
        }
        let record = &self.record;
        let refused =
            rows.columns.iter_mut().position(|column| column.push_text(&record[column.bound.index]).is_err());
        if let Some(first) = refused {
            rows.refuse(&self.text, (start, end), |index, _| index < first)?;
        }
        Ok(true)
    }

    /// Where a position lies in the chunk.
    fn offset(&self, position: &Position) -> usize {
        let offset = position.byte().saturating_sub(BEFORE.len() as u64);
        usize::try_from(offset).map_or(self.text.len(), |offset| offset.min(self.text.len()))
    }
}
