//! A folder of runs.

use std::fs::File;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{Recovery, Staging};
use crate::PipelineError;
use crate::ledger::{Current, Ledger, LedgerEntry};
use crate::lock;
use crate::signature::PublicKey;
use crate::storage::Storage;

/// The file whose lock lets one process at a time change which runs are published.
const LOCK: &str = ".lock";

/// A folder of runs. Clones share what was read of the ledger, so that a process reads each line of it once.
#[derive(Clone, Debug)]
pub struct Runs {
    out: PathBuf,
    storage: Arc<dyn Storage>,
    ledger: Arc<Mutex<Ledger>>,
    /// Whose signature a run must have that was left behind.
    signed_by: Option<PublicKey>,
}

/// The folder while nobody else publishes in it.
pub(super) struct Locked<'r> {
    pub(super) runs: &'r Runs,
    pub(super) ledger: MutexGuard<'r, Ledger>,
    _lock: File,
}

impl Runs {
    /// Names the folder; nothing is read or made.
    pub fn open(out: impl Into<PathBuf>, storage: Arc<dyn Storage>) -> Self {
        Self { out: out.into(), storage, ledger: Arc::default(), signed_by: None }
    }

    /// The same, where runs are signed: what a killed process has left is finished only if this key has signed it.
    #[must_use]
    pub fn signed(self, key: Option<PublicKey>) -> Self {
        Self { signed_by: key, ..self }
    }

    pub(super) fn signed_by(&self) -> Option<&PublicKey> {
        self.signed_by.as_ref()
    }

    /// The folder.
    pub fn out(&self) -> &Path {
        &self.out
    }

    /// Begins a run, and makes the folder of runs if it is not there. What killed processes have left is cleared away or
    /// finished first; [`Staging::recovery`] says what that was.
    ///
    /// # Errors
    /// [`PipelineError::Output`] also where a run of this name exists or is being made; [`PipelineError::Damaged`] for a
    /// ledger that is not whole.
    pub fn begin(&self, run_id: &str) -> Result<Staging, PipelineError> {
        check_id(run_id)?;
        self.make_folder(&self.out)?;
        self.catch_up()?;
        let mut locked = self.locked()?;
        let recovery = locked.recover()?;
        let target = self.out.join(run_id);
        if target.symlink_metadata().is_ok() {
            return Err(PipelineError::output(&target, ErrorKind::AlreadyExists.into()));
        }
        Staging::new(&locked, run_id, recovery)
    }

    /// Clears away or finishes what killed processes have left. [`begin`](Self::begin) does so too.
    ///
    /// # Errors
    /// As [`begin`](Self::begin).
    pub fn recover(&self) -> Result<Recovery, PipelineError> {
        if !self.out.is_dir() {
            return Ok(Recovery::default());
        }
        self.catch_up()?;
        self.locked()?.recover()
    }

    /// The published runs in the order of their publication, after a check of the whole chain. Neither locks nor changes
    /// anything; a line that is just being written is passed over.
    ///
    /// # Errors
    /// [`PipelineError::Damaged`] names the first bad line.
    pub fn entries(&self) -> Result<Vec<LedgerEntry>, PipelineError> {
        // In this order: the ledger only ever gets ahead of `CURRENT`.
        let current = Current::read(&self.out)?;
        let mut ledger = Ledger::default();
        ledger.catch_up(&self.out)?;
        if let Some(current) = current {
            current.known_to(&self.out, ledger.entries())?;
        }
        Ok(ledger.entries().to_vec())
    }

    /// Which runs are current; `None` if nothing was published.
    ///
    /// # Errors
    /// [`PipelineError::Damaged`]
    pub fn current(&self) -> Result<Option<Current>, PipelineError> {
        Current::read(&self.out)
    }

    /// Removes a folder of runs that was made for a run which came to nothing, if nobody else has put anything there.
    pub(crate) fn unmake(&self) {
        let names = std::fs::read_dir(&self.out)
            .map(|entries| entries.filter_map(Result::ok).map(|entry| entry.file_name()).collect::<Vec<_>>());
        if names.is_ok_and(|names| names.iter().all(|name| name == LOCK)) {
            // Whoever waits for the lock meanwhile notices that its file is gone, and makes another.
            let _stays = self.storage.remove(&self.out.join(LOCK));
            let _stays = std::fs::remove_dir(&self.out);
        }
    }

    pub(super) fn storage(&self) -> &dyn Storage {
        self.storage.as_ref()
    }

    /// Reads the ledger without the lock, so that the time under it does not grow with the number of runs.
    pub(super) fn catch_up(&self) -> Result<(), PipelineError> {
        self.ledger().catch_up(&self.out).map(|_unfinished| ())
    }

    /// Waits until nobody else publishes here.
    pub(super) fn locked(&self) -> Result<Locked<'_>, PipelineError> {
        let path = self.out.join(LOCK);
        let lock = lock::wait(&path).map_err(|error| PipelineError::output(&path, error))?;
        Ok(Locked { runs: self, ledger: self.ledger(), _lock: lock })
    }

    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes a folder and those above it; an error names this one.
    pub(super) fn make_folder(&self, path: &Path) -> Result<(), PipelineError> {
        self.try_folder(path).map_err(|error| PipelineError::output(path, error))
    }

    fn try_folder(&self, path: &Path) -> io::Result<()> {
        if path.is_dir() {
            return Ok(());
        }
        let made = match self.storage.create_folder(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => match path.parent() {
                Some(parent) if !parent.as_os_str().is_empty() => {
                    self.try_folder(parent)?;
                    self.storage.create_folder(path)
                }
                _ => Err(error),
            },
            other => other,
        };
        match made {
            // Somebody else was faster.
            Err(error) if error.kind() == ErrorKind::AlreadyExists && path.is_dir() => Ok(()),
            other => other,
        }
    }
}

/// A run's name is a folder's name on every system, and not one of the hidden ones.
pub(super) fn check_id(run_id: &str) -> Result<(), PipelineError> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    if (1..=100).contains(&run_id.len()) && run_id.bytes().all(plain) {
        return Ok(());
    }
    Err(PipelineError::Option {
        name: "run_id",
        expected: "letters, digits, `-` and `_`, at most 100".to_owned(),
        found: format!("`{run_id}`"),
    })
}
