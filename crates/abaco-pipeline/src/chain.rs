//! Lines of canonical JSON, each of which holds the digest of the one before it.

use std::fmt;

use serde_json::{Map, Value};

use crate::canonical_json::{canonical, sha256};

/// What the first line of a chain names as the line before it.
pub const BEGINNING: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// Why a line is not the next one of its chain.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// It is not JSON, or not an object with the keys of a chain.
    NotALine(String),
    /// It is not what its own digest says, or not in canonical form.
    Changed,
    /// It is sound but follows another line than the one that is before it.
    PredecessorChanged,
    /// The lines before it are missing.
    Removed {
        /// The number that should be here.
        expected: u64,
        /// The number that is.
        found: u64,
    },
    /// It stands in another place than where it was written.
    Reordered {
        /// The number that should be here.
        expected: u64,
        /// The number that is.
        found: u64,
    },
    /// The last line has no end.
    Truncated,
}

impl Fault {
    /// What was expected and what was found, without the word for it.
    pub fn detail(&self) -> String {
        match self {
            Self::NotALine(why) => why.clone(),
            Self::Changed => "it is not what its `hash` says".to_owned(),
            Self::PredecessorChanged => "its `prev` is not the hash of the line before it".to_owned(),
            Self::Removed { expected, found } | Self::Reordered { expected, found } => {
                format!("expected entry {expected}, found {found}")
            }
            Self::Truncated => "the line has no end".to_owned(),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = match self {
            Self::NotALine(_) | Self::Changed | Self::PredecessorChanged => "changed",
            Self::Removed { .. } => "removed",
            Self::Reordered { .. } => "reordered",
            Self::Truncated => "truncated",
        };
        write!(f, "{word}: {}", self.detail())
    }
}

/// Completes an entry with its number, its predecessor's digest and its own; gives the line, with its end, and the digest.
pub fn link(
    mut entry: Map<String, Value>,
    seq: u64,
    prev: &str,
) -> Result<(String, String), serde_json::Error> {
    entry.insert("seq".to_owned(), seq.into());
    entry.insert("prev".to_owned(), prev.into());
    let hash = sha256(canonical(&entry)?.as_bytes());
    entry.insert("hash".to_owned(), hash.as_str().into());
    Ok((canonical(&entry)? + "\n", hash))
}

/// A line by itself.
#[derive(Clone, Debug)]
pub struct Line {
    /// Its number, from 1.
    pub seq: u64,
    /// The digest of the line before it.
    pub prev: String,
    /// Its own digest.
    pub hash: String,
    /// The whole object.
    pub entry: Map<String, Value>,
}

/// Reads one line, without its end, and holds it against its own digest.
pub fn line(text: &[u8]) -> Result<Line, Fault> {
    let not = |why: String| Fault::NotALine(why);
    let entry: Map<String, Value> =
        serde_json::from_slice(text).map_err(|error| not(format!("not a JSON object: {error}")))?;
    let word = |key: &str| {
        let value = entry.get(key).and_then(Value::as_str);
        value.map(str::to_owned).ok_or_else(|| not(format!("expected a text `{key}`, found none")))
    };
    let seq = entry.get("seq").and_then(Value::as_u64);
    let seq = seq.ok_or_else(|| not("expected a number `seq`, found none".to_owned()))?;
    let (prev, hash) = (word("prev")?, word("hash")?);
    let mut unsealed = entry.clone();
    unsealed.shift_remove("hash");
    // Another spelling of the same object is a change too.
    let same_text = canonical(&entry).is_ok_and(|canonical| canonical.as_bytes() == text);
    let same_hash = canonical(&unsealed).is_ok_and(|canonical| sha256(canonical.as_bytes()) == hash);
    if same_text && same_hash { Ok(Line { seq, prev, hash, entry }) } else { Err(Fault::Changed) }
}

/// Holds a sound line against its place; `later` are the numbers of the lines behind it.
pub fn in_place(
    line: &Line,
    expected: u64,
    prev: &str,
    mut later: impl Iterator<Item = u64>,
) -> Result<(), Fault> {
    let found = line.seq;
    match found.cmp(&expected) {
        std::cmp::Ordering::Equal if line.prev == prev => Ok(()),
        std::cmp::Ordering::Equal => Err(Fault::PredecessorChanged),
        std::cmp::Ordering::Greater if !later.any(|seq| seq == expected) => {
            Err(Fault::Removed { expected, found })
        }
        _ => Err(Fault::Reordered { expected, found }),
    }
}

/// The number that a line claims, whatever else is wrong with it.
pub fn claimed(text: &[u8]) -> Option<u64> {
    serde_json::from_slice::<Value>(text).ok()?.get("seq")?.as_u64()
}
