//! The strategies reach what they promise: laws on harmless tapes would prove nothing.

use std::collections::BTreeSet;

use abaco_kpi::Column;
use abaco_testkit::strategy::TapeShape;
use abaco_testkit::{Cell, CellType, Tape, Width};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use rstest::rstest;

/// The same tapes each time.
fn sample(shape: &TapeShape) -> Vec<Tape> {
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let strategy = shape.strategy();
    (0..1_000).map(|_| strategy.new_tree(&mut runner).unwrap().current()).collect()
}

fn shape(width: Width) -> TapeShape {
    ["outstanding_balance", "annual_rate", "dpd", "borrower_id", "as_of", "is_written_off"]
        .into_iter()
        .fold(TapeShape::new(width).dense("as_of"), TapeShape::canonical)
}

fn column<'t>(tape: &'t Tape, name: &str) -> Vec<&'t Cell> {
    (0..tape.len()).filter_map(|row| tape.cell(row, name)).collect()
}

fn distinct(tape: &Tape, name: &str) -> usize {
    column(tape, name).into_iter().filter(|cell| !cell.is_null()).collect::<BTreeSet<_>>().len()
}

#[rstest]
fn tapes_of_every_kind(#[values(Width::Decimal32, Width::Decimal64, Width::Decimal128)] width: Width) {
    let shape = shape(width).beyond_declared(true);
    let tapes = sample(&shape);
    let some = |what: &str, of: &dyn Fn(&Tape) -> bool| {
        let found = tapes.iter().filter(|tape| of(tape)).count();
        assert!(found >= 10, "{found} of 1,000 tapes: {what}");
    };
    let names: Vec<&Column> = shape.columns().iter().map(|(name, _)| name).collect();
    for tape in &tapes {
        assert_eq!(tape.columns().iter().map(|(name, _)| name).collect::<Vec<_>>(), names);
        assert!(tape.fits(width));
        assert!(column(tape, "as_of").iter().all(|cell| !cell.is_null()));
    }
    let (low, high) = width.range();
    let balance = |tape: &Tape, test: &dyn Fn(i128) -> bool| {
        column(tape, "outstanding_balance")
            .iter()
            .any(|cell| matches!(cell, Cell::Number(units) if test(*units)))
    };
    some("no rows", &|tape| tape.is_empty());
    some("one row", &|tape| tape.len() == 1);
    some("twenty rows", &|tape| tape.len() >= 20);
    some("a column that is NULL throughout", &|tape| {
        tape.len() > 3 && column(tape, "outstanding_balance").iter().all(|cell| cell.is_null())
    });
    some("a column with some NULLs", &|tape| {
        let nulls = column(tape, "outstanding_balance").iter().filter(|cell| cell.is_null()).count();
        nulls > 0 && nulls < tape.len()
    });
    some("zeros only", &|tape| {
        tape.len() > 3 && balance(tape, &|_| true) && !balance(tape, &|units| units != 0)
    });
    some("negative amounts", &|tape| balance(tape, &|units| units < 0));
    some("the smallest integer of the width", &|tape| balance(tape, &|units| units == low));
    some("the largest integer of the width", &|tape| balance(tape, &|units| units == high));
    some("beyond the declared precision", &|tape| !tape.keeps_to_declared(width));
    some("a sum beyond the width", &|tape| {
        let numbers = column(tape, "outstanding_balance").into_iter().filter_map(|cell| match cell {
            Cell::Number(units) => Some(*units),
            _ => None,
        });
        numbers.into_iter().try_fold(0i128, i128::checked_add).is_none_or(|sum| !width.holds(sum))
    });
    some("an unusual scale", &|tape| tape.columns()[0].1 != CellType::MONEY);
    some("a loan at 30 days", &|tape| column(tape, "dpd").contains(&&Cell::Integer(30)));
    some("a loan at 29 days", &|tape| column(tape, "dpd").contains(&&Cell::Integer(29)));
    some("an unknown number of days", &|tape| column(tape, "dpd").contains(&&Cell::Null));
    some("one borrower", &|tape| tape.len() > 3 && distinct(tape, "borrower_id") == 1);
    some("many borrowers", &|tape| distinct(tape, "borrower_id") > 10);
    some("one snapshot", &|tape| tape.len() > 3 && distinct(tape, "as_of") == 1);
    some("three snapshots", &|tape| distinct(tape, "as_of") == 3);
    some("many snapshots", &|tape| distinct(tape, "as_of") > 5);
    some("an unknown truth", &|tape| column(tape, "is_written_off").contains(&&Cell::Null));
    some("keys that differ after a NUL", &|tape| {
        let has = |text: &str| column(tape, "borrower_id").contains(&&Cell::Text(text.to_owned()));
        has("sme") && has("sme\0")
    });
}

#[rstest]
fn within_the_declared_precision(
    #[values(Width::Decimal32, Width::Decimal64, Width::Decimal128)] width: Width,
) {
    let largest = 10i128.pow(width.digits().into()) - 1;
    let tapes = sample(&shape(width));
    assert!(tapes.iter().all(|tape| tape.keeps_to_declared(width)));
    let reaches = |tape: &Tape| column(tape, "outstanding_balance").contains(&&Cell::Number(largest));
    assert!(tapes.iter().any(reaches));
}
