//! CSV tapes that are accepted.

use std::collections::BTreeSet;

use abaco_pipeline::ingest::{self, IngestOptions, Needed};
use abaco_pipeline::{ErrorKind, PipelineError};
use arrow::array::{Array, AsArray};
use arrow::datatypes::{DataType, Date32Type, Decimal64Type, Int64Type};
use rstest::rstest;

use crate::common::{Tape, contract, mantissas, names, read};

const COLUMNS: [&str; 5] = [
    "loan_id: { type: text, roles: [key] }",
    "day: { type: date, roles: [snapshot] }",
    "dpd: { type: int }",
    "balance: { type: 'decimal(18, 2)', excess_digits: half_away }",
    "active: { type: bool }",
];

const TEXT: &str = "\u{feff} Loan_ID ,extra,DAY,dpd,Balance,active\r\n\
    \"A, \"\"1\"\"\",x,2025-12-31, 5 ,1.015,TRUE\r\n\
    ñ 2 ,,N/A,30.0,-2e-3,0\r\n\
    ,x,2024-02-29,null,NULL,NA\r\n";

#[test]
fn every_type_and_every_kindness() {
    let (batch, report) = Tape::csv(TEXT).read(&contract(&COLUMNS)).unwrap();
    let types: Vec<DataType> =
        batch.schema().fields().iter().map(|field| field.data_type().clone()).collect();
    assert_eq!(
        types,
        [DataType::Utf8, DataType::Date32, DataType::Int64, DataType::Decimal64(18, 2), DataType::Boolean]
    );
    assert_eq!(names(&batch.schema()), ["loan_id", "day", "dpd", "balance", "active"]);
    let loans: Vec<Option<&str>> = batch["loan_id"].as_string::<i32>().iter().collect();
    assert_eq!(loans, [Some("A, \"1\""), Some("ñ 2"), None]);
    let days: Vec<Option<i32>> = batch["day"].as_primitive::<Date32Type>().iter().collect();
    assert_eq!(days, [Some(20_453), None, Some(19_782)]);
    let dpd: Vec<Option<i64>> = batch["dpd"].as_primitive::<Int64Type>().iter().collect();
    assert_eq!(dpd, [Some(5), Some(30), None]);
    assert_eq!(mantissas(&batch, "balance"), [Some(102), Some(0), None]);
    let active: Vec<Option<bool>> = batch["active"].as_boolean().iter().collect();
    assert_eq!(active, [Some(true), Some(false), None]);

    assert_eq!((report.rows, report.bytes), (3, TEXT.len() as u64));
    assert_eq!(report.ignored_columns, ["extra"]);
    let balance = report.column("balance").unwrap();
    assert_eq!((balance.nulls, balance.filled, balance.rounded), (1, 0, 2));
    assert_eq!(balance.observed_scale, Some(2));
    assert_eq!(report.column("dpd").unwrap().observed_scale, None);
}

#[test]
fn the_report_is_a_json_document() {
    let contract = contract(&["x: { type: 'decimal(38, 17)', aliases: [y] }"]);
    let (_, report) = Tape::csv("Y\n1041784.1918924572\n1.5\n").read(&contract).unwrap();
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["format"], "csv");
    assert_eq!(json["sha256"], "e13bac5e2eb11feeed80ef72f4e38f6fe4416b3db5e39276077b07b63e041fa3");
    assert_eq!(
        json["columns"][0].to_string(),
        r#"{"name":"x","header":"y","column_type":"decimal(38, 17)","nulls":0,"filled":0,"rounded":0,"observed_scale":10}"#
    );
}

#[test]
fn null_rules() {
    let contract =
        contract(&["a: { type: int, nulls: fill_zero }", "b: { type: 'decimal(9, 1)', nulls: fill_zero }"]);
    let (batch, report) = Tape::csv("a,b\n1,NA\n,2.5\n").read(&contract).unwrap();
    assert_eq!(batch["a"].as_primitive::<Int64Type>().values(), &[1, 0]);
    assert_eq!(mantissas(&batch, "b"), [Some(0), Some(25)]);
    assert!(batch.schema().fields().iter().all(|field| !field.is_nullable()));
    assert_eq!(report.columns.iter().map(|c| (c.nulls, c.filled)).collect::<Vec<_>>(), [(1, 1), (1, 1)]);
}

#[test]
fn null_slots_hold_zero() {
    let contract = contract(&["x: { type: 'decimal(9, 1)' }"]);
    let (batch, _) = Tape::csv("x,y\n7,\n,\n9,\n").read(&contract).unwrap();
    let array = batch["x"].as_primitive::<Decimal64Type>();
    assert_eq!((array.null_count(), array.values().as_ref()), (1, [70, 0, 90].as_slice()));
}

/// `NA` is a region in somebody's tape, and a sentinel may be a number.
#[test]
fn null_tokens_of_a_column() {
    let contract = contract(&[
        "region: { type: text, null_tokens: ['-'] }",
        "dpd: { type: int, null_tokens: ['-999'] }",
    ]);
    let (batch, _) = Tape::csv("region,dpd\nNA,-999\n-,4\n").read(&contract).unwrap();
    assert_eq!(batch["region"].as_string::<i32>().iter().collect::<Vec<_>>(), [Some("NA"), None]);
    assert_eq!(batch["dpd"].as_primitive::<Int64Type>().iter().collect::<Vec<_>>(), [None, Some(4)]);
}

#[test]
fn a_source_hides_the_canonical_name_and_other_columns_may_take_it() {
    let contract = contract(&[
        "balance: { type: 'decimal(18, 2)', source: balance_usd }",
        "balance_local: { type: 'decimal(18, 2)', source: Balance }",
    ]);
    let (batch, report) = Tape::csv("balance,balance_usd\n1,2\n").read(&contract).unwrap();
    assert_eq!(mantissas(&batch, "balance"), [Some(200)]);
    assert_eq!(mantissas(&batch, "balance_local"), [Some(100)]);
    assert_eq!(report.column("balance").unwrap().header, "balance_usd");
}

#[rstest]
#[case("x\n")]
#[case("x")]
#[case("\u{feff}x\r\n\r\n")]
fn a_header_alone_is_no_rows(#[case] text: &str) {
    let (batch, report) = Tape::csv(text).read(&contract(&["x: { type: int }"])).unwrap();
    assert_eq!((batch.num_rows(), report.rows, report.bytes), (0, 0, text.len() as u64));
    assert_eq!(names(&batch.schema()), ["x"]);
}

#[rstest]
fn batch_size_does_not_matter(#[values(1, 2, 3, 4, 1_048_576)] batch_rows: usize) {
    let (contract, tape) = (contract(&COLUMNS), Tape::csv(TEXT));
    let expected = tape.read(&contract).unwrap();
    assert_eq!(read(&tape.path, &contract, &Needed::all(), batch_rows).unwrap(), expected);
}

#[test]
fn only_what_is_needed() {
    let (contract, tape) = (contract(&COLUMNS), Tape::csv(TEXT));
    let needed = Needed::only(["balance", "loan_id", "unknown"]);
    let (batch, report) = read(&tape.path, &contract, &needed, 100).unwrap();
    assert_eq!(names(&batch.schema()), ["loan_id", "balance"]);
    // The contract declares the others, so they are not ignored columns.
    assert_eq!(report.ignored_columns, ["extra"]);
    let none = Needed { columns: Some(BTreeSet::new()), ..Needed::default() };
    let (batch, report) = read(&tape.path, &contract, &none, 2).unwrap();
    assert_eq!((batch.num_columns(), report.rows), (0, 3));
}

#[rstest]
fn options_are_limited(#[values(0, 1_048_577)] batch_rows: usize) {
    let tape = Tape::csv("x\n");
    let error = ingest::open(
        &tape.path,
        &contract(&[]),
        &Needed::all(),
        &IngestOptions { batch_rows, ..IngestOptions::default() },
    )
    .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Usage);
    assert_eq!(error.to_string(), format!("option `batch_rows`: expected 1 to 1048576, found {batch_rows}"));
    assert!(matches!(error, PipelineError::Option { .. }));
}
