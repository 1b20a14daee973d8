//! The laws over formulas of every kind that the algebra has.

use abaco_engine::Evaluate;
use abaco_kpi::{
    Decimal, Formula, FormulaKpi, KeyTerm, Kpi, KpiSpec, Literal, Outcome, Predicate, Rounding, RowExpr,
    Unit, add_days, by_key, case, col, count, count_distinct, count_of, days_between, full_months_between,
    lit, max, min, sum, total,
};
use abaco_testkit::{CellType, Laws, Tape, Width, strategy};
use rstest::rstest;

/// More of them by `PROPTEST_CASES`.
const CASES: u32 = 24;

fn kpi(formula: impl Into<Formula>) -> FormulaKpi {
    FormulaKpi::new(KpiSpec::new("zoo", "Zoo", Unit::Ratio).rounding(Rounding::half_even(4)), formula)
}

fn boxed(expr: RowExpr) -> Box<RowExpr> {
    Box::new(expr)
}

fn key(name: &'static str) -> Formula<KeyTerm> {
    KeyTerm::Sum(name.into()).into()
}

fn decimal(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn balance() -> Formula {
    sum("outstanding_balance").into()
}

#[rstest]
#[case::rows(count())]
#[case::rows_matching(count().filter(col("dpd").ge(30)))]
#[case::values(count_of("outstanding_balance").filter(col("dpd").lt(30)))]
#[case::values_of_a_text(count_of("segment"))]
#[case::values_of_a_date(count_of("maturity_date"))]
#[case::values_of_a_truth(count_of("is_written_off"))]
#[case::values_of_an_expression(count_of(col("outstanding_balance") * col("annual_rate")))]
#[case::keys(count_distinct("borrower_id"))]
#[case::keys_matching(count_distinct("borrower_id").filter(col("dpd").gt(0)))]
#[case::keys_that_are_numbers(count_distinct("dpd"))]
#[case::keys_that_are_dates(count_distinct("maturity_date"))]
#[case::keys_that_are_amounts(count_distinct("ead"))]
#[case::keys_that_are_truths(count_distinct("is_written_off"))]
#[case::smallest(min("outstanding_balance"))]
#[case::largest(max("outstanding_balance").filter(col("dpd").ge(30)))]
#[case::smallest_number_of_days(min("dpd"))]
#[case::largest_of_an_expression(max(col("outstanding_balance") - col("allowance")))]
#[case::a_sum(sum("outstanding_balance"))]
#[case::days(sum("dpd"))]
#[case::a_constant(sum(lit(7)).filter(col("dpd").ge(30)))]
fn measures(#[case] measure: abaco_kpi::RowMeasure) {
    Laws::new(&kpi(measure)).cases(CASES).assert();
}

#[rstest]
#[case::sum_of_columns(col("outstanding_balance") + col("accrued_interest") - col("allowance"))]
#[case::negation(-col("outstanding_balance"))]
#[case::product(col("outstanding_balance") * col("annual_rate"))]
#[case::product_of_three(col("pd") * col("lgd") * col("ead"))]
#[case::product_with_days(col("outstanding_balance") * col("dpd"))]
#[case::product_with_a_constant(col("outstanding_balance") * decimal("0.85"))]
#[case::least(RowExpr::Least(vec![col("paid_principal"), col("due_principal")]))]
#[case::greatest(RowExpr::Greatest(vec![col("outstanding_balance") - col("allowance"), lit(0)]))]
#[case::quotient(RowExpr::DivRound { dividend: boxed(col("outstanding_balance")), divisor: boxed(col("collateral_value")), scale: 6 })]
#[case::quotient_without_places(RowExpr::DivRound { dividend: boxed(col("annual_rate")), divisor: boxed(col("outstanding_balance")), scale: 0 })]
#[case::days_between(RowExpr::DaysBetween { from: boxed(col("origination_date")), to: boxed(col("maturity_date")) })]
#[case::days_since(RowExpr::DaysBetween { from: boxed(col("origination_date")), to: boxed(col("as_of")) })]
#[case::months_between(RowExpr::MonthsBetween { from: boxed(col("origination_date")), to: boxed(lit(strategy::date(0))) })]
#[case::weighted_months(RowExpr::MonthsBetween { from: boxed(col("as_of")), to: boxed(col("maturity_date")) } * col("outstanding_balance"))]
#[case::full_months(full_months_between("oldest_due_date", "as_of"))]
#[case::full_months_of_shifted_dates(full_months_between(add_days("origination_date", -30), add_days("maturity_date", 1)))]
#[case::days_of_shifted_dates(days_between(add_days(add_days("origination_date", 20), -3), lit(strategy::date(3))))]
#[case::a_bucket(case(col("dpd").ge(30).and(col("dpd").lt(60)), "outstanding_balance").otherwise(0))]
#[case::a_case_without_else(case(col("dpd").ge(30), "outstanding_balance").or_null())]
#[case::a_ladder(case(col("dpd").ge(90), 1).when(col("dpd").ge(30), decimal("0.5")).otherwise("annual_rate"))]
#[case::a_case_on_a_text(case(col("segment").eq(lit("sme")), "ead").when(col("segment").is_null(), "allowance").otherwise(-col("ead")))]
fn row_expressions(#[case] expr: RowExpr) {
    Laws::new(&kpi(sum(expr))).cases(CASES).assert();
}

#[rstest]
#[case::equal(col("dpd").eq(30))]
#[case::not_equal(col("dpd").ne(30))]
#[case::between(col("dpd").between(30, 59))]
#[case::between_columns(col("outstanding_balance").between(col("allowance"), col("ead")))]
#[case::amounts_of_two_scales(col("outstanding_balance").gt(col("annual_rate")))]
#[case::an_amount_and_a_constant(col("outstanding_balance").ge(decimal("0.005")))]
#[case::an_expression((col("outstanding_balance") - col("allowance")).le(col("dpd") * 10))]
#[case::a_text(col("segment").eq(lit("sme")))]
#[case::a_text_with_a_nul(col("segment").eq(lit("sme\0")))]
#[case::not_a_text(col("segment").ne(lit("sme")))]
#[case::among_texts(col("segment").is_in(["sme", "", "x"]))]
#[case::not_among_texts(col("segment").is_in(["sme", "retail"]).negated())]
#[case::among_days(col("dpd").is_in([Literal::from(0), Literal::from(30), Literal::from(-1)]))]
#[case::a_date(col("maturity_date").lt(lit(strategy::date(3))))]
#[case::two_dates(col("origination_date").le(col("maturity_date")))]
#[case::a_shifted_date(add_days("maturity_date", -1).lt(lit(strategy::date(3))))]
#[case::two_shifted_dates(add_days("origination_date", 15).le(add_days("maturity_date", 1)))]
#[case::a_shifted_constant(col("maturity_date").gt(add_days(lit(strategy::date(4)), 1)))]
#[case::a_null_shifted_date(add_days("maturity_date", 1).is_null())]
#[case::months_overdue(full_months_between("oldest_due_date", add_days("as_of", 1)).ge(3))]
#[case::a_truth(col("is_written_off").is_true())]
#[case::not_a_truth(col("is_written_off").is_true().negated())]
#[case::null(col("outstanding_balance").is_null())]
#[case::not_null(col("segment").is_null().negated())]
#[case::null_expression((col("ead") + col("allowance")).is_null())]
#[case::null_date(col("maturity_date").is_null())]
#[case::and(col("dpd").ge(30).and(col("is_written_off").is_true().negated()))]
#[case::or(col("dpd").ge(30).or(col("is_restructured").is_true()))]
#[case::not_and(col("dpd").ge(30).and(col("is_restructured").is_true()).negated())]
#[case::not_or(col("dpd").ge(30).or(col("segment").eq(lit("sme"))).negated())]
#[case::deep(col("dpd").ge(30).or(col("is_restructured").is_true().and(col("dpd").is_null().negated())).and(col("ead").gt(0)))]
fn predicates(#[case] predicate: Predicate) {
    let share = 100 * sum("outstanding_balance").filter(predicate.clone()) / sum("outstanding_balance");
    Laws::new(&kpi(share)).cases(CASES).assert();
    Laws::new(&kpi(count().filter(predicate))).cases(CASES / 2).assert();
}

#[rstest]
#[case::difference(balance() - sum("allowance"))]
#[case::mean(balance() / count_of("outstanding_balance"))]
#[case::quotient_of_sums((balance() + sum("accrued_interest")) / (sum("ead") - sum("allowance")))]
#[case::least(balance().at_most(sum("ead")))]
#[case::greatest((balance() - sum("ead")).at_least(0))]
#[case::rounded((100 * balance() / sum("ead")).round(2) * sum("allowance"))]
#[case::rounded_even((100 * balance() / sum("ead")).round_even(1))]
#[case::caught((balance() / sum("ead")).or_else(0))]
#[case::caught_twice(balance().or_else(1) + (Formula::from(min("ead").filter(col("dpd").ge(90)))).or_else(2))]
#[case::a_caught_denominator(balance() / Formula::from(sum("ead").filter(col("dpd").ge(90))).or_else(1))]
#[case::power((1 - balance() / sum("ead")).power(12))]
#[case::annualised(1 - (1 - balance() / sum("ead")).power(3))]
#[case::lag(balance() - balance().lag(1))]
#[case::growth((balance() / balance().lag(1) - 1).or_else(0))]
#[case::lag_of_a_lag((balance() - balance().lag(1)).lag(1))]
#[case::lag_of_days(Formula::from(sum("dpd").filter(col("dpd").ge(30))).lag(2))]
#[case::the_mean_of_three((balance() + balance().lag(1) + balance().lag(2)) / 3)]
fn formulas(#[case] formula: Formula) {
    Laws::new(&kpi(formula)).cases(CASES).assert();
}

#[rstest]
#[case::hhi(by_key("borrower_id").sum("b", "outstanding_balance").reduce((100 * key("b") / total(balance())).power(2)))]
#[case::top_share(100 * by_key("borrower_id").sum("b", "outstanding_balance").top(3, key("b")) / balance())]
#[case::top_one(by_key("borrower_id").sum("b", "outstanding_balance").top(1, key("b")))]
#[case::capped_excess(by_key("borrower_id").sum("b", "ead").reduce((key("b") - total(Formula::from(decimal("0.25")) * sum("ead"))).at_least(0)))]
#[case::two_totals(by_key("borrower_id").sum("b", "outstanding_balance").sum_where("late", "outstanding_balance", col("dpd").ge(30)).reduce(key("b").at_most(key("late"))))]
#[case::a_quotient_per_key(by_key("segment").sum("b", "ead").sum("a", "allowance").reduce(key("a") / key("b")))]
#[case::caught_per_key(by_key("segment").sum("b", "ead").sum("a", "allowance").reduce((key("a") / key("b")).or_else(0)))]
#[case::caught_null_total(by_key("segment").sum("b", "ead").reduce(key("b").or_else(1)))]
#[case::caught_figure_of_the_scope(by_key("segment").sum("b", "ead").reduce(key("b") + total(sum("allowance")).or_else(1)))]
#[case::a_key_that_is_a_number(by_key("dpd").sum("b", "ead").top(2, key("b")))]
#[case::a_key_that_is_a_date(by_key("maturity_date").sum("b", "ead").top(2, key("b")))]
#[case::a_key_that_is_a_truth(by_key("is_written_off").sum("b", "ead").top(1, key("b")))]
#[case::a_product_per_row(by_key("borrower_id").sum("w", col("ead") * col("annual_rate")).reduce(key("w")))]
#[case::lagged(by_key("borrower_id").sum("b", "ead").top(1, key("b")).lag(1))]
#[case::lag_in_a_figure_of_the_scope(by_key("borrower_id").sum("b", "ead").reduce(key("b") / total(Formula::from(sum("ead")).lag(1))))]
fn keyed(#[case] formula: Formula) {
    Laws::new(&kpi(formula)).cases(CASES).assert();
}

#[test]
fn a_whole_catalogue_fuses() {
    let kpis = [
        kpi(balance()),
        kpi(count().filter(col("dpd").ge(30))),
        kpi(100 * sum("outstanding_balance").filter(col("dpd").ge(30)) / balance()),
        kpi(by_key("borrower_id").sum("b", "outstanding_balance").top(1, key("b"))),
        kpi(count_distinct("borrower_id")),
        kpi(min("outstanding_balance") / max("outstanding_balance")),
    ];
    // Each has an id of its own: a plan refuses two of one.
    let kpis: Vec<FormulaKpi> = kpis
        .iter()
        .enumerate()
        .map(|(index, kpi)| {
            let mut spec = kpi.spec().clone();
            spec.id = format!("zoo_{index}").into();
            FormulaKpi::new(spec, kpi.formula())
        })
        .collect();
    for (index, kpi) in kpis.iter().enumerate() {
        let others = kpis.iter().enumerate().filter(|(other, _)| *other != index);
        Laws::new(kpi).beside(others.map(|(_, other)| other as &dyn Kpi)).cases(CASES / 2).assert();
    }
}

#[test]
fn bindings_read_loan_rows_as_buckets() {
    let bucket = |from: i64, to: i64| {
        case(col("dpd").ge(from).and(col("dpd").lt(to)), "outstanding_balance").otherwise(0)
    };
    let par = kpi(100 * (sum("dpd_30_60_usd") + sum("dpd_60_90_usd")) / sum("total_receivable_usd"));
    Laws::new(&par)
        .bind("dpd_30_60_usd", bucket(30, 60))
        .bind("dpd_60_90_usd", bucket(60, 90))
        .bind("total_receivable_usd", col("outstanding_balance") + col("accrued_interest"))
        .cases(CASES)
        .assert();
}

#[test]
fn a_binding_may_read_another_and_the_tapes_column_of_its_own_name() {
    let sums = kpi(sum("ead") + sum("allowance"));
    Laws::new(&sums)
        .bind("ead", col("ead") * 2)
        .bind("allowance", col("ead") + col("collateral_value"))
        .column("ead", CellType::MONEY)
        .cases(CASES)
        .assert();
}

#[test]
fn a_key_may_be_bound_to_a_column() {
    let top = kpi(by_key("borrower_id").sum("b", "ead").top(2, key("b")) + count_distinct("borrower_id"));
    Laws::new(&top)
        .bind("borrower_id", col("customer"))
        .column("customer", CellType::Text)
        .cases(CASES)
        .assert();
}

/// A tape of two borrowers: the first has no late balance, the second has.
fn two_borrowers() -> Tape {
    Tape::new()
        .texts("borrower_id", ["a", "b"])
        .unwrap()
        .money("ead", [1_00, 1 << 100])
        .unwrap()
        .integers("dpd", [0, 31])
        .unwrap()
}

#[test]
fn a_failure_of_one_key_outranks_an_undefined_other() {
    // a: 1 / 0. b: a power past every limit.
    let per_key = (key("b") / key("late")).power(480).power(480);
    let keyed = by_key("borrower_id").sum("b", "ead").sum_where("late", "ead", col("dpd").ge(30));
    let formula = keyed.reduce(per_key * key("b").power(480).power(480));
    for formula in [formula.clone(), formula.or_else(0)] {
        Laws::new(&kpi(formula)).check_on(&two_borrowers(), Width::Decimal128).unwrap();
    }
}

#[test]
fn the_lag_of_a_total_per_key_is_no_number() {
    // At which snapshot, and of a key that may not have been there? Never silently the current one.
    let formula = by_key("borrower_id").sum("b", "ead").reduce(key("b").lag(1));
    let batch = two_borrowers().to_batch(Width::Decimal128).unwrap();
    let outcome = kpi(formula).evaluate(&batch).unwrap();
    let expected = "LAG cannot look at a total per borrower_id: at another snapshot it may not be there";
    assert_eq!(outcome, Outcome::Failed(expected.to_owned()));
}
