//! Arrays taken whole: the same values, counts and errors as cell by cell.

use abaco_pipeline::contract::Contract;
use arrow::array::*;
use arrow::buffer::NullBuffer;
use arrow::datatypes::{DataType, Date32Type, Decimal64Type, Int8Type, Int32Type};
use proptest::prelude::*;
use rstest::rstest;

use crate::common::{Tape, array, contract, ipc, mantissas, one_column, parquet};

fn x(column: &str) -> Contract {
    contract(&[&format!("x: {{ type: {column} }}")])
}

/// The number at the column's scale, if it fits.
fn at_scale(value: i128, from: i8, precision: u32, scale: i8) -> Option<i128> {
    if value == 0 {
        return Some(0);
    }
    let shift = u32::try_from(scale - from).unwrap();
    let value = value.checked_mul(10i128.checked_pow(shift)?)?;
    (value.unsigned_abs() < 10u128.pow(precision)).then_some(value)
}

fn decimals(width: u8, scale: i8, values: &[Option<i64>]) -> ArrayRef {
    let wide = values.iter().map(|value| value.map(i128::from));
    match width {
        32 => array(
            values
                .iter()
                .map(|value| value.map(|value| value as i32))
                .collect::<Decimal32Array>()
                .with_precision_and_scale(9, scale)
                .unwrap(),
        ),
        64 => array(
            values.iter().copied().collect::<Decimal64Array>().with_precision_and_scale(18, scale).unwrap(),
        ),
        _ => array(wide.collect::<Decimal128Array>().with_precision_and_scale(38, scale).unwrap()),
    }
}

/// Numbers around the bounds of a few digits, where a quick check could go wrong.
fn number() -> impl Strategy<Value = Option<i64>> {
    let power = (0u32..19, -2i64..3, any::<bool>()).prop_map(|(digits, offset, negative)| {
        let value = 10i64.pow(digits).saturating_add(offset);
        Some(if negative { -value } else { value })
    });
    let bits = (0u32..63, -2i64..3).prop_map(|(bits, offset)| Some((1i64 << bits).wrapping_add(offset)));
    prop_oneof![4 => (-99i64..100).prop_map(Some), 1 => power, 1 => bits, 1 => Just(None)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn decimals_keep_their_digits(
        values in proptest::collection::vec(number(), 1..9),
        (precision, scale) in (1u32..38).prop_flat_map(|p| (Just(p), 0..=(p.min(28) as i8))),
        below in 0i8..4,
        width in prop_oneof![Just(32u8), Just(64), Just(128)],
    ) {
        // As many fractional digits as the width may declare.
        let from = (scale - below).min(match width { 32 => 9, 64 => 18, _ => 38 });
        let values: Vec<Option<i64>> = match width {
            32 => values.iter().map(|value| value.map(|value| value % 1_000_000_000)).collect(),
            _ => values,
        };
        let tape = ipc(&one_column(decimals(width, from, &values)));
        let read = tape.read(&x(&format!("'decimal({precision}, {scale})'")));
        let expected: Vec<Result<Option<i128>, usize>> = values.iter().enumerate().map(|(row, value)| {
            let Some(value) = value else { return Ok(None) };
            at_scale((*value).into(), from, precision, scale).map(Some).ok_or(row + 1)
        }).collect();
        match expected.iter().find_map(|value| value.err()) {
            Some(row) => {
                let message = tape.message(&read.unwrap_err());
                let start = format!("tape.arrow: row {row}, column `x`: expected decimal({precision}, {scale}), found `");
                prop_assert!(message.starts_with(&start) && message.contains("which overflows"), "{message}");
            }
            None => {
                let (batch, report) = read.unwrap();
                let expected: Vec<Option<i128>> = expected.into_iter().map(Result::unwrap).collect();
                prop_assert_eq!(mantissas(&batch, "x"), expected.clone());
                let nulls = expected.iter().filter(|value| value.is_none()).count();
                let report = report.column("x").unwrap();
                prop_assert_eq!((report.nulls, report.filled, report.rounded), (nulls as u64, 0, 0));
                let observed = if nulls == expected.len() { 0 } else { from.clamp(0, scale) as u8 };
                prop_assert_eq!(report.observed_scale, Some(observed));
            }
        }
    }
}

/// An array whose null slots hold something.
fn dirty() -> ArrayRef {
    let nulls = NullBuffer::from(vec![true, false, true]);
    array(
        Decimal64Array::new(vec![1, i64::MAX, 3].into(), Some(nulls))
            .with_data_type(DataType::Decimal64(18, 2)),
    )
}

#[test]
fn null_slots_hold_zero() {
    let (batch, _) = ipc(&one_column(dirty())).read(&x("'decimal(18, 2)'")).unwrap();
    let read = batch["x"].as_primitive::<Decimal64Type>();
    assert_eq!((read.values().as_ref(), read.null_count()), ([1, 0, 3].as_slice(), 1));
    let days = Date32Array::new(vec![i32::MAX, 7].into(), Some(vec![false, true].into()));
    let (batch, _) = ipc(&one_column(array(days))).read(&x("date")).unwrap();
    assert_eq!(batch["x"].as_primitive::<Date32Type>().values().as_ref(), [0, 7]);
    let flags = BooleanArray::new(vec![true, true].into(), Some(vec![false, true].into()));
    let (batch, _) = ipc(&one_column(array(flags))).read(&x("bool")).unwrap();
    assert_eq!(batch["x"].as_boolean().values().iter().collect::<Vec<_>>(), [false, true]);
}

#[test]
fn null_rules() {
    let (batch, report) = ipc(&one_column(dirty())).read(&x("'decimal(18, 2)', nulls: fill_zero")).unwrap();
    assert_eq!(mantissas(&batch, "x"), [Some(1), Some(0), Some(3)]);
    assert!(!batch.schema().field(0).is_nullable());
    let report = report.column("x").unwrap();
    assert_eq!((report.nulls, report.filled), (1, 1));
    assert_eq!(
        ipc(&one_column(dirty())).refusal(&x("'decimal(18, 2)', nulls: reject")),
        "tape.arrow: row 2, column `x`: expected decimal(18, 2), found null"
    );
}

#[rstest]
#[case(-719_162, true)]
#[case(-719_163, false)]
#[case(2_932_896, true)]
#[case(2_932_897, false)]
fn days_of_the_calendar(#[case] day: i32, #[case] taken: bool) {
    let tape = ipc(&one_column(array(Date32Array::from(vec![0, day]))));
    assert_eq!(tape.read(&x("date")).is_ok(), taken);
}

fn texts() -> Vec<Option<&'static str>> {
    vec![Some("sme"), None, Some(" sme"), Some("NA"), Some("corporate"), Some("sme")]
}

/// Every kind of text in a file is one kind of dictionary in the batches, and one schema.
#[rstest]
#[case(array(StringArray::from(texts())))]
#[case(array(LargeStringArray::from(texts())))]
#[case(array(StringViewArray::from(texts())))]
#[case(array(texts().into_iter().collect::<DictionaryArray<Int8Type>>()))]
#[case(array(texts().into_iter().collect::<DictionaryArray<Int32Type>>()))]
// Its values hold a null, a text twice, and texts of no row.
#[case(array(DictionaryArray::<Int32Type>::new(
    vec![Some(1), None, Some(3), Some(2), Some(5), Some(4)].into_iter().collect(),
    array(StringArray::from(vec![Some("unused"), Some("sme"), None, Some("sme "), Some("sme"), Some("corporate"), Some(" ")])),
)))]
fn dimensions_are_dictionaries(#[case] column: ArrayRef) {
    let contract = x("text, roles: [dimension]");
    let csv = Tape::csv("x,o\nsme,\n,\n sme,\nNA,\ncorporate,\nsme,\n");
    let batch = one_column(column);
    for tape in [csv, ipc(&batch), parquet(&batch)] {
        let (batch, report) = tape.read(&contract).unwrap();
        let name = tape.path.display();
        let dictionary = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
        assert_eq!(batch.schema().field(0).data_type(), &dictionary, "{name}");
        let read = batch["x"].as_dictionary::<Int32Type>();
        assert_eq!(read.values().null_count(), 0);
        assert_eq!(read.keys().value(1), 0);
        let codes: Vec<Option<i32>> = read.keys().iter().collect();
        assert_eq!((codes[0], codes[0]), (codes[2], codes[5]), "{name}");
        let read: Vec<Option<&str>> = read.downcast_dict::<StringArray>().unwrap().into_iter().collect();
        assert_eq!(read, [Some("sme"), None, Some("sme"), None, Some("corporate"), Some("sme")], "{name}");
        assert_eq!(report.column("x").unwrap().nulls, 2, "{name}");
    }
    assert_eq!(
        parquet(&batch).refusal(&x("text, roles: [dimension], nulls: reject")),
        "tape.parquet: row 2, column `x`: expected text, found null"
    );
}

/// As many texts as rows: a dictionary is not worth it, and right all the same.
#[rstest]
fn a_dictionary_may_be_large(#[values(7, 1_000, 65_536)] batch_rows: usize) {
    let texts: Vec<String> = (0..20_000).map(|n| format!("text {}", n * 7_919 % 20_000)).collect();
    let batch = one_column(array(StringArray::from_iter_values(&texts)));
    let csv = Tape::csv(format!("x\n{}\n", texts.join("\n")));
    for tape in [csv, ipc(&batch), parquet(&batch)] {
        let contract = x("text, roles: [dimension]");
        let needed = abaco_pipeline::ingest::Needed::all();
        let (batch, _) = crate::common::read(&tape.path, &contract, &needed, batch_rows).unwrap();
        let read = arrow::compute::cast(&batch["x"], &DataType::Utf8).unwrap();
        assert!(read.as_string::<i32>().iter().flatten().eq(texts.iter()), "{}", tape.path.display());
    }
}

/// What Parquet is asked for changes no value.
#[rstest]
#[case("int", array(UInt8Array::from(vec![Some(7), None])))]
#[case("int", array(UInt32Array::from(vec![u32::MAX])))]
#[case("int", array(UInt64Array::from(vec![u64::MAX / 2])))]
#[case("int", array(Int16Array::from(vec![-3])))]
#[case("'decimal(18, 2)'", array(Decimal256Array::from(vec![arrow::datatypes::i256::from_i128(150)]).with_precision_and_scale(76, 2).unwrap()))]
#[case("'decimal(18, 2)'", array(Decimal128Array::from(vec![Some(-150), None]).with_precision_and_scale(38, 2).unwrap()))]
#[case("'decimal(18, 2)'", array(Decimal64Array::from(vec![Some(-150), None]).with_precision_and_scale(12, 1).unwrap()))]
#[case("'decimal(18, 2)'", array(Decimal32Array::from(vec![Some(-150), None]).with_precision_and_scale(5, 2).unwrap()))]
#[case("'decimal(38, 4)'", array(Decimal32Array::from(vec![Some(-150), None]).with_precision_and_scale(5, 2).unwrap()))]
#[case("'decimal(18, 2)', from_float: shortest", array(Float64Array::from(vec![Some(0.1), None])))]
#[case("'decimal(18, 2)'", array(StringArray::from(vec!["1.50", "NA"])))]
#[case("int", array(LargeStringArray::from(vec!["15", "NA"])))]
#[case("text", array(LargeStringArray::from(vec![" a ", "NA"])))]
#[case("text", array(StringViewArray::from(vec!["a text that is too long to be inlined"])))]
#[case("text", array(vec![Some("a"), None].into_iter().collect::<DictionaryArray<Int8Type>>()))]
#[case("date", array(Date64Array::from(vec![Some(86_400_000), None])))]
#[case("date", array(TimestampSecondArray::from(vec![86_400]).with_timezone("UTC")))]
#[case("date", array(TimestampMicrosecondArray::from(vec![86_400_000_000]).with_timezone("+00:00")))]
#[case("date", array(TimestampNanosecondArray::from(vec![Some(-86_400_000_000_000), None])))]
#[case("date", array(vec![Some("2025-12-31"), None].into_iter().collect::<DictionaryArray<Int8Type>>()))]
#[case("bool", array(BooleanArray::from(vec![Some(true), None])))]
#[case("bool", array(StringArray::from(vec!["true", ""])))]
fn parquet_reads_as_ipc_does(#[case] column: &str, #[case] array: ArrayRef) {
    let batch = one_column(array);
    // Only the type is quoted in YAML.
    let contract = x(column);
    let (expected, report) = ipc(&batch).read(&contract).unwrap();
    let (read, other) = parquet(&batch).read(&contract).unwrap();
    assert_eq!(read, expected);
    assert_eq!(other.columns, report.columns);
}

/// Other writers keep decimals in bytes of their own length.
#[rstest]
fn decimals_of_any_length(
    #[values(4, 9, 15, 18, 19, 38)] precision: u8,
    #[values(true, false)] as_integer: bool,
) {
    let values = vec![Some(1_234), None, Some(-9_999), Some(0)];
    let column = Decimal128Array::from(values.clone()).with_precision_and_scale(precision, 2).unwrap();
    let batch = one_column(array(column));
    let mut bytes = Vec::new();
    let properties = ::parquet::file::properties::WriterProperties::builder();
    let properties = properties.set_writer_version(match as_integer {
        true => ::parquet::file::properties::WriterVersion::PARQUET_2_0,
        false => ::parquet::file::properties::WriterVersion::PARQUET_1_0,
    });
    let mut writer =
        ::parquet::arrow::ArrowWriter::try_new(&mut bytes, batch.schema(), Some(properties.build())).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    let (read, _) = Tape::new("tape.parquet", bytes).read(&x("'decimal(38, 2)'")).unwrap();
    assert_eq!(mantissas(&read, "x"), values);
}
