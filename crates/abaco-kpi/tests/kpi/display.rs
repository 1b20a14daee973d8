//! The text of the language: parentheses where the tree needs them, and nowhere else.

use abaco_kpi::{
    Column, Decimal, Formula, KeyTerm, Literal, Predicate, RowExpr, add_days, by_key, case, col, count,
    count_distinct, count_of, full_months_between, lit, max, min, sum, total,
};
use chrono::NaiveDate;
use rstest::rstest;

use crate::terms::{Named, number, term};

fn a() -> Named {
    term("a")
}

fn b() -> Named {
    term("b")
}

fn c() -> Named {
    term("c")
}

fn decimal(text: &str) -> Decimal {
    text.parse().unwrap()
}

#[rstest]
#[case::sums_lean_left(a() + b() + c(), "a + b + c")]
#[case::a_sum_on_the_right(a() + (b() + c()), "a + (b + c)")]
#[case::a_difference_on_the_right(a() - (b() - c()), "a - (b - c)")]
#[case::a_difference_on_the_left(a() - b() - c(), "a - b - c")]
#[case::products_lean_left(a() * b() / c(), "a * b / c")]
#[case::a_quotient_on_the_right(a() * (b() / c()), "a * (b / c)")]
#[case::a_product_below_the_line(a() / (b() * c()), "a / (b * c)")]
#[case::a_quotient_below_the_line(a() / (b() / c()), "a / (b / c)")]
#[case::a_sum_in_a_product((a() + b()) * c(), "(a + b) * c")]
#[case::a_product_in_a_sum(a() * b() + c(), "a * b + c")]
#[case::a_product_on_the_right_of_a_difference(a() - b() * c(), "a - b * c")]
#[case::a_negative_constant(a() * number(-1), "a * -1")]
#[case::a_negative_constant_first(number(-1) * a(), "-1 * a")]
#[case::minus_a_negative(a() - number(-1), "a - -1")]
#[case::a_constant_keeps_its_places(a() * Formula::Constant(decimal("0.50")), "a * 0.50")]
#[case::a_converted_constant_has_no_trailing_zeros(a() * decimal("0.50"), "a * 0.5")]
#[case::calls_need_no_parentheses(a().at_least(0).at_most(10) * b(), "LEAST(GREATEST(a, 0), 10) * b")]
#[case::sums_inside_a_call((a() + b()).or_else(c() - a()), "COALESCE(a + b, c - a)")]
#[case::rounding((a() / b()).round(2), "ROUND(a / b, 2)")]
#[case::even_rounding((a() / b()).round_even(0), "ROUND_EVEN(a / b, 0)")]
#[case::power((1 - a()).power(12), "POWER(1 - a, 12)")]
#[case::lag(a() - a().lag(12), "a - LAG(a, 12)")]
fn a_formula_prints(#[case] formula: Named, #[case] expected: &str) {
    assert_eq!(formula.to_string(), expected);
}

#[rstest]
#[case::column(col("dpd"), "dpd")]
#[case::digits_after_the_first(col("dpd_30_60_usd"), "dpd_30_60_usd")]
#[case::upper_case(col("Dpd"), "\"Dpd\"")]
#[case::a_digit_first(col("30_dpd"), "\"30_dpd\"")]
#[case::a_space(col("days late"), "\"days late\"")]
#[case::a_reserved_word(col("group"), "\"group\"")]
#[case::a_quote(col("a\"b"), "\"a\"\"b\"")]
#[case::nothing(col(""), "\"\"")]
#[case::not_ascii(col("días"), "\"días\"")]
#[case::number(lit(30), "30")]
#[case::a_decimal(lit(decimal("0.850")), "0.85")]
#[case::text(lit("sme"), "'sme'")]
#[case::text_with_a_quote(lit("it's"), "'it''s'")]
#[case::date(lit(NaiveDate::from_ymd_opt(2025, 12, 31).unwrap()), "DATE '2025-12-31'")]
#[case::truth(lit(true), "TRUE")]
#[case::falsehood(lit(false), "FALSE")]
#[case::negation(-col("x"), "-x")]
#[case::negation_of_a_negation(-(-col("x")), "-(-x)")]
#[case::negation_of_a_number(-lit(5), "-(5)")]
#[case::a_negative_number(lit(-5), "-5")]
#[case::negation_of_a_negative_number(-lit(-5), "-(-5)")]
#[case::negation_of_a_sum(-(col("x") + 1), "-(x + 1)")]
#[case::negation_in_a_product(-col("x") * col("y"), "-x * y")]
#[case::difference_on_the_right(col("x") - (col("y") - 1), "x - (y - 1)")]
#[case::product_of_sums((col("x") + 1) * (col("y") - 1), "(x + 1) * (y - 1)")]
#[case::product_on_the_right(col("x") * (col("y") * 2), "x * (y * 2)")]
#[case::case_with_else(
    case(col("dpd").ge(90), 1).when(col("dpd").ge(30), "ead").otherwise(0),
    "CASE WHEN dpd >= 90 THEN 1 WHEN dpd >= 30 THEN ead ELSE 0 END"
)]
#[case::case_without_else(case(col("dpd").is_null(), 1).or_null(), "CASE WHEN dpd IS NULL THEN 1 END")]
#[case::least(RowExpr::Least(vec![col("x") + 1, col("y")]), "LEAST(x + 1, y)")]
#[case::greatest(RowExpr::Greatest(vec![col("x"), lit(0)]) * 2, "GREATEST(x, 0) * 2")]
fn a_row_expression_prints(#[case] expression: RowExpr, #[case] expected: &str) {
    assert_eq!(expression.to_string(), expected);
}

#[test]
fn functions_of_rows_print() {
    let boxed = |name: &'static str| Box::new(col(name));
    let div = RowExpr::DivRound { dividend: boxed("x"), divisor: boxed("y"), scale: 6 };
    assert_eq!(div.to_string(), "DIV_ROUND(x, y, 6)");
    let days = RowExpr::DaysBetween { from: boxed("origination_date"), to: boxed("as_of") };
    assert_eq!(days.to_string(), "DAYS_BETWEEN(origination_date, as_of)");
    let months = RowExpr::MonthsBetween { from: boxed("origination_date"), to: boxed("as_of") };
    assert_eq!(months.to_string(), "MONTHS_BETWEEN(origination_date, as_of)");
    let full = full_months_between("oldest_due_date", add_days("as_of", -1));
    assert_eq!(full.to_string(), "FULL_MONTHS_BETWEEN(oldest_due_date, ADD_DAYS(as_of, -1))");
}

fn p() -> Predicate {
    col("p").is_true()
}

fn q() -> Predicate {
    col("q").gt(0)
}

fn r() -> Predicate {
    col("r").is_null()
}

#[rstest]
#[case::equal(col("x").eq("y"), "x = y")]
#[case::not_equal(col("x").ne(1), "x <> 1")]
#[case::less(col("x").lt(1), "x < 1")]
#[case::less_or_equal(col("x").le(1), "x <= 1")]
#[case::greater_or_equal((col("x") + 1).ge(col("y") * 2), "x + 1 >= y * 2")]
#[case::between(col("x").between(1, col("y") + 1), "x BETWEEN 1 AND y + 1")]
#[case::in_a_list(col("s").is_in(["a", "b'c"]), "s IN ('a', 'b''c')")]
#[case::in_a_list_of_numbers(col("x").is_in([Literal::from(1), Literal::from(-2)]), "x IN (1, -2)")]
#[case::and_over_or(p().and(q().or(r())), "p AND (q > 0 OR r IS NULL)")]
#[case::or_over_and(p().and(q()).or(r()), "p AND q > 0 OR r IS NULL")]
#[case::a_flat_conjunction(p().and(q()).and(r()), "p AND q > 0 AND r IS NULL")]
#[case::a_nested_conjunction(p().and(q().and(r())), "p AND (q > 0 AND r IS NULL)")]
#[case::not_of_a_column(p().negated(), "NOT p")]
#[case::not_of_a_comparison(q().negated(), "NOT (q > 0)")]
#[case::not_of_a_conjunction(p().and(q()).negated(), "NOT (p AND q > 0)")]
#[case::not_inside_a_conjunction(p().negated().and(q()), "NOT p AND q > 0")]
#[case::not_of_not(p().negated().negated(), "NOT (NOT p)")]
fn a_predicate_prints(#[case] predicate: Predicate, #[case] expected: &str) {
    assert_eq!(predicate.to_string(), expected);
}

#[rstest]
#[case::count(count().into(), "COUNT(*)")]
#[case::count_filtered(count().filter(q()).into(), "COUNT(*) FILTER (WHERE q > 0)")]
#[case::count_of(count_of("x").into(), "COUNT(x)")]
#[case::count_distinct(count_distinct("borrower_id").into(), "COUNT(DISTINCT borrower_id)")]
#[case::sum_of_a_product(sum(col("pd") * col("ead")).into(), "SUM(pd * ead)")]
#[case::min(min("x").into(), "MIN(x)")]
#[case::max(max("x").filter(p().or(q())).into(), "MAX(x) FILTER (WHERE p OR q > 0)")]
#[case::a_ratio(100 * sum("x").filter(q()) / sum("x"), "100 * SUM(x) FILTER (WHERE q > 0) / SUM(x)")]
#[case::measures_compose(sum("x") + sum("y") - sum("z"), "SUM(x) + SUM(y) - SUM(z)")]
fn a_measure_prints(#[case] formula: Formula, #[case] expected: &str) {
    assert_eq!(formula.to_string(), expected);
}

#[test]
fn measures_over_keys_print() {
    let balance = || Formula::from(KeyTerm::Sum("balance".into()));
    let capped = by_key("borrower_id")
        .sum("balance", "outstanding_balance")
        .sum_where("from", "ead", q())
        .reduce(balance().at_most(total(Formula::Constant(decimal("0.25")) * sum("ead"))));
    assert_eq!(
        capped.to_string(),
        "(SELECT SUM(LEAST(balance, TOTAL(0.25 * SUM(ead)))) FROM (SELECT SUM(outstanding_balance) AS balance, \
         SUM(ead) FILTER (WHERE q > 0) AS \"from\" FROM tape GROUP BY borrower_id))"
    );
    let top = by_key("Group").sum("balance", "ead").top(10, balance()) / sum("ead");
    assert_eq!(
        top.to_string(),
        "(SELECT SUM_TOP(10, balance) FROM (SELECT SUM(ead) AS balance FROM tape GROUP BY \"Group\")) / SUM(ead)"
    );
}

#[test]
fn equal_numbers_are_one_text_and_one_formula() {
    let (short, long) = (Formula::<&str>::from(decimal("1.5")), Formula::from(decimal("1.500")));
    assert_eq!(short, long);
    assert_eq!(short.to_string(), long.to_string());
}

#[test]
fn a_column_prints_where_it_is_named() {
    assert_eq!(Column::new("order").to_string(), "\"order\"");
    assert_eq!(format!("{:?}", Column::new("order")), "Column(order)");
}
