//! Setting the candidate up.

use std::path::Path;

use serde_json::json;

use super::hooks;
use super::identity::identity;
use super::pointer::{Active, Pointer, active};
use super::report::{PlannedStep, ProcedureReport};
use super::site::Site;
use super::steps::{Done, Steps, now_ended};
use crate::RolloutError;
use crate::journal::{Event, Journal, Outcome, Procedure, make_folder};
use crate::stage::Stage;

/// What staging would do.
pub(crate) fn plan(site: &Site<'_>) -> Vec<PlannedStep> {
    let (baseline, candidate) = (&site.baseline().name, &site.candidate().name);
    let tests = site.config.settings.procedures.tests.as_ref();
    vec![
        PlannedStep::new("configuration", format!("load `{baseline}` and `{candidate}`")),
        PlannedStep::new("folders", "write and remove a file in the state folder and beside the pointer"),
        PlannedStep::new(
            "pointer",
            format!("name `{baseline}` in {}, if it is not there", site.pointer.display()),
        ),
        PlannedStep::new("tests", hooks::shown(site, "tests", tests, candidate)),
        PlannedStep::new("smoke", format!("run `{candidate}` once and keep its values")),
    ]
}

/// Sets the candidate up and leaves the rollout in the shadow; after a failure it may be repeated from its beginning.
pub(crate) fn staging(site: &Site<'_>, journal: &mut Journal) -> Result<ProcedureReport, RolloutError> {
    now_ended(journal)?;
    let stage = journal.standing().stage;
    if !matches!(stage, Stage::Staging | Stage::Shadow | Stage::RolledBack) {
        let message =
            format!("staging: expected the stage `staging`, `shadow` or `rolled_back`, found `{stage}`");
        return Err(RolloutError::Refused(message));
    }
    let target = Some(site.candidate().name.clone());
    let began = journal.append(Event::Began { procedure: Procedure::Staging, target })?;
    let mut steps = Steps::new(journal);
    if stage != Stage::Staging {
        steps.moved(Stage::Staging, "set up again", &[])?;
    }
    let result = all(site, &mut steps, began)?;
    if let Err(error) = result {
        steps.end(Procedure::Staging, Outcome::Failed, error.to_string())?;
        return Err(error);
    }
    steps.moved(Stage::Shadow, "every step of staging passed", &[])?;
    steps.end(Procedure::Staging, Outcome::Passed, "the candidate is set up".to_owned())
}

fn all(site: &Site<'_>, steps: &mut Steps<'_>, began: u64) -> super::steps::Taken {
    let mut taken = steps.take("configuration", || configuration(site))?;
    if taken.is_ok() {
        taken = steps.take("folders", || folders(site))?;
    }
    if taken.is_ok() {
        taken = steps.take("pointer", || pointer(site, began))?;
    }
    if taken.is_ok() {
        let tests = site.config.settings.procedures.tests.as_ref();
        taken = steps.take("tests", || hooks::run(site, "tests", tests, site.candidate()))?;
    }
    if taken.is_ok() {
        taken = steps.take("smoke", || {
            let values = site.smoke(site.candidate())?;
            site.keep(&values)?;
            let message = format!("{} values", values.values);
            Ok(Done::passed(message).with(json!({ "values": values.digest })))
        })?;
    }
    Ok(taken)
}

fn configuration(site: &Site<'_>) -> Result<Done, RolloutError> {
    let loaded = |version| identity(site.config, version);
    let (baseline, candidate) = (loaded(site.baseline())?, loaded(site.candidate())?);
    Ok(Done::passed("both versions load").with(json!({ "baseline": baseline, "candidate": candidate })))
}

fn folders(site: &Site<'_>) -> Result<Done, RolloutError> {
    let beside = site.pointer.parent().filter(|folder| !folder.as_os_str().is_empty());
    for folder in [site.state.as_path(), beside.unwrap_or(Path::new("."))] {
        make_folder(site.storage(), folder)?;
        let probe = folder.join(".abaco-probe");
        super::files::replace(site.storage(), &probe, b"", super::files::Mode::OwnerOnly)?;
        super::files::remove(site.storage(), &probe)?;
    }
    Ok(Done::passed("the state folder and the pointer's can be written"))
}

fn pointer(site: &Site<'_>, began: u64) -> Result<Done, RolloutError> {
    let baseline = site.baseline();
    match active(&site.pointer)? {
        Active::Pointer(pointer) if pointer.active == baseline.name => {
            Ok(Done::skipped(format!("the pointer names `{}`", baseline.name)))
        }
        Active::Pointer(pointer) => Err(RolloutError::Refused(format!(
            "{}: expected the baseline `{}` to be active, found `{}`",
            site.pointer.display(),
            baseline.name,
            pointer.active
        ))),
        Active::Baseline => {
            let (active, configuration) = (baseline.name.clone(), baseline.configuration.clone());
            Pointer { active, configuration, previous: None, journal: began }
                .write(site.storage(), &site.pointer)?;
            Ok(Done::passed(format!("the pointer now names `{}`", baseline.name)))
        }
    }
}
