//! Judgement: thresholds and valid ranges against the exact value.

use std::fmt;

use abaco_kpi::{Direction, Fraction};
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

impl Thresholds {
    /// Refuses levels at which these thresholds are left that are not on their better side.
    ///
    /// # Errors
    /// [`ThresholdError::Leave`], also for a level without its threshold.
    pub fn check_leave(&self, leave: &Self, direction: Direction) -> Result<(), ThresholdError> {
        for (leave, enter) in [(leave.warning, self.warning), (leave.critical, self.critical)] {
            let Some(leave) = leave else { continue };
            let better = enter.is_some_and(|enter| match direction {
                Direction::LowerIsBetter => leave <= enter,
                Direction::HigherIsBetter => leave >= enter,
                Direction::Neutral => false,
            });
            if !better {
                return Err(ThresholdError::Leave { leave });
            }
        }
        leave.check(direction)
    }
}

/// Why thresholds cannot be meant.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ThresholdError {
    /// A level at which a threshold is left, and that is no better than it.
    #[error("the level {leave}, at which a threshold is left, must lie on its better side")]
    Leave {
        /// The level.
        leave: Decimal,
    },
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

#[cfg(test)]
mod tests {
    use abaco_kpi::KpiError;

    use super::*;

    fn decimal(text: &str) -> Decimal {
        Decimal::from_str_exact(text).unwrap()
    }

    /// `text` plus `sign` times one part in 10^30: finer than any decimal.
    fn beside(text: &str, sign: i128) -> Result<Fraction, KpiError> {
        Fraction::from(decimal(text)).plus(&Fraction::ratio(sign, 10_i128.pow(30))?)
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
    fn a_threshold_is_left_on_its_better_side() {
        let par = Thresholds { warning: Some(decimal("5")), critical: Some(decimal("8")) };
        let leave = |warning: &str, critical: Option<&str>| Thresholds {
            warning: Some(decimal(warning)),
            critical: critical.map(decimal),
        };
        let cases = [
            (leave("4", Some("7")), Ok(())),
            (leave("5", Some("8")), Ok(())),
            (leave("4", None), Ok(())),
            (
                leave("5.1", None),
                Err("the level 5.1, at which a threshold is left, must lie on its better side"),
            ),
            (
                leave("4", Some("3")),
                Err("lower is better, so the warning 4 must not lie above the critical threshold 3"),
            ),
        ];
        for (leave, expected) in cases {
            let found = par.check_leave(&leave, Direction::LowerIsBetter).map_err(|error| error.to_string());
            assert_eq!(found, expected.map_err(str::to_owned), "{leave:?}");
        }
        let none = Thresholds::default();
        assert!(none.check_leave(&leave("1", None), Direction::LowerIsBetter).is_err());
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
