//! What happened, in order: the one truth about how far a rollout has come.
//!
//! `journal.ndjson` has one line of canonical JSON per [`Event`], each with the digest of the line before it. Whoever writes
//! holds the state folder's lock for the time of one command; whoever only looks needs none. How far the rollout has come is
//! a fold over the lines, [`Standing`]: nothing else has to agree with them.

mod event;
mod heads;
mod read;
mod standing;
mod write;

#[cfg(test)]
mod tests;

pub use self::event::{Event, Outcome, Procedure};
pub use self::read::{Entry, Record};
pub use self::standing::{Progress, Restored, Standing};
pub use self::write::Journal;
pub(crate) use self::write::make_folder;

/// The journal's file in the state folder.
pub const JOURNAL: &str = "journal.ndjson";

/// The file whose lock serialises those who write.
pub const LOCK: &str = ".lock";
