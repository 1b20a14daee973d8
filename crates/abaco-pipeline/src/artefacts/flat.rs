//! Batches as every reader of the formats understands them.
//!
//! Dictionaries become what they stand for, since each batch has its own, and decimals of 64 bits become those of 128,
//! which readers older than this Arrow know. Metadata is dropped: its order is not fixed.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Decimal64Type, Decimal128Type, Field, Schema};
use arrow::error::ArrowError;
use arrow::record_batch::{RecordBatch, RecordBatchOptions};

/// The schema of a flat batch.
pub fn flat_schema(schema: &Schema) -> Schema {
    let fields = schema.fields().iter();
    Schema::new(
        fields
            .map(|field| Field::new(field.name(), flat_type(field.data_type()), field.is_nullable()))
            .collect::<Vec<_>>(),
    )
}

/// A batch with the same rows and a flat schema; for one that is flat already nothing is copied.
///
/// [`TableWriter`](super::TableWriter) does this itself; whoever has threads to spare does it before.
///
/// # Errors
/// Arrow's, for a dictionary whose texts do not fit one column.
pub fn flat_batch(batch: &RecordBatch) -> Result<RecordBatch, ArrowError> {
    let columns = batch.columns().iter().map(flat_array).collect::<Result<Vec<_>, _>>()?;
    let rows = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    RecordBatch::try_new_with_options(Arc::new(flat_schema(&batch.schema())), columns, &rows)
}

fn flat_type(data_type: &DataType) -> DataType {
    match data_type {
        DataType::Dictionary(_, value) => flat_type(value),
        DataType::Decimal64(precision, scale) => DataType::Decimal128(*precision, *scale),
        other => other.clone(),
    }
}

fn flat_array(array: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    match array.data_type() {
        DataType::Dictionary(_, value) => flat_array(&cast(array, value)?),
        DataType::Decimal64(precision, scale) => {
            let wide = array.as_primitive::<Decimal64Type>().unary::<_, Decimal128Type>(i128::from);
            Ok(Arc::new(wide.with_precision_and_scale(*precision, *scale)?))
        }
        _ => Ok(ArrayRef::clone(array)),
    }
}
