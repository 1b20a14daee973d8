//! Small tapes, worked out by hand.

use abaco_kpi::{Formula, col, count_distinct, sum};
use abaco_rollout::RolloutError;
use abaco_rollout::attribution::{Compared, Options, PartKind, Whereabouts, attribute};
use arrow::array::{Int64Array, RecordBatch};
use std::sync::Arc;

use crate::tape::{Row, attributed, by, side, tape};

const LEFT: [Row; 3] = [
    ("L1", "a", Some(0), Some(100_00)),
    ("L2", "a", Some(40), Some(200_00)),
    ("L3", "b", Some(0), Some(50_00)),
];
const RIGHT: [Row; 3] = [
    ("L4", "b", Some(60), Some(110_00)),
    ("L2", "a", Some(40), Some(200_00)),
    ("L1", "a", Some(0), Some(90_00)),
];

fn par(days: i64) -> Formula {
    100 * sum("outstanding_balance").filter(col("dpd").ge(days)) / sum("outstanding_balance")
}

/// 100 * 200 / 350 becomes 100 * 310 / 400: 110 more above the line, 50 more below it.
#[test]
fn a_quotient_changes_by_its_numerator_and_then_by_its_denominator() {
    let found = attributed(&LEFT, &RIGHT, (&par(30), &par(30)), 1);
    assert_eq!(found.not_attributed, []);
    let effects = found.effects.unwrap();
    assert_eq!(effects.formula, None);
    assert_eq!((effects.numerator.exact.as_str(), effects.numerator.value.as_str()), ("220/7", "31.428571"));
    assert_eq!(effects.denominator.map(|effect| effect.exact), Some("-155/14".to_owned()));
    assert_eq!(effects.total.exact, "285/14");

    let [above, below] = &found.parts[..] else { panic!("{:?}", found.parts) };
    assert_eq!((above.part, below.part), (PartKind::Numerator, PartKind::Denominator));
    assert_eq!((&*above.left, &*above.right, &*above.delta), ("200.00", "310.00", "110.00"));
    assert_eq!((&*below.left, &*below.right, &*below.delta), ("350.00", "400.00", "50.00"));
    let loans = &above.groupings[0];
    assert_eq!((loans.only_left.groups, &*loans.only_left.delta), (1, "0.00"));
    assert_eq!((loans.only_right.groups, &*loans.only_right.delta), (1, "110.00"));
    assert_eq!((loans.changed.groups, loans.unchanged), (0, 2));
    let loans = &below.groupings[0];
    assert_eq!((loans.only_left.groups, &*loans.only_left.delta), (1, "-50.00"));
    assert_eq!((loans.changed.groups, &*loans.changed.delta, loans.unchanged), (1, "-10.00", 1));
    let top = &loans.top[0];
    assert_eq!((top.by["loan_id"].as_deref(), top.found), (Some("L4"), Whereabouts::OnlyRight));
    assert_eq!((top.left.as_deref(), top.right.as_deref(), &*top.delta), (None, Some("110.00"), "110.00"));
    assert_eq!((loans.others.groups, &*loans.others.delta), (2, "-60.00"));
    let segments = &below.groupings[1];
    assert_eq!((&*segments.top[0].delta, &*segments.others.delta), ("60.00", "-10.00"));
    assert_eq!(segments.top[0].by["segment"].as_deref(), Some("b"));
}

/// From 60 to 30 days, the formula alone makes 200 of 350; the rows then do as above.
#[test]
fn another_formula_is_told_from_other_rows() {
    let found = attributed(&LEFT, &RIGHT, (&par(60), &par(30)), 9);
    let effects = found.effects.unwrap();
    assert_eq!(effects.formula.map(|effect| effect.exact), Some("400/7".to_owned()));
    assert_eq!(effects.numerator.exact, "220/7");
    assert_eq!(effects.denominator.map(|effect| effect.exact), Some("-155/14".to_owned()));
    assert_eq!(effects.total.exact, "155/2");
    let above = found.parts.iter().find(|part| part.part == PartKind::Numerator).unwrap();
    assert_eq!((&*above.left, &*above.right), ("0.00", "310.00"));
    assert_eq!((above.by_formula.as_deref(), above.by_rows.as_deref()), (Some("200.00"), Some("110.00")));
    let loan = |id: &str| {
        above.groupings[0].top.iter().find(|loan| loan.by["loan_id"].as_deref() == Some(id)).unwrap()
    };
    assert_eq!((&*loan("L2").delta, loan("L2").by_formula.as_deref()), ("200.00", Some("200.00")));
    assert_eq!((&*loan("L4").delta, loan("L4").by_formula.as_deref()), ("110.00", Some("0.00")));
    let alone: Vec<&str> = found.not_attributed.iter().map(|not| not.reason.as_str()).collect();
    assert_eq!(alone, ["stands in the right formula alone", "stands in the left formula alone"]);
}

/// A difference of two sums and a constant factor: each loan has its share of the whole numerator.
#[test]
fn a_sum_of_measures_is_attributed_as_one() {
    let cured = sum("outstanding_balance") - 2 * sum("outstanding_balance").filter(col("dpd").ge(30));
    let found = attributed(&LEFT, &RIGHT, (&cured, &cured), 9);
    let whole = found.parts.iter().find(|part| part.part == PartKind::Sum).unwrap();
    // 350 - 400 and 400 - 620.
    assert_eq!((&*whole.left, &*whole.right, &*whole.delta), ("-50.00", "-220.00", "-170.00"));
    let deltas: Vec<&str> = whole.groupings[0].top.iter().map(|loan| &*loan.delta).collect();
    assert_eq!(deltas, ["-110.00", "-50.00", "-10.00"]);
    assert_eq!(found.effects.unwrap().numerator.exact, "-170");
}

#[test]
fn what_is_no_sum_is_named() {
    let per_loan = sum("outstanding_balance") / count_distinct("loan_id");
    let found = attributed(&LEFT, &RIGHT, (&per_loan, &per_loan), 9);
    assert_eq!((found.effects, found.parts.len()), (None, 1));
    let reasons: Vec<(&str, &str)> =
        found.not_attributed.iter().map(|not| (not.part.as_str(), not.reason.as_str())).collect();
    assert_eq!(
        reasons,
        [
            ("COUNT(DISTINCT loan_id)", "does not add up over rows"),
            ("value", "`COUNT(DISTINCT loan_id)` does not add up over rows"),
        ]
    );
}

#[test]
fn a_sum_without_a_value_and_a_zero_below_the_line_have_no_effects() {
    let none = [("L1", "a", Some(0), None)];
    let found = attributed(&none, &RIGHT, (&par(30), &par(30)), 9);
    assert_eq!(found.effects, None);
    let reasons: Vec<&str> = found.not_attributed.iter().map(|not| not.reason.as_str()).collect();
    assert_eq!(reasons, ["undefined on the left: no row has a value", "a part of it is not attributed"]);
    let zero = [("L1", "a", Some(0), Some(0))];
    let found = attributed(&RIGHT, &zero, (&par(30), &par(30)), 9);
    assert_eq!(found.effects, None);
    assert_eq!(found.not_attributed[0].reason, "undefined on the right: zero denominator");
    assert_eq!(found.parts[0].delta, "-310.00");
}

#[test]
fn keys_of_other_types_are_not_joined() {
    let left = tape(&LEFT);
    let numbers = RecordBatch::try_from_iter([
        ("loan_id", Arc::new(Int64Array::from(vec![1])) as _),
        ("outstanding_balance", Arc::new(Int64Array::from(vec![1])) as _),
    ]);
    let right = vec![numbers.unwrap()];
    let owed = Formula::from(sum("outstanding_balance"));
    let kpi = Compared { kpi: "owed".to_owned(), places: 2, left: owed.clone(), right: owed };
    let options = Options { groupings: vec![by(&["loan_id"])], top: 1 };
    let error = attribute(&side("left", &left), &side("right", &right), &[kpi], &options).unwrap_err();
    assert!(matches!(error, RolloutError::Figures { .. }));
    assert_eq!(
        error.to_string(),
        "right: groups by `loan_id` cannot be joined: expected text as on the left, found number with 0 decimal places"
    );
}
