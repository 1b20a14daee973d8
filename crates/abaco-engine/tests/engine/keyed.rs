//! Measures that go by a key.

use abaco_engine::{AsOf, Plan, PlanOptions};
use abaco_kpi::{
    Formula, FormulaKpi, KeyTerm, Kpi, Outcome, Undefined, by_key, col, count_distinct, sum, total,
};
use arrow::array::RecordBatch;

use crate::tape::{batch, cents, ints, kpi, result, texts, value};

fn tape() -> RecordBatch {
    batch([
        ("borrower_id", texts([Some("a"), Some("b"), Some("a"), None, Some("c"), None])),
        (
            "outstanding_balance",
            cents([Some(30_00), Some(20_00), Some(10_00), Some(25_00), None, Some(15_00)]),
        ),
        ("dpd", ints([Some(0), Some(40), None, Some(31), Some(3), Some(0)])),
    ])
}

fn balance() -> Formula<KeyTerm> {
    KeyTerm::Sum("balance".into()).into()
}

fn obligors() -> abaco_kpi::KeyedBuilder {
    by_key("borrower_id").sum("balance", "outstanding_balance")
}

fn hhi() -> FormulaKpi {
    let whole = || Formula::from(sum("outstanding_balance"));
    kpi("hhi", 10_000 * obligors().reduce(balance() * balance()) / (whole() * whole()))
}

#[test]
fn keys_are_merged_before_they_are_reduced() {
    // a 40, b 20, the rows without a borrower 40, c undefined: (1600 + 400 + 1600) / 100^2.
    assert_eq!(value(&result(&hhi(), &tape())), "3600");
    assert_eq!(value(&result(&kpi("top", obligors().top(1, balance())), &tape())), "40");
    assert_eq!(value(&result(&kpi("top", obligors().top(2, balance())), &tape())), "80");
    assert_eq!(value(&result(&kpi("top", obligors().top(99, balance())), &tape())), "100");
}

#[test]
fn a_reduction_may_look_at_the_whole_scope() {
    // What lies above a quarter of all, per obligor: 15 + 0 + 15.
    let cap =
        || Formula::<KeyTerm>::from(rust_decimal::Decimal::new(25, 2)) * total(sum("outstanding_balance"));
    let excess = kpi("excess", obligors().reduce((balance() - cap()).at_least(0)));
    assert_eq!(value(&result(&excess, &tape())), "30");
    assert_eq!(
        excess.formula().to_string(),
        "(SELECT SUM(GREATEST(balance - 0.25 * TOTAL(SUM(outstanding_balance)), 0)) \
         FROM (SELECT SUM(outstanding_balance) AS balance FROM tape GROUP BY borrower_id))"
    );
}

#[test]
fn filters_leave_the_key_with_zero() {
    let late = by_key("borrower_id").sum_where("late", "outstanding_balance", col("dpd").ge(30));
    let late = kpi("late", late.reduce(Formula::from(KeyTerm::Sum("late".into())) + 1));
    // a 0, b 20, none 25, c 0, each plus one.
    assert_eq!(value(&result(&late, &tape())), "49");
}

#[test]
fn distinct_keys_do_not_count_null() {
    assert_eq!(value(&result(&kpi("n", count_distinct("borrower_id")), &tape())), "3");
    let late = kpi("n", count_distinct("borrower_id").filter(col("dpd").ge(30)));
    assert_eq!(value(&result(&late, &tape())), "1");
}

#[test]
fn all_null_is_undefined_and_an_unknown_total_fails() {
    let nothing = batch([("borrower_id", texts([Some("a")])), ("outstanding_balance", cents([None]))]);
    let top = kpi("top", obligors().top(1, balance()));
    assert_eq!(result(&top, &nothing).outcome, Outcome::Undefined(Undefined::AllNull));
    let wrong = kpi("wrong", obligors().reduce(KeyTerm::Sum("late".into())));
    assert_eq!(
        result(&wrong, &tape()).outcome,
        Outcome::Failed("`late` is not one of the totals per borrower_id".to_owned())
    );
}

#[test]
fn an_obligor_that_is_split_across_partitions_is_still_one() {
    let (hhi, top) = (hhi(), kpi("top", obligors().top(1, balance())));
    let tape = tape();
    let plan = Plan::new(&[&hhi as &dyn Kpi, &top], &tape.schema(), &PlanOptions::default()).unwrap();
    let mut merged = plan.empty();
    for row in (0..tape.num_rows()).rev() {
        let mut part = plan.empty();
        plan.fold(&mut part, &tape.slice(row, 1)).unwrap();
        plan.merge(&mut merged, &part).unwrap();
    }
    let finished = plan.finish(&merged, AsOf::Single).unwrap();
    assert_eq!(finished.groups[0].kpis.iter().map(value).collect::<Vec<_>>(), ["3600", "40"]);
}
