//! The outbox: a folder of entries, each sent by one process at a time.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::SystemTime;

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::json;

use super::{Deliver, DeliveryError, Entry, PublishedRun};
use crate::published;
use crate::storage::{Access, Storage};
use crate::{PipelineError, Retry};

const FOLDER: &str = ".outbox";
const DELIVERED: &str = "DELIVERED.ndjson";

/// The deliveries that are due in a folder of runs.
#[derive(Debug)]
pub struct Outbox {
    out: PathBuf,
    folder: PathBuf,
    storage: Arc<dyn Storage>,
}

/// What became of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Sent {
    /// The output has the run, and the entry is gone.
    Delivered,
    /// The output does not have it; the entry stays, with this reason.
    Waiting {
        /// Why.
        reason: String,
    },
    /// The run is not in the ledger, so it is not published; the entry stays as it is.
    NotPublished,
    /// Somebody else has sent it meanwhile.
    Gone,
}

impl Outbox {
    /// The outbox of the runs in `out`; there need not be any yet.
    pub fn open(out: impl Into<PathBuf>, storage: Arc<dyn Storage>) -> Self {
        let out = out.into();
        Self { folder: out.join(FOLDER), out, storage }
    }

    /// The entries, those of the oldest runs first.
    ///
    /// # Errors
    /// An entry that cannot be read: a delivery is not forgotten.
    pub fn pending(&self) -> Result<Vec<Entry>, PipelineError> {
        let unreadable = |error| PipelineError::input(&self.folder, error);
        let files = match fs::read_dir(&self.folder) {
            Ok(files) => files,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(unreadable(error)),
        };
        let mut entries = Vec::new();
        for file in files {
            let name = file.map_err(unreadable)?.file_name();
            let name = name.to_string_lossy();
            if name.starts_with('.') || !name.ends_with(".json") {
                continue;
            }
            let path = self.folder.join(&*name);
            match fs::read(&path) {
                Ok(bytes) => entries.push(parse(&path, &bytes)?),
                // Sent by somebody else since the folder was listed.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(PipelineError::input(&path, error)),
            }
        }
        entries.sort_by(|a, b| (&a.run_id, &a.output).cmp(&(&b.run_id, &b.output)));
        Ok(entries)
    }

    /// Sends one entry, and tries again as `retry` says; the run is opened and every byte of it checked before.
    ///
    /// Whoever else sends the same entry is waited for. A failed delivery is not an error: it is [`Sent::Waiting`].
    ///
    /// # Errors
    /// [`PipelineError`] if the outbox or the ledger cannot be read or written.
    pub fn send(&self, entry: &Entry, deliver: &dyn Deliver, retry: &Retry) -> Result<Sent, PipelineError> {
        let path = self.folder.join(entry.file_name());
        let Some(mut held) = Held::wait(&path, &entry.file_name())? else { return Ok(Sent::Gone) };
        let entry = &mut held.entry;
        let runs = published::listed(&self.out)?;
        let Some(run) = runs.iter().rev().find(|run| run.run_id == entry.run_id) else {
            return Ok(Sent::NotPublished);
        };
        let result = match PublishedRun::open(&self.out, run) {
            Ok(run) => try_again(retry, &mut entry.attempts, || deliver.deliver(&run)),
            Err(fault) => {
                entry.attempts += 1;
                Err(DeliveryError::lasting(format!("not sent: {fault}")))
            }
        };
        let now = DateTime::<Utc>::from(SystemTime::now());
        match result {
            Ok(()) => {
                // In this order: who dies between the two sends again, which changes nothing, and says so twice.
                self.note(entry, now)?;
                self.storage.remove(&path).map_err(output(&path))?;
                self.storage.sync_folder(&self.folder).map_err(output(&self.folder))?;
                held.forget();
                Ok(Sent::Delivered)
            }
            Err(error) => {
                entry.last_error = Some(error.message.clone());
                entry.last_tried_at = Some(now);
                self.replace(&path, entry)?;
                Ok(Sent::Waiting { reason: error.message })
            }
        }
    }

    /// Rewrites an entry in one step.
    fn replace(&self, path: &Path, entry: &Entry) -> Result<(), PipelineError> {
        let new = self.folder.join(format!(".new-{}", uuid::Uuid::now_v7()));
        let written = (|| {
            let mut file = self.storage.create(&new, Access::Shared)?;
            file.write_all(&entry.bytes())?;
            file.sync()?;
            drop(file);
            self.storage.rename(&new, path)?;
            self.storage.sync_folder(&self.folder)
        })();
        written.map_err(|error| {
            let _already_renamed_or_never_there = self.storage.remove(&new);
            output(path)(error)
        })
    }

    /// Writes down what was delivered.
    fn note(&self, entry: &Entry, at: DateTime<Utc>) -> Result<(), PipelineError> {
        let path = self.folder.join(DELIVERED);
        let line = json!({
            "run_id": entry.run_id,
            "output": entry.output,
            "kind": entry.kind,
            "attempts": entry.attempts,
            "delivered_at": at.to_rfc3339_opts(SecondsFormat::Micros, true),
        });
        // A line that its writer could not finish must not swallow this one.
        let torn = ends_within_a_line(&path).map_err(output(&path))?;
        let line = format!("{}{line}\n", if torn { "\n" } else { "" });
        let mut file = self.storage.append(&path).map_err(output(&path))?;
        file.write_all(line.as_bytes()).and_then(|()| file.sync()).map_err(output(&path))
    }
}

/// Calls until it goes well, or nothing is to be hoped for any more.
fn try_again(
    retry: &Retry,
    attempts: &mut u64,
    mut call: impl FnMut() -> Result<(), DeliveryError>,
) -> Result<(), DeliveryError> {
    let mut waits = retry.waits();
    loop {
        *attempts += 1;
        let error = match call() {
            Err(error) if error.retry => error,
            other => return other,
        };
        match waits.next() {
            Some(wait) => thread::sleep(wait),
            None => return Err(error),
        }
    }
}

/// An entry that nobody else sends, as long as this lives.
struct Held {
    entry: Entry,
    lock: PathBuf,
    _locked: File,
}

impl Held {
    /// Waits until nobody else holds the entry; `None` if it is gone by then.
    ///
    /// The lock is a file of its own: on Windows nobody could read an entry that is locked.
    fn wait(path: &Path, name: &str) -> Result<Option<Self>, PipelineError> {
        let unreadable = |error| PipelineError::input(path, error);
        if !path.try_exists().map_err(unreadable)? {
            return Ok(None);
        }
        let lock = path.with_file_name(format!(".lock-{name}"));
        let locked = OpenOptions::new().write(true).create(true).truncate(false).open(&lock);
        let locked = locked.and_then(|file| file.lock().map(|()| file));
        let locked = locked.map_err(|error| PipelineError::Output { path: lock.clone(), source: error })?;
        match fs::read(path) {
            Ok(bytes) => Ok(Some(Self { entry: parse(path, &bytes)?, lock, _locked: locked })),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let _already_removed = fs::remove_file(&lock);
                Ok(None)
            }
            Err(error) => Err(unreadable(error)),
        }
    }

    /// Removes the lock of an entry that is gone. Who waits for it then finds that there is no entry any more.
    fn forget(&self) {
        let _already_removed = fs::remove_file(&self.lock);
    }
}

fn parse(path: &Path, bytes: &[u8]) -> Result<Entry, PipelineError> {
    let wrong =
        |message: String| PipelineError::input(path, io::Error::new(io::ErrorKind::InvalidData, message));
    let entry = Entry::parse(bytes).map_err(wrong)?;
    let named = path.file_name().is_some_and(|name| *name == *entry.file_name());
    if !named {
        return Err(wrong(format!("expected an entry of this name, found that of `{}`", entry.file_name())));
    }
    Ok(entry)
}

fn ends_within_a_line(path: &Path) -> io::Result<bool> {
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error),
    };
    if file.seek(SeekFrom::End(0))? == 0 {
        return Ok(false);
    }
    file.seek(SeekFrom::End(-1))?;
    let mut last = [0];
    file.read_exact(&mut last)?;
    Ok(last != *b"\n")
}

fn output(path: &Path) -> impl FnOnce(io::Error) -> PipelineError {
    let path = path.to_path_buf();
    move |source| PipelineError::Output { path, source }
}
