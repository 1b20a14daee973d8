//! A chunk of whole records: a short way for text without quotes, the `csv` crate for the rest.

use std::io::{Chain, Cursor};
use std::sync::Arc;

use ::csv::{Position, Reader, ReaderBuilder, StringRecord};
use arrow::record_batch::{RecordBatch, RecordBatchOptions};
use bytes::Bytes;

use super::plain::{RowFault, next_row};
use super::scanner::is_line_end;
use super::{CsvTape, MAX_ROW_BYTES, line_ends};
use crate::PipelineError;
use crate::source::column_reader::ColumnReader;
use crate::source::part::{Extent, Part};

/// A part of a CSV tape.
pub(super) struct Chunk {
    tape: Arc<CsvTape>,
    text: Text,
    extent: Extent,
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

/// A line's end before the chunk: at a reader's beginning, `csv` would take a byte order mark away.
const BEFORE: &[u8] = b"\n";

impl Chunk {
    pub(super) fn new(tape: Arc<CsvTape>, text: Vec<u8>) -> Self {
        Self { tape, text: Text::New(text), extent: Extent::default() }
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
    fn next_batch(&mut self, columns: &mut [ColumnReader]) -> Result<Option<RecordBatch>, PipelineError> {
        let mut rows = 0;
        let (text, ended) = match std::mem::replace(&mut self.text, Text::Done) {
            Text::New(text) => (Self::open(text), false),
            Text::Done => (Text::Done, true),
            other => (other, false),
        };
        self.text = text;
        let mut ended = ended;
        while rows < self.tape.batch_rows && !ended {
            let more = match &mut self.text {
                Text::Plain(text, at) => plain_row(&self.tape, text, at, self.extent.rows, columns)?,
                Text::Records(records) => records.next_row(&self.tape, self.extent.rows, columns)?,
                Text::New(_) | Text::Done => false,
            };
            if more {
                rows += 1;
                self.extent.rows += 1;
            }
            ended = !more;
        }
        if ended {
            self.extent.lines += match &self.text {
                Text::Plain(text, _) => line_ends(text.as_bytes()),
                Text::Records(records) => line_ends(&records.text),
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

/// Reads one row of a text without quotes; false at its end.
fn plain_row(
    tape: &CsvTape,
    text: &str,
    at: &mut usize,
    rows: u64,
    columns: &mut [ColumnReader],
) -> Result<bool, PipelineError> {
    let bytes = text.as_bytes();
    while bytes.get(*at).is_some_and(|&byte| is_line_end(byte)) {
        *at += 1;
    }
    let start = *at;
    if start == bytes.len() {
        return Ok(false);
    }
    match next_row(text, start, &tape.readers, columns) {
        Ok(end) if (end - start) as u64 <= MAX_ROW_BYTES => {
            *at = end;
            Ok(true)
        }
        Ok(_) | Err(RowFault) => {
            let end =
                memchr::memchr2(b'\n', b'\r', &bytes[start..]).map_or(bytes.len(), |index| start + index);
            let line = 1 + line_ends(&bytes[..start]);
            Err(tape.refusal(&bytes[start..end], rows + 1, line, columns))
        }
    }
}

impl Records {
    fn new(text: Bytes) -> Self {
        let reader = std::io::Read::chain(BEFORE, Cursor::new(text.clone()));
        // Ragged rows are ours to report: with both counts, row and line.
        let reader = ReaderBuilder::new().has_headers(false).flexible(true).from_reader(reader);
        Self { text, reader, record: StringRecord::new() }
    }

    /// Reads one row; false at the end of the chunk.
    fn next_row(
        &mut self,
        tape: &CsvTape,
        rows: u64,
        columns: &mut [ColumnReader],
    ) -> Result<bool, PipelineError> {
        let before = self.reader.position().clone();
        let read = self.reader.read_record(&mut self.record);
        if matches!(read, Ok(false)) {
            return Ok(false);
        }
        let start = self.offset(&before);
        let start = start + self.text[start..].iter().take_while(|&&byte| is_line_end(byte)).count();
        let end = self.offset(self.reader.position());
        let line = || 1 + line_ends(&self.text[..start]);
        if end.saturating_sub(start) as u64 > MAX_ROW_BYTES + 1 {
            return Err(tape.too_long(rows + 1, line()));
        }
        if let Err(error) = read {
            return Err(tape.record_error(error, rows + 1, line(), columns));
        }
        tape.push(&self.record, rows + 1, line, columns)?;
        Ok(true)
    }

    /// Where a position lies in the chunk.
    fn offset(&self, position: &Position) -> usize {
        let offset = position.byte().saturating_sub(BEFORE.len() as u64);
        usize::try_from(offset).map_or(self.text.len(), |offset| offset.min(self.text.len()))
    }
}
