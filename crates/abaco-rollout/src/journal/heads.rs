//! What the journal's end was: a chain shows a line that was changed, but not that its last lines are gone.
//!
//! Each line that is added to the journal is followed by its number and digest in a second file, which is there before the
//! first line. It may lag behind the journal, by a line after a kill between both and by more after a loss of power, since only
//! the journal's lines are synced; whoever writes next catches up. It is never ahead.

use std::io;
use std::path::Path;

use abaco_pipeline::storage::Storage;

use super::Entry;
use crate::RolloutError;

/// The file in the state folder.
pub(super) const HEADS: &str = "journal.heads";

/// The number and the digest of the last line that is known to have been written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Head {
    seq: usize,
    hash: String,
}

/// What the file says last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Last {
    /// There is no file.
    NoFile,
    /// It has no whole line.
    NoLine,
    /// Its last whole line.
    Line(Head),
}

impl Last {
    /// Whether it lacks the last one of these lines, which agree with what it has.
    pub(super) fn is_behind(&self, entries: &[Entry]) -> bool {
        match self {
            Self::NoFile | Self::NoLine => !entries.is_empty(),
            Self::Line(head) => head.seq < entries.len(),
        }
    }
}

/// What the file says last.
pub(super) fn last(state: &Path) -> Result<Last, RolloutError> {
    let path = state.join(HEADS);
    let bytes = match std::fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Last::NoFile),
        Err(error) => return Err(RolloutError::io(&path, error)),
    };
    // What is no text is no head either, and is shown as such.
    let text = String::from_utf8_lossy(&bytes);
    let Some(line) = whole(&text).lines().last() else { return Ok(Last::NoLine) };
    let head = line
        .split_once(' ')
        .and_then(|(seq, hash)| Some(Head { seq: seq.parse().ok()?, hash: hash.to_owned() }));
    let damaged = || RolloutError::Damaged {
        path: path.clone(),
        message: format!("expected a number and a digest, found `{line}`"),
    };
    head.map(Last::Line).ok_or_else(damaged)
}

/// What is wrong with a journal's lines in view of what the file said before they were read.
pub(super) fn fault(last: &Last, entries: &[Entry]) -> Option<String> {
    match last {
        Last::NoFile if !entries.is_empty() => Some(format!("expected `{HEADS}` beside it, found none")),
        Last::NoFile | Last::NoLine => None,
        Last::Line(Head { seq, hash }) => {
            let found = seq.checked_sub(1).and_then(|index| entries.get(index));
            match found {
                Some(entry) if entry.hash == *hash => None,
                Some(_) => Some(format!("line {seq}: expected the digest that `{HEADS}` has, found another")),
                None => {
                    let found = entries.len();
                    Some(format!(
                        "expected at least {seq} lines, as `{HEADS}` says, found {found}: its end is gone"
                    ))
                }
            }
        }
    }
}

/// Makes the file, durably, unless it is there.
pub(super) fn make(storage: &dyn Storage, state: &Path) -> io::Result<()> {
    let path = state.join(HEADS);
    if path.exists() {
        return Ok(());
    }
    storage.append(&path)?.sync()?;
    storage.sync_folder(state)
}

/// Adds the head of a line that was written.
pub(super) fn add(storage: &dyn Storage, state: &Path, seq: u64, hash: &str) -> io::Result<()> {
    let path = state.join(HEADS);
    // A line that was not written to its end would spoil the next one.
    match std::fs::read_to_string(&path) {
        Ok(text) if whole(&text).len() < text.len() => storage.truncate(&path, whole(&text).len() as u64)?,
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    storage.append(&path)?.write_all(format!("{seq} {hash}\n").as_bytes())
}

fn whole(text: &str) -> &str {
    &text[..text.rfind('\n').map_or(0, |end| end + 1)]
}
