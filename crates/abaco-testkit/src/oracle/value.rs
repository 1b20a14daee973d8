//! The value of an expression on one row.

use chrono::NaiveDate;
use num_rational::BigRational;

use super::gone::Malformed;
use super::{ten_to, whole};
use crate::{Cell, CellType};

/// A value, exact; NULL is the absence of one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Value {
    Number(BigRational),
    Text(String),
    Date(NaiveDate),
    Boolean(bool),
}

/// A value or NULL.
pub(super) type Nullable = Option<Value>;

impl Value {
    pub(super) fn of_cell(cell: &Cell, cell_type: CellType) -> Nullable {
        let scale = match cell_type {
            CellType::Number { scale } => u32::from(scale),
            _ => 0,
        };
        match cell {
            Cell::Null => None,
            Cell::Number(units) => Some(Self::Number(whole(*units) / ten_to(scale))),
            Cell::Integer(value) => Some(Self::Number(whole(i128::from(*value)))),
            Cell::Text(text) => Some(Self::Text(text.clone())),
            Cell::Date(date) => Some(Self::Date(*date)),
            Cell::Boolean(value) => Some(Self::Boolean(*value)),
        }
    }

    pub(super) fn number(self) -> Result<BigRational, Malformed> {
        match self {
            Self::Number(number) => Ok(number),
            other => Err(Malformed(format!("expected a number, found {other:?}"))),
        }
    }

    pub(super) fn date(self) -> Result<NaiveDate, Malformed> {
        match self {
            Self::Date(date) => Ok(date),
            other => Err(Malformed(format!("expected a date, found {other:?}"))),
        }
    }

    pub(super) fn boolean(self) -> Result<bool, Malformed> {
        match self {
            Self::Boolean(value) => Ok(value),
            other => Err(Malformed(format!("expected a truth value, found {other:?}"))),
        }
    }

    /// The order of two values of one type.
    pub(super) fn compare(&self, other: &Self) -> Result<std::cmp::Ordering, Malformed> {
        if std::mem::discriminant(self) == std::mem::discriminant(other) {
            Ok(self.cmp(other))
        } else {
            Err(Malformed(format!("{self:?} does not compare with {other:?}")))
        }
    }
}
