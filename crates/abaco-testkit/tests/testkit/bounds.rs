//! Expressions whose every operand lies at the end of its width: where a digit bound that is one too small shows.

use abaco_engine::{EngineError, Evaluate};
use abaco_kpi::{FormulaKpi, Kpi, KpiSpec, Rounding, RowExpr, Unit, case, col, lit, max, min, sum};
use abaco_testkit::{Cell, CellType, Laws, Tape, Width};
use rstest::rstest;

const AMOUNTS: [&str; 6] =
    ["outstanding_balance", "accrued_interest", "allowance", "ead", "collateral_value", "past_due_amount"];

fn amount(index: usize) -> RowExpr {
    col(AMOUNTS[index])
}

/// Rows in which every amount is one of the ends, in all combinations that six bits allow for three of them.
fn tape(low: i128, high: i128) -> Tape {
    let cells = |index: usize| {
        (0..8).map(move |row| Cell::Number(if row >> (index % 3) & 1 == 0 { low } else { high }))
    };
    let ends = [i64::MIN, i64::MAX].into_iter().cycle().take(8);
    AMOUNTS
        .into_iter()
        .enumerate()
        .fold(Tape::new(), |tape, (index, name)| tape.column(name, CellType::MONEY, cells(index)).unwrap())
        .integers("dpd", ends)
        .unwrap()
}

fn products(terms: usize) -> RowExpr {
    let product = |index: usize| amount(2 * index % 6) * amount((2 * index + 3) % 6);
    (1..terms).fold(product(0), |sum, index| sum + product(index))
}

#[rstest]
#[case::a_column(amount(0))]
#[case::negated(-amount(0))]
#[case::twice_negated(-(-amount(0)))]
#[case::two(amount(0) + amount(3))]
#[case::difference(amount(0) - amount(1))]
#[case::six((1..6).fold(amount(0), |sum, index| sum + amount(index)))]
#[case::twelve_of_one((1..12).fold(amount(0), |sum, _| sum + amount(0)))]
#[case::twelve_products(products(12))]
#[case::two_products(products(2))]
#[case::three_products(products(3))]
#[case::a_product_of_three(amount(0) * amount(3) * amount(1))]
#[case::a_product_with_days(amount(0) * col("dpd"))]
#[case::days_and_an_amount(col("dpd") - amount(0))]
#[case::days_times_days(col("dpd") * col("dpd") + col("dpd") * col("dpd"))]
#[case::least(RowExpr::Least(vec![amount(0) + amount(1), -amount(2), col("dpd")]))]
#[case::greatest(RowExpr::Greatest(vec![amount(0) * amount(1), -amount(2)]))]
#[case::a_case(case(amount(0).gt(amount(1)), amount(0) - amount(1)).otherwise(amount(1) * 99))]
#[case::a_quotient(RowExpr::DivRound { dividend: Box::new(amount(0)), divisor: Box::new(lit(3)), scale: 9 })]
#[case::a_quotient_by_minus_one(RowExpr::DivRound { dividend: Box::new(amount(0)), divisor: Box::new(lit(-1)), scale: 2 })]
#[case::a_quotient_of_ends(RowExpr::DivRound { dividend: Box::new(amount(0)), divisor: Box::new(amount(1)), scale: 6 })]
fn nothing_overflows_at_the_ends_of_a_width(#[case] expr: RowExpr) {
    let spec = || KpiSpec::new("x", "X", Unit::Ratio).rounding(Rounding::half_away(0));
    let kpis = [
        FormulaKpi::new(spec(), sum(expr.clone())),
        FormulaKpi::new(spec(), max(expr.clone()) - min(expr.clone())),
        FormulaKpi::new(spec(), sum(lit(1)).filter(expr.ge(lit(0)))),
    ];
    for width in [Width::Decimal32, Width::Decimal64] {
        let (low, high) = width.range();
        for kpi in &kpis {
            Laws::new(kpi).check_on(&tape(low, high), width).unwrap();
        }
    }
}

/// At 128 bits the engine takes plain columns and sums of them by their physical width.
#[rstest]
#[case::a_column(amount(0))]
#[case::negated(-amount(0))]
#[case::two(amount(0) + amount(3))]
#[case::six((1..6).fold(amount(0), |sum, index| sum - amount(index)))]
fn nothing_overflows_at_the_ends_of_128_bits(#[case] expr: RowExpr) {
    let kpi = FormulaKpi::new(KpiSpec::new("x", "X", Unit::Ratio), max(expr.clone()) / sum(expr));
    let (low, high) = Width::Decimal128.range();
    Laws::new(&kpi).check_on(&tape(low, high), Width::Decimal128).unwrap();
}

/// Days and an amount of 128 bits are one digit too many, unless every amount keeps to its declared precision.
#[test]
fn a_neighbour_that_needs_declared_precisions_breaks_no_law() {
    let plain = FormulaKpi::new(KpiSpec::new("plain", "Plain", Unit::Ratio), sum(amount(0)));
    let wide = FormulaKpi::new(KpiSpec::new("wide", "Wide", Unit::Ratio), sum(amount(0) * col("dpd")));
    let (low, high) = Width::Decimal128.range();
    let tape = tape(low, high);
    let refused = wide.evaluate(&tape.to_batch(Width::Decimal128).unwrap());
    assert!(matches!(refused, Err(EngineError::Precision { .. })), "{refused:?}");
    Laws::new(&plain).beside([&wide as &dyn Kpi]).check_on(&tape, Width::Decimal128).unwrap();
}
