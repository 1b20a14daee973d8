//! Which version is active, what was going on, and what to do next.

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::RolloutError;
use crate::journal::{Procedure, Record};
use crate::procedures::{Active, Site, active};
use crate::stage::Stage;

/// Which version is active, what was going on, and what to do next.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Status {
    /// How far the rollout has come.
    pub stage: Stage,
    /// Since when; none before anything happened.
    pub since: Option<DateTime<Utc>>,
    /// The version that is official, as the pointer says; none where what it says cannot be read.
    pub active: Option<String>,
    /// Where the pointer says something else than the journal, or nothing.
    pub trouble: Option<String>,
    /// Whether there is a pointer; without one the baseline is active.
    pub pointer: bool,
    /// The procedure that is under way or was interrupted.
    pub procedure: Option<UnderWay>,
    /// Whether the last rollback was proven; none if there was none since the last cutover.
    pub proven: Option<bool>,
    /// Lines of the journal.
    pub entries: u64,
    /// The digest of its last line.
    pub head: String,
    /// What to do next, as a sentence.
    pub next: String,
}

/// A procedure that is under way or was interrupted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct UnderWay {
    /// Which.
    pub procedure: Procedure,
    /// When it began.
    pub since: DateTime<Utc>,
    /// The step that was being taken.
    pub taking: Option<String>,
}

impl Status {
    pub(crate) fn of(site: &Site<'_>, record: &Record) -> Result<Self, RolloutError> {
        let standing = &record.standing;
        let pointer = active(&site.pointer);
        let procedure = standing.active.as_ref().map(|active| UnderWay {
            procedure: active.procedure,
            since: active.at,
            taking: active.taking.clone(),
        });
        let proven = standing.restored.as_ref().map(|restored| restored.proven);
        let found = match &pointer {
            Ok(found) => Ok(found.name(&site.baseline().name).to_owned()),
            Err(error) => Err(error.to_string()),
        };
        let trouble = match (&found, official(site, standing.stage, procedure.is_some())) {
            (Err(error), _) => Some(error.clone()),
            (Ok(found), Some(expected)) if found != expected => Some(format!(
                "{}: expected `{expected}`, which the journal says is active, found `{found}`",
                site.pointer.display()
            )),
            _ => None,
        };
        let next = match &trouble {
            Some(_) => mend(standing.stage, procedure.as_ref(), proven),
            None => next(standing.stage, procedure.as_ref(), proven),
        };
        Ok(Self {
            stage: standing.stage,
            since: standing.since,
            active: found.ok(),
            trouble,
            pointer: !matches!(pointer, Ok(Active::Baseline)),
            next,
            procedure,
            proven,
            entries: record.entries.len() as u64,
            head: record.head().to_owned(),
        })
    }
}

/// The version that the journal says is active; none while that may change.
fn official<'s>(site: &'s Site<'_>, stage: Stage, is_under_way: bool) -> Option<&'s str> {
    match stage {
        Stage::Cutover => None,
        _ if is_under_way => None,
        Stage::Monitoring | Stage::Complete => Some(&site.candidate().name),
        Stage::Staging | Stage::Shadow | Stage::Ready | Stage::RolledBack => Some(&site.baseline().name),
    }
}

/// What to do where the pointer is not what it should be.
fn mend(stage: Stage, procedure: Option<&UnderWay>, proven: Option<bool>) -> String {
    match stage {
        Stage::Cutover | Stage::Monitoring => {
            "find out who changed the pointer; `abaco rollout rollback` restores it with the baseline"
                .to_owned()
        }
        _ if procedure.is_some() => next(stage, procedure, proven),
        _ => "find out who changed the pointer, and put it back: then ask `abaco rollout status`".to_owned(),
    }
}

fn next(stage: Stage, procedure: Option<&UnderWay>, proven: Option<bool>) -> String {
    if let Some(under_way) = procedure {
        let name = under_way.procedure.as_str();
        let at = match &under_way.taking {
            Some(step) => format!("the {name} is taking `{step}` or was interrupted there"),
            None => format!("the {name} is under way or was interrupted between two steps"),
        };
        let next = match under_way.procedure {
            Procedure::Staging => "`abaco rollout advance` begins it again",
            Procedure::Cutover => "`abaco rollout cutover` finishes it, `abaco rollout rollback` undoes it",
            Procedure::Rollback => "`abaco rollout rollback` finishes it",
            Procedure::Rehearsal => "`abaco rollout rehearse` begins it again",
        };
        return format!("{at}: {next}");
    }
    match (stage, proven) {
        (Stage::Staging, _) => "`abaco rollout advance` sets the candidate up",
        (Stage::Shadow, _) => "collect evidence; `abaco rollout advance` goes on when the gate is open",
        (Stage::Ready, _) => "`abaco rollout cutover` makes the candidate official",
        (Stage::Cutover, _) => "the cutover failed and was not undone: `abaco rollout rollback` undoes it",
        (Stage::Monitoring, _) => {
            "watch the monitor; `abaco rollout advance` completes, `abaco rollout rollback` undoes"
        }
        (Stage::Complete, _) => "nothing: the baseline may be decommissioned",
        (Stage::RolledBack, Some(false)) => {
            "the rollback is not proven: `abaco rollout rollback` tries again"
        }
        (Stage::RolledBack, _) => {
            "find the cause; `abaco rollout forward` takes over again while the gate is open, \
             `abaco rollout advance` returns to the shadow when it is closed"
        }
    }
    .to_owned()
}
