//! Families: measures whose conditions differ in one column share their slots, and each must still be its own.

use abaco_kpi::{
    Decimal, Formula, FormulaKpi, Kpi, KpiSpec, Literal, Predicate, Rounding, RowExpr, RowMeasure, Unit,
    case, col, count, count_of, lit, max, sum,
};
use abaco_testkit::{Laws, strategy};
use rstest::rstest;

const CASES: u32 = 16;

fn decimal(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn days() -> RowExpr {
    col("dpd")
}

/// Conditions on one column in every form, some of which no value meets and some of which all do.
fn conditions() -> Vec<Predicate> {
    vec![
        days().ge(30),
        days().gt(30),
        days().lt(30),
        days().le(decimal("29.5")),
        days().ge(decimal("30.5")),
        days().eq(decimal("30.5")),
        days().eq(30),
        days().ne(30),
        lit(60).le(days()),
        days().between(30, 59),
        days().between(59, 30),
        days().is_in([Literal::from(0), Literal::from(30), Literal::from(-1)]),
        days().is_in([Literal::from(0), Literal::from(30)]).negated(),
        days().ge(30).negated(),
        days().is_null(),
        days().is_null().negated(),
        days().ge(90).or(days().is_null()),
        days().ge(90).or(days().lt(0)).and(days().ne(120)),
        days().ge(i64::MAX),
        days().gt(i64::MAX),
        days().ge(i64::MIN),
        days().lt(decimal("-9223372036854775809")),
        days().gt(decimal("79228162514264337593543950335")),
        days().lt(decimal("-0.0000000000000000000000000001")),
        // With others, which stay filters of their own.
        days().ge(30).and(col("is_written_off").is_true().negated()),
        days().ge(60).and(col("is_written_off").is_true().negated()),
        days().ge(60).and(col("segment").eq(lit("sme"))).and(days().lt(180)),
        days().ge(30).or(col("is_restructured").is_true()),
        days().ge(30).and(col("outstanding_balance").gt(0)),
        days().lt(30).and(col("outstanding_balance").gt(decimal("0.005"))),
    ]
}

fn balance() -> RowExpr {
    col("outstanding_balance")
}

fn late(from: i64) -> Predicate {
    days().ge(from)
}

/// Sums of cases: with and without `ELSE`, with filters on the same column, and with branches that overlap.
fn cases() -> Vec<RowMeasure> {
    vec![
        sum(case(late(30), balance()).otherwise(0)),
        sum(case(late(30), balance()).or_null()),
        sum(case(late(30).negated(), balance()).otherwise(0)),
        sum(case(late(30).and(days().lt(60)), balance()).otherwise(0)).filter(days().lt(45)),
        sum(case(late(90), balance()).when(late(30), col("ead")).otherwise(0)),
        sum(case(late(30), balance()).when(late(90), col("ead")).otherwise(0)),
        sum(case(late(90), 1).when(late(30), decimal("0.5")).or_null()),
        sum(case(late(90), balance()).when(days().is_null(), col("ead")).when(late(30), 7).otherwise(0)),
        sum(case(late(90), balance()).when(late(30), col("ead")).otherwise(0)).filter(days().ne(120)),
        sum(case(late(90), balance()).when(late(30), col("ead")).otherwise(0))
            .filter(days().lt(decimal("79228162514264337593543950335"))),
        sum(case(late(30), balance()).when(col("segment").eq(lit("sme")), col("ead")).otherwise(0)),
        sum(case(late(30), balance()).otherwise(col("ead"))),
        sum(case(late(30).and(col("is_written_off").is_true()), balance()).otherwise(0)),
        sum(case(col("maturity_date").lt(lit(strategy::date(3))), balance()).otherwise(0)),
        sum(case(col("is_written_off").is_true(), balance()).otherwise(0)),
    ]
}

fn kpis(measures: impl IntoIterator<Item = RowMeasure>) -> Vec<FormulaKpi> {
    let spec = |index: usize| {
        KpiSpec::new(format!("family_{index}"), "Family", Unit::Ratio).rounding(Rounding::half_even(4))
    };
    measures.into_iter().enumerate().map(|(index, measure)| FormulaKpi::new(spec(index), measure)).collect()
}

/// Each alone, which is the oracle's to judge, and each beside all the others.
fn assert_fused(measures: Vec<RowMeasure>) {
    let kpis = kpis(measures);
    for (index, kpi) in kpis.iter().enumerate() {
        let others = kpis.iter().enumerate().filter(|(other, _)| *other != index);
        Laws::new(kpi).beside(others.map(|(_, other)| other as &dyn Kpi)).cases(CASES / 4).assert();
    }
}

#[test]
fn counts_of_a_family_are_those_of_its_members() {
    assert_fused(conditions().into_iter().map(|condition| count().filter(condition)).collect());
}

#[test]
fn sums_of_a_family_are_those_of_its_members() {
    assert_fused(conditions().into_iter().map(|condition| sum(balance()).filter(condition)).collect());
}

#[test]
fn cases_of_a_family_are_those_of_its_members() {
    assert_fused(cases());
}

#[test]
fn several_things_are_counted_over_the_same_buckets() {
    let measures = conditions().into_iter().enumerate().map(|(index, condition)| match index % 4 {
        0 => sum(col("dpd")).filter(condition),
        1 => count_of("ead").filter(condition),
        2 => sum(col("ead") + col("allowance")).filter(condition),
        _ => max("outstanding_balance").filter(condition),
    });
    assert_fused(measures.collect());
}

#[rstest]
#[case::amounts(balance())]
#[case::rates(col("annual_rate"))]
#[case::dates(RowExpr::from("maturity_date"))]
fn other_columns_have_buckets_too(#[case] column: RowExpr) {
    let bound = |index: i64| match &column {
        RowExpr::Column(name) if name.name() == "maturity_date" => lit(strategy::date(index as u8)),
        _ => lit(Decimal::new(index * 12_345, 5)),
    };
    let measures = (0..5).flat_map(|index| {
        [
            sum("ead").filter(column.clone().ge(bound(index))),
            count().filter(column.clone().lt(bound(index)).or(column.clone().is_null())),
        ]
    });
    assert_fused(measures.collect());
}

/// In one formula, so that the oracle sees the buckets at work and not only what a filter gives.
#[test]
fn a_formula_of_many_thresholds_is_the_oracles() {
    let mut weight = Decimal::ONE;
    let mut formula = Formula::from(count());
    for condition in conditions() {
        weight *= Decimal::from(7);
        if weight > Decimal::from(1_000_000_000_000_i64) {
            weight = Decimal::from(3);
        }
        let late = Formula::from(sum(balance()).filter(condition.clone())).or_else(decimal("0.5"));
        formula = formula + weight * (late + count().filter(condition));
    }
    let kpi = &kpis([count()])[0];
    Laws::new(&FormulaKpi::new(kpi.spec().clone(), formula)).cases(CASES * 2).assert();
    for measure in cases() {
        let pair = Formula::from(measure).or_else(decimal("0.25"))
            + Formula::from(sum(balance()).filter(late(60))).or_else(decimal("0.5")) * 3;
        Laws::new(&FormulaKpi::new(kpi.spec().clone(), pair)).cases(CASES).assert();
    }
}
