//! The checks of a contract, as they are reported.

use serde::{Deserialize, Serialize};

use crate::contract::Severity;

/// What a check looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum CheckKind {
    /// The tape has the columns that the contract requires.
    Header,
    /// Each row has a cell for each column.
    Shape,
    /// Each cell is of its column's type.
    Type,
    /// No cell is null where the contract says `nulls: reject` or `nulls: drop_row`.
    Nulls,
    /// Each value lies within its column's range.
    Range,
    /// Each text is one of those that its column may have.
    Allowed,
    /// No value is there twice.
    Unique,
    /// No value is far from the others.
    Outliers,
    /// A condition holds for each row.
    Check,
    /// What is true of a key stays true.
    NeverReverts,
    /// The tape has so many rows.
    Rows,
    /// The snapshot is recent.
    Freshness,
    /// A total agrees with that of another table.
    Reconcile,
    /// No row is there twice.
    Duplicates,
    /// No two rows contradict each other.
    Conflicts,
    /// What was read is what was accepted, quarantined and left out.
    Totals,
}

/// A check over the columns of a tape.
#[derive(Clone, Debug)]
pub(super) struct Check {
    /// A rule's id, or `column.kind`, or `tape.kind`.
    pub(super) id: String,
    pub(super) kind: CheckKind,
    pub(super) severity: Severity,
    pub(super) column: Option<String>,
    pub(super) expected: String,
    pub(super) message: Option<String>,
    /// Why it cannot be executed on this tape.
    pub(super) skipped: Option<String>,
}

impl Check {
    /// A check of severity `error` on the tape as a whole.
    pub(super) fn of_tape(name: &str, kind: CheckKind, expected: impl Into<String>) -> Self {
        Self {
            id: format!("tape.{name}"),
            kind,
            severity: Severity::Error,
            column: None,
            expected: expected.into(),
            message: None,
            skipped: None,
        }
    }

    /// What people are told of a violation in which this was found.
    pub(super) fn told(&self, found: &str) -> String {
        let told = format!("expected {}, found {found}", self.expected);
        match &self.message {
            Some(message) => format!("{message}: {told}"),
            None => told,
        }
    }
}
