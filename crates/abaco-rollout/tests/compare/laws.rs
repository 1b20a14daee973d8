//! What holds of every comparison.

use std::collections::BTreeMap;

use abaco_rollout::comparison::{ComparisonDocument, ComparisonSettings, Outcome, Scope, Tolerance, compare};
use abaco_rollout::evidence::Occasion;
use abaco_rollout::figures::{Figure, Figures, Key, Rational};
use proptest::prelude::*;
use rust_decimal::Decimal;

use crate::common::today;

fn key() -> impl Strategy<Value = Key> {
    let segment = prop_oneof![Just(None), "[ab]".prop_map(Some)];
    ("[abc]", segment, prop::option::of(1_u32..=2)).prop_map(|(kpi, segment, month)| Key {
        kpi,
        as_of: month.and_then(|month| chrono::NaiveDate::from_ymd_opt(2025, month, 28)),
        segment: segment.into_iter().map(|value| ("company".to_owned(), value)).collect(),
    })
}

/// A figure printed at two places, of which the exact value may be known; few enough that sides often agree.
fn figure() -> impl Strategy<Value = Figure> {
    (prop::option::weighted(0.9, -3_000_i64..3_000), any::<bool>(), any::<bool>()).prop_map(
        |(thousandths, knows, coarse)| match thousandths {
            None => Figure::absent("no_rows"),
            Some(thousandths) => {
                let thousandths = if coarse { thousandths / 500 * 500 } else { thousandths };
                let exact = Rational::new(thousandths.into(), 1_000.into());
                let printed = Decimal::new(thousandths, 3).round_dp(2);
                Figure { exact: knows.then_some(exact), ..Figure::printed(printed) }
            }
        },
    )
}

fn figures() -> impl Strategy<Value = Figures> {
    let values = prop::collection::btree_map(key(), figure(), 0..12);
    let inputs = prop_oneof![Just(None), "[ab]".prop_map(|digest| Some(vec![digest]))];
    (values, inputs, "[a-z]{3}").prop_map(|(values, inputs, digest)| Figures {
        name: digest.clone(),
        inputs,
        run_id: None,
        digest,
        values,
    })
}

/// Tolerances that do not depend on which side is the baseline.
fn even_handed() -> impl Strategy<Value = ComparisonSettings> {
    let tolerance = prop_oneof![
        Just(Tolerance::Exact),
        (0_i64..2_000).prop_map(|thousandths| Tolerance::Absolute(Decimal::new(thousandths, 3)))
    ];
    let known = prop::option::of((-2_000_i64..2_000, 0_i64..1_000));
    (tolerance, known).prop_map(|(tolerance, known)| ComparisonSettings {
        tolerance,
        scope: Scope::All,
        known_differences: known.into_iter().map(|(low, width)| known_difference(low, low + width)).collect(),
        ..ComparisonSettings::default()
    })
}

fn known_difference(low: i64, high: i64) -> abaco_rollout::known::KnownDifference {
    abaco_rollout::known::KnownDifference {
        kpi: "a".to_owned(),
        as_of: None,
        segment: None,
        between: [Decimal::new(low, 3), Decimal::new(high, 3)],
        owner: "Ana".to_owned(),
        reason: "V1".to_owned(),
        approved_by: "Ben".to_owned(),
        expires: today(),
    }
}

proptest! {
    /// Each key of either side has one outcome, and the counts sum to the keys.
    #[test]
    fn counts_sum_to_the_keys(left in figures(), right in figures()) {
        let rules = ComparisonSettings { scope: Scope::All, ..ComparisonSettings::default() };
        let comparison = compare(&left, &right, &rules, today());
        let keys: BTreeMap<&Key, ()> = left.values.keys().chain(right.values.keys()).map(|key| (key, ())).collect();
        let counts = comparison.counts();
        prop_assert_eq!(counts.len(), Outcome::ALL.len());
        prop_assert_eq!(counts.values().sum::<u64>(), keys.len() as u64);
        let compared: Vec<&Key> = comparison.keys.iter().map(|key| &key.key).collect();
        prop_assert_eq!(compared, keys.into_keys().collect::<Vec<_>>());
        prop_assert!(comparison.left_out.is_empty());
    }

    /// Beside itself, everything matches that has a value.
    #[test]
    fn a_side_matches_itself(side in figures()) {
        let comparison = compare(&side, &side, &ComparisonSettings::default(), today());
        for key in &comparison.keys {
            let expected = if key.baseline.as_ref().unwrap().value.is_ok() { Outcome::Match } else { Outcome::BothAbsent };
            prop_assert_eq!(key.outcome, expected, "{}", key.key);
            prop_assert!(!key.needs_cause);
        }
    }

    /// Sides that are changed over give the mirrored comparison.
    #[test]
    fn sides_that_change_over_mirror_the_comparison(left in figures(), right in figures(), rules in even_handed()) {
        let there = compare(&left, &right, &rules, today());
        let mirrored_rules = ComparisonSettings {
            known_differences: rules.known_differences.iter().map(|known| known.mirrored()).collect(),
            ..rules
        };
        let back = compare(&right, &left, &mirrored_rules, today());
        prop_assert_eq!(there.mirrored(), back);
        prop_assert_eq!(there.mirrored().mirrored(), there);
    }

    /// A wider tolerance never makes an outcome worse.
    #[test]
    fn a_wider_tolerance_passes_what_a_narrow_one_passes(
        left in figures(), right in figures(), narrow in 0_i64..500, more in 0_i64..500,
    ) {
        let passes = |thousandths: i64| {
            let tolerance = Tolerance::Relative(Decimal::new(thousandths, 3));
            let rules = ComparisonSettings { tolerance, ..ComparisonSettings::default() };
            compare(&left, &right, &rules, today()).keys.iter().map(|key| key.outcome.passes()).collect::<Vec<_>>()
        };
        for (narrow, wide) in passes(narrow).into_iter().zip(passes(narrow + more)) {
            prop_assert!(wide || !narrow);
        }
    }

    /// The document is read as it was written, and the record counts what it counts.
    #[test]
    fn the_document_and_its_record(left in figures(), right in figures()) {
        let rules = ComparisonSettings::default();
        let comparison = compare(&left, &right, &rules, today());
        let document = comparison.document();
        let bytes = document.bytes().unwrap();
        prop_assert_eq!(&serde_json::from_slice::<ComparisonDocument>(&bytes).unwrap(), &document);
        let record = comparison.to_record(Occasion::Live, 7, "b", &rules).unwrap();
        prop_assert_eq!(record.document, abaco_pipeline::canonical_json::sha256(&bytes));
        prop_assert_eq!((record.baseline, record.rules), ("b".to_owned(), rules.digest().unwrap()));
        prop_assert_eq!(record.outcomes.values().sum::<u64>(), record.compared);
        prop_assert_eq!((record.expected, record.clean, record.informative), (7, document.passes, document.informative));
    }
}
