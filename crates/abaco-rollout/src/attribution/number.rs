//! Exact numbers in print: a decimal where there is a finite one, a fraction where there is none.

use abaco_kpi::Scaled;
use num_bigint::BigInt;
use num_traits::{One, Signed, Zero};
use serde::Serialize;

pub(super) use crate::figures::Rational;
pub(super) use crate::figures::number::power_of_ten as power;

/// An amount of a KPI's unit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Amount {
    /// Rounded half away from zero, for people.
    pub value: String,
    /// In lowest terms, as `n` or `n/d`.
    pub exact: String,
}

impl Amount {
    pub(super) fn new(exact: &Rational, places: u32) -> Self {
        Self { value: rounded(exact, places), exact: exact.to_string() }
    }
}

/// The finite decimal with at least `places`, or the fraction in lowest terms.
pub(super) fn exact(value: &Rational, places: u32) -> String {
    let mut rest = value.denom().clone();
    let mut factors = |prime: u32| {
        let mut count = 0_u32;
        while (&rest % prime).is_zero() {
            rest /= prime;
            count += 1;
        }
        count
    };
    let scale = factors(2).max(factors(5)).max(places);
    if rest.is_one() {
        Scaled::new(value.numer() * power(scale) / value.denom(), scale).to_string()
    } else {
        value.to_string()
    }
}

/// Rounded half away from zero.
pub(super) fn rounded(value: &Rational, places: u32) -> String {
    let shifted = value * Rational::from(power(places));
    Scaled::new(shifted.round().to_integer(), places).to_string()
}

/// `units` of the place `scale`.
pub(super) fn of_units(units: BigInt, scale: u32) -> Rational {
    Rational::new(units, power(scale))
}

/// What a number is without its sign.
pub(super) fn size(value: &BigInt) -> BigInt {
    value.abs()
}

#[cfg(test)]
mod tests {
    use num_bigint::BigInt;

    use super::{Rational, exact, rounded};

    fn ratio(a: i64, b: i64) -> Rational {
        Rational::new(BigInt::from(a), BigInt::from(b))
    }

    #[test]
    fn a_finite_decimal_is_one_and_a_third_is_none() {
        assert_eq!(exact(&ratio(-7, 40), 2), "-0.175");
        assert_eq!(exact(&ratio(3, 1), 2), "3.00");
        assert_eq!(exact(&ratio(2, 6), 2), "1/3");
        assert_eq!(rounded(&ratio(-1, 8), 2), "-0.13");
        assert_eq!(rounded(&ratio(1, 3), 4), "0.3333");
    }
}
