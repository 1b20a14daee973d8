//! Reading the journal.

use std::io;
use std::path::Path;

use abaco_pipeline::chain::{BEGINNING, Fault, Line, claimed, in_place, line};
use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

use super::heads::{self, Last};
use super::{Event, JOURNAL, Standing};
use crate::RolloutError;

/// A line of the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its number, from 1.
    pub seq: u64,
    /// When.
    pub at: DateTime<Utc>,
    /// Who.
    pub actor: String,
    /// What.
    pub event: Event,
    /// Its digest.
    pub hash: String,
}

/// The journal as far as it was written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Record {
    /// The lines.
    pub entries: Vec<Entry>,
    /// What they come to.
    pub standing: Standing,
    /// Bytes behind the last whole line: what whoever was writing it when he ended left.
    pub tail: u64,
    /// Bytes of the whole lines.
    pub(super) bytes: u64,
}

impl Record {
    /// Reads the journal of a state folder without holding its lock; none has no entries.
    ///
    /// # Errors
    /// [`RolloutError::Damaged`] names the first line that is not what was written, or does not follow from those before it.
    pub fn read(state: &Path) -> Result<Self, RolloutError> {
        let path = state.join(JOURNAL);
        // Before the journal: somebody may be adding to both.
        let last = heads::last(state)?;
        let text = match std::fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(RolloutError::io(&path, error)),
        };
        let damaged = |message: String| RolloutError::Damaged { path: path.clone(), message };
        let record =
            Self::parse(&text).map_err(|(line, message)| damaged(format!("line {line}: {message}")))?;
        match heads::fault(&last, &record.entries) {
            // The first lines were written between both readings.
            Some(_) if last == Last::NoFile && heads::last(state)? != Last::NoFile => Self::read(state),
            Some(message) => Err(damaged(message)),
            None => Ok(record),
        }
    }

    /// The digest of the last line.
    pub fn head(&self) -> &str {
        self.entries.last().map_or(BEGINNING, |last| &last.hash)
    }

    /// The lines as they are weighed and reported: when, who and what.
    pub fn events(&self) -> Vec<(DateTime<Utc>, String, Event)> {
        self.entries.iter().map(|entry| (entry.at, entry.actor.clone(), entry.event.clone())).collect()
    }

    fn parse(text: &[u8]) -> Result<Self, (u64, String)> {
        let lines: Vec<&[u8]> = text.split_inclusive(|byte| *byte == b'\n').collect();
        let mut record = Self::default();
        for (index, whole) in lines.iter().enumerate() {
            let number = index as u64 + 1;
            let Some(text) = whole.strip_suffix(b"\n") else {
                record.tail = whole.len() as u64;
                break;
            };
            let wrong = |fault: Fault| (number, fault.to_string());
            let line = line(text).map_err(wrong)?;
            let later = lines[index + 1..].iter().filter_map(|text| claimed(text));
            in_place(&line, number, record.head(), later).map_err(wrong)?;
            let entry = Entry::of(line).map_err(|message| (number, message))?;
            record.take(entry, whole.len() as u64).map_err(|message| (number, message))?;
        }
        Ok(record)
    }

    /// Adds a line that may follow.
    pub(super) fn take(&mut self, entry: Entry, bytes: u64) -> Result<(), String> {
        self.standing = self.standing.after(entry.seq, entry.at, &entry.event)?;
        self.entries.push(entry);
        self.bytes += bytes;
        Ok(())
    }
}

impl Entry {
    fn of(line: Line) -> Result<Self, String> {
        let Line { seq, hash, mut entry, .. } = line;
        for key in ["seq", "prev", "hash"] {
            entry.remove(key);
        }
        let mut word = |key: &str| match entry.remove(key) {
            Some(Value::String(text)) => Ok(text),
            _ => Err(format!("expected a text `{key}`, found none")),
        };
        let (at, actor) = (word("at")?, word("actor")?);
        let at = DateTime::parse_from_rfc3339(&at).map_err(|error| format!("`at`: {error}"))?.to_utc();
        let event = serde_json::from_value(Value::Object(entry)).map_err(|error| error.to_string())?;
        Ok(Self { seq, at, actor, event, hash })
    }

    /// The line without its place in the chain.
    pub(super) fn fields(
        at: &str,
        actor: &str,
        event: &Event,
    ) -> Result<Map<String, Value>, serde_json::Error> {
        let Value::Object(mut fields) = serde_json::to_value(event)? else {
            return Err(serde::ser::Error::custom("expected an event with fields"));
        };
        fields.insert("at".to_owned(), at.into());
        fields.insert("actor".to_owned(), actor.into());
        Ok(fields)
    }
}
