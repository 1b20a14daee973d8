//! What each Arrow type of a Parquet or IPC column becomes.

use abaco_pipeline::contract::Contract;
use arrow::array::*;
use arrow::datatypes::{Int8Type, i256};
use rstest::rstest;

use crate::common::{array, contract, ipc, mantissas, one_column, parquet};

fn x(column: &str) -> Contract {
    contract(&[&format!("x: {{ type: {column} }}")])
}

fn refusal(column: &str, array: ArrayRef) -> String {
    ipc(&one_column(array)).refusal(&x(column))
}

/// The values as Arrow prints them, through IPC.
fn accepted(column: &str, array: ArrayRef) -> Vec<String> {
    let (batch, _) = ipc(&one_column(array)).read(&x(column)).unwrap();
    let column = batch.column(0);
    (0..column.len())
        .map(|index| arrow::util::display::array_value_to_string(column, index).unwrap())
        .collect()
}

fn decimal128(precision: u8, scale: i8, values: Vec<Option<i128>>) -> ArrayRef {
    array(Decimal128Array::from(values).with_precision_and_scale(precision, scale).unwrap())
}

#[rstest]
#[case("int", array(Int8Array::from(vec![Some(-128), None])), &["-128", ""])]
#[case("int", array(UInt32Array::from(vec![u32::MAX])), &["4294967295"])]
#[case("int", array(UInt64Array::from(vec![7])), &["7"])]
#[case("int", decimal128(38, 0, vec![Some(5), None]), &["5", ""])]
#[case("int", decimal128(38, 2, vec![Some(500)]), &["5"])]
#[case("int", array(StringArray::from(vec!["30.0", " 7 ", "NA"])), &["30", "7", ""])]
#[case("int", array(NullArray::new(2)), &["", ""])]
#[case("'decimal(18, 2)'", array(Int32Array::from(vec![3])), &["3.00"])]
#[case("'decimal(18, 2)'", array(Decimal32Array::from(vec![15]).with_precision_and_scale(9, 1).unwrap()), &["1.50"])]
#[case("'decimal(18, 2)'", array(Decimal64Array::from(vec![15]).with_precision_and_scale(18, -2).unwrap()), &["1500.00"])]
#[case("'decimal(18, 2)'", decimal128(38, 4, vec![Some(15_000)]), &["1.50"])]
#[case("'decimal(38, 17)'", decimal128(18, 2, vec![Some(-150), None]), &["-1.50000000000000000", ""])]
#[case("'decimal(18, 2), excess_digits: half_even'", decimal128(38, 3, vec![Some(1_025), Some(1_035)]), &["1.02", "1.04"])]
#[case("'decimal(18, 2), excess_digits: half_away'", decimal128(38, 3, vec![Some(-1_025), Some(1_024)]), &["-1.03", "1.02"])]
#[case("'decimal(18, 2)'", array(Decimal256Array::from(vec![i256::from_i128(10).wrapping_pow(42)]).with_precision_and_scale(76, 40).unwrap()), &["100.00"])]
#[case("'decimal(18, 2), from_float: shortest'", array(Float64Array::from(vec![Some(0.1), Some(2535.0), Some(-1e2), None])), &["0.10", "2535.00", "-100.00", ""])]
#[case("'decimal(18, 8), from_float: shortest'", array(Float32Array::from(vec![0.1])), &["0.10000000"])]
#[case("int, from_float: shortest", array(Float64Array::from(vec![Some(30.0), None])), &["30", ""])]
#[case("text", array(StringArray::from(vec![Some(" a "), Some("NULL"), None])), &["a", "", ""])]
#[case("text", array(LargeStringArray::from(vec!["a"])), &["a"])]
#[case("text", array(StringViewArray::from(vec!["a text that is too long to be inlined"])), &["a text that is too long to be inlined"])]
#[case("text", array(vec![Some("sme"), None, Some("sme")].into_iter().collect::<DictionaryArray<Int8Type>>()), &["sme", "", "sme"])]
#[case("date", array(Date32Array::from(vec![20_453])), &["2025-12-31"])]
#[case("date", array(Date64Array::from(vec![20_453 * 86_400_000])), &["2025-12-31"])]
#[case("date", array(TimestampNanosecondArray::from(vec![-86_400_000_000_000])), &["1969-12-31"])]
#[case("date", array(TimestampSecondArray::from(vec![86_400]).with_timezone("UTC")), &["1970-01-02"])]
#[case("date", array(StringArray::from(vec!["2025-12-31"])), &["2025-12-31"])]
#[case("bool", array(BooleanArray::from(vec![Some(true), None])), &["true", ""])]
#[case("bool", array(Int8Array::from(vec![0, 1])), &["false", "true"])]
#[case("bool", array(StringArray::from(vec!["False"])), &["false"])]
fn taken(#[case] column: &str, #[case] array: ArrayRef, #[case] expected: &[&str]) {
    // Only the type is quoted in YAML.
    let column = match column.split_once("), ") {
        Some((decimal, rules)) => format!("{decimal})', {}", rules.trim_end_matches('\'')),
        None => column.to_owned(),
    };
    assert_eq!(accepted(&column, array), expected);
}

#[rstest]
#[case("'decimal(18, 2)'", array(Float64Array::from(vec![1.0])), "expected decimal(18, 2), found float64")]
#[case("int", array(Float32Array::from(vec![1.0])), "expected int, found float32")]
#[case("int", array(BooleanArray::from(vec![true])), "expected int, found boolean")]
#[case("int", array(Date32Array::from(vec![1])), "expected int, found date32")]
#[case("text", array(Int64Array::from(vec![1])), "expected text, found int64")]
#[case("text", array(BinaryArray::from(vec![b"a".as_slice()])), "expected text, found binary")]
#[case("date", array(Int64Array::from(vec![20_251_231])), "expected date, found int64")]
#[case("date", array(TimestampMillisecondArray::from(vec![0]).with_timezone("America/Bogota")), "expected date, found timestamp(ms, \"america/bogota\")")]
#[case("bool", array(Float64Array::from(vec![1.0])), "expected bool, found float64")]
fn type_refused(#[case] column: &str, #[case] array: ArrayRef, #[case] message: &str) {
    assert_eq!(refusal(column, array), format!("tape.arrow: column `x`: {message}"));
}

#[rstest]
#[case("int", array(UInt64Array::from(vec![0, u64::MAX])), "expected int, found `18446744073709551615`, which overflows int")]
#[case("int", decimal128(38, 1, vec![Some(10), Some(15)]), "expected int, found `1.5`")]
#[case("int, nulls: reject", array(Int64Array::from(vec![Some(1), None])), "expected int, found null")]
#[case("int, roles: [pii]", array(StringArray::from(vec!["1", "secret"])), "expected int, found `<masked>`")]
#[case("'decimal(4, 2)'", array(Int64Array::from(vec![1, 100])), "expected decimal(4, 2), found `100`, which overflows decimal(4, 2)")]
#[case("'decimal(18, 2)'", decimal128(38, 3, vec![Some(10), Some(15)]), "expected decimal(18, 2), found `0.015` with more than 2 fractional digits")]
#[case("'decimal(18, 2)', from_float: shortest", array(Float64Array::from(vec![0.5, f64::NAN])), "expected decimal(18, 2), found `NaN`")]
#[case("'decimal(18, 2)', from_float: shortest", array(Float64Array::from(vec![0.5, f64::NEG_INFINITY])), "expected decimal(18, 2), found `-inf`")]
#[case("date", array(TimestampSecondArray::from(vec![0, 3_600])), "expected date, found `1970-01-01T01:00:00`")]
#[case("date", array(Date32Array::from(vec![0, 2_932_897])), "expected date, found `+10000-01-01`")]
#[case("bool", array(Int64Array::from(vec![1, 2])), "expected bool, found `2`")]
fn cell_refused(#[case] column: &str, #[case] array: ArrayRef, #[case] message: &str) {
    assert_eq!(refusal(column, array), format!("tape.arrow: row 2, column `x`: {message}"));
}

/// Arrow does not enforce a declared precision; we do, even where nothing else needs conversion.
#[test]
fn declared_precision_is_enforced() {
    let liar = Decimal64Array::from(vec![10_000]).with_data_type(arrow::datatypes::DataType::Decimal64(4, 2));
    assert_eq!(
        refusal("'decimal(4, 2)'", array(liar)),
        "tape.arrow: row 1, column `x`: expected decimal(4, 2), found `100.00`, which overflows decimal(4, 2)"
    );
}

/// Parquet keeps narrow decimals as integers of 32 and 64 bits; they are read without widening.
#[rstest]
fn parquet_decimals(#[values(9, 18, 30)] precision: u8) {
    let values = vec![Some(123_456_789), None, Some(-1)];
    let tape = parquet(&one_column(decimal128(precision, 2, values.clone())));
    let (batch, report) = tape.read(&x(&format!("'decimal({precision}, 2)'"))).unwrap();
    assert_eq!(mantissas(&batch, "x"), values);
    assert_eq!(report.column("x").unwrap().observed_scale, Some(2));
}

#[test]
fn rows_count_through_batches() {
    let tape = parquet(&one_column(array(StringArray::from_iter_values(
        (0..10).map(|n| format!("{}", n / 9 * 11)),
    ))));
    let contract = x("'decimal(1, 0)'");
    let error =
        crate::common::read(&tape.path, &contract, &abaco_pipeline::ingest::Needed::all(), 4).unwrap_err();
    assert_eq!(
        tape.message(&error),
        "tape.parquet: row 10, column `x`: expected decimal(1, 0), found `11`, which overflows decimal(1, 0)"
    );
}
