//! Rounding, once more and differently.

use abaco_kpi::RoundingMode;
use num_rational::BigRational;
use num_traits::{One, Signed};

use super::{ten_to, whole};

/// Integers of a `Decimal` have 96 bits.
const MANTISSA_BITS: u32 = 96;
const MAX_SCALE: u32 = 28;

/// `x * 10^scale`, rounded to a whole number.
pub(super) fn rounded_units(x: &BigRational, scale: u32, mode: RoundingMode) -> BigRational {
    let shifted = x * ten_to(scale);
    let magnitude = shifted.abs();
    let below = magnitude.trunc();
    let twice_rest = (magnitude - &below) * whole(2);
    let up = match twice_rest.cmp(&BigRational::one()) {
        std::cmp::Ordering::Less => false,
        std::cmp::Ordering::Greater => true,
        std::cmp::Ordering::Equal => match mode {
            RoundingMode::HalfEven => !(&below / whole(2)).is_integer(),
            _ => true,
        },
    };
    let rounded = if up { below + whole(1) } else { below };
    if shifted.is_negative() { -rounded } else { rounded }
}

/// The rounded value as text with exactly `scale` places, or `None` where a decimal cannot hold it.
pub(super) fn rounded_text(x: &BigRational, scale: u32, mode: RoundingMode) -> Option<String> {
    let units = rounded_units(x, scale, mode);
    let limit = num_traits::pow(whole(2), MANTISSA_BITS as usize);
    if scale > MAX_SCALE || units.abs() >= limit {
        return None;
    }
    let places = scale as usize;
    let digits = format!("{:0>width$}", units.abs().to_integer().to_string(), width = places + 1);
    let (whole_part, fraction) = digits.split_at(digits.len() - places);
    let sign = if units.is_negative() { "-" } else { "" };
    let point = if places > 0 { "." } else { "" };
    Some(format!("{sign}{whole_part}{point}{fraction}"))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(17, 8, 2, "2.13", "2.12")]
    #[case(-17, 8, 2, "-2.13", "-2.12")]
    #[case(27, 8, 2, "3.38", "3.38")]
    #[case(1, 3, 4, "0.3333", "0.3333")]
    #[case(2, 3, 0, "1", "1")]
    #[case(-1, 1000, 2, "0.00", "0.00")]
    #[case(1, 2, 0, "1", "0")]
    #[case(-3, 2, 0, "-2", "-2")]
    fn as_by_hand(
        #[case] numerator: i128,
        #[case] denominator: i128,
        #[case] scale: u32,
        #[case] half_away: &str,
        #[case] half_even: &str,
    ) {
        let x = whole(numerator) / whole(denominator);
        assert_eq!(rounded_text(&x, scale, RoundingMode::HalfAway).as_deref(), Some(half_away));
        assert_eq!(rounded_text(&x, scale, RoundingMode::HalfEven).as_deref(), Some(half_even));
    }

    #[test]
    fn what_a_decimal_cannot_hold() {
        let largest = whole((1 << 96) - 1);
        assert!(rounded_text(&largest, 0, RoundingMode::HalfAway).is_some());
        assert!(rounded_text(&(largest + whole(1)), 0, RoundingMode::HalfAway).is_none());
        assert!(rounded_text(&whole(1), 28, RoundingMode::HalfAway).is_some());
        assert!(rounded_text(&whole(0), 29, RoundingMode::HalfAway).is_none());
    }
}
