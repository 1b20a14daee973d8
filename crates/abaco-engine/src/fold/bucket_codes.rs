//! The bucket of each row of a segment.

use super::batch::{Batch, Physical};
use super::codes::Code;
use crate::plan::buckets::Buckets;

/// Cuts that lie this close together find the bucket in a table.
const TABLE_LIMIT: i128 = 4_096;

/// The bucket of each of the rows `start..start + len`.
pub(crate) fn bucket_codes(batch: &Batch, buckets: &Buckets, start: usize, len: usize) -> Vec<Code> {
    let column = batch.column(buckets.column);
    let rows = start..start + len;
    let mut codes = match &column.physical {
        Physical::I32(values) | Physical::Date(values) => {
            let values = values[rows].iter().map(|value| i64::from(*value));
            narrow(buckets, values.clone()).unwrap_or_else(|| wide(buckets, values.map(i128::from)))
        }
        Physical::I64(values) => {
            let values = values[rows].iter().copied();
            narrow(buckets, values.clone()).unwrap_or_else(|| wide(buckets, values.map(i128::from)))
        }
        Physical::I128(values) => wide(buckets, values[rows].iter().copied()),
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

/// By a table from the value just below the first cut to the last cut; values beyond either end are at that end.
fn narrow(buckets: &Buckets, values: impl Iterator<Item = i64>) -> Option<Vec<Code>> {
    let (first, last) = (buckets.cuts.first()?, buckets.cuts.last()?);
    if last - first > TABLE_LIMIT {
        return None;
    }
    let (low, high) = (i64::try_from(first - 1).ok()?, i64::try_from(*last).ok()?);
    let table: Vec<Code> = (low..=high).map(|value| buckets.of(value.into()) as Code).collect();
    Some(values.map(|value| table[value.clamp(low, high).wrapping_sub(low) as usize]).collect())
}

fn wide(buckets: &Buckets, values: impl Iterator<Item = i128>) -> Vec<Code> {
    values.map(|value| buckets.of(value) as Code).collect()
}
