//! Reading and extending `LEDGER.ndjson`.

use std::fs::File;
use std::io::{ErrorKind, Read, Seek, SeekFrom};
use std::path::Path;

use serde_json::Value;

use super::{LEDGER, LedgerEntry};
use crate::PipelineError;
use crate::audit::AuditProblem;
use crate::chain::{BEGINNING, Fault, claimed, in_place, line};
use crate::storage::Storage;

/// A ledger as far as it was read and found sound.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ledger {
    entries: Vec<LedgerEntry>,
    /// Bytes of the sound lines.
    bytes: u64,
    /// The last of them, by which a later look sees that the file is still the same.
    last_line: Vec<u8>,
}

/// What lies behind the last sound line: a line that was not written to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tail {
    pub(crate) line: u64,
    pub(crate) bytes: u64,
}

impl Ledger {
    pub(crate) fn entries(&self) -> &[LedgerEntry] {
        &self.entries
    }

    pub(crate) fn has(&self, run_id: &str) -> bool {
        self.entries.iter().rev().any(|entry| entry.run_id == run_id)
    }

    /// Reads what was added since; another file than before is read from its beginning.
    ///
    /// # Errors
    /// [`PipelineError::Damaged`] names the first bad line.
    pub(crate) fn catch_up(&mut self, out: &Path) -> Result<Option<Tail>, PipelineError> {
        let path = out.join(LEDGER);
        let unreadable = |error| PipelineError::input(&path, error);
        let mut file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                *self = Self::default();
                return Ok(None);
            }
            Err(error) => return Err(unreadable(error)),
        };
        let known = self.last_line.len() as u64;
        let mut added = Vec::new();
        file.seek(SeekFrom::Start(self.bytes - known)).map_err(unreadable)?;
        file.read_to_end(&mut added).map_err(unreadable)?;
        if added.starts_with(&self.last_line) {
            added.drain(..self.last_line.len());
        } else {
            *self = Self::default();
            added.clear();
            file.rewind().map_err(unreadable)?;
            file.read_to_end(&mut added).map_err(unreadable)?;
        }
        self.extend(&added)
            .map_err(|problem| PipelineError::Damaged { path: path.clone(), message: problem.to_string() })
    }

    /// Takes the lines; an unfinished last one is the tail.
    pub(crate) fn extend(&mut self, text: &[u8]) -> Result<Option<Tail>, AuditProblem> {
        let lines: Vec<&[u8]> = text.split_inclusive(|byte| *byte == b'\n').collect();
        for (index, whole) in lines.iter().enumerate() {
            let number = self.entries.len() as u64 + 1;
            let wrong = |fault| AuditProblem { line: number, fault };
            let is_last = index + 1 == lines.len();
            let tail = Tail { line: number, bytes: whole.len() as u64 };
            let Some(text) = whole.strip_suffix(b"\n") else { return Ok(Some(tail)) };
            let line = match line(text) {
                Err(Fault::NotALine(_)) if is_last => return Ok(Some(tail)),
                other => other.map_err(wrong)?,
            };
            let prev = self.entries.last().map_or(BEGINNING, |last| &last.hash);
            let later = lines[index + 1..].iter().filter_map(|text| claimed(text));
            in_place(&line, number, prev, later).map_err(wrong)?;
            let entry = serde_json::from_value(Value::Object(line.entry))
                .map_err(|error| wrong(Fault::NotALine(error.to_string())))?;
            self.entries.push(entry);
            self.bytes += whole.len() as u64;
            self.last_line = whole.to_vec();
        }
        Ok(None)
    }

    /// Cuts off what lies behind the last sound line.
    pub(crate) fn cut(&self, out: &Path, storage: &dyn Storage) -> Result<(), PipelineError> {
        let path = out.join(LEDGER);
        storage.truncate(&path, self.bytes).map_err(|error| PipelineError::output(&path, error))
    }

    /// Adds a line, durably. After an error the file may end in the whole line, a part of it or none of it.
    pub(crate) fn append(
        &mut self,
        out: &Path,
        storage: &dyn Storage,
        entry: LedgerEntry,
        line: &str,
    ) -> Result<(), PipelineError> {
        let path = out.join(LEDGER);
        let written = || {
            let mut sink = storage.append(&path)?;
            sink.write_all(line.as_bytes())?;
            sink.sync()?;
            if self.entries.is_empty() { storage.sync_folder(out) } else { Ok(()) }
        };
        written().map_err(|error| PipelineError::output(&path, error))?;
        self.bytes += line.len() as u64;
        self.last_line = line.as_bytes().to_vec();
        self.entries.push(entry);
        Ok(())
    }
}
