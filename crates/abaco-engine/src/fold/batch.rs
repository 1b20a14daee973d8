//! A record batch seen through the columns that a plan reads.

use std::ops::Range;

use abaco_kpi::pow10;
use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, RecordBatch, StringArray};
use arrow::buffer::{NullBuffer, ScalarBuffer};
use arrow::compute::cast;
use arrow::datatypes::{
    DataType, Date32Type, Decimal32Type, Decimal64Type, Decimal128Type, Int32Type, Int64Type,
};

use crate::EngineError;
use crate::plan::columns::TapeColumn;
use crate::plan::node::ColumnId;

/// The values of a column in the physical type that the fold reads.
#[derive(Clone, Debug)]
pub(crate) enum Physical {
    I32(ScalarBuffer<i32>),
    I64(ScalarBuffer<i64>),
    I128(ScalarBuffer<i128>),
    Date(ScalarBuffer<i32>),
    Boolean(BooleanArray),
    Text(StringArray),
    /// Dictionary codes and the texts they stand for.
    Codes(ScalarBuffer<i32>, StringArray),
}

/// A column of a batch.
#[derive(Clone, Debug)]
pub(crate) struct BatchColumn {
    pub(crate) physical: Physical,
    pub(crate) nulls: Option<NullBuffer>,
}

/// The columns of a batch, in the plan's order.
#[derive(Debug)]
pub(crate) struct Batch {
    pub(crate) columns: Vec<BatchColumn>,
    pub(crate) rows: usize,
}

impl Batch {
    pub(crate) fn new(batch: &RecordBatch, columns: &[TapeColumn]) -> Result<Self, EngineError> {
        Self::of_rows(batch, 0..batch.num_rows(), columns)
    }

    /// Some of the rows of a batch; nothing is copied.
    pub(crate) fn of_rows(
        batch: &RecordBatch,
        rows: Range<usize>,
        columns: &[TapeColumn],
    ) -> Result<Self, EngineError> {
        let read = columns.iter().map(|column| batch_column(batch, &rows, column));
        Ok(Self { columns: read.collect::<Result<_, _>>()?, rows: rows.len() })
    }

    pub(crate) fn column(&self, id: ColumnId) -> &BatchColumn {
        &self.columns[id.0]
    }
}

fn batch_column(
    batch: &RecordBatch,
    rows: &Range<usize>,
    column: &TapeColumn,
) -> Result<BatchColumn, EngineError> {
    let mismatch = |found: String| EngineError::Schema {
        column: column.column.clone(),
        expected: column.data_type.to_string(),
        found,
    };
    let array = array_of(batch, column).ok_or_else(|| mismatch("no such column".to_owned()))?;
    if *array.data_type() != column.data_type {
        return Err(mismatch(array.data_type().to_string()));
    }
    let read = match rows.len() == array.len() {
        true => physical(array),
        false => physical(&array.slice(rows.start, rows.len())),
    };
    let read = read.map_err(mismatch)?;
    if column.checked {
        check_precision(column, &read).map_err(|error| error.shifted(rows.start))?;
    }
    Ok(read)
}

/// The column of this name, which lies where it lay in the schema of the plan unless the batch has another order.
fn array_of<'b>(batch: &'b RecordBatch, column: &TapeColumn) -> Option<&'b ArrayRef> {
    let name = column.column.name();
    match batch.schema_ref().fields().get(column.index) {
        Some(field) if field.name() == name => batch.columns().get(column.index),
        _ => batch.column_by_name(name),
    }
}

fn physical(array: &ArrayRef) -> Result<BatchColumn, String> {
    let simplified = |target: &DataType| cast(array, target).map_err(|error| error.to_string());
    let nulls = array.nulls().cloned();
    let physical = match array.data_type() {
        DataType::Int8 | DataType::Int16 | DataType::UInt8 | DataType::UInt16 => {
            Physical::I32(simplified(&DataType::Int32)?.as_primitive::<Int32Type>().values().clone())
        }
        DataType::UInt32 => {
            Physical::I64(simplified(&DataType::Int64)?.as_primitive::<Int64Type>().values().clone())
        }
        DataType::Int32 => Physical::I32(array.as_primitive::<Int32Type>().values().clone()),
        DataType::Int64 => Physical::I64(array.as_primitive::<Int64Type>().values().clone()),
        DataType::Decimal32(..) => Physical::I32(array.as_primitive::<Decimal32Type>().values().clone()),
        DataType::Decimal64(..) => Physical::I64(array.as_primitive::<Decimal64Type>().values().clone()),
        DataType::Decimal128(..) => Physical::I128(array.as_primitive::<Decimal128Type>().values().clone()),
        DataType::Date32 => Physical::Date(array.as_primitive::<Date32Type>().values().clone()),
        DataType::Boolean => Physical::Boolean(array.as_boolean().clone()),
        DataType::Utf8 => Physical::Text(array.as_string::<i32>().clone()),
        DataType::Dictionary(_, _) => {
            let target = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
            let coded = simplified(&target)?;
            let coded = coded.as_dictionary::<Int32Type>();
            Physical::Codes(coded.keys().values().clone(), coded.values().as_string::<i32>().clone())
        }
        _ => Physical::Text(simplified(&DataType::Utf8)?.as_string::<i32>().clone()),
    };
    // A dictionary may hold NULL among its values; the logical nulls know of both kinds.
    let nulls = match &physical {
        Physical::Codes(..) => array.logical_nulls(),
        _ => nulls,
    };
    Ok(BatchColumn { physical, nulls: nulls.filter(|nulls| nulls.null_count() > 0) })
}

/// Arrow does not hold decimals to their declared precision; where a bound relies on it, we do.
fn check_precision(column: &TapeColumn, read: &BatchColumn) -> Result<(), EngineError> {
    let precision = match column.data_type {
        DataType::Decimal32(precision, _)
        | DataType::Decimal64(precision, _)
        | DataType::Decimal128(precision, _) => precision,
        _ => return Ok(()),
    };
    let Some(limit) = pow10(precision.into()).map(i128::unsigned_abs) else { return Ok(()) };
    let valid = |row: usize| read.nulls.as_ref().is_none_or(|nulls| nulls.is_valid(row));
    let row = match &read.physical {
        Physical::I32(values) => {
            values.iter().enumerate().position(|(row, v)| u128::from(v.unsigned_abs()) >= limit && valid(row))
        }
        Physical::I64(values) => {
            values.iter().enumerate().position(|(row, v)| u128::from(v.unsigned_abs()) >= limit && valid(row))
        }
        Physical::I128(values) => {
            values.iter().enumerate().position(|(row, v)| v.unsigned_abs() >= limit && valid(row))
        }
        _ => None,
    };
    match row {
        Some(row) => Err(EngineError::Precision { column: column.column.clone(), row, precision }),
        None => Ok(()),
    }
}
