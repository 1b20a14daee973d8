//! A rollout: its configuration, its state folder, and what can be done with both.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use abaco_pipeline::storage::{Disk, Storage};
use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::figures::Figures;
use crate::journal::{Event, Journal, Procedure, Record};
use crate::procedures::{
    self, CutoverRequest, GateVerdict, PlannedStep, ProcedureReport, Rehearsed, Site, identity,
};
use crate::stage::Stage;
use crate::status::Status;
use crate::version::VersionSettings;
use crate::{RolloutConfig, RolloutError};

/// Runs a version once on the inputs that `smoke` in `rollout.yml` names.
pub type Smoke = Arc<dyn Fn(&VersionSettings) -> Result<Figures, RolloutError> + Send + Sync>;

/// The runs that were published since an instant.
pub type Published = Arc<dyn Fn(DateTime<Utc>) -> Result<Vec<String>, RolloutError> + Send + Sync>;

/// What a rollout is given by the program that it runs in.
#[derive(Clone)]
pub struct RolloutOptions {
    /// Where it writes.
    pub storage: Arc<dyn Storage>,
    /// What time it is.
    pub clock: fn() -> DateTime<Utc>,
    /// Who asks.
    pub actor: String,
    /// How a version is run once; without it neither staging nor a cutover comes to its end.
    pub smoke: Option<Smoke>,
    /// How the runs are found that a rollback must list; without it that step is skipped and says so.
    pub published: Option<Published>,
}

impl RolloutOptions {
    /// The local disk and its clock, with neither smoke runs nor a folder of runs.
    pub fn new(actor: impl Into<String>) -> Self {
        let (storage, actor) = (Arc::new(Disk), actor.into());
        Self { storage, clock: Utc::now, actor, smoke: None, published: None }
    }
}

impl fmt::Debug for RolloutOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RolloutOptions")
            .field("storage", &self.storage)
            .field("actor", &self.actor)
            .field("smoke", &self.smoke.is_some())
            .field("published", &self.published.is_some())
            .finish_non_exhaustive()
    }
}

/// A rollout. Whatever changes it holds the state folder's lock as long as it takes; who comes second waits and then sees what
/// the first one did.
#[derive(Debug)]
pub struct Rollout {
    config: RolloutConfig,
    state: PathBuf,
    options: RolloutOptions,
}

/// What [`Rollout::advance`] did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Advanced {
    /// From.
    pub from: Stage,
    /// To.
    pub to: Stage,
    /// Why.
    pub message: String,
    /// What was done, where it was a procedure.
    pub report: Option<ProcedureReport>,
}

impl Rollout {
    /// A rollout in its state folder, which need not be there yet.
    pub fn open(config: RolloutConfig, state: impl Into<PathBuf>, options: RolloutOptions) -> Self {
        Self { config, state: state.into(), options }
    }

    /// What `rollout.yml` says.
    pub fn config(&self) -> &RolloutConfig {
        &self.config
    }

    /// The state folder.
    pub fn state(&self) -> &Path {
        &self.state
    }

    /// What the program gave it.
    pub(crate) fn options(&self) -> &RolloutOptions {
        &self.options
    }

    /// The journal as it is, read without waiting for anybody.
    ///
    /// # Errors
    /// [`RolloutError::Damaged`] for a journal that is not what was written.
    pub fn record(&self) -> Result<Record, RolloutError> {
        Record::read(&self.state)
    }

    /// The journal to add to, once nobody else does.
    ///
    /// # Errors
    /// As [`Journal::open`].
    pub fn journal(&self) -> Result<Journal, RolloutError> {
        let RolloutOptions { storage, clock, actor, .. } = &self.options;
        Journal::open(&self.state, Arc::clone(storage), *clock, actor)
    }

    /// How far the rollout has come.
    ///
    /// # Errors
    /// As [`record`](Self::record).
    pub fn stage(&self) -> Result<Stage, RolloutError> {
        self.record().map(|record| record.standing.stage)
    }

    /// Which version is active, what was going on, and what to do next.
    ///
    /// # Errors
    /// [`RolloutError::Damaged`] for a journal or a pointer that is not what was written.
    pub fn status(&self) -> Result<Status, RolloutError> {
        let site = self.site()?;
        // Which version is active is what somebody must know first of all.
        let with_active = |error| match error {
            RolloutError::Damaged { path, message } => {
                let active = procedures::active(&site.pointer);
                let baseline = &self.config.settings.baseline.name;
                let active =
                    active.map_or("unknown".to_owned(), |found| format!("`{}`", found.name(baseline)));
                RolloutError::Damaged { path, message: format!("{message}; active by the pointer: {active}") }
            }
            other => other,
        };
        Status::of(&site, &self.record().map_err(with_active)?)
    }

    /// The candidate's [identity], which evidence and approvals must name.
    ///
    /// # Errors
    /// Whatever is wrong with its configuration.
    pub fn candidate(&self) -> Result<String, RolloutError> {
        identity(&self.config, &self.config.settings.candidate)
    }

    /// The baseline's [identity], which comparisons and rehearsals name.
    ///
    /// # Errors
    /// Whatever is wrong with its configuration.
    pub fn baseline(&self) -> Result<String, RolloutError> {
        identity(&self.config, &self.config.settings.baseline)
    }

    /// The steps of a procedure, with what each would do now. Nothing is changed.
    ///
    /// # Errors
    /// [`RolloutError::Configuration`] for a path without meaning.
    pub fn plan(&self, procedure: Procedure) -> Result<Vec<PlannedStep>, RolloutError> {
        let site = self.site()?;
        Ok(match procedure {
            Procedure::Staging => procedures::plan_staging(&site),
            Procedure::Cutover => procedures::plan_cutover(&site),
            Procedure::Rollback => procedures::plan_rollback(&site),
            Procedure::Rehearsal => procedures::plan_rehearsal(&site),
        })
    }

    /// Sets the candidate up and leaves the rollout in the shadow.
    ///
    /// # Errors
    /// [`RolloutError::Refused`] from a later stage, or what failed; the stage then is staging.
    pub fn staging(&self) -> Result<ProcedureReport, RolloutError> {
        procedures::staging(&self.site()?, &mut self.journal()?)
    }

    /// Makes the candidate official, or finishes a cutover that was interrupted.
    ///
    /// # Errors
    /// [`RolloutError::Refused`] for a closed gate, another stage, another candidate than the approved one; otherwise what
    /// failed and what became of the rollback that followed.
    pub fn cutover(&self, request: &CutoverRequest) -> Result<ProcedureReport, RolloutError> {
        procedures::cutover(&self.site()?, &mut self.journal()?, request, Stage::Ready)
    }

    /// Makes the candidate official again after a rollback that is proven.
    ///
    /// # Errors
    /// As [`cutover`](Self::cutover).
    pub fn forward(&self, request: &CutoverRequest) -> Result<ProcedureReport, RolloutError> {
        procedures::cutover(&self.site()?, &mut self.journal()?, request, Stage::RolledBack)
    }

    /// Makes the baseline official again and proves it.
    ///
    /// # Errors
    /// [`RolloutError::Refused`] if nothing is there to be undone, [`RolloutError::Failed`] if the proof fails: the baseline
    /// is active then, and the rollback may be repeated.
    pub fn rollback(&self, reason: &str) -> Result<ProcedureReport, RolloutError> {
        if reason.trim().is_empty() {
            let message = "rollback: expected a reason, found none".to_owned();
            return Err(RolloutError::Refused(message));
        }
        procedures::rollback(&self.site()?, &mut self.journal()?, reason)
    }

    /// Cuts over, rolls back and cuts over again on copies, which gives a record for the gate.
    ///
    /// # Errors
    /// [`RolloutError::Failed`] with the step that failed.
    pub fn rehearse(&self) -> Result<Rehearsed, RolloutError> {
        procedures::rehearse(&self.site()?, &mut self.journal()?)
    }

    /// Goes on to the next stage that a verdict allows: staging to shadow by [`staging`](Self::staging), shadow to ready by the
    /// gate and back when it closes, monitoring to complete by the verdict of the monitor.
    ///
    /// # Errors
    /// [`RolloutError::Refused`] with what is missing, and where another command goes on.
    pub fn advance(&self, verdict: &GateVerdict) -> Result<Advanced, RolloutError> {
        let site = self.site()?;
        let mut journal = self.journal()?;
        let from = journal.standing().stage;
        let refused = |message: String| Err(RolloutError::Refused(message));
        if from == Stage::Staging {
            let report = procedures::staging(&site, &mut journal)?;
            let (to, message) = (report.stage, report.message.clone());
            return Ok(Advanced { from, to, message, report: Some(report) });
        }
        procedures::now_ended(&mut journal)?;
        verdict.holds_for(journal.record())?;
        let proven = journal.standing().restored.as_ref().is_some_and(|restored| restored.proven);
        let missing = verdict.missing.join("; ");
        let (to, message) = match (from, verdict.open) {
            (Stage::Shadow, true) => (Stage::Ready, verdict.reason()),
            (Stage::Ready, false) => (Stage::Shadow, format!("the gate has closed: {missing}")),
            (Stage::Monitoring, true) => (Stage::Complete, "monitoring is complete".to_owned()),
            (Stage::RolledBack, false) if proven => {
                (Stage::Shadow, format!("rolled back, and the gate is closed: {missing}"))
            }
            (Stage::Shadow, false) => return refused(format!("the gate is closed: {missing}")),
            (Stage::Monitoring, false) => return refused(format!("monitoring is not complete: {missing}")),
            _ => return refused(Status::of(&site, journal.record())?.next),
        };
        let evidence = verdict.evidence.clone();
        journal.append(Event::Moved { from, to, reason: message.clone(), evidence })?;
        Ok(Advanced { from, to, message, report: None })
    }

    fn site(&self) -> Result<Site<'_>, RolloutError> {
        Site::real(&self.config, &self.state, &self.options)
    }
}
