//! One refused row: where it is and which rule refuses it.

use std::fmt;
use std::path::PathBuf;

/// Where a refused row is and which rule of the contract refuses it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RuleError {
    /// The tape.
    pub path: PathBuf,
    /// 1-based data row: the first row after the header is 1.
    pub row: u64,
    /// The id of the rule, or `column.kind`.
    pub rule: String,
    /// What was expected and what was found; values of pii columns are masked.
    pub message: String,
}

impl RuleError {
    pub(crate) fn new(path: PathBuf, row: u64, rule: String, message: String) -> Self {
        Self { path, row, rule, message }
    }
}

impl std::error::Error for RuleError {}

impl fmt::Display for RuleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: row {}, rule `{}`: {}", self.path.display(), self.row, self.rule, self.message)
    }
}
