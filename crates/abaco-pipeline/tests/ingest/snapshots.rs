//! Asking for one date: row groups that cannot hold it are not read.

use abaco_pipeline::ingest::{self, IngestOptions, Needed};
use arrow::array::{AsArray, Date32Array, Int64Array};
use arrow::datatypes::Int64Type;
use chrono::NaiveDate;
use parquet::arrow::ArrowWriter;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use rstest::rstest;

use crate::common::{Tape, array, batch, contract};

/// Two rows to a row group.
const DATES: [&str; 6] = ["2025-01-31", "2025-02-28", "2025-02-28", "2025-03-31", "2025-03-31", "2025-04-30"];

fn tape(statistics: EnabledStatistics) -> Tape {
    let day = |text: &str| {
        let date: NaiveDate = text.parse().unwrap();
        date.signed_duration_since(NaiveDate::default()).num_days() as i32
    };
    let batch = batch(vec![
        ("x", array(Int64Array::from((1..=6).collect::<Vec<i64>>()))),
        ("as_of", array(Date32Array::from(DATES.map(day).to_vec()))),
    ]);
    let properties = WriterProperties::builder()
        .set_max_row_group_row_count(Some(2))
        .set_statistics_enabled(statistics)
        .build();
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), Some(properties)).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    Tape::new("tape.parquet", bytes)
}

/// The rows that are read, and how many are left out.
fn read(tape: &Tape, needed: &Needed) -> (Vec<i64>, u64) {
    let contract = contract(&["x: { type: int }", "as_of: { type: date, roles: [snapshot] }"]);
    let mut reader = ingest::open(&tape.path, &contract, needed, &IngestOptions::default()).unwrap();
    let values = |batch: arrow::record_batch::RecordBatch| {
        batch.column_by_name("x").unwrap().as_primitive::<Int64Type>().values().to_vec()
    };
    let rows: Vec<i64> = reader.by_ref().flat_map(|batch| values(batch.unwrap())).collect();
    let report = reader.report();
    assert_eq!(report.rows, rows.len() as u64);
    assert!(report.sha256.is_some(), "the digest is that of the whole file");
    (rows, report.rows_left_out)
}

#[rstest]
#[case::first("2025-01-31", vec![1, 2])]
#[case::in_two_groups("2025-02-28", vec![1, 2, 3, 4])]
#[case::last("2025-04-30", vec![5, 6])]
#[case::between("2025-03-01", vec![3, 4])]
#[case::before("2024-12-31", vec![])]
#[case::after("2025-05-31", vec![])]
fn row_groups_that_cannot_hold_the_date_are_left_out(#[case] date: &str, #[case] expected: Vec<i64>) {
    let date = date.parse().unwrap();
    let needed = Needed::only(["x"]).at("as_of", date);
    let left_out = 6 - expected.len() as u64;
    assert_eq!(read(&tape(EnabledStatistics::Chunk), &needed), (expected, left_out));
    // Without statistics, or for a column that is no date or not there, nothing is known.
    let all = ((1..=6).collect(), 0);
    assert_eq!(read(&tape(EnabledStatistics::None), &needed), all);
    for column in ["x", "other"] {
        let needed = Needed::only(["x"]).at(column, date);
        assert_eq!(read(&tape(EnabledStatistics::Chunk), &needed), all, "{column}");
    }
}
