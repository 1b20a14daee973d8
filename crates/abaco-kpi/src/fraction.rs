//! Exact fractions: the arithmetic that finishes a formula.
//!
//! Fractions are kept unreduced. Reducing costs far more than the few operations of a formula, so the lowest
//! terms are computed only when somebody asks for them. Small numbers stay in 128-bit integers; the first
//! operation that does not fit moves to big integers, up to [`MAX_BITS`].

use std::cmp::Ordering;
use std::fmt;

use arrow_buffer::i256;
use num_bigint::{BigInt, Sign};
use num_integer::Integer;
use num_traits::{One, Signed, ToPrimitive, Zero};
use rust_decimal::Decimal;

use crate::scaled::{big_from_i256, big_pow10};
use crate::{KpiError, Rounding, RoundingMode, pow10};

/// The most bits that a numerator or a denominator may have.
pub const MAX_BITS: u64 = 65_536;

/// An exact rational number with a positive denominator.
///
/// ```
/// use abaco_kpi::{Fraction, Rounding};
///
/// let third = Fraction::ratio(1, 3)?;
/// let one = third.plus(&third)?.plus(&third)?;
/// assert_eq!(one, Fraction::from(1));
/// assert_eq!(third.round(Rounding::half_away(4))?.to_string(), "0.3333");
/// # Ok::<(), abaco_kpi::KpiError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Fraction(Terms);

#[derive(Clone, Debug)]
enum Terms {
    Small { numerator: i128, denominator: i128 },
    Big { numerator: BigInt, denominator: BigInt },
}

impl Fraction {
    /// Zero.
    pub const ZERO: Self = Self::small(0, 1);

    const fn small(numerator: i128, denominator: i128) -> Self {
        Self(Terms::Small { numerator, denominator })
    }

    fn big(numerator: BigInt, denominator: BigInt) -> Result<Self, KpiError> {
        let bits = numerator.bits().max(denominator.bits());
        if bits > MAX_BITS {
            return Err(KpiError::TooLarge { bits, limit: MAX_BITS });
        }
        match (numerator.to_i128(), denominator.to_i128()) {
            (Some(numerator), Some(denominator)) => Ok(Self::small(numerator, denominator)),
            _ => Ok(Self(Terms::Big { numerator, denominator })),
        }
    }

    /// `numerator / denominator`.
    ///
    /// # Errors
    /// [`KpiError::ZeroDenominator`] if the denominator is zero.
    pub fn ratio(numerator: i128, denominator: i128) -> Result<Self, KpiError> {
        Self::from(numerator).divided_by(&Self::from(denominator))?.ok_or(KpiError::ZeroDenominator)
    }

    /// A total of `units` at `scale` decimal places.
    pub fn from_total(units: i256, scale: u32) -> Self {
        match (units.to_i128(), pow10(scale)) {
            (Some(numerator), Some(denominator)) => Self::small(numerator, denominator),
            _ => Self(Terms::Big { numerator: big_from_i256(units), denominator: big_pow10(scale) }),
        }
    }

    /// Whether the value is zero.
    pub fn is_zero(&self) -> bool {
        match &self.0 {
            Terms::Small { numerator, .. } => *numerator == 0,
            Terms::Big { numerator, .. } => numerator.is_zero(),
        }
    }

    /// The sum.
    ///
    /// # Errors
    /// [`KpiError::TooLarge`] past [`MAX_BITS`], as for every operation here.
    pub fn plus(&self, other: &Self) -> Result<Self, KpiError> {
        if let (
            Terms::Small { numerator: a, denominator: b },
            Terms::Small { numerator: c, denominator: d },
        ) = (&self.0, &other.0)
        {
            let sum =
                if b == d { a.checked_add(*c).map(|sum| (sum, *b)) } else { small_cross_sum(*a, *b, *c, *d) };
            if let Some((numerator, denominator)) = sum {
                return Ok(Self::small(numerator, denominator));
            }
        }
        let ((a, b), (c, d)) = (self.big_terms(), other.big_terms());
        if b == d { Self::big(a + c, b) } else { Self::big(a * &d + c * &b, b * d) }
    }

    /// The difference.
    ///
    /// # Errors
    /// [`KpiError::TooLarge`].
    pub fn minus(&self, other: &Self) -> Result<Self, KpiError> {
        self.plus(&other.negated()?)
    }

    /// The product.
    ///
    /// # Errors
    /// [`KpiError::TooLarge`].
    pub fn times(&self, other: &Self) -> Result<Self, KpiError> {
        if let (Terms::Small { numerator: a, denominator: b }, Terms::Small { numerator: c, denominator: d }) =
            (&self.0, &other.0)
            && let (Some(numerator), Some(denominator)) = (a.checked_mul(*c), b.checked_mul(*d))
        {
            return Ok(Self::small(numerator, denominator));
        }
        let ((a, b), (c, d)) = (self.big_terms(), other.big_terms());
        Self::big(a * c, b * d)
    }

    /// The quotient, or `None` if `other` is zero.
    ///
    /// # Errors
    /// [`KpiError::TooLarge`].
    pub fn divided_by(&self, other: &Self) -> Result<Option<Self>, KpiError> {
        if other.is_zero() {
            return Ok(None);
        }
        if let (
            Terms::Small { numerator: a, denominator: b },
            Terms::Small { numerator: c, denominator: d },
        ) = (&self.0, &other.0)
        {
            // Two totals of one scale, the usual case: the powers of ten cancel before they can overflow.
            let terms = if b == d { Some((*a, *c)) } else { a.checked_mul(*d).zip(b.checked_mul(*c)) };
            if let Some((numerator, denominator)) = terms {
                if denominator > 0 {
                    return Ok(Some(Self::small(numerator, denominator)));
                }
                if let (Some(numerator), Some(denominator)) =
                    (numerator.checked_neg(), denominator.checked_neg())
                {
                    return Ok(Some(Self::small(numerator, denominator)));
                }
            }
        }
        let ((a, b), (c, d)) = (self.big_terms(), other.big_terms());
        let (numerator, denominator) = if b == d { (a, c) } else { (a * d, b * c) };
        if denominator.is_negative() {
            Self::big(-numerator, -denominator).map(Some)
        } else {
            Self::big(numerator, denominator).map(Some)
        }
    }

    /// The value with its sign changed.
    ///
    /// # Errors
    /// [`KpiError::TooLarge`].
    pub fn negated(&self) -> Result<Self, KpiError> {
        match &self.0 {
            Terms::Small { numerator, denominator } if *numerator != i128::MIN => {
                Ok(Self::small(-numerator, *denominator))
            }
            _ => {
                let (numerator, denominator) = self.big_terms();
                Self::big(-numerator, denominator)
            }
        }
    }

    /// The value to the power of `exponent`.
    ///
    /// # Errors
    /// [`KpiError::TooLarge`], found before any work is done.
    pub fn power(&self, exponent: u32) -> Result<Self, KpiError> {
        let (numerator, denominator) = self.lowest_terms();
        // A number of b bits has, to the power of n, at least (b - 1) * n bits: refuse before computing.
        let bits =
            (numerator.bits().max(denominator.bits()).saturating_sub(1)).saturating_mul(exponent.into());
        if bits > MAX_BITS {
            return Err(KpiError::TooLarge { bits, limit: MAX_BITS });
        }
        Self::big(numerator.pow(exponent), denominator.pow(exponent))
    }

    /// The value rounded to the decimal places of `rounding`, still as a fraction.
    ///
    /// # Errors
    /// [`KpiError::TooLarge`].
    pub fn rounded(&self, rounding: Rounding) -> Result<Self, KpiError> {
        check_scale(rounding)?;
        Self::big(self.rounded_units(rounding), big_pow10(rounding.scale))
    }

    /// The value rounded to a [`Decimal`] with exactly `rounding.scale` places.
    ///
    /// # Errors
    /// [`KpiError::Unrepresentable`] where 28 digits cannot hold it, [`KpiError::TooLarge`] for an absurd scale.
    pub fn round(&self, rounding: Rounding) -> Result<Decimal, KpiError> {
        check_scale(rounding)?;
        let small = self.small_rounded_units(rounding);
        let units = match small {
            Some(units) => Some(units),
            None => self.rounded_units(rounding).to_i128(),
        };
        units.and_then(|units| Decimal::try_from_i128_with_scale(units, rounding.scale).ok()).ok_or_else(
            || KpiError::Unrepresentable {
                digits: self.rounded_units(rounding).abs().to_string().len(),
                scale: rounding.scale,
            },
        )
    }

    /// Numerator and denominator without a common factor; the denominator is positive.
    ///
    /// ```
    /// let (numerator, denominator) = abaco_kpi::Fraction::ratio(350, 2_000)?.lowest_terms();
    /// assert_eq!((numerator, denominator), (7.into(), 40.into()));
    /// # Ok::<(), abaco_kpi::KpiError>(())
    /// ```
    pub fn lowest_terms(&self) -> (BigInt, BigInt) {
        match &self.0 {
            Terms::Small { numerator, denominator } if *numerator != i128::MIN => {
                let divisor = numerator.gcd(denominator);
                (BigInt::from(numerator / divisor), BigInt::from(denominator / divisor))
            }
            _ => {
                let (numerator, denominator) = self.big_terms();
                let divisor = numerator.gcd(&denominator);
                if divisor.is_one() {
                    (numerator, denominator)
                } else {
                    (numerator / &divisor, denominator / divisor)
                }
            }
        }
    }

    fn big_terms(&self) -> (BigInt, BigInt) {
        match &self.0 {
            Terms::Small { numerator, denominator } => (BigInt::from(*numerator), BigInt::from(*denominator)),
            Terms::Big { numerator, denominator } => (numerator.clone(), denominator.clone()),
        }
    }

    fn small_rounded_units(&self, rounding: Rounding) -> Option<i128> {
        let Terms::Small { numerator, denominator } = &self.0 else {
            return None;
        };
        let shifted = numerator.checked_mul(pow10(rounding.scale)?)?;
        // A division of 64 bits costs a fraction of one of 128.
        let quotient = match (i64::try_from(shifted), i64::try_from(*denominator)) {
            (Ok(shifted), Ok(denominator)) => i128::from(shifted / denominator),
            _ => shifted / denominator,
        };
        let remainder = shifted - quotient * denominator;
        let twice = remainder.unsigned_abs().checked_mul(2)?;
        let up = round_up(twice.cmp(&denominator.unsigned_abs()), quotient % 2 != 0, rounding.mode);
        quotient.checked_add(if up { shifted.signum() } else { 0 })
    }

    fn rounded_units(&self, rounding: Rounding) -> BigInt {
        let (numerator, denominator) = self.big_terms();
        let shifted = numerator * big_pow10(rounding.scale);
        let (quotient, remainder) = shifted.div_rem(&denominator);
        let up = round_up((remainder.abs() * 2u8).cmp(&denominator), quotient.is_odd(), rounding.mode);
        match (up, shifted.sign()) {
            (false, _) | (_, Sign::NoSign) => quotient,
            (true, Sign::Plus) => quotient + 1,
            (true, Sign::Minus) => quotient - 1,
        }
    }
}

/// A power of ten takes more than three bits per place: refuse one that is too large before it is computed.
fn check_scale(rounding: Rounding) -> Result<(), KpiError> {
    let bits = u64::from(rounding.scale) * 3;
    if bits > MAX_BITS { Err(KpiError::TooLarge { bits, limit: MAX_BITS }) } else { Ok(()) }
}

fn small_cross_sum(a: i128, b: i128, c: i128, d: i128) -> Option<(i128, i128)> {
    let numerator = a.checked_mul(d)?.checked_add(c.checked_mul(b)?)?;
    Some((numerator, b.checked_mul(d)?))
}

/// Whether the magnitude grows by one, given how twice the remainder compares with the divisor.
fn round_up(twice_remainder: Ordering, odd: bool, mode: RoundingMode) -> bool {
    match (twice_remainder, mode) {
        (Ordering::Less, _) => false,
        (Ordering::Greater, _) | (Ordering::Equal, RoundingMode::HalfAway) => true,
        (Ordering::Equal, RoundingMode::HalfEven) => odd,
    }
}

impl fmt::Display for Fraction {
    /// The value in lowest terms: `7/40`, or `3` for a whole number.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (numerator, denominator) = self.lowest_terms();
        if denominator.is_one() { write!(f, "{numerator}") } else { write!(f, "{numerator}/{denominator}") }
    }
}

impl Ord for Fraction {
    fn cmp(&self, other: &Self) -> Ordering {
        if let (
            Terms::Small { numerator: a, denominator: b },
            Terms::Small { numerator: c, denominator: d },
        ) = (&self.0, &other.0)
        {
            if b == d {
                return a.cmp(c);
            }
            if let (Some(left), Some(right)) = (a.checked_mul(*d), c.checked_mul(*b)) {
                return left.cmp(&right);
            }
        }
        let ((a, b), (c, d)) = (self.big_terms(), other.big_terms());
        (a * d).cmp(&(c * b))
    }
}

impl PartialOrd for Fraction {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Fraction {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Fraction {}

impl From<i128> for Fraction {
    fn from(value: i128) -> Self {
        Self::small(value, 1)
    }
}

impl From<Decimal> for Fraction {
    fn from(value: Decimal) -> Self {
        Self::from_total(i256::from_i128(value.mantissa()), value.scale())
    }
}
