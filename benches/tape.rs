//! A generated tape: 12 segments, 24 months, six amounts; the same for each run.

use std::sync::Arc;

use abaco_loans::arrow::array::{
    ArrayRef, Date32Array, Decimal32Array, Decimal64Array, Decimal128Array, DictionaryArray, Int32Array,
    Int64Array, RecordBatch, StringArray,
};
use abaco_loans::arrow::datatypes::Int32Type;

use crate::Outcome;

/// Bits of an amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Width {
    /// Decimal32.
    Bits32,
    /// Decimal64.
    Bits64,
    /// Decimal128.
    Bits128,
}

/// How the segments are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keys {
    /// A dictionary of texts.
    Dictionary,
    /// A text per row.
    Texts,
    /// A text per row, a million different ones.
    Million,
}

/// The amounts.
pub const AMOUNTS: [&str; 6] = [
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

/// A contract for the tape as a file.
pub const CONTRACT: &str = "
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

/// `rows` rows in batches.
pub fn batches(rows: usize, width: Width, keys: Keys) -> Outcome<Vec<RecordBatch>> {
    let starts = (0..rows).step_by(BATCH_ROWS);
    starts.map(|start| batch(start, BATCH_ROWS.min(rows - start), width, keys)).collect()
}

/// The rows `start..start + rows`.
pub fn batch(start: usize, rows: usize, width: Width, keys: Keys) -> Outcome<RecordBatch> {
    let range = start as u64..(start + rows) as u64;
    let names: Vec<String> = (0..SEGMENTS).map(|segment| format!("segment {segment:02}")).collect();
    let code = |row: u64| spread(row * 2 + 1) % SEGMENTS;
    let segment: ArrayRef = match keys {
        Keys::Dictionary => {
            let codes: Int32Array = range.clone().map(|row| code(row) as i32).collect();
            Arc::new(DictionaryArray::<Int32Type>::try_new(codes, Arc::new(StringArray::from(names)))?)
        }
        Keys::Texts => Arc::new(
            range.clone().map(|row| Some(names[code(row) as usize].as_str())).collect::<StringArray>(),
        ),
        Keys::Million => {
            let name = |row: u64| format!("loan {:07}", spread(row * 2 + 1) % 1_000_000);
            Arc::new(range.clone().map(|row| Some(name(row))).collect::<StringArray>())
        }
    };
    let date = |row: u64| Some(19_753 + 30 * (spread(row) % MONTHS) as i32);
    let dates: Date32Array = range.clone().map(date).collect();
    let dpd: Int64Array = range.clone().map(|row| (spread(row) % 200) as i64).collect();
    let mut columns: Vec<(&str, ArrayRef)> =
        vec![("segment", segment), ("measurement_date", Arc::new(dates)), ("dpd", Arc::new(dpd))];
    for (index, name) in AMOUNTS.iter().enumerate() {
        let cents = range.clone().map(|row| (spread(row * 8 + index as u64) % 10_000_000) as i64);
        let array: ArrayRef = match width {
            Width::Bits32 => Arc::new(
                cents.map(|value| value as i32).collect::<Decimal32Array>().with_precision_and_scale(9, 2)?,
            ),
            Width::Bits64 => Arc::new(cents.collect::<Decimal64Array>().with_precision_and_scale(18, 2)?),
            Width::Bits128 => {
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
