//! Row expressions and predicates, value by value.

use abaco_kpi::{
    Formula, FormulaKpi, KpiSpec, Literal, Predicate, Rounding, RowExpr, Undefined, Unit, add_days, case,
    col, count, full_months_between, lit, sum,
};
use abaco_testkit::oracle::{Verdict, When};
use abaco_testkit::{Cell, CellType, Oracle, Tape, strategy};
use chrono::NaiveDate;
use rstest::rstest;

/// One row in which `n` is NULL whatever its type should be.
fn row() -> Tape {
    let date = |y, m, d| NaiveDate::from_ymd_opt(y, m, d).unwrap();
    Tape::new()
        .money("two", [2_00])
        .unwrap()
        .money("half", [50])
        .unwrap()
        .money("zero", [0])
        .unwrap()
        .column("n", CellType::MONEY, [Cell::Null])
        .unwrap()
        .texts("sme", ["sme"])
        .unwrap()
        .column("no_text", CellType::Text, [Cell::Null])
        .unwrap()
        .booleans("yes", [true])
        .unwrap()
        .booleans("no", [false])
        .unwrap()
        .column("maybe", CellType::Boolean, [Cell::Null])
        .unwrap()
        .dates("from", [date(2024, 1, 31)])
        .unwrap()
        .dates("to", [date(2024, 3, 1)])
        .unwrap()
        .column("never", CellType::Date, [Cell::Null])
        .unwrap()
}

/// The value on the row, as text; `None` for NULL.
fn value_of(expr: RowExpr) -> Option<String> {
    let spec = KpiSpec::new("x", "X", Unit::Ratio).rounding(Rounding::half_away(6));
    let tape = row();
    match Oracle::new(&tape).expect(&FormulaKpi::new(spec, sum(expr)), When::Always, &[]).verdict {
        Verdict::Value { rounded, .. } => {
            Some(rounded.trim_end_matches('0').trim_end_matches('.').to_owned())
        }
        Verdict::Undefined(Undefined::AllNull) => None,
        other => panic!("{other:?}"),
    }
}

/// True, false or unknown.
fn truth_of(predicate: Predicate) -> Option<bool> {
    let is = |predicate: Predicate| {
        let kpi = FormulaKpi::new(KpiSpec::new("x", "X", Unit::Count), count().filter(predicate));
        let tape = row();
        match Oracle::new(&tape).expect(&kpi, When::Always, &[]).verdict {
            Verdict::Value { rounded, .. } => rounded == "1",
            other => panic!("{other:?}"),
        }
    };
    match (is(predicate.clone()), is(predicate.negated())) {
        (true, false) => Some(true),
        (false, true) => Some(false),
        (false, false) => None,
        (true, true) => panic!("true and false at once"),
    }
}

fn div_round(dividend: RowExpr, divisor: RowExpr, scale: u8) -> RowExpr {
    RowExpr::DivRound { dividend: Box::new(dividend), divisor: Box::new(divisor), scale }
}

fn days(from: RowExpr, to: RowExpr) -> RowExpr {
    RowExpr::DaysBetween { from: Box::new(from), to: Box::new(to) }
}

fn months(from: RowExpr, to: RowExpr) -> RowExpr {
    RowExpr::MonthsBetween { from: Box::new(from), to: Box::new(to) }
}

fn unknown() -> Predicate {
    col("maybe").is_true()
}

#[rstest]
#[case::column(col("half"), Some("0.5"))]
#[case::null(col("n"), None)]
#[case::negation(-col("half"), Some("-0.5"))]
#[case::addition(col("two") + col("half"), Some("2.5"))]
#[case::addition_of_null(col("two") + col("n"), None)]
#[case::subtraction(col("half") - col("two"), Some("-1.5"))]
#[case::multiplication(col("half") * col("half"), Some("0.25"))]
#[case::zero_times_null(col("zero") * col("n"), None)]
#[case::least(RowExpr::Least(vec![col("two"), col("half")]), Some("0.5"))]
#[case::least_with_null(RowExpr::Least(vec![col("two"), col("n")]), None)]
#[case::greatest(RowExpr::Greatest(vec![col("two"), col("half")]), Some("2"))]
#[case::greatest_with_null(RowExpr::Greatest(vec![col("n"), col("two")]), None)]
#[case::division(div_round(col("two"), lit(3), 4), Some("0.6667"))]
#[case::division_of_a_tie(div_round(col("half"), lit(4), 2), Some("0.13"))]
#[case::division_of_a_negative_tie(div_round(-col("half"), lit(4), 2), Some("-0.13"))]
#[case::division_by_zero(div_round(col("two"), col("zero"), 2), None)]
#[case::division_by_null(div_round(col("two"), col("n"), 2), None)]
#[case::branch_taken(case(col("yes").is_true(), 1).otherwise(2), Some("1"))]
#[case::branch_not_taken(case(col("no").is_true(), 1).otherwise(2), Some("2"))]
#[case::unknown_is_not_taken(case(unknown(), 1).otherwise(2), Some("2"))]
#[case::no_branch(case(col("no").is_true(), 1).or_null(), None)]
#[case::the_first_true_branch(case(unknown(), 1).when(col("yes").is_true(), 2).when(col("yes").is_true(), 3).or_null(), Some("2"))]
#[case::a_null_branch_that_is_not_taken(case(col("no").is_true(), "n").otherwise("two"), Some("2"))]
#[case::a_null_branch_that_is_taken(case(col("yes").is_true(), "n").otherwise("two"), None)]
#[case::days_over_a_leap_day(days(col("from"), col("to")), Some("30"))]
#[case::days_backwards(days(col("to"), col("from")), Some("-30"))]
#[case::days_from_never(days(col("never"), col("to")), None)]
#[case::months_whatever_the_days(months(col("from"), col("to")), Some("2"))]
#[case::months_backwards(months(col("to"), col("from")), Some("-2"))]
#[case::months_to_a_constant(months(col("from"), lit(strategy::date(1))), Some("22"))]
#[case::full_months(full_months_between("from", "to"), Some("1"))]
#[case::full_months_backwards(full_months_between("to", "from"), Some("-1"))]
#[case::full_months_at_the_end_of_a_short_month(
    full_months_between(lit(strategy::date(2)), add_days(lit(strategy::date(2)), 28)),
    Some("1")
)]
#[case::full_months_a_day_earlier(
    full_months_between(lit(strategy::date(2)), add_days(lit(strategy::date(2)), 27)),
    Some("0")
)]
#[case::full_months_from_never(full_months_between("never", "to"), None)]
#[case::days_to_a_shifted_date(days(col("from"), add_days("to", -7)), Some("23"))]
#[case::days_to_a_shifted_never(days(col("from"), add_days("never", 1)), None)]
fn a_row_expression(#[case] expr: RowExpr, #[case] expected: Option<&str>) {
    assert_eq!(value_of(expr.clone()).as_deref(), expected, "{expr}");
}

#[rstest]
#[case::equal(col("two").eq(2), Some(true))]
#[case::not_equal(col("two").ne(2), Some(false))]
#[case::less(col("half").lt("two"), Some(true))]
#[case::not_less(col("two").lt("two"), Some(false))]
#[case::less_or_equal(col("two").le("two"), Some(true))]
#[case::greater(col("two").gt("half"), Some(true))]
#[case::greater_or_equal(col("half").ge("two"), Some(false))]
#[case::compared_with_null(col("two").eq("n"), None)]
#[case::null_is_not_even_itself(col("n").eq("n"), None)]
#[case::texts(col("sme").eq(lit("sme")), Some(true))]
#[case::texts_differ_in_case(col("sme").eq(lit("SME")), Some(false))]
#[case::dates(col("from").lt("to"), Some(true))]
#[case::date_and_constant(col("from").ge(lit(strategy::date(3))), Some(false))]
#[case::between(col("two").between(2, 3), Some(true))]
#[case::between_ends(col("two").between(1, 2), Some(true))]
#[case::not_between(col("two").between(3, 4), Some(false))]
#[case::between_an_unknown_low(col("two").between("n", 4), None)]
#[case::outside_whatever_the_unknown(col("two").between("n", 1), Some(false))]
#[case::among(col("sme").is_in(["retail", "sme"]), Some(true))]
#[case::not_among(col("sme").is_in(["retail"]), Some(false))]
#[case::null_among(col("no_text").is_in(["sme"]), None)]
#[case::number_among(col("two").is_in([Literal::from(1), Literal::from(2)]), Some(true))]
#[case::is_null(col("n").is_null(), Some(true))]
#[case::is_not_null(col("two").is_null(), Some(false))]
#[case::an_expression_is_null((col("two") + col("n")).is_null(), Some(true))]
#[case::truth(col("yes").is_true(), Some(true))]
#[case::falsehood(col("no").is_true(), Some(false))]
#[case::unknown(unknown(), None)]
#[case::false_and_unknown(col("no").is_true().and(unknown()), Some(false))]
#[case::true_and_unknown(col("yes").is_true().and(unknown()), None)]
#[case::true_or_unknown(unknown().or(col("yes").is_true()), Some(true))]
#[case::false_or_unknown(unknown().or(col("no").is_true()), None)]
#[case::not_unknown(unknown().negated(), None)]
fn a_predicate(#[case] predicate: Predicate, #[case] expected: Option<bool>) {
    assert_eq!(truth_of(predicate.clone()), expected, "{predicate}");
}

#[rstest]
#[case::text_in_a_sum(sum("sme").into())]
#[case::text_against_number(count().filter(col("sme").eq(1)).into())]
#[case::number_as_truth(count().filter(col("two").is_true()).into())]
#[case::days_of_numbers(sum(days(col("two"), col("half"))).into())]
fn an_ill_typed_formula_fails(#[case] formula: Formula) {
    let kpi = FormulaKpi::new(KpiSpec::new("x", "X", Unit::Count), formula);
    let tape = row();
    let verdict = Oracle::new(&tape).expect(&kpi, When::Always, &[]).verdict;
    assert!(matches!(verdict, Verdict::Failed(_)), "{verdict:?}");
}

#[test]
fn a_binding_reads_other_bindings_and_means_the_tape_by_its_own_name() {
    let tape = Tape::new().money("ead", [3_00]).unwrap().money("raw", [5_00]).unwrap();
    let kpi = FormulaKpi::new(KpiSpec::new("x", "X", Unit::Currency), sum("ead") + sum("allowance"));
    let oracle = Oracle::new(&tape).bind("ead", col("ead") * 2).bind("allowance", col("ead") + col("raw"));
    let expected = oracle.expect(&kpi, When::Always, &[]);
    // ead is 2 * 3; allowance is that plus 5.
    assert!(
        matches!(&expected.verdict, Verdict::Value { rounded, .. } if rounded == "17.00"),
        "{expected:?}"
    );
    assert_eq!((expected.rows, expected.nulls), (1, 0));
}
