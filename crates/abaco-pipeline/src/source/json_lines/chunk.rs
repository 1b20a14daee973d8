//! A chunk of whole lines.

use std::borrow::Cow;
use std::sync::Arc;

use arrow::record_batch::{RecordBatch, RecordBatchOptions};

use super::keys::{Key, Keys};
use super::row::{cell, each_key, is_blank, push};
use super::{JsonTape, too_long};
use crate::PipelineError;
use crate::source::column_reader::ColumnReader;
use crate::source::fault::{Fault, Telling};
use crate::source::lines::Lines;
use crate::source::part::{Extent, Part};
use crate::source::refused::Refusals;
use crate::source::splitter::MAX_ROW_BYTES;

/// A part of a tape of JSON lines.
pub(super) struct Chunk {
    tape: Arc<JsonTape>,
    text: Vec<u8>,
    /// Offset of the next line.
    at: usize,
    lines: Lines,
    keys: Keys,
    extent: Extent,
}

/// What is wrong with a row apart from its cells.
enum Wrong {
    Expected(Cow<'static, str>, Cow<'static, str>),
    TooLong,
}

impl Chunk {
    pub(super) fn new(tape: Arc<JsonTape>, text: Vec<u8>) -> Self {
        let keys = Keys::new(&tape);
        Self { tape, text, at: 0, lines: Lines::default(), keys, extent: Extent::default() }
    }

    /// Reads the next line that is not blank, the row of the batch that is given; false at the end.
    fn next_row(
        &mut self,
        batch_row: usize,
        columns: &mut [ColumnReader],
        refusals: &mut Refusals,
    ) -> Result<bool, PipelineError> {
        let (start, line) = loop {
            let start = self.at;
            if start >= self.text.len() {
                return Ok(false);
            }
            let end = memchr::memchr(b'\n', &self.text[start..]).map_or(self.text.len(), |end| start + end);
            self.at = end + 1;
            let line = &self.text[start..end];
            if !is_blank(line) {
                break (start, line);
            }
        };
        let bytes = line.strip_suffix(b"\r").unwrap_or(line).len() as u64;
        let row = self.extent.rows + 1;
        if bytes > 2 * MAX_ROW_BYTES {
            return Err(too_long(&self.tape.input, row, 1 + self.lines.before(&self.text, start)));
        }
        let (line, readable) = match std::str::from_utf8(line) {
            Ok(line) => (Cow::Borrowed(line), true),
            Err(_) => (String::from_utf8_lossy(line), false),
        };
        let mut values = vec![None; columns.len()];
        let mut wrong = read_keys(&self.tape, &mut self.keys, &line, &mut values);
        if !readable {
            wrong = Some(Wrong::Expected("utf-8 text".into(), "other bytes".into()));
        }
        if bytes > MAX_ROW_BYTES {
            wrong = Some(Wrong::TooLong);
        }
        let of_arrow = |error| PipelineError::arrow(&self.tape.input.path, error);
        let mut telling = Telling::default();
        for (index, (column, value)) in columns.iter_mut().zip(&values).enumerate() {
            // Where keys could not be told apart, nothing is said about a cell that is not there.
            let fault = if (value.is_none() && wrong.is_some()) || !readable {
                column.push_missing().map_err(of_arrow)?;
                None
            } else {
                push(column, *value).err()
            };
            if let Some(fault) = fault {
                column.push_refused(fault).map_err(of_arrow)?;
                telling.note(column.drops(fault), index, fault);
            }
        }
        let refused = telling.told();
        if wrong.is_some() || refused.is_some() {
            let line = 1 + self.lines.before(&self.text, start);
            let error = self.tape.error((row, line), wrong, refused, &values, columns);
            refusals.refuse(batch_row, error, || {
                values.iter().map(|value| value.and_then(cell).map(Cow::into_owned)).collect()
            })?;
        }
        self.extent.rows = row;
        Ok(true)
    }
}

/// Finds the values of the columns, and what is wrong with the keys.
fn read_keys<'t>(
    tape: &JsonTape,
    keys: &mut Keys,
    line: &'t str,
    values: &mut [Option<&'t str>],
) -> Option<Wrong> {
    let mut wrong = None;
    keys.begin_row();
    let read = each_key(line, |key, value| {
        let (meaning, twice) = keys.next(tape, key);
        if twice && wrong.is_none() {
            let key = crate::contract::normalise(key);
            wrong = Some(Wrong::Expected("each key once".into(), format!("`{}` twice", shown(&key)).into()));
        } else if meaning == Key::Late && wrong.is_none() {
            let key = crate::contract::normalise(key);
            let expected = format!("the key `{}` at the beginning of the tape", shown(&key));
            wrong = Some(Wrong::Expected(expected.into(), "it here first".into()));
        }
        if let (Key::Header(position), false) = (meaning, twice)
            && let Some(slot) = tape.readers[position].and_then(|index| values.get_mut(index))
        {
            *slot = Some(value);
        }
    });
    match read {
        Ok(()) => wrong,
        Err(no_object) => {
            values.fill(None);
            Some(Wrong::Expected("one json object".into(), no_object.0.into()))
        }
    }
}

/// A key for an error, on one line.
fn shown(key: &str) -> String {
    key.chars().take(64).flat_map(char::escape_debug).collect()
}

impl JsonTape {
    fn error(
        &self,
        (row, line): (u64, u64),
        wrong: Option<Wrong>,
        refused: Option<(usize, Fault)>,
        values: &[Option<&str>],
        columns: &[ColumnReader],
    ) -> PipelineError {
        let path = &self.input.path;
        match (wrong, refused) {
            (Some(Wrong::TooLong), _) => too_long(&self.input, row, line),
            (Some(Wrong::Expected(expected, found)), _) => PipelineError::JsonRow {
                path: path.clone(),
                row,
                line,
                expected: expected.into_owned(),
                found: found.into_owned(),
            },
            (None, Some((index, fault))) => {
                let cell = values[index].and_then(cell).unwrap_or_default();
                fault.at(path, row, Some(line), &columns[index].bound, &cell)
            }
            (None, None) => super::corrupt(&self.input, format!("row {row} (line {line}), which fits")),
        }
    }
}

impl Part for Chunk {
    fn next_batch(
        &mut self,
        columns: &mut [ColumnReader],
        refusals: &mut Refusals,
    ) -> Result<Option<RecordBatch>, PipelineError> {
        let mut rows = 0;
        while rows < self.tape.batch_rows && self.next_row(rows, columns, refusals)? {
            rows += 1;
        }
        if rows < self.tape.batch_rows {
            self.extent.lines = self.lines.before(&self.text, self.text.len());
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
