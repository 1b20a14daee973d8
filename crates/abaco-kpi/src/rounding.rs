//! How an exact value becomes a decimal: once, at the end, by a named rule.

use serde::{Deserialize, Serialize};

/// What happens to a value that lies between two representable decimals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RoundingMode {
    /// To the nearest; a tie goes away from zero: 2.125 is 2.13, -2.125 is -2.13.
    HalfAway,
    /// To the nearest; a tie goes to the even neighbour: 2.125 is 2.12, 2.135 is 2.14.
    HalfEven,
}

/// A number of decimal places and the mode that reaches it.
///
/// ```
/// use abaco_kpi::{Fraction, Rounding, RoundingMode};
///
/// let exact = Fraction::ratio(17, 8)?; // 2.125
/// assert_eq!(exact.round(Rounding::half_away(2))?.to_string(), "2.13");
/// assert_eq!(exact.round(Rounding::half_even(2))?.to_string(), "2.12");
/// # Ok::<(), abaco_kpi::KpiError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rounding {
    /// Decimal places of the result, at most 28.
    pub scale: u32,
    /// What happens between two neighbours.
    pub mode: RoundingMode,
}

impl Rounding {
    /// Rounds to `scale` places, ties away from zero.
    pub const fn half_away(scale: u32) -> Self {
        Self { scale, mode: RoundingMode::HalfAway }
    }

    /// Rounds to `scale` places, ties to the even neighbour.
    pub const fn half_even(scale: u32) -> Self {
        Self { scale, mode: RoundingMode::HalfEven }
    }
}
