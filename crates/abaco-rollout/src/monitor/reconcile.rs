//! The record of a day after the cutover.

use chrono::NaiveDate;

use super::{Fired, Watched};
use crate::evidence::{ReconciliationRecord, TieOutRecord};

/// What a day's record is made of.
#[derive(Clone, Copy, Debug)]
pub struct Day<'d> {
    /// The day.
    pub day: NaiveDate,
    /// The runs and the comparisons.
    pub watched: &'d Watched,
    /// The tie-outs of the day.
    pub tie_outs: &'d [TieOutRecord],
    /// The triggers that fired.
    pub fired: &'d [Fired],
}

/// The record of a day.
pub fn reconcile(day: Day<'_>) -> ReconciliationRecord {
    let Day { day, watched: Watched { observed, published }, tie_outs, fired } = day;
    let mut record = ReconciliationRecord {
        day,
        published: published.iter().map(|run| run.run_id.clone()).collect(),
        failed: observed.failed,
        compared: observed.comparisons.iter().map(|comparison| comparison.as_of).collect(),
        outcomes: std::collections::BTreeMap::new(),
        ties: tie_outs.iter().filter(|tie| tie.ties).count() as u64,
        open: fired.iter().map(Fired::message).collect(),
    };
    for comparison in &observed.comparisons {
        for (outcome, count) in &comparison.outcomes {
            let sum = record.outcomes.entry(outcome.clone()).or_default();
            *sum = sum.saturating_add(*count);
        }
    }
    let loose = tie_outs.iter().filter(|tie| !tie.ties);
    record.open.extend(loose.map(|tie| {
        let TieOutRecord { figure, source, expected, found, .. } = tie;
        format!("`{figure}` by {source}: expected {expected}, found {found}")
    }));
    record
}

/// The record as a line for people.
pub fn line(record: &ReconciliationRecord) -> String {
    let ReconciliationRecord { day, published, failed, compared, outcomes, ties, open } = record;
    let outcomes: Vec<String> = outcomes
        .iter()
        .filter(|(_, count)| **count > 0)
        .map(|(name, count)| format!("{count} {name}"))
        .collect();
    let outcomes = if outcomes.is_empty() { "no keys".to_owned() } else { outcomes.join(", ") };
    let open = if open.is_empty() { "nothing open".to_owned() } else { format!("open: {}", open.join("; ")) };
    let runs = published.len();
    let compared = compared.len();
    let line = format!(
        "{day}: {runs} runs published, {failed} failed; {compared} comparisons: {outcomes}; {ties} figures tie; {open}"
    );
    // One record is one line, whatever a message holds.
    line.replace(['\n', '\r'], " ")
}
