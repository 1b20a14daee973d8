//! What a procedure did, or would do.

use serde::Serialize;

use crate::evidence::RehearsalRecord;
use crate::journal::{Outcome, Procedure};
use crate::stage::Stage;

/// What a procedure did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ProcedureReport {
    /// Which.
    pub procedure: Procedure,
    /// The stage behind it.
    pub stage: Stage,
    /// The steps in their order; those that had passed before an interruption are not among them.
    pub steps: Vec<StepReport>,
    /// What came of it.
    pub message: String,
    /// How long it took.
    pub milliseconds: u64,
    /// Runs that the candidate published before a rollback, for recall.
    pub recall: Vec<String>,
}

/// What a step did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StepReport {
    /// Its name.
    pub step: String,
    /// How it ended.
    pub outcome: Outcome,
    /// What it found.
    pub message: String,
    /// How long it took.
    pub milliseconds: u64,
}

/// What a step would do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PlannedStep {
    /// Its name.
    pub step: String,
    /// What it would do.
    pub would: String,
}

impl PlannedStep {
    pub(crate) fn new(step: &str, would: impl Into<String>) -> Self {
        Self { step: step.to_owned(), would: would.into() }
    }
}

/// What a rehearsal did, and the evidence that it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Rehearsed {
    /// What it did.
    pub report: ProcedureReport,
    /// The evidence.
    pub record: RehearsalRecord,
    /// The identity of the candidate that was rehearsed.
    pub candidate: String,
}
