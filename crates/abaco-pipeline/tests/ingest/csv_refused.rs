//! CSV tapes that are refused, each with its exact message.

use abaco_pipeline::ErrorKind;
use abaco_pipeline::ingest::{self, IngestOptions, Needed};
use rstest::rstest;

use crate::common::{Tape, contract};

#[rstest]
#[case("int", "abc", "expected int, found `abc`")]
#[case("int", "1.5", "expected int, found `1.5`")]
#[case("int", "9223372036854775808", "expected int, found `9223372036854775808`, which overflows int")]
#[case("int", "99999999999999999999", "expected int, found `99999999999999999999`, which overflows int")]
#[case("'decimal(18, 2)'", "NaN", "expected decimal(18, 2), found `NaN`")]
#[case("'decimal(18, 2)'", "\"1,000.00\"", "expected decimal(18, 2), found `1,000.00`")]
#[case(
    "'decimal(18, 2)'",
    "1.015",
    "expected decimal(18, 2), found `1.015` with more than 2 fractional digits"
)]
#[case(
    "'decimal(18, 2)'",
    "5.68E-14",
    "expected decimal(18, 2), found `5.68E-14` with more than 2 fractional digits"
)]
#[case("'decimal(18, 2)'", "1e16", "expected decimal(18, 2), found `1e16`, which overflows decimal(18, 2)")]
#[case("date", "2025-02-29", "expected date, found `2025-02-29`")]
#[case("date", "31/12/2025", "expected date, found `31/12/2025`")]
#[case("bool", "yes", "expected bool, found `yes`")]
#[case("text, nulls: reject", " NA ", "expected text, found null")]
#[case("int, nulls: reject", "", "expected int, found null")]
#[case("int, roles: [pii]", "12-34", "expected int, found `<masked>`")]
#[case(
    "date, date_formats: ['%d/%m/%Y', '%m/%d/%Y']",
    "01/02/2025",
    "expected date, found `01/02/2025`, which the date formats read as different dates"
)]
#[case("int", "\"a\nb\u{1b}`\"", "expected int, found `a\\u{a}b\\u{1b}\\u{60}`")]
#[case(
    "int",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "expected int, found `aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa…`"
)]
fn one_cell(#[case] column: &str, #[case] cell: &str, #[case] message: &str) {
    let tape = Tape::csv(format!("k,dpd\nb,{cell}\n"));
    let contract = contract(&[&format!("dpd: {{ type: {column} }}")]);
    assert_eq!(tape.refusal(&contract), format!("tape.csv: row 1 (line 2), column `dpd`: {message}"));
}

/// Rows count data, lines count what an editor counts.
#[rstest]
#[case("x,y\n1,\n2,\nabc,\n", 3, 4)]
#[case("x,y\r\n1,\r\n2,\r\nabc,\r\n", 3, 4)]
#[case("x,y\n\n1,\n\n\n2,\nabc,", 3, 7)]
#[case("x,y\r\n\r\n1,\r\n\r\nabc,", 2, 5)]
#[case("x,y\n1,\"a\nb\n\"\nabc,", 2, 5)]
fn rows_and_lines(#[case] text: &str, #[case] row: u64, #[case] line: u64) {
    let message = Tape::csv(text).refusal(&contract(&["x: { type: int }"]));
    assert_eq!(message, format!("tape.csv: row {row} (line {line}), column `x`: expected int, found `abc`"));
}

#[test]
fn an_alias_is_named_as_the_file_does() {
    let contract = contract(&["balance: { type: int, aliases: [saldo] }"]);
    assert_eq!(
        Tape::csv("Saldo\nx\n").refusal(&contract),
        "tape.csv: row 1 (line 2), column `balance` (header `saldo`): expected int, found `x`"
    );
}

#[rstest]
#[case(b"".as_slice(), "tape.csv: expected a header, found an empty file")]
#[case(b"\n\r\n", "tape.csv: expected a header, found an empty file")]
#[case(b"\xef\xbb\xbf", "tape.csv: expected a header, found an empty file")]
#[case(b"x,y,X \n", "tape.csv: header `x`: expected once, found in columns 1 and 3")]
#[case(b"x,a,b,a\n", "tape.csv: header `a`: expected once, found in columns 2 and 4")]
#[case(b"y\n1\n", "tape.csv: expected required columns `x` and `z`, found no such header")]
#[case(b"x,y\n1\n", "tape.csv: expected required column `z`, found no such header")]
#[case(b"x,z\n1,2\n3\n", "tape.csv: row 2 (line 3): expected 2 cells, found 1")]
#[case(b"x,z\r\n1,2,3\r\n", "tape.csv: row 1 (line 2): expected 2 cells, found 3")]
#[case(b"x,z\n1,2\n\xff,2\n", "tape.csv: row 2 (line 3), column `x`: expected utf-8 text, found other bytes")]
#[case(
    b"x,z,o\r\n1,2,\r\n1,2,\xc3\r\n",
    "tape.csv: row 2 (line 3), column `o`: expected utf-8 text, found other bytes"
)]
#[case(b"x,\xff\n", "tape.csv: header: expected utf-8 text, found other bytes")]
#[case(b"x,z,m,n\n", "tape.csv: column `w`: expected one header, found `m` and `n`")]
#[case(b"n,x,z,w\n", "tape.csv: column `w`: expected one header, found `w` and `n`")]
fn file(#[case] bytes: &[u8], #[case] message: &str) {
    let contract = contract(&[
        "x: { type: int, required: true }",
        "z: { type: int, required: true }",
        "w: { type: int, aliases: [m, n] }",
    ]);
    assert_eq!(Tape::csv(bytes).refusal(&contract), message);
}

#[test]
fn an_open_quote_does_not_swallow_the_tape() {
    let mut text = "x,y\n1,2\n1,\"".to_owned();
    text.push_str(&"1,2\n".repeat(5 << 20));
    assert_eq!(
        Tape::csv(text).refusal(&contract(&["x: { type: int }"])),
        "tape.csv: row 2 (line 3): expected at most 16777216 bytes, found more; is a quote left open?"
    );
}

#[test]
fn after_an_error_the_stream_ends() {
    let tape = Tape::csv("x\n1\nabc\n3\n");
    let options = IngestOptions { batch_rows: 1, ..IngestOptions::default() };
    let mut reader =
        ingest::open(&tape.path, &contract(&["x: { type: int }"]), &Needed::all(), &options).unwrap();
    assert!(reader.next().unwrap().is_ok());
    assert!(reader.next().unwrap().is_err());
    assert!(reader.next().is_none());
    assert_eq!(reader.report().sha256, None);
}

#[rstest]
#[case("missing.csv", ErrorKind::Data, "missing.csv: No such file or directory (os error 2)")]
#[case(
    "tape.xlsx",
    ErrorKind::Usage,
    "tape.xlsx: expected a file ending in .csv, .jsonl, .ndjson, .parquet, .arrow, .ipc or .feather, found `.xlsx`"
)]
#[case(
    "tape",
    ErrorKind::Usage,
    "tape: expected a file ending in .csv, .jsonl, .ndjson, .parquet, .arrow, .ipc or .feather, found no extension"
)]
#[case("folder.csv", ErrorKind::Data, "folder.csv: is a directory")]
fn path(#[case] name: &str, #[case] kind: ErrorKind, #[case] message: &str) {
    let tape = Tape::csv("x\n");
    let path = tape.path.with_file_name(name);
    if name == "folder.csv" {
        std::fs::create_dir(&path).unwrap();
    }
    let error = ingest::open(&path, &contract(&[]), &Needed::all(), &IngestOptions::default()).unwrap_err();
    assert_eq!(error.kind(), kind);
    assert_eq!(tape.message(&error), message);
}

#[test]
fn a_file_that_grows_is_refused() {
    let tape = Tape::csv("x\n1\n");
    let mut reader =
        ingest::open(&tape.path, &contract(&["x: { type: int }"]), &Needed::all(), &IngestOptions::default())
            .unwrap();
    std::fs::write(&tape.path, "x\n1\n2\n3\n").unwrap();
    let error = reader.next().unwrap().unwrap_err();
    assert_eq!(tape.message(&error), "tape.csv: the file changed while it was being read");
}
