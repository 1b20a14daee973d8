//! Columns: the names that KPIs speak, with their types and kinds.

use std::borrow::Cow;
use std::fmt;

/// A canonical column name, such as `outstanding_balance`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Column(Cow<'static, str>);

impl Column {
    /// The column called `name`.
    pub fn new(name: impl Into<Cow<'static, str>>) -> Self {
        Self(name.into())
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.0
    }
}

impl From<&'static str> for Column {
    fn from(name: &'static str) -> Self {
        Self::new(name)
    }
}

impl From<String> for Column {
    fn from(name: String) -> Self {
        Self::new(name)
    }
}

impl fmt::Debug for Column {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Column({})", self.0)
    }
}

/// What values a column holds, and in which unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ColumnType {
    /// Free text or a key.
    Text,
    /// A calendar date.
    Date,
    /// A truth value.
    Boolean,
    /// A whole number: days or a count.
    Integer,
    /// An amount in the contract's currency, decimal(18, 2) unless the contract says otherwise.
    Money,
    /// A yearly rate as a fraction, decimal(12, 6): 0.36 is 36 %.
    Rate,
    /// A share as a fraction, decimal(9, 6).
    Share,
}

/// How a column relates to time; this decides what may be added to what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ColumnKind {
    /// Names a snapshot: `as_of`.
    Key,
    /// A level at a snapshot: a balance. Never summed across dates.
    Stock,
    /// An amount over (previous snapshot, snapshot]: a payment.
    Flow,
    /// Accumulated from the beginning up to the snapshot.
    Cumulative,
    /// Fixed for the life of a loan.
    Static,
    /// A parameter or ledger figure for the portfolio and a period.
    Ledger,
}

/// A canonical column: its name, type, kind and meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ColumnSpec {
    /// The name that KPIs use.
    pub name: &'static str,
    /// Type and unit.
    pub column_type: ColumnType,
    /// Relation to time.
    pub kind: ColumnKind,
    /// One sentence for people.
    pub meaning: &'static str,
}
