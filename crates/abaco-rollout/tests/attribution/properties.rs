//! Whatever the tapes and the sums: loans sum to the difference, nothing differs from itself, and swapping mirrors.

use abaco_kpi::{Formula, col, count, sum};
use abaco_rollout::attribution::{Attribution, GroupingDifference, PartDifference};
use proptest::prelude::*;

use crate::tape::{Row, attributed};

const LOANS: [&str; 6] = ["L1", "L2", "L3", "L4", "L5", "L6"];
const SEGMENTS: [&str; 3] = ["a", "b", "c"];

fn rows() -> impl Strategy<Value = Vec<Row>> {
    let row = (
        prop::sample::select(&LOANS[..]),
        prop::sample::select(&SEGMENTS[..]),
        prop::option::of(0..120_i64),
        prop::option::weighted(0.9, -1_000_000..1_000_000_i64),
    );
    prop::collection::vec(row, 1..12)
}

/// `weight * SUM(balance) FILTER (WHERE dpd >= days) + other * COUNT(*) FILTER (WHERE dpd < days)`.
fn formula((weight, days, other): (i64, i64, i64)) -> Formula {
    weight * sum("outstanding_balance").filter(col("dpd").ge(days))
        + other * count().filter(col("dpd").lt(days))
}

/// The same row by row, in cents; none where every balance that counts is missing.
fn by_hand(rows: &[Row], (weight, days, other): (i64, i64, i64)) -> Option<i64> {
    let late: Vec<_> = rows.iter().filter(|row| row.2.is_some_and(|dpd| dpd >= days)).collect();
    let early = rows.iter().filter(|row| row.2.is_some_and(|dpd| dpd < days)).count();
    if !late.is_empty() && late.iter().all(|row| row.3.is_none()) {
        return None;
    }
    let owed: i64 = late.iter().filter_map(|row| row.3).sum();
    Some(weight * owed + other * 100 * i64::try_from(early).unwrap())
}

fn cents(text: &str) -> i64 {
    text.replace('.', "").parse().unwrap()
}

/// The part that is the whole formula, without what is only one of its measures.
fn whole(found: &Attribution) -> Option<&PartDifference> {
    found.parts.iter().find(|part| part.part != abaco_rollout::attribution::PartKind::Component)
}

fn sums(grouping: &GroupingDifference) -> (i64, i64) {
    let counted = [&grouping.only_left, &grouping.only_right, &grouping.changed];
    let listed: i64 = grouping.top.iter().map(|group| cents(&group.delta)).sum();
    (counted.iter().map(|counted| cents(&counted.delta)).sum(), listed + cents(&grouping.others.delta))
}

proptest! {
    #[test]
    fn groups_sum_to_the_difference(
        left in rows(),
        right in rows(),
        before in (-9..9_i64, 0..120_i64, -9..9_i64),
        after in (-9..9_i64, 0..120_i64, -9..9_i64),
        top in 0..4_usize,
    ) {
        let formulas = (formula(before), formula(after));
        let found = attributed(&left, &right, (&formulas.0, &formulas.1), top);
        let expected = by_hand(&left, before).zip(by_hand(&right, after));
        prop_assert_eq!(whole(&found).is_some(), expected.is_some(), "{:?}", found.not_attributed);
        if let (Some(part), Some((was, is))) = (whole(&found), expected) {
            prop_assert_eq!((cents(&part.left), cents(&part.right), cents(&part.delta)), (was, is, is - was));
            for grouping in &part.groupings {
                prop_assert_eq!(sums(grouping), (is - was, is - was));
                prop_assert!(grouping.top.len() <= top);
            }
            // The other formula over the rows of the left, again by hand.
            if before != after && let Some(middle) = by_hand(&left, after) {
                prop_assert_eq!(part.by_formula.as_deref().map(cents), Some(middle - was));
                prop_assert_eq!(part.by_rows.as_deref().map(cents), Some(is - middle));
            }
        }
    }

    #[test]
    fn nothing_differs_from_itself(rows in rows(), of in (-9..9_i64, 0..120_i64, -9..9_i64)) {
        let formula = formula(of);
        let found = attributed(&rows, &rows, (&formula, &formula), 9);
        for grouping in found.parts.iter().flat_map(|part| &part.groupings) {
            let counts = [&grouping.only_left, &grouping.only_right, &grouping.changed].map(|found| found.groups);
            prop_assert_eq!((counts, grouping.top.len(), grouping.others.groups), ([0; 3], 0, 0));
        }
        if let Some(effects) = found.effects {
            prop_assert_eq!(effects.total.exact, "0");
        }
    }

    #[test]
    fn swapping_the_sides_mirrors(left in rows(), right in rows(), of in (-9..9_i64, 0..120_i64, -9..9_i64)) {
        let formula = formula(of);
        let there = attributed(&left, &right, (&formula, &formula), 9);
        let back = attributed(&right, &left, (&formula, &formula), 9);
        prop_assert_eq!(there.parts.len(), back.parts.len());
        for (there, back) in there.parts.iter().zip(&back.parts) {
            prop_assert_eq!(cents(&there.delta), -cents(&back.delta));
            for (there, back) in there.groupings.iter().zip(&back.groupings) {
                prop_assert_eq!(there.only_left.groups, back.only_right.groups);
                prop_assert_eq!(cents(&there.only_left.delta), -cents(&back.only_right.delta));
                prop_assert_eq!((there.changed.groups, there.unchanged), (back.changed.groups, back.unchanged));
                let keys = |of: &GroupingDifference| {
                    of.top.iter().map(|group| (group.by.clone(), cents(&group.delta).abs())).collect::<Vec<_>>()
                };
                prop_assert_eq!(keys(there), keys(back));
            }
        }
    }
}
