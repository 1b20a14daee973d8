//! JSON lines: one object in each line, in chunks of whole lines.
//!
//! The header is the keys of the tape's beginning: of the objects in its first mebibyte, or of the first object if that
//! is longer. A column of the contract that comes first behind it refuses its row, so that it is not lost.

mod chunk;
mod head;
mod keys;
mod line_ends;
mod row;

use std::collections::HashSet;
use std::io::{Chain, Cursor};
use std::sync::Arc;

use arrow::datatypes::SchemaRef;

use self::chunk::Chunk;
use self::line_ends::LineEnds;
use super::column_reader::ColumnReader;
use super::part::{Part, Parts, Passed};
use super::splitter::{MAX_ROW_BYTES, SplitFault, Splitter};
use super::text_stream::TextStream;
use super::{Format, Input};
use crate::PipelineError;
use crate::contract::Contract;

/// What was read for the header, and the rest.
type Text = Chain<Cursor<Vec<u8>>, TextStream>;

/// A tape of JSON lines whose keys are known.
pub(crate) struct JsonFile {
    input: Arc<Input>,
    splitter: Splitter<Text, LineEnds>,
    headers: Vec<String>,
}

/// What the chunks of a tape have in common.
struct JsonTape {
    input: Arc<Input>,
    headers: Vec<String>,
    /// For each key of the header, which of the columns it is read into.
    readers: Vec<Option<usize>>,
    /// What the contract calls its columns, apart from the header.
    others: HashSet<String>,
    schema: SchemaRef,
    batch_rows: usize,
}

/// The chunks that have not been handed out.
struct Chunks {
    tape: Arc<JsonTape>,
    splitter: Splitter<Text, LineEnds>,
}

impl JsonFile {
    /// Opens the tape and reads the keys of its beginning, trimmed and lower-cased.
    pub(crate) fn open(mut stream: TextStream, chunk_bytes: usize) -> Result<Self, PipelineError> {
        let input = Arc::clone(stream.input());
        let beginning = head::read(&mut stream)?;
        let headers = head::headers(&input, &beginning)?;
        let text = std::io::Read::chain(Cursor::new(beginning), stream);
        Ok(Self { input, splitter: Splitter::new(text, chunk_bytes), headers })
    }

    /// The keys, in the order in which they appear.
    pub(crate) fn headers(&self) -> &[String] {
        &self.headers
    }

    /// Reads some of the columns.
    pub(crate) fn read(
        self,
        contract: &HashSet<String>,
        columns: &[ColumnReader],
        schema: SchemaRef,
        batch_rows: usize,
    ) -> impl Parts + use<> {
        let mut readers = vec![None; self.headers.len()];
        for (index, column) in columns.iter().enumerate() {
            readers[column.bound.index] = Some(index);
        }
        let known: HashSet<&String> = self.headers.iter().collect();
        let others = contract.iter().filter(|name| !known.contains(name)).cloned().collect();
        let tape = JsonTape { input: self.input, headers: self.headers, readers, others, schema, batch_rows };
        Chunks { tape: Arc::new(tape), splitter: self.splitter }
    }
}

/// All the headers that mean a column of the contract.
pub(crate) fn declared(contract: &Contract) -> HashSet<String> {
    contract.columns().iter().flat_map(|column| column.headers()).map(str::to_owned).collect()
}

impl Parts for Chunks {
    fn next_part(&mut self) -> Result<Option<Box<dyn Part>>, PipelineError> {
        match self.splitter.next_chunk() {
            Ok(None) => Ok(None),
            Ok(Some(text)) => Ok(Some(Box::new(Chunk::new(Arc::clone(&self.tape), text)))),
            // All rows before it were handed out.
            Err(SplitFault::TooLong | SplitFault::OpenQuote) => Err(too_long(&self.tape.input, 1, 1)),
            Err(SplitFault::Io(error)) => Err(self.splitter.reader().get_ref().1.refused(error)),
        }
    }

    fn in_order(&self) -> bool {
        true
    }

    fn passed(&mut self) -> Passed {
        Passed::InOrder(self.splitter.reader().get_mut().1.passed())
    }
}

fn too_long(input: &Input, row: u64, line: u64) -> PipelineError {
    PipelineError::RowTooLong { path: input.path.clone(), row, line, limit: MAX_ROW_BYTES }
}

fn corrupt(input: &Input, message: String) -> PipelineError {
    PipelineError::Corrupt { path: input.path.clone(), format: Format::JsonLines, message }
}
