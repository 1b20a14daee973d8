//! A generated tape: 12 segments, 24 months, six amounts; the same for each run.

use std::sync::Arc;

use abaco_loans::arrow::array::{
    ArrayRef, Date32Array, Decimal32Array, Decimal64Array, Decimal128Array, DictionaryArray, Int32Array,
    Int64Array, RecordBatch, StringArray,
};
use abaco_loans::arrow::datatypes::Int32Type;

use crate::{Outcome, Width};

const AMOUNTS: [&str; 6] = [
    "total_receivable_usd",
    "dpd_30_60_usd",
    "dpd_60_90_usd",
    "dpd_90_plus_usd",
    "total_eligible_usd",
    "cash_available_usd",
];

/// Rows per batch: what a reader hands over at a time.
const BATCH_ROWS: usize = 1 << 16;

const SEGMENTS: u64 = 12;
const MONTHS: u64 = 24;

pub(crate) const CONTRACT: &str = "
contract: throughput
version: 1
currency: USD
columns:
  segment:              { type: text, roles: [dimension] }
  measurement_date:     { type: date, nulls: reject, roles: [snapshot] }
  dpd:                  { type: int }
  total_receivable_usd: { type: 'decimal(18, 2)' }
  dpd_30_60_usd:        { type: 'decimal(18, 2)' }
  dpd_60_90_usd:        { type: 'decimal(18, 2)' }
  dpd_90_plus_usd:      { type: 'decimal(18, 2)' }
  total_eligible_usd:   { type: 'decimal(18, 2)' }
  cash_available_usd:   { type: 'decimal(18, 2)' }
";

pub(crate) fn batches(rows: usize, width: Width, plain_strings: bool) -> Outcome<Vec<RecordBatch>> {
    let starts = (0..rows).step_by(BATCH_ROWS);
    starts.map(|start| batch(start, BATCH_ROWS.min(rows - start), width, plain_strings)).collect()
}

fn batch(start: usize, rows: usize, width: Width, plain_strings: bool) -> Outcome<RecordBatch> {
    let range = start as u64..(start + rows) as u64;
    let names: Vec<String> = (0..SEGMENTS).map(|segment| format!("segment {segment:02}")).collect();
    let code = |row: u64| spread(row * 2 + 1) % SEGMENTS;
    let segment: ArrayRef = if plain_strings {
        Arc::new(range.clone().map(|row| Some(names[code(row) as usize].as_str())).collect::<StringArray>())
    } else {
        let codes: Int32Array = range.clone().map(|row| code(row) as i32).collect();
        Arc::new(DictionaryArray::<Int32Type>::try_new(codes, Arc::new(StringArray::from(names)))?)
    };
    let date = |row: u64| Some(19_753 + 30 * (spread(row) % MONTHS) as i32);
    let dates: Date32Array = range.clone().map(date).collect();
    let dpd: Int64Array = range.clone().map(|row| (spread(row) % 200) as i64).collect();
    let mut columns: Vec<(&str, ArrayRef)> =
        vec![("segment", segment), ("measurement_date", Arc::new(dates)), ("dpd", Arc::new(dpd))];
    for (index, name) in AMOUNTS.iter().enumerate() {
        let cents = range.clone().map(|row| (spread(row * 8 + index as u64) % 10_000_000) as i64);
        let array: ArrayRef = match width {
            Width::Decimal32 => Arc::new(
                cents.map(|value| value as i32).collect::<Decimal32Array>().with_precision_and_scale(9, 2)?,
            ),
            Width::Decimal64 => Arc::new(cents.collect::<Decimal64Array>().with_precision_and_scale(18, 2)?),
            Width::Decimal128 => {
                Arc::new(cents.map(i128::from).collect::<Decimal128Array>().with_precision_and_scale(38, 2)?)
            }
        };
        columns.push((name, array));
    }
    Ok(RecordBatch::try_from_iter(columns)?)
}

/// Spreads consecutive numbers over 32 bits: the finish of SplitMix64.
fn spread(seed: u64) -> u64 {
    let mixed = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    (mixed ^ (mixed >> 31)) >> 32
}
