//! Rows that are there twice, from their prints to the second pass that leaves them out.

use std::path::Path;

use abaco_pipeline::arrow::datatypes::i256;
use abaco_pipeline::contract::{Contract, Severity};
use abaco_pipeline::duplicates::{RowPrints, Sorter, Verdicts};
use abaco_pipeline::ingest::{RowId, Screened};
use abaco_pipeline::quality::{Checked, Counters, Exclusions, Facts, Place, Screen};

use crate::common::{batch, check, contract, examples, facts, screen};

const RULES: &str = "
columns:
  loan_id: { type: text, roles: [key] }
  day: { type: date, roles: [snapshot] }
  balance: { type: int, roles: [amount], range: { min: '0' } }
";

/// Two files of one and two parts.
const TAPE: &str = "loan_id,day,balance
a,2025-01-31,1
b,2025-01-31,2
a,2025-01-31,1
c,2025-01-31,8
,2025-01-31,16
,2025-01-31,16
b,2025-01-31,-2
a,2025-01-31,1
c,2025-01-31,32
c,2025-01-31,8
d,2025-01-31,64
";
const PARTS: [(u32, usize, usize, usize); 3] = [(0, 0, 0, 4), (1, 0, 4, 3), (1, 1, 7, 4)];

fn pass(contract: &Contract, screen: &Screen) -> (Counters, Vec<Checked>, Verdicts) {
    let batch = batch(contract, TAPE);
    let prints = RowPrints::of_contract(contract, &batch.schema()).unwrap().unwrap();
    let mut sorter = Sorter::new(std::env::temp_dir());
    let mut counters = screen.counters();
    let mut all = Vec::new();
    for (file, part, from, rows) in PARTS {
        let place = Place { file, path: Path::new("tape.csv") };
        let screened = Screened::new(part, 0, batch.slice(from, rows), Vec::new());
        let checked = screen.check(&mut counters, place, screened).unwrap();
        for (row, print) in checked.rows.iter().zip(prints.of(&checked.admitted).unwrap()) {
            if let Some(print) = print {
                sorter.push(RowId { file, part: part as u32, row: *row }, print).unwrap();
            }
        }
        all.push(checked);
    }
    (counters, all, sorter.finish().unwrap())
}

#[test]
fn rows_that_are_there_twice_are_left_out() {
    let contract = contract(RULES);
    let batch = batch(&contract, TAPE);
    let (first, _, verdicts) = pass(&contract, &screen(&contract, &batch));
    let row = |file, part, row| RowId { file, part, row };
    // The other `b` has a balance below zero: it was refused, and contradicts nobody.
    assert_eq!(verdicts.duplicates, [row(0, 0, 2), row(1, 1, 0)].into());
    assert_eq!(
        verdicts.groups.into_values().collect::<Vec<_>>(),
        [[row(0, 0, 3), row(1, 1, 1), row(1, 1, 2)]]
    );
    assert_eq!(verdicts.compared, 8);

    let (_, _, verdicts) = pass(&contract, &screen(&contract, &batch));
    let exclusions = Exclusions::new(&verdicts, &first.part_rows());
    let second = screen(&contract, &batch).excluding(exclusions);
    let (counters, checked, again) = pass(&contract, &second);
    assert!(again.is_empty(), "{again:?}");
    assert_eq!(
        checked.iter().map(|checked| checked.rows.clone()).collect::<Vec<_>>(),
        [vec![0, 1], vec![0, 1], vec![3]]
    );
    assert_eq!(
        checked.iter().map(|checked| checked.duplicates.clone()).collect::<Vec<_>>(),
        [vec![2], vec![], vec![0]]
    );
    let said: Vec<(u32, &str, &str)> = checked
        .iter()
        .flat_map(|checked| &checked.quarantined)
        .flat_map(|row| {
            row.reasons.iter().map(|reason| (row.row, reason.rule.as_str(), reason.message.as_str()))
        })
        .collect();
    assert_eq!(
        said,
        [
            (
                3,
                "tape.conflicts",
                "expected one content of a key, found others in row 5 of input 2 and row 6 of input 2"
            ),
            (2, "balance.range", "expected at least 0, found `balance` -2"),
            (
                1,
                "tape.conflicts",
                "expected one content of a key, found others in row 4 of input 1 and row 6"
            ),
            (
                2,
                "tape.conflicts",
                "expected one content of a key, found others in row 4 of input 1 and row 5"
            ),
        ]
    );

    let known = Facts { verdicts: Some(&verdicts), ..facts(None) };
    let quality = counters.finish(&second, &known);
    let rows = quality.totals.rows;
    assert_eq!((rows.read, rows.accepted, rows.quarantined, rows.duplicate), (11, 5, 4, 2));
    let balance = &quality.totals.control_totals["balance"];
    let totals = [&balance.read, &balance.accepted, &balance.quarantined, &balance.duplicate];
    assert_eq!(totals, ["147", "99", "46", "2"]);
    let twice = check(&quality, "tape.duplicates");
    assert_eq!(
        (twice.severity, twice.checked, twice.violating, twice.passed),
        (Severity::Warning, 8, 2, Some(false))
    );
    assert_eq!(
        twice.examples.iter().map(|example| (example.input, example.row)).collect::<Vec<_>>(),
        [(1, 3), (2, 4)]
    );
    assert_eq!(check(&quality, "tape.conflicts").violating, 3);
    assert_eq!(check(&quality, "tape.totals").passed, Some(true));
    // Rules look at every row that could be read, in either pass.
    assert_eq!(
        (check(&quality, "balance.range").checked, examples(check(&quality, "balance.range"))),
        (11, vec![3])
    );
}

#[test]
fn a_batch_knows_only_its_own_rows() {
    let contract = contract(RULES);
    let batch = batch(&contract, TAPE);
    let (first, _, verdicts) = pass(&contract, &screen(&contract, &batch));
    let second = screen(&contract, &batch).excluding(Exclusions::new(&verdicts, &first.part_rows()));
    let place = Place { file: 1, path: Path::new("tape.csv") };
    let mut counters = second.counters();
    let rest = Screened::new(1, 1, batch.slice(8, 3), Vec::new());
    let checked = second.check(&mut counters, place, rest).unwrap();
    assert_eq!((checked.rows, checked.duplicates), (vec![3], vec![]));
    assert_eq!(checked.totals[0].quarantined, i256::from(40i64));
}

#[test]
fn a_crowd_is_not_named_one_by_one() {
    let contract = contract(RULES);
    let rows: String = (1..=9).map(|balance| format!("a,2025-01-31,{balance}\n")).collect();
    let batch = batch(&contract, &format!("loan_id,day,balance\n{rows}"));
    let plain = screen(&contract, &batch);
    let prints = RowPrints::of_contract(&contract, &batch.schema()).unwrap().unwrap();
    let mut sorter = Sorter::new(std::env::temp_dir());
    for (row, print) in (0..).zip(prints.of(&batch).unwrap()) {
        sorter.push(RowId { file: 0, part: 0, row }, print.unwrap()).unwrap();
    }
    let mut counters = plain.counters();
    plain.check(&mut counters, crate::common::tape(), crate::common::screened(0, &batch)).unwrap();
    let second = plain.excluding(Exclusions::new(&sorter.finish().unwrap(), &counters.part_rows()));
    let checked = second
        .check(&mut second.counters(), crate::common::tape(), crate::common::screened(0, &batch))
        .unwrap();
    assert_eq!(
        checked.quarantined[0].reasons[0].message,
        "expected one content of a key, found others in row 2, row 3, row 4, row 5, row 6 and 3 more"
    );
}

#[test]
fn strictly_a_contradiction_is_an_error_and_a_copy_is_none() {
    let contract = contract(RULES);
    let all = batch(&contract, TAPE);
    let (first, _, verdicts) = pass(&contract, &screen(&contract, &all));
    let second = screen(&contract, &all).excluding(Exclusions::new(&verdicts, &first.part_rows())).strict();
    let look = |file, part, from, rows| {
        let place = Place { file, path: Path::new("tape.csv") };
        second.check(&mut second.counters(), place, Screened::new(part, 0, all.slice(from, rows), Vec::new()))
    };
    let checked = look(0, 0, 0, 3).unwrap();
    assert_eq!((checked.rows, checked.duplicates), (vec![0, 1], vec![2]));
    assert_eq!(
        look(1, 1, 7, 4).unwrap_err().to_string(),
        "tape.csv: row 2, rule `tape.conflicts`: expected one content of a key, found others in row 4 of input 1 and row 6"
    );
}
