//! The one error of tapes.

use abaco_kpi::Column;

use crate::Width;

/// What kind of mistake an error is, for callers that branch on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The table is not a table: lengths or names do not fit together.
    Shape,
    /// A cell does not hold what its column does.
    Value,
    /// Arrow refused the batch.
    Arrow,
}

/// Why a tape could not be built or turned into batches.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TapeError {
    /// A column or a row has another length than the tape.
    #[error("{what}: expected {expected} cells, found {found}")]
    Length {
        /// The column or the row.
        what: String,
        /// Cells that the tape needs there.
        expected: usize,
        /// Cells that were given.
        found: usize,
    },
    /// Two columns of one name.
    #[error("column {column}: there are two of this name")]
    Duplicate {
        /// The column.
        column: Column,
    },
    /// A cell of another type than its column.
    #[error("column {column}, row {row}: expected {expected}, found {found}")]
    Type {
        /// The column.
        column: Column,
        /// The row, from 0.
        row: usize,
        /// What the column holds.
        expected: String,
        /// What the cell holds.
        found: String,
    },
    /// A number that the chosen width cannot hold.
    #[error("column {column}, row {row}: {units} does not fit {width:?}")]
    TooLarge {
        /// The column.
        column: Column,
        /// The row, from 0.
        row: usize,
        /// The integer without its decimal point.
        units: i128,
        /// The width.
        width: Width,
    },
    /// Arrow refused the batch.
    #[error("arrow: {0}")]
    Arrow(String),
}

impl TapeError {
    /// The kind of this error.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Length { .. } | Self::Duplicate { .. } => ErrorKind::Shape,
            Self::Type { .. } | Self::TooLarge { .. } => ErrorKind::Value,
            Self::Arrow(_) => ErrorKind::Arrow,
        }
    }
}
