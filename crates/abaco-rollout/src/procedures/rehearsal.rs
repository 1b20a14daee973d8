//! A cutover, its rollback and going forward again, on copies.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::json;

use super::cutover::cutover;
use super::gate::{CutoverRequest, GateVerdict};
use super::identity::identity;
use super::report::{PlannedStep, ProcedureReport, Rehearsed};
use super::rollback::rollback;
use super::site::Site;
use super::steps::{Done, Steps, now_ended};
use crate::RolloutError;
use crate::evidence::RehearsalRecord;
use crate::journal::{Event, Journal, Outcome, Procedure};
use crate::stage::Stage;

/// What a rehearsal would do.
pub(crate) fn plan(site: &Site<'_>) -> Vec<PlannedStep> {
    let hooks = site.config.settings.procedures.rehearsal_hooks.is_some();
    let hooks =
        if hooks { "with the hooks of the rehearsal" } else { "without hooks: none are configured for it" };
    let pointer = site.pointer.display();
    vec![
        PlannedStep::new(
            "copy",
            format!("copy {} configured files and {pointer} to a new folder", site.files.len()),
        ),
        PlannedStep::new("cutover", format!("cut over there, {hooks}")),
        PlannedStep::new("rollback", "roll back there, and measure how long it takes"),
        PlannedStep::new("forward", "cut over there once more"),
    ]
}

/// Rehearses a cutover and its rollback on copies of the pointer and the configured files, with a journal of their own.
pub(crate) fn rehearse(site: &Site<'_>, journal: &mut Journal) -> Result<Rehearsed, RolloutError> {
    now_ended(journal)?;
    let stage = journal.standing().stage;
    if !matches!(stage, Stage::Shadow | Stage::Ready | Stage::RolledBack) {
        let message =
            format!("rehearsal: expected the stage `shadow`, `ready` or `rolled_back`, found `{stage}`");
        return Err(RolloutError::Refused(message));
    }
    let target = Some(site.candidate().name.clone());
    journal.append(Event::Began { procedure: Procedure::Rehearsal, target })?;
    let mut steps = Steps::new(journal);
    let mut milliseconds = 0;
    if let Err(error) = all(site, &mut steps, &mut milliseconds)? {
        let message = format!("rehearsal: {error}");
        steps.end(Procedure::Rehearsal, Outcome::Failed, message.clone())?;
        return Err(RolloutError::Failed(message));
    }
    let detail = |key| steps.detail("copy", key).unwrap_or_default();
    let (candidate, baseline) = (detail("candidate"), detail("baseline"));
    let message = format!("cut over, rolled back in {milliseconds} ms, forward again, on copies");
    let report = steps.end(Procedure::Rehearsal, Outcome::Passed, message)?;
    let record =
        RehearsalRecord { baseline, rollback_milliseconds: milliseconds, proven: true, forward: true };
    Ok(Rehearsed { report, record, candidate })
}

fn all(site: &Site<'_>, steps: &mut Steps<'_>, milliseconds: &mut u64) -> super::steps::Taken {
    let folder = match tempfile::tempdir() {
        Ok(folder) => folder,
        Err(error) => return Ok(Err(RolloutError::io(&std::env::temp_dir(), error))),
    };
    let mut copied = None;
    let mut taken = steps.take_again("copy", || {
        let copy = copy(site, folder.path())?;
        let baseline = identity(site.config, site.baseline())?;
        let candidate = identity(site.config, site.candidate())?;
        let message = format!("{} configured files and the pointer", copy.files.len());
        copied = Some((copy, candidate.clone()));
        Ok(Done::passed(message).with(json!({ "candidate": candidate, "baseline": baseline })))
    })?;
    let Some((copy, candidate)) = copied else { return Ok(taken) };
    let request = CutoverRequest {
        verdict: GateVerdict { open: true, candidate: Some(candidate), ..GateVerdict::default() },
        break_glass: None,
    };
    let mut own = match begin(&copy) {
        Ok(own) => own,
        Err(error) => return Ok(Err(error)),
    };
    if taken.is_ok() {
        taken = steps.take_again("cutover", || {
            cutover(&copy, &mut own, &request, Stage::Ready).map(|report| done(&report))
        })?;
    }
    if taken.is_ok() {
        taken = steps.take_again("rollback", || {
            let report = rollback(&copy, &mut own, "rehearsal")?;
            *milliseconds = report.milliseconds;
            Ok(done(&report))
        })?;
    }
    if taken.is_ok() {
        taken = steps.take_again("forward", || {
            cutover(&copy, &mut own, &request, Stage::RolledBack).map(|report| done(&report))
        })?;
    }
    Ok(taken)
}

fn done(report: &ProcedureReport) -> Done {
    let skipped = report.steps.iter().filter(|step| step.outcome == Outcome::Skipped);
    let skipped: Vec<String> =
        skipped.map(|step| format!("`{}` skipped: {}", step.step, step.message)).collect();
    let message = std::iter::once(report.message.clone()).chain(skipped).collect::<Vec<_>>().join("; ");
    Done::passed(message).with(json!({ "milliseconds": report.milliseconds }))
}

/// The same place in another folder. The copies are no part of what the rollout keeps.
fn copy<'a>(site: &Site<'a>, folder: &Path) -> Result<Site<'a>, RolloutError> {
    let copied = |from: &Path, name: String| -> Result<PathBuf, RolloutError> {
        let to = folder.join(name);
        if from.exists() {
            fs::copy(from, &to).map_err(|error| RolloutError::io(from, error))?;
        }
        Ok(to)
    };
    let files = site.files.iter().enumerate();
    let files = files.map(|(index, path)| copied(path, format!("file-{index}"))).collect::<Result<_, _>>()?;
    let hooks = site.config.settings.procedures.rehearsal_hooks.clone().unwrap_or_default();
    Ok(Site {
        config: site.config,
        options: site.options,
        state: folder.join("state"),
        pointer: copied(&site.pointer, "pointer.json".to_owned())?,
        files,
        folder: folder.to_path_buf(),
        stop: hooks.stop,
        start: hooks.start,
        without_hook: "is not configured for rehearsals",
        published: None,
    })
}

/// A journal of the copy's own, in which the rollout is ready.
fn begin(copy: &Site<'_>) -> Result<Journal, RolloutError> {
    let options = copy.options;
    let mut own = Journal::open(&copy.state, Arc::clone(&options.storage), options.clock, &options.actor)?;
    for (from, to) in [(Stage::Staging, Stage::Shadow), (Stage::Shadow, Stage::Ready)] {
        own.append(Event::Moved { from, to, reason: "rehearsal".to_owned(), evidence: Vec::new() })?;
    }
    Ok(own)
}
