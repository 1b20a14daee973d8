//! Judgement: thresholds and valid ranges against the exact value.

use std::fmt;

use abaco_kpi::{Direction, Fraction, Outcome};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// How a value stands against its thresholds and its valid range, in the order of severity.
///
/// ```
/// use abaco_engine::Status;
///
/// assert!(Status::Critical > Status::Warning && Status::Warning > Status::Ok && Status::Ok > Status::None);
/// assert_eq!(Status::Warning.as_str(), "warning");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// No threshold is configured, or there is no value to judge.
    #[default]
    None,
    /// No threshold is crossed, and there is one.
    Ok,
    /// The warning threshold is reached.
    Warning,
    /// The critical threshold is reached, or the value is outside its valid range.
    Critical,
}

impl Status {
    /// The status in snake case, as it stands in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Critical => "critical",
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The values from which on a KPI is a warning or critical; the threshold itself belongs to the worse side.
///
/// ```
/// use abaco_engine::{Status, Thresholds};
/// use abaco_kpi::{Decimal, Direction, Fraction};
///
/// let par_30 = Thresholds { warning: Some(Decimal::from(5)), critical: Some(Decimal::from(8)) };
/// // 4.9999.. would be printed as 5.00, but it is below the threshold.
/// let nearly_five = Fraction::ratio(49_999, 10_000)?;
/// assert_eq!(par_30.judge(&nearly_five, Direction::LowerIsBetter), Status::Ok);
/// assert_eq!(par_30.judge(&Fraction::from(5), Direction::LowerIsBetter), Status::Warning);
/// assert_eq!(par_30.judge(&Fraction::from(8), Direction::LowerIsBetter), Status::Critical);
/// # Ok::<(), abaco_kpi::KpiError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Thresholds {
    /// From here on it is a warning.
    pub warning: Option<Decimal>,
    /// From here on it is critical.
    pub critical: Option<Decimal>,
}

impl Thresholds {
    /// Whether neither threshold is set.
    pub fn is_empty(&self) -> bool {
        self.warning.is_none() && self.critical.is_none()
    }

    /// The status of an exact value: [`Status::None`] without thresholds.
    ///
    /// A neutral KPI has no worse side, so its thresholds, which [`check`](Self::check) refuses, never judge.
    pub fn judge(&self, value: &Fraction, direction: Direction) -> Status {
        let crossed = |threshold: &Option<Decimal>| {
            threshold.map(Fraction::from).is_some_and(|threshold| match direction {
                Direction::LowerIsBetter => *value >= threshold,
                Direction::HigherIsBetter => *value <= threshold,
                Direction::Neutral => false,
            })
        };
        if self.is_empty() || direction == Direction::Neutral {
            Status::None
        } else if crossed(&self.critical) {
            Status::Critical
        } else if crossed(&self.warning) {
            Status::Warning
        } else {
            Status::Ok
        }
    }

    /// Refuses thresholds that cannot be meant: the warning must come before the critical one.
    ///
    /// # Errors
    /// [`ThresholdError`] if the order contradicts the direction, or the KPI is neutral.
    pub fn check(&self, direction: Direction) -> Result<(), ThresholdError> {
        if self.is_empty() {
            return Ok(());
        }
        if direction == Direction::Neutral {
            return Err(ThresholdError::Neutral);
        }
        let Some((warning, critical)) = self.warning.zip(self.critical) else {
            return Ok(());
        };
        match direction {
            Direction::LowerIsBetter if warning > critical => {
                Err(ThresholdError::WarningAbove { warning, critical })
            }
            Direction::HigherIsBetter if warning < critical => {
                Err(ThresholdError::WarningBelow { warning, critical })
            }
            _ => Ok(()),
        }
    }
}

/// Why thresholds cannot be meant.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ThresholdError {
    /// A KPI without a worse side.
    #[error("neither direction is better, so it takes no thresholds")]
    Neutral,
    /// The critical threshold of a KPI that should be low is reached before the warning.
    #[error("lower is better, so the warning {warning} must not lie above the critical threshold {critical}")]
    WarningAbove {
        /// The warning threshold.
        warning: Decimal,
        /// The critical threshold.
        critical: Decimal,
    },
    /// The critical threshold of a KPI that should be high is reached before the warning.
    #[error(
        "higher is better, so the warning {warning} must not lie below the critical threshold {critical}"
    )]
    WarningBelow {
        /// The warning threshold.
        warning: Decimal,
        /// The critical threshold.
        critical: Decimal,
    },
}

/// The values that can be right at all, both ends included.
///
/// A value outside keeps its number and is critical: hiding it would hide the fault in the data.
///
/// ```
/// use abaco_engine::ValidRange;
/// use abaco_kpi::{Decimal, Fraction};
///
/// let percent = ValidRange { min: Some(Decimal::ZERO), max: Some(Decimal::from(100)) };
/// assert!(percent.contains(&Fraction::from(100)));
/// assert!(!percent.contains(&Fraction::ratio(1_001, 10)?)); // 100.1
/// # Ok::<(), abaco_kpi::KpiError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct ValidRange {
    /// The smallest valid value; open without it.
    pub min: Option<Decimal>,
    /// The largest valid value; open without it.
    pub max: Option<Decimal>,
}

impl ValidRange {
    /// Whether neither end is set.
    pub fn is_empty(&self) -> bool {
        self.min.is_none() && self.max.is_none()
    }

    /// Whether an exact value lies in the range.
    pub fn contains(&self, value: &Fraction) -> bool {
        self.min.is_none_or(|min| *value >= Fraction::from(min))
            && self.max.is_none_or(|max| *value <= Fraction::from(max))
    }
}

/// The status of an outcome: that of its thresholds, or critical outside the valid range.
///
/// ```
/// use abaco_engine::{judge, Status, Thresholds, ValidRange};
/// use abaco_kpi::{Decimal, Direction, Fraction, Outcome, Rounding, Undefined, Value};
///
/// let percent = ValidRange { min: Some(Decimal::ZERO), max: Some(Decimal::from(100)) };
/// let exact = Fraction::from(-1);
/// let outcome = Outcome::Value(Value { rounded: exact.round(Rounding::half_away(2))?, exact, caught: None });
/// let none = Thresholds::default();
/// assert_eq!(judge(&outcome, Direction::LowerIsBetter, &none, &percent), Status::Critical);
/// let undefined = Outcome::Undefined(Undefined::NoRows);
/// assert_eq!(judge(&undefined, Direction::LowerIsBetter, &none, &percent), Status::None);
/// # Ok::<(), abaco_kpi::KpiError>(())
/// ```
pub fn judge(outcome: &Outcome, direction: Direction, thresholds: &Thresholds, range: &ValidRange) -> Status {
    let Some(value) = outcome.exact() else {
        return Status::None;
    };
    // A possible value is not yet a good one: only thresholds say that it is.
    if range.contains(value) { thresholds.judge(value, direction) } else { Status::Critical }
}

#[cfg(test)]
mod tests {
    use abaco_kpi::{KpiError, Rounding, Undefined, Value};

    use super::*;

    fn decimal(text: &str) -> Decimal {
        Decimal::from_str_exact(text).unwrap()
    }

    /// `text` plus `sign` times one part in 10^30: finer than any decimal.
    fn beside(text: &str, sign: i128) -> Result<Fraction, KpiError> {
        Fraction::from(decimal(text)).plus(&Fraction::ratio(sign, 10_i128.pow(30))?)
    }

    fn outcome(exact: Fraction) -> Outcome {
        Outcome::Value(Value { rounded: exact.round(Rounding::half_away(2)).unwrap(), exact, caught: None })
    }

    #[test]
    fn thresholds_are_inclusive_and_exact() -> Result<(), KpiError> {
        use Direction::{HigherIsBetter, LowerIsBetter, Neutral};
        let par = Thresholds { warning: Some(decimal("5")), critical: Some(decimal("8")) };
        let collection = Thresholds { warning: Some(decimal("1.5")), critical: Some(decimal("1.0")) };
        let negative = Thresholds { warning: Some(decimal("-0.5")), critical: Some(decimal("0.5")) };
        let cases = [
            (par, LowerIsBetter, "5", [Status::Ok, Status::Warning, Status::Warning]),
            (par, LowerIsBetter, "8", [Status::Warning, Status::Critical, Status::Critical]),
            (par, LowerIsBetter, "6.5", [Status::Warning; 3]),
            (par, LowerIsBetter, "-5", [Status::Ok; 3]),
            (par, Neutral, "8", [Status::None; 3]),
            (collection, HigherIsBetter, "1.5", [Status::Warning, Status::Warning, Status::Ok]),
            (collection, HigherIsBetter, "1", [Status::Critical, Status::Critical, Status::Warning]),
            (negative, LowerIsBetter, "-0.5", [Status::Ok, Status::Warning, Status::Warning]),
            (
                Thresholds { warning: None, ..par },
                LowerIsBetter,
                "8",
                [Status::Ok, Status::Critical, Status::Critical],
            ),
            (
                Thresholds { critical: None, ..par },
                LowerIsBetter,
                "5",
                [Status::Ok, Status::Warning, Status::Warning],
            ),
            (Thresholds::default(), LowerIsBetter, "5", [Status::None; 3]),
        ];
        for (thresholds, direction, at, expected) in cases {
            for (sign, expected) in [-1, 0, 1].into_iter().zip(expected) {
                let value = beside(at, sign)?;
                assert_eq!(
                    thresholds.judge(&value, direction),
                    expected,
                    "{thresholds:?} {direction:?} {at} {sign}"
                );
            }
        }
        Ok(())
    }

    #[test]
    fn outside_the_range_is_critical_whatever_the_thresholds_say() -> Result<(), KpiError> {
        let percent = ValidRange { min: Some(decimal("0")), max: Some(decimal("100")) };
        let open = ValidRange { max: None, ..percent };
        let lax = Thresholds { warning: Some(decimal("1000")), critical: None };
        let cases = [
            (percent, Thresholds::default(), "0", [Status::Critical, Status::None, Status::None]),
            (percent, Thresholds::default(), "100", [Status::None, Status::None, Status::Critical]),
            (percent, lax, "100", [Status::Ok, Status::Ok, Status::Critical]),
            (open, lax, "100", [Status::Ok; 3]),
            (open, lax, "1000", [Status::Ok, Status::Warning, Status::Warning]),
            (ValidRange::default(), Thresholds::default(), "100", [Status::None; 3]),
        ];
        for (range, thresholds, at, expected) in cases {
            for (sign, expected) in [-1, 0, 1].into_iter().zip(expected) {
                let outcome = outcome(beside(at, sign)?);
                let found = judge(&outcome, Direction::LowerIsBetter, &thresholds, &range);
                assert_eq!(found, expected, "{range:?} {thresholds:?} {at} {sign}");
            }
        }
        // A range needs no direction.
        let far = outcome(Fraction::from(101));
        assert_eq!(judge(&far, Direction::Neutral, &Thresholds::default(), &percent), Status::Critical);
        Ok(())
    }

    #[test]
    fn without_a_value_there_is_nothing_to_judge() {
        let strict = Thresholds { warning: Some(decimal("0")), critical: Some(decimal("0")) };
        let range = ValidRange { min: Some(decimal("0")), max: None };
        let outcomes = [
            Outcome::Undefined(Undefined::NoRows),
            Outcome::Unavailable(vec!["dpd".into()]),
            Outcome::Failed("too_large".into()),
        ];
        for outcome in outcomes {
            assert_eq!(
                judge(&outcome, Direction::LowerIsBetter, &strict, &range),
                Status::None,
                "{outcome:?}"
            );
        }
    }

    #[test]
    fn the_warning_comes_before_the_critical_threshold() {
        use Direction::{HigherIsBetter, LowerIsBetter, Neutral};
        let thresholds = |warning: &str, critical: &str| Thresholds {
            warning: Some(decimal(warning)),
            critical: Some(decimal(critical)),
        };
        let cases = [
            (thresholds("5", "8"), LowerIsBetter, Ok(())),
            (thresholds("5", "5"), LowerIsBetter, Ok(())),
            (
                thresholds("8", "5"),
                LowerIsBetter,
                Err("lower is better, so the warning 8 must not lie above the critical threshold 5"),
            ),
            (thresholds("1.5", "1.0"), HigherIsBetter, Ok(())),
            (
                thresholds("1.0", "1.5"),
                HigherIsBetter,
                Err("higher is better, so the warning 1.0 must not lie below the critical threshold 1.5"),
            ),
            (thresholds("5", "8"), Neutral, Err("neither direction is better, so it takes no thresholds")),
            (Thresholds::default(), Neutral, Ok(())),
            (Thresholds { warning: None, critical: Some(decimal("1")) }, HigherIsBetter, Ok(())),
        ];
        for (thresholds, direction, expected) in cases {
            let found = thresholds.check(direction).map_err(|error| error.to_string());
            assert_eq!(found, expected.map_err(str::to_owned), "{thresholds:?} {direction:?}");
        }
    }
}
