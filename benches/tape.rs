//! A generated tape: the six columns of V2's slices, in cents, the same for each run.

use std::sync::Arc;

use abaco_loans::arrow::array::{ArrayRef, Decimal64Array, RecordBatch};

/// The columns of the seed KPIs.
pub const COLUMNS: [&str; 6] = [
    "dpd_30_60_usd",
    "dpd_60_90_usd",
    "dpd_90_plus_usd",
    "total_receivable_usd",
    "cash_available_usd",
    "total_eligible_usd",
];

/// Rows per batch: what a reader hands over at a time.
const BATCH_ROWS: usize = 1 << 16;

/// `rows` rows in batches.
pub fn batches(rows: usize) -> Vec<RecordBatch> {
    (0..rows).step_by(BATCH_ROWS).map(|start| batch(start, BATCH_ROWS.min(rows - start))).collect()
}

fn batch(start: usize, rows: usize) -> RecordBatch {
    let columns = COLUMNS.iter().enumerate().map(|(index, name)| {
        let cents = (start..start + rows).map(|row| amount(row as u64 * 6 + index as u64));
        let array: Decimal64Array = cents.collect();
        let array = array.with_precision_and_scale(18, 2).expect("cents of a decimal(18, 2)");
        (*name, Arc::new(array) as ArrayRef)
    });
    RecordBatch::try_from_iter(columns).expect("columns of one length")
}

/// An amount below 100,000.00, spread by a multiplicative hash.
fn amount(seed: u64) -> i64 {
    let mixed = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    ((mixed >> 32) % 10_000_000) as i64
}
