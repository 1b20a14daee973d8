//! Drill-down: contributions that add up to the value, exactly.

use abaco_engine::{AsOf, ContributionError, Contributions, DrillDown, Finished, Plan, PlanOptions, State};
use abaco_kpi::{
    Column, Formula, FormulaKpi, Fraction, KeyTerm, Kpi, Outcome, by_key, col, count, count_distinct,
    count_of, max, sum,
};
use arrow::array::RecordBatch;
use chrono::NaiveDate;
use proptest::prelude::*;
use rstest::rstest;

use crate::tape::{batch, cents, days, ints, kpi, texts};

/// Days since 1970-01-01 of 2025-11-30 and 2025-12-31.
const DAYS: [i32; 2] = [20_422, 20_453];

fn date(index: usize) -> NaiveDate {
    [(2025, 11, 30), (2025, 12, 31)].map(|(y, m, d)| NaiveDate::from_ymd_opt(y, m, d).unwrap())[index]
}

fn at(index: usize) -> AsOf {
    AsOf::Date(date(index))
}

/// Snapshot, loan, days past due, balance.
type Row = (usize, Option<&'static str>, Option<i64>, Option<i64>);

fn tape(rows: &[Row]) -> RecordBatch {
    batch([
        ("as_of", days(rows.iter().map(|row| Some(DAYS[row.0])))),
        ("loan_id", texts(rows.iter().map(|row| row.1))),
        ("dpd", ints(rows.iter().map(|row| row.2))),
        ("outstanding_balance", cents(rows.iter().map(|row| row.3))),
    ])
}

fn by() -> Vec<Column> {
    vec![Column::new("loan_id")]
}

fn folded(kpi: &FormulaKpi, rows: &[Row]) -> (Plan, State) {
    let batch = tape(rows);
    let options = PlanOptions {
        snapshot: Some(Column::new("as_of")),
        groups: vec![vec![Column::new("dpd")], by()],
        ..PlanOptions::default()
    };
    let plan = Plan::new(&[kpi as &dyn Kpi], &batch.schema(), &options).unwrap();
    let state = plan.fold_all(&[batch]).unwrap();
    (plan, state)
}

fn drill(by: &[Column], top: usize) -> DrillDown<'_> {
    DrillDown { kpi: "k", by, top }
}

fn ratio(numerator: i128, denominator: i128) -> Fraction {
    Fraction::ratio(numerator, denominator).unwrap()
}

/// Loan and amount of each listed group.
fn listed(found: &Contributions) -> Vec<(Option<&str>, Fraction)> {
    found.top.iter().map(|one| (one.by[0].1.as_deref(), one.amount.clone())).collect()
}

fn balance() -> Formula {
    sum("outstanding_balance").into()
}

fn late() -> Formula {
    sum("outstanding_balance").filter(col("dpd").ge(30)).into()
}

/// 100 late of 400, then 250 late of 500.
const ROWS: [Row; 8] = [
    (0, Some("a"), Some(30), Some(100_00)),
    (0, Some("b"), Some(0), Some(200_00)),
    (0, Some("c"), Some(0), Some(100_00)),
    (1, Some("a"), Some(0), Some(50_00)),
    (1, Some("b"), Some(45), Some(200_00)),
    (1, None, Some(60), Some(50_00)),
    (1, Some("d"), Some(0), Some(200_00)),
    (1, Some("e"), Some(99), None),
];

#[test]
fn of_a_value_by_hand() {
    let (plan, state) = folded(&kpi("k", 100 * late() / balance()), &ROWS);
    let by = by();
    let found = Contributions::to_value(&plan, &state, drill(&by, 2), at(1)).unwrap();
    assert_eq!((found.as_of, found.since, &found.total), (Some(date(1)), None, &ratio(50, 1)));
    // NULL is a group of its own, and a loan without a balance contributes nothing.
    assert_eq!(listed(&found), [(Some("b"), ratio(40, 1)), (None, ratio(10, 1))]);
    assert_eq!((found.others.groups, found.others.amount), (3, Fraction::ZERO));
}

#[test]
fn of_a_change_by_hand() {
    let (plan, state) = folded(&kpi("k", 100 * late() / balance()), &ROWS);
    let by = by();
    let found = Contributions::to_change(&plan, &state, drill(&by, 3), at(0), at(1)).unwrap();
    assert_eq!((found.as_of, found.since), (Some(date(1)), Some(date(0))));
    // From 25 % to 50 %: `b` came late, `a` was cured, the loan without a name is new; `c` left and `d` came, never late.
    assert_eq!(found.total, ratio(25, 1));
    let expected = [(Some("b"), ratio(40, 1)), (Some("a"), ratio(-25, 1)), (None, ratio(10, 1))];
    assert_eq!(listed(&found), expected);
    assert_eq!((found.others.groups, found.others.amount), (3, Fraction::ZERO));
}

/// Nothing happens to `a`, but the portfolio around it halves.
#[test]
fn of_a_change_around_a_group() {
    let rows = [
        (0, Some("a"), Some(30), Some(10_00)),
        (0, Some("b"), Some(0), Some(30_00)),
        (1, Some("a"), Some(30), Some(10_00)),
        (1, Some("b"), Some(0), Some(10_00)),
    ];
    let (plan, state) = folded(&kpi("k", late() / balance() * 100), &rows);
    let by = by();
    let found = Contributions::to_change(&plan, &state, drill(&by, 1), at(0), at(1)).unwrap();
    assert_eq!(listed(&found), [(Some("a"), ratio(25, 1))]);
    assert_eq!(found.total, ratio(25, 1));
}

#[test]
fn of_a_sum() {
    let formula = 2 * (balance() - late()) / 4 + count();
    let (plan, state) = folded(&kpi("k", formula), &ROWS);
    let by = by();
    let found = Contributions::to_value(&plan, &state, drill(&by, usize::MAX), at(0)).unwrap();
    // Equal sizes stand in the order of their keys.
    assert_eq!(
        listed(&found),
        [(Some("b"), ratio(101, 1)), (Some("c"), ratio(51, 1)), (Some("a"), ratio(1, 1))]
    );
    assert_eq!((found.others.groups, found.others.amount), (0, Fraction::ZERO));
    assert_eq!(found.total, ratio(153, 1));
}

/// A snapshot pooled with another counts its rows as well.
#[test]
fn of_pooled_snapshots() {
    let (plan, state) = folded(&kpi("k", late()), &ROWS);
    let by = by();
    let found = Contributions::to_value(&plan, &state, drill(&by, 1), AsOf::Pooled).unwrap();
    assert_eq!((found.as_of, &found.total), (None, &ratio(350, 1)));
    assert_eq!(listed(&found), [(Some("b"), ratio(200, 1))]);
}

#[rstest]
#[case(balance().at_least(0), "`GREATEST(SUM(outstanding_balance), 0)` does not add up over rows")]
#[case(100 * (late() / balance()).power(2), "`POWER(SUM(outstanding_balance) FILTER (WHERE dpd >= 30) / SUM(outstanding_balance), 2)` does not add up over rows")]
#[case(1 - late() / balance(), "the constant 1 belongs to no row")]
#[case(late() / balance() + count(), "`SUM(outstanding_balance) FILTER (WHERE dpd >= 30) / SUM(outstanding_balance)` is a quotient inside a larger formula")]
#[case(balance() * late(), "`SUM(outstanding_balance) * SUM(outstanding_balance) FILTER (WHERE dpd >= 30)` multiplies two totals")]
#[case(balance() - balance().lag(1), "`LAG(SUM(outstanding_balance), 1)` reads another snapshot")]
#[case(balance() / count_distinct("loan_id"), "`COUNT(DISTINCT loan_id)` does not add up over rows")]
#[case(max("outstanding_balance") / balance(), "`MAX(outstanding_balance)` does not add up over rows")]
#[case(balance().round(2), "`ROUND(SUM(outstanding_balance), 2)` does not add up over rows")]
#[case(balance().or_else(0), "`COALESCE(SUM(outstanding_balance), 0)` does not add up over rows")]
#[case(
    by_key("loan_id").sum("b", "outstanding_balance").reduce(Formula::from(KeyTerm::Sum("b".into()))),
    "`(SELECT SUM(b) FROM (SELECT SUM(outstanding_balance) AS b FROM tape GROUP BY loan_id))` does not add up over rows"
)]
fn what_does_not_add_up(#[case] formula: Formula, #[case] message: &str) {
    let (plan, state) = folded(&kpi("k", formula), &ROWS);
    let by = by();
    let error = Contributions::to_value(&plan, &state, drill(&by, 1), at(1)).unwrap_err();
    assert!(matches!(error, ContributionError::NotAdditive { .. }), "{error:?}");
    assert_eq!(error.to_string(), format!("kpi `k`: {message}, so its value is not a sum of contributions"));
}

#[test]
fn what_is_not_there() {
    let (plan, state) = folded(&kpi("k", late() / balance()), &ROWS);
    let (loans, other) = (by(), [Column::new("segment")]);
    let error = |drill| Contributions::to_value(&plan, &state, drill, at(1)).unwrap_err().to_string();
    assert_eq!(error(drill(&other, 1)), "the plan has no grouping by `segment`; it has `dpd`; `loan_id`");
    assert_eq!(
        error(DrillDown { kpi: "K_", by: &loans, top: 1 }),
        "no KPI has the id `K_`; did you mean `k`?"
    );
    let several = Contributions::to_value(&plan, &state, drill(&loans, 1), AsOf::Single).unwrap_err();
    assert_eq!(
        several.to_string(),
        "the tape has 2 snapshots and no as-of was named: 2025-11-30, 2025-12-31"
    );
    let (plan, state) = folded(&kpi("k", sum("ead")), &ROWS);
    let missing = Contributions::to_value(&plan, &state, drill(&loans, 1), at(1)).unwrap_err();
    assert_eq!(missing.to_string(), "kpi `k`: unavailable: missing columns: ead");
}

#[test]
fn an_undefined_value_says_where_and_why() {
    let mut rows = ROWS.to_vec();
    rows.iter_mut().filter(|row| row.0 == 0).for_each(|row| row.3 = Some(0));
    let (plan, state) = folded(&kpi("k", late() / balance()), &rows);
    let by = by();
    let error = Contributions::to_change(&plan, &state, drill(&by, 1), at(0), at(1)).unwrap_err();
    assert_eq!(error.to_string(), "kpi `k` at 2025-11-30: undefined: zero_denominator");
    rows.iter_mut().for_each(|row| row.3 = None);
    let (plan, state) = folded(&kpi("k", balance()), &rows);
    let error = Contributions::to_value(&plan, &state, drill(&by, 1), at(1)).unwrap_err();
    assert_eq!(error.to_string(), "kpi `k` at 2025-12-31: undefined: all_null");
}

fn formulas() -> Vec<Formula> {
    vec![
        100 * late() / balance(),
        (late() / balance()) * 100 / 7,
        balance(),
        balance() - late() / 3,
        (late() + balance()) / (balance() - late()),
        Formula::from(count().filter(col("dpd").gt(0))) / count_of("outstanding_balance"),
        Formula::from(sum(col("outstanding_balance") * col("dpd"))) / balance(),
        Formula::from(count()) - late(),
    ]
}

fn row() -> impl Strategy<Value = Row> {
    let loan = prop::sample::select(vec![None, Some("a"), Some("b"), Some("c"), Some("d"), Some("e")]);
    let amount = prop_oneof![
        Just(Some(0)),
        Just(None),
        (-2i64..3).prop_map(Some),
        any::<i32>().prop_map(|x| Some(x.into()))
    ];
    (0usize..2, loan, prop::option::of(-1i64..60), amount)
}

fn sum_of(found: &Contributions) -> Fraction {
    let listed = found.top.iter().try_fold(found.others.amount.clone(), |sum, one| sum.plus(&one.amount));
    listed.unwrap()
}

fn exact(finished: &Finished) -> Result<Fraction, Outcome> {
    let outcome = &finished.groups[0].kpis[0].outcome;
    outcome.exact().cloned().ok_or_else(|| outcome.clone())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    /// Contributions and the rest are the value, and an undefined value has none.
    #[test]
    fn they_add_up(rows in prop::collection::vec(row(), 2..24), which in 0usize..8, top in prop::sample::select(vec![0, 1, 3, usize::MAX])) {
        let (plan, state) = folded(&kpi("k", formulas().swap_remove(which)), &rows);
        let (by, snapshots) = (by(), plan.snapshots(&state));
        let mut values = Vec::new();
        for as_of in &snapshots {
            let found = Contributions::to_value(&plan, &state, drill(&by, top), AsOf::Date(*as_of));
            let value = exact(&plan.finish(&state, AsOf::Date(*as_of)).unwrap());
            match (&found, &value) {
                (Ok(found), Ok(value)) => {
                    prop_assert_eq!(&found.total, value);
                    prop_assert_eq!(&sum_of(found), value);
                    let loans = rows.iter().filter(|row| date(row.0) == *as_of).map(|row| row.1);
                    let loans: std::collections::BTreeSet<_> = loans.collect();
                    prop_assert_eq!(found.top.len() + found.others.groups, loans.len());
                    prop_assert_eq!(found.top.len(), top.min(loans.len()));
                }
                (Err(ContributionError::Undefined { reason, .. }), Err(Outcome::Undefined(expected))) => {
                    prop_assert_eq!(reason, expected);
                }
                _ => prop_assert!(false, "{:?} and {:?}", found, value),
            }
            values.push(value);
        }
        if let [before, after] = &values[..] {
            let found = Contributions::to_change(&plan, &state, drill(&by, top), at(0), at(1));
            match (before, after) {
                (Ok(before), Ok(after)) => {
                    let (found, change) = (found.unwrap(), after.minus(before).unwrap());
                    prop_assert_eq!(&found.total, &change);
                    prop_assert_eq!(&sum_of(&found), &change);
                }
                _ => prop_assert!(matches!(found, Err(ContributionError::Undefined { .. })), "{:?}", found),
            }
        }
    }
}
