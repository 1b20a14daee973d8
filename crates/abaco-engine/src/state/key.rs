//! What a group is called: its snapshot and the values it is grouped by.

use smol_str::SmolStr;

/// The value of a key column, ordered with NULL first.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum KeyValue {
    Null,
    Boolean(bool),
    /// The integer of a number, without its decimal point.
    Number(i128),
    /// Days since 1970-01-01.
    Date(i32),
    /// Keys are short, so most of them need no memory of their own.
    Text(SmolStr),
}

impl KeyValue {
    pub(crate) fn as_date(&self) -> Option<i32> {
        match self {
            Self::Date(days) => Some(*days),
            _ => None,
        }
    }
}

/// Identifies a group within a grouping set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct GroupKey<'k> {
    /// The snapshot's date, in days since 1970-01-01; `None` where the tape has no snapshot column, or no date.
    pub(crate) snapshot: Option<i32>,
    pub(crate) by: &'k [KeyValue],
}

impl GroupKey<'_> {
    pub(crate) fn is<'k>(&self, snapshot: Option<i32>, by: impl Iterator<Item = &'k KeyValue>) -> bool {
        self.snapshot == snapshot && self.by.iter().eq(by)
    }
}
