//! Sealing: from the hidden folder to the ledger.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use serde_json::json;

use super::runs::{Locked, Runs};
use super::staging::{Staging, check_name};
use super::{AUDIT, Artefacts, MANIFEST, ManifestFacts, OUTBOX, SIGNATURE};
use crate::PipelineError;
use crate::audit::{AuditLog, Head};
use crate::canonical_json::sha256;
use crate::ledger::{Current, LedgerEntry, LedgerFacts};
use crate::signature::Signer;
use crate::storage::Access;

/// What a run needs to be sealed, besides its artefacts and its manifest.
#[derive(Debug)]
pub struct Sealing<'s> {
    /// What the ledger says of the run.
    pub facts: LedgerFacts,
    /// The run's log, which gets its last entry, `sealed`.
    pub audit: AuditLog,
    /// Deliveries to write to `.outbox/` by file name. One whose run is not in the ledger must not be sent.
    pub outbox: Vec<(String, Vec<u8>)>,
    /// The key that signs the manifest.
    pub signer: Option<&'s Signer>,
}

/// A published run.
#[derive(Debug)]
pub struct Sealed {
    /// Its folder.
    pub folder: PathBuf,
    /// What the ledger says of it.
    pub entry: LedgerEntry,
    /// Whether it is its portfolio's current run now.
    pub moved_current: bool,
    /// Why `CURRENT` could not be written; the run is published all the same, and the next one writes it.
    pub unfinished: Option<PipelineError>,
}

impl Staging {
    /// Publishes the run: see the [module](super). `manifest` gets the digests of all artefacts, the audit log among them, and
    /// the log's end, and gives the bytes of `manifest.json`, which must have them as `artefacts` and `audit`, besides
    /// `run_id`, `portfolio` and `as_of`.
    ///
    /// # Errors
    /// [`PipelineError::Output`], [`PipelineError::Damaged`] or what `manifest` gives; the run is not published then.
    pub fn seal(
        mut self,
        sealing: Sealing<'_>,
        manifest: impl FnOnce(&Artefacts, &Head) -> Result<Vec<u8>, PipelineError>,
    ) -> Result<Sealed, PipelineError> {
        let Sealing { facts, mut audit, outbox, signer } = sealing;
        if facts.run_id != self.run_id {
            return Err(PipelineError::Option {
                name: "run_id",
                expected: format!("`{}`, with which the run began", self.run_id),
                found: format!("`{}`", facts.run_id),
            });
        }
        let written = self.finished()?;
        let bytes: u64 = written.values().map(|artefact| artefact.bytes).sum();
        let detail = json!({ "artefacts": written.len(), "bytes": bytes });
        audit.record("publish", "sealed", "ok", detail.as_object().cloned().unwrap_or_default())?;
        self.write_any(AUDIT, audit.bytes())?;
        let artefacts = self.finished()?;
        let manifest = manifest(&artefacts, audit.head())?;
        let place = self.places.folder.join(MANIFEST);
        ManifestFacts::fit(&manifest, &place, &facts, &artefacts, audit.head())?;
        self.write_any(MANIFEST, &manifest)?;
        if let Some(signer) = signer {
            self.write_any(SIGNATURE, &signer.sign(&manifest)?)?;
        }
        self.stage_outbox(&outbox)?;
        self.make_durable()?;

        let runs = self.runs.clone();
        runs.catch_up()?;
        let mut locked = runs.locked()?;
        locked.sound_ledger()?;
        self.publish(&mut locked, &facts, sha256(&manifest), audit.head().clone())
    }

    /// Deliveries are written beside the run, and get into the outbox by a rename: there is never half of one.
    fn stage_outbox(&self, outbox: &[(String, Vec<u8>)]) -> Result<(), PipelineError> {
        if outbox.is_empty() {
            return Ok(());
        }
        let (folder, storage) = (&self.places.outbox, self.runs.storage());
        storage.create_folder(folder).map_err(|error| PipelineError::output(folder, error))?;
        for (name, bytes) in outbox {
            check_name(name)?;
            let path = folder.join(name);
            let written = || {
                let mut sink = storage.create(&path, Access::Shared)?;
                sink.write_all(bytes)?;
                sink.sync()
            };
            written().map_err(|error| PipelineError::output(&path, error))?;
        }
        storage.sync_folder(folder).map_err(|error| PipelineError::output(folder, error))
    }

    /// All files at once, at the end: the system has written most of them by now.
    pub(super) fn make_durable(&self) -> Result<(), PipelineError> {
        let (folder, storage) = (&self.places.folder, self.runs.storage());
        for name in self.finished()?.keys() {
            let path = folder.join(name);
            let synced = storage.append(&path).and_then(|mut sink| sink.sync());
            synced.map_err(|error| PipelineError::output(&path, error))?;
        }
        storage.sync_folder(folder).map_err(|error| PipelineError::output(folder, error))
    }

    fn publish(
        &mut self,
        locked: &mut Locked<'_>,
        facts: &LedgerFacts,
        manifest_sha256: String,
        audit: Head,
    ) -> Result<Sealed, PipelineError> {
        let runs = locked.runs;
        let target = runs.out().join(&self.run_id);
        // A rename onto an empty folder would succeed on Unix.
        if target.symlink_metadata().is_ok() || locked.ledger.has(&self.run_id) {
            return Err(PipelineError::output(&target, ErrorKind::AlreadyExists.into()));
        }
        let storage = runs.storage();
        storage
            .rename(&self.places.folder, &target)
            .map_err(|error| PipelineError::output(&target, error))?;
        let mut delivered = Vec::new();
        let entered = storage
            .sync_folder(runs.out())
            .map_err(|error| PipelineError::output(runs.out(), error))
            .and_then(|()| move_outbox(runs, &self.places.outbox, &mut delivered))
            .map_err(|error| (error, true))
            .and_then(|()| locked.enter(facts, manifest_sha256, audit));
        let entry = match entered {
            Ok(entry) => entry,
            Err((error, can_be_undone)) => {
                self.take_back(&target, &delivered, can_be_undone);
                return Err(error);
            }
        };
        let (moved_current, unfinished) = match locked.write_current() {
            Ok(current) => {
                let named = current.as_ref().and_then(|current| current.portfolios.get(&facts.portfolio));
                (named.is_some_and(|run| run.run_id == facts.run_id), None)
            }
            Err(error) => (false, Some(error)),
        };
        self.moved();
        Ok(Sealed { folder: target, entry, moved_current, unfinished })
    }

    /// The run gets its hidden name back. If that fails it stays where it is, and the next run enters it into the ledger.
    fn take_back(&mut self, target: &Path, delivered: &[PathBuf], can_be_undone: bool) {
        let storage = self.runs.storage();
        if !can_be_undone || storage.rename(target, &self.places.folder).is_err() {
            self.leave();
            return;
        }
        for path in delivered {
            // Nobody sends what belongs to no run.
            let _harmless = storage.remove(path);
        }
        let _not_promised = storage.sync_folder(self.runs.out());
    }
}

/// Moves staged deliveries, if there are any, to where they are sent from.
pub(super) fn move_outbox(runs: &Runs, staged: &Path, moved: &mut Vec<PathBuf>) -> Result<(), PipelineError> {
    let (outbox, storage) = (runs.out().join(OUTBOX), runs.storage());
    let at_staged = |error: io::Error| PipelineError::output(staged, error);
    let mut names = match std::fs::read_dir(staged) {
        Ok(entries) => entries
            .map(|entry| entry.map(|entry| entry.file_name()))
            .collect::<io::Result<Vec<_>>>()
            .map_err(at_staged)?,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(at_staged(error)),
    };
    names.sort();
    let is_new = !outbox.is_dir();
    runs.make_folder(&outbox)?;
    for name in names {
        let (from, to) = (staged.join(&name), outbox.join(&name));
        let taken = to.symlink_metadata().is_ok();
        let renamed = if taken { Err(ErrorKind::AlreadyExists.into()) } else { storage.rename(&from, &to) };
        renamed.map_err(|error| PipelineError::output(&to, error))?;
        moved.push(to);
    }
    storage.sync_folder(&outbox).map_err(|error| PipelineError::output(&outbox, error))?;
    if is_new {
        storage.sync_folder(runs.out()).map_err(|error| PipelineError::output(runs.out(), error))?;
    }
    Ok(())
}

impl Locked<'_> {
    /// Enters a run. With an error comes whether the ledger is what it was before.
    pub(super) fn enter(
        &mut self,
        facts: &LedgerFacts,
        manifest_sha256: String,
        audit: Head,
    ) -> Result<LedgerEntry, (PipelineError, bool)> {
        let (out, storage) = (self.runs.out(), self.runs.storage());
        let last = self.ledger.entries().last();
        let (entry, line) =
            LedgerEntry::behind(last, facts, manifest_sha256, audit).map_err(|error| (error, true))?;
        match self.ledger.append(out, storage, entry.clone(), &line) {
            Ok(()) => Ok(entry),
            Err(error) => {
                let is_there = out.join(crate::ledger::LEDGER).exists();
                let is_as_before = !is_there || self.ledger.cut(out, storage).is_ok();
                Err((error, is_as_before))
            }
        }
    }

    /// Writes `CURRENT` if it does not say what follows from the ledger.
    pub(super) fn write_current(&self) -> Result<Option<Current>, PipelineError> {
        let out = self.runs.out();
        let current = Current::of(self.ledger.entries());
        if let Some(current) = &current
            && Current::read(out)?.as_ref() != Some(current)
        {
            current.write(out, self.runs.storage())?;
        }
        Ok(current)
    }
}
