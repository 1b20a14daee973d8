//! What was seen of a shadowed call.

use std::time::Duration;

/// How a side ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer<T, E> {
    /// It gave a value.
    Value(T),
    /// It gave an error.
    Error(E),
    /// It panicked, with this message.
    Panicked(String),
    /// It did not end in time.
    TimedOut,
    /// It could not be started, for this reason.
    NotStarted(String),
}

/// An answer and how long it took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timed<T, E> {
    /// How it ended.
    pub answer: Answer<T, E>,
    /// How long it took, or was waited for.
    pub duration: Duration,
}

/// Which side went first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum First {
    /// The baseline.
    Baseline,
    /// The candidate.
    Candidate,
}

/// What the two answers say of each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// The values are the same.
    Match,
    /// They are not.
    Mismatch,
    /// Only the candidate has no value.
    CandidateFailed,
    /// Only the baseline has no value.
    BaselineFailed,
    /// Neither has one.
    BothFailed,
    /// What compares the values panicked.
    Uncompared,
}

/// A shadowed call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observation<T, E> {
    /// The number of the call, from 0, counting those that were not shadowed.
    pub call: u64,
    /// Which side went first.
    pub first: First,
    /// The baseline.
    pub baseline: Timed<T, E>,
    /// The candidate.
    pub candidate: Timed<T, E>,
    /// What they say of each other.
    pub verdict: Verdict,
}

impl<T, E> Answer<T, E> {
    /// The value, if there is one.
    pub const fn value(&self) -> Option<&T> {
        match self {
            Self::Value(value) => Some(value),
            _ => None,
        }
    }
}
