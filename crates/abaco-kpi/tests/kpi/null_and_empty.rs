//! The null-and-empty rules of formulas, as a table.

use abaco_kpi::Undefined::{AllNull, NoEarlierSnapshot, NoMatch, NoRows, ZeroDenominator};
use abaco_kpi::{Absent, Formula, Fraction, KpiError, MAX_POWER, Undefined};
use rstest::rstest;

use crate::terms::{Named, Table, failure, number, term};

fn table() -> Table {
    Table::default()
        .value("six", 0, 6)
        .value("six", 1, 5)
        .value("six", 3, 1)
        .value("four", 0, 4)
        .value("zero", 0, 0)
        .undefined("no_rows", NoRows)
        .undefined("all_null", AllNull)
        .undefined("no_match", NoMatch)
        .failed("failed")
}

fn six() -> Named {
    term("six")
}

fn four() -> Named {
    term("four")
}

fn coalesce(all: impl Into<Vec<Named>>) -> Named {
    Formula::Coalesce(all.into())
}

fn least(all: impl Into<Vec<Named>>) -> Named {
    Formula::Least(all.into())
}

fn greatest(all: impl Into<Vec<Named>>) -> Named {
    Formula::Greatest(all.into())
}

#[rstest]
#[case::a_term(six(), 6, 1)]
#[case::a_constant(number(7), 7, 1)]
#[case::addition(six() + four(), 10, 1)]
#[case::subtraction(four() - six(), -2, 1)]
#[case::multiplication(six() * four(), 24, 1)]
#[case::division(four() / six(), 2, 3)]
#[case::zero_above_the_line(term("zero") / six(), 0, 1)]
#[case::least(least([six(), four(), number(5)]), 4, 1)]
#[case::greatest(greatest([four(), six(), number(5)]), 6, 1)]
#[case::round_half_away((number(-5) / 2).round(0), -3, 1)]
#[case::round_half_even((number(-5) / 2).round_even(0), -2, 1)]
#[case::power(four().power(3), 64, 1)]
#[case::lag_1(six().lag(1), 5, 1)]
#[case::lags_add_up((six() - six().lag(2)).lag(1), 4, 1)]
#[case::a_lagged_constant_stays(number(7).lag(9), 7, 1)]
fn a_formula_of_values_has_a_value(
    #[case] formula: Named,
    #[case] numerator: i128,
    #[case] denominator: i128,
) {
    let evaluation = formula.evaluate(&table()).unwrap();
    assert_eq!(evaluation.value, Fraction::ratio(numerator, denominator).unwrap(), "{formula}");
    assert_eq!(evaluation.caught, None, "{formula}");
}

#[rstest]
#[case::no_rows(term("no_rows"), NoRows)]
#[case::all_null(term("all_null"), AllNull)]
#[case::no_match(term("no_match"), NoMatch)]
#[case::division_by_zero(six() / term("zero"), ZeroDenominator)]
#[case::zero_by_zero(term("zero") / term("zero"), ZeroDenominator)]
#[case::division_by_a_computed_zero(six() / (four() - four()), ZeroDenominator)]
#[case::addition(six() + term("all_null"), AllNull)]
#[case::subtraction(term("all_null") - six(), AllNull)]
#[case::multiplication_by_zero_does_not_save(term("zero") * term("all_null"), AllNull)]
#[case::zero_over_undefined(term("zero") / term("no_rows"), NoRows)]
#[case::undefined_over_zero(term("no_rows") / term("zero"), NoRows)]
#[case::the_left_reason_wins(term("no_rows") + term("all_null"), NoRows)]
#[case::the_left_reason_wins_reversed(term("all_null") + term("no_rows"), AllNull)]
#[case::least_propagates_at_the_end(least([six(), term("all_null")]), AllNull)]
#[case::least_propagates_at_the_start(least([term("all_null"), six()]), AllNull)]
#[case::greatest_propagates(greatest([number(0), term("all_null"), six()]), AllNull)]
#[case::greatest_names_the_first_reason(greatest([term("no_match"), six(), term("all_null")]), NoMatch)]
#[case::round(term("all_null").round(2), AllNull)]
#[case::power(term("all_null").power(2), AllNull)]
#[case::lag_before_the_first(six().lag(2), NoEarlierSnapshot)]
#[case::lag_of_an_undefined_term_looks_at_the_earlier_one(term("no_rows").lag(1), NoEarlierSnapshot)]
#[case::coalesce_of_nothing_defined(coalesce([term("all_null"), term("no_rows")]), AllNull)]
fn an_undefined_operand_propagates(#[case] formula: Named, #[case] reason: Undefined) {
    assert_eq!(formula.evaluate(&table()), Err(Absent::Undefined(reason)), "{formula}");
}

#[rstest]
#[case::nothing_to_catch(six().or_else(0), 6, None)]
#[case::an_empty_scope(term("no_rows").or_else(0), 0, Some(NoRows))]
#[case::all_null(term("all_null").or_else(1), 1, Some(AllNull))]
#[case::no_match(term("no_match").or_else(1), 1, Some(NoMatch))]
#[case::zero_denominator((six() / term("zero")).or_else(0), 0, Some(ZeroDenominator))]
#[case::too_early(six().lag(9).or_else(four()), 4, Some(NoEarlierSnapshot))]
#[case::the_first_reason_of_a_list(coalesce([term("all_null"), term("no_rows"), six()]), 6, Some(AllNull))]
#[case::a_caught_operand_of_a_sum(six() + term("all_null").or_else(0), 6, Some(AllNull))]
#[case::the_first_of_two_operands(term("all_null").or_else(1) + term("no_rows").or_else(2), 3, Some(AllNull))]
#[case::inner_before_outer((six() / term("no_rows").or_else(0)).or_else(9), 9, Some(NoRows))]
#[case::a_fallback_that_needs_one(coalesce([term("no_match"), term("all_null").or_else(3)]), 3, Some(AllNull))]
fn coalesce_catches_undefined_and_keeps_the_first_reason(
    #[case] formula: Named,
    #[case] value: i128,
    #[case] caught: Option<Undefined>,
) {
    let evaluation = formula.evaluate(&table()).unwrap();
    assert_eq!(evaluation.value, Fraction::from(value), "{formula}");
    assert_eq!(evaluation.caught, caught, "{formula}");
}

#[rstest]
#[case::alone(term("failed"))]
#[case::in_a_sum(six() + term("failed"))]
#[case::outranks_undefined_on_its_left(term("no_rows") + term("failed"))]
#[case::outranks_undefined_on_its_right(term("failed") - term("no_rows"))]
#[case::outranks_a_zero_denominator(term("failed") / term("zero"))]
#[case::in_least_after_undefined(least([term("all_null"), six(), term("failed")]))]
#[case::in_greatest(greatest([six(), term("failed")]))]
#[case::in_round(term("failed").round(2))]
#[case::in_power(term("failed").power(2))]
#[case::not_caught(term("failed").or_else(0))]
#[case::not_caught_inside_a_product((term("no_rows") * term("failed")).or_else(0))]
#[case::not_caught_in_the_middle(coalesce([term("no_rows"), term("failed"), six()]))]
fn coalesce_never_hides_a_failure(#[case] formula: Named) {
    assert_eq!(formula.evaluate(&table()), Err(Absent::Failed(failure())), "{formula}");
}

#[test]
fn coalesce_stops_at_the_first_value() {
    let evaluation = coalesce([six(), term("failed")]).evaluate(&table()).unwrap();
    assert_eq!(evaluation.value, Fraction::from(6));
}

#[rstest]
#[case::zero(0)]
#[case::beyond_forty_years_of_months(MAX_POWER + 1)]
#[case::huge(u32::MAX)]
fn an_exponent_outside_the_language_fails(#[case] exponent: u32) {
    let expected = KpiError::Exponent { found: exponent, max: MAX_POWER };
    assert_eq!(six().power(exponent).evaluate(&table()), Err(Absent::Failed(expected.clone())));
    assert_eq!(six().power(exponent).or_else(0).evaluate(&table()), Err(Absent::Failed(expected)));
}

#[test]
fn the_largest_exponent_is_allowed() {
    let one_year = number(1).power(MAX_POWER).evaluate(&table()).unwrap();
    assert_eq!(one_year.value, Fraction::from(1));
}

#[test]
fn a_lag_past_the_range_saturates() {
    // Wrapped around, the two would be a lag of 1, at which there is a value.
    let formula = six().lag(2).lag(u32::MAX);
    assert_eq!(formula.evaluate(&table()), Err(Absent::Undefined(NoEarlierSnapshot)));
}
