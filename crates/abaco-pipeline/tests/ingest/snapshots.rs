//! Asking for one date: row groups that cannot hold it are not read.

use abaco_pipeline::ingest::{self, IngestOptions, Needed};
use arrow::array::{AsArray, Date32Array, Int64Array};
use arrow::datatypes::Int64Type;
use chrono::NaiveDate;
use parquet::arrow::ArrowWriter;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use rstest::rstest;

use crate::common::{Tape, array, batch, contract, parquet};

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

/// The rows that are handed over, and how many are left out unread.
fn read(tape: &Tape, needed: &Needed) -> (Vec<i64>, u64) {
    let contract = contract(&["x: { type: int }", "as_of: { type: date, roles: [snapshot] }"]);
    let mut reader = ingest::open(&tape.path, &contract, needed, &IngestOptions::default()).unwrap();
    let values = |batch: arrow::record_batch::RecordBatch| {
        batch.column_by_name("x").unwrap().as_primitive::<Int64Type>().values().to_vec()
    };
    let rows: Vec<i64> = reader.by_ref().flat_map(|batch| values(batch.unwrap())).collect();
    let report = reader.report();
    assert_eq!(report.rows + report.rows_left_out, 6);
    assert!(report.sha256.is_some(), "the digest is that of the whole file");
    (rows, report.rows_left_out)
}

#[rstest]
#[case::first("2025-01-31", vec![1], 4)]
#[case::in_two_groups("2025-02-28", vec![2, 3], 2)]
#[case::last("2025-04-30", vec![6], 4)]
#[case::between("2025-03-01", vec![], 4)]
#[case::before("2024-12-31", vec![], 6)]
#[case::after("2025-05-31", vec![], 6)]
fn only_rows_of_the_date_are_handed_over(
    #[case] date: &str,
    #[case] expected: Vec<i64>,
    #[case] left_out: u64,
) {
    let date = date.parse().unwrap();
    let needed = Needed::only(["x"]).at("as_of", date);
    assert_eq!(read(&tape(EnabledStatistics::Chunk), &needed), (expected.clone(), left_out));
    // Without statistics all is read, and the same is handed over.
    assert_eq!(read(&tape(EnabledStatistics::None), &needed), (expected, 0));
    for column in ["x", "other"] {
        let needed = Needed::only(["x"]).at(column, date);
        assert_eq!(read(&tape(EnabledStatistics::Chunk), &needed), ((1..=6).collect(), 0), "{column}");
    }
}

#[test]
fn rows_without_a_date_are_never_lost() {
    let tape = parquet(&batch(vec![
        ("x", array(Int64Array::from(vec![1, 2, 3]))),
        ("as_of", array(Date32Array::from(vec![Some(0), None, Some(1)]))),
    ]));
    let contract = contract(&["x: { type: int }", "as_of: { type: date, roles: [snapshot] }"]);
    for (date, expected) in [("1970-01-01", 2), ("1970-01-02", 2), ("1980-01-01", 1)] {
        let needed = Needed::all().at("as_of", date.parse().unwrap());
        let reader = ingest::open(&tape.path, &contract, &needed, &IngestOptions::default()).unwrap();
        assert_eq!(reader.map(|batch| batch.unwrap().num_rows()).sum::<usize>(), expected, "{date}");
    }
}

#[test]
fn the_earliest_bad_row_is_that_of_any_column() {
    let tape = parquet(&batch(vec![
        ("x", array(Int64Array::from(vec![1, 2, 3, 4, 1_000]))),
        ("y", array(Int64Array::from(vec![1, 2, 1_000, 4, 5]))),
    ]));
    let contract = contract(&["x: { type: 'decimal(3, 0)' }", "y: { type: 'decimal(3, 0)' }"]);
    for batch_rows in [1, 3, 65_536] {
        let refused = crate::common::read(&tape.path, &contract, &Needed::all(), batch_rows).unwrap_err();
        let message = tape.message(&refused);
        assert!(message.contains("row 3") && message.contains("`y`"), "{message}");
    }
}
