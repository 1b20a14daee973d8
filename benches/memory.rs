//! The limit: a wrapping sum over the same slices, on the same threads.

use abaco_loans::arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use abaco_loans::arrow::datatypes::{
    DataType, Date32Type, Decimal32Type, Decimal64Type, Decimal128Type, Int32Type, Int64Type,
};
use rayon::prelude::*;

/// Sums the values of the named columns, as they lie in memory.
pub fn read(batches: &[RecordBatch], columns: &[String]) -> i128 {
    let sum = |batch: &RecordBatch| {
        let arrays = columns.iter().filter_map(|name| batch.column_by_name(name));
        arrays.map(array).fold(0i128, i128::wrapping_add)
    };
    batches.par_iter().map(sum).reduce(|| 0, i128::wrapping_add)
}

/// Bytes of the values of the named columns.
pub fn bytes(batches: &[RecordBatch], columns: &[String]) -> u64 {
    let arrays =
        batches.iter().flat_map(|batch| columns.iter().filter_map(|name| batch.column_by_name(name)));
    arrays.map(|array| (array.len() * value_bytes(array)) as u64).sum()
}

fn value_bytes(array: &ArrayRef) -> usize {
    match array.data_type() {
        DataType::Dictionary(..) | DataType::Date32 | DataType::Decimal32(..) => 4,
        DataType::Decimal128(..) => 16,
        DataType::Utf8 => array.as_string::<i32>().value_data().len() / array.len().max(1) + 4,
        _ => 8,
    }
}

fn array(array: &ArrayRef) -> i128 {
    fn narrow(values: &[i32]) -> i128 {
        values.iter().fold(0i32, |sum, value| sum.wrapping_add(*value)).into()
    }
    fn wide(values: &[i64]) -> i128 {
        values.iter().fold(0i64, |sum, value| sum.wrapping_add(*value)).into()
    }
    match array.data_type() {
        DataType::Dictionary(..) => narrow(array.as_dictionary::<Int32Type>().keys().values()),
        DataType::Date32 => narrow(array.as_primitive::<Date32Type>().values()),
        DataType::Decimal32(..) => narrow(array.as_primitive::<Decimal32Type>().values()),
        DataType::Decimal64(..) => wide(array.as_primitive::<Decimal64Type>().values()),
        DataType::Decimal128(..) => array
            .as_primitive::<Decimal128Type>()
            .values()
            .iter()
            .fold(0i128, |sum, value| sum.wrapping_add(*value)),
        DataType::Int64 => wide(array.as_primitive::<Int64Type>().values()),
        DataType::Utf8 => {
            let texts = array.as_string::<i32>();
            let bytes = texts.value_data().iter().fold(0i64, |sum, byte| sum.wrapping_add(i64::from(*byte)));
            i128::from(bytes) + narrow(texts.value_offsets())
        }
        _ => 0,
    }
}
