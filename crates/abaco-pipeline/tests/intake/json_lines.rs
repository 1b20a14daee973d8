//! JSON lines: what is read exactly, and what is refused with its place.

use abaco_pipeline::contract::Contract;
use abaco_pipeline::ingest::{IngestOptions, Needed};
use proptest::prelude::*;
use rstest::rstest;

use crate::common::{Screening, Tape, cells, contract, options};

fn loans() -> Contract {
    contract(&[
        "loan_id: { type: text, nulls: reject }",
        "segment: { type: text, roles: [dimension], aliases: [product] }",
        "balance: { type: 'decimal(38, 17)' }",
        "since: { type: date }",
        "active: { type: bool }",
        "dpd: { type: int }",
    ])
}

fn admitted(screening: &Screening) -> Vec<String> {
    screening.admitted.iter().map(|(row, values)| format!("{row}|{}", values.join("|"))).collect()
}

fn refused(screening: &Screening) -> Vec<&str> {
    screening.refused.iter().map(|refused| refused.message.as_str()).collect()
}

#[test]
fn rows() {
    let text = "\u{feff}{\"Loan_ID \":\"a\\u00e9\\n\",\"segment\":\"sme\",\"balance\":12345678901234567890.12345678901234567}\r\n\
        \n  \r\n\
        {\"balance\":1e2,\"loan_id\":7.10,\"since\":\"2025-11-30\",\"active\":true,\"note\":{\"a\":[1]}}\n\
        {\"loan_id\":\"c\",\"balance\":\" -0.5 \",\"segment\":null,\"active\":0,\"dpd\":3.0e0}\n\
        {\"loan_id\":\"d\",\"balance\":\"NA\",\"active\":\"false\",\"dpd\":-0}";
    for name in ["tape.jsonl", "tape.NDJSON"] {
        let screening = Tape::new(name, text).screened(&loans());
        assert_eq!(refused(&screening), [""; 0]);
        assert_eq!(
            admitted(&screening),
            [
                "1|a\u{e9}|sme|12345678901234567890.12345678901234567|null|null|null",
                "2|7.10|null|100.00000000000000000|2025-11-30|true|null",
                "3|c|null|-0.50000000000000000|null|false|3",
                "4|d|null|null|null|false|0",
            ]
        );
        assert_eq!(screening.report.ignored_columns, ["note"]);
        assert_eq!(screening.report.format.as_str(), "json_lines");
        assert_eq!(screening.report.column("balance").unwrap().nulls, 1);
        assert_eq!(screening.report.column("segment").unwrap().nulls, 3);
        assert_eq!(screening.report.bytes, text.len() as u64);
    }
}

#[rstest]
#[case(r#"{"loan_id":"x","dpd":1.5}"#, "column `dpd`: expected int, found `1.5`")]
#[case(r#"{"loan_id":"x","dpd":true}"#, "column `dpd`: expected int, found `true`")]
#[case(r#"{"loan_id":"x","dpd":[1, 2]}"#, "column `dpd`: expected int, found `[1, 2]`")]
#[case(r#"{"loan_id":{"a":1}}"#, "column `loan_id`: expected text, found `{\"a\":1}`")]
#[case(r#"{"loan_id":true}"#, "column `loan_id`: expected text, found `true`")]
#[case(r#"{"loan_id":null,"dpd":"x"}"#, "column `loan_id`: expected text, found null")]
#[case(r#"{"dpd":1}"#, "column `loan_id`: expected text, found null")]
#[case(r#"{"loan_id":"x","dpd":"many"}"#, "column `dpd`: expected int, found `many`")]
#[case(r#"{"loan_id":"x","since":20251130}"#, "column `since`: expected date, found `20251130`")]
#[case(r#"{"loan_id":"x","active":2}"#, "column `active`: expected bool, found `2`")]
#[case(
    r#"{"loan_id":"x","balance":0.123456789012345678}"#,
    "column `balance`: expected decimal(38, 17), found `0.123456789012345678` with more than 17 fractional digits"
)]
#[case(r#"{"loan_id":"x","dpd":1,"DPD ":2}"#, "expected each key once, found `dpd` twice")]
#[case(r#"{"loan_id":"x","note":1,"Note":2}"#, "expected each key once, found `note` twice")]
#[case(r#"["x"]"#, "expected one json object, found another value")]
#[case(r#"{"loan_id":"x""#, "expected one json object, found an object that ends too early")]
#[case(r#"{"loan_id":"x"} {}"#, "expected one json object, found a mistake near byte 17")]
#[case(r#"{"loan_id":"x","dpd":01}"#, "expected one json object, found a mistake near byte 23")]
fn a_refused_row(#[case] line: &str, #[case] message: &str) {
    let first = r#"{"loan_id":"a","segment":"s","balance":1,"since":null,"active":null,"dpd":0}"#;
    let tape = Tape::new("tape.jsonl", format!("{first}\n\n{line}\n{first}\n"));
    for (chunk, threads) in [(64, 3), (1 << 20, 1)] {
        let screening = tape.screen(&loans(), &Needed::all(), &options(chunk, 1_000), threads).unwrap();
        let separator = if message.starts_with("column") { ", " } else { ": " };
        assert_eq!(refused(&screening), [format!("tape.jsonl: row 2 (line 3){separator}{message}")]);
        assert_eq!(screening.admitted.len(), 2);
        let mut reader = tape.open(&loans(), &options(chunk, 1_000));
        assert_eq!(tape.message(&reader.find_map(Result::err).unwrap()), refused(&screening)[0]);
    }
}

#[test]
fn cells_and_values_of_refused_rows() {
    let text = b"{\"loan_id\":\"a\",\"dpd\":1,\"balance\":2.50}\n\
        {\"loan_id\":\"b\\\"\",\"dpd\":\"x\",\"balance\":null}\n\
        {\"dpd\":2,\"dpd\":3,\"balance\":\"4\"}\n\
        {\"loan_id\":\"c\xff\",\"dpd\":5}\n\
        nonsense\n";
    let screening = Tape::new("tape.jsonl", text).screened(&loans());
    let found = screening.refused.iter().map(|one| (one.row, one.cells.clone(), one.values.join("|")));
    assert_eq!(
        found.collect::<Vec<_>>(),
        [
            (2, cells(&["b\"", "-", "x"]), "b\"|null|null".to_owned()),
            (3, cells(&["-", "4", "2"]), "|4.00000000000000000|2".to_owned()),
            (4, cells(&["c\u{fffd}", "-", "5"]), "|null|null".to_owned()),
            (5, cells(&["-", "-", "-"]), "|null|null".to_owned()),
        ]
    );
    assert_eq!(
        refused(&screening)[2..],
        [
            "tape.jsonl: row 4 (line 4): expected utf-8 text, found other bytes",
            "tape.jsonl: row 5 (line 5): expected one json object, found a mistake near byte 2",
        ]
    );
}

/// A column that only comes later is not lost, whichever columns are needed and by whichever name.
#[rstest]
fn a_late_column(
    #[values(true, false)] needed: bool,
    #[values("\"B\":6", "\"other\":6", "\"old\":6")] late: &str,
) {
    let contract = contract(&["a: { type: int, aliases: [old] }", "b: { type: int, aliases: [other] }"]);
    let pad = format!("{{\"a\":1,\"c\":\"{}\"}}\n", "c".repeat(1_000));
    let before = (1 << 20) / pad.len() as u64 + 3;
    let text = pad.repeat(before as usize - 2) + "{\"a\":2}\n{\"a\":3,\"d\":4}\n{\"a\":5," + late + "}\n";
    let needed = if needed { Needed::all() } else { Needed::only(["a"]) };
    let tape = Tape::new("tape.jsonl", text);
    let screening = tape.screen(&contract, &needed, &options(1 << 12, 1_000), 2).unwrap();
    let name = late.split('"').nth(1).unwrap().to_lowercase();
    let row = before + 1;
    assert_eq!(
        refused(&screening),
        [format!(
            "tape.jsonl: row {row} (line {row}): expected the key `{name}` at the beginning of the tape, found it here first"
        )]
    );
    assert_eq!((screening.admitted.len() as u64, &*screening.refused[0].values[0]), (before, "5"));
}

#[rstest]
#[case("", "tape.jsonl: expected a header, found an empty file")]
#[case("\n \r\n\t\n", "tape.jsonl: expected a header, found an empty file")]
#[case(
    "[\n{\"loan_id\":1},\n]\n",
    "tape.jsonl: expected a readable json_lines file, found: no object in its first lines"
)]
#[case(
    "loan_id\n1\n",
    "tape.jsonl: expected a readable json_lines file, found: no object in its first lines"
)]
#[case("{\"x\":1}\n", "tape.jsonl: expected required column `loan_id`, found no such header")]
fn a_refused_file(#[case] text: &str, #[case] message: &str) {
    let contract = contract(&["loan_id: { type: text, required: true }"]);
    let tape = Tape::new("tape.jsonl", text);
    let refused = tape.screen(&contract, &Needed::all(), &IngestOptions::default(), 2).unwrap_err();
    assert_eq!(refused, message);
}

#[rstest]
fn long_rows(#[values(1 << 16, 1 << 26)] chunk: usize, #[values(0, 1)] more: usize) {
    let contract = contract(&["x: { type: text }"]);
    let long = |bytes: usize| format!("{{\"x\":\"{}\"}}\n", "a".repeat(bytes - 8));
    let text = |bytes: usize| format!("{}{}{}", long(10), long(bytes), long(10));
    let tape = Tape::new("tape.jsonl", text((16 << 20) + more));
    let screening = tape.screen(&contract, &Needed::all(), &options(chunk, 10), 2).unwrap();
    let message =
        "tape.jsonl: row 2 (line 2): expected at most 16777216 bytes, found more; is a quote left open?";
    assert_eq!(refused(&screening), vec![message; more]);

    let tape = Tape::new("tape.jsonl", text((32 << 20) + more));
    let screening = tape.screen(&contract, &Needed::all(), &options(chunk, 10), 2);
    match more {
        0 => assert_eq!(refused(&screening.unwrap()), [message]),
        _ => assert_eq!(screening.unwrap_err(), message),
    }
}

fn lines() -> impl Strategy<Value = Vec<u8>> {
    let line = prop_oneof![
        5 => Just(b"{\"x\":1,\"y\":\"a\"}\n".as_slice()),
        3 => Just(b"{\"y\":\"b\\n\",\"x\":\"2\"}\r\n".as_slice()),
        1 => Just(b"\n \n".as_slice()),
        1 => Just(b"{\"x\":[1],\"y\":\"c\"}\n".as_slice()),
        1 => Just(b"{\"x\":4,\"x\":5}\n".as_slice()),
        1 => Just(b"{\"y\":\"\xff\"}\n".as_slice()),
        1 => Just(b"{\"y\":null}\n".as_slice()),
        1 => Just(b"{\"x\n".as_slice()),
    ];
    proptest::collection::vec(line, 0..14)
        .prop_map(|lines| [b"{\"x\":0,\"y\":\"z\"}\n".as_slice(), &lines.concat()].concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn cut_anywhere(text in lines(), chunk in 1usize..40, batch_rows in 1usize..5, threads in 1usize..4) {
        let contract = contract(&["x: { type: int, nulls: reject }", "y: { type: text, roles: [dimension] }"]);
        let (tape, needed) = (Tape::new("tape.jsonl", &text), Needed::all());
        let whole = tape.screen(&contract, &needed, &IngestOptions::default(), 1).unwrap();
        let pieces = tape.screen(&contract, &needed, &options(chunk, batch_rows), threads).unwrap();
        prop_assert_eq!(&pieces, &whole);
        let lines = text.split(|&byte| byte == b'\n').filter(|line| !line.trim_ascii().is_empty());
        prop_assert_eq!(lines.count() as u64, whole.report.rows);
    }
}
