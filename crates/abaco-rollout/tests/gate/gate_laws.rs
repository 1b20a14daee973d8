//! What holds of the gate whatever the evidence.

use abaco_rollout::approval::{Role, Signed};
use abaco_rollout::evidence::{Evidence, Occasion, Provenance};
use abaco_rollout::gate::weighed;
use chrono::Duration;
use proptest::prelude::*;

use crate::approval::approval;
use crate::gate::{gate, weighing};
use crate::pieces::{Pieces, at_once, comparison, enough, filed, now, rehearsed, soaked, speed, tie};

/// The same without signatures, which take long.
fn played(pieces: &Pieces) -> Vec<Signed> {
    let evidence = weighed("sha256:c", &gate(), pieces);
    let of = |(role, key): (&Role, u8)| Signed::unsigned(approval(&format!("p{key}"), *role, &evidence));
    Role::ALL.iter().zip(1..).map(of).collect()
}

/// Any of the evidence above, good and bad.
fn any_evidence() -> impl Strategy<Value = Vec<Evidence>> {
    let dirty = comparison(Occasion::Live, "2026-02-26", 1, 5);
    let bad = vec![
        dirty.clone(),
        comparison(Occasion::Replay, "2025-12-31", 1, 5),
        comparison(Occasion::Live, "2026-02-27", 0, 0),
        tie(false),
        speed(100_000, 10_000),
        at_once(8, 1, 0),
        soaked(100, 1, Some(1), Some(1)),
        rehearsed(1, false, true),
    ];
    let bad = proptest::sample::subsequence(bad, 0..=2);
    (bad, any::<bool>(), 0..25_usize).prop_map(|(bad, first, skipped)| {
        let mut all = enough();
        if skipped < all.len() {
            all.remove(skipped);
        }
        if first { bad.into_iter().chain(all).collect() } else { all.into_iter().chain(bad).collect() }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    /// What was recorded and is gone closes the gate; what helped and was never there does not open it either.
    #[test]
    fn removing_evidence_never_opens(evidence in any_evidence(), at in any::<prop::sample::Index>()) {
        let mut pieces = filed(evidence);
        let before = weighing(&pieces, &[], &played(&pieces), &gate());
        let (digest, gone) = pieces.remove(at.index(pieces.len()));
        let old = weighing(&pieces, &[(digest, "not found".to_owned())], &played(&pieces), &gate());
        prop_assert!(!old.open);
        let dirty = matches!(&gone.evidence, Evidence::Comparison(record) if !record.clean);
        let bad = dirty || [tie(false), speed(100_000, 10_000), at_once(8, 1, 0), soaked(100, 1, Some(1), Some(1)), rehearsed(1, false, true)].contains(&gone.evidence);
        if !bad && !before.open {
            prop_assert!(!weighing(&pieces, &[], &played(&pieces), &gate()).open);
        }
    }

    #[test]
    fn a_dirty_live_comparison_never_opens(evidence in any_evidence(), day in 0..40_i64) {
        let mut pieces = filed(evidence);
        let before = weighing(&pieces, &[], &played(&pieces), &gate()).open;
        let (at, evidence) = (now() - Duration::days(day), comparison(Occasion::Live, "2026-02-27", 1, 5));
        let dirty = Provenance { at, actor: "op".to_owned(), candidate: "sha256:c".to_owned(), evidence };
        pieces.push(("added".to_owned(), dirty));
        let after = weighing(&pieces, &[], &played(&pieces), &gate()).open;
        prop_assert!(before || !after);
        if day == 0 {
            prop_assert!(!after);
        }
    }
}
