//! A formula for every construct that has SQL.

use abaco_loans::kpi::{
    Decimal, Formula, KeyTerm, Literal, RowExpr, by_key, case, col, count, count_distinct, count_of, lit,
    max, min, sum, total,
};
use abaco_testkit::strategy::date;

fn decimal(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn boxed(expr: RowExpr) -> Box<RowExpr> {
    Box::new(expr)
}

fn key(name: &'static str) -> Formula<KeyTerm> {
    KeyTerm::Sum(name.into()).into()
}

fn div_round(dividend: RowExpr, divisor: RowExpr, scale: u8) -> RowExpr {
    RowExpr::DivRound { dividend: boxed(dividend), divisor: boxed(divisor), scale }
}

fn days(from: RowExpr, to: RowExpr) -> RowExpr {
    RowExpr::DaysBetween { from: boxed(from), to: boxed(to) }
}

fn months(from: RowExpr, to: RowExpr) -> RowExpr {
    RowExpr::MonthsBetween { from: boxed(from), to: boxed(to) }
}

fn full_months(from: RowExpr, to: RowExpr) -> RowExpr {
    RowExpr::FullMonthsBetween { from: boxed(from), to: boxed(to) }
}

fn later(date: RowExpr, days: i32) -> RowExpr {
    RowExpr::AddDays { date: boxed(date), days }
}

fn filtered(predicate: abaco_loans::kpi::Predicate) -> Formula {
    Formula::from(sum("outstanding_balance").filter(predicate.clone())) + count().filter(predicate)
}

/// Names and formulas.
pub(crate) fn zoo() -> Vec<(&'static str, Formula)> {
    let balance = || Formula::from(sum("outstanding_balance"));
    let held = || by_key("borrower_id").sum("balance", "outstanding_balance").sum("ead", "ead");
    let late = || held().sum_where("late", "outstanding_balance", col("dpd").ge(30));
    let mut zoo: Vec<(&'static str, Formula)> = vec![
        ("rows", count().into()),
        ("rows_of_none", count().filter(col("dpd").gt(9_999)).into()),
        ("values", count_of("segment").filter(col("dpd").lt(30)).into()),
        ("keys", count_distinct("borrower_id").filter(col("dpd").gt(0)).into()),
        ("days_as_keys", count_distinct("dpd").into()),
        ("smallest", min("outstanding_balance").filter(col("dpd").ge(30)).into()),
        ("largest", max(col("ead") - col("allowance")).into()),
        ("largest_of_none", max("ead").filter(col("dpd").gt(9_999)).into()),
        ("sum_of_none", sum("ead").filter(col("dpd").gt(9_999)).into()),
        ("sevens", sum(lit(7)).filter(col("dpd").ge(30)).into()),
        ("minus_sevens", (Formula::from(sum(lit(-7))) - 3 - sum(lit(decimal("-0.125")))).round(2)),
        ("mean", balance() / count_of("outstanding_balance")),
        ("constants", Formula::from(1) / Formula::from(365) * balance()),
        ("whole_numbers", Formula::from(count().filter(col("dpd").ge(30))) / count()),
        ("difference", balance() - sum("allowance") - -5),
        ("large_product", balance() * sum("ead") * sum("annual_rate") / sum("ead")),
        ("least", balance().at_most(sum("annual_rate"))),
        ("greatest", (balance() / sum("ead")).at_least(decimal("0.123456"))),
        ("undefined_least", (balance() / sum("ead").filter(col("dpd").gt(9_999))).at_most(10)),
        ("fallback", (balance() / sum("ead").filter(col("dpd").gt(9_999))).or_else(0)),
        ("exact_fallback", Formula::from(max("ead").filter(col("dpd").gt(9_999))).or_else(decimal("0.125"))),
        ("round", (100 * balance() / sum("ead")).round(4)),
        ("round_even", (100 * balance() / sum("ead")).round_even(4)),
        ("exact_round", Formula::from(sum("annual_rate")).round(2)),
        ("exact_round_even", (Formula::from(sum("annual_rate")) * decimal("0.5")).round_even(5)),
        ("power", (1 - sum("allowance") / balance()).power(12)),
        ("one_key", by_key("borrower_id").sum("balance", "outstanding_balance").reduce(key("balance"))),
        ("squares", held().reduce(key("balance").power(2))),
        ("products", held().reduce(key("balance") * key("ead"))),
        ("late_squares", late().reduce(key("late") * key("late"))),
        ("top", 100 * late().top(5, key("late")) / balance()),
        ("top_of_many", held().top(5_000, key("balance"))),
        ("excess", held().reduce((key("balance") - total(balance()) * decimal("0.05")).at_least(0))),
        ("top_excess", held().top(3, (key("balance") - total(balance() / 20)).at_least(0))),
        ("shares", held().reduce((key("balance") / total(balance())).power(2))),
        ("at_most_one", late().reduce(key("late").at_most(1).at_least(0))),
        ("key_fallback", held().reduce(key("balance").or_else(decimal("0.005")))),
        ("keys_that_are_late", late().reduce((key("late") / key("late")).or_else(0) * key("ead"))),
        ("key_quotients", late().reduce((key("late") / key("balance")).or_else(0).at_most(1))),
        ("late_at_all", Formula::from(sum("ead")) / sum("ead") * 100),
        ("key_rounds", held().reduce((key("balance") * decimal("0.125")).round_even(2))),
        ("by_segment", by_key("segment").sum("balance", "outstanding_balance").top(1, key("balance"))),
    ];
    let row_expressions: Vec<(&'static str, RowExpr)> = vec![
        ("row_sum", col("outstanding_balance") + col("annual_rate") - col("allowance")),
        ("row_signs", -(-col("outstanding_balance")) - lit(-5) - -col("ead")),
        ("row_product", col("pd") * col("lgd") * col("ead")),
        ("row_square", col("outstanding_balance") * col("ead") * col("dpd")),
        ("row_constant", (col("outstanding_balance") + decimal("0.12345")) * decimal("0.85") * 3),
        ("row_least", RowExpr::Least(vec![col("outstanding_balance"), col("pd"), lit(100)])),
        (
            "row_greatest",
            RowExpr::Greatest(vec![col("outstanding_balance") - col("allowance"), lit(decimal("0.375"))]),
        ),
        ("row_greatest_of_constants", RowExpr::Greatest(vec![lit(1), lit(decimal("1.5"))]) * col("dpd")),
        ("row_quotient", div_round(col("outstanding_balance"), col("collateral_value"), 6)),
        ("row_quotient_of_days", div_round(col("dpd"), lit(7), 0)),
        ("row_quotient_ties", div_round(col("dpd"), lit(8), 2)),
        ("row_quotient_of_rates", div_round(col("outstanding_balance"), col("annual_rate"), 2) * col("pd")),
        ("row_quotient_by_sum", div_round(col("outstanding_balance") - col("ead"), col("dpd") + 1, 3)),
        ("row_days", days(col("origination_date"), col("maturity_date")) * col("outstanding_balance")),
        ("row_days_since", days(lit(date(0)), col("as_of"))),
        ("row_months", months(col("origination_date"), col("maturity_date"))),
        ("row_months_since", months(col("first_due_date"), lit(date(1)))),
        ("row_full_months", full_months(col("origination_date"), col("maturity_date"))),
        ("row_full_months_since", full_months(lit(date(0)), later(col("as_of"), 40))),
        ("row_days_later", days(later(col("as_of"), -400), later(col("maturity_date"), 1))),
        ("row_case", case(col("dpd").ge(30), "annual_rate").when(col("dpd").lt(5), "ead").otherwise(0)),
        (
            "row_case_of_constants",
            case(col("dpd").ge(90), 1).when(col("dpd").ge(30), decimal("0.5")).otherwise(0),
        ),
        (
            "row_case_or_null",
            case(col("segment").eq(lit("sme")), "pd").when(col("segment").is_null(), "ead").or_null(),
        ),
    ];
    zoo.extend(row_expressions.into_iter().map(|(id, expr)| (id, sum(expr).into())));
    let predicates = vec![
        ("is_ne", col("dpd").ne(30)),
        ("is_between", col("outstanding_balance").between(col("allowance"), col("pd"))),
        ("is_not_between", col("dpd").between(30, 59).negated().and(col("dpd").ge(0))),
        ("is_wide", col("outstanding_balance").gt(col("annual_rate"))),
        ("is_fine", col("dpd").ge(decimal("29.5"))),
        ("is_expression", (col("outstanding_balance") - col("allowance")).le(col("dpd") * 10)),
        ("is_text", col("segment").eq(lit("o'neil"))),
        ("is_other_text", col("segment").ne(lit("sme"))),
        ("is_before", col("segment").lt(lit("m"))),
        ("is_before_column", col("segment").ge(col("region"))),
        ("is_among", col("segment").is_in(["sme", "", "état"])),
        ("is_not_among", col("segment").is_in(["sme", "retail"]).negated()),
        (
            "is_among_days",
            col("dpd").is_in([Literal::from(0), Literal::from(decimal("29.5")), Literal::from(-1)]),
        ),
        ("is_among_dates", col("as_of").is_in([date(0), date(7)])),
        ("is_date", col("maturity_date").lt(lit(date(3)))),
        ("is_later", col("origination_date").le(col("maturity_date"))),
        ("is_true", col("is_written_off").is_true()),
        ("is_not_true", col("is_written_off").is_true().negated()),
        ("is_false", col("is_written_off").eq(lit(false))),
        ("is_null", (col("ead") + col("allowance")).is_null()),
        ("is_not_null", col("segment").is_null().negated()),
        ("is_both", col("dpd").ge(30).and(col("is_restructured").is_true()).negated()),
        ("is_either", col("dpd").ge(30).or(col("segment").eq(lit("sme")).and(col("ead").gt(0)))),
        ("is_nested", col("dpd").ge(30).or(col("is_restructured").is_true()).and(col("dpd").between(0, 90))),
    ];
    zoo.extend(predicates.into_iter().map(|(id, predicate)| (id, filtered(predicate))));
    zoo
}
