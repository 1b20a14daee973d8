//! What came after the cutover.

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;

use super::RolloutView;
use crate::evidence::Evidence;
use crate::monitor::Checkpoint;

#[derive(Serialize)]
pub(super) struct Hour {
    hour: u32,
    due: String,
    passed: Option<String>,
    fired: Vec<String>,
}

pub(super) fn hours(view: &RolloutView) -> Vec<Hour> {
    let second = |at: &DateTime<Utc>| at.to_rfc3339_opts(SecondsFormat::Secs, true);
    let checkpoints = view.checkpoints.hours.iter();
    let hour = |checkpoint: &Checkpoint| Hour {
        hour: checkpoint.hour,
        due: second(&checkpoint.due_at),
        passed: checkpoint.passed_at.as_ref().map(second),
        fired: checkpoint.fired.clone(),
    };
    checkpoints.map(hour).collect()
}

/// The daily records after the cutover, a line each.
pub(super) fn days(view: &RolloutView) -> Vec<String> {
    let records = view.evidence.iter().filter_map(|(_, piece)| match &piece.evidence {
        Evidence::Reconciliation(record) => Some(crate::monitor::line(record)),
        _ => None,
    });
    records.collect()
}
