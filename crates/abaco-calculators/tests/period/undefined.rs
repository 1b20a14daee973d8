//! Where the data does not define a value, and why.

use abaco_calculators::STANDARD;
use abaco_kpi::{Kpi, Outcome, Undefined, canonical_column};
use abaco_testkit::strategy::date;
use abaco_testkit::{Cell, CellType, Tape};
use rstest::rstest;

use super::{FAMILIES, outcome};

/// A tape of one row; columns that are not named are NULL.
fn one_row(id: &str, known: &[(&str, Cell)]) -> Tape {
    let mut columns = std::collections::BTreeSet::new();
    super::kpi(id).formula().for_each_term(&mut |term| {
        term.for_each_column(&mut |column| {
            columns.insert(column.clone());
        });
    });
    columns.into_iter().fold(Tape::new(), |tape, column| {
        let cell = known
            .iter()
            .find(|(name, _)| *name == column.name())
            .map_or(Cell::Null, |(_, cell)| cell.clone());
        let cell_type: CellType = canonical_column(column.name()).unwrap().column_type.into();
        tape.column(column, cell_type, [cell]).unwrap()
    })
}

#[test]
fn without_rows_nothing_is_defined() {
    for kpi in STANDARD.kpis() {
        let spec = kpi.spec();
        if FAMILIES.contains(&spec.family.as_ref()) {
            let tape = one_row(&spec.id, &[]).select([]);
            assert_eq!(outcome(&spec.id, &tape), Outcome::Undefined(Undefined::NoRows), "{}", spec.id);
        }
    }
}

const CENTS: Cell = Cell::Number(1_00);
const ZERO: Cell = Cell::Number(0);
const DAY: Cell = Cell::Integer(0);

/// At the first snapshot of a tape flows are NULL; an entrant has no opening balance; zero divides nothing.
#[rstest]
#[case::first_snapshot("collection_rate_total", &[("outstanding_balance", CENTS)], Undefined::AllNull)]
#[case::nothing_due("collection_rate_total", &[("paid_principal", CENTS), ("paid_interest", ZERO), ("paid_fees", ZERO), ("paid_tax", ZERO), ("due_principal", ZERO), ("due_interest", ZERO), ("due_fees", ZERO), ("due_tax", ZERO)], Undefined::ZeroDenominator)]
#[case::no_tax_column_filled("collection_rate_capped", &[("paid_principal", CENTS), ("paid_interest", ZERO), ("paid_fees", ZERO), ("due_principal", CENTS), ("due_interest", ZERO), ("due_fees", ZERO), ("due_tax", ZERO)], Undefined::AllNull)]
#[case::only_entrants("write_off_rate", &[("written_off", ZERO)], Undefined::AllNull)]
#[case::only_entrants("balance_bridge", &[("outstanding_balance", CENTS), ("disbursed", CENTS), ("paid_principal", ZERO), ("recovered", ZERO), ("written_off", ZERO), ("reinstated", ZERO)], Undefined::AllNull)]
#[case::never_written_off("recovery_rate", &[("cum_recovered", ZERO), ("cum_written_off", ZERO)], Undefined::ZeroDenominator)]
#[case::nothing_performing("mdr", &[("defaulted", ZERO), ("opening_balance", CENTS), ("opening_dpd", Cell::Integer(90))], Undefined::ZeroDenominator)]
#[case::nothing_performing("cdr", &[("defaulted", ZERO), ("opening_balance", CENTS), ("opening_dpd", Cell::Integer(90))], Undefined::ZeroDenominator)]
#[case::first_snapshot("default_ratio", &[], Undefined::ZeroDenominator)]
#[case::all_scheduled("smm", &[("prepaid_principal", ZERO), ("opening_balance", CENTS), ("due_principal", CENTS)], Undefined::ZeroDenominator)]
#[case::no_rate("portfolio_yield", &[("outstanding_balance", CENTS)], Undefined::AllNull)]
#[case::no_rate("arr", &[("outstanding_balance", CENTS)], Undefined::AllNull)]
#[case::an_empty_bucket("roll_rate_current_paid", &[("opening_balance", CENTS), ("opening_dpd", Cell::Integer(1))], Undefined::ZeroDenominator)]
#[case::an_empty_bucket("net_flow_to_loss", &[("opening_balance", CENTS), ("opening_dpd", DAY)], Undefined::ZeroDenominator)]
#[case::nobody_was_cured("re_default_rate", &[("opening_balance", CENTS), ("opening_dpd", DAY), ("opening_peak_90_balance", ZERO), ("defaulted", CENTS)], Undefined::ZeroDenominator)]
#[case::one_month("collection_effectiveness_index_monthly", &[("opening_balance", CENTS), ("sales", CENTS), ("outstanding_balance", ZERO), ("dpd", DAY), ("opening_as_of", Cell::Date(date(0))), ("as_of", Cell::Date(date(0)))], Undefined::ZeroDenominator)]
#[case::no_sales("dso", &[("outstanding_balance", CENTS), ("sales", ZERO)], Undefined::ZeroDenominator)]
#[case::no_officer("borrowers_per_officer", &[("officers", Cell::Integer(0))], Undefined::ZeroDenominator)]
#[case::no_check("data_quality_score", &[("checks_passed", Cell::Integer(0)), ("checks_total", Cell::Integer(0))], Undefined::ZeroDenominator)]
fn the_reason_is_named(#[case] id: &str, #[case] known: &[(&str, Cell)], #[case] reason: Undefined) {
    assert_eq!(outcome(id, &one_row(id, known)), Outcome::Undefined(reason));
}

/// Nothing of the kind happened: zero, not undefined.
#[rstest]
#[case("mdr", &[("defaulted", ZERO), ("opening_balance", CENTS)])]
#[case("cure_rate", &[("opening_balance", CENTS), ("opening_dpd", Cell::Integer(1))])]
#[case("exits_absent", &[("opening_balance", CENTS), ("outstanding_balance", CENTS)])]
#[case("entrants", &[("opening_balance", CENTS), ("outstanding_balance", CENTS)])]
#[case("vintage_par_30_ex_writeoffs", &[("outstanding_balance", CENTS), ("original_principal", CENTS)])]
fn what_did_not_happen_is_zero(#[case] id: &str, #[case] known: &[(&str, Cell)]) {
    assert_eq!(super::exact(id, &one_row(id, known)), super::ratio(0, 1));
}
