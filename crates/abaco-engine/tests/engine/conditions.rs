//! Which rows violate a condition.

use std::sync::Arc;

use abaco_engine::arrow::array::{BooleanArray, Int64Array, RecordBatch, StringArray};
use abaco_engine::{Bindings, Conditions, EngineError, parse_predicate, parse_row_expr};
use proptest::prelude::*;

type Row = (Option<i64>, Option<i64>, Option<bool>);

fn batch(rows: &[Row]) -> RecordBatch {
    let a: Int64Array = rows.iter().map(|row| row.0).collect();
    let b: Int64Array = rows.iter().map(|row| row.1).collect();
    let c: BooleanArray = rows.iter().map(|row| row.2).collect();
    RecordBatch::try_from_iter([("a", Arc::new(a) as _), ("b", Arc::new(b) as _), ("c", Arc::new(c) as _)])
        .unwrap()
}

fn conditions(texts: &[&str], batch: &RecordBatch, bindings: &Bindings) -> Result<Conditions, EngineError> {
    let named: Vec<_> = texts
        .iter()
        .enumerate()
        .map(|(index, text)| (format!("rule_{index}").into(), parse_predicate(text).unwrap()))
        .collect();
    Conditions::new(&named, &batch.schema(), bindings)
}

#[test]
fn null_violates_nothing_unless_the_condition_asks_for_it() {
    let batch = batch(&[(Some(1), None, None), (None, Some(2), Some(true)), (Some(3), Some(2), Some(false))]);
    let texts = ["a <= b", "c", "NOT c", "a IS NOT NULL", "a = 1 OR b = 9", "c IS TRUE"];
    let violated = conditions(&texts, &batch, &Bindings::new()).unwrap().violated(&batch).unwrap();
    assert_eq!(violated, [vec![2], vec![2], vec![1], vec![1], vec![2], vec![0, 2]]);
}

#[test]
fn bound_columns_are_put_in_place() {
    let batch = batch(&[(Some(1), Some(4), None), (Some(3), Some(4), None)]);
    let bindings = Bindings::new().bind("both", parse_row_expr("a + b").unwrap());
    let violated = conditions(&["both < 6"], &batch, &bindings).unwrap().violated(&batch).unwrap();
    assert_eq!(violated, [[1]]);
}

#[test]
fn what_makes_no_sense_is_refused_by_name() {
    let batch = batch(&[]);
    let refused = |text| conditions(&["a = 1", text], &batch, &Bindings::new()).unwrap_err().to_string();
    assert_eq!(refused("a = 'x'"), "condition `rule_1`: a = 'x': a number cannot be compared with a text");
    assert_eq!(refused("d > 1"), "condition `rule_1`: column d is not on the tape");
}

#[test]
fn another_schema_is_refused() {
    let planned = batch(&[]);
    let conditions = conditions(&["a = 1"], &planned, &Bindings::new()).unwrap();
    let other = RecordBatch::try_from_iter([("a", Arc::new(StringArray::from(vec!["1"])) as _)]).unwrap();
    assert_eq!(
        conditions.violated(&other).unwrap_err().to_string(),
        "column a: the plan was made for Int64, this batch has Utf8"
    );
}

/// SQL's truth values, one row at a time.
fn expected(row: Row) -> [Option<bool>; 3] {
    let (a, b, c) = row;
    let less = a.zip(b).map(|(a, b)| a < b);
    let or = match (less, c) {
        (Some(true), _) | (_, Some(true)) => Some(true),
        (Some(false), Some(false)) => Some(false),
        _ => None,
    };
    let between = a.map(|a| (-2..=2).contains(&a));
    [less, or, between.map(|between| !between)]
}

proptest! {
    #[test]
    fn the_rows_are_those_of_sql(
        rows in proptest::collection::vec(
            (proptest::option::of(-4i64..4), proptest::option::of(-4i64..4), proptest::option::of(any::<bool>())),
            0..200,
        ),
        // Blocks have 16,384 rows.
        repeated in prop::sample::select(vec![1usize, 90, 400]),
    ) {
        let rows: Vec<Row> = rows.iter().copied().cycle().take(rows.len() * repeated).collect();
        let batch = batch(&rows);
        let texts = ["a < b", "a < b OR c", "a NOT BETWEEN -2 AND 2"];
        let violated = conditions(&texts, &batch, &Bindings::new()).unwrap().violated(&batch).unwrap();
        for (index, violated) in violated.iter().enumerate() {
            let naive: Vec<usize> =
                (0..rows.len()).filter(|&row| expected(rows[row])[index] == Some(false)).collect();
            prop_assert_eq!(violated, &naive);
        }
    }
}
