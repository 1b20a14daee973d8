//! What the journal's end was: a chain shows a line that was changed, but not that its last lines are gone.
//!
//! Each line that is added to the journal is followed by its number and digest in a second file. That one may lag behind the
//! journal by a line, after a kill between both, and is never ahead of it.

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

/// The last whole line of the file; none without one.
pub(super) fn last(state: &Path) -> Result<Option<Head>, RolloutError> {
    let path = state.join(HEADS);
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(RolloutError::io(&path, error)),
    };
    let Some(line) = whole(&text).lines().last() else { return Ok(None) };
    let head = line
        .split_once(' ')
        .and_then(|(seq, hash)| Some(Head { seq: seq.parse().ok()?, hash: hash.to_owned() }));
    let damaged = || RolloutError::Damaged {
        path: path.clone(),
        message: format!("expected a number and a digest, found `{line}`"),
    };
    head.map(Some).ok_or_else(damaged)
}

/// What is wrong with a journal's lines in view of the head that was read before them.
pub(super) fn fault(head: Option<&Head>, entries: &[Entry]) -> Option<String> {
    match head {
        None if entries.len() > 1 => Some(format!("expected `{HEADS}` beside it, found none")),
        None => None,
        Some(Head { seq, hash }) => {
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
