//! Making the candidate official.

use serde_json::json;

use super::backup;
use super::gate::CutoverRequest;
use super::hooks;
use super::identity::identity;
use super::pointer::{Pointer, active};
use super::report::{PlannedStep, ProcedureReport};
use super::rollback::rollback;
use super::site::Site;
use super::steps::{Done, Steps, now_ended};
use crate::RolloutError;
use crate::journal::{Event, Journal, Outcome, Procedure};
use crate::stage::Stage;

/// What a cutover would do.
pub(crate) fn plan(site: &Site<'_>) -> Vec<PlannedStep> {
    let (baseline, candidate) = (&site.baseline().name, &site.candidate().name);
    let hook = |name, hook: &Option<_>, version: &str| hooks::shown(site, name, hook.as_ref(), version);
    let (files, pointer) = (site.files.len(), site.pointer.display());
    let backups = site.state.join("backups");
    vec![
        PlannedStep::new(
            "precheck",
            format!(
                "hold the stage, the pointer, the space for a backup and `{candidate}` against what was approved"
            ),
        ),
        PlannedStep::new("last_good", format!("run `{baseline}` once and keep its values as last good")),
        PlannedStep::new(
            "backup",
            format!("copy {files} configured files and {pointer} to {}", backups.display()),
        ),
        PlannedStep::new("validate", format!("load `{candidate}` and hold it against what was approved")),
        PlannedStep::new("stop", hook("stop", &site.stop, baseline)),
        PlannedStep::new("swap", format!("name `{candidate}` in {pointer}")),
        PlannedStep::new("start", hook("start", &site.start, candidate)),
        PlannedStep::new("smoke", format!("run `{candidate}` once and keep its values as last good")),
    ]
}

/// Makes the candidate official, or finishes doing so; `from` is the stage from which it is asked for. After a failure
/// what was done is undone.
pub(crate) fn cutover(
    site: &Site<'_>,
    journal: &mut Journal,
    request: &CutoverRequest,
    from: Stage,
) -> Result<ProcedureReport, RolloutError> {
    let stage = journal.standing().stage;
    let procedure = journal.standing().active.as_ref().map(|active| active.procedure);
    match (procedure, stage) {
        (Some(Procedure::Rollback), _) => {
            let report = rollback(site, journal, "repeated")?;
            return Err(RolloutError::Refused(format!(
                "cutover: a rollback was under way and is finished now: {}",
                report.message
            )));
        }
        (None, Stage::Cutover) => {
            let report = rollback(site, journal, "the cutover had failed")?;
            return Err(RolloutError::Failed(format!("cutover: it had failed; {}", report.message)));
        }
        // All was done but for the last line.
        (Some(Procedure::Cutover), Stage::Monitoring) => return finish(site, Steps::new(journal)),
        (Some(Procedure::Cutover), _) => {
            same_target(site, journal)?;
            allowed(journal, request)?;
        }
        _ => begin(site, journal, request, from)?,
    }
    let mut steps = Steps::new(journal);
    if steps.journal.standing().stage != Stage::Cutover
        && let Err(error) = prepare(site, &mut steps, request)?
    {
        let message = format!("cutover: {error}; nothing was changed");
        steps.end(Procedure::Cutover, Outcome::Failed, message.clone())?;
        return Err(like(&error, message));
    }
    match take_over(site, &mut steps, request).and_then(|taken| taken) {
        Ok(()) => finish(site, steps),
        Err(error) => Err(undo(site, steps, &error)),
    }
}

/// An interrupted cutover is finished for the version for which it began, and for no other.
fn same_target(site: &Site<'_>, journal: &Journal) -> Result<(), RolloutError> {
    let target = journal.standing().active.as_ref().and_then(|active| active.target.as_ref());
    match target.filter(|target| **target != site.candidate().name) {
        None => Ok(()),
        Some(target) => Err(RolloutError::Refused(format!(
            "cutover: expected the candidate `{target}`, whose cutover was interrupted, found `{}`: roll back first",
            site.candidate().name
        ))),
    }
}

fn begin(
    site: &Site<'_>,
    journal: &mut Journal,
    request: &CutoverRequest,
    from: Stage,
) -> Result<(), RolloutError> {
    let refused = |message: String| Err(RolloutError::Refused(message));
    let standing = journal.standing();
    let stage = standing.stage;
    // Only evidence makes a rollout ready; whoever breaks the glass comes from the shadow.
    let by_force = request.break_glass.is_some() && from == Stage::Ready && stage == Stage::Shadow;
    if stage != from && !by_force {
        return refused(format!("cutover: expected the stage `{from}`, found `{stage}`"));
    }
    if standing.restored.as_ref().is_some_and(|restored| !restored.proven) {
        return refused(
            "cutover: expected a rollback that is proven, found one that is not: repeat it".to_owned(),
        );
    }
    allowed(journal, request)?;
    now_ended(journal)?;
    let target = Some(site.candidate().name.clone());
    journal.append(Event::Began { procedure: Procedure::Cutover, target })?;
    if let (Some(reason), false) = (&request.break_glass, request.verdict.open) {
        let (reason, missing) = (reason.clone(), request.verdict.missing.clone());
        journal.append(Event::BrokeGlass { reason, missing })?;
    }
    Ok(())
}

fn allowed(journal: &Journal, request: &CutoverRequest) -> Result<(), RolloutError> {
    let reason = request.break_glass.as_ref();
    if reason.is_some_and(|reason| reason.trim().is_empty()) {
        let message = "break-glass: expected a reason, found none".to_owned();
        return Err(RolloutError::Refused(message));
    }
    if reason.is_some() {
        return Ok(());
    }
    if request.verdict.open {
        return request.verdict.holds_for(journal.record());
    }
    Err(RolloutError::Refused(format!("the gate is closed: {}", request.verdict.missing.join("; "))))
}

/// What changes nothing yet.
fn prepare(site: &Site<'_>, steps: &mut Steps<'_>, request: &CutoverRequest) -> super::steps::Taken {
    let mut taken = steps.take_again("precheck", || precheck(site, request))?;
    if taken.is_ok() {
        taken = steps.take("last_good", || smoke(site, Procedure::Rollback))?;
    }
    if taken.is_ok() {
        if steps.journal.standing().stage == Stage::Shadow {
            steps.moved(Stage::Ready, "break-glass", &[])?;
        }
        let reason = request.break_glass.as_deref().filter(|_| !request.verdict.open);
        let reason =
            reason.map_or_else(|| request.verdict.reason(), |reason| format!("break-glass: {reason}"));
        steps.moved(Stage::Cutover, &reason, &request.verdict.evidence)?;
    }
    Ok(taken)
}

/// What is undone if a part of it fails.
fn take_over(site: &Site<'_>, steps: &mut Steps<'_>, request: &CutoverRequest) -> super::steps::Taken {
    let began = steps.journal.standing().active.as_ref().map_or(0, |active| active.began);
    let mut taken = steps.take("backup", || {
        let pointer = super::files::read(&site.pointer)?.map(|(bytes, _)| bytes);
        let pointer = pointer.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        let (manifest, digest) = backup::make(site, began)?;
        let found = manifest.files.iter().filter(|kept| kept.copy.is_some()).count();
        let message = format!("{found} of {} configured files are there and copied", manifest.files.len());
        let details =
            json!({ "manifest": digest, "pointer": pointer, "pointer_path": manifest.pointer.path });
        Ok(Done::passed(message).with(details))
    })?;
    if taken.is_ok() {
        // Also after an interruption: the files may be others by now.
        taken = steps.take_again("validate", || approved(site, request))?;
    }
    if taken.is_ok() {
        taken = steps.take("stop", || hooks::run(site, "stop", site.stop.as_ref(), site.baseline()))?;
    }
    if taken.is_ok() {
        taken = steps.take("swap", || swap(site, began))?;
    }
    if taken.is_ok() {
        taken = steps.take("start", || hooks::run(site, "start", site.start.as_ref(), site.candidate()))?;
    }
    if taken.is_ok() {
        taken = steps.take("smoke", || smoke(site, Procedure::Cutover))?;
    }
    Ok(taken)
}

fn finish(site: &Site<'_>, mut steps: Steps<'_>) -> Result<ProcedureReport, RolloutError> {
    let candidate = &site.candidate().name;
    if steps.journal.standing().stage == Stage::Cutover
        && let Err(error) = steps.moved(Stage::Monitoring, &format!("`{candidate}` took over"), &[])
    {
        return Err(undo(site, steps, &error));
    }
    steps.end(Procedure::Cutover, Outcome::Passed, format!("`{candidate}` is active"))
}

fn undo(site: &Site<'_>, steps: Steps<'_>, error: &RolloutError) -> RolloutError {
    let journal = steps.journal;
    let (procedure, outcome, message) = (Procedure::Cutover, Outcome::Failed, error.to_string());
    let ended = journal.append(Event::Ended { procedure, outcome, message, milliseconds: 0 });
    let undone = ended.and_then(|_| rollback(site, journal, &format!("automatic: {error}")));
    RolloutError::Failed(match undone {
        Ok(report) => format!("cutover: {error}; {}", report.message),
        Err(second) => format!("cutover: {error}; the rollback: {second}"),
    })
}

fn precheck(site: &Site<'_>, request: &CutoverRequest) -> Result<Done, RolloutError> {
    let (baseline, found) = (&site.baseline().name, active(&site.pointer)?);
    let found = found.name(baseline);
    if found != baseline {
        return Err(RolloutError::Refused(format!(
            "{}: expected the baseline `{baseline}` to be active, found `{found}`",
            site.pointer.display()
        )));
    }
    let mut needed = 0;
    for path in site.files.iter().chain([&site.pointer]) {
        needed += super::files::read(path)?.map_or(0, |(bytes, _)| bytes.len() as u64);
    }
    space(site, needed)?;
    approved(site, request)
}

/// The backup, and as much again for what replaces the files.
fn space(site: &Site<'_>, needed: u64) -> Result<(), RolloutError> {
    #[cfg(unix)]
    {
        let failed = |error: rustix::io::Errno| RolloutError::io(&site.state, error.into());
        let found = rustix::fs::statvfs(&site.state).map_err(failed)?;
        let free = found.f_bavail.saturating_mul(found.f_frsize);
        if free < needed.saturating_mul(2) {
            let message =
                format!("expected {} free bytes for a backup, found {free}", needed.saturating_mul(2));
            return Err(RolloutError::io(&site.state, std::io::Error::other(message)));
        }
    }
    #[cfg(not(unix))]
    let _the_backup_shows_it = (site, needed);
    Ok(())
}

fn approved(site: &Site<'_>, request: &CutoverRequest) -> Result<Done, RolloutError> {
    let candidate = site.candidate();
    let found = identity(site.config, candidate)?;
    if let Some(approved) = &request.verdict.candidate
        && *approved != found
    {
        return Err(RolloutError::Refused(format!(
            "`{}`: expected the identity `{approved}`, which was approved, found `{found}`",
            candidate.name
        )));
    }
    Ok(Done::passed(format!("`{}` loads", candidate.name)).with(json!({ "candidate": found })))
}

fn swap(site: &Site<'_>, began: u64) -> Result<Done, RolloutError> {
    let candidate = site.candidate();
    let pointer = Pointer {
        active: candidate.name.clone(),
        configuration: candidate.configuration.clone(),
        previous: Some(site.baseline().name.clone()),
        journal: began,
    };
    pointer.write(site.storage(), &site.pointer)?;
    Ok(Done::passed(format!("the pointer names `{}`", candidate.name)))
}

/// A smoke run of the version that a procedure makes official; its values are kept as last good.
fn smoke(site: &Site<'_>, makes: Procedure) -> Result<Done, RolloutError> {
    let version = if makes == Procedure::Cutover { site.candidate() } else { site.baseline() };
    let values = site.smoke(version)?;
    site.keep(&values)?;
    let message = format!("`{}` gave {} values", version.name, values.values);
    Ok(Done::passed(message).with(json!({ "values": values.digest })))
}

/// Another message of the same kind.
fn like(error: &RolloutError, message: String) -> RolloutError {
    match error.kind() {
        crate::ErrorKind::Refused => RolloutError::Refused(message),
        _ => RolloutError::Failed(message),
    }
}
