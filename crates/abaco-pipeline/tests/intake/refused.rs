//! Refused rows one by one: place, reason, cells, and what stands for them in the batch.

use abaco_pipeline::ingest::{IngestOptions, Needed};
use arrow::array::{Date32Array, Decimal128Array, DictionaryArray, Int64Array, StringArray};
use arrow::datatypes::Int32Type;
use rstest::rstest;

use crate::common::{Screening, Tape, array, cells, contract, options, typed};

fn loans() -> abaco_pipeline::contract::Contract {
    contract(&[
        "loan_id: { type: text, nulls: reject }",
        "segment: { type: text, roles: [dimension], nulls: reject }",
        "balance: { type: 'decimal(10, 2)', excess_digits: half_even, nulls: fill_zero }",
        "dpd: { type: int, nulls: reject, aliases: [days] }",
        "since: { type: date }",
    ])
}

/// Message, row, cells and values of each refused row.
fn check(screening: &Screening, expected: &[(&str, u64, &[&str], &[&str])]) {
    for (found, (message, row, raw, values)) in screening.refused.iter().zip(expected) {
        assert_eq!(found.message, *message);
        assert_eq!((found.row, &found.cells), (*row, &cells(raw)), "{message}");
        assert_eq!(found.values, *values, "{message}");
    }
    assert_eq!(screening.refused.len(), expected.len());
}

#[test]
fn csv() {
    let text = "days,loan_id,segment,balance,since,note\n\
        5,a,sme,1.005,2025-01-31,x\n\
        many,b,sme,2.015,,x\n\
        7,,,NA,2025-02-30,x\n\
        \n\
        8,c\n\
        9,d,retail,3,2025-03-01,x,y\n\
        10,e,sme,1e20,2025-03-01,x\n\
        11,f,sme,,,\n";
    let screening = Tape::new("tape.csv", text).screened(&loans());
    check(
        &screening,
        &[
            (
                "tape.csv: row 2 (line 3), column `dpd` (header `days`): expected int, found `many`",
                2,
                &["b", "sme", "2.015", "many", ""],
                &["b", "sme", "2.02", "0", "null"],
            ),
            // The first of several in the order of the contract, though the file has another.
            (
                "tape.csv: row 3 (line 4), column `loan_id`: expected text, found null",
                3,
                &["", "", "NA", "7", "2025-02-30"],
                &["", "", "0.00", "7", "null"],
            ),
            (
                "tape.csv: row 4 (line 6): expected 6 cells, found 2",
                4,
                &["c", "-", "-", "8", "-"],
                &["c", "", "0.00", "8", "null"],
            ),
            (
                "tape.csv: row 5 (line 7): expected 6 cells, found 7",
                5,
                &["d", "retail", "3", "9", "2025-03-01"],
                &["d", "retail", "3.00", "9", "2025-03-01"],
            ),
            (
                "tape.csv: row 6 (line 8), column `balance`: expected decimal(10, 2), found `1e20`, which overflows decimal(10, 2)",
                6,
                &["e", "sme", "1e20", "10", "2025-03-01"],
                &["e", "sme", "0.00", "10", "2025-03-01"],
            ),
        ],
    );
    let rows: Vec<_> = screening.admitted.iter().map(|(row, values)| (*row, values.join("|"))).collect();
    assert_eq!(rows, [(1, "a|sme|1.00|5|2025-01-31".to_owned()), (7, "f|sme|0.00|11|null".to_owned())]);
    // Each cell of the file once: `NA` and an empty balance became zero, 1.005 and 2.015 lost a digit.
    let counts = |name| {
        let column = screening.report.column(name).unwrap();
        (column.nulls, column.filled, column.rounded)
    };
    assert_eq!(counts("balance"), (2, 2, 2));
    assert_eq!(counts("loan_id"), (1, 0, 0));
    assert_eq!(counts("segment"), (1, 0, 0));
    assert_eq!(counts("since"), (2, 0, 0));
    assert_eq!(counts("dpd"), (0, 0, 0));
    assert_eq!(screening.report.rows, 7);
}

/// The same rows where a quote or other bytes send the whole chunk another way.
#[test]
fn csv_with_quotes_and_other_bytes() {
    let text = b"loan_id,segment,balance,dpd,since\n\
        \"a\nb\",sme,\"1,5\",1,\n\
        \"c\",sme,2,\xff,\n\
        d\xc3,sme,x,3,\n\
        e,\"sme\",4,4,,5\n\
        \"f\",\"g\"";
    let screening = Tape::new("tape.csv", text).screened(&loans());
    check(
        &screening,
        &[
            (
                "tape.csv: row 1 (line 2), column `balance`: expected decimal(10, 2), found `1,5`",
                1,
                &["a\nb", "sme", "1,5", "1", ""],
                &["a\nb", "sme", "0.00", "1", "null"],
            ),
            (
                "tape.csv: row 2 (line 4), column `dpd`: expected utf-8 text, found other bytes",
                2,
                &["c", "sme", "2", "\u{fffd}", ""],
                &["c", "sme", "2.00", "0", "null"],
            ),
            (
                "tape.csv: row 3 (line 5), column `loan_id`: expected utf-8 text, found other bytes",
                3,
                &["d\u{fffd}", "sme", "x", "3", ""],
                &["", "sme", "0.00", "3", "null"],
            ),
            (
                "tape.csv: row 4 (line 6): expected 5 cells, found 6",
                4,
                &["e", "sme", "4", "4", ""],
                &["e", "sme", "4.00", "4", "null"],
            ),
            (
                "tape.csv: row 5 (line 7): expected 5 cells, found 2",
                5,
                &["f", "g", "-", "-", "-"],
                &["f", "g", "0.00", "0", "null"],
            ),
        ],
    );
    assert_eq!(screening.admitted, []);
}

#[rstest]
fn typed_formats(
    #[values("tape.parquet", "tape.arrow")] name: &str,
    #[values(1, 2, 100)] batch_rows: usize,
    #[values(1, 3)] threads: usize,
) {
    let segment: DictionaryArray<Int32Type> =
        [Some("sme"), None, Some("NA"), Some("retail")].into_iter().collect();
    let balance = Decimal128Array::from(vec![Some(1_005), None, Some(2_015), Some(i128::pow(10, 20))]);
    let columns = vec![
        ("loan_id", array(StringArray::from(vec!["a", "b", "c", "d"]))),
        ("segment", array(segment)),
        ("balance", array(balance.with_precision_and_scale(38, 3).unwrap())),
        ("days", array(Int64Array::from(vec![Some(1), Some(2), None, Some(4)]))),
        ("since", array(Date32Array::from(vec![Some(0), None, Some(1), Some(4_000_000)]))),
    ];
    let tape = typed(name, columns, 3);
    let screening = tape.screen(&loans(), &Needed::all(), &options(1, batch_rows), threads).unwrap();
    let at = |text: &str| format!("{name}: {text}");
    check(
        &screening,
        &[
            (
                &at("row 2, column `segment`: expected text, found null"),
                2,
                &["b", "-", "-", "2", "-"],
                &["b", "", "0.00", "2", "null"],
            ),
            (
                &at("row 3, column `segment`: expected text, found null"),
                3,
                &["c", "NA", "2.015", "-", "1970-01-02"],
                &["c", "", "2.02", "0", "1970-01-02"],
            ),
            (
                &at(
                    "row 4, column `balance`: expected decimal(10, 2), found `100000000000000000.000`, which overflows decimal(10, 2)",
                ),
                4,
                &["d", "retail", "100000000000000000.000", "4", "+12921-08-18"],
                &["d", "retail", "0.00", "4", "null"],
            ),
        ],
    );
    assert_eq!(
        screening.admitted,
        [(1, ["a", "sme", "1.00", "1", "1970-01-01"].map(str::to_owned).to_vec())]
    );
    let counts = |name| {
        let column = screening.report.column(name).unwrap();
        (column.nulls, column.filled, column.rounded)
    };
    assert_eq!(counts("balance"), (1, 1, 2));
    assert_eq!(counts("segment"), (2, 0, 0));
    assert_eq!(counts("dpd"), (1, 0, 0));
    assert_eq!(counts("since"), (1, 0, 0));
}

#[rstest]
fn a_tape_of_refused_rows(#[values("tape.csv", "tape.parquet", "tape.arrow")] name: &str) {
    let tape = match name {
        "tape.csv" => Tape::new(name, "x\n".to_owned() + &"no\n".repeat(1_000)),
        _ => typed(name, vec![("x", array(StringArray::from(vec!["no"; 1_000])))], 64),
    };
    let contract = contract(&["x: { type: int }"]);
    let screening = tape.screen(&contract, &Needed::all(), &options(50, 7), 3).unwrap();
    assert_eq!(screening.admitted, []);
    let rows: Vec<u64> = screening.refused.iter().map(|refused| refused.row).collect();
    assert_eq!(rows, (1..=1_000).collect::<Vec<_>>());
    assert!(screening.refused.iter().all(|refused| refused.cells == cells(&["no"])));
}

/// A pii cell is masked in the error, and in the cells as it is.
#[test]
fn personal_data() {
    let tape = Tape::new("tape.csv", "x\n12-34\n");
    let screening = tape.screened(&contract(&["x: { type: int, roles: [pii] }"]));
    check(
        &screening,
        &[("tape.csv: row 1 (line 2), column `x`: expected int, found `<masked>`", 1, &["12-34"], &["null"])],
    );
}

/// Of other dates only what is refused is handed over, because nobody knows its date.
#[test]
fn one_date() {
    let text = "d,x\n2025-01-31,1\nsoon,2\n2025-02-28,3\n2025-02-28,no\n2025-01-31,no\n2025-01-31,6\n";
    let contract = contract(&["d: { type: date, roles: [snapshot] }", "x: { type: int }"]);
    let needed = Needed::all().at("d", chrono::NaiveDate::from_ymd_opt(2025, 1, 31).unwrap());
    let tape = Tape::new("t.csv", text);
    let reader = abaco_pipeline::ingest::open(&tape.path, &contract, &needed, &IngestOptions::default());
    let mut found = Vec::new();
    let (rows, _) = reader
        .unwrap()
        .screen(
            || 0,
            |rows, screened| {
                *rows += screened.batch.num_rows();
                Ok::<_, std::convert::Infallible>(screened)
            },
            |rows, others| {
                *rows += others;
                Ok(())
            },
            |_, screened| {
                for refused in &screened.refused {
                    found.push((refused.row, crate::common::values(&screened.batch, refused.row).join(" ")));
                }
                Ok(())
            },
            &abaco_pipeline::Watch::default(),
        )
        .unwrap();
    let refused = [(1, "null 2"), (2, "2025-02-28 null"), (3, "2025-01-31 null")];
    assert_eq!((rows, found), (5, refused.map(|(row, values)| (row, values.to_owned())).to_vec()));
}

/// Complete or not, a row is too long by its length alone, wherever the text is cut.
#[rstest]
fn long_rows(#[values(1 << 16, 1 << 23, 1 << 26)] chunk: usize, #[values(true, false)] quoted: bool) {
    let contract = contract(&["x: { type: text }", "y: { type: int }"]);
    let long =
        |bytes: usize| if quoted { format!("\"{}\"", "a".repeat(bytes - 2)) } else { "a".repeat(bytes) };
    let tape = Tape::new("tape.csv", format!("x,y\nb,1\n{},2\nc,3\n", long((32 << 20) - 2)));
    let screening = tape.screen(&contract, &Needed::all(), &options(chunk, 10), 2).unwrap();
    assert_eq!(screening.admitted.len(), 2);
    let message =
        "tape.csv: row 2 (line 3): expected at most 16777216 bytes, found more; is a quote left open?";
    assert_eq!((screening.refused[0].message.as_str(), screening.refused[0].row), (message, 2));
    assert_eq!(screening.refused[0].cells[1].as_deref(), Some("2"));

    let tape = Tape::new("tape.csv", format!("x,y\nb,1\n{},2\nc,3\n", long((32 << 20) - 1)));
    let refused = tape.screen(&contract, &Needed::all(), &options(chunk, 10), 2);
    assert_eq!(refused.map(|screening| screening.refused.len()), Err(message.to_owned()));
}

/// Text behind a closing quote: neither `1"2` nor 12 is what was meant for certain. Blanks there are no text, a quote within
/// a cell that does not begin with one is a character, and two stand for one.
#[rstest]
fn text_behind_a_closing_quote(#[values(1 << 10, 1 << 20)] chunk: usize) {
    let contract = contract(&["x: { type: text }", "n: { type: int, nulls: keep }"]);
    let rows =
        "\"a\",\"1\"2\n\"b\" ,\"2\" \nc\"d,3\n\"e\"\"\",4\n\"f\"\"g\"h,5\n\"\"\"i\"\t,6\n\"j\" \"k\",7\n";
    let tape = Tape::new("tape.csv", format!("x,n\n{rows}"));
    let screening = tape.screen(&contract, &Needed::all(), &options(chunk, 10), 2).unwrap();
    let refused: Vec<&str> = screening.refused.iter().map(|row| row.message.as_str()).collect();
    let problem = "expected a comma or the line's end behind the closing quote, found text";
    assert_eq!(
        refused,
        [
            format!("tape.csv: row 1 (line 2), column `n`: {problem}"),
            format!("tape.csv: row 5 (line 6), column `x`: {problem}"),
            format!("tape.csv: row 7 (line 8), column `x`: {problem}"),
        ]
    );
    let admitted: Vec<String> =
        screening.admitted.iter().map(|(row, cells)| format!("{row} {}", cells.join("|"))).collect();
    assert_eq!(admitted, ["2 b|2", "3 c\"d|3", "4 e\"|4", "6 \"i|6"]);
}

/// In the header too.
#[rstest]
fn text_behind_a_closing_quote_of_the_header(#[values("", "\u{feff}")] mark: &str) {
    let tape = Tape::new("tape.csv", format!("{mark}\"x\"y,n\na,1\n"));
    assert_eq!(
        tape.screen(&contract(&["xy: { type: text }"]), &Needed::all(), &options(64, 10), 2).unwrap_err(),
        "tape.csv: header: expected a comma or the line's end behind a closing quote, found text in column 1"
    );
}

/// One of the header has swallowed all rows.
#[rstest]
fn an_open_quote_of_the_header(#[values("", "\u{feff}")] mark: &str, #[values(4, 1 << 20)] chunk: usize) {
    let tape = Tape::new("tape.csv", format!("{mark}x,\"y\n1,a\n"));
    let contract = contract(&["x: { type: int }", "y: { type: text }"]);
    assert_eq!(
        tape.screen(&contract, &Needed::all(), &options(chunk, 10), 2).unwrap_err(),
        "tape.csv: row 0 (line 1): expected a closing quote, found the end of the file"
    );
}

/// A quote that is still open at the end has swallowed nobody knows how many rows: none of them is lost without a word.
#[rstest]
#[case::a_text("1,a\n2,\"b\n3,c\n4,d\n", 2, 3)]
#[case::at_the_very_end("1,a\n2,b\n3,\"", 3, 4)]
#[case::one_row("1,\"a\n", 1, 2)]
#[case::after_a_pair("1,\"\"\"\n2,b\n", 1, 2)]
fn an_open_quote_refuses_the_file(
    #[case] rows: &str,
    #[case] row: u64,
    #[case] line: u64,
    #[values(4, 1 << 20)] chunk: usize,
) {
    let contract = contract(&["x: { type: int }", "y: { type: text }"]);
    let tape = Tape::new("tape.csv", format!("x,y\n{rows}"));
    assert_eq!(
        tape.screen(&contract, &Needed::all(), &options(chunk, 10), 2).unwrap_err(),
        format!("tape.csv: row {row} (line {line}): expected a closing quote, found the end of the file")
    );
}

/// A quote that is never closed ends the tape, where it swallows more than a row may have.
#[rstest]
fn an_open_quote(#[values(1 << 16, 1 << 23, 1 << 26)] chunk: usize) {
    let contract = contract(&["x: { type: int }", "y: { type: text }"]);
    let tape = Tape::new("tape.csv", "x,y\nno,1\n2,\"".to_owned() + &"1,2\n".repeat(5 << 20));
    assert_eq!(
        tape.screen(&contract, &Needed::all(), &options(chunk, 10), 2).unwrap_err(),
        "tape.csv: row 2 (line 3): expected at most 16777216 bytes, found more; is a quote left open?"
    );
}
