//! Change: how far a value has moved since an earlier one.

use abaco_kpi::{Decimal, Direction, Fraction, KpiError};
use serde::Deserialize;

use crate::Status;

/// Since which value a change is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Since {
    /// The snapshot before, on the same tape.
    Prior,
    /// The last published run of the portfolio with an earlier snapshot.
    Baseline,
}

impl Since {
    /// The word that stands in definitions.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Prior => "prior",
            Self::Baseline => "baseline",
        }
    }
}

/// In what a change is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Measured {
    /// In the KPI's own unit: percentage points for a percent.
    Absolute,
    /// As a part of the earlier value: 0.2 is a fifth.
    Relative,
}

/// Limits on a change for the worse; of a KPI without a worse side, on a change either way.
///
/// ```
/// use abaco_engine::{Change, Measured, Since, Status};
/// use abaco_kpi::{Decimal, Direction, Fraction};
///
/// let half_a_point = Change {
///     since: Since::Prior,
///     measured: Measured::Absolute,
///     warning: Some(Decimal::new(5, 1)),
///     critical: Some(Decimal::ONE),
/// };
/// let judged = |from: i128, to: i128| {
///     half_a_point.judge(&Fraction::ratio(from, 10)?, &Fraction::ratio(to, 10)?, Direction::LowerIsBetter)
/// };
/// assert_eq!(judged(30, 34)?, Status::Ok); // 3.0 to 3.4
/// assert_eq!(judged(30, 35)?, Status::Warning);
/// assert_eq!(judged(30, 40)?, Status::Critical);
/// assert_eq!(judged(40, 30)?, Status::Ok); // for the better
/// # Ok::<(), abaco_kpi::KpiError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Change {
    /// Since which value.
    pub since: Since,
    /// In what.
    pub measured: Measured,
    /// From here on it is a warning.
    pub warning: Option<Decimal>,
    /// From here on it is critical.
    pub critical: Option<Decimal>,
}

/// Why limits on a change cannot be meant.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ChangeError {
    /// Neither limit is set.
    #[error("a change needs `warning`, `critical` or both")]
    Empty,
    /// A limit that every value reaches.
    #[error("a change has a limit above 0, found {0}")]
    NotPositive(Decimal),
    /// The critical limit comes first.
    #[error("the warning {warning} must not lie above the critical limit {critical}")]
    Order {
        /// The warning.
        warning: Decimal,
        /// The critical limit.
        critical: Decimal,
    },
}

impl Change {
    /// Refuses limits that cannot be meant.
    ///
    /// # Errors
    /// [`ChangeError`].
    pub fn check(&self) -> Result<(), ChangeError> {
        let limits = [self.warning, self.critical];
        if let Some(limit) = limits.into_iter().flatten().find(|limit| *limit <= Decimal::ZERO) {
            return Err(ChangeError::NotPositive(limit));
        }
        match (self.warning, self.critical) {
            (None, None) => Err(ChangeError::Empty),
            (Some(warning), Some(critical)) if warning > critical => {
                Err(ChangeError::Order { warning, critical })
            }
            _ => Ok(()),
        }
    }

    /// The status of a move from `earlier` to `value`.
    ///
    /// A relative change from zero to anything else is beyond every limit.
    ///
    /// # Errors
    /// [`KpiError::TooLarge`] for fractions beyond the limit.
    pub fn judge(
        &self,
        earlier: &Fraction,
        value: &Fraction,
        direction: Direction,
    ) -> Result<Status, KpiError> {
        let moved = worse(earlier, value, direction)?;
        let reached = |limit: Option<Decimal>| -> Result<bool, KpiError> {
            let Some(limit) = limit.map(Fraction::from) else { return Ok(false) };
            let limit = match self.measured {
                Measured::Absolute => limit,
                Measured::Relative if earlier.is_zero() => return Ok(moved > Fraction::from(0)),
                Measured::Relative => limit.times(&magnitude(earlier)?)?,
            };
            Ok(moved >= limit)
        };
        Ok(if reached(self.critical)? {
            Status::Critical
        } else if reached(self.warning)? {
            Status::Warning
        } else {
            Status::Ok
        })
    }
}

/// How far the value moved to its worse side, or to either.
fn worse(earlier: &Fraction, value: &Fraction, direction: Direction) -> Result<Fraction, KpiError> {
    let moved = value.minus(earlier)?;
    match direction {
        Direction::LowerIsBetter => Ok(moved),
        Direction::HigherIsBetter => earlier.minus(value),
        Direction::Neutral => magnitude(&moved),
    }
}

/// Whether a value differs from an earlier one by more than `share` of it, as V2 looked for anomalies.
pub(super) fn is_unusual(earlier: &Fraction, value: &Fraction, share: Decimal) -> Result<bool, KpiError> {
    let moved = magnitude(&value.minus(earlier)?)?;
    Ok(moved > Fraction::from(share).times(&magnitude(earlier)?)?)
}

fn magnitude(value: &Fraction) -> Result<Fraction, KpiError> {
    if *value < Fraction::from(0) { value.negated() } else { Ok(value.clone()) }
}
