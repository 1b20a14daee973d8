//! Rules in contracts: what is accepted, and what is said about the rest.

use abaco_pipeline::ErrorKind;
use abaco_pipeline::contract::{Contract, RuleKind, Severity, Totals};
use rstest::rstest;

use crate::common::{HEAD, contract};

const COLUMNS: &str = "columns:
  loan_id: { type: text, roles: [key, pii] }
  reporting_date: { type: date, roles: [snapshot] }
  dpd: { type: int }
  status: { type: text }
  balance: { type: 'decimal(18, 2)', roles: [amount] }
  salary: { type: 'decimal(18, 2)', roles: [pii] }
  gone: { type: bool }
derive:
  outstanding_balance: balance
";

fn refusal(text: &str) -> String {
    let error = Contract::from_yaml_str(&format!("{HEAD}{text}"), "c.yml").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration);
    error.to_string()
}

#[test]
fn everything_that_can_be_written() {
    let contract = contract(
        "
columns:
  loan_id: { type: text, roles: [key], unique: true }
  branch: { type: text, unique: false, allowed: [north, south] }
  reporting_date: { type: date, roles: [snapshot], range: { min: '2020-01-01', severity: warning } }
  rate: { type: 'decimal(9, 6)', range: { min: '-0.5', max: '1' } }
  status: { type: text, allowed: { values: [Current, Default], severity: warning }, unique: { severity: warning } }
  balance: { type: 'decimal(18, 2)' }
  gone: { type: bool }
derive:
  outstanding_balance: balance
rules:
  - { id: a, check: ' outstanding_balance >= 0 ', severity: warning, message: 'a debt of ours' }
  - { id: b, never_reverts: { column: gone } }
  - { id: c, rows: { min: 1, max: 10 } }
  - { id: d, freshness: { max_age_days: 3 } }
  - { id: e, reconcile: { table: ledger, sum: outstanding_balance, with: balance, within: '0.01' } }
  - { id: f, reconcile: { table: static, rows: true } }
  - { id: g, check: \"as_of > DATE '2020-01-01'\" }
",
    );
    let column = |name: &str| contract.column(name).unwrap();
    assert_eq!(column("loan_id").unique, Some(Severity::Error));
    assert_eq!(column("branch").unique, None);
    assert_eq!(column("status").unique, Some(Severity::Warning));
    let branch = column("branch").allowed.as_ref().unwrap();
    assert_eq!(
        (branch.values.as_slice(), branch.severity),
        (["north", "south"].map(String::from).as_slice(), Severity::Error)
    );
    assert_eq!(column("status").allowed.as_ref().unwrap().severity, Severity::Warning);
    assert_eq!(column("reporting_date").range.as_ref().unwrap().severity, Severity::Warning);
    assert!(column("rate").range.as_ref().unwrap().min.is_some());

    let ids: Vec<&str> = contract.rules().iter().map(|rule| rule.id.as_str()).collect();
    assert_eq!(ids, ["a", "b", "c", "d", "e", "f", "g"]);
    let rule = |index: usize| &contract.rules()[index];
    assert_eq!((rule(0).severity, rule(0).message.as_deref()), (Severity::Warning, Some("a debt of ours")));
    assert_eq!(rule(1).severity, Severity::Error);
    assert!(matches!(&rule(0).kind, RuleKind::Check { text, .. } if text == "outstanding_balance >= 0"));
    assert!(matches!(&rule(1).kind, RuleKind::NeverReverts { column } if column == "gone"));
    assert_eq!(rule(2).kind, RuleKind::Rows { min: Some(1), max: Some(10) });
    assert_eq!(rule(3).kind, RuleKind::Freshness { max_age_days: 3 });
    let RuleKind::Reconcile(sums) = &rule(4).kind else { panic!("{:?}", rule(4)) };
    assert_eq!((sums.table.as_str(), sums.within.to_string()), ("ledger", "0.01".to_owned()));
    let RuleKind::Reconcile(rows) = &rule(5).kind else { panic!("{:?}", rule(5)) };
    assert_eq!((&rows.totals, rows.within.to_string()), (&Totals::Rows, "0".to_owned()));
}

#[rstest]
#[case(
    "{ type: int, range: { min: '10', max: '9' } }",
    "range: expected `min` to be at most `max`, found 10 and 9"
)]
#[case("{ type: int, range: {} }", "range: expected `min`, `max` or both, found neither")]
#[case("{ type: int, range: { min: ten } }", "range: expected a number such as \"0.5\", found `ten`")]
#[case(
    "{ type: date, range: { max: '31/12/2025' } }",
    "range: expected a date such as \"2025-12-31\", found `31/12/2025`"
)]
#[case("{ type: text, range: { min: 'a' } }", "expected a number or a date for `range`, found text")]
#[case("{ type: int, allowed: ['1'] }", "expected a text for `allowed`, found int")]
#[case("{ type: text, outliers: '4' }", "expected a number for `outliers`, found text")]
#[case(
    "{ type: int, outliers: '0' }",
    "outliers: expected a number of standard deviations such as \"4\", found `0`"
)]
#[case("{ type: text, nulls: fill_zero }", "expected a number for `nulls: fill_zero`, found text")]
#[case("{ type: text, allowed: [] }", "allowed: expected 1 to 256 texts, found 0")]
#[case("{ type: text, allowed: [a, b, a] }", "allowed: expected each text once, found `a` twice")]
#[case("{ type: text, allowed: [' a'] }", "allowed: expected no blanks around a text, found ` a`")]
#[case("{ type: int, range: { min: '1_000' } }", "range: expected a number such as \"0.5\", found `1_000`")]
fn columns_that_contradict_themselves(#[case] column: &str, #[case] problem: &str) {
    assert_eq!(refusal(&format!("columns: {{ x: {column} }}")), format!("c.yml: column `x`: {problem}"));
}

#[rstest]
#[case(
    "{ type: int, range: { min: 1 } }",
    "invalid type: integer `1`, expected a text in quotes, such as \"1.5\""
)]
#[case(
    "{ type: int, range: { least: '1' } }",
    "unknown field `least`, expected one of `min`, `max`, `severity`"
)]
#[case(
    "{ type: int, range: { min: '1', severity: fatal } }",
    "unknown variant `fatal`, expected `error` or `warning`"
)]
#[case(
    "{ type: text, allowed: a }",
    "invalid type: string \"a\", expected a list of texts, or a mapping with `values` and `severity`"
)]
#[case("{ type: text, allowed: { texts: [a] } }", "unknown field `texts`, expected `values` or `severity`")]
#[case(
    "{ type: text, unique: 1 }",
    "invalid type: integer `1`, expected true, false, or a mapping with `severity`"
)]
#[case("{ type: text, unique: { values: 1 } }", "unknown field `values`, expected `severity`")]
#[case(
    "{ type: text, allowed: [a, 1.5] }",
    "invalid type: floating point `1.5`, expected a text in quotes, such as \"1.5\""
)]
fn columns_that_cannot_be_read(#[case] column: &str, #[case] problem: &str) {
    let said = refusal(&format!("columns: {{ x: {column} }}"));
    assert!(said.contains(problem), "{said}");
    assert!(said.starts_with("c.yml: line 4, column "), "{said}");
}

#[rstest]
#[case(
    "{ id: A, rows: { min: 1 } }",
    "rule `A`: expected a name of lower case letters, digits and `_` that starts with a letter, found `A`"
)]
#[case(
    "{ id: x }",
    "rule `x`: expected one of check, never_reverts, rows, freshness and reconcile, found none"
)]
#[case(
    "{ id: x, check: 'dpd > 0', rows: { min: 1 } }",
    "rule `x`: expected one of check, never_reverts, rows, freshness and reconcile, found check and rows"
)]
#[case("{ id: x, check: '' }", "rule `x`: check: expected an expression of 1 to 8192 bytes, found 0")]
#[case(
    "{ id: x, check: 'dpd >' }",
    "rule `x`: check: line 1, column 6: expected a value, found the end of the text"
)]
#[case("{ id: x, check: 'days >= 0' }", "rule `x`: check: the contract has no column `days`")]
#[case(
    "{ id: x, check: \"dpd = 'x'\" }",
    "rule `x`: check: dpd = 'x': a number cannot be compared with a text"
)]
#[case("{ id: x, check: 'dpd' }", "rule `x`: check: dpd: expected a truth value, found a number")]
#[case("{ id: x, message: ' ', rows: { min: 1 } }", "rule `x`: message: expected 1 to 512 bytes, found 1")]
#[case(
    "{ id: x, never_reverts: { column: dpd } }",
    "rule `x`: never_reverts: expected a bool column, found int"
)]
#[case(
    "{ id: x, never_reverts: { column: lost } }",
    "rule `x`: never_reverts: the contract has no column `lost`"
)]
#[case("{ id: x, rows: {} }", "rule `x`: rows: expected `min`, `max` or both, found neither")]
#[case(
    "{ id: x, rows: { min: 2, max: 1 } }",
    "rule `x`: rows: expected `min` to be at most `max`, found 2 and 1"
)]
#[case(
    "{ id: x, reconcile: { table: ledger } }",
    "rule `x`: reconcile: expected `sum` and `with`, or `rows: true`"
)]
#[case(
    "{ id: x, reconcile: { table: ledger, sum: balance } }",
    "rule `x`: reconcile: expected `sum` and `with`, or `rows: true`"
)]
#[case(
    "{ id: x, reconcile: { table: ledger, sum: lost, with: y } }",
    "rule `x`: reconcile: sum: the contract has no column `lost`"
)]
#[case(
    "{ id: x, reconcile: { table: ledger, sum: status, with: y } }",
    "rule `x`: reconcile: sum: expected a number, found Utf8"
)]
#[case(
    "{ id: x, reconcile: { table: ledger, sum: salary, with: y } }",
    "rule `x`: reconcile: sum: it would publish the values of `salary`, which has the role pii"
)]
#[case(
    "{ id: x, reconcile: { table: ledger, rows: true, within: '-1' } }",
    "rule `x`: reconcile: within: expected a number such as \"0.01\", found `-1`"
)]
fn rules_that_cannot_be_meant(#[case] rule: &str, #[case] problem: &str) {
    assert_eq!(refusal(&format!("{COLUMNS}rules: [{rule}]")), format!("c.yml: {problem}"));
}

#[rstest]
#[case("{ id: x, median: { of: dpd } }", "unknown field `median`")]
#[case("{ id: x, reconcile: { table: tape, rows: true } }", "unknown variant `tape`")]
#[case("{ id: x, freshness: { max_age_days: -1 } }", "invalid type: integer `-1`, expected u32")]
#[case("{ check: 'dpd > 0' }", "missing field `id`")]
fn rules_that_cannot_be_read(#[case] rule: &str, #[case] problem: &str) {
    let said = refusal(&format!("{COLUMNS}rules: [{rule}]"));
    assert!(said.contains(problem), "{said}");
}

#[test]
fn an_id_twice() {
    let rules = "rules: [{ id: x, rows: { min: 1 } }, { id: x, check: 'dpd >= 0' }]";
    assert_eq!(
        refusal(&format!("{COLUMNS}{rules}")),
        "c.yml: rule `x`: expected an id of its own, found it twice"
    );
}

#[test]
fn rules_that_need_a_role() {
    let columns = "columns: { gone: { type: bool }, day: { type: date } }\n";
    let with = |rule: &str| refusal(&format!("{columns}rules: [{rule}]"));
    assert_eq!(
        with("{ id: x, never_reverts: { column: gone } }"),
        "c.yml: rule `x`: never_reverts: expected a column with the role `key`, found none"
    );
    assert_eq!(
        with("{ id: x, freshness: { max_age_days: 1 } }"),
        "c.yml: rule `x`: freshness: expected a column with the role `snapshot`, found none"
    );
    assert_eq!(
        with("{ id: x, check: 'as_of IS NULL' }"),
        "c.yml: rule `x`: check: the contract has no column `as_of`"
    );
}
