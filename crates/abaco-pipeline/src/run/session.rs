//! A run while it happens: its name, its hidden folder and its log.

use std::path::Path;

use abaco_engine::AuditEvent;
use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Map, Value, json};
use tracing::Span;
use uuid::Uuid;

use super::inputs::Inputs;
use super::manifest::asked;
use super::masks::AllMasks;
use super::scratch::Scratch;
use super::{Phase, RunOptions, RunRequest};
use crate::audit::AuditLog;
use crate::seal::{Recovery, Runs, Staging};
use crate::signature::Signer;
use crate::spans::{PhaseSpan, RunSpan};
use crate::{ErrorKind, PipelineError};

/// What was got ready before a run begins.
pub(super) struct Given {
    pub(super) masks: AllMasks,
    pub(super) inputs: Inputs,
    pub(super) scratch: Scratch,
    pub(super) signer: Option<Signer>,
    /// The tables whose configured files the caller has replaced.
    pub(super) overridden: Vec<&'static str>,
}

/// A run while it happens. Dropped without being sealed, it leaves nothing but, for refused data and failed outputs, a
/// record among the failed runs.
pub(super) struct Session<'r> {
    pub(super) run_id: String,
    pub(super) span: RunSpan,
    /// That of the phase which the run is in.
    phase_span: Option<PhaseSpan>,
    /// What whoever asked for the run must be told.
    pub(super) warnings: Vec<String>,
    /// What could not be written beside the run.
    pub(super) unfinished: Vec<String>,
    pub(super) began_at: DateTime<Utc>,
    pub(super) options: &'r RunOptions,
    pub(super) audit: AuditLog,
    pub(super) masks: AllMasks,
    pub(super) inputs: Inputs,
    /// What signs the manifest.
    pub(super) signer: Option<Signer>,
    /// Where the run is put together; `None` if it is not to be published.
    pub(super) staging: Option<Staging>,
    /// In the system's temporary folder, open to the owner alone; gone with the session.
    scratch: Scratch,
    runs: Option<Runs>,
    /// Whether this run has made the folder of runs.
    made: bool,
    /// What the run is doing, for the record of a failure.
    phase: Option<Phase>,
}

impl<'r> Session<'r> {
    pub(super) fn begin(
        request: &RunRequest,
        options: &'r RunOptions,
        portfolio: &str,
        given: Given,
    ) -> Result<Self, PipelineError> {
        let Given { masks, inputs, scratch, signer, overridden } = given;
        let run_id = Uuid::now_v7().to_string();
        let began_at = (options.clock)();
        let mut audit = AuditLog::new(request.actor.clone());
        let about = json!({
            "portfolio": portfolio,
            "asked_as_of": asked(request.as_of),
            "reuse": options.reuse,
            "overridden_tables": overridden,
            "inputs": request.inputs.iter().map(|path| inputs.shown(path)).collect::<Vec<_>>(),
            "tables": request.tables.iter().map(|(role, path)| json!([role, inputs.shown(path)])).collect::<Vec<_>>(),
        });
        audit.record_at(began_at, "run", "started", "ok", detail(about))?;
        let runs = request.out.as_ref().map(|out| {
            let key = signer.as_ref().map(Signer::public_key);
            Runs::open(out, options.storage.clone()).signed(key)
        });
        let made = request.out.as_ref().is_some_and(|out| !out.exists());
        let staging = runs.as_ref().map(|runs| runs.begin(&run_id)).transpose()?;
        let mut warnings = Vec::new();
        if let Some(found) = staging.as_ref().map(Staging::recovery).filter(|found| !found.is_empty()) {
            tracing::warn!(?found, "an earlier process did not end in order");
            warnings.extend(said(found));
            let about = json!({
                "cut": found.cut,
                "adopted": found.adopted,
                "removed": found.removed,
                "damaged": found.damaged.iter().map(|(run, _)| run).collect::<Vec<_>>(),
                "unlisted": found.unlisted,
            });
            audit.record_at(began_at, "run", "recovered", "ok", detail(about))?;
        }
        let span = RunSpan::new(&run_id);
        Ok(Self {
            run_id,
            span,
            phase_span: None,
            warnings,
            unfinished: Vec::new(),
            began_at,
            options,
            audit,
            masks,
            inputs,
            signer,
            staging,
            scratch,
            runs,
            made,
            phase: None,
        })
    }

    /// A private folder for what does not fit into memory.
    pub(super) fn scratch(&self) -> &Path {
        self.scratch.path()
    }

    /// Takes note that a phase begins.
    pub(super) fn enter(&mut self, phase: Phase) -> Result<(), PipelineError> {
        self.phase = Some(phase);
        let span = self.span.phase(phase.as_str());
        tracing::info!(parent: span.span(), "begins");
        self.phase_span = Some(span);
        if self.options.watch.is_cancelled() {
            return Err(PipelineError::Cancelled);
        }
        self.note(phase.as_str(), "started", "ok", json!({}))
    }

    /// The span of a step of the phase which the run is in.
    pub(super) fn step(&self, step: &'static str) -> Span {
        self.phase_span.as_ref().map_or_else(Span::none, |phase| phase.step(step))
    }

    /// Takes note of the steps of the calculation.
    pub(super) fn note_all(&mut self, events: &[AuditEvent]) -> Result<(), PipelineError> {
        events.iter().try_for_each(|event| {
            let about = json!({ "kpi": event.kpi, "detail": event.detail });
            self.audit.record_at(event.timestamp, &event.action, &event.event, &event.status, detail(about))
        })
    }

    /// Takes note of a step.
    pub(super) fn note(
        &mut self,
        action: &str,
        event: &str,
        status: &str,
        about: Value,
    ) -> Result<(), PipelineError> {
        self.audit.record_at((self.options.clock)(), action, event, status, detail(about))
    }

    /// Removes what was put together, and records the failure where it is one of the data or of an output.
    pub(super) fn fail(mut self, error: &PipelineError) {
        let discarded = self.staging.take().map(Staging::discard);
        if let Some(Err(error)) = discarded {
            tracing::warn!(%error, "the next run removes what this one has left");
        }
        let recorded = !matches!(error, PipelineError::Cancelled)
            && matches!(error.kind(), ErrorKind::Data | ErrorKind::Io);
        let Some(runs) = self.runs.take() else { return };
        if recorded {
            let phase = self.phase.map_or("begin", Phase::as_str);
            let failure = json!({
                "phase": phase,
                "kind": error.kind().as_str(),
                "error": error.to_string(),
                "began_at": self.began_at.to_rfc3339_opts(SecondsFormat::Micros, true),
            });
            let noted = self.note(phase, "failed", "error", failure.clone());
            let recorded = noted.and_then(|()| runs.record_failure(&self.run_id, &failure, &self.audit));
            if let Err(error) = recorded {
                tracing::warn!(%error, "the failure could not be recorded");
            }
        } else if self.made {
            runs.unmake();
        }
    }
}

/// What was found from before, in words.
fn said(found: &Recovery) -> Vec<String> {
    let mut said = Vec::new();
    if let Some(bytes) = found.cut {
        said.push(format!("an unfinished line of {bytes} bytes was cut off the ledger"));
    }
    if !found.adopted.is_empty() {
        said.push(format!("finished what a killed process had left: {}", found.adopted.join(", ")));
    }
    for (run, why) in &found.damaged {
        said.push(format!("the run {run} was left behind and is not whole, it is in no ledger: {why}"));
    }
    if !found.unlisted.is_empty() {
        said.push(format!(
            "{} folders look like runs and are in no ledger: {}",
            found.unlisted.len(),
            few(&found.unlisted)
        ));
    }
    said
}

fn few(names: &[String]) -> String {
    let more = if names.len() > 3 { ", .." } else { "" };
    format!("{}{more}", names.iter().take(3).cloned().collect::<Vec<_>>().join(", "))
}

fn detail(about: Value) -> Map<String, Value> {
    match about {
        Value::Object(map) => map,
        other => Map::from_iter([("value".to_owned(), other)]),
    }
}
