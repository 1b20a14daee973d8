//! Rules on the tape as a whole, and the document of a run.

use std::sync::Arc;

use abaco_pipeline::arrow::array::{ArrayRef, Date32Array, Int64Array, StringArray};
use abaco_pipeline::arrow::record_batch::RecordBatch;
use abaco_pipeline::config::TableRole;
use abaco_pipeline::quality::{CheckState, Counted, Facts, QualityDocument, SideTable, TableQuality};
use rstest::rstest;
use serde_json::json;

use crate::common::{batch, check, contract, examples, facts, quality, screen, screened, tape};

const COLUMNS: &str = "columns:
  loan_id: { type: text, roles: [key] }
  day: { type: date, roles: [snapshot] }
  gone: { type: bool }
  balance: { type: 'decimal(18, 2)', roles: [amount] }
";

#[test]
fn what_was_true_stays_true() {
    let contract = contract(&format!("{COLUMNS}rules: [{{ id: x, never_reverts: {{ column: gone }} }}]"));
    // b comes back in two snapshots, c is gone and back in an order of its own, d is both on one day, e was never gone.
    let tape = "loan_id,day,gone
a,2025-01-31,false
a,2025-02-28,true
b,2025-01-31,true
b,2025-02-28,false
b,2025-03-31,false
c,2025-03-31,false
c,2025-01-31,true
c,2025-02-28,true
d,2025-01-31,true
d,2025-01-31,false
e,2025-01-31,false
a,2025-03-31,
,2025-01-31,true
,2025-02-28,false
";
    let quality = quality(&contract, tape, None);
    let check = check(&quality, "x");
    assert_eq!((check.counted, check.checked, check.violating), (Counted::Keys, 5, 2));
    assert_eq!(examples(check), [5, 6]);
    let error = quality.refuse("tape.csv".as_ref()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "tape.csv: rule `x`: expected `gone` never false after it was true, \
         found 2 keys that violate it, the first in row 5"
    );
    assert_eq!(error.kind().exit_status(), 3);
}

#[test]
fn a_value_that_returns() {
    let contract = contract(
        "columns: { x: { type: text, unique: true }, y: { type: int, unique: { severity: warning } } }",
    );
    let quality = quality(&contract, "x,y\na,1\nb,2\na,3\n,4\n,5\nb,6\na,6\n", None);
    let x = check(&quality, "x.unique");
    assert_eq!((x.checked, x.violating, examples(x)), (5, 5, vec![1, 2]));
    let y = check(&quality, "y.unique");
    assert_eq!((y.checked, y.violating, examples(y)), (7, 2, vec![6]));
    let error = quality.refuse("tape.csv".as_ref()).unwrap_err().to_string();
    assert_eq!(
        error,
        "tape.csv: rule `x.unique`: expected each value once, found 5 rows that violate it, the first in row 1"
    );
}

/// 17 equal balances and one other, which lies 4.007 standard deviations from their mean: counted, never refused. Another
/// snapshot's values are no measure of these, and null is no value.
#[test]
fn a_value_far_from_the_others() {
    let columns = COLUMNS.replace("roles: [amount]", "outliers: '4', roles: [amount]");
    let contract = contract(&columns);
    let equals: String = (0..17).map(|loan| format!("l{loan},2025-11-30,10.01\n")).collect();
    let before: String = (0..40).map(|loan| format!("l{loan},2025-10-31,900000.00\n")).collect();
    let tape =
        |far: &str| format!("loan_id,day,balance\n{before}{equals}f,2025-11-30,{far}\ng,2025-11-30,\n");
    for far in ["10.00", "-99.99", "9999999999999999.99"] {
        let quality = quality(&contract, &tape(far), Some("2025-11-30"));
        let check = check(&quality, "balance.outliers");
        assert_eq!((check.counted, check.checked, check.violating), (Counted::Rows, 18, 1), "{far}");
        assert_eq!((examples(check), check.passed), (vec![58], Some(false)));
        assert_eq!(check.expected, "a value within 4 standard deviations of the mean");
        assert!(quality.refuse("tape.csv".as_ref()).is_ok());
    }
    let equal = quality(&contract, &tape("10.01"), Some("2025-11-30"));
    assert_eq!(check(&equal, "balance.outliers").passed, Some(true));

    // Events have many days: those up to the as-of date are one table.
    let events: String = (1..=17).map(|day| format!("e{day},2025-11-{day:02},10.01\n")).collect();
    let csv = format!("loan_id,day,balance\n{events}f,2025-11-18,99.00\ng,2025-12-01,1000000.00\n");
    let batch = batch(&contract, &csv);
    let screen = screen(&contract, &batch);
    let mut counters = screen.counters();
    screen.check(&mut counters, crate::common::tape(), screened(0, &batch)).unwrap();
    let events = counters.finish(&screen, &Facts { table: "event", ..facts(Some("2025-11-30")) });
    let check = check(&events, "balance.outliers");
    assert_eq!((check.checked, check.violating, examples(check)), (18, 1, vec![18]));
}

#[rstest]
#[case("rows: { min: 3 }", "at least 3 rows", "2 rows", false)]
#[case("rows: { min: 2, max: 2 }", "2 to 2 rows", "2 rows", true)]
#[case("rows: { max: 1 }", "at most 1 rows", "2 rows", false)]
#[case("freshness: { max_age_days: 20 }", "a snapshot of at most 20 days", "one of 20 days", true)]
#[case("freshness: { max_age_days: 19 }", "a snapshot of at most 19 days", "one of 20 days", false)]
fn the_tape_as_a_whole(
    #[case] rule: &str,
    #[case] expected: &str,
    #[case] found: &str,
    #[case] passed: bool,
) {
    let contract = contract(&format!("{COLUMNS}rules: [{{ id: x, message: 'look', {rule} }}]"));
    let quality = quality(&contract, "loan_id,day\na,2025-11-30\nb,2025-11-30\n", Some("2025-11-30"));
    let check = check(&quality, "x");
    assert_eq!((check.expected.as_str(), check.found.as_deref()), (expected, Some(found)));
    assert_eq!((check.counted, check.checked, check.passed), (Counted::Tables, 1, Some(passed)));
    let refusal = quality.refuse("tape.csv".as_ref()).err().map(|error| error.to_string());
    let said = format!("tape.csv: rule `x`: look: expected {expected}, found {found}");
    assert_eq!(refusal, (!passed).then_some(said));
}

#[test]
fn a_warning_refuses_no_tape() {
    let contract = contract(&format!("{COLUMNS}rules: [{{ id: x, severity: warning, rows: {{ min: 9 }} }}]"));
    let quality = quality(&contract, "loan_id\na\n", None);
    assert_eq!(check(&quality, "x").passed, Some(false));
    assert!(quality.refuse("tape.csv".as_ref()).is_ok());
}

#[test]
fn without_a_date_nothing_is_stale() {
    let contract = contract(&format!("{COLUMNS}rules: [{{ id: x, freshness: {{ max_age_days: 1 }} }}]"));
    let quality = quality(&contract, "loan_id\na\n", None);
    let check = check(&quality, "x");
    assert_eq!(
        (check.state, check.reason.as_deref()),
        (CheckState::Skipped, Some("the tape has no snapshot"))
    );
}

const TAPE: &str = "loan_id,day,balance
a,2025-10-31,1000
a,2025-11-30,70.25
b,2025-11-30,
c,2025-11-30,30
";

/// What is found on 2025-11-30 beside a table of amounts by day.
fn reconciled(rule: &str, role: TableRole, days: &[i32], amounts: &[i64]) -> TableQuality {
    let contract = contract(&format!("{COLUMNS}rules: [{{ id: x, reconcile: {{ {rule} }} }}]"));
    let table = RecordBatch::try_from_iter([
        ("day", Arc::new(Date32Array::from(days.to_vec())) as ArrayRef),
        ("amount", Arc::new(Int64Array::from(amounts.to_vec())) as ArrayRef),
        ("text", Arc::new(StringArray::from(vec!["x"; days.len()])) as ArrayRef),
    ])
    .unwrap();
    let batch = batch(&contract, TAPE);
    let screen = screen(&contract, &batch);
    let mut counters = screen.counters();
    screen.check(&mut counters, tape(), screened(0, &batch)).unwrap();
    let beside = self::contract(
        "columns: { day: { type: date }, amount: { type: int }, text: { type: text }, pay: { type: int, roles: [pii] } }
derive: { due_fees: 2 * pay }",
    );
    let tables = [SideTable { role, contract: &beside, batch: &table, dated_by: Some("day") }];
    counters.finish(&screen, &Facts { tables: &tables, ..facts(Some("2025-11-30")) })
}

/// 2025-10-31, 2025-11-30 and 2025-12-31.
const DAYS: [i32; 3] = [20_392, 20_422, 20_453];

#[rstest]
// A ledger's figures are those of the day, events those up to it.
#[case("table: ledger, sum: balance, with: amount", TableRole::Ledger, [5, 100, 7], "100.25 and 100, a difference of 0.25", false)]
#[case("table: ledger, sum: balance, with: amount, within: '0.25'", TableRole::Ledger, [5, 100, 7], "100.25 and 100, a difference of 0.25", true)]
#[case("table: ledger, sum: balance, with: amount, within: '0.24'", TableRole::Ledger, [5, 101, 7], "100.25 and 101, a difference of -0.75", false)]
#[case("table: event, sum: 4 * balance, with: amount + 1", TableRole::Event, [300, 99, 7], "401.00 and 401, a difference of 0.00", true)]
#[case("table: event, rows: true", TableRole::Event, [0, 0, 0], "3 and 2, a difference of 1", false)]
#[case("table: event, rows: true, within: '1'", TableRole::Event, [0, 0, 0], "3 and 2, a difference of 1", true)]
fn totals_beside_each_other(
    #[case] rule: &str,
    #[case] role: TableRole,
    #[case] amounts: [i64; 3],
    #[case] found: &str,
    #[case] passed: bool,
) {
    let quality = reconciled(rule, role, &DAYS, &amounts);
    let check = check(&quality, "x");
    assert_eq!((check.found.as_deref(), check.passed), (Some(found), Some(passed)));
    assert_eq!(quality.refuse("t".as_ref()).is_ok(), passed);
}

#[rstest]
#[case("table: schedule, rows: true", CheckState::Skipped, "there is no table `schedule`")]
#[case("table: event, sum: balance, with: text", CheckState::Failed, "expected a number, found Utf8")]
#[case("table: event, sum: balance, with: lost", CheckState::Failed, "column lost is not on the tape")]
#[case(
    "table: event, sum: balance, with: amount + due_fees",
    CheckState::Failed,
    "it would publish the values of `pay`, which has the role pii"
)]
fn totals_that_cannot_be_taken(#[case] rule: &str, #[case] state: CheckState, #[case] reason: &str) {
    let quality = reconciled(rule, TableRole::Event, &DAYS, &[1, 2, 3]);
    let check = check(&quality, "x");
    assert_eq!((check.state, check.reason.as_deref()), (state, Some(reason)));
    // What could not be compared is not what agrees.
    assert_eq!(check.passed, (state == CheckState::Failed).then_some(false));
    assert_eq!(quality.refuse("t".as_ref()).is_ok(), state == CheckState::Skipped);
}

#[test]
fn the_document() {
    let contract =
        contract("columns: { x: { type: int, roles: [amount], range: { min: '2', severity: warning } } }");
    let of = |csv: &str, table: &'static str| {
        let batch = batch(&contract, csv);
        let screen = screen(&contract, &batch);
        let mut counters = screen.counters();
        screen.check(&mut counters, tape(), screened(0, &batch)).unwrap();
        counters.finish(&screen, &Facts { table, ..facts(None) })
    };
    let document = QualityDocument::new(vec![of("x\n3\n4\n", "static"), of("x\n1\n2\n", "tape")]);
    let text = document.to_json().unwrap();
    let read: QualityDocument = serde_json::from_str(&text).unwrap();
    assert_eq!(read, document);
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(value["schema_version"], 1);
    assert_eq!(value["rows"], json!({ "read": 2, "accepted": 2, "quarantined": 0, "duplicate": 0 }));
    assert_eq!(value["control_totals"]["x"]["accepted"], "3");
    assert_eq!(value["tables"][0]["control_totals"]["x"]["accepted"], "7");
    // Of each table header, shape, type, range and totals; there is no key for the other two.
    let counts =
        ["checks_executed", "checks_passed", "checks_skipped"].map(|key| value[key].as_u64().unwrap());
    assert_eq!(counts, [10, 9, 4]);
    assert_eq!(value["data_quality_score"], "90");
    let ids: Vec<&str> =
        value["checks"].as_array().unwrap().iter().map(|check| check["id"].as_str().unwrap()).collect();
    let all = [
        "tape.header",
        "tape.shape",
        "x.type",
        "x.range",
        "tape.duplicates",
        "tape.conflicts",
        "tape.totals",
    ];
    assert_eq!(ids, [all, all].concat());
    assert_eq!(
        value["checks"][10],
        json!({
            "id": "x.range", "table": "tape", "kind": "range", "severity": "warning", "column": "x",
            "expected": "at least 2", "message": null, "state": "executed", "reason": null,
            "counted": "rows", "checked": 2, "violating": 1, "examples": [{ "input": 1, "row": 1 }],
            "found": null, "passed": false,
        })
    );
}

#[test]
fn no_check_no_score() {
    let document = QualityDocument::new(Vec::new());
    assert_eq!((document.data_quality_score, document.checks_executed), (None, 0));
}
