//! Tapes of a few rows in memory.

use std::path::PathBuf;
use std::sync::Arc;

use abaco_engine::{AsOf, Bindings};
use abaco_kpi::{Column, Formula};
use abaco_rollout::attribution::{Attribution, Compared, Options, Side, attribute};
use arrow::array::{Decimal64Array, Int64Array, RecordBatch, StringArray};

/// Loan, segment, days past due, balance in cents.
pub(crate) type Row = (&'static str, &'static str, Option<i64>, Option<i64>);

pub(crate) fn tape(rows: &[Row]) -> Vec<RecordBatch> {
    let loans: StringArray = rows.iter().map(|row| Some(row.0)).collect();
    let segments: StringArray = rows.iter().map(|row| Some(row.1)).collect();
    let dpd: Int64Array = rows.iter().map(|row| row.2).collect();
    let balances: Decimal64Array = rows.iter().map(|row| row.3).collect();
    let balances = balances.with_precision_and_scale(18, 2).unwrap();
    let batch = RecordBatch::try_from_iter_with_nullable([
        ("loan_id", Arc::new(loans) as _, true),
        ("segment", Arc::new(segments) as _, true),
        ("dpd", Arc::new(dpd) as _, true),
        ("outstanding_balance", Arc::new(balances) as _, true),
    ]);
    vec![batch.unwrap()]
}

pub(crate) fn side<'s>(name: &str, rows: &'s Vec<RecordBatch>) -> Side<'s> {
    Side {
        name: PathBuf::from(name),
        schema: rows[0].schema(),
        bindings: Bindings::new(),
        snapshot: None,
        as_of: AsOf::Single,
        rows,
    }
}

pub(crate) fn by(names: &[&'static str]) -> Vec<Column> {
    names.iter().map(|name| Column::new(*name)).collect()
}

/// One KPI by loan and by segment.
pub(crate) fn attributed(
    left: &[Row],
    right: &[Row],
    formulas: (&Formula, &Formula),
    top: usize,
) -> Attribution {
    let (left, right) = (tape(left), tape(right));
    let kpi =
        Compared { kpi: "kpi".to_owned(), places: 2, left: formulas.0.clone(), right: formulas.1.clone() };
    let options = Options { groupings: vec![by(&["loan_id"]), by(&["segment"])], top };
    attribute(&side("left", &left), &side("right", &right), &[kpi], &options).unwrap().remove(0)
}
