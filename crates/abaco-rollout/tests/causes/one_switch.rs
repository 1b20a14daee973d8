//! For every switch: a baseline made with it is explained by it, and by nothing else.

use abaco_rollout::figures::Figures;
use chrono::NaiveDate;
use proptest::prelude::*;
use rust_decimal::Decimal;

use crate::common::{Desk, assert_confirmed, figures, key};
use crate::naive::{Mode, Naive, printed};
use crate::tape::{self, SNAPSHOTS, date};

/// A switch, a KPI at which it shows, and the least places at which it does.
const SWITCHES: &[(&str, &str, u32)] = &[
    ("more_than", "par_30", 2),
    ("more_than", "par_ge_30", 2),
    ("at_least", "par_gt_30", 2),
    ("edges_shared", "par_30", 2),
    ("aged_to_label", "par_30", 2),
    ("nulls_as_zero", "dq_share_current", 2),
    ("nulls_excluded", "par_30", 2),
    ("write_offs_at_risk", "par_30", 2),
    ("write_offs_by_days", "par_30", 2),
    ("write_offs_out", "par_ge_30", 2),
    ("by_obligor", "par_30", 2),
    ("by_obligor", "par_ge_30", 2),
    ("by_loan", "par_obligor_30", 2),
    ("opening_denominator", "par_30", 2),
    ("closing_denominator", "par_30_over_opening", 2),
    ("inputs_rounded", "portfolio_health", 4),
    ("inputs_exact", "health_of_rounded", 4),
    ("duplicates_kept", "par_30", 2),
    ("first_duplicate", "par_30", 2),
    ("last_duplicate", "par_30", 2),
    ("pooled", "par_30", 2),
    ("prior_tape", "par_30", 2),
    ("per_cent", "par_30_fraction", 2),
    ("fraction", "par_30", 4),
    ("yearly", "par_30", 2),
    ("monthly", "par_30", 2),
    ("whole", "par_30", 2),
    ("one_place", "par_30", 2),
    ("two_places", "par_30", 3),
    ("four_places", "par_30", 5),
    ("truncated", "par_30", 2),
];

/// Those that show only where values are ties.
const TIES: &[(&str, &str)] = &[("half_even", "par_30"), ("half_down", "par_30"), ("half_up", "par_30_even")];

fn months(from: u64, to: u64) -> Vec<NaiveDate> {
    (from..to).map(date).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2, failure_persistence: None, max_shrink_iters: 0, ..ProptestConfig::default() })]

    #[test]
    fn alone_is_confirmed_and_nothing_else(seed: u64, extra in 0u32..=3) {
        let rows = tape::rich(seed);
        let desk = Desk::new(&rows);
        for (switch, kpi, least) in SWITCHES {
            let scale = (least + extra).min(6);
            let naive = Naive { rows: &rows, kpi, switches: &[switch] };
            // What lies before the first snapshot, nobody can tell.
            let first = u64::from(["opening_denominator", "prior_tape"].contains(switch));
            let segments = [None, Some("b")];
            let baseline = naive.figures(&months(first, SNAPSHOTS), &segments, scale);
            let findings = desk.find(&baseline);
            assert_confirmed(&findings, &[switch]);
            prop_assert!(findings.not_compared.is_empty());
        }
    }

    #[test]
    fn ties_are_confirmed_where_there_are_any(seed: u64, scale in 2u32..=6) {
        let rows = tape::ties(seed, scale);
        let desk = Desk::new(&rows);
        for (switch, kpi) in TIES {
            let naive = Naive { rows: &rows, kpi, switches: &[switch] };
            let baseline: Figures = naive.figures(&months(0, tape::TIES + 4), &[None], scale);
            assert_confirmed(&desk.find(&baseline), &[switch]);
        }
        // Floats fall on either side, by no rule.
        let naive = Naive { rows: &rows, kpi: "par_30", switches: &[] };
        let value = |month: u64| {
            let exact = naive.exact(date(month), None).unwrap();
            let mode = if (month / 2).is_multiple_of(2) { Mode::HalfDown } else { Mode::HalfAway };
            (key("par_30", Some(date(month)), None), Some(printed(&exact, scale, mode)))
        };
        assert_confirmed(&desk.find(&figures((0..tape::TIES + 4).map(value), Some(scale))), &["float_noise"]);
    }
}

/// A segment that owes nothing has no quotient; the old system said 0.
#[test]
fn a_zero_for_no_value_is_confirmed() {
    let mut rows = tape::rich(21);
    rows.iter_mut().filter(|row| row.segment == "a").for_each(|row| row.balance = Some(0));
    let desk = Desk::new(&rows);
    for kpi in ["par_30", "portfolio_health"] {
        let naive = Naive { rows: &rows, kpi, switches: &["undefined_as_zero"] };
        let mut baseline = naive.figures(&months(0, SNAPSHOTS), &[None, Some("a"), Some("b")], 3);
        let zeros = baseline.values.values_mut().filter(|figure| figure.value.is_err());
        assert_eq!(zeros.map(|figure| figure.value = Ok(Decimal::ZERO)).count(), 6);
        if kpi == "portfolio_health" {
            // No arrears and some cash, not nothing.
            let collected = Naive { rows: &rows, kpi: "collection_rate", switches: &[] };
            for date in months(0, SNAPSHOTS) {
                let figure = baseline.values.get_mut(&key(kpi, Some(date), Some("a"))).unwrap();
                figure.value = Ok(collected.published(date, Some("a"), 3).unwrap());
            }
        }
        let findings = desk.find(&baseline);
        assert_confirmed(&findings, &["undefined_as_zero"]);
        assert_eq!(findings.kpis[0].survivors[0].informative.len(), 6);
    }
}

/// A switch that is missing above would be tested by nobody.
#[test]
fn every_switch_is_tested() {
    let mut tested: Vec<&str> = SWITCHES
        .iter()
        .map(|(id, ..)| *id)
        .chain(TIES.iter().map(|(id, _)| *id))
        .chain(["float_noise", "undefined_as_zero"])
        .collect();
    tested.sort_unstable();
    tested.dedup();
    let mut known: Vec<String> = abaco_rollout::causes::switches().map(|(id, _)| id.to_owned()).collect();
    known.sort_unstable();
    assert_eq!(tested, known);
}
