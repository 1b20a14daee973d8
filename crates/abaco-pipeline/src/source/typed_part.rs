//! What Parquet and IPC share: batches with types of their own, converted column by column.

use std::sync::Arc;

use arrow::array::ArrayRef;
use arrow::datatypes::{Schema, SchemaRef};
use arrow::error::ArrowError;
use arrow::record_batch::{RecordBatch, RecordBatchOptions};

use super::column_reader::ColumnReader;
use super::fault::Fault;
use super::guard::guarded;
use super::part::{Extent, Part};
use super::refused::Refusals;
use super::typed::{self, Printed};
use super::{Format, Input};
use crate::PipelineError;
use crate::contract::Bound;

/// A part's batches, which have only the selected columns, in the order of the file.
pub(crate) type Batches = Box<dyn Iterator<Item = Result<RecordBatch, ArrowError>> + Send>;

/// What makes a part's decoder, on the thread that will use it.
pub(crate) type OpenPart = Box<dyn FnOnce() -> Result<Batches, PipelineError> + Send>;

/// What the parts of a Parquet or IPC tape have in common.
#[derive(Debug)]
pub(crate) struct TypedTape {
    pub(crate) input: Arc<Input>,
    pub(crate) format: Format,
    /// Position of each column of the output in a decoded batch.
    pub(crate) positions: Vec<usize>,
    pub(crate) schema: SchemaRef,
    pub(crate) batch_rows: usize,
}

/// A row group of a Parquet file or a batch of an IPC file.
pub(crate) struct TypedPart {
    tape: Arc<TypedTape>,
    source: Source,
    rows: u64,
    /// What is left of a batch that was larger than asked for.
    rest: Option<RecordBatch>,
}

enum Source {
    Closed(OpenPart),
    Open(Batches),
    Done,
}

impl TypedPart {
    pub(crate) fn new(tape: Arc<TypedTape>, open: OpenPart) -> Self {
        Self { tape, source: Source::Closed(open), rows: 0, rest: None }
    }

    fn decoded(&mut self) -> Result<Option<RecordBatch>, PipelineError> {
        let mut batches = match std::mem::replace(&mut self.source, Source::Done) {
            Source::Closed(open) => open()?,
            Source::Open(batches) => batches,
            Source::Done => return Ok(None),
        };
        let batch = decode(&self.tape.input, self.tape.format, || batches.next().transpose())?;
        if batch.is_some() {
            self.source = Source::Open(batches);
        }
        Ok(batch)
    }

    fn next_raw(&mut self) -> Result<Option<RecordBatch>, PipelineError> {
        let limit = self.tape.batch_rows;
        loop {
            let batch = match self.rest.take() {
                Some(batch) => batch,
                None => match self.decoded()? {
                    Some(batch) => batch,
                    None => return Ok(None),
                },
            };
            if batch.num_rows() > limit {
                self.rest = Some(batch.slice(limit, batch.num_rows() - limit));
                return Ok(Some(batch.slice(0, limit)));
            }
            if batch.num_rows() > 0 {
                return Ok(Some(batch));
            }
        }
    }

    fn convert(
        &self,
        batch: &RecordBatch,
        columns: &mut [ColumnReader],
        refusals: &mut Refusals,
    ) -> Result<RecordBatch, PipelineError> {
        let of_arrow = |source| PipelineError::arrow(&self.tape.input.path, source);
        let mut arrays: Vec<ArrayRef> = Vec::with_capacity(columns.len());
        let (mut cells, mut refused) = (Vec::new(), Vec::new());
        for (index, (position, column)) in self.tape.positions.iter().zip(&mut *columns).enumerate() {
            arrays.push(typed::read(column, batch.column(*position), &mut cells).map_err(of_arrow)?);
            refused.extend(cells.drain(..).map(|(row, fault)| (row, index, fault)));
        }
        if !refused.is_empty() {
            self.refuse(batch, columns, refused, refusals)?;
        }
        let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        RecordBatch::try_new_with_options(Arc::clone(&self.tape.schema), arrays, &options).map_err(of_arrow)
    }

    /// Refuses the rows of refused cells, which are given by row and column; a row's first column tells why, and one for
    /// whose null the contract drops the row only where there is no other.
    fn refuse(
        &self,
        batch: &RecordBatch,
        columns: &[ColumnReader],
        mut refused: Vec<(usize, usize, Fault)>,
        refusals: &mut Refusals,
    ) -> Result<(), PipelineError> {
        let path = &self.tape.input.path;
        let arrays = self.tape.positions.iter().map(|&position| Printed::new(batch.column(position)));
        let printed: Vec<Printed> =
            arrays.collect::<Result<_, _>>().map_err(|error| PipelineError::arrow(path, error))?;
        refused.sort_unstable_by_key(|&(row, column, fault)| (row, columns[column].drops(fault), column));
        refused.dedup_by_key(|&mut (row, ..)| row);
        for (row, column, fault) in refused {
            let cell = printed[column].cell(row).unwrap_or_default();
            let error = fault.at(path, self.rows + row as u64 + 1, None, &columns[column].bound, &cell);
            refusals.refuse(row, error, || printed.iter().map(|column| column.cell(row)).collect())?;
        }
        Ok(())
    }
}

impl Part for TypedPart {
    fn next_batch(
        &mut self,
        columns: &mut [ColumnReader],
        refusals: &mut Refusals,
    ) -> Result<Option<RecordBatch>, PipelineError> {
        let Some(raw) = self.next_raw()? else { return Ok(None) };
        let batch = self.convert(&raw, columns, refusals)?;
        self.rows += batch.num_rows() as u64;
        Ok(Some(batch))
    }

    fn extent(&self) -> Extent {
        Extent { rows: self.rows, lines: 0 }
    }
}

/// Runs a decoder; an error or a panic says that the file is damaged.
pub(crate) fn decode<T, E: std::fmt::Display>(
    input: &Input,
    format: Format,
    decoder: impl FnOnce() -> Result<T, E>,
) -> Result<T, PipelineError> {
    let corrupt = |message| PipelineError::Corrupt { path: input.path.clone(), format, message };
    guarded(decoder).map_err(corrupt)?.map_err(|error| corrupt(error.to_string()))
}

/// Refuses a column whose physical type the contract does not take, needed or not.
pub(crate) fn check_types(input: &Input, bound: &[Bound], schema: &Schema) -> Result<(), PipelineError> {
    for bound in bound {
        let found = schema.field(bound.index).data_type();
        if !typed::accepts(&bound.column, found) {
            return Err(PipelineError::ColumnType {
                path: input.path.clone(),
                column: bound.label(),
                expected: bound.column.column_type,
                found: typed::type_name(found),
            });
        }
    }
    Ok(())
}

/// The positions to read, ascending, and where among them each column is.
pub(crate) fn project(columns: &[ColumnReader]) -> (Vec<usize>, Vec<usize>) {
    let mut wanted: Vec<usize> = columns.iter().map(|column| column.bound.index).collect();
    wanted.sort_unstable();
    let position = |column: &ColumnReader| wanted.partition_point(|&index| index < column.bound.index);
    let positions = columns.iter().map(position).collect();
    (wanted, positions)
}
