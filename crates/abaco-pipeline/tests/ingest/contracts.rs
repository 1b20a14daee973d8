//! Contracts: what is accepted, and what is said about the rest.

use abaco_pipeline::ErrorKind;
use abaco_pipeline::contract::{Contract, ExcessDigits, FromFloat, NullRule, Role};
use rstest::rstest;

use crate::common::root;

const HEAD: &str = "contract: c\nversion: 1\ncurrency: USD\n";

fn refusal(text: &str) -> String {
    let error = Contract::from_yaml_str(text, "dir/c.yml").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration);
    assert_eq!(error.kind().exit_status(), 2);
    error.to_string()
}

#[test]
fn everything_that_can_be_written() {
    let text = "
contract: par_balances
version: 3
currency: USD
null_tokens: ['', ' NA ']
date_formats: ['%d/%m/%Y']
columns:
  loan_id: { type: text, aliases: [' Loan_ID_Raw '], roles: [key, pii], null_tokens: [] }
  reporting_date: { type: date, roles: [snapshot], required: true, date_formats: ['%Y-%m-%d'] }
  opened: { type: date }
  dpd: { type: int, nulls: fill_zero }
  balance: { type: 'decimal(18,2)', source: ' Balance_USD', nulls: reject, excess_digits: half_even, from_float: shortest, roles: [amount] }
derive:
  total_receivable_usd: ' balance '
";
    let contract = Contract::from_yaml_str(text, "c.yml").unwrap();
    assert_eq!((contract.name(), contract.version(), contract.currency()), ("par_balances", 3, "USD"));
    let names: Vec<&str> = contract.columns().iter().map(|column| column.name.as_str()).collect();
    assert_eq!(names, ["loan_id", "reporting_date", "opened", "dpd", "balance"]);
    let loan = contract.column("loan_id").unwrap();
    assert_eq!(loan.aliases, ["loan_id_raw"]);
    assert_eq!(loan.headers().collect::<Vec<_>>(), ["loan_id", "loan_id_raw"]);
    assert!(loan.has_role(Role::Key) && loan.has_role(Role::Pii) && !loan.required);
    assert!(loan.null_tokens.is_empty());
    assert_eq!(contract.snapshot().unwrap().name, "reporting_date");
    assert_eq!(contract.snapshot().unwrap().date_formats, ["%Y-%m-%d"]);
    assert_eq!(contract.column("opened").unwrap().date_formats, ["%d/%m/%Y"]);
    assert_eq!(contract.column("opened").unwrap().null_tokens, ["", "NA"]);
    assert_eq!(contract.column("dpd").unwrap().nulls, NullRule::FillZero);
    let balance = contract.column("balance").unwrap();
    assert_eq!(balance.headers().collect::<Vec<_>>(), ["balance_usd"]);
    assert_eq!(balance.column_type.to_string(), "decimal(18, 2)");
    assert_eq!((balance.excess_digits, balance.from_float), (ExcessDigits::HalfEven, FromFloat::Shortest));
    assert_eq!(contract.derived()[0].name, "total_receivable_usd");
    assert_eq!(contract.derived()[0].expression, "balance");
}

#[test]
fn defaults() {
    let contract =
        Contract::from_yaml_str(&format!("{HEAD}columns: {{ x: {{ type: date }} }}"), "c.yml").unwrap();
    let column = &contract.columns()[0];
    assert_eq!(column.null_tokens, ["", "NA", "N/A", "null", "NULL"]);
    assert_eq!(column.date_formats, ["%Y-%m-%d"]);
    assert_eq!(column.nulls, NullRule::Keep);
    assert_eq!((column.excess_digits, column.from_float), (ExcessDigits::Refuse, FromFloat::Refuse));
    assert!(contract.derived().is_empty() && contract.snapshot().is_none());
}

/// Faults of one column; the message follows ``dir/c.yml: column `x`: ``.
#[rstest]
#[case("type: text, nulls: fill_zero", "expected a number for `nulls: fill_zero`, found text")]
#[case("type: int, excess_digits: half_away", "expected a decimal for `excess_digits`, found int")]
#[case("type: bool, from_float: shortest", "expected a number for `from_float`, found bool")]
#[case("type: int, date_formats: ['%Y-%m-%d']", "expected a date for `date_formats`, found int")]
#[case("type: int, roles: [snapshot]", "expected a date for role `snapshot`, found int")]
#[case("type: text, roles: [amount]", "expected a number for role `amount`, found text")]
#[case("type: text, roles: [key, pii, key]", "expected role `key` once, found it twice")]
#[case("type: text, source: y, aliases: [z]", "expected `source` or `aliases`, found both")]
#[case("type: text, source: ' '", "expected a header of 1 to 256 bytes, found 0")]
#[case("type: text, aliases: ['X ']", "expected headers of its own, found `x`, which column `x` has")]
#[case("type: text, aliases: [Y, ' y']", "expected headers of its own, found `y`, which column `x` has")]
#[case("type: date, date_formats: []", "date_formats: expected 1 to 64, found 0")]
#[case(
    "type: date, date_formats: ['%Y-%m']",
    "date_formats: expected a format of year, month and day such as `%d/%m/%Y`, found `%Y-%m`"
)]
fn column_refused(#[case] column: &str, #[case] message: &str) {
    let text = format!("{HEAD}columns:\n  x: {{ {column} }}\n");
    assert_eq!(refusal(&text), format!("dir/c.yml: column `x`: {message}"));
}

/// Faults of the document; the message follows `dir/c.yml: `.
#[rstest]
#[case(
    "columns: { Dpd: { type: int } }",
    "column `Dpd`: expected a name of lower case letters, digits and `_` that starts with a letter, found `Dpd`"
)]
#[case(
    "columns: { a: { type: date, roles: [snapshot] }, b: { type: date, roles: [snapshot] } }",
    "column `b`: expected one snapshot column, found that `a` is one too"
)]
#[case(
    "columns: { a: { type: int }, b: { type: int, aliases: [A] } }",
    "column `b`: expected headers of its own, found `a`, which column `a` has"
)]
#[case(
    "columns: { a: { type: int, source: h }, b: { type: int, source: H } }",
    "column `b`: expected headers of its own, found `h`, which column `a` has"
)]
#[case(
    "columns: { a: { type: int } }\nderive: { a: '1' }",
    "derive `a`: expected a name of its own, found one that `columns` declares"
)]
#[case(
    "columns: { a: { type: int } }\nderive: { b: ' ' }",
    "derive `b`: expected an expression of 1 to 8192 bytes, found 0"
)]
#[case(
    "columns: { a: { type: float } }",
    "line 4, column 23: columns.a.type: expected type text, int, decimal(p, s), date or bool, found `float`"
)]
#[case(
    "columns: { a: { type: 'decimal(39, 2)' } }",
    "line 4, column 23: columns.a.type: expected a precision from 1 to 38, found 39"
)]
#[case(
    "columns: { a: { type: 'decimal(38, 29)' } }",
    "line 4, column 23: columns.a.type: expected a scale of at most 28, found 29"
)]
#[case(
    "columns: { a: { type: 'decimal(4, 5)' } }",
    "line 4, column 23: columns.a.type: expected a scale of at most 4, found 5"
)]
#[case(
    "columns: { a: { type: 'decimal(0, 0)' } }",
    "line 4, column 23: columns.a.type: expected a precision from 1 to 38, found 0"
)]
#[case(
    "columns: { a: { type: int, nul: keep } }",
    "line 4, column 28: columns.a: unknown field `nul`, expected one of `type`, `source`, `aliases`, `roles`, `required`, `nulls`, `excess_digits`, `from_float`, `null_tokens`, `date_formats`, `range`, `allowed`, `unique`, `outliers`"
)]
#[case(
    "columns: { a: { type: int, nulls: zero } }",
    "line 4, column 35: columns.a.nulls: unknown variant `zero`, expected one of `keep`, `fill_zero`, `reject`, `drop_row`"
)]
#[case("columns: { a: { roles: [] } }", "line 4, column 15: columns.a: missing field `type`")]
#[case("columns:\n  a: { type: int }\n  a: { type: text }", "line 5, column 3: columns: duplicate key `a`")]
#[case(
    "column: {}",
    "line 4, column 1: unknown field `column`, expected one of `contract`, `version`, `currency`, `null_tokens`, `date_formats`, `columns`, `derive`, `effective_as_of`, `rules`"
)]
fn document_refused(#[case] rest: &str, #[case] message: &str) {
    assert_eq!(refusal(&format!("{HEAD}{rest}\n")), format!("dir/c.yml: {message}"));
}

#[rstest]
#[case("contract: c\nversion: 0\ncurrency: USD\ncolumns: {}", "version: expected at least 1, found 0")]
#[case(
    "contract: c\nversion: 1\ncurrency: usd\ncolumns: {}",
    "currency: expected three capital letters, found `usd`"
)]
fn head_refused(#[case] text: &str, #[case] message: &str) {
    assert_eq!(refusal(text), format!("dir/c.yml: {message}"));
}

#[test]
fn sizes_are_limited() {
    let columns: String = (0..1_025).map(|n| format!("  c{n}: {{ type: int }}\n")).collect();
    assert_eq!(
        refusal(&format!("{HEAD}columns:\n{columns}")),
        "dir/c.yml: columns: expected at most 1024, found 1025"
    );
    let name = "n".repeat(65);
    let long = refusal(&format!("{HEAD}columns: {{ {name}: {{ type: int }} }}"));
    assert_eq!(long, format!("dir/c.yml: column `{name}`: expected a name of at most 64 bytes, found 65"));
    let comment = "#".repeat(1 << 20);
    assert_eq!(refusal(&format!("{HEAD}{comment}")), "dir/c.yml: expected at most 1048576 bytes, found more");
}

#[test]
fn a_missing_contract_is_configuration() {
    let error = Contract::load("nowhere/c.yml").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration);
    assert_eq!(error.to_string(), "nowhere/c.yml: No such file or directory (os error 2)");
}

#[rstest]
fn shipped_contracts_load(#[values("factoring_slices", "par_balances")] name: &str) {
    let contract = Contract::load(root().join(format!("config/contracts/{name}.yml"))).unwrap();
    assert_eq!(contract.name(), name);
    assert!(contract.snapshot().is_some());
}
