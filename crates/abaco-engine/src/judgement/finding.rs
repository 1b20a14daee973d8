//! Findings: what a rule has to say about a value.

use std::fmt;

use serde::Serialize;

use crate::Status;

/// Which rule speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum FindingKind {
    /// A threshold of the level is reached.
    Level,
    /// The level lies before its threshold again, but not yet where it is left.
    Held,
    /// The value moved too far since an earlier one.
    Change,
    /// A covenant is breached.
    Covenant,
    /// The value cannot be right.
    OutOfRange,
    /// The value is at an end of what can be right, as a value is that was cut off there.
    Saturated,
    /// The value differs unusually from the one of an earlier run.
    Anomaly,
    /// A rule could not be applied.
    Unjudged,
}

impl FindingKind {
    /// The kind in snake case.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Level => "level",
            Self::Held => "held",
            Self::Change => "change",
            Self::Covenant => "covenant",
            Self::OutOfRange => "out_of_range",
            Self::Saturated => "saturated",
            Self::Anomaly => "anomaly",
            Self::Unjudged => "unjudged",
        }
    }
}

impl fmt::Display for FindingKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a rule has to say about a value.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// Which rule.
    pub kind: FindingKind,
    /// How bad it is; [`Status::None`] for a mere remark.
    pub severity: Status,
    /// The rule in words, with its limit.
    pub message: String,
}

impl Finding {
    pub(crate) fn new(kind: FindingKind, severity: Status, message: String) -> Self {
        Self { kind, severity, message }
    }
}
