//! One refused cell: where it is and why.

use std::fmt;
use std::path::PathBuf;

use crate::contract::ColumnType;

/// Where a refused cell is and why it was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CellError {
    /// The tape.
    pub path: PathBuf,
    /// 1-based data row: the first row after the header is 1.
    pub row: u64,
    /// 1-based physical line on which the row starts; text only.
    pub line: Option<u64>,
    /// Canonical name in backticks, with the file's own name where it differs.
    pub column: String,
    /// Why.
    pub problem: CellProblem,
}

impl std::error::Error for CellError {}

impl fmt::Display for CellError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: row {}", self.path.display(), self.row)?;
        if let Some(line) = self.line {
            write!(f, " (line {line})")?;
        }
        write!(f, ", column {}: {}", self.column, self.problem)
    }
}

/// Why a cell was refused. `found` is shortened, has control characters escaped, and is `<masked>` in a pii column.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CellProblem {
    /// The cell is not of the column's type.
    #[error("expected {expected}, found `{found}`")]
    Mismatch {
        /// The contract's type.
        expected: ColumnType,
        /// The cell.
        found: String,
    },
    /// The cell is a number with more digits than the column has.
    #[error("expected {expected}, found `{found}`, which overflows {expected}")]
    Overflow {
        /// The contract's type.
        expected: ColumnType,
        /// The cell.
        found: String,
    },
    /// The cell has more fractional digits than the column and the contract names no rounding.
    #[error("expected {expected}, found `{found}` with more than {scale} fractional digits")]
    ExcessDigits {
        /// The contract's type.
        expected: ColumnType,
        /// The cell.
        found: String,
        /// The column's scale.
        scale: u8,
    },
    /// Two date formats of the contract read the cell as two different dates.
    #[error("expected {expected}, found `{found}`, which the date formats read as different dates")]
    AmbiguousDate {
        /// The contract's type.
        expected: ColumnType,
        /// The cell.
        found: String,
    },
    /// The cell is null where the contract says `nulls: reject`.
    #[error("expected {expected}, found null")]
    Null {
        /// The contract's type.
        expected: ColumnType,
    },
    /// The cell is not UTF-8.
    #[error("expected utf-8 text, found other bytes")]
    InvalidUtf8,
    /// In a CSV row more than blanks follow the cell's closing quote.
    #[error("expected a comma or the line's end behind the closing quote, found text")]
    BehindQuote,
}
