//! The bucket of each row of a segment.

use super::batch::{Batch, Physical};
use super::codes::Code;
use crate::plan::buckets::{BucketTable, Buckets};

/// The bucket of each of the rows `start..start + len`.
pub(crate) fn bucket_codes(batch: &Batch, buckets: &Buckets, start: usize, len: usize) -> Vec<Code> {
    let column = batch.column(buckets.column);
    let rows = start..start + len;
    let mut codes = match &column.physical {
        Physical::I32(values) | Physical::Date(values) => {
            let values = values[rows].iter().map(|value| i64::from(*value));
            match &buckets.table {
                Some(table) => looked_up(table, values),
                None => searched(buckets, values.map(i128::from)),
            }
        }
        Physical::I64(values) => match &buckets.table {
            Some(table) => looked_up(table, values[rows].iter().copied()),
            None => searched(buckets, values[rows].iter().copied().map(i128::from)),
        },
        Physical::I128(values) => searched(buckets, values[rows].iter().copied()),
        // Only columns of numbers and dates have buckets.
        _ => vec![0; len],
    };
    if let Some(nulls) = &column.nulls {
        let null = buckets.null() as Code;
        for (_, code) in codes.iter_mut().enumerate().filter(|(row, _)| nulls.is_null(start + row)) {
            *code = null;
        }
    }
    codes
}

fn looked_up(table: &BucketTable, values: impl Iterator<Item = i64>) -> Vec<Code> {
    let place = |value: i64| value.clamp(table.low, table.high).wrapping_sub(table.low) as usize;
    values.map(|value| table.buckets[place(value)]).collect()
}

fn searched(buckets: &Buckets, values: impl Iterator<Item = i128>) -> Vec<Code> {
    values.map(|value| buckets.of(value) as Code).collect()
}
