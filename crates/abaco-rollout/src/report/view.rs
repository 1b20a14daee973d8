//! What a report is made of.

use chrono::{DateTime, Utc};

use crate::evidence::Provenance;
use crate::gate::{ChecklistSettings, Verdict};
use crate::journal::Event;
use crate::monitor::Checkpoints;

/// Something that somebody accepted until a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expiring {
    /// What: a known difference, an approval.
    pub what: String,
    /// Until when.
    pub expires: DateTime<Utc>,
}

/// What a report is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RolloutView {
    /// The name of the baseline.
    pub baseline: String,
    /// The name of the candidate.
    pub candidate: String,
    /// The identity of the candidate.
    pub identity: String,
    /// The journal: when, who, what.
    pub entries: Vec<(DateTime<Utc>, String, Event)>,
    /// The evidence by its digests.
    pub evidence: Vec<(String, Provenance)>,
    /// What the gate says.
    pub verdict: Verdict,
    /// The checklists of `rollout.yml`.
    pub checklists: ChecklistSettings,
    /// What was accepted and ends.
    pub expiring: Vec<Expiring>,
    /// The hours after the cutover at which somebody must have looked.
    pub checkpoints: Checkpoints,
    /// What keeps the monitoring from being complete; none at another stage.
    pub unwatched: Option<Vec<String>>,
    /// What to do next, as a sentence.
    pub next: String,
    /// What time it is.
    pub now: DateTime<Utc>,
}
