//! What a table beside the tape is to it.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// What a table beside the tape holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TableRole {
    /// What never changes of a loan.
    Static,
    /// What happened to a loan on a day.
    Event,
    /// What a loan owes on a day.
    Schedule,
    /// Figures of the portfolio on a day.
    Ledger,
}

impl TableRole {
    /// The role in snake case.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Static => "static",
            Self::Event => "event",
            Self::Schedule => "schedule",
            Self::Ledger => "ledger",
        }
    }
}

impl fmt::Display for TableRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for TableRole {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let all = [Self::Static, Self::Event, Self::Schedule, Self::Ledger];
        all.into_iter()
            .find(|role| role.as_str() == text)
            .ok_or_else(|| format!("expected static, event, schedule or ledger, found `{text}`"))
    }
}
