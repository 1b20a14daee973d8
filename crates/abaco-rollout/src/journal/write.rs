//! Writing the journal.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use abaco_pipeline::chain::link;
use abaco_pipeline::lock;
use abaco_pipeline::storage::Storage;
use chrono::{DateTime, SecondsFormat, SubsecRound, Utc};

use super::{Entry, Event, JOURNAL, LOCK, Record, Standing, heads};
use crate::RolloutError;

/// The journal of a state folder, held against everybody else who would write until it is dropped.
///
/// ```
/// use std::sync::Arc;
/// use abaco_pipeline::storage::Disk;
/// use abaco_rollout::journal::{Event, Journal};
/// use abaco_rollout::stage::Stage;
///
/// let folder = tempfile::tempdir()?;
/// let state = folder.path().join("rollout");
/// let mut journal = Journal::open(&state, Arc::new(Disk), chrono::Utc::now, "ana")?;
/// let moved = |from, to| Event::Moved { from, to, reason: String::new(), evidence: Vec::new() };
/// assert_eq!(journal.append(moved(Stage::Staging, Stage::Shadow))?, 1);
/// assert_eq!(
///     journal.append(moved(Stage::Shadow, Stage::Cutover)).unwrap_err().to_string(),
///     "stage: expected one that `shadow` may become, found `cutover`"
/// );
/// assert_eq!(journal.standing().stage, Stage::Shadow);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Journal {
    record: Record,
    folder: PathBuf,
    storage: Arc<dyn Storage>,
    clock: fn() -> DateTime<Utc>,
    actor: String,
    /// Whether the file may go on behind the last line that is known.
    torn: bool,
    _held: File,
}

impl Journal {
    /// Waits for the lock of a state folder, which is made if it is not there, reads its journal and cuts off a last line
    /// that was not written to its end.
    ///
    /// # Errors
    /// [`RolloutError::Damaged`] for a journal that is not what was written, [`RolloutError::Io`].
    pub fn open(
        state: &Path,
        storage: Arc<dyn Storage>,
        clock: fn() -> DateTime<Utc>,
        actor: &str,
    ) -> Result<Self, RolloutError> {
        make_folder(storage.as_ref(), state)?;
        let path = state.join(LOCK);
        let held = lock::wait(&path).map_err(|error| RolloutError::io(&path, error))?;
        let record = Record::read(state)?;
        if let Some(entry) = record.entries.last()
            && heads::last(state)?.is_behind(&record.entries)
        {
            heads::add(storage.as_ref(), state, entry.seq, &entry.hash)
                .map_err(|error| RolloutError::io(&path, error))?;
        }
        let torn = record.tail > 0;
        let (folder, actor) = (state.to_path_buf(), actor.to_owned());
        let mut journal = Self { record, folder, storage, clock, actor, torn, _held: held };
        journal.mend()?;
        Ok(journal)
    }

    /// Adds a line, durably, and gives its number.
    ///
    /// # Errors
    /// [`RolloutError::Refused`] for an event that may not follow, [`RolloutError::Io`]: then the line is not there, or is
    /// cut off before the next one.
    pub fn append(&mut self, event: Event) -> Result<u64, RolloutError> {
        // As precise as the line, so that it reads back as the same instant.
        let at = (self.clock)().trunc_subsecs(6);
        let seq = self.record.entries.len() as u64 + 1;
        self.record.standing.after(seq, at, &event).map_err(RolloutError::Refused)?;
        self.mend()?;
        let path = self.path();
        let text = at.to_rfc3339_opts(SecondsFormat::Micros, true);
        let linked = Entry::fields(&text, &self.actor, &event)
            .and_then(|fields| link(fields, seq, self.record.head()));
        let (line, hash) = linked.map_err(|error| RolloutError::io(&path, error.into()))?;
        self.torn = true;
        self.write(&path, line.as_bytes())
            .and_then(|()| heads::add(self.storage.as_ref(), &self.folder, seq, &hash))
            .map_err(|error| RolloutError::io(&path, error))?;
        self.torn = false;
        let entry = Entry { seq, at, actor: self.actor.clone(), event, hash };
        self.record.take(entry, line.len() as u64).map_err(RolloutError::Refused)?;
        Ok(seq)
    }

    /// What was written so far.
    pub fn record(&self) -> &Record {
        &self.record
    }

    /// How far the rollout has come.
    pub fn standing(&self) -> &Standing {
        &self.record.standing
    }

    fn path(&self) -> PathBuf {
        self.folder.join(JOURNAL)
    }

    fn write(&self, path: &Path, line: &[u8]) -> io::Result<()> {
        if self.record.entries.is_empty() {
            heads::make(self.storage.as_ref(), &self.folder)?;
        }
        let mut sink = self.storage.append(path)?;
        sink.write_all(line)?;
        sink.sync()?;
        if self.record.entries.is_empty() { self.storage.sync_folder(&self.folder) } else { Ok(()) }
    }

    /// Cuts off what lies behind the last line that is known.
    fn mend(&mut self) -> Result<(), RolloutError> {
        let path = self.path();
        if self.torn && path.exists() {
            self.storage
                .truncate(&path, self.record.bytes)
                .map_err(|error| RolloutError::io(&path, error))?;
        }
        (self.torn, self.record.tail) = (false, 0);
        Ok(())
    }
}

/// Makes a folder and those above it, durably.
pub(crate) fn make_folder(storage: &dyn Storage, path: &Path) -> Result<(), RolloutError> {
    if path.is_dir() {
        return Ok(());
    }
    let above = path.parent().filter(|above| !above.as_os_str().is_empty()).unwrap_or(Path::new("."));
    make_folder(storage, above)?;
    match storage.create_folder(path) {
        // Somebody else was faster.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => Ok(()),
        Err(error) => Err(RolloutError::io(path, error)),
        Ok(()) => storage.sync_folder(above).map_err(|error| RolloutError::io(above, error)),
    }
}
