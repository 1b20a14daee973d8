//! Integers with a decimal point: what a total is before any division.

use std::fmt;

use arrow_buffer::i256;
use num_bigint::BigInt;
use num_traits::{One, Signed, Zero};
use rust_decimal::Decimal;

use crate::Fraction;

/// `POW10[n]` is ten to the power of n, as far as 128 bits hold it; see also [`pow10`].
pub const POW10: [i128; 39] = {
    let mut table = [1i128; 39];
    let mut exponent = 1;
    while exponent < 39 {
        table[exponent] = table[exponent - 1] * 10;
        exponent += 1;
    }
    table
};

/// Ten to the power of `exponent`, or `None` where 128 bits do not hold it.
///
/// ```
/// assert_eq!(abaco_kpi::pow10(3), Some(1_000));
/// assert_eq!(abaco_kpi::pow10(39), None);
/// ```
pub const fn pow10(exponent: u32) -> Option<i128> {
    if exponent < 39 { Some(POW10[exponent as usize]) } else { None }
}

/// Ten to the power of `exponent`, of any size.
pub(crate) fn big_pow10(exponent: u32) -> BigInt {
    match pow10(exponent) {
        Some(power) => BigInt::from(power),
        None => BigInt::from(10).pow(exponent),
    }
}

pub(crate) fn big_from_i256(value: i256) -> BigInt {
    BigInt::from_signed_bytes_le(&value.to_le_bytes())
}

/// An exact decimal: `units` times ten to the power of minus `scale`.
///
/// Trailing zeros are kept, because they say at which scale a total was taken.
///
/// ```
/// use abaco_kpi::Scaled;
///
/// assert_eq!(Scaled::new(25_827_784, 2).to_string(), "258277.84");
/// assert_eq!(Scaled::new(-5, 3).to_string(), "-0.005");
/// assert_eq!(Scaled::new(1_750_000, 4).with_scale_at_least(2).to_string(), "175.00");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Scaled {
    units: BigInt,
    scale: u32,
}

impl Scaled {
    /// `units` at `scale` decimal places.
    pub fn new(units: impl Into<BigInt>, scale: u32) -> Self {
        Self { units: units.into(), scale }
    }

    /// A 256-bit total at `scale` decimal places.
    pub fn from_total(total: i256, scale: u32) -> Self {
        Self { units: big_from_i256(total), scale }
    }

    /// The decimal that a fraction is, or `None` if it has no finite one.
    ///
    /// ```
    /// use abaco_kpi::{Fraction, Scaled};
    ///
    /// let shown = |a, b| Fraction::ratio(a, b).map(|x| Scaled::from_fraction(&x).map(|x| x.to_string()));
    /// assert_eq!(shown(7, 40)?, Some("0.175".to_owned()));
    /// assert_eq!(shown(1, 3)?, None);
    /// # Ok::<(), abaco_kpi::KpiError>(())
    /// ```
    pub fn from_fraction(value: &Fraction) -> Option<Self> {
        let (units, denominator) = value.lowest_terms();
        let mut rest = denominator.clone();
        let mut factors = |prime: u32| {
            let mut count = 0u32;
            while (&rest % prime).is_zero() {
                rest /= prime;
                count += 1;
            }
            count
        };
        let scale = factors(2).max(factors(5));
        rest.is_one().then(|| Self { units: units * big_pow10(scale) / denominator, scale })
    }

    /// The integer without its decimal point.
    pub fn units(&self) -> &BigInt {
        &self.units
    }

    /// Decimal places.
    pub fn scale(&self) -> u32 {
        self.scale
    }

    /// Number of decimal digits of the integer; zero has one.
    pub fn digits(&self) -> usize {
        self.units.abs().to_string().len()
    }

    /// The exact sum; the larger scale wins.
    pub fn plus(&self, other: &Self) -> Self {
        let scale = self.scale.max(other.scale);
        Self { units: self.units_at(scale) + other.units_at(scale), scale }
    }

    /// The exact difference; the larger scale wins.
    pub fn minus(&self, other: &Self) -> Self {
        let scale = self.scale.max(other.scale);
        Self { units: self.units_at(scale) - other.units_at(scale), scale }
    }

    /// The same value with trailing zeros removed, but never below `floor` decimal places.
    #[must_use]
    pub fn with_scale_at_least(&self, floor: u32) -> Self {
        let ten = BigInt::from(10);
        let mut short = self.clone();
        while short.scale > floor && (&short.units % &ten).is_zero() {
            short.units /= &ten;
            short.scale -= 1;
        }
        short
    }

    fn units_at(&self, scale: u32) -> BigInt {
        &self.units * big_pow10(scale - self.scale)
    }
}

impl From<Decimal> for Scaled {
    fn from(value: Decimal) -> Self {
        Self::new(value.mantissa(), value.scale())
    }
}

impl fmt::Display for Scaled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.units.is_negative() {
            f.write_str("-")?;
        }
        let places = self.scale as usize;
        let digits = format!("{:0>width$}", self.units.abs().to_string(), width = places + 1);
        let (whole, fraction) = digits.split_at(digits.len() - places);
        if fraction.is_empty() { f.write_str(whole) } else { write!(f, "{whole}.{fraction}") }
    }
}
