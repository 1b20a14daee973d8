//! Constants that a row expression may name.

use std::borrow::Cow;

use chrono::NaiveDate;
use rust_decimal::Decimal;

/// A constant of the language: `30`, `'sme'`, `DATE '2025-12-31'`, `TRUE`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Literal {
    /// An exact number.
    Number(Decimal),
    /// A text.
    Text(Cow<'static, str>),
    /// A calendar date.
    Date(NaiveDate),
    /// A truth value.
    Boolean(bool),
}

impl From<i64> for Literal {
    fn from(value: i64) -> Self {
        Self::Number(value.into())
    }
}

impl From<Decimal> for Literal {
    /// Trailing zeros are dropped, so that equal numbers are one literal.
    fn from(value: Decimal) -> Self {
        Self::Number(value.normalize())
    }
}

impl From<&'static str> for Literal {
    fn from(value: &'static str) -> Self {
        Self::Text(Cow::Borrowed(value))
    }
}

impl From<NaiveDate> for Literal {
    fn from(value: NaiveDate) -> Self {
        Self::Date(value)
    }
}

impl From<bool> for Literal {
    fn from(value: bool) -> Self {
        Self::Boolean(value)
    }
}
