//! Tapes on which some conventions agree, whichever they are: a switch survives exactly where it gives every value.

use std::collections::BTreeSet;

use abaco_rollout::causes::Verdict;
use abaco_rollout::figures::Figures;
use chrono::NaiveDate;
use proptest::prelude::*;

use crate::common::{Desk, shown};
use crate::naive::Naive;
use crate::tape::{self, Dice, Row, SNAPSHOTS, date};

/// What may be done to PAR30.
const SWITCHES: &[&str] = &[
    "more_than",
    "edges_shared",
    "aged_to_label",
    "nulls_excluded",
    "write_offs_at_risk",
    "write_offs_by_days",
    "write_offs_out",
    "by_obligor",
    "opening_denominator",
    "duplicates_kept",
    "first_duplicate",
    "last_duplicate",
    "pooled",
    "prior_tape",
    "fraction",
    "yearly",
    "monthly",
    "whole",
    "one_place",
    "truncated",
];

/// A tape from which some of what tells conventions apart is gone.
fn thin(seed: u64) -> Vec<Row> {
    let mut dice = Dice::new(seed);
    let mut gone = || dice.below(2) == 0;
    let mut rows = tape::rich(seed);
    if gone() {
        rows = tape::once(rows);
    }
    let flags = [(); 8].map(|()| gone());
    let [thresholds, lags, nulls, alike, written_off, late_only, borrowers, months] = flags;
    let first: Vec<Row> = rows.iter().filter(|row| row.date == date(0)).cloned().collect();
    if months {
        // Every month is the first one again.
        let again = |month| first.iter().map(move |row| Row { date: date(month), ..row.clone() });
        rows = (0..SNAPSHOTS).flat_map(again).collect();
    }
    for row in &mut rows {
        if thresholds {
            row.dpd = row.dpd.map(|dpd| if [30, 60, 90].contains(&dpd) { dpd + 2 } else { dpd });
        }
        if lags {
            row.lag = 0;
        }
        if nulls {
            (row.dpd, row.balance) = (row.dpd.or(Some(0)), row.balance.or(Some(1_00)));
        }
        if alike {
            row.is_written_off = row.dpd.is_none() || row.balance.is_none();
        }
        let is_late = row.dpd.is_some_and(|dpd| dpd >= 30) && row.balance.is_some();
        if written_off || (late_only && !is_late) {
            row.written_off = None;
        }
        if borrowers {
            row.borrower = row.loan;
        }
    }
    rows
}

/// A baseline with these conventions, where the tape can tell: from the second snapshot on.
fn made_with(rows: &[Row], switches: &[&str]) -> Figures {
    let months: Vec<NaiveDate> = (1..SNAPSHOTS).map(date).collect();
    Naive { rows, kpi: "par_30", switches }.figures(&months, &[None, Some("b")], 3)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 6, failure_persistence: None, max_shrink_iters: 0, ..ProptestConfig::default() })]

    #[test]
    fn a_switch_survives_exactly_where_it_gives_every_value(seed: u64) {
        let rows = thin(seed);
        let desk = Desk::new(&rows);
        let none = made_with(&rows, &[]).values;
        let all: Vec<_> = SWITCHES.iter().map(|switch| (*switch, made_with(&rows, &[switch]).values)).collect();
        for (truth, values) in all.iter().filter(|(_, values)| *values != none) {
            let agree: BTreeSet<&str> =
                all.iter().filter(|(_, other)| other == values).map(|(switch, _)| *switch).collect();
            let findings = desk.find(&made_with(&rows, &[truth]));
            let finding = &findings.kpis[0];
            let alone = |switches: &Vec<String>| match &switches[..] {
                [one] => SWITCHES.iter().find(|switch| *switch == one).copied(),
                _ => None,
            };
            let survivors: BTreeSet<&str> = finding
                .survivors
                .iter()
                .flat_map(|survivor| survivor.equivalent_on_these_keys.iter().chain([&survivor.switches]))
                .filter_map(alone)
                .collect();
            prop_assert_eq!(&survivors, &agree, "{}: {}", truth, shown(finding));
            if agree.len() > 1 {
                prop_assert_eq!(finding.verdict, Verdict::Indistinguishable, "{}: {}", truth, shown(finding));
            }
        }
    }
}
