//! What a row expression and a measure say about themselves.

use abaco_kpi::{
    Column, Formula, KeyTerm, KpiError, Measure, RowExpr, add_days, by_key, case, col, count_distinct,
    days_between, full_months_between, lit, sum, total,
};
use rstest::rstest;

fn columns_of(formula: &Formula) -> Vec<String> {
    let mut names = Vec::new();
    formula.for_each_term(&mut |term: &Measure| {
        term.for_each_column(&mut |column| names.push(column.name().to_owned()));
    });
    names
}

#[rstest]
#[case::sum(col("outstanding_balance") + col("paid_principal"))]
#[case::reversed(col("paid_principal") - col("outstanding_balance"))]
#[case::branches(case(col("dpd").ge(30), "outstanding_balance").otherwise("paid_principal"))]
#[case::a_product(-(col("outstanding_balance") * col("paid_principal")))]
#[case::least(RowExpr::Least(vec![col("outstanding_balance"), col("paid_principal")]))]
#[case::division(RowExpr::DivRound {
    dividend: Box::new(col("outstanding_balance")),
    divisor: Box::new(col("paid_principal")),
    scale: 6,
})]
fn a_stock_and_a_flow_do_not_mix(#[case] expression: RowExpr) {
    let expected = KpiError::MixedKinds {
        stock: Column::from("outstanding_balance"),
        flow: Column::from("paid_principal"),
    };
    assert_eq!(expression.check_kinds(), Err(expected), "{expression}");
}

#[rstest]
#[case::two_stocks(col("outstanding_balance") + col("accrued_interest"))]
#[case::two_flows(col("paid_principal") + col("paid_interest"))]
#[case::a_static_with_a_stock(col("annual_rate") * col("outstanding_balance"))]
#[case::a_ledger_figure_with_a_flow(col("advance_rate") * col("paid_principal"))]
#[case::a_flow_chosen_by_a_stock(case(col("outstanding_balance").gt(0), "paid_principal").otherwise(0))]
#[case::an_unknown_column(col("homemade") + col("outstanding_balance"))]
#[case::a_date_of_a_snapshot_with_a_stock(full_months_between("opening_as_of", add_days("as_of", 1)) * col("outstanding_balance"))]
#[case::a_constant(lit(1))]
fn these_mix(#[case] expression: RowExpr) {
    assert_eq!(expression.check_kinds(), Ok(()), "{expression}");
}

#[test]
fn a_shifted_date_keeps_its_kind() {
    let mixed = days_between(add_days("oldest_due_date", 1), "as_of") * col("paid_principal");
    let expected =
        KpiError::MixedKinds { stock: Column::from("oldest_due_date"), flow: Column::from("paid_principal") };
    assert_eq!(mixed.check_kinds(), Err(expected));
}

#[test]
fn a_measure_reads_operand_filter_and_key() {
    let filtered = sum(col("pd") * col("ead")).filter(col("dpd").ge(30).and(col("segment").is_in(["sme"])));
    assert_eq!(columns_of(&filtered.into()), ["pd", "ead", "dpd", "segment"]);
    assert_eq!(
        columns_of(&count_distinct("borrower_id").filter(col("dpd").gt(0)).into()),
        ["borrower_id", "dpd"]
    );
}

#[test]
fn a_keyed_measure_reads_what_its_totals_read() {
    let balance = || Formula::from(KeyTerm::Sum("balance".into()));
    let share = by_key("borrower_id")
        .sum_where("balance", "outstanding_balance", col("is_written_off").is_true().negated())
        .top(10, balance() / total(sum("ead")));
    assert_eq!(columns_of(&share), ["borrower_id", "outstanding_balance", "is_written_off", "ead"]);
}

#[test]
fn substitution_reaches_every_column() {
    let expression = case(col("dpd").between("dpd", 59).or(col("segment").is_null()), -col("ead"))
        .when(col("segment").is_in(["x"]).negated(), RowExpr::Greatest(vec![col("ead"), lit(0)]))
        .when(col("dpd").gt(full_months_between("oldest_due_date", add_days("as_of", 1))), 0)
        .otherwise(days_between("as_of", "maturity_date"));
    let bound = expression.substitute(&|column| col(format!("raw_{}", column.name())));
    let mut names = Vec::new();
    bound.for_each_column(&mut |column| names.push(column.name().to_owned()));
    assert!(names.iter().all(|name| name.starts_with("raw_")), "{bound}");
    assert_eq!(names.len(), 11, "{bound}");
    assert_eq!(bound.substitute(&|column| col(column.name()[4..].to_owned())), expression);
}

#[test]
fn a_second_filter_narrows_the_first() {
    let measure = sum("ead").filter(col("dpd").ge(30)).filter(col("dpd").lt(60));
    assert_eq!(measure.to_string(), "SUM(ead) FILTER (WHERE dpd >= 30 AND dpd < 60)");
}
