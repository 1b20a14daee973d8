//! Rows that are there twice.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use abaco_pipeline::arrow::array::{ArrayRef, DictionaryArray, Int32Array, Int64Array, StringArray};
use abaco_pipeline::arrow::datatypes::Int32Type;
use abaco_pipeline::arrow::record_batch::RecordBatch;
use abaco_pipeline::duplicates::{Print, RowPrints, Sorter, Verdicts};
use abaco_pipeline::ingest::RowId;
use proptest::prelude::*;

use crate::common::contract;

fn prints(columns: Vec<(&str, ArrayRef)>, keys: &[&str]) -> Vec<Option<Print>> {
    let batch =
        RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(n, a)| (n, a, true))).unwrap();
    RowPrints::new(&batch.schema(), keys).unwrap().of(&batch).unwrap()
}

fn coded(keys: Vec<Option<i32>>, values: Vec<&str>) -> ArrayRef {
    let values = Arc::new(StringArray::from(values));
    Arc::new(DictionaryArray::<Int32Type>::try_new(Int32Array::from(keys), values).unwrap())
}

#[test]
fn dictionaries_do_not_matter() {
    let one = coded(vec![Some(0), Some(1), None], vec!["x", "y"]);
    let other = coded(vec![Some(2), Some(0), None], vec!["y", "z", "x"]);
    let key = || Arc::new(Int64Array::from(vec![1, 2, 3])) as ArrayRef;
    let first = prints(vec![("k", key()), ("c", one)], &["k"]);
    assert_eq!(first, prints(vec![("k", key()), ("c", other)], &["k"]));
    let contents: BTreeSet<_> = first.iter().flatten().map(|print| print.content).collect();
    assert_eq!(contents.len(), 3);
}

#[test]
fn null_is_not_empty_and_cells_do_not_run_together() {
    let text = |values: Vec<Option<&str>>| Arc::new(StringArray::from(values)) as ArrayRef;
    let k = Arc::new(Int64Array::from(vec![1; 4])) as ArrayRef;
    let a = text(vec![Some("ab"), Some("a"), Some(""), None]);
    let b = text(vec![Some("c"), Some("bc"), None, Some("")]);
    let contents: BTreeSet<_> =
        prints(vec![("k", k), ("a", a), ("b", b)], &["k"]).iter().flatten().map(|p| p.content).collect();
    assert_eq!(contents.len(), 4);
}

#[test]
fn a_row_with_a_null_in_its_key_has_no_print() {
    let a = coded(vec![Some(0), None, Some(0)], vec!["x"]);
    let b = Arc::new(Int64Array::from(vec![Some(1), Some(1), None])) as ArrayRef;
    let found = prints(vec![("a", a), ("b", b)], &["a", "b"]);
    assert_eq!(found.iter().map(Option::is_some).collect::<Vec<_>>(), [true, false, false]);
}

#[test]
fn the_key_of_a_contract_is_its_keys_and_its_snapshot() {
    let keyed = contract(
        "columns: { loan: { type: text, roles: [key] }, day: { type: date, roles: [snapshot] }, x: { type: int } }",
    );
    let batch = crate::common::batch(&keyed, "loan,day,x\na,2025-01-31,1\na,2025-02-28,1\na,2025-01-31,2\n");
    let prints = RowPrints::of_contract(&keyed, &batch.schema()).unwrap().unwrap().of(&batch).unwrap();
    let key = |row: usize| prints[row].unwrap().key;
    assert!(key(0) == key(2) && key(0) != key(1));

    let without_key = contract("columns: { day: { type: date, roles: [snapshot] } }");
    assert!(RowPrints::of_contract(&without_key, &batch.schema()).unwrap().is_none());
    let other =
        contract("columns: { loan: { type: text, roles: [key] }, branch: { type: text, roles: [key] } }");
    assert!(RowPrints::of_contract(&other, &batch.schema()).unwrap().is_none());
}

#[test]
fn another_number_of_columns_is_an_error() {
    let one = RecordBatch::try_from_iter([("k", Arc::new(Int64Array::from(vec![1])) as ArrayRef)]).unwrap();
    let prints = RowPrints::new(&one.schema(), &["k"]).unwrap();
    assert!(prints.of(&one.project(&[0, 0]).unwrap()).is_err());
    assert!(RowPrints::new(&one.schema(), &["other"]).is_err());
    assert!(RowPrints::new(&one.schema(), &[]).is_err());
}

fn row(index: u32) -> RowId {
    RowId { file: index / 50, part: index / 10 % 5, row: index % 10 }
}

fn print((key, content): (u8, u8)) -> Print {
    Print { key: [key; 16], content: [content; 16] }
}

fn verdicts(rows: &[(u32, (u8, u8))], capacity: usize) -> Verdicts {
    let folder = tempfile::tempdir().unwrap();
    let mut sorter = Sorter::with_capacity(folder.path(), capacity);
    for &(index, pair) in rows {
        sorter.push(row(index), print(pair)).unwrap();
    }
    let verdicts = sorter.finish().unwrap();
    // Nothing is left behind.
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    verdicts
}

#[test]
fn copies_are_duplicates_and_contradictions_conflict() {
    let rows = [(0, (1, 1)), (1, (2, 1)), (2, (1, 1)), (3, (2, 2)), (4, (3, 1)), (5, (2, 1)), (6, (1, 1))];
    let found = verdicts(&rows, 100);
    assert_eq!(found.compared, 7);
    assert_eq!(found.duplicates, [row(2), row(6)].into());
    let conflicts: HashMap<RowId, RowId> = [(row(1), row(1)), (row(3), row(1)), (row(5), row(1))].into();
    assert_eq!(found.conflicts, conflicts);
    assert_eq!(found.groups.into_iter().collect::<Vec<_>>(), [(row(1), vec![row(1), row(3), row(5)])]);
    assert!(verdicts(&[], 1).is_empty());
}

/// Whatever else is wrong with a row, it contradicts another content of its key; its copies are refused as it is.
#[test]
fn a_refused_row_contradicts_and_is_no_duplicate() {
    for capacity in [1, 100] {
        let folder = tempfile::tempdir().unwrap();
        let mut sorter = Sorter::with_capacity(folder.path(), capacity);
        sorter.push(row(0), print((1, 1))).unwrap();
        sorter.push_refused(row(1), print((1, 2))).unwrap();
        sorter.push_refused(row(2), print((2, 1))).unwrap();
        sorter.push_refused(row(3), print((2, 1))).unwrap();
        sorter.push(row(4), print((3, 1))).unwrap();
        let found = sorter.finish().unwrap();
        assert_eq!(found.compared, 5);
        assert_eq!(found.duplicates, [].into());
        assert_eq!(found.groups.into_values().collect::<Vec<_>>(), [vec![row(0), row(1)]]);
    }
}

#[test]
fn more_runs_than_are_merged_at_once() {
    // 300 runs of one record: those there are are merged four times on the way.
    let rows: Vec<_> = (0..300).map(|index| (index, ((index % 150) as u8, 0))).collect();
    let found = verdicts(&rows, 1);
    assert_eq!(found.duplicates, (150..300).map(row).collect());
    assert_eq!(found, verdicts(&rows, 1_000));
}

#[test]
fn a_folder_that_is_not_there_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let mut sorter = Sorter::with_capacity(folder.path().join("gone"), 1);
    sorter.push(row(0), print((0, 0))).unwrap();
    let error = sorter.push(row(1), print((0, 0))).unwrap_err();
    assert_eq!(error.kind(), abaco_pipeline::ErrorKind::Io);
}

/// The same by comparing each row with each other.
fn naive(rows: &[(u32, (u8, u8))]) -> (BTreeSet<RowId>, BTreeSet<RowId>) {
    let of_key = |key: u8| rows.iter().filter(move |(_, pair)| pair.0 == key);
    let conflicts: BTreeSet<RowId> = rows
        .iter()
        .filter(|(_, pair)| of_key(pair.0).any(|(_, other)| other.1 != pair.1))
        .map(|(index, _)| row(*index))
        .collect();
    let duplicates = rows
        .iter()
        .filter(|(index, pair)| of_key(pair.0).any(|(other, _)| other < index))
        .map(|(index, _)| row(*index))
        .filter(|row| !conflicts.contains(row))
        .collect();
    (duplicates, conflicts)
}

proptest! {
    #[test]
    fn order_and_capacity_do_not_matter(
        pairs in proptest::collection::vec((0u8..12, 0u8..2), 0..120),
        capacity in 1usize..50,
        seed in any::<u64>(),
    ) {
        let rows: Vec<(u32, (u8, u8))> = (0..).zip(pairs).collect();
        let mut shuffled = rows.clone();
        // Any order will do, if it is another one.
        shuffled.sort_by_key(|(index, _)| (u64::from(*index) ^ seed).wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let found = verdicts(&shuffled, capacity);
        let (duplicates, conflicts) = naive(&rows);
        prop_assert_eq!(found.duplicates.iter().copied().collect::<BTreeSet<_>>(), duplicates);
        prop_assert_eq!(found.conflicts.keys().copied().collect::<BTreeSet<_>>(), conflicts);
        prop_assert_eq!(found, verdicts(&rows, 1_000));
    }
}
