//! What became of a KPI: never NaN, never a silent zero.

use std::fmt;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::{Column, Fraction, KpiError};

/// Why the data does not define a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Undefined {
    /// There are no rows in scope.
    NoRows,
    /// Rows match, but every operand is NULL.
    AllNull,
    /// A denominator is zero.
    ZeroDenominator,
    /// No row matches where an extreme value was asked for.
    NoMatch,
    /// `LAG` reached before the first snapshot.
    NoEarlierSnapshot,
    /// The period is not over, and the KPI would stretch it to a year.
    PartialPeriod,
}

impl Undefined {
    /// The reason in snake case, as it stands in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NoRows => "no_rows",
            Self::AllNull => "all_null",
            Self::ZeroDenominator => "zero_denominator",
            Self::NoMatch => "no_match",
            Self::NoEarlierSnapshot => "no_earlier_snapshot",
            Self::PartialPeriod => "partial_period",
        }
    }
}

impl fmt::Display for Undefined {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A KPI's value: exact, and rounded by the KPI's rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Value {
    /// Rounded once, for people.
    pub rounded: Decimal,
    /// Exact, for thresholds and for everything computed from it.
    pub exact: Fraction,
    /// The undefined operand that a `COALESCE` replaced, if any.
    pub caught: Option<Undefined>,
}

/// What became of a KPI.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It has a value.
    Value(Value),
    /// The data does not define it.
    Undefined(Undefined),
    /// The tape lacks these canonical columns.
    Unavailable(Vec<Column>),
    /// Its description or its arithmetic failed; other KPIs are not affected.
    Failed(String),
}

impl Outcome {
    /// The rounded value, if there is one.
    ///
    /// ```
    /// use abaco_kpi::{Outcome, Undefined};
    ///
    /// assert_eq!(Outcome::Undefined(Undefined::NoRows).value(), None);
    /// ```
    pub fn value(&self) -> Option<Decimal> {
        match self {
            Self::Value(value) => Some(value.rounded),
            _ => None,
        }
    }

    /// The exact value, if there is one.
    pub fn exact(&self) -> Option<&Fraction> {
        match self {
            Self::Value(value) => Some(&value.exact),
            _ => None,
        }
    }

    /// `value`, `undefined`, `unavailable` or `failed`.
    pub fn state(&self) -> &'static str {
        match self {
            Self::Value(_) => "value",
            Self::Undefined(_) => "undefined",
            Self::Unavailable(_) => "unavailable",
            Self::Failed(_) => "failed",
        }
    }

    /// Why there is no value, or which operand a fallback replaced.
    pub fn reason(&self) -> Option<String> {
        match self {
            Self::Value(value) => value.caught.map(|reason| reason.to_string()),
            Self::Undefined(reason) => Some(reason.to_string()),
            Self::Unavailable(columns) => {
                let names: Vec<&str> = columns.iter().map(Column::name).collect();
                Some(format!("missing columns: {}", names.join(", ")))
            }
            Self::Failed(error) => Some(error.clone()),
        }
    }
}

impl From<KpiError> for Outcome {
    fn from(error: KpiError) -> Self {
        Self::Failed(error.to_string())
    }
}
