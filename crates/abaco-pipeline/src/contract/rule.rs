//! What a contract demands of the values, beyond their types.

use abaco_kpi::{Literal, Predicate, RowExpr};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::contract::TableRole;

/// What a violation of a rule does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Severity {
    /// The row is refused; or the tape, where no row alone is to blame.
    #[default]
    Error,
    /// It is counted and said.
    Warning,
}

impl Severity {
    /// The word that the contract uses.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

/// Between which values those of a column lie, both ends included.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Range {
    /// The least value: a number or a date, as the column's type is.
    pub min: Option<Literal>,
    /// The greatest value.
    pub max: Option<Literal>,
    /// What another value does.
    pub severity: Severity,
}

/// Which texts a column may have.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Allowed {
    /// The texts, as the contract lists them.
    pub values: Vec<String>,
    /// What another text does.
    pub severity: Severity,
}

/// A rule on rows, or on the tape as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rule {
    /// Unique within the contract: lower case letters, digits and `_`.
    pub id: String,
    /// What a violation does.
    pub severity: Severity,
    /// What people are told about a violation, besides what the rule says itself.
    pub message: Option<String>,
    /// What must hold.
    pub kind: RuleKind,
}

/// What must hold.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum RuleKind {
    /// A condition on each row; unknown passes, as in SQL's `CHECK`.
    Check {
        /// As the contract writes it.
        text: String,
        /// The same, read.
        predicate: Predicate,
    },
    /// Once true of a key at a snapshot, a boolean column is never false of it at a later one.
    NeverReverts {
        /// The column.
        column: String,
    },
    /// How many rows the tape has.
    Rows {
        /// At least so many.
        min: Option<u64>,
        /// At most so many.
        max: Option<u64>,
    },
    /// The snapshot is at most so many days old when the run begins.
    Freshness {
        /// Days from the snapshot to the day of the run.
        max_age_days: u32,
    },
    /// A total of the tape and one of another table agree.
    Reconcile(Reconcile),
}

/// A total of the tape at the as-of date, and one of the table beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Reconcile {
    /// The other table.
    pub table: TableRole,
    /// What is compared.
    pub totals: Totals,
    /// The largest difference, either way.
    pub within: Decimal,
}

/// What a reconciliation compares.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Totals {
    /// Two sums.
    Sums {
        /// A row expression of the tape.
        tape: RowExpr,
        /// A row expression of the other table.
        table: RowExpr,
    },
    /// Two numbers of rows.
    Rows,
}
