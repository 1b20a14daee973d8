//! What may go wrong, as far as it was recorded.

use chrono::TimeDelta;

use super::RolloutView;
use super::facts::occasion;
use crate::evidence::{CauseRecord, ComparisonRecord, Evidence};
use crate::journal::Event;

/// What expires within so many days is a risk.
const SOON_DAYS: i64 = 14;

pub(super) fn risks(view: &RolloutView) -> Vec<String> {
    let mut risks = Vec::new();
    // What was found last about a snapshot is what counts of it.
    let of_snapshot = |record: &ComparisonRecord| (record.occasion, record.as_of);
    let is_last = |digest: &str, record: &ComparisonRecord| {
        let same = view.evidence.iter().rfind(|(_, piece)| {
            matches!(&piece.evidence, Evidence::Comparison(other) if of_snapshot(other) == of_snapshot(record))
                && piece.candidate == view.identity
        });
        same.is_some_and(|(last, _)| last == digest)
    };
    for (digest, piece) in &view.evidence {
        match &piece.evidence {
            Evidence::Comparison(record)
                if piece.candidate == view.identity && !record.clean && is_last(digest, record) =>
            {
                let passing = [
                    "match",
                    "match_at_baseline_precision",
                    "within_tolerance",
                    "known_difference",
                    "both_absent",
                ];
                let open: Vec<String> = record
                    .outcomes
                    .iter()
                    .filter(|(name, count)| **count > 0 && !passing.contains(&name.as_str()))
                    .map(|(name, count)| format!("{count} {name}"))
                    .collect();
                let as_of = record.as_of.map_or_else(|| "no snapshot".to_owned(), |date| date.to_string());
                risks.push(format!(
                    "{} at {as_of}: {} (evidence {digest})",
                    occasion(record.occasion),
                    open.join(", ")
                ));
            }
            Evidence::Reconciliation(record) => {
                risks.extend(record.open.iter().map(|open| format!("{}: {open}", record.day)));
            }
            _ => {}
        }
    }
    let soon = view.now + TimeDelta::days(SOON_DAYS);
    for expiring in view.expiring.iter().filter(|expiring| expiring.expires <= soon) {
        let word = if expiring.expires <= view.now { "expired" } else { "expires" };
        risks.push(format!("{} {word} on {}", expiring.what, expiring.expires.date_naive()));
    }
    let thin = causes(view).into_iter().filter(|cause| cause.informative == 1);
    risks.extend(thin.map(|cause| format!("`{}` rests on one key only: {}", cause.kpi, cause.sentence)));
    for (at, actor, event) in &view.entries {
        if let Event::BrokeGlass { reason, missing } = event {
            let missing = missing.join("; ");
            risks.push(format!(
                "{}: `{actor}` went past a closed gate: {reason} (missing: {missing})",
                at.date_naive()
            ));
        }
    }
    risks
}

/// What was found last about each KPI.
pub(super) fn causes(view: &RolloutView) -> Vec<CauseRecord> {
    let of = view.evidence.iter().filter(|(_, piece)| piece.candidate == view.identity);
    let mut found = of.filter_map(|(_, piece)| match &piece.evidence {
        Evidence::Causes(record) => Some(record.findings.clone()),
        _ => None,
    });
    found.next_back().unwrap_or_default()
}
