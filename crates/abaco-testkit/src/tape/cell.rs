//! What stands in one place of a tape.

use std::fmt;

use abaco_kpi::{Column, ColumnType, Scaled};
use chrono::NaiveDate;

use crate::TapeError;

/// A value of a row.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cell {
    /// No value.
    Null,
    /// A decimal: the integer without its decimal point, at the scale of its column.
    Number(i128),
    /// A whole number.
    Integer(i64),
    /// A text.
    Text(String),
    /// A calendar date.
    Date(NaiveDate),
    /// A truth value.
    Boolean(bool),
}

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CellType {
    /// Decimals with this many places.
    Number {
        /// Decimal places.
        scale: u8,
    },
    /// Whole numbers of 64 bits.
    Integer,
    /// Texts.
    Text,
    /// Calendar dates.
    Date,
    /// Truth values.
    Boolean,
}

impl CellType {
    /// Amounts, with 2 places.
    pub const MONEY: Self = Self::Number { scale: 2 };

    /// Rates and shares, with 6 places.
    pub const RATE: Self = Self::Number { scale: 6 };
}

impl From<ColumnType> for CellType {
    /// ```
    /// use abaco_kpi::{ColumnType, canonical_column};
    /// use abaco_testkit::CellType;
    ///
    /// assert_eq!(canonical_column("dpd").map(|column| column.column_type.into()), Some(CellType::Integer));
    /// assert_eq!(CellType::from(ColumnType::Money), CellType::MONEY);
    /// ```
    fn from(column_type: ColumnType) -> Self {
        match column_type {
            ColumnType::Text => Self::Text,
            ColumnType::Date => Self::Date,
            ColumnType::Boolean => Self::Boolean,
            ColumnType::Integer => Self::Integer,
            ColumnType::Rate | ColumnType::Share => Self::RATE,
            _ => Self::MONEY,
        }
    }
}

impl fmt::Display for CellType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number { scale } => write!(f, "a decimal of {scale} places"),
            Self::Integer => f.write_str("a whole number"),
            Self::Text => f.write_str("a text"),
            Self::Date => f.write_str("a date"),
            Self::Boolean => f.write_str("a truth value"),
        }
    }
}

impl Cell {
    /// Whether there is no value.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// The cell as people read it, at the scale of its column.
    pub(crate) fn shown(&self, cell_type: CellType) -> String {
        match (self, cell_type) {
            (Self::Null, _) => "NULL".to_owned(),
            (Self::Number(units), CellType::Number { scale }) => {
                Scaled::new(*units, scale.into()).to_string()
            }
            (Self::Number(units), _) => units.to_string(),
            (Self::Integer(value), _) => value.to_string(),
            (Self::Text(text), _) => format!("{text:?}"),
            (Self::Date(date), _) => date.to_string(),
            (Self::Boolean(value), _) => value.to_string(),
        }
    }

    pub(crate) fn check(&self, column: &Column, row: usize, expected: CellType) -> Result<(), TapeError> {
        let fits = matches!(
            (self, expected),
            (Self::Null, _)
                | (Self::Number(_), CellType::Number { .. })
                | (Self::Integer(_), CellType::Integer)
                | (Self::Text(_), CellType::Text)
                | (Self::Date(_), CellType::Date)
                | (Self::Boolean(_), CellType::Boolean)
        );
        if fits {
            return Ok(());
        }
        Err(TapeError::Type {
            column: column.clone(),
            row,
            expected: expected.to_string(),
            found: self.shown(expected),
        })
    }
}
