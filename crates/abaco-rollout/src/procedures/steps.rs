//! Taking steps and writing them down.

use std::time::Instant;

use serde_json::{Value, json};

use super::report::{ProcedureReport, StepReport};
use crate::RolloutError;
use crate::journal::{Event, Journal, Outcome, Procedure};
use crate::stage::Stage;

/// What a step that did not fail found.
pub(super) struct Done {
    outcome: Outcome,
    message: String,
    details: Value,
}

impl Done {
    pub(super) fn passed(message: impl Into<String>) -> Self {
        Self { outcome: Outcome::Passed, message: message.into(), details: json!({}) }
    }

    pub(super) fn skipped(message: impl Into<String>) -> Self {
        Self { outcome: Outcome::Skipped, ..Self::passed(message) }
    }

    pub(super) fn with(self, details: Value) -> Self {
        Self { details, ..self }
    }
}

/// The steps of one procedure, or of what is left of it.
pub(super) struct Steps<'j> {
    pub(super) journal: &'j mut Journal,
    reports: Vec<StepReport>,
    began: Instant,
}

/// What became of a step; a journal that cannot be written is the outer error.
pub(super) type Taken = Result<Result<(), RolloutError>, RolloutError>;

impl<'j> Steps<'j> {
    pub(super) fn new(journal: &'j mut Journal) -> Self {
        Self { journal, reports: Vec::new(), began: Instant::now() }
    }

    /// Takes a step unless it has passed.
    pub(super) fn take(&mut self, step: &str, act: impl FnOnce() -> Result<Done, RolloutError>) -> Taken {
        let active = self.journal.standing().active.as_ref();
        if active.is_some_and(|active| active.passed.contains_key(step)) {
            return Ok(Ok(()));
        }
        self.take_again(step, act)
    }

    /// Takes a step even if it has passed.
    pub(super) fn take_again(
        &mut self,
        step: &str,
        act: impl FnOnce() -> Result<Done, RolloutError>,
    ) -> Taken {
        self.journal.append(Event::Taking { step: step.to_owned() })?;
        let began = Instant::now();
        let result = act();
        let milliseconds = milliseconds_since(began);
        let (done, result) = match result {
            Ok(done) => (done, Ok(())),
            Err(error) => {
                let failed = Done { outcome: Outcome::Failed, ..Done::passed(error.to_string()) };
                (failed, Err(error))
            }
        };
        let Done { outcome, message, details } = done;
        let step = step.to_owned();
        self.reports.push(StepReport { step: step.clone(), outcome, message: message.clone(), milliseconds });
        self.journal.append(Event::Step { step, outcome, message, milliseconds, details })?;
        Ok(result)
    }

    /// A text that a passed step of this procedure left.
    pub(super) fn detail(&self, step: &str, key: &str) -> Option<String> {
        self.journal.standing().active.as_ref()?.detail(step, key).map(str::to_owned)
    }

    pub(super) fn moved(&mut self, to: Stage, reason: &str, evidence: &[String]) -> Result<(), RolloutError> {
        let from = self.journal.standing().stage;
        let (reason, evidence) = (reason.to_owned(), evidence.to_vec());
        self.journal.append(Event::Moved { from, to, reason, evidence }).map(|_| ())
    }

    /// Ends the procedure.
    pub(super) fn end(
        self,
        procedure: Procedure,
        outcome: Outcome,
        message: String,
    ) -> Result<ProcedureReport, RolloutError> {
        let milliseconds = milliseconds_since(self.began);
        let ended = Event::Ended { procedure, outcome, message: message.clone(), milliseconds };
        self.journal.append(ended)?;
        let (stage, steps) = (self.journal.standing().stage, self.reports);
        Ok(ProcedureReport { procedure, stage, steps, message, milliseconds, recall: Vec::new() })
    }
}

/// Ends a procedure that was interrupted and that nothing has to be undone of; any other one must be finished first.
pub(crate) fn now_ended(journal: &mut Journal) -> Result<(), RolloutError> {
    let Some(active) = &journal.standing().active else { return Ok(()) };
    let procedure = active.procedure;
    let name = procedure.as_str();
    if matches!(procedure, Procedure::Cutover | Procedure::Rollback) {
        let to_do = match procedure {
            Procedure::Cutover => "repeat it, or roll back",
            _ => "repeat it",
        };
        return Err(RolloutError::Refused(format!("the {name} was interrupted: {to_do}")));
    }
    let message = match &active.taking {
        Some(step) => format!("interrupted while taking `{step}`"),
        None => "interrupted".to_owned(),
    };
    journal.append(Event::Ended { procedure, outcome: Outcome::Failed, message, milliseconds: 0 })?;
    Ok(())
}

pub(super) fn milliseconds_since(began: Instant) -> u64 {
    u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX)
}
