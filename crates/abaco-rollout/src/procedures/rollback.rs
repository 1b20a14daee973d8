//! Making the baseline official again, and proving it.

use serde_json::{Value, json};

use super::backup::{self, Manifest};
use super::files;
use super::hooks;
use super::report::{PlannedStep, ProcedureReport};
use super::site::Site;
use super::steps::{Done, Steps, milliseconds_since, now_ended};
use super::values::difference;
use crate::RolloutError;
use crate::journal::{Event, Journal, Outcome, Procedure, Progress};
use crate::stage::Stage;

/// What a rollback would do.
pub(crate) fn plan(site: &Site<'_>) -> Vec<PlannedStep> {
    let (baseline, candidate) = (&site.baseline().name, &site.candidate().name);
    let hook = |name, hook: &Option<_>, version: &str| hooks::shown(site, name, hook.as_ref(), version);
    let (files, pointer) = (site.files.len(), site.pointer.display());
    vec![
        PlannedStep::new("stop_candidate", hook("stop", &site.stop, candidate)),
        PlannedStep::new("restore_files", format!("put {files} configured files back where they differ")),
        PlannedStep::new("restore_pointer", format!("put {pointer} back, which named `{baseline}`")),
        PlannedStep::new("start_baseline", hook("start", &site.start, baseline)),
        PlannedStep::new(
            "prove",
            format!("hold files, pointer and a smoke run of `{baseline}` against what they were"),
        ),
        PlannedStep::new("recall", format!("list the runs that `{candidate}` published")),
    ]
}

/// Undoes the last cutover. What can be restored is restored even if a hook fails; but unless every step passes and the proof
/// holds, the result is an error, the rollout stays rolled back without proof, and asking once more tries all of it again.
pub(crate) fn rollback(
    site: &Site<'_>,
    journal: &mut Journal,
    reason: &str,
) -> Result<ProcedureReport, RolloutError> {
    let stage = journal.standing().stage;
    let active = journal.standing().active.clone();
    match &active {
        Some(active) if active.procedure == Procedure::Cutover => {
            interrupted(journal, active)?;
            if !matches!(stage, Stage::Cutover | Stage::Monitoring) {
                let message = "the cutover was interrupted before it changed anything".to_owned();
                let (procedure, steps, recall) = (Procedure::Rollback, Vec::new(), Vec::new());
                return Ok(ProcedureReport { procedure, stage, steps, message, milliseconds: 0, recall });
            }
        }
        Some(active) if active.procedure == Procedure::Rollback => {}
        _ => now_ended(journal)?,
    }
    let standing = journal.standing();
    let resumed = standing.active.is_some();
    let unproven = standing.restored.as_ref().is_some_and(|restored| !restored.proven);
    if !resumed && !matches!(stage, Stage::Cutover | Stage::Monitoring) && !unproven {
        return Err(RolloutError::Refused(format!(
            "rollback: expected the stage `cutover` or `monitoring`, found `{stage}`"
        )));
    }
    let cutover = standing.cutover.clone().ok_or_else(|| {
        RolloutError::Refused("rollback: expected a cutover in the journal, found none".to_owned())
    })?;
    same_place(site, &cutover)?;
    if !resumed {
        let target = Some(site.baseline().name.clone());
        journal.append(Event::Began { procedure: Procedure::Rollback, target })?;
    }
    Undoing { site, cutover, doubts: Vec::new() }.perform(Steps::new(journal), reason)
}

/// What was cut over is what is rolled back: a `rollout.yml` that names another pointer or other versions by now would leave the
/// one that counts where it is.
fn same_place(site: &Site<'_>, cutover: &Progress) -> Result<(), RolloutError> {
    let refused = |what: &str, expected: &str, found: &str| {
        Err(RolloutError::Refused(format!(
            "rollback: `{what}` in {}: expected `{expected}`, as when it was cut over, found `{found}`",
            site.config.path.display()
        )))
    };
    let candidate = &site.candidate().name;
    if let Some(target) = cutover.target.as_ref().filter(|target| *target != candidate) {
        return refused("candidate", target, candidate);
    }
    let failed = |error| RolloutError::io(&site.pointer, error);
    let pointer = std::path::absolute(&site.pointer).map_err(failed)?.display().to_string();
    match cutover.detail("backup", "pointer_path").filter(|path| *path != pointer) {
        Some(path) => refused("pointer", path, &pointer),
        None => Ok(()),
    }
}

fn interrupted(journal: &mut Journal, active: &Progress) -> Result<(), RolloutError> {
    let message = match &active.taking {
        Some(step) => format!("interrupted while taking `{step}`"),
        None => "interrupted".to_owned(),
    };
    let (procedure, outcome) = (Procedure::Cutover, Outcome::Failed);
    journal.append(Event::Ended { procedure, outcome, message, milliseconds: 0 }).map(|_| ())
}

struct Undoing<'a> {
    site: &'a Site<'a>,
    /// What is undone.
    cutover: Progress,
    /// Why it cannot be said that all is as it was.
    doubts: Vec<String>,
}

impl Undoing<'_> {
    fn perform(mut self, mut steps: Steps<'_>, reason: &str) -> Result<ProcedureReport, RolloutError> {
        let began = std::time::Instant::now();
        let site = self.site;
        let (baseline, candidate) = (site.baseline(), site.candidate());
        self.doubt(steps.take("stop_candidate", || {
            if !self.cutover.begun.contains_key("start") {
                return Ok(Done::skipped(format!("`{}` was not started", candidate.name)));
            }
            hooks::run(site, "stop", site.stop.as_ref(), candidate)
        })?);
        self.doubt(steps.take("restore_files", || self.restore_files())?);
        let pointer = steps.take("restore_pointer", || self.restore_pointer())?;
        if let Err(error) = pointer {
            // Which version is active is what matters most: the stage says so only when it is true.
            let message = format!("rollback: the pointer could not be restored: {error}");
            steps.end(Procedure::Rollback, Outcome::Failed, message.clone())?;
            return Err(RolloutError::Failed(message));
        }
        self.doubt(steps.take("start_baseline", || {
            if !self.cutover.begun.contains_key("stop") {
                return Ok(Done::skipped(format!("`{}` was not stopped", baseline.name)));
            }
            hooks::run(site, "start", site.start.as_ref(), baseline)
        })?);
        self.doubt(steps.take_again("prove", || self.prove())?);
        let mut recall = Vec::new();
        self.doubt(steps.take_again("recall", || {
            let (done, runs) = self.recall()?;
            recall = runs;
            Ok(done)
        })?);
        if steps.journal.standing().stage != Stage::RolledBack {
            steps.moved(Stage::RolledBack, reason, &[])?;
        }
        let milliseconds = milliseconds_since(began);
        let name = &baseline.name;
        if self.doubts.is_empty() {
            let message = format!("rolled back: `{name}` is active and proven, in {milliseconds} ms");
            let report = steps.end(Procedure::Rollback, Outcome::Passed, message)?;
            return Ok(ProcedureReport { recall, ..report });
        }
        let doubts = self.doubts.join("; ");
        let message = format!("rolled back: `{name}` is active, but not proven: {doubts}");
        steps.end(Procedure::Rollback, Outcome::Failed, message.clone())?;
        Err(RolloutError::Failed(message))
    }

    fn doubt(&mut self, taken: Result<(), RolloutError>) {
        if let Err(error) = taken {
            self.doubts.push(error.to_string());
        }
    }

    /// The backup; none if the cutover did not come so far, and then changed nothing that it would hold.
    fn backup(&self) -> Result<Option<Manifest>, RolloutError> {
        let digest = self.cutover.detail("backup", "manifest");
        digest.map(|digest| backup::open(self.site, self.cutover.began, digest)).transpose()
    }

    fn restore_files(&self) -> Result<Done, RolloutError> {
        let Some(manifest) = self.backup()? else { return Ok(nothing_to_restore()) };
        let (mut changed, mut failed) = (Vec::new(), None);
        for kept in &manifest.files {
            match backup::restore(self.site, self.cutover.began, kept) {
                Ok(true) => changed.push(kept.path.as_str()),
                Ok(false) => {}
                // One copy that is lost is no reason to leave the others where they are.
                Err(error) => failed = failed.or(Some(error)),
            }
        }
        if let Some(error) = failed {
            return Err(error);
        }
        let message = format!("{} of {} configured files had changed", changed.len(), manifest.files.len());
        Ok(Done::passed(message).with(json!({ "restored": changed })))
    }

    /// The pointer as it was, which the journal itself has kept: no backup need be read to make the baseline official.
    fn pointer(&self) -> Option<Option<&str>> {
        self.cutover.passed.get("backup").map(|left| left.get("pointer").and_then(Value::as_str))
    }

    fn restore_pointer(&self) -> Result<Done, RolloutError> {
        let Some(was) = self.pointer() else { return Ok(nothing_to_restore()) };
        if self.pointer_is(was)? {
            return Ok(Done::passed("the pointer had not changed"));
        }
        let path = &self.site.pointer;
        match was {
            None => files::remove(self.site.storage(), path)?,
            Some(text) => files::replace_alike(self.site.storage(), path, text.as_bytes())?,
        }
        Ok(Done::passed("the pointer is restored"))
    }

    fn pointer_is(&self, was: Option<&str>) -> Result<bool, RolloutError> {
        let found = files::read(&self.site.pointer)?.map(|(bytes, _)| bytes);
        Ok(found.as_deref() == was.map(str::as_bytes))
    }

    fn prove(&self) -> Result<Done, RolloutError> {
        let unlike = |message: String| RolloutError::Failed(message);
        let mut digests = 0;
        let other = |path: &str| {
            unlike(format!(
                "{path}: expected what it was before the cutover, found other bytes or another mode"
            ))
        };
        for kept in self.backup()?.iter().flat_map(|manifest| &manifest.files) {
            if !backup::is_as_it_was(kept)? {
                return Err(other(&kept.path));
            }
            digests += 1;
        }
        if let Some(was) = self.pointer() {
            if !self.pointer_is(was)? {
                return Err(other(&self.site.pointer.display().to_string()));
            }
            digests += 1;
        }
        let digest = self.cutover.detail("last_good", "values");
        let digest = digest.ok_or_else(|| unlike("expected last good values, found none".to_owned()))?;
        let good = self.site.values(digest)?;
        let found = self.site.smoke(self.site.baseline())?;
        if let Some(difference) = difference(&good, &found.text) {
            return Err(unlike(difference));
        }
        let message = format!("{digests} files and {} values are what they were", found.values);
        Ok(Done::passed(message).with(json!({ "values": found.digest })))
    }

    fn recall(&self) -> Result<(Done, Vec<String>), RolloutError> {
        let Some(since) = self.cutover.begun.get("swap") else {
            let message = "the candidate never was official";
            return Ok((Done::skipped(message), Vec::new()));
        };
        let Some(published) = &self.site.published else {
            return Ok((Done::skipped("there is no folder of runs to look into"), Vec::new()));
        };
        let runs = published(*since)?;
        let done = Done::passed(format!("{} runs were published since {since}", runs.len()));
        Ok((done.with(json!({ "runs": runs })), runs))
    }
}

fn nothing_to_restore() -> Done {
    Done::skipped("the cutover did not come as far as its backup")
}
