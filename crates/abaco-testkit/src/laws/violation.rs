//! What a broken law says.

use std::fmt;

use super::Subject;
use crate::Tape;

/// A law that does not hold, with the tape that shows it.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Violation(String);

impl fmt::Debug for Violation {
    /// The text with its tape as it stands, because `unwrap` and `main` show this.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Violation {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }
}

/// A law being checked on a tape: knows what to say when it breaks.
#[derive(Clone, Copy)]
pub(crate) struct Check<'c> {
    pub(crate) law: &'static str,
    pub(crate) subject: &'c Subject<'c>,
    pub(crate) tape: &'c Tape,
}

impl Check<'_> {
    /// The law is broken: `detail` says how.
    pub(crate) fn broken(&self, detail: impl fmt::Display) -> Violation {
        let columns: Vec<String> =
            self.tape.columns().iter().map(|(column, kind)| format!("{column}: {kind}")).collect();
        Violation::new(format!(
            "law broken: {}\n{}\n{detail}\ntape ({}), {} rows:\n{}",
            self.law,
            self.subject,
            columns.join(", "),
            self.tape.len(),
            self.tape
        ))
    }

    /// The value, or the error as a broken law.
    pub(crate) fn fine<T, E: fmt::Display>(&self, what: &str, result: Result<T, E>) -> Result<T, Violation> {
        result.map_err(|error| self.broken(format_args!("{what}: {error}")))
    }

    /// Both are the same.
    pub(crate) fn same<T: PartialEq + fmt::Debug>(
        &self,
        what: &str,
        expected: &T,
        found: &T,
    ) -> Result<(), Violation> {
        if expected == found {
            return Ok(());
        }
        Err(self.broken(format_args!("{what}: expected {expected:?}\nfound {found:?}")))
    }

    /// `holds` is true.
    pub(crate) fn holds(&self, holds: bool, detail: impl fmt::Display) -> Result<(), Violation> {
        if holds { Ok(()) } else { Err(self.broken(detail)) }
    }
}
