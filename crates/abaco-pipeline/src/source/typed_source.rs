//! What Parquet and IPC share: batches with types of their own, converted column by column.

use std::sync::Arc;

use arrow::array::ArrayRef;
use arrow::datatypes::{Schema, SchemaRef};
use arrow::error::ArrowError;
use arrow::record_batch::{RecordBatch, RecordBatchOptions};

use super::IngestReport;
use super::column_reader::ColumnReader;
use super::guard::guarded;
use super::typed::{self, ArrayFault};
use super::{Format, Input, Source};
use crate::PipelineError;
use crate::contract::Bound;

/// A reader's batches, which have only the selected columns, in the order of the file.
pub(crate) type Batches = Box<dyn Iterator<Item = Result<RecordBatch, ArrowError>> + Send>;

/// A Parquet or IPC tape.
pub(crate) struct TypedSource {
    pub(crate) input: Input,
    pub(crate) format: Format,
    pub(crate) digest: (String, u64),
    pub(crate) batches: Batches,
    /// Each column of the output with its position in a batch.
    pub(crate) columns: Vec<(usize, ColumnReader)>,
    pub(crate) schema: SchemaRef,
    pub(crate) batch_rows: usize,
    pub(crate) rows: u64,
    /// What is left of a batch that was larger than asked for.
    pub(crate) rest: Option<RecordBatch>,
}

impl TypedSource {
    fn next_raw(&mut self) -> Result<Option<RecordBatch>, PipelineError> {
        loop {
            let batch = match self.rest.take() {
                Some(batch) => batch,
                None => match decode(&self.input, self.format, || self.batches.next().transpose())? {
                    Some(batch) => batch,
                    None => return Ok(None),
                },
            };
            if batch.num_rows() > self.batch_rows {
                self.rest = Some(batch.slice(self.batch_rows, batch.num_rows() - self.batch_rows));
                return Ok(Some(batch.slice(0, self.batch_rows)));
            }
            if batch.num_rows() > 0 {
                return Ok(Some(batch));
            }
        }
    }

    fn convert(&mut self, batch: &RecordBatch) -> Result<RecordBatch, PipelineError> {
        let mut arrays: Vec<ArrayRef> = Vec::with_capacity(self.columns.len());
        for (position, column) in &mut self.columns {
            let array = typed::read(column, batch.column(*position)).map_err(|fault| match fault {
                ArrayFault::Cell(index, fault, cell) => {
                    fault.at(&self.input.path, self.rows + index as u64 + 1, None, &column.bound, &cell)
                }
                ArrayFault::Arrow(error) => PipelineError::arrow(&self.input.path, error),
            })?;
            arrays.push(array);
        }
        let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        RecordBatch::try_new_with_options(Arc::clone(&self.schema), arrays, &options)
            .map_err(|source| PipelineError::arrow(&self.input.path, source))
    }
}

impl Source for TypedSource {
    fn next_batch(&mut self, report: &mut IngestReport) -> Result<Option<RecordBatch>, PipelineError> {
        let Some(raw) = self.next_raw()? else {
            self.input.check_unchanged()?;
            report.complete(self.digest.0.clone(), self.digest.1);
            return Ok(None);
        };
        let batch = self.convert(&raw)?;
        self.rows += batch.num_rows() as u64;
        report.update(self.rows, self.columns.iter().map(|(_, column)| column));
        Ok(Some(batch))
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

/// The columns to read, with their positions once the file's other columns are left out.
pub(crate) fn project(columns: Vec<ColumnReader>) -> (Vec<usize>, Vec<(usize, ColumnReader)>) {
    let mut wanted: Vec<usize> = columns.iter().map(|column| column.bound.index).collect();
    wanted.sort_unstable();
    let positions = columns
        .into_iter()
        .map(|column| (wanted.partition_point(|&index| index < column.bound.index), column))
        .collect();
    (wanted, positions)
}
