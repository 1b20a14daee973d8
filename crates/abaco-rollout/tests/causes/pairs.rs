//! Two faults at once.

use abaco_rollout::causes::Verdict;

use crate::common::{Desk, assert_confirmed, shown};
use crate::naive::Naive;
use crate::tape::{self, SNAPSHOTS, date};

const PAIRS: &[(&[&str; 2], &str, u32)] = &[
    (&["more_than", "write_offs_by_days"], "par_30", 3),
    (&["more_than", "pooled"], "par_ge_30", 4),
    (&["nulls_excluded", "opening_denominator"], "par_30", 2),
    (&["aged_to_label", "fraction"], "par_30", 5),
    (&["more_than", "first_duplicate"], "par_30", 3),
    (&["duplicates_kept", "prior_tape"], "par_30", 2),
    (&["edges_shared", "nulls_excluded"], "par_30", 3),
    (&["write_offs_out", "two_places"], "par_30", 5),
];

#[test]
fn of_one_kpi_are_found_together() {
    for seed in [3, 4] {
        let rows = tape::rich(seed);
        let desk = Desk::new(&rows);
        for (switches, kpi, scale) in PAIRS {
            let naive = Naive { rows: &rows, kpi, switches: &switches[..] };
            let months: Vec<_> = (1..SNAPSHOTS).map(date).collect();
            let baseline = naive.figures(&months, &[None, Some("a"), Some("b")], *scale);
            assert_confirmed(&desk.find(&baseline), &switches[..]);
        }
    }
}

/// The old profile's score: each ratio rounded half to even, the score not at all.
#[test]
fn a_score_of_rounded_ratios_says_where_ties_go_only_where_there_are_any() {
    let rows = tape::rich(5);
    let naive = Naive { rows: &rows, kpi: "portfolio_health", switches: &["inputs_rounded", "half_even"] };
    let months: Vec<_> = (0..SNAPSHOTS).map(date).collect();
    let findings = Desk::new(&rows).find(&naive.figures(&months, &[None], 8));
    assert_confirmed(&findings, &["inputs_rounded"]);
    let pair = vec!["inputs_rounded".to_owned(), "half_even".to_owned()];
    assert!(findings.kpis[0].survivors[0].equivalent_on_these_keys.contains(&pair));
}

/// Each KPI has its own cause; only both together explain all keys.
#[test]
fn of_two_kpis_are_found_apart_and_together() {
    let rows = tape::rich(6);
    let months: Vec<_> = (0..SNAPSHOTS).map(date).collect();
    let segments = [None, Some("a"), Some("b")];
    let of = |kpi: &'static str, switch: &'static str| {
        Naive { rows: &rows, kpi, switches: &[switch] }.figures(&months, &segments, 3)
    };
    let mut baseline = of("par_gt_30", "at_least");
    baseline.values.extend(of("dq_share_current", "nulls_as_zero").values);
    let findings = Desk::new(&rows).find(&baseline);
    let switches: Vec<&[String]> =
        findings.kpis.iter().map(|finding| &finding.survivors[0].switches[..]).collect();
    assert_eq!(switches, [["nulls_as_zero"], ["at_least"]]);
    assert_eq!(findings.together.verdict, Verdict::Confirmed, "{}", shown(&findings.together));
    assert_eq!(findings.together.survivors[0].switches, ["at_least", "nulls_as_zero"]);
    assert_eq!(
        findings.together.survivors[0].sentence,
        "v1 counts days past due from a threshold on (`>=` instead of `>`), and reads empty cells as zero"
    );
}
