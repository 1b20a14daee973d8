//! What a plan accepts, refuses and computes, type by type.

use std::sync::Arc;

use abaco_engine::{AsOf, Bindings, EngineError, ErrorKind, Evaluate, Plan, PlanOptions};
use abaco_kpi::{
    Column, Formula, Kpi, Outcome, RowExpr, add_days, case, col, count, count_distinct, count_of,
    days_between, full_months_between, lit, max, min, sum,
};
use arrow::array::{
    ArrayRef, BooleanArray, DictionaryArray, Float64Array, Int8Array, Int16Array, Int32Array, RecordBatch,
    StringViewArray, UInt32Array,
};
use arrow::datatypes::{DataType, Field, Int16Type, Schema};
use chrono::NaiveDate;
use rstest::rstest;

use crate::tape::{batch, cents, days, ints, kpi, result, texts, value, wide};

fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn loans() -> RecordBatch {
    batch([
        ("loan_id", texts([Some("a"), Some("b"), None, Some("d")])),
        ("segment", texts([Some("sme"), Some("retail"), None, Some("sme")])),
        ("dpd", ints([Some(0), Some(45), None, Some(-1)])),
        ("outstanding_balance", cents([Some(100_00), Some(200_50), Some(300_00), None])),
        ("annual_rate", wide([Some(360_000), Some(100_000), None, Some(200_000)], 12, 6)),
        ("origination_date", days([Some(20_000), Some(20_031), Some(20_453), None])),
        ("maturity_date", days([Some(20_453), Some(20_031), Some(20_000), Some(1)])),
        (
            "is_written_off",
            Arc::new(BooleanArray::from(vec![Some(true), Some(false), None, Some(true)])) as ArrayRef,
        ),
    ])
}

#[rstest]
#[case::sum(sum("outstanding_balance").into(), "600.5")]
#[case::filtered(sum("outstanding_balance").filter(col("dpd").ge(0)).into(), "300.5")]
#[case::unknown_is_not_true(sum("outstanding_balance").filter(col("dpd").lt(0).negated()).into(), "300.5")]
#[case::nothing_matches(sum("outstanding_balance").filter(col("dpd").gt(99)).into(), "0")]
#[case::all_matching_null(sum("outstanding_balance").filter(col("dpd").lt(0)).into(), "all_null")]
#[case::count_rows(count().into(), "4")]
#[case::count_values(count_of("outstanding_balance").into(), "3")]
#[case::count_text(count_of("segment").filter(col("is_written_off").is_true()).into(), "2")]
#[case::count_null(count().filter(col("dpd").is_null()).into(), "1")]
#[case::min(min("outstanding_balance").into(), "100")]
#[case::max_of_difference(max(col("outstanding_balance") - 250).into(), "50")]
#[case::min_without_match(min("outstanding_balance").filter(col("dpd").gt(99)).into(), "no_match")]
#[case::max_of_null(max("outstanding_balance").filter(col("dpd").lt(0)).into(), "all_null")]
#[case::product(sum(col("annual_rate") * col("outstanding_balance")).into(), "56.05")]
#[case::negated(sum(-col("outstanding_balance")).into(), "-600.5")]
#[case::scales_meet(sum(col("outstanding_balance") + col("annual_rate")).into(), "300.96")]
#[case::least(sum(RowExpr::Least(vec![col("outstanding_balance"), lit(150)])).into(), "400")]
#[case::greatest_of_null(count_of(RowExpr::Greatest(vec![col("dpd"), col("outstanding_balance")])).into(), "2")]
#[case::case_takes_true_only(sum(case(col("dpd").ge(30), "outstanding_balance").otherwise(1)).into(), "203.5")]
#[case::case_without_else(count_of(case(col("dpd").ge(30), 1).or_null()).into(), "1")]
#[case::text_equal(sum("outstanding_balance").filter(col("segment").eq(lit("sme"))).into(), "100")]
#[case::text_in(count().filter(col("segment").is_in(["sme", "corporate"])).into(), "2")]
#[case::text_less(count().filter(lit("s").lt(col("segment"))).into(), "2")]
#[case::texts(count().filter(col("loan_id").lt(col("segment"))).into(), "3")]
#[case::not_in(count().filter(col("segment").is_in(["sme"]).negated()).into(), "1")]
#[case::between(count().filter(col("dpd").between(0, 45)).into(), "2")]
#[case::date_literal(count().filter(col("origination_date").ge(lit(date("2024-11-04")))).into(), "2")]
#[case::dates(count().filter(col("origination_date").eq(col("maturity_date"))).into(), "1")]
#[case::days_between(sum(days_between(col("origination_date"), col("maturity_date"))).into(), "0")]
#[case::months_between(max(months_between(col("origination_date"), col("maturity_date"))).into(), "14")]
#[case::full_months(max(full_months_between("origination_date", "maturity_date")).into(), "14")]
#[case::full_months_back(min(full_months_between("maturity_date", "origination_date")).into(), "-14")]
#[case::full_months_to_the_day(sum(full_months_between("origination_date", lit(date("2025-01-04")))).into(), "-6")]
#[case::full_months_to_the_day_before(sum(full_months_between("origination_date", add_days(lit(date("2025-01-04")), -1))).into(), "-8")]
#[case::days_after_two_shifts(max(days_between(add_days(add_days(col("origination_date"), 30), -7), col("origination_date"))).into(), "-23")]
#[case::a_shift_undone(count().filter(add_days(add_days("origination_date", 3), -3).eq("origination_date")).into(), "3")]
#[case::a_later_date(count().filter(add_days("origination_date", 1).gt("maturity_date")).into(), "2")]
#[case::a_shifted_constant(count().filter(col("origination_date").lt(add_days(lit(date("2024-11-03")), 1))).into(), "1")]
#[case::a_shifted_null(count().filter(add_days("origination_date", 1).is_null()).into(), "1")]
#[case::div_round(sum(div_round(col("outstanding_balance"), lit(7), 1)).into(), "85.8")]
#[case::div_by_zero_is_null(count_of(div_round(lit(1), col("dpd"), 0)).into(), "2")]
#[case::boolean_equals(count().filter(col("is_written_off").eq(lit(false))).into(), "1")]
#[case::or_with_unknown(count().filter(col("dpd").ge(30).or(col("is_written_off").is_true())).into(), "3")]
#[case::constant(sum(lit(2)).into(), "8")]
fn a_formula_has_its_value(#[case] formula: Formula, #[case] expected: &str) {
    let text = formula.to_string();
    assert_eq!(value(&result(&kpi("x", formula), &loans())), expected, "{text}");
}

fn months_between(from: RowExpr, to: RowExpr) -> RowExpr {
    RowExpr::MonthsBetween { from: Box::new(from), to: Box::new(to) }
}

#[test]
fn a_shift_beyond_the_ends_of_a_date32_does_not_wrap() {
    let tape = batch([("origination_date", days([Some(i32::MAX), Some(i32::MIN)]))]);
    let moved = |days: i32| add_days("origination_date", days);
    let later = kpi("later", count().filter(moved(1).gt("origination_date")));
    let earlier = kpi("earlier", count().filter(moved(-1).lt("origination_date")));
    let distance = kpi("distance", max(days_between(moved(-36_525), moved(36_525))));
    assert_eq!(value(&result(&later, &tape)), "2");
    assert_eq!(value(&result(&earlier, &tape)), "2");
    assert_eq!(value(&result(&distance, &tape)), "73050");
}

fn div_round(dividend: RowExpr, divisor: RowExpr, scale: u8) -> RowExpr {
    RowExpr::DivRound { dividend: Box::new(dividend), divisor: Box::new(divisor), scale }
}

#[rstest]
#[case::sum_of_text(sum("segment").into(), "segment: expected a number, found a text")]
#[case::sum_of_date(sum("origination_date").into(), "origination_date: expected a number, found a date")]
#[case::text_against_number(count().filter(col("segment").ge(3)).into(), "segment >= 3: a text cannot be compared with a number")]
#[case::number_as_truth(count().filter(col("dpd").is_true()).into(), "dpd: expected a truth value, found a number")]
#[case::stock_plus_flow(
    sum(col("outstanding_balance") + col("paid_principal")).into(),
    "`outstanding_balance` is a stock and `paid_principal` is a flow: they do not mix in one row expression"
)]
#[case::float(sum("balance_float").into(), "column balance_float: expected an exact type, found Float64")]
#[case::a_shifted_number(
    count().filter(add_days("dpd", 1).is_null()).into(),
    "dpd: expected a date, found a number"
)]
#[case::a_shift_too_far(
    count().filter(add_days("origination_date", 36_526).is_null()).into(),
    "ADD_DAYS(origination_date, 36526): a date is moved by at most 36525 days"
)]
#[case::shifts_too_far_together(
    count().filter(add_days(add_days("origination_date", -36_525), -1).is_null()).into(),
    "ADD_DAYS(ADD_DAYS(origination_date, -36525), -1): a date is moved by at most 36525 days"
)]
#[case::a_shift_past_the_calendar(
    count().filter(add_days(lit(NaiveDate::MAX), 1).is_null()).into(),
    "ADD_DAYS(DATE '+262142-12-31', 1): there is no such date"
)]
#[case::too_wide(
    sum(col("annual_rate") * col("annual_rate") * col("annual_rate") * col("annual_rate") * col("annual_rate")).into(),
    "too_wide: annual_rate * annual_rate * annual_rate * annual_rate * annual_rate may have 60 digits, more than the 57 that sum exactly"
)]
fn what_cannot_be_meant_fails_and_says_why(#[case] formula: Formula, #[case] expected: &str) {
    let mut columns: Vec<(String, ArrayRef)> = Vec::new();
    let loans = loans();
    for (field, array) in loans.schema().fields().iter().zip(loans.columns()) {
        columns.push((field.name().clone(), Arc::clone(array)));
    }
    columns.push(("paid_principal".to_owned(), cents([Some(1), None, None, None])));
    columns.push(("balance_float".to_owned(), Arc::new(Float64Array::from(vec![0.5; 4]))));
    let tape = batch(columns.iter().map(|(name, array)| (name.as_str(), Arc::clone(array))));
    let good = kpi("good", count());
    let bad = kpi("bad", formula);
    let finished = crate::tape::finish(&[&bad, &good], &tape, &PlanOptions::default(), AsOf::Single).unwrap();
    assert_eq!(finished.groups[0].kpis[0].outcome, Outcome::Failed(expected.to_owned()));
    assert_eq!(value(&finished.groups[0].kpis[1]), "4", "one KPI's failure never sinks another");
}

#[test]
fn missing_columns_are_all_named_and_the_others_go_on() {
    let tape = batch([("dpd", ints([Some(1)]))]);
    let lacking =
        kpi("lacking", sum("allowance") / sum("past_due_amount").filter(col("dpd").ge(col("opening_dpd"))));
    let good = kpi("good", max("dpd"));
    let finished =
        crate::tape::finish(&[&lacking, &good], &tape, &PlanOptions::default(), AsOf::Single).unwrap();
    let missing = ["allowance", "opening_dpd", "past_due_amount"].map(Column::from).to_vec();
    assert_eq!(finished.groups[0].kpis[0].outcome, Outcome::Unavailable(missing));
    assert_eq!(value(&finished.groups[0].kpis[1]), "1");
}

#[test]
fn every_exact_width_gives_the_same_sum() {
    let arrays: Vec<ArrayRef> = vec![
        Arc::new(Int8Array::from(vec![Some(-7), None, Some(100)])),
        Arc::new(Int16Array::from(vec![Some(-7), None, Some(100)])),
        Arc::new(Int32Array::from(vec![Some(-7), None, Some(100)])),
        ints([Some(-7), None, Some(100)]),
        wide([Some(-7), None, Some(100)], 38, 0),
    ];
    for array in arrays {
        let tape = batch([("dpd", array)]);
        let found = result(&kpi("x", sum("dpd")), &tape);
        assert_eq!((value(&found).as_str(), found.rows, found.nulls), ("93", 3, 1), "{}", tape.schema());
    }
    let unsigned = batch([("dpd", Arc::new(UInt32Array::from(vec![u32::MAX, 1])) as ArrayRef)]);
    assert_eq!(value(&result(&kpi("x", sum("dpd")), &unsigned)), "4294967296");
}

#[test]
fn dictionaries_and_views_are_texts() {
    let coded: DictionaryArray<Int16Type> =
        [Some("sme"), None, Some("retail"), Some("sme")].into_iter().collect();
    let views = StringViewArray::from(vec![Some("sme"), None, Some("retail"), Some("sme")]);
    for array in [Arc::new(coded) as ArrayRef, Arc::new(views) as ArrayRef] {
        let tape = batch([("segment", array)]);
        let found = result(&kpi("x", count().filter(col("segment").eq(lit("sme")))), &tape);
        assert_eq!((value(&found).as_str(), found.nulls), ("2", 1), "{}", tape.schema());
    }
}

#[test]
fn sums_of_extreme_values_never_overflow() {
    let most = i128::MAX;
    let tape = batch([("outstanding_balance", wide(vec![Some(most); 3_000], 38, 0))]);
    let found = result(&kpi("x", sum("outstanding_balance")), &tape);
    let expected = num_bigint::BigInt::from(most) * 3_000;
    assert_eq!(found.components[0].1.as_ref().unwrap().units(), &expected);
    assert!(
        matches!(&found.outcome, Outcome::Failed(reason) if reason.contains("does not fit")),
        "{:?}",
        found.outcome
    );

    let least = batch([("outstanding_balance", ints(vec![Some(i64::MIN); 2_000]))]);
    let found = result(&kpi("x", sum(-col("outstanding_balance"))), &least);
    assert_eq!(value(&found), (i128::from(i64::MIN) * -2_000).to_string());
}

#[test]
fn a_product_relies_on_the_declared_precision_and_holds_values_to_it() {
    let product = kpi("x", sum(col("annual_rate") * col("outstanding_balance")));
    let fits = batch([
        ("annual_rate", wide([Some(999)], 3, 2)),
        ("outstanding_balance", wide([Some(99_999)], 5, 2)),
    ]);
    assert_eq!(value(&result(&product, &fits)), "9989.9001");
    let lies = batch([
        ("annual_rate", wide([Some(1), None, Some(1_000)], 3, 2)),
        ("outstanding_balance", wide([Some(99_999); 3], 5, 2)),
    ]);
    let error = product.evaluate(&lies).unwrap_err();
    assert_eq!(
        error.to_string(),
        "column annual_rate, row 2: a value exceeds the declared precision of 3 digits"
    );
    assert_eq!(error.kind(), ErrorKind::Data);
}

#[test]
fn the_row_of_an_error_is_that_of_the_batch_however_it_is_cut() {
    let product = kpi("x", sum(col("annual_rate") * col("outstanding_balance")));
    let rows = 200_000;
    let rates = (0..rows).map(|row| Some(if row == 150_001 { 1_000 } else { 1 }));
    let tape = batch([
        ("annual_rate", wide(rates, 3, 2)),
        ("outstanding_balance", wide((0..rows).map(|_| Some(1)), 5, 2)),
    ]);
    let plan = Plan::new(&[&product as &dyn Kpi], &tape.schema(), &PlanOptions::default()).unwrap();
    let error = plan.fold_all(&[tape]).unwrap_err();
    assert_eq!(error, EngineError::Precision { column: "annual_rate".into(), row: 150_001, precision: 3 });
}

#[test]
fn bindings_compute_canonical_columns_and_keep_the_measures_text() {
    let bucket = case(col("dpd").ge(90), "outstanding_balance").otherwise(0);
    let options = PlanOptions {
        bindings: Bindings::new()
            .bind("dpd_90_plus_usd", bucket)
            .bind("total_receivable_usd", col("outstanding_balance")),
        ..PlanOptions::default()
    };
    let tape = batch([
        ("dpd", ints([Some(90), Some(89), None])),
        ("outstanding_balance", cents([Some(1_00), Some(2_00), Some(5_00)])),
    ]);
    let par_90 = kpi("par_90", 100 * sum("dpd_90_plus_usd") / sum("total_receivable_usd"));
    let finished = crate::tape::finish(&[&par_90], &tape, &options, AsOf::Single).unwrap();
    let found = &finished.groups[0].kpis[0];
    assert_eq!(value(found), "12.5");
    let components: Vec<(&str, String)> = found
        .components
        .iter()
        .map(|(text, total)| (text.as_str(), total.as_ref().unwrap().to_string()))
        .collect();
    assert_eq!(
        components,
        [("SUM(dpd_90_plus_usd)", "1.00".to_owned()), ("SUM(total_receivable_usd)", "8.00".to_owned())]
    );
    assert_eq!((found.rows, found.nulls), (3, 1), "a row whose dpd is unknown is counted as such");
}

#[test]
fn a_batch_of_another_schema_is_refused_before_anything_is_added() {
    let planned = batch([("dpd", ints([Some(1)]))]);
    let count = kpi("x", sum("dpd"));
    let plan = Plan::new(&[&count as &dyn Kpi], &planned.schema(), &PlanOptions::default()).unwrap();
    let mut state = plan.empty();
    plan.fold(&mut state, &planned).unwrap();
    let before = state.to_bytes();
    let cases = [
        (
            batch([("dpd", cents([Some(1)]))]),
            "column dpd: the plan was made for Int64, this batch has Decimal64(18, 2)",
        ),
        (
            batch([("late", ints([Some(1)]))]),
            "column dpd: the plan was made for Int64, this batch has no such column",
        ),
    ];
    for (other, expected) in cases {
        assert_eq!(plan.fold(&mut state, &other).unwrap_err().to_string(), expected);
        assert_eq!(state.to_bytes(), before);
    }
}

#[test]
fn groups_and_snapshots_need_their_columns() {
    let schema = Schema::new(vec![Field::new("dpd", DataType::Int64, true)]);
    let count = kpi("x", count());
    let plan = |options: PlanOptions| Plan::new(&[&count as &dyn Kpi], &schema, &options).map(|_| ());
    let grouped = PlanOptions { groups: vec![vec!["segment".into()]], ..PlanOptions::default() };
    assert_eq!(plan(grouped).unwrap_err().to_string(), "column segment is not on the tape; it has dpd");
    let dated = PlanOptions { snapshot: Some("dpd".into()), ..PlanOptions::default() };
    let error = plan(dated).unwrap_err();
    assert!(matches!(error, EngineError::ColumnType { .. }), "{error}");
    assert_eq!(error.to_string(), "column dpd: expected a date32 to tell the snapshots apart, found Int64");
}

#[test]
fn a_key_that_is_bound_to_an_expression_is_refused() {
    let options =
        PlanOptions { bindings: Bindings::new().bind("loan_id", col("dpd") + 1), ..PlanOptions::default() };
    let tape = batch([("loan_id", ints([Some(1), Some(1)])), ("dpd", ints([Some(1), Some(2)]))]);
    let distinct = kpi("x", count_distinct("loan_id"));
    let finished = crate::tape::finish(&[&distinct], &tape, &options, AsOf::Single).unwrap();
    assert_eq!(
        finished.groups[0].kpis[0].outcome,
        Outcome::Failed("loan_id: a key is a column, found dpd + 1".to_owned())
    );
}

#[test]
fn groups_by_a_decimal_show_it_as_it_is_and_never_merge_across_scales() {
    let options = PlanOptions { groups: vec![vec!["annual_rate".into()]], ..PlanOptions::default() };
    let rows = kpi("rows", count());
    let plan = |rates: ArrayRef| {
        let tape = batch([("annual_rate", rates)]);
        let plan = Plan::new(&[&rows as &dyn Kpi], &tape.schema(), &options).unwrap();
        let state = plan.fold_all(&[tape]).unwrap();
        (plan, state)
    };
    let (four, mut at_four) = plan(wide([Some(15_050), Some(5), Some(20_000)], 12, 4));
    let (_, at_five) = plan(wide([Some(150_500), Some(50)], 12, 5));
    let shown: Vec<Option<String>> = four.finish(&at_four, AsOf::Single).unwrap().groups[1..]
        .iter()
        .map(|group| group.by[0].1.clone())
        .collect();
    assert_eq!(shown, ["0.0005", "1.505", "2"].map(|rate| Some(rate.to_owned())));
    assert!(matches!(four.merge(&mut at_four, &at_five), Err(EngineError::DifferentPlan { .. })));
    let (_, narrow) =
        plan(Arc::new(arrow::array::Decimal64Array::from(vec![5]).with_precision_and_scale(12, 4).unwrap()));
    assert_eq!(four.merge(&mut at_four, &narrow), Ok(()), "the physical width is not part of the meaning");
}

#[test]
fn a_refused_kpi_asks_nothing_of_the_rows() {
    let square = || col("annual_rate") * col("annual_rate");
    let refused = kpi("refused", sum(square() * square() * col("annual_rate")));
    let plain = kpi("plain", sum("annual_rate"));
    // Beyond its declared precision, which only the refused KPI would have relied on.
    let tape = batch([("annual_rate", wide([Some(1_000_000_000_000_001)], 14, 2))]);
    let finished =
        crate::tape::finish(&[&refused, &plain], &tape, &PlanOptions::default(), AsOf::Single).unwrap();
    assert!(
        matches!(&finished.groups[0].kpis[0].outcome, Outcome::Failed(reason) if reason.starts_with("too_wide"))
    );
    assert_eq!(value(&finished.groups[0].kpis[1]), "10000000000000.01");
}

#[test]
fn a_binding_may_not_mix_a_stock_with_a_flow() {
    let options = PlanOptions {
        bindings: Bindings::new()
            .bind("total_receivable", col("outstanding_balance") + col("paid_principal")),
        ..PlanOptions::default()
    };
    let tape = batch([("outstanding_balance", cents([Some(1)])), ("paid_principal", cents([Some(2)]))]);
    let finished =
        crate::tape::finish(&[&kpi("x", sum("total_receivable"))], &tape, &options, AsOf::Single).unwrap();
    let expected = "`outstanding_balance` is a stock and `paid_principal` is a flow: they do not mix in one row expression";
    assert_eq!(finished.groups[0].kpis[0].outcome, Outcome::Failed(expected.to_owned()));
}

#[test]
fn two_kpis_of_one_id_are_refused() {
    let schema = Schema::new(vec![Field::new("dpd", DataType::Int64, true)]);
    let (first, second) = (kpi("same", sum("dpd")), kpi("same", max("dpd")));
    let error = Plan::new(&[&first as &dyn Kpi, &second], &schema, &PlanOptions::default()).unwrap_err();
    assert_eq!(error.to_string(), "two KPIs have the id `same`");
}

#[rstest]
#[case::circle(
    vec![("a", "b".to_owned()), ("b", "a".to_owned())],
    "the binding of column a: it is bound to itself by way of others"
)]
#[case::growth(
    (0..12).map(|level| (NAMES[level], [NAMES[level + 1]; 12].join(" + "))).collect(),
    "the binding of column i: it grows to more than 65536 characters"
)]
#[case::depth(
    (0..25).map(|level| (NAMES[level], NAMES[level + 1].to_owned())).collect(),
    "the binding of column q: more than 16 bindings lie within each other"
)]
fn bindings_that_cannot_be_put_in_place_are_refused(
    #[case] bindings: Vec<(&'static str, String)>,
    #[case] expected: &str,
) {
    let bindings: Bindings = bindings
        .iter()
        .map(|(name, expr)| (Column::from(*name), abaco_engine::parse_row_expr(expr).unwrap()))
        .collect();
    let options = PlanOptions { bindings, ..PlanOptions::default() };
    let schema = Schema::new(vec![Field::new("z", DataType::Int64, true)]);
    let error = Plan::new(&[&kpi("x", sum("a")) as &dyn Kpi], &schema, &options).unwrap_err();
    assert_eq!(error.to_string(), expected);
    assert_eq!(error.kind(), ErrorKind::Usage);
}

const NAMES: [&str; 26] = [
    "a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "o", "p", "q", "r", "s", "t", "u",
    "v", "w", "x", "y", "z",
];
