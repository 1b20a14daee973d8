//! From a tape to Arrow.

use std::sync::Arc;

use abaco_kpi::Column;
use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow::datatypes::{Field, Schema, SchemaRef};
use arrow::error::ArrowError;

use super::{Cell, CellType, Layout, Tape, Width, arrays};
use crate::TapeError;

impl From<ArrowError> for TapeError {
    fn from(error: ArrowError) -> Self {
        Self::Arrow(error.to_string())
    }
}

impl Tape {
    /// The Arrow schema; every column may be NULL.
    pub fn schema(&self, layout: impl Into<Layout>) -> SchemaRef {
        let layout = layout.into();
        let field =
            |(column, kind): &(Column, CellType)| Field::new(column.name(), layout.data_type(*kind), true);
        Arc::new(Schema::new(self.columns.iter().map(field).collect::<Vec<_>>()))
    }

    /// The whole tape as one batch.
    ///
    /// Under its NULLs lies junk, and its dictionaries hold values twice, as those of real batches may.
    ///
    /// ```
    /// use abaco_testkit::{Tape, Width};
    /// use arrow::datatypes::DataType;
    ///
    /// let tape = Tape::new().money("ead", [150_00])?;
    /// let batch = tape.to_batch(Width::Decimal128)?;
    /// assert_eq!(batch.column(0).data_type(), &DataType::Decimal128(38, 2));
    /// # Ok::<(), abaco_testkit::TapeError>(())
    /// ```
    ///
    /// # Errors
    /// [`TapeError::TooLarge`] if the width cannot hold a number, [`TapeError::Arrow`] for a scale beyond it.
    pub fn to_batch(&self, layout: impl Into<Layout>) -> Result<RecordBatch, TapeError> {
        let layout = layout.into();
        let columns = (0..self.columns.len()).map(|index| self.array(index, layout));
        let columns = columns.collect::<Result<Vec<_>, _>>()?;
        let options = RecordBatchOptions::new().with_row_count(Some(self.len()));
        Ok(RecordBatch::try_new_with_options(self.schema(layout), columns, &options)?)
    }

    /// The tape as batches of at most `rows_max` rows (at least 1); an empty tape is one empty batch.
    ///
    /// # Errors
    /// Those of [`to_batch`](Self::to_batch).
    pub fn to_batches(
        &self,
        layout: impl Into<Layout>,
        rows_max: usize,
    ) -> Result<Vec<RecordBatch>, TapeError> {
        let (layout, size) = (layout.into(), rows_max.max(1));
        let starts = (0..self.len().max(1)).step_by(size);
        starts.map(|start| self.select(start..(start + size).min(self.len())).to_batch(layout)).collect()
    }

    /// Whether the width can hold every number of the tape.
    pub fn fits(&self, width: Width) -> bool {
        self.numbers(|units| width.holds(units))
    }

    /// Whether every number keeps to the precision that the width declares.
    pub fn keeps_to_declared(&self, width: Width) -> bool {
        self.numbers(|units| width.declares(units))
    }

    fn numbers(&self, accept: impl Fn(i128) -> bool) -> bool {
        self.rows.iter().flatten().all(|cell| match cell {
            Cell::Number(units) => accept(*units),
            _ => true,
        })
    }

    fn array(&self, index: usize, layout: Layout) -> Result<ArrayRef, TapeError> {
        let (column, cell_type) = &self.columns[index];
        let cells: Vec<&Cell> = self.rows.iter().map(|row| &row[index]).collect();
        match cell_type {
            CellType::Number { .. } => {
                arrays::decimals(column, &cells, layout.width, &layout.data_type(*cell_type))
            }
            CellType::Integer => Ok(arrays::integers(&cells)),
            CellType::Date => Ok(arrays::dates(&cells)),
            CellType::Boolean => Ok(arrays::booleans(&cells)),
            CellType::Text => arrays::texts(&cells, layout.text),
        }
    }
}
