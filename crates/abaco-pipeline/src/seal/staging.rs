//! The hidden folder in which a run is put together.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::runs::Locked;
use super::staged_file::Files;
use super::{AUDIT, Artefact, Artefacts, MANIFEST, Recovery, Runs, SIGNATURE, STAGING, StagedFile};
use crate::PipelineError;
use crate::lock;
use crate::storage::Access;

/// A run that is being put together. Dropped without [`seal`](Self::seal), it is gone.
///
/// ```
/// use std::sync::Arc;
/// use abaco_pipeline::seal::Runs;
/// use abaco_pipeline::storage::Disk;
///
/// let folder = tempfile::tempdir().unwrap();
/// let runs = Runs::open(folder.path().join("runs"), Arc::new(Disk));
/// let staging = runs.begin("run-1")?;
/// assert_eq!(staging.write("kpis.csv", b"id,value\n")?.bytes, 9);
/// drop(staging);
/// assert_eq!(runs.entries()?.len(), 0);
/// # Ok::<(), abaco_pipeline::PipelineError>(())
/// ```
#[derive(Debug)]
pub struct Staging {
    pub(super) runs: Runs,
    pub(super) run_id: String,
    pub(super) places: Places,
    pub(super) files: Files,
    recovery: Recovery,
    /// Held as long as this process works at the run.
    lock: Option<File>,
}

/// The hidden names of a run that is being put together.
#[derive(Clone, Debug)]
pub(super) struct Places {
    pub(super) folder: PathBuf,
    /// Deliveries, until the run has its place.
    pub(super) outbox: PathBuf,
    pub(super) lock: PathBuf,
}

impl Places {
    pub(super) fn of(out: &Path, run_id: &str) -> Self {
        let named = |end: &str| out.join(format!("{STAGING}{run_id}{end}"));
        Self { folder: named(""), outbox: named(".outbox"), lock: named(".lock") }
    }
}

impl Staging {
    pub(super) fn new(locked: &Locked<'_>, run_id: &str, recovery: Recovery) -> Result<Self, PipelineError> {
        let runs = locked.runs.clone();
        let places = Places::of(runs.out(), run_id);
        let at = |path: &Path| {
            let path = path.to_path_buf();
            move |error| PipelineError::output(&path, error)
        };
        if places.folder.symlink_metadata().is_ok() || places.lock.symlink_metadata().is_ok() {
            return Err(at(&places.folder)(ErrorKind::AlreadyExists.into()));
        }
        let lock = lock::wait(&places.lock).map_err(at(&places.lock))?;
        let files = Arc::new(Mutex::new(BTreeMap::new()));
        let staging = Self { runs, run_id: run_id.to_owned(), places, files, recovery, lock: Some(lock) };
        staging.runs.storage().create_folder(&staging.places.folder).map_err(at(&staging.places.folder))?;
        Ok(staging)
    }

    /// The run's name.
    pub fn run_id(&self) -> &str {
        &self.run_id
    }

    /// The hidden folder.
    pub fn folder(&self) -> &Path {
        &self.places.folder
    }

    /// What was found from before when the run began.
    pub fn recovery(&self) -> &Recovery {
        &self.recovery
    }

    /// Begins a file. Several can be written at once.
    ///
    /// # Errors
    /// [`PipelineError::Output`]; [`PipelineError::Option`] for a name that is not a plain one or one of the run's own:
    /// `manifest.json`, `manifest.sig`, `audit.ndjson`.
    pub fn create(&self, name: &str, access: Access) -> Result<StagedFile, PipelineError> {
        if [MANIFEST, SIGNATURE, AUDIT].contains(&name) {
            return Err(bad_name(name));
        }
        self.create_any(name, access)
    }

    /// Writes a whole file.
    ///
    /// # Errors
    /// As [`create`](Self::create).
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<Artefact, PipelineError> {
        fill(self.create(name, Access::Shared)?, bytes, &self.places.folder.join(name))
    }

    /// The names of the files so far.
    pub fn names(&self) -> Vec<String> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner).keys().cloned().collect()
    }

    /// Removes a file again, finished or not; another of the name can then be begun.
    ///
    /// # Errors
    /// [`PipelineError::Output`]
    pub fn withdraw(&self, name: &str) -> Result<(), PipelineError> {
        let path = self.places.folder.join(name);
        self.files.lock().unwrap_or_else(PoisonError::into_inner).remove(name);
        self.runs.storage().remove(&path).map_err(|error| PipelineError::output(&path, error))
    }

    /// Removes the hidden folder with all that is in it.
    ///
    /// # Errors
    /// [`PipelineError::Output`]; the next run then removes what is left.
    pub fn discard(mut self) -> Result<(), PipelineError> {
        self.remove()
    }

    pub(super) fn write_any(&self, name: &str, bytes: &[u8]) -> Result<Artefact, PipelineError> {
        fill(self.create_any(name, Access::Shared)?, bytes, &self.places.folder.join(name))
    }

    fn create_any(&self, name: &str, access: Access) -> Result<StagedFile, PipelineError> {
        check_name(name)?;
        let path = self.places.folder.join(name);
        let sink =
            self.runs.storage().create(&path, access).map_err(|error| PipelineError::output(&path, error))?;
        self.files.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned(), None);
        Ok(StagedFile::new(name, path, sink, &self.files))
    }

    /// The files, all of which must be finished.
    pub(super) fn finished(&self) -> Result<Artefacts, PipelineError> {
        let files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        files
            .iter()
            .map(|(name, artefact)| match artefact {
                Some(artefact) => Ok((name.clone(), artefact.clone())),
                None => Err(PipelineError::Damaged {
                    path: self.places.folder.join(name),
                    message: "expected a finished file, found one that is still being written".to_owned(),
                }),
            })
            .collect()
    }

    /// The folder has another name now; only what was beside it is left to remove, and what fails here, the next run does.
    pub(super) fn moved(&mut self) {
        let storage = self.runs.storage();
        if self.places.outbox.is_dir() {
            let _next_time = storage.remove_folder(&self.places.outbox);
        }
        let _next_time = storage.remove(&self.places.lock);
        self.lock = None;
    }

    /// Lets go of the run as it is, as if this process had ended: the next one finishes it.
    pub(super) fn leave(&mut self) {
        self.lock = None;
    }

    fn remove(&mut self) -> Result<(), PipelineError> {
        let Some(_held) = self.lock.take() else { return Ok(()) };
        clear(&self.runs, &self.places)
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        // Whatever stays has no living owner then, and the next run removes it.
        let _next_time = self.remove();
    }
}

/// Removes what there is of a run that is being put together, the sign of its owner last.
pub(super) fn clear(runs: &Runs, places: &Places) -> Result<(), PipelineError> {
    let storage = runs.storage();
    let gone = |path: &Path, result: std::io::Result<()>| match result {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(PipelineError::output(path, error)),
        _ => Ok(()),
    };
    for folder in [&places.folder, &places.outbox] {
        if folder.is_dir() {
            gone(folder, storage.remove_folder(folder))?;
        }
    }
    if places.lock.exists() {
        gone(&places.lock, storage.remove(&places.lock))?;
    }
    Ok(())
}

fn fill(mut file: StagedFile, bytes: &[u8], path: &Path) -> Result<Artefact, PipelineError> {
    file.write_all(bytes).map_err(|error| PipelineError::output(path, error))?;
    file.finish()
}

/// A file's name on every system, and not a hidden one.
pub(super) fn check_name(name: &str) -> Result<(), PipelineError> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    if (1..=200).contains(&name.len()) && !name.starts_with('.') && name.bytes().all(plain) {
        return Ok(());
    }
    Err(bad_name(name))
}

fn bad_name(name: &str) -> PipelineError {
    PipelineError::Option {
        name: "artefact",
        expected: "a file name of letters, digits, `-`, `_` and `.`, and not one of the run's own".to_owned(),
        found: format!("`{name}`"),
    }
}
