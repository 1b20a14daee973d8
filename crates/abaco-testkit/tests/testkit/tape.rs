//! Tapes: building, refusing, and turning into Arrow.

use abaco_testkit::{Cell, CellType, ErrorKind, Layout, Tape, TapeError, TextLayout, Width};
use arrow::array::{Array, AsArray};
use arrow::datatypes::{DataType, Decimal32Type, Decimal64Type, Decimal128Type, Int32Type};
use rstest::rstest;

fn tape() -> Tape {
    Tape::new()
        .texts("segment", ["sme", "retail", "sme"])
        .unwrap()
        .column("ead", CellType::MONEY, [Cell::Number(1_50), Cell::Null, Cell::Number(-2_00)])
        .unwrap()
}

#[test]
fn a_tape_shows_itself() {
    assert_eq!(
        tape().to_string(),
        "segment  | ead\n\
         \"sme\"    | 1.50\n\
         \"retail\" | NULL\n\
         \"sme\"    | -2.00\n"
    );
}

#[test]
fn what_does_not_fit_is_refused() {
    let short = tape().integers("dpd", [1, 2]);
    assert!(matches!(short, Err(TapeError::Length { expected: 3, found: 2, .. })), "{short:?}");
    let twice = tape().money("ead", [1, 2, 3]);
    assert!(matches!(twice, Err(TapeError::Duplicate { .. })), "{twice:?}");
    let ill_typed = tape().column("dpd", CellType::Integer, [Cell::Null, Cell::Null, Cell::Number(1)]);
    assert!(matches!(ill_typed, Err(TapeError::Type { row: 2, .. })), "{ill_typed:?}");
    let mut grown = tape();
    assert_eq!(grown.push(vec![Cell::Null]).unwrap_err().kind(), ErrorKind::Shape);
    assert_eq!(grown.push(vec![Cell::Number(1), Cell::Null]).unwrap_err().kind(), ErrorKind::Value);
    assert_eq!(grown, tape());
}

#[rstest]
#[case(Width::Decimal32, 2_147_483_647, 2_147_483_648)]
#[case(Width::Decimal64, 9_223_372_036_854_775_807, 9_223_372_036_854_775_808)]
fn a_width_holds_its_extremes_and_no_more(#[case] width: Width, #[case] largest: i128, #[case] beyond: i128) {
    let of = |units| Tape::new().money("ead", [0, units]).unwrap();
    assert!(of(largest).fits(width) && !of(largest).keeps_to_declared(width));
    assert_eq!(of(largest).to_batch(width).unwrap().num_rows(), 2);
    assert!(!of(beyond).fits(width));
    let refused = of(beyond).to_batch(width).unwrap_err();
    assert!(matches!(refused, TapeError::TooLarge { row: 1, units, .. } if units == beyond), "{refused:?}");
    assert!(of(beyond).to_batch(Width::Decimal128).is_ok());
}

#[test]
fn numbers_keep_their_integers_in_every_width() {
    let tape = tape();
    let column = |width: Width| tape.to_batch(width).unwrap().column(1).clone();
    let narrow = column(Width::Decimal32);
    assert_eq!(narrow.data_type(), &DataType::Decimal32(9, 2));
    assert_eq!(
        narrow.as_primitive::<Decimal32Type>().iter().collect::<Vec<_>>(),
        [Some(150), None, Some(-200)]
    );
    let middle = column(Width::Decimal64);
    assert_eq!(middle.data_type(), &DataType::Decimal64(18, 2));
    assert_eq!(
        middle.as_primitive::<Decimal64Type>().iter().collect::<Vec<_>>(),
        [Some(150), None, Some(-200)]
    );
    let wide = column(Width::Decimal128);
    assert_eq!(wide.data_type(), &DataType::Decimal128(38, 2));
    assert_eq!(
        wide.as_primitive::<Decimal128Type>().iter().collect::<Vec<_>>(),
        [Some(150), None, Some(-200)]
    );
}

#[test]
fn texts_keep_their_values_in_every_layout() {
    let batch = |text| tape().to_batch(Layout { width: Width::Decimal64, text }).unwrap().column(0).clone();
    let expected = [Some("sme"), Some("retail"), Some("sme")];
    assert_eq!(batch(TextLayout::Plain).as_string::<i32>().iter().collect::<Vec<_>>(), expected);
    assert_eq!(batch(TextLayout::View).as_string_view().iter().collect::<Vec<_>>(), expected);
    let coded = batch(TextLayout::Dictionary);
    let coded = coded.as_dictionary::<Int32Type>();
    let texts = coded.downcast_dict::<arrow::array::StringArray>().unwrap();
    assert_eq!(texts.into_iter().collect::<Vec<_>>(), expected);
}

#[test]
fn nulls_are_null_in_every_layout_whatever_lies_under_them() {
    let text = |text: &str| Cell::Text(text.to_owned());
    let tape = Tape::new()
        .column("segment", CellType::Text, [Cell::Null, text("sme"), Cell::Null, Cell::Null, text("sme")])
        .unwrap()
        .column("dpd", CellType::Integer, [Cell::Null, Cell::Integer(0), Cell::Null, Cell::Null, Cell::Null])
        .unwrap();
    for text in [TextLayout::Plain, TextLayout::View, TextLayout::Dictionary] {
        let batch = tape.to_batch(Layout { width: Width::Decimal64, text }).unwrap();
        let nulls = |column: usize| {
            let nulls = batch.column(column).logical_nulls().unwrap();
            (0..5).map(|row| nulls.is_null(row)).collect::<Vec<_>>()
        };
        assert_eq!(nulls(0), [true, false, true, true, false], "{text:?}");
        assert_eq!(nulls(1), [true, false, true, true, true], "{text:?}");
    }
    let junk = tape.to_batch(Width::Decimal64).unwrap();
    assert_eq!(junk.column(1).as_primitive::<arrow::datatypes::Int64Type>().value(0), i64::MIN);
    let coded = tape.to_batch(Layout { width: Width::Decimal64, text: TextLayout::Dictionary }).unwrap();
    let coded = coded.column(0).as_dictionary::<Int32Type>();
    assert_eq!(coded.null_count(), 1, "the other NULLs are values of the dictionary");
    assert_ne!(coded.keys().value(1), coded.keys().value(4), "one text, two codes");
}

#[rstest]
#[case(1, &[1, 1, 1])]
#[case(2, &[2, 1])]
#[case(3, &[3])]
#[case(99, &[3])]
#[case(0, &[1, 1, 1])]
fn batches(#[case] rows_max: usize, #[case] expected: &[usize]) {
    let batches = tape().to_batches(Width::Decimal64, rows_max).unwrap();
    assert_eq!(batches.iter().map(arrow::array::RecordBatch::num_rows).collect::<Vec<_>>(), expected);
}

#[test]
fn an_empty_tape_is_one_empty_batch() {
    let batches = tape().select([]).to_batches(Width::Decimal64, 2).unwrap();
    assert_eq!(batches.len(), 1);
    assert_eq!((batches[0].num_rows(), batches[0].num_columns()), (0, 2));
}

#[test]
fn rows_without_columns_still_count() {
    let batch = tape().without(|_| true).to_batch(Width::Decimal64).unwrap();
    assert_eq!((batch.num_rows(), batch.num_columns()), (3, 0));
}
