//! Rows under rules, batch by batch.

use std::sync::Arc;

use abaco_pipeline::arrow::array::{ArrayRef, AsArray, Int64Array};
use abaco_pipeline::arrow::datatypes::{Decimal64Type, Int64Type, i256};
use abaco_pipeline::arrow::record_batch::RecordBatch;
use abaco_pipeline::contract::Contract;
use abaco_pipeline::ingest::{RefusedRow, Screened};
use abaco_pipeline::quality::{CheckState, Checked, QuarantinedRow, Reason};
use abaco_pipeline::{ErrorKind, PipelineError};
use rstest::rstest;
use serde_json::json;

use crate::common::{bad_row, batch, check, contract, examples, facts, quality, screen, screened, tape};

const RULES: &str = "
columns:
  loan_id: { type: text, roles: [key], nulls: reject }
  name: { type: text, roles: [pii], allowed: { values: [Ada, Eve], severity: error } }
  dpd: { type: int, range: { min: '0', max: '365' } }
  status: { type: text, roles: [dimension], allowed: { values: [ok, late], severity: warning } }
  balance: { type: 'decimal(18, 2)', roles: [amount] }
  paid: { type: int, roles: [amount] }
derive:
  outstanding_balance: balance
rules:
  - { id: owed, check: 'outstanding_balance >= 0', message: 'nobody owes less than nothing' }
  - { id: late_means_late, check: \"status <> 'late' OR dpd > 0\", severity: warning }
";

const TAPE: &str = "loan_id,name,dpd,status,balance,paid
a,Ada,0,ok,10.50,1
b,Bob,400,ok,-1,2
c,Eve,,late,-0.01,3
d,,0,late,7,4
e,Ada,5,gone,,5
";

fn run(contract: &Contract, screened: Screened) -> Checked {
    let screen = screen(contract, &screened.batch);
    screen.check(&mut screen.counters(), tape(), screened).unwrap()
}

fn messages(row: &QuarantinedRow) -> serde_json::Value {
    serde_json::to_value(&row.reasons).unwrap()
}

#[test]
fn a_row_is_refused_with_all_its_reasons() {
    let contract = contract(RULES);
    let batch = batch(&contract, TAPE);
    let checked = run(&contract, screened(0, &batch));
    assert_eq!(checked.rows, [0, 3, 4]);
    assert_eq!(
        checked.admitted.column(0).as_string::<i32>().iter().flatten().collect::<Vec<_>>(),
        ["a", "d", "e"]
    );
    assert!(checked.duplicates.is_empty());

    let [b, c] = checked.quarantined.as_slice() else { panic!("{:?}", checked.quarantined) };
    assert_eq!((b.row, c.row, b.line), (1, 2, None));
    assert_eq!(
        messages(b),
        json!([
            { "rule": "name.allowed", "column": "name", "message": "expected one of `Ada`, `Eve`, found `name` <masked>" },
            { "rule": "dpd.range", "column": "dpd", "message": "expected 0 to 365, found `dpd` 400" },
            { "rule": "owed", "column": null,
              "message": "nobody owes less than nothing: expected `outstanding_balance >= 0`, found `balance` -1.00" },
        ])
    );
    assert_eq!(c.reasons.iter().map(|reason| reason.rule.as_str()).collect::<Vec<_>>(), ["owed"]);
    let cells = |texts: [Option<&str>; 6]| texts.map(|text| text.map(str::to_owned)).to_vec();
    assert_eq!(c.cells, cells([Some("c"), Some("Eve"), None, Some("late"), Some("-0.01"), Some("3")]));

    let cents = |value: i64| i256::from(value);
    let balance = checked.totals[0];
    assert_eq!(
        (balance.read, balance.accepted, balance.quarantined),
        (cents(16_49), cents(17_50), cents(-1_01))
    );
    let paid = checked.totals[1];
    assert_eq!((paid.read, paid.accepted, paid.quarantined), (cents(15), cents(10), cents(5)));
}

#[test]
fn what_is_counted_and_said() {
    let quality = quality(&contract(RULES), TAPE, None);
    let counts = |id: &str| {
        let check = check(&quality, id);
        (check.checked, check.violating, examples(check), check.passed)
    };
    assert_eq!(counts("tape.header"), (0, 0, vec![], Some(true)));
    assert_eq!(counts("name.allowed"), (5, 1, vec![2], Some(false)));
    assert_eq!(counts("dpd.range"), (5, 1, vec![2], Some(false)));
    assert_eq!(counts("status.allowed"), (5, 1, vec![5], Some(false)));
    assert_eq!(counts("owed"), (5, 2, vec![2, 3], Some(false)));
    // NULL passes: nobody knows whether the third loan is late.
    assert_eq!(counts("late_means_late"), (5, 1, vec![4], Some(false)));
    assert_eq!(counts("dpd.type"), (5, 0, vec![], Some(true)));
    assert_eq!(counts("tape.totals"), (1, 0, vec![], Some(true)));
    assert_eq!(check(&quality, "tape.duplicates").state, CheckState::Skipped);
    assert_eq!(
        serde_json::to_value(&quality.totals).unwrap(),
        json!({
            "table": "tape",
            "rows": { "read": 5, "accepted": 3, "quarantined": 2, "duplicate": 0 },
            "control_totals": {
                "balance": { "read": "16.49", "accepted": "17.50", "quarantined": "-1.01", "duplicate": "0.00", "unreadable": 0 },
                "paid": { "read": "15", "accepted": "10", "quarantined": "5", "duplicate": "0", "unreadable": 0 },
            },
        })
    );
    assert!(quality.refuse("tape.csv".as_ref()).is_ok());
}

/// A row that could not be read: what stands in its place in the batch is not what it says.
fn refused(csv: &str, row: usize, cells: [Option<&str>; 6]) -> RefusedRow {
    RefusedRow::new(row, bad_row(&contract(RULES), csv), cells.map(|cell| cell.map(str::to_owned)).to_vec())
}

#[test]
fn rows_that_could_not_be_read() {
    let contract = contract(RULES);
    let placed = "loan_id,name,dpd,status,balance,paid
a,Bob,0,ok,10.50,1
b,Bob,-7,ok,20,2
c,Eve,0,ok,,3
,Ada,0,ok,30,4
e,Ada,0,ok,40,5
";
    let batch = {
        // The nulls that stand for cells that could not be read are there even where the contract has none.
        let lenient = self::contract(&RULES.replace(", nulls: reject", ""));
        crate::common::batch(&lenient, placed)
    };
    let header = "loan_id,name,dpd,status,balance,paid\n";
    let rows = vec![
        // No cell to trust, so both amounts are lost.
        refused(&format!("{header}a,Bob\n"), 0, [Some("a"), Some("Bob"), None, None, None, None]),
        // The balance is the cell that was refused; what was paid can be read, although the batch has another.
        refused(
            &format!("{header}b,Bob,0,ok,1e5x,9\n"),
            1,
            [Some("b"), Some("Bob"), Some("0"), Some("ok"), Some("1e5x"), Some("9")],
        ),
        refused(
            &format!("{header},Ada,0,ok,30.12,4\n"),
            3,
            [None, Some("Ada"), Some("0"), Some("ok"), Some("30.12"), Some("N/A")],
        ),
    ];
    let screen = screen(&contract, &batch);
    let mut counters = screen.counters();
    let checked = screen.check(&mut counters, tape(), Screened::new(0, 0, batch, rows)).unwrap();
    assert_eq!(checked.rows, [2, 4]);
    assert_eq!(
        checked.quarantined.iter().map(|row| (row.row, row.line)).collect::<Vec<_>>(),
        [(0, Some(2)), (1, Some(2)), (3, Some(2))]
    );
    let said: Vec<&Reason> = checked.quarantined.iter().flat_map(|row| &row.reasons).collect();
    let said: Vec<(&str, &str)> =
        said.iter().map(|reason| (reason.rule.as_str(), reason.message.as_str())).collect();
    assert_eq!(
        said,
        [
            ("tape.shape", "expected 6 cells, found 2"),
            ("balance.type", "expected decimal(18, 2), found `<masked>`"),
            ("loan_id.nulls", "expected text, found null"),
        ]
    );
    let quality = counters.finish(&screen, &facts(None));
    assert_eq!(
        serde_json::to_value(&quality.totals.control_totals).unwrap(),
        json!({
            // 40 and the third row's nothing, and 30.12 of the row without a loan.
            "balance": { "read": "70.12", "accepted": "40.00", "quarantined": "30.12", "duplicate": "0.00", "unreadable": 2 },
            "paid": { "read": "17", "accepted": "8", "quarantined": "9", "duplicate": "0", "unreadable": 1 },
        })
    );
    // No rule looks at them: of the values in their place two would violate one.
    assert_eq!((check(&quality, "dpd.range").checked, check(&quality, "dpd.range").violating), (2, 0));
    let counts = |id: &str| {
        (check(&quality, id).checked, check(&quality, id).violating, examples(check(&quality, id)))
    };
    assert_eq!(counts("balance.type"), (5, 1, vec![2]));
    assert_eq!(counts("loan_id.nulls"), (5, 1, vec![4]));
    assert_eq!(counts("loan_id.type"), (5, 0, vec![]));
    assert_eq!(counts("tape.shape"), (5, 1, vec![1]));
    assert_eq!(check(&quality, "tape.totals").passed, Some(true));
}

#[rstest]
#[case(0, "tape.csv: row 12, rule `dpd.range`: expected 0 to 365, found `dpd` -1")]
#[case(2, "expected int, found `x`")]
fn strictly_the_first_row_is_the_error(#[case] refused_at: usize, #[case] expected: &str) {
    let contract = contract("columns: { dpd: { type: int, range: { min: '0', max: '365' } } }");
    let dpd: ArrayRef = Arc::new(Int64Array::from(vec![0, if refused_at == 0 { -1 } else { 1 }, 0, 400]));
    let batch = RecordBatch::try_from_iter([("dpd", dpd)]).unwrap();
    let mut rows = Vec::new();
    if refused_at > 0 {
        rows.push(RefusedRow::new(
            refused_at,
            bad_row(&contract, "dpd\n1\n2\nx\n"),
            vec![Some("x".to_owned())],
        ));
    }
    let screen = screen(&contract, &batch).strict();
    let error = screen.check(&mut screen.counters(), tape(), Screened::new(0, 10, batch, rows)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Data);
    assert!(error.to_string().ends_with(expected), "{error}");
}

#[test]
fn strictly_warnings_are_no_errors_and_secrets_stay_secret() {
    let contract = contract(RULES);
    let batch = batch(&contract, TAPE);
    let screen = screen(&contract, &batch).strict();
    let mut counters = screen.counters();
    let good = batch.slice(3, 2);
    let checked = screen.check(&mut counters, tape(), screened(0, &good)).unwrap();
    assert_eq!(checked.rows, [0, 1]);
    assert_eq!(check(&counters.finish(&screen, &facts(None)), "status.allowed").violating, 1);
    let error = screen.check(&mut counters, tape(), screened(1, &batch)).unwrap_err();
    let PipelineError::Rule(rule) = &error else { panic!("{error:?}") };
    assert_eq!((rule.row, rule.rule.as_str()), (2, "name.allowed"));
    assert!(!error.to_string().contains("Bob"), "{error}");
}

#[test]
fn columns_that_the_tape_lacks_are_said() {
    let quality = quality(&contract(RULES), "loan_id,paid\na,1\n", None);
    for (id, reason) in [
        ("dpd.range", "the tape has no column `dpd`"),
        ("balance.type", "the tape has no column `balance`"),
        ("owed", "the tape has no column `balance`"),
        ("late_means_late", "the tape has no column `status`"),
    ] {
        let check = check(&quality, id);
        assert_eq!(
            (check.state, check.reason.as_deref(), check.passed),
            (CheckState::Skipped, Some(reason), None),
            "{id}"
        );
    }
    assert_eq!(quality.totals.control_totals.keys().collect::<Vec<_>>(), ["paid"]);
}

#[test]
fn without_rules_the_batch_goes_on_as_it_is() {
    let contract = contract("columns: { balance: { type: 'decimal(18, 2)', roles: [amount] } }");
    let batch = batch(&contract, "balance\n1\n2.5\n");
    let checked = run(&contract, Screened::new(3, 7, batch.clone(), Vec::new()));
    assert_eq!(checked.rows, [7, 8]);
    let values = |batch: &RecordBatch| batch.column(0).as_primitive::<Decimal64Type>().values().clone();
    assert!(values(&checked.admitted).ptr_eq(&values(&batch)));
}

#[test]
fn dates_have_ranges_too() {
    let contract = contract("columns: { day: { type: date, range: { max: '2025-12-31' } } }");
    let quality = quality(&contract, "day\n2025-12-31\n2026-01-01\n", None);
    let check = check(&quality, "day.range");
    assert_eq!(
        (check.expected.as_str(), check.violating, examples(check)),
        ("at most 2025-12-31", 1, vec![2])
    );
}

#[test]
fn a_batch_of_another_schema_is_an_error() {
    let contract = contract("columns: { dpd: { type: int, range: { min: '0' } } }");
    let batch = batch(&contract, "dpd\n1\n");
    let screen = screen(&contract, &batch);
    let other: ArrayRef = Arc::new(Int64Array::from(vec![1]));
    let other = RecordBatch::try_from_iter([("days", other)]).unwrap();
    let error = screen.check(&mut screen.counters(), tape(), screened(0, &other)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "tape.csv: column dpd: the plan was made for Int64, this batch has no such column"
    );
    assert_eq!(batch.column(0).as_primitive::<Int64Type>().value(0), 1);
}
