//! The totals of groups, and two states merged by them.

use std::cmp::Ordering;
use std::sync::Arc;

use abaco_engine::{AsOf, ContributionError, GroupTotals, Plan, PlanOptions, State};
use abaco_kpi::{Column, FormulaKpi, Kpi, KpiSpec, Unit, col, count, count_distinct, sum};
use arrow::array::{Date32Array, Decimal64Array, RecordBatch, StringArray};
use arrow::datatypes::i256;

fn kpis() -> Vec<FormulaKpi> {
    let kpi = |id: &'static str, formula| FormulaKpi::new(KpiSpec::new(id, id, Unit::Ratio), formula);
    vec![
        kpi("owed", sum("outstanding_balance").into()),
        kpi("large", count().filter(col("outstanding_balance").ge(2)).into()),
        kpi("loans", count_distinct("loan_id").into()),
        kpi("share", sum("outstanding_balance") / count()),
        kpi("absent", sum("past_due_amount").into()),
    ]
}

/// Loan, days since 1970, cents.
fn folded(rows: &[(Option<&str>, i32, Option<i64>)]) -> (Plan, State) {
    let balances: Decimal64Array = rows.iter().map(|row| row.2).collect();
    let batch = RecordBatch::try_from_iter_with_nullable([
        ("loan_id", Arc::new(rows.iter().map(|row| row.0).collect::<StringArray>()) as _, true),
        ("as_of", Arc::new(Date32Array::from_iter_values(rows.iter().map(|row| row.1))) as _, true),
        ("outstanding_balance", Arc::new(balances.with_precision_and_scale(18, 2).unwrap()) as _, true),
    ]);
    let batch = batch.unwrap();
    let options = PlanOptions {
        snapshot: Some(Column::new("as_of")),
        groups: vec![vec![Column::new("loan_id")]],
        ..PlanOptions::default()
    };
    let kpis = kpis();
    let kpis: Vec<&dyn Kpi> = kpis.iter().map(|kpi| kpi as &dyn Kpi).collect();
    let plan = Plan::new(&kpis, &batch.schema(), &options).unwrap();
    let state = plan.fold_all(&[batch]).unwrap();
    (plan, state)
}

const BY: [Column; 0] = [];

fn by_loan() -> [Column; 1] {
    [Column::new("loan_id")]
}

#[test]
fn groups_stand_in_the_order_of_their_keys_at_one_snapshot() {
    let (plan, state) = folded(&[
        (Some("b"), 2, Some(3_00)),
        (None, 2, Some(1_50)),
        (Some("a"), 2, None),
        (Some("b"), 2, Some(50)),
        (Some("a"), 1, Some(9_00)),
        (Some("c"), 1, Some(9_00)),
    ]);
    let totals = GroupTotals::new(&plan, &state, &by_loan(), AsOf::Latest).unwrap();
    let keys: Vec<_> = (0..totals.len()).map(|place| totals.key(place).remove(0)).collect();
    assert_eq!(keys, [None, Some("a".to_owned()), Some("b".to_owned())]);
    let (owed, large) = (totals.measure("owed").unwrap(), totals.measure("large").unwrap());
    assert_eq!((owed.scale(), large.scale()), (2, 0));
    let units = |measure| (0..3).map(|place| totals.units(measure, place)).collect::<Vec<_>>();
    assert_eq!(units(owed), [150, 0, 350].map(i256::from_i128));
    assert_eq!(units(large), [0, 0, 1].map(i256::from_i128));
    assert_eq!(totals.whole(owed), Some(i256::from_i128(500)));
    let none = GroupTotals::new(&plan, &state, &BY, AsOf::Latest).unwrap();
    assert_eq!((none.len(), none.key_types()), (1, Vec::<String>::new()));
    assert_eq!(totals.key_types(), ["text"]);
}

#[test]
fn a_total_of_nothing_but_null_is_none() {
    let (plan, state) = folded(&[(Some("a"), 1, None), (Some("b"), 1, None)]);
    let totals = GroupTotals::new(&plan, &state, &by_loan(), AsOf::Single).unwrap();
    assert_eq!(totals.whole(totals.measure("owed").unwrap()), None);
    assert_eq!(totals.whole(totals.measure("large").unwrap()), Some(i256::ZERO));
}

#[test]
fn groups_of_two_states_are_ordered_alike() {
    let (left, right) =
        (folded(&[(Some("b"), 1, None)]), folded(&[(Some("a"), 2, None), (Some("b"), 2, None)]));
    let by = by_loan();
    let left = GroupTotals::new(&left.0, &left.1, &by, AsOf::Single).unwrap();
    let right = GroupTotals::new(&right.0, &right.1, &by, AsOf::Single).unwrap();
    assert_eq!(left.compare(0, &right, 0), Ordering::Greater);
    assert_eq!(left.compare(0, &right, 1), Ordering::Equal);
}

#[test]
fn what_is_no_sum_of_the_tape_is_refused() {
    let (plan, state) = folded(&[(Some("a"), 1, Some(1))]);
    let by = by_loan();
    let totals = GroupTotals::new(&plan, &state, &by, AsOf::Single).unwrap();
    let refused = |id: &str| totals.measure(id).unwrap_err().to_string();
    assert_eq!(
        refused("loans"),
        "kpi `loans`: `COUNT(DISTINCT loan_id)` does not add up over rows, so its value is not a sum of contributions"
    );
    assert!(
        refused("share").contains(" is no single sum or count of rows, so its value"),
        "{}",
        refused("share")
    );
    assert!(matches!(totals.measure("absent"), Err(ContributionError::NoValue { .. })));
    assert!(refused("owned").contains("did you mean `owed`"), "{}", refused("owned"));
    let missing = GroupTotals::new(&plan, &state, &[Column::new("segment")], AsOf::Single).unwrap_err();
    assert_eq!(missing.to_string(), "the plan has no grouping by `segment`; it has `loan_id`");
}
