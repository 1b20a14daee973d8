//! Pseudonyms: equal stays equal, nothing plain is left, and the digits are those that HMAC-SHA-256 gives elsewhere.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use abaco_pipeline::arrow::array::{
    Array, ArrayRef, AsArray, Date32Array, DictionaryArray, Int32Array, Int64Array, RecordBatch, StringArray,
};
use abaco_pipeline::arrow::datatypes::{DataType, Field, Int32Type, Int64Type, Schema};
use abaco_pipeline::contract::Contract;
use abaco_pipeline::mask::{Masker, Masking, MaskingKey};
use proptest::prelude::*;

const CONTRACT: &str = "
contract: loans
version: 1
currency: USD
columns:
  borrower_id: { type: text, roles: [pii] }
  name: { type: text, roles: [pii, dimension] }
  tax_number: { type: int, roles: [pii] }
  born: { type: date, roles: [pii], nulls: reject }
  income: { type: 'decimal(18, 2)', roles: [pii] }
  resident: { type: bool, roles: [pii] }
  city: { type: text }
  dpd: { type: int }
";

fn contract() -> Contract {
    Contract::from_yaml_str(CONTRACT, "loans.yml").unwrap()
}

fn key() -> MaskingKey {
    MaskingKey::parse("2026-01", "hex:000102030405060708090a0b0c0d0e0f").unwrap()
}

fn masker_with(key: &MaskingKey) -> Masker {
    Masker::new(key, &contract(), &BTreeSet::new()).unwrap()
}

fn masker() -> Masker {
    masker_with(&key())
}

fn batch(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
    RecordBatch::try_from_iter(columns).unwrap()
}

fn texts(array: &dyn Array) -> Vec<Option<String>> {
    array.as_string::<i32>().iter().map(|text| text.map(str::to_owned)).collect()
}

fn masked_texts(masker: &Masker, column: &str, values: &[Option<String>]) -> Vec<Option<String>> {
    let array: StringArray = values.iter().map(Option::as_deref).collect();
    texts(masker.apply(&batch(vec![(column, Arc::new(array))])).unwrap().column(0))
}

/// Python: `hmac.new(bytes(range(16)), b'borrower_id\0' + text.encode(), 'sha256').hexdigest()[:32]`, and for ints
/// `int.from_bytes(hmac.new(key, b'tax_number\0' + str(n).encode(), 'sha256').digest()[:8]) & (2**63 - 1)`.
#[test]
fn the_digits_are_those_of_another_hmac() {
    let masker = masker();
    let cases = [
        ("borrower_id", "Ana Lopez", "a751a9c8bee247b3ce2f1ca955219900"),
        ("name", "Ana Lopez", "c63a727a4d191c30f0e374f25c07aa72"),
        ("borrower_id", "Łukasz", "d231ab7d9ea19f0a75fcbdb4b8488610"),
        ("tax_number", "4711", "2328342334330741596"),
        ("tax_number", "-1", "3934755824852411051"),
        ("tax_number", "0", "8168517700466376166"),
        ("tax_number", "-9223372036854775808", "9165284440477504050"),
    ];
    for (column, cell, expected) in cases {
        assert_eq!(masker.text(column, cell).as_deref(), Some(expected), "{column} {cell}");
    }
    let empty = masked_texts(&masker, "borrower_id", &[Some(String::new()), None]);
    assert_eq!(empty, [Some("6207368ffe58c2fc0b64969546616788".to_owned()), None]);
    let other = MaskingKey::parse("2026-02", "sixteen bytes ok").unwrap();
    let other = masker_with(&other).text("borrower_id", "Ana Lopez");
    assert_eq!(other.as_deref(), Some("ccb048aa3726969d66032df0c003f5a0"));
}

#[test]
fn a_dictionary_keeps_its_codes_and_loses_its_texts() {
    let values: StringArray = [Some("Ana"), Some("Bo"), Some("unused")].into_iter().collect();
    let codes = Int32Array::from(vec![Some(1), None, Some(0), Some(1)]);
    let array = DictionaryArray::new(codes.clone(), Arc::new(values));
    let masked = masker().apply(&batch(vec![("name", Arc::new(array))])).unwrap();
    let masked = masked.column(0).as_dictionary::<Int32Type>();
    assert_eq!(masked.keys(), &codes);
    let expected: Vec<Option<String>> =
        ["Ana", "Bo", "unused"].iter().map(|text| masker().text("name", text)).collect();
    assert_eq!(texts(masked.values()), expected);
}

#[test]
fn ints_stay_ints_and_dates_become_null_even_where_they_are_required() {
    let schema = Schema::new(vec![
        Field::new("tax_number", DataType::Int64, true),
        Field::new("born", DataType::Date32, false),
        Field::new("dpd", DataType::Int64, false),
    ]);
    let plain = RecordBatch::try_new(
        Arc::new(schema.clone()),
        vec![
            Arc::new(Int64Array::from(vec![Some(4_711), None, Some(4_711)])),
            Arc::new(Date32Array::from(vec![1, 2, 3])),
            Arc::new(Int64Array::from(vec![0, 30, 60])),
        ],
    )
    .unwrap();
    let masked = masker().apply(&plain).unwrap();
    let numbers = masked.column(0).as_primitive::<Int64Type>();
    assert_eq!(
        numbers,
        &Int64Array::from(vec![Some(2_328_342_334_330_741_596), None, Some(2_328_342_334_330_741_596)])
    );
    assert_eq!(masked.column(1).data_type(), &DataType::Date32);
    assert_eq!(masked.column(1).null_count(), 3);
    assert_eq!(masked.column(2), plain.column(2));
    assert_eq!(masked.schema_ref().as_ref(), &masker().schema(&schema));
    assert!(masked.schema_ref().field(1).is_nullable() && !masked.schema_ref().field(2).is_nullable());
}

#[test]
fn a_cell_is_masked_as_its_column_is() {
    let masker = masker();
    let cases = [
        ("borrower_id", "  Ana Lopez\t", Some("a751a9c8bee247b3ce2f1ca955219900")),
        ("borrower_id", " N/A ", None),
        ("borrower_id", "", None),
        ("tax_number", " 4711.00 ", Some("2328342334330741596")),
        ("tax_number", "4711-X", None),
        ("tax_number", "9223372036854775808", None),
        ("born", "1980-02-29", None),
        ("income", "1000.00", None),
        ("resident", "true", None),
        ("city", " Quito ", Some(" Quito ")),
        ("not_in_the_contract", "x", Some("x")),
    ];
    for (column, cell, expected) in cases {
        assert_eq!(masker.text(column, cell).as_deref(), expected, "{column} {cell:?}");
    }
}

#[test]
fn what_is_kept_plain_is_said_so() {
    let kept = BTreeSet::from(["name".to_owned(), "city".to_owned()]);
    let masker = Masker::new(&key(), &contract(), &kept).unwrap();
    let how: Vec<(&str, Masking)> =
        masker.columns().iter().map(|column| (column.column.as_str(), column.how)).collect();
    assert_eq!(
        how,
        [
            ("borrower_id", Masking::Text),
            ("name", Masking::Plain),
            ("tax_number", Masking::Int),
            ("born", Masking::Null),
            ("income", Masking::Null),
            ("resident", Masking::Null),
        ]
    );
    assert_eq!(masker.text("name", "Ana").as_deref(), Some("Ana"));
    assert!(!format!("{masker:?} {:?}", key()).contains("0001"));
}

#[test]
fn a_snapshot_cannot_be_masked() {
    let text =
        "contract: c\nversion: 1\ncurrency: USD\ncolumns: { day: { type: date, roles: [snapshot, pii] } }\n";
    let contract = Contract::from_yaml_str(text, "c.yml").unwrap();
    assert_eq!(
        Masker::new(&key(), &contract, &BTreeSet::new()).unwrap_err(),
        "column `day`: expected a snapshot that is not masked, found role `pii`"
    );
    assert!(Masker::new(&key(), &contract, &BTreeSet::from(["day".to_owned()])).is_ok());
}

/// Texts of which many are equal, and more of them than the masker tries out.
fn values() -> impl Strategy<Value = Vec<Option<String>>> {
    let short = proptest::option::weighted(0.9, "[a-c]{0,2}|[ -~]{1,12}|\\PC{1,6}");
    (proptest::collection::vec(short, 1..60), 1_usize..60)
        .prop_map(|(values, times)| std::iter::repeat_n(values, times).flatten().collect())
}

/// For each row, the first row with an equal value.
fn firsts<T: Ord>(values: &[Option<T>]) -> Vec<Option<usize>> {
    let mut first = BTreeMap::new();
    let rows = values.iter().enumerate();
    rows.map(|(row, value)| value.as_ref().map(|value| *first.entry(value).or_insert(row))).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn rows_are_equal_as_before_and_no_value_is_what_it_was(values in values()) {
        let masked = masked_texts(&masker(), "borrower_id", &values);
        prop_assert_eq!(firsts(&masked), firsts(&values));
        for text in masked.iter().flatten() {
            prop_assert!(text.len() == 32 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')));
            prop_assert!(!values.contains(&Some(text.clone())));
        }
        // A batch is masked as its rows are, however it is divided.
        let one_by_one: Vec<Option<String>> =
            values.iter().flat_map(|value| masked_texts(&masker(), "borrower_id", std::slice::from_ref(value))).collect();
        prop_assert_eq!(&masked, &one_by_one);
    }

    #[test]
    fn another_column_or_another_key_gives_other_digits(value in "\\PC{0,20}") {
        let values = [Some(value)];
        let other_key = masker_with(&MaskingKey::parse("2026-01", "hex:000102030405060708090a0b0c0d0e10").unwrap());
        let here = masked_texts(&masker(), "borrower_id", &values);
        prop_assert_ne!(&here, &masked_texts(&masker(), "name", &values));
        prop_assert_ne!(&here, &masked_texts(&other_key, "borrower_id", &values));
    }

    #[test]
    fn ints_are_equal_as_before_and_never_negative(values in proptest::collection::vec(proptest::option::of(-3_i64..3), 1..50)) {
        let array = Int64Array::from(values.clone());
        let masked = masker().apply(&batch(vec![("tax_number", Arc::new(array))])).unwrap();
        let masked: Vec<Option<i64>> = masked.column(0).as_primitive::<Int64Type>().iter().collect();
        prop_assert_eq!(firsts(&masked), firsts(&values));
        prop_assert!(masked.iter().flatten().all(|int| *int > 2));
        for (value, masked) in values.iter().zip(&masked) {
            let cell = value.and_then(|value| masker().text("tax_number", &value.to_string()));
            prop_assert_eq!(cell, masked.map(|masked| masked.to_string()));
        }
    }
}
