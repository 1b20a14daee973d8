//! The null-and-empty rules of measures and KPIs, as a table.

use abaco_kpi::Undefined::{AllNull, NoEarlierSnapshot, NoMatch, NoRows, ZeroDenominator};
use abaco_kpi::{
    Column, Formula, FormulaKpi, KpiSpec, Rounding, Undefined, Unit, col, count, count_distinct, count_of,
    max, min, sum,
};
use abaco_testkit::oracle::{Verdict, When};
use abaco_testkit::{Cell, CellType, Oracle, Tape, strategy};
use rstest::rstest;

/// Three rows: `ead` 10.00, NULL, -4.50; `allowance` always NULL; `dpd` 0, 31, NULL; borrowers x, x, NULL.
fn tape() -> Tape {
    let text = |text: &str| Cell::Text(text.to_owned());
    Tape::new()
        .column("ead", CellType::MONEY, [Cell::Number(10_00), Cell::Null, Cell::Number(-4_50)])
        .unwrap()
        .column("allowance", CellType::MONEY, [Cell::Null, Cell::Null, Cell::Null])
        .unwrap()
        .column("dpd", CellType::Integer, [Cell::Integer(0), Cell::Integer(31), Cell::Null])
        .unwrap()
        .column("borrower_id", CellType::Text, [text("x"), text("x"), Cell::Null])
        .unwrap()
}

fn kpi(formula: impl Into<Formula>) -> FormulaKpi {
    FormulaKpi::new(
        KpiSpec::new("under_test", "Under test", Unit::Ratio).rounding(Rounding::half_away(3)),
        formula,
    )
}

fn verdict(tape: &Tape, formula: &Formula) -> Verdict {
    Oracle::new(tape).expect(&kpi(formula.clone()), When::Always, &[]).verdict
}

fn value(text: &str, caught: Option<Undefined>) -> impl Fn(&Verdict) -> bool {
    move |verdict| matches!(verdict, Verdict::Value { rounded, caught: found, .. } if rounded == text && *found == caught)
}

#[rstest]
#[case::rows(count().into(), "3.000")]
#[case::rows_matching(count().filter(col("dpd").ge(0)).into(), "2.000")]
#[case::rows_matching_nothing(count().filter(col("dpd").ge(90)).into(), "0.000")]
#[case::values(count_of("ead").into(), "2.000")]
#[case::values_all_null(count_of("allowance").into(), "0.000")]
#[case::keys_without_null(count_distinct("borrower_id").into(), "1.000")]
#[case::keys_all_null(count_distinct("borrower_id").filter(col("borrower_id").is_null()).into(), "0.000")]
#[case::sum_skips_null(sum("ead").into(), "5.500")]
#[case::sum_of_nothing_matched(sum("ead").filter(col("dpd").ge(90)).into(), "0.000")]
#[case::sum_of_all_null_but_nothing_matched(sum("allowance").filter(col("dpd").ge(90)).into(), "0.000")]
#[case::unknown_is_not_true(sum("ead").filter(col("dpd").ge(0).negated()).into(), "0.000")]
#[case::smallest(min("ead").into(), "-4.500")]
#[case::largest(max("ead").into(), "10.000")]
#[case::a_row_sum_is_null_with_its_operand(sum(col("ead") + col("dpd")).into(), "10.000")]
#[case::two_sums_are_not(sum("ead") + sum("dpd"), "36.500")]
fn a_measure_with_a_value(#[case] formula: Formula, #[case] expected: &str) {
    let found = verdict(&tape(), &formula);
    assert!(value(expected, None)(&found), "{formula}: {found:?}");
}

#[rstest]
#[case::sum_all_null(sum("allowance").into(), AllNull)]
#[case::sum_of_a_matching_null(sum("ead").filter(col("dpd").ge(31)).into(), AllNull)]
#[case::smallest_all_null(min("allowance").into(), AllNull)]
#[case::largest_all_null(max("allowance").into(), AllNull)]
#[case::smallest_without_a_match(min("ead").filter(col("dpd").ge(90)).into(), NoMatch)]
#[case::largest_of_all_null_without_a_match(max("allowance").filter(col("dpd").ge(90)).into(), NoMatch)]
#[case::zero_denominator(sum("ead") / count().filter(col("dpd").ge(90)), ZeroDenominator)]
#[case::lag_without_snapshots(sum("ead") - Formula::from(sum("ead")).lag(1), NoEarlierSnapshot)]
fn a_measure_without_a_value(#[case] formula: Formula, #[case] reason: Undefined) {
    assert_eq!(verdict(&tape(), &formula), Verdict::Undefined(reason), "{formula}");
}

#[rstest]
#[case::count(count().into())]
#[case::count_filtered(count().filter(col("dpd").ge(0)).into())]
#[case::count_of(count_of("ead").into())]
#[case::count_distinct(count_distinct("borrower_id").into())]
#[case::sum(sum("ead").into())]
#[case::sum_filtered(sum("ead").filter(col("dpd").ge(0)).into())]
#[case::min(min("ead").into())]
#[case::max(max("ead").into())]
#[case::a_ratio(100 * sum("ead") / sum("ead"))]
fn without_rows_every_measure_is_undefined(#[case] formula: Formula) {
    assert_eq!(verdict(&tape().select([]), &formula), Verdict::Undefined(NoRows), "{formula}");
}

#[rstest]
#[case::keeps_the_reason(Formula::from(sum("allowance")).or_else(7), "7.000", Some(AllNull))]
#[case::nothing_to_catch(Formula::from(sum("ead")).or_else(7), "5.500", None)]
#[case::the_first_of_several(
    (Formula::from(sum("allowance")).or_else(0) / sum("ead").filter(col("dpd").ge(90))).or_else(7),
    "7.000",
    Some(AllNull)
)]
fn coalesce(#[case] formula: Formula, #[case] expected: &str, #[case] caught: Option<Undefined>) {
    let found = verdict(&tape(), &formula);
    assert!(value(expected, caught)(&found), "{formula}: {found:?}");
}

#[test]
fn rows_and_nulls_are_those_of_the_columns_read() {
    let tape = tape();
    let counts = |formula: Formula| {
        let expected = Oracle::new(&tape).expect(&kpi(formula), When::Always, &[]);
        (expected.rows, expected.nulls)
    };
    assert_eq!(counts(count().into()), (3, 0));
    assert_eq!(counts(sum("ead").into()), (3, 1));
    assert_eq!(counts(sum("ead").filter(col("dpd").ge(0)).into()), (3, 2));
    assert_eq!(counts(sum("allowance").into()), (3, 3));
}

#[test]
fn missing_columns_are_named_once_in_order() {
    let formula = sum("recovered") / sum("paid_fees").filter(col("recovered").gt(0)) + sum("ead");
    let missing = ["paid_fees", "recovered"].map(Column::from).to_vec();
    assert_eq!(verdict(&tape(), &formula), Verdict::Unavailable(missing));
}

#[test]
fn a_rounded_value_beyond_a_decimal_fails() {
    let formula = Formula::from(sum("ead")).power(40);
    assert!(matches!(verdict(&tape(), &formula), Verdict::Failed(_)));
}

#[test]
fn components_are_exact_and_named_once() {
    let formula = 100 * sum("ead").filter(col("dpd").ge(0)) / (sum("ead") + sum("allowance") + sum("ead"));
    let expected = Oracle::new(&tape()).expect(&kpi(formula), When::Always, &[]);
    let shown: Vec<(String, Option<String>)> = expected
        .components
        .iter()
        .map(|(text, total)| (text.clone(), total.as_ref().map(ToString::to_string)))
        .collect();
    let entry = |text: &str, total: Option<&str>| (text.to_owned(), total.map(str::to_owned));
    assert_eq!(
        shown,
        [
            entry("SUM(ead) FILTER (WHERE dpd >= 0)", Some("10")),
            entry("SUM(ead)", Some("11/2")),
            entry("SUM(allowance)", None),
        ]
    );
}

/// Two rows at 2025-11-30 and one at 2025-12-31; the segment `retail` is there only in November.
fn dated() -> Tape {
    let (november, december) = (strategy::date(1), strategy::date(0));
    Tape::new()
        .dates("as_of", [december, november, november])
        .unwrap()
        .texts("segment", ["sme", "sme", "retail"])
        .unwrap()
        .money("ead", [7_00, 5_00, 1_00])
        .unwrap()
}

#[test]
fn a_snapshot_is_never_pooled_unless_asked() {
    let tape = dated();
    let oracle = Oracle::new(&tape).snapshot("as_of");
    let rounded = |when, formula: Formula| match oracle.expect(&kpi(formula), when, &[]).verdict {
        Verdict::Value { rounded, .. } => rounded,
        other => format!("{other:?}"),
    };
    let (november, december) = (When::At(strategy::date(1)), When::At(strategy::date(0)));
    assert_eq!(oracle.snapshots(), [strategy::date(1), strategy::date(0)]);
    assert_eq!(rounded(november, sum("ead").into()), "6.000");
    assert_eq!(rounded(december, sum("ead").into()), "7.000");
    assert_eq!(rounded(When::Always, sum("ead").into()), "13.000");
    assert_eq!(rounded(december, Formula::from(sum("ead")).lag(1)), "6.000");
    assert_eq!(rounded(december, sum("ead") - Formula::from(sum("ead")).lag(1)), "1.000");
    assert_eq!(rounded(november, Formula::from(sum("ead")).lag(1)), "Undefined(NoEarlierSnapshot)");
    assert_eq!(rounded(december, Formula::from(sum("ead")).lag(2)), "Undefined(NoEarlierSnapshot)");
    assert_eq!(rounded(When::Always, Formula::from(sum("ead")).lag(1)), "Undefined(NoEarlierSnapshot)");
}

#[test]
fn groups_are_those_with_rows_at_the_snapshot() {
    let tape = dated();
    let oracle = Oracle::new(&tape).snapshot("as_of");
    let segment = || Column::from("segment");
    let group = |name: &str| vec![(segment(), Some(name.to_owned()))];
    let (november, december) = (When::At(strategy::date(1)), When::At(strategy::date(0)));
    assert_eq!(oracle.groups(november, &[segment()]), [group("retail"), group("sme")]);
    assert_eq!(oracle.groups(december, &[segment()]), [group("sme")]);
    let lagged = kpi(Formula::from(sum("ead")).lag(1));
    assert!(value("5.000", None)(&oracle.expect(&lagged, december, &group("sme")).verdict));
    // The tape has an earlier snapshot, in which a new group had no rows.
    let only_december = Oracle::new(&tape).snapshot("as_of").expect(&lagged, december, &group("new"));
    assert_eq!(only_december.verdict, Verdict::Undefined(NoRows));
}

#[test]
fn an_earlier_value_is_that_of_the_tapes_earlier_snapshot() {
    let tape = dated();
    let oracle = Oracle::new(&tape).snapshot("as_of");
    let (november, december) = (When::At(strategy::date(1)), When::At(strategy::date(0)));
    let balance = kpi(sum("ead"));
    let prior = oracle.expect_prior(&balance, december, &[]).unwrap();
    assert!(value("6.000", None)(&prior.verdict), "{prior:?}");
    assert_eq!(oracle.expect_prior(&balance, november, &[]), None);
}
