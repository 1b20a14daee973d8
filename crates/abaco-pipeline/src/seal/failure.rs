//! The record of a run that failed.

use std::io::ErrorKind;
use std::path::PathBuf;

use serde::Serialize;
use serde_json::json;

use super::runs::check_id;
use super::staging::Staging;
use super::{AUDIT, FAILED, MANIFEST, Recovery, Runs};
use crate::PipelineError;
use crate::audit::AuditLog;
use crate::canonical_json::canonical;

impl Runs {
    /// Records a run that failed as `.failed/<run_id>/` with a `manifest.json`, whose `failure` is the given, and its
    /// `audit.ndjson`. It gets there in one step as a run does, and is in no ledger: nothing ever takes it for a run.
    ///
    /// # Errors
    /// [`PipelineError::Output`]; there is no record then.
    pub fn record_failure(
        &self,
        run_id: &str,
        failure: &impl Serialize,
        audit: &AuditLog,
    ) -> Result<PathBuf, PipelineError> {
        check_id(run_id)?;
        self.make_folder(self.out())?;
        let failed = self.out().join(FAILED);
        let target = failed.join(run_id);
        // A ledger that is not whole may be the very failure: nothing is recovered here.
        let mut staging = {
            let locked = self.locked()?;
            Staging::new(&locked, &format!("failed-{run_id}"), Recovery::default())?
        };
        staging.write_any(AUDIT, audit.bytes())?;
        let manifest = json!({
            "schema_version": 1,
            "run_id": run_id,
            "failure": failure,
            "artefacts": staging.finished()?,
            "audit": audit.head(),
        });
        let manifest = canonical(&manifest).map_err(PipelineError::Json)? + "\n";
        staging.write_any(MANIFEST, manifest.as_bytes())?;
        staging.make_durable()?;
        let is_new = !failed.is_dir();
        self.make_folder(&failed)?;
        let storage = self.storage();
        let renamed = match target.symlink_metadata() {
            Ok(_) => Err(ErrorKind::AlreadyExists.into()),
            Err(_) => storage.rename(&staging.places.folder, &target),
        };
        renamed.map_err(|error| PipelineError::output(&target, error))?;
        staging.moved();
        storage.sync_folder(&failed).map_err(|error| PipelineError::output(&failed, error))?;
        if is_new {
            storage.sync_folder(self.out()).map_err(|error| PipelineError::output(self.out(), error))?;
        }
        Ok(target)
    }
}
