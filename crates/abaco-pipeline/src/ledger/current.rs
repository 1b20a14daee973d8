//! `CURRENT`: each portfolio's run, and the ledger's end.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::Path;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::{CURRENT, LEDGER, LedgerEntry};
use crate::PipelineError;
use crate::canonical_json::canonical;
use crate::storage::{Access, Storage};

/// Under which name it is written before it takes the old one's place.
const NEW: &str = ".CURRENT.new";

/// Which runs are current.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Current {
    /// By portfolio: the run with the latest snapshot; of several with the same, the one that was published last.
    pub portfolios: BTreeMap<String, CurrentRun>,
    /// The end of the ledger from which this follows.
    pub ledger: LedgerHead,
}

/// A portfolio's current run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CurrentRun {
    /// The run.
    pub run_id: String,
    /// Its snapshot.
    pub as_of: Option<NaiveDate>,
}

/// The end of a ledger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LedgerHead {
    /// The number of the last entry.
    pub seq: u64,
    /// Its digest.
    pub hash: String,
}

impl Current {
    /// What follows from a ledger; `None` from an empty one.
    pub fn of(entries: &[LedgerEntry]) -> Option<Self> {
        let last = entries.last()?;
        let mut latest: BTreeMap<&str, &LedgerEntry> = BTreeMap::new();
        for entry in entries {
            let kept = latest.entry(&entry.portfolio).or_insert(entry);
            if entry.as_of >= kept.as_of {
                *kept = entry;
            }
        }
        let run = |entry: &LedgerEntry| CurrentRun { run_id: entry.run_id.clone(), as_of: entry.as_of };
        Some(Self {
            portfolios: latest.into_iter().map(|(name, entry)| (name.to_owned(), run(entry))).collect(),
            ledger: LedgerHead { seq: last.seq, hash: last.hash.clone() },
        })
    }

    /// What stands in the folder of runs; `None` if nothing has been published there.
    ///
    /// # Errors
    /// [`PipelineError::Damaged`] for a file that is something else, [`PipelineError::InputUnreadable`].
    pub fn read(out: &Path) -> Result<Option<Self>, PipelineError> {
        let path = out.join(CURRENT);
        let bytes = match std::fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(PipelineError::input(&path, error)),
        };
        let damaged = |why: &str| PipelineError::Damaged {
            path: path.clone(),
            message: format!(
                "{why}; once the ledger is known to be whole, remove the file, and the next run writes it anew"
            ),
        };
        let current: Self = serde_json::from_slice(&bytes).map_err(|error| damaged(&error.to_string()))?;
        if current.text()?.as_bytes() != bytes {
            return Err(damaged("expected canonical JSON and a line's end"));
        }
        Ok(Some(current))
    }

    /// The ledger has the entry of which this file knows.
    pub(crate) fn known_to(&self, out: &Path, entries: &[LedgerEntry]) -> Result<(), PipelineError> {
        let head = &self.ledger;
        let at = head.seq.checked_sub(1).and_then(|at| usize::try_from(at).ok());
        let found = at.and_then(|at| entries.get(at));
        let message = match found {
            Some(entry) if entry.hash == head.hash => return Ok(()),
            Some(_) => format!("changed: expected in entry {} the hash that `CURRENT` names", head.seq),
            None => format!(
                "truncated: expected at least {} entries, since `CURRENT` names the last of them, found {}",
                head.seq,
                entries.len()
            ),
        };
        Err(PipelineError::Damaged { path: out.join(LEDGER), message })
    }

    fn text(&self) -> Result<String, PipelineError> {
        Ok(canonical(self).map_err(PipelineError::Json)? + "\n")
    }

    /// Puts this in the old one's place.
    pub(crate) fn write(&self, out: &Path, storage: &dyn Storage) -> Result<(), PipelineError> {
        let (new, path) = (out.join(NEW), out.join(CURRENT));
        Self::tidy(out, storage)?;
        let text = self.text()?;
        let written = || {
            let mut sink = storage.create(&new, Access::Shared)?;
            sink.write_all(text.as_bytes())?;
            sink.sync()?;
            drop(sink);
            storage.rename(&new, &path)?;
            storage.sync_folder(out)
        };
        written().map_err(|error| PipelineError::output(&path, error))
    }

    /// Removes what a killed process has left.
    pub(crate) fn tidy(out: &Path, storage: &dyn Storage) -> Result<(), PipelineError> {
        let new = out.join(NEW);
        if new.exists() {
            storage.remove(&new).map_err(|error| PipelineError::output(&new, error))?;
        }
        Ok(())
    }
}
