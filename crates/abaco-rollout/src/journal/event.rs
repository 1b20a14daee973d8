//! What a line of the journal says.

use serde::{Deserialize, Serialize};

use crate::stage::Stage;

/// What a line of the journal says, beside who and when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case", deny_unknown_fields)]
pub enum Event {
    /// A procedure began.
    Began {
        /// Which.
        procedure: Procedure,
        /// The version that it makes official, where it makes one.
        target: Option<String>,
    },
    /// A step of the procedure that began last is about to be taken: after a kill, this is the one that may be half done.
    Taking {
        /// The step.
        step: String,
    },
    /// A step was taken.
    Step {
        /// The step.
        step: String,
        /// How it ended.
        outcome: Outcome,
        /// What it found.
        message: String,
        /// How long it took.
        milliseconds: u64,
        /// What it left that a later step or a proof needs, such as digests.
        details: serde_json::Value,
    },
    /// The procedure that began last ended.
    Ended {
        /// Which.
        procedure: Procedure,
        /// How.
        outcome: Outcome,
        /// Why.
        message: String,
        /// How long it took.
        milliseconds: u64,
    },
    /// The rollout came to another stage.
    Moved {
        /// From.
        from: Stage,
        /// To.
        to: Stage,
        /// Why.
        reason: String,
        /// The digests of the evidence on which it rests.
        evidence: Vec<String>,
    },
    /// Evidence was stored.
    Recorded {
        /// Its kind, as in the document.
        kind: String,
        /// The digest by which it is stored.
        digest: String,
    },
    /// Somebody approved.
    Approved {
        /// In which role.
        role: String,
        /// The digest of the stored approval.
        digest: String,
    },
    /// Somebody went past a closed gate.
    BrokeGlass {
        /// Why.
        reason: String,
        /// What was missing.
        missing: Vec<String>,
    },
    /// A trigger of the monitor fired.
    Triggered {
        /// Which.
        trigger: String,
        /// What it saw against its limit.
        message: String,
        /// Whether the policy rolls back on it.
        rolls_back: bool,
    },
}

/// What is done in steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Procedure {
    /// Setting the candidate up.
    Staging,
    /// Making the candidate official.
    Cutover,
    /// Making the baseline official again.
    Rollback,
    /// Both, one after the other, on copies.
    Rehearsal,
}

/// How something ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// As it should.
    Passed,
    /// Not as it should.
    Failed,
    /// It was not needed, or only shown.
    Skipped,
}
