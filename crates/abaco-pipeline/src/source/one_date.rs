//! Only the rows of one date, whatever else a part holds.

use arrow::array::{Array, AsArray, BooleanArray};
use arrow::compute::filter_record_batch;
use arrow::datatypes::Date32Type;
use arrow::record_batch::RecordBatch;

use super::ColumnReader;
use super::part::{Extent, Part, Parts, Passed};
use super::refused::{Refusals, RefusedRow};
use crate::PipelineError;

/// Parts that hand over the rows of one date, and those without any.
///
/// A row without a date stays, because leaving it out would hide that it has none; so does a refused row, of which
/// nobody knows whether its date is what it says.
pub(crate) struct OneDate {
    pub(crate) parts: Box<dyn Parts>,
    pub(crate) rows: RowsOf,
}

/// Which rows are handed over.
#[derive(Clone)]
pub(crate) struct RowsOf {
    pub(crate) path: std::path::PathBuf,
    /// Position of the date column in a batch.
    pub(crate) column: usize,
    /// Days since 1970-01-01.
    pub(crate) days: i64,
}

struct OneDatePart {
    part: Box<dyn Part>,
    rows: RowsOf,
}

impl Parts for OneDate {
    fn next_part(&mut self) -> Result<Option<Box<dyn Part>>, PipelineError> {
        let part = self.parts.next_part()?;
        Ok(part.map(|part| Box::new(OneDatePart { part, rows: self.rows.clone() }) as Box<dyn Part>))
    }

    fn in_order(&self) -> bool {
        self.parts.in_order()
    }

    fn passed(&mut self) -> Passed {
        self.parts.passed()
    }
}

impl Part for OneDatePart {
    fn next_batch(
        &mut self,
        columns: &mut [ColumnReader],
        refusals: &mut Refusals,
    ) -> Result<Option<RecordBatch>, PipelineError> {
        match self.part.next_batch(columns, refusals)? {
            Some(batch) => self.rows.of(&batch, refusals.noted()).map(Some),
            None => Ok(None),
        }
    }

    fn extent(&self) -> Extent {
        self.part.extent()
    }
}

impl RowsOf {
    /// The wanted rows of a batch; the refused ones are counted anew.
    fn of(&self, batch: &RecordBatch, refused: &mut [RefusedRow]) -> Result<RecordBatch, PipelineError> {
        let Some(dates) = batch.column(self.column).as_primitive_opt::<Date32Type>() else {
            return Ok(batch.clone());
        };
        let mut wanted: Vec<bool> = (0..dates.len())
            .map(|row| dates.is_null(row) || i64::from(dates.value(row)) == self.days)
            .collect();
        for row in refused.iter() {
            wanted[row.row] = true;
        }
        let (mut counted, mut kept) = (0, 0);
        for row in refused {
            kept += wanted[counted..row.row].iter().filter(|&&wanted| wanted).count();
            counted = row.row;
            row.row = kept;
        }
        filter_record_batch(batch, &BooleanArray::from(wanted))
            .map_err(|error| PipelineError::arrow(&self.path, error))
    }
}
