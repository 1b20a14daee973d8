//! No cell of a CSV file is a formula, and every other cell is what it was.

use std::sync::Arc;

use abaco_pipeline::arrow::array::{Array, RecordBatch, StringArray};
use abaco_pipeline::artefacts::{TableFormat, table_bytes};
use proptest::prelude::*;

fn cells(texts: &[Option<String>]) -> Vec<String> {
    let array: StringArray = texts.iter().map(Option::as_deref).collect();
    // A second column, so that a row of one empty cell is not an empty line.
    let ones = Arc::new(StringArray::from(vec!["1"; array.len()])) as _;
    let batch = RecordBatch::try_from_iter([("text", Arc::new(array) as _), ("one", ones)]).unwrap();
    let bytes = table_bytes(TableFormat::Csv, "t.csv", &batch).unwrap();
    let mut reader = csv::ReaderBuilder::new().from_reader(bytes.as_slice());
    reader.records().map(|record| record.unwrap()[0].to_owned()).collect()
}

proptest! {
    #[test]
    fn no_cell_begins_like_a_formula_unless_it_is_a_number(
        texts in proptest::collection::vec(proptest::option::of("[-=+@\t\r\n]?[-=+@0-9.,;\"'a \t\r\n]{0,8}|\\PC{0,8}"), 1..20)
    ) {
        let found = cells(&texts);
        prop_assert_eq!(found.len(), texts.len());
        for (text, cell) in texts.iter().zip(&found) {
            if cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) {
                // An independent judge of what a number is.
                prop_assert!(!cell.contains(['e', 'E', '+']) && cell.parse::<rust_decimal::Decimal>().is_ok(), "{:?}", cell);
            }
            let text = text.as_deref().unwrap_or("");
            prop_assert!(cell == text || cell.strip_prefix('\'') == Some(text), "{:?} {:?}", text, cell);
        }
    }
}

#[test]
fn lines_end_as_rfc_4180_says_and_quotes_are_doubled() {
    let array = StringArray::from(vec![Some("a,\"b\""), None, Some("=1"), Some("x\ny")]);
    let numbers = abaco_pipeline::arrow::array::Int64Array::from(vec![-1, 2, 3, -4]);
    let batch =
        RecordBatch::try_from_iter([("text", Arc::new(array) as _), ("n", Arc::new(numbers) as _)]).unwrap();
    let bytes = table_bytes(TableFormat::Csv, "t.csv", &batch).unwrap();
    assert_eq!(
        String::from_utf8(bytes).unwrap(),
        "text,n\r\n\"a,\"\"b\"\"\",-1\r\n,2\r\n'=1,3\r\n\"x\ny\",-4\r\n"
    );
}
