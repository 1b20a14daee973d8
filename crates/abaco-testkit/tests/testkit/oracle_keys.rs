//! Totals per key and their reduction.

use abaco_kpi::{
    Formula, FormulaKpi, KeyTerm, KpiSpec, Rounding, Undefined, Unit, by_key, col, min, sum, total,
};
use abaco_testkit::oracle::{Verdict, When};
use abaco_testkit::{Cell, CellType, Oracle, Tape};
use rstest::rstest;

/// Balances x 10 + 20, y 5, z NULL, without a key 1 + 2; `dpd` is 40 on the second row of x only.
fn tape() -> Tape {
    let text = |text: &str| Cell::Text(text.to_owned());
    Tape::new()
        .column(
            "borrower_id",
            CellType::Text,
            [text("x"), text("x"), text("y"), text("z"), Cell::Null, Cell::Null],
        )
        .unwrap()
        .column(
            "ead",
            CellType::Number { scale: 0 },
            [10, 20, 5, -1, 1, 2].map(|units| if units < 0 { Cell::Null } else { Cell::Number(units) }),
        )
        .unwrap()
        .integers("dpd", [0, 40, 0, 0, 0, 0])
        .unwrap()
}

fn balance() -> Formula<KeyTerm> {
    KeyTerm::Sum("balance".into()).into()
}

fn overdue() -> Formula<KeyTerm> {
    KeyTerm::Sum("overdue".into()).into()
}

fn verdict(tape: &Tape, formula: &Formula) -> Verdict {
    let spec = KpiSpec::new("x", "X", Unit::Ratio).rounding(Rounding::half_away(0));
    Oracle::new(tape).expect(&FormulaKpi::new(spec, formula.clone()), When::Always, &[]).verdict
}

fn keyed() -> abaco_kpi::KeyedBuilder {
    by_key("borrower_id").sum("balance", "ead")
}

fn keyed_overdue() -> abaco_kpi::KeyedBuilder {
    keyed().sum_where("overdue", "ead", col("dpd").ge(30))
}

#[rstest]
#[case::a_null_key_is_a_key_and_a_null_total_is_skipped(keyed().reduce(balance()), "38")]
#[case::squares(keyed().reduce(balance() * balance()), "934")]
#[case::the_largest(keyed().top(1, balance()), "30")]
#[case::the_two_largest(keyed().top(2, balance()), "35")]
#[case::more_than_there_are(keyed().top(99, balance()), "38")]
#[case::none_of_them(keyed().top(0, balance()), "0")]
#[case::the_largest_of_negatives(keyed().top(1, 0 - balance()), "-3")]
#[case::nothing_matched_is_zero(keyed_overdue().reduce(overdue()), "20")]
#[case::zero_for_a_key_counts(keyed_overdue().reduce(overdue() + 1), "24")]
#[case::a_total_of_the_scope(keyed().reduce(100 * balance() / total(sum("ead"))), "100")]
#[case::capped(keyed().reduce(balance().at_most(total(sum("ead") / 2))), "27")]
#[case::a_caught_null_total_counts(keyed().reduce(balance().or_else(1_000)), "1038")]
fn a_reduction(#[case] formula: Formula, #[case] expected: &str) {
    let found = verdict(&tape(), &formula);
    assert!(
        matches!(&found, Verdict::Value { rounded, caught: None, .. } if rounded == expected),
        "{formula}: {found:?}"
    );
}

#[rstest]
#[case::every_key_skipped(tape().select([3]), keyed().reduce(balance()), Undefined::AllNull)]
#[case::no_rows(tape().select([]), keyed().top(3, balance()), Undefined::NoRows)]
#[case::a_zero_denominator_of_one_key(tape(), keyed_overdue().reduce(balance() / overdue()), Undefined::ZeroDenominator)]
#[case::a_total_without_a_match(
    tape(),
    keyed().reduce(balance() / total(min("ead").filter(col("dpd").ge(90)))),
    Undefined::NoMatch
)]
fn a_reduction_without_a_value(#[case] tape: Tape, #[case] formula: Formula, #[case] reason: Undefined) {
    assert_eq!(verdict(&tape, &formula), Verdict::Undefined(reason), "{formula}");
}

#[test]
fn a_reduction_is_a_component_where_it_is_a_decimal() {
    let tape = tape();
    let shown = |formula: Formula| {
        let kpi = FormulaKpi::new(KpiSpec::new("x", "X", Unit::Ratio), formula);
        let expected = Oracle::new(&tape).expect(&kpi, When::Always, &[]);
        expected.components.into_iter().map(|(_, total)| total.map(|x| x.to_string())).collect::<Vec<_>>()
    };
    assert_eq!(shown(keyed().reduce(balance() / 8)), [Some("19/4".to_owned())]);
    assert_eq!(shown(keyed().reduce(balance() / 3)), [None]);
}

#[test]
fn an_unknown_total_fails() {
    assert!(matches!(verdict(&tape(), &keyed().reduce(overdue())), Verdict::Failed(_)));
}
