//! How far a rollout has come: a fold over the journal's lines.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::{Event, Outcome, Procedure};
use crate::stage::Stage;

/// How far a rollout has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The stage; staging before anything happened.
    pub stage: Stage,
    /// Since when.
    pub since: Option<DateTime<Utc>>,
    /// The procedure that began and has not ended: it is under way, or was interrupted.
    pub active: Option<Progress>,
    /// The cutover that ended last, which is what a rollback undoes.
    pub cutover: Option<Progress>,
    /// How the last rollback ended; none since another cutover began.
    pub restored: Option<Restored>,
}

/// How a rollback ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restored {
    /// Whether what is there now was found equal to what was there before the cutover.
    pub proven: bool,
    /// What was found.
    pub message: String,
}

/// A procedure, as far as it has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Which.
    pub procedure: Procedure,
    /// The version that it makes official, where it makes one.
    pub target: Option<String>,
    /// The number of the line with which it began.
    pub began: u64,
    /// When.
    pub at: DateTime<Utc>,
    /// The step that was being taken; of an interrupted procedure it may be half done.
    pub taking: Option<String>,
    /// The steps that were begun, with when they were first.
    pub begun: BTreeMap<String, DateTime<Utc>>,
    /// The steps that passed or were not needed, with what they left.
    pub passed: BTreeMap<String, Value>,
}

impl Default for Standing {
    fn default() -> Self {
        Self { stage: Stage::Staging, since: None, active: None, cutover: None, restored: None }
    }
}

impl Standing {
    /// The standing behind one more line.
    ///
    /// # Errors
    /// Why the event may not follow: an illegal transition, a step outside of its procedure.
    pub(super) fn after(&self, seq: u64, at: DateTime<Utc>, event: &Event) -> Result<Self, String> {
        let mut next = self.clone();
        match event {
            Event::Began { procedure, target } => {
                if let Some(active) = &self.active {
                    let (found, active) = (procedure.as_str(), active.procedure.as_str());
                    return Err(format!("`{found}`: expected to begin after the end of `{active}`"));
                }
                next.active = Some(Progress::new(*procedure, target.clone(), seq, at));
                if *procedure == Procedure::Cutover {
                    (next.cutover, next.restored) = (None, None);
                }
            }
            Event::Taking { step } => {
                let active = next.active.as_mut().ok_or_else(|| outside(step))?;
                active.taking = Some(step.clone());
                active.begun.entry(step.clone()).or_insert(at);
            }
            Event::Step { step, outcome, details, .. } => {
                let active = next.active.as_mut().ok_or_else(|| outside(step))?;
                if active.taking.as_ref() != Some(step) {
                    let taking = active.taking.as_deref().unwrap_or("none");
                    return Err(format!("expected the end of the step `{taking}`, found that of `{step}`"));
                }
                active.taking = None;
                if *outcome != Outcome::Failed {
                    active.passed.insert(step.clone(), details.clone());
                }
            }
            Event::Ended { procedure, outcome, message, .. } => {
                let ended = next.active.take().filter(|active| active.procedure == *procedure);
                let ended =
                    ended.ok_or_else(|| format!("`{}`: ended but had not begun", procedure.as_str()))?;
                match procedure {
                    Procedure::Cutover => next.cutover = Some(ended),
                    Procedure::Rollback if self.stage == Stage::RolledBack => {
                        let proven = *outcome == Outcome::Passed;
                        next.restored = Some(Restored { proven, message: message.clone() });
                    }
                    _ => {}
                }
            }
            Event::Moved { from, to, .. } => {
                if *from != self.stage {
                    return Err(format!("stage: expected to leave `{}`, found `{from}`", self.stage));
                }
                if !from.may_become(*to) {
                    return Err(format!("stage: expected one that `{from}` may become, found `{to}`"));
                }
                (next.stage, next.since) = (*to, Some(at));
            }
            Event::Recorded { .. }
            | Event::Approved { .. }
            | Event::BrokeGlass { .. }
            | Event::Triggered { .. } => {}
        }
        Ok(next)
    }
}

impl Progress {
    fn new(procedure: Procedure, target: Option<String>, began: u64, at: DateTime<Utc>) -> Self {
        let (begun, passed) = (BTreeMap::new(), BTreeMap::new());
        Self { procedure, target, began, at, taking: None, begun, passed }
    }

    /// A text that a passed step left.
    pub fn detail(&self, step: &str, key: &str) -> Option<&str> {
        self.passed.get(step)?.get(key)?.as_str()
    }
}

impl Procedure {
    /// The procedure in snake case.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Staging => "staging",
            Self::Cutover => "cutover",
            Self::Rollback => "rollback",
            Self::Rehearsal => "rehearsal",
        }
    }
}

fn outside(step: &str) -> String {
    format!("step `{step}`: expected to be taken in a procedure, found none that has begun")
}
