//! A tape that speaks canonical names needs no contract of its own: the shipped one is generated from their list.
//!
//! To write it anew: `ABACO_WRITE_DOCS=1 cargo test -p abaco-pipeline --test run canonical`.

use abaco_engine::AsOf;
use abaco_kpi::{CANONICAL_COLUMNS, ColumnType};
use abaco_pipeline::{Pipeline, PipelineConfig, Run, RunRequest};

use crate::common::{Desk, catalogue, root};

const HEAD: &str = "\
# Every canonical column under its own name: loans, or a loan-period panel, that some other system has put together.
# Generated from the list of canonical columns; a test keeps it so. Every column is optional: a KPI whose columns a tape
# lacks is unavailable, and the run goes on. Figures of the portfolio (`revenue`, `drawn`, `officers` ..) are summed: they stand
# on one row only, NULL or empty on all others.
contract: canonical
version: 1
currency: USD
columns:
";

fn contract() -> String {
    let mut text = HEAD.to_owned();
    for column in CANONICAL_COLUMNS {
        let (column_type, roles) = match (column.name, column.column_type) {
            ("loan_id", _) => ("text", "[key]"),
            ("as_of", _) => ("date", "[snapshot]"),
            ("segment" | "product_type" | "company" | "region" | "officer_id", _) => ("text", "[dimension]"),
            (_, ColumnType::Text) => ("text", ""),
            (_, ColumnType::Date) => ("date", ""),
            (_, ColumnType::Boolean) => ("bool", ""),
            (_, ColumnType::Integer) => ("int", ""),
            (_, ColumnType::Money) => ("\"decimal(18, 2)\"", "[amount]"),
            (_, ColumnType::Rate) => ("\"decimal(12, 6)\"", ""),
            (_, ColumnType::Share) => ("\"decimal(9, 6)\"", ""),
            (name, other) => panic!("{name}: {other:?} has no type in a contract yet"),
        };
        let roles = if roles.is_empty() { String::new() } else { format!(", roles: {roles}") };
        text += &format!("  # {}\n  {}: {{ type: {column_type}{roles} }}\n", column.meaning, column.name);
    }
    text
}

#[test]
fn the_shipped_contract_is_the_list() {
    let path = root().join("config/contracts/canonical.yml");
    if std::env::var_os("ABACO_WRITE_DOCS").is_some() {
        std::fs::write(&path, contract()).unwrap();
    }
    assert!(std::fs::read_to_string(&path).unwrap() == contract(), "see the head of this test");
}

fn run(tape: &str) -> Run {
    let desk = Desk::new();
    desk.write("tape.csv", tape);
    let config = PipelineConfig::load(root().join("config/canonical.yml")).unwrap();
    let pipeline = Pipeline::new(config, &catalogue()).unwrap();
    pipeline.run(&RunRequest { as_of: AsOf::Single, ..desk.dry() }).unwrap()
}

fn value(run: &Run, id: &str) -> String {
    let kpi = run.document.kpis.iter().find(|kpi| kpi.id == id).unwrap();
    kpi.value.clone().unwrap_or_else(|| panic!("{id}: {:?}", kpi.reason))
}

/// The Credit Research Foundation's example over three months: 3490/6240 and 10750/13500.
#[test]
fn the_collection_effectiveness_index() {
    let run = run("loan_id,as_of,opening_as_of,opening_balance,sales,outstanding_balance,dpd\n\
                   a,2025-03-31,2024-12-31,6200,10890,3590,0\nb,2025-03-31,2024-12-31,0,0,2750,15\n");
    assert_eq!(value(&run, "collection_effectiveness_index_monthly"), "55.93");
    assert_eq!(value(&run, "collection_effectiveness_index_total"), "79.63");
}

/// Receivables of 100 with 40 of one obligor, capped at a quarter of the gross: 85 % of 85.
#[test]
fn the_borrowing_base() {
    let rows: String = (1..=4).map(|loan| format!("s{loan},{loan},15,0.85,0.25\n")).collect();
    let run = run(&format!(
        "loan_id,borrower_id,eligible_balance,advance_rate,concentration_cap\nl,top,40,0.85,0.25\n{rows}"
    ));
    assert_eq!(value(&run, "excess_concentration"), "15.00");
    assert_eq!(value(&run, "borrowing_base"), "72.25");
}

/// 1 % a month: 1 - 0.99^12 = 11.3615128283870719341199 %.
#[test]
fn default_and_prepayment_rates_are_compounded() {
    let run = run(
        "loan_id,as_of,opening_as_of,opening_balance,opening_dpd,defaulted,prepaid_principal,due_principal\n\
                   a,2025-02-28,2025-01-31,990,0,0,0,0\nb,2025-02-28,2025-01-31,10,60,10,10,0\n",
    );
    assert_eq!((value(&run, "mdr"), value(&run, "cdr")), ("1.00".to_owned(), "11.36".to_owned()));
    assert_eq!((value(&run, "smm"), value(&run, "cpr")), ("1.00".to_owned(), "11.36".to_owned()));
}
