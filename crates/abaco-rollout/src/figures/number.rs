//! Numbers as other systems write them, exactly.

use num_bigint::BigInt;
use num_rational::Ratio;
use num_traits::{One, Signed, Zero};
use rust_decimal::Decimal;

/// An exact number.
pub type Rational = Ratio<BigInt>;

/// The most digits that a decimal holds for sure.
const MAX_DIGITS: usize = 28;
/// What may stand behind an `e`: beyond it no decimal holds the number.
const MAX_EXPONENT: i64 = 60;

/// What a cell says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Cell {
    /// A number, and the places with which it was written.
    Number(Decimal, u32),
    /// No value, and why.
    Absent(String),
}

/// Reads a cell. Nothing, `null`, `nan` and `inf` are no value; other words and what a decimal does not hold are refused.
pub(super) fn cell(text: &str) -> Result<Cell, String> {
    let text = text.trim();
    let absent = |reason: &str| Ok(Cell::Absent(reason.to_owned()));
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    match unsigned.to_ascii_lowercase().as_str() {
        "" if text.is_empty() => absent("empty"),
        "null" | "none" | "na" | "n/a" => absent("null"),
        "nan" => absent("not a number"),
        "inf" | "infinity" => absent("infinite"),
        _ => decimal(text).map(|(value, places)| Cell::Number(value, places)),
    }
}

/// A decimal of plain or scientific text, and the places with which it was written; nothing is rounded.
///
/// ```
/// use abaco_rollout::figures::number::decimal;
///
/// assert_eq!(decimal("10.0").map(|(value, places)| (value.to_string(), places)), Ok(("10.0".to_owned(), 1)));
/// assert_eq!(decimal("1.5e-3").map(|(value, places)| (value.to_string(), places)), Ok(("0.0015".to_owned(), 4)));
/// assert_eq!(decimal("2,21"), Err("expected a decimal such as 2.21, found `2,21`".to_owned()));
/// ```
///
/// # Errors
/// What was expected and what was found.
pub fn decimal(text: &str) -> Result<(Decimal, u32), String> {
    let no_number = || format!("expected a decimal such as 2.21, found `{}`", shortened(text));
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i64>().map_err(|_| no_number())?),
        None => (text, 0),
    };
    let digits = mantissa.strip_prefix(['+', '-']).unwrap_or(mantissa);
    let (whole, fraction) = match digits.split_once('.') {
        Some((_, "")) => return Err(no_number()),
        Some(parts) => parts,
        None => (digits, ""),
    };
    let is_plain = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !is_plain(whole) || !is_plain(fraction) {
        return Err(no_number());
    }
    let too_long = || format!("expected a number that {MAX_DIGITS} digits hold, found `{}`", shortened(text));
    if exponent.abs() > MAX_EXPONENT || digits.len() > 1_000 {
        return Err(too_long());
    }
    let places = i64::try_from(fraction.len()).map_err(|_| too_long())? - exponent;
    let all = format!("{whole}{fraction}");
    let significant = all.trim_start_matches('0');
    let (significant, places) = match usize::try_from(-places) {
        // A power of ten behind the digits.
        Ok(zeros) if !significant.is_empty() => (format!("{significant}{}", "0".repeat(zeros)), 0),
        Ok(_) => (String::new(), 0),
        Err(_) => (significant.to_owned(), places),
    };
    let places = u32::try_from(places).map_err(|_| too_long())?;
    let units: i128 = match significant.as_str() {
        "" => 0,
        digits if digits.len() <= MAX_DIGITS => digits.parse().map_err(|_| no_number())?,
        _ => return Err(too_long()),
    };
    let units = if mantissa.starts_with('-') { -units } else { units };
    let value = Decimal::try_from_i128_with_scale(units, places).map_err(|_| too_long())?;
    Ok((value, places))
}

/// Refuses places that no decimal has.
pub(crate) fn check_scale(scale: Option<u32>) -> Result<(), String> {
    match scale.and_then(|scale| usize::try_from(scale).ok().filter(|scale| *scale > MAX_DIGITS)) {
        Some(found) => Err(format!("`scale`: expected at most {MAX_DIGITS} places, found {found}")),
        None => Ok(()),
    }
}

/// A decimal as a fraction.
pub fn rational_of(value: Decimal) -> Rational {
    Rational::new(BigInt::from(value.mantissa()), power_of_ten(value.scale()))
}

/// A number in plain decimal notation of any length, as a fraction; none if it is not one.
///
/// ```
/// use abaco_rollout::figures::number::rational;
///
/// assert_eq!(rational("-0.125").map(|value| value.to_string()).as_deref(), Some("-1/8"));
/// assert_eq!(rational("x"), None);
/// ```
pub fn rational(text: &str) -> Option<Rational> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let is_plain = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !is_plain(whole) || !is_plain(fraction) {
        return None;
    }
    let units: BigInt = format!("{whole}{fraction}").parse().ok()?;
    let units = if text.starts_with('-') { -units } else { units };
    Some(Rational::new(units, power_of_ten(u32::try_from(fraction.len()).ok()?)))
}

/// A fraction at so many places, half away from zero, without zeros at its end.
///
/// ```
/// use abaco_rollout::figures::number::{rational, text};
///
/// let third = rational("1").zip(rational("-3")).map(|(one, three)| one / three);
/// assert_eq!(third.map(|third| text(&third, 4)).as_deref(), Some("-0.3333"));
/// assert_eq!(rational("2.50").map(|value| text(&value, 4)).as_deref(), Some("2.5"));
/// ```
pub fn text(value: &Rational, places: u32) -> String {
    let scaled = value * Rational::from_integer(power_of_ten(places));
    // `round` goes half away from zero.
    let units = scaled.round().to_integer();
    let sign = if units.is_negative() { "-" } else { "" };
    let digits = format!("{:0>width$}", units.abs().to_string(), width = places as usize + 1);
    let (whole, fraction) = digits.split_at(digits.len() - places as usize);
    let fraction = fraction.trim_end_matches('0');
    if fraction.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") }
}

/// Half a unit of the last of so many places.
pub(crate) fn half_unit(places: u32) -> Rational {
    Rational::new(BigInt::one(), power_of_ten(places) * 2)
}

/// Whether a fraction is zero, for those who do not have the trait at hand.
pub(crate) fn is_zero(value: &Rational) -> bool {
    value.is_zero()
}

pub(crate) fn power_of_ten(places: u32) -> BigInt {
    BigInt::from(10).pow(places)
}

fn shortened(text: &str) -> String {
    if text.chars().count() <= 40 {
        text.to_owned()
    } else {
        text.chars().take(40).collect::<String>() + "..."
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::{Cell, cell, decimal, rational, rational_of, text};

    #[rstest]
    #[case("2.21", "2.21", 2)]
    #[case(" -0.50 ", "-0.50", 2)]
    #[case("+007", "7", 0)]
    #[case("1e3", "1000", 0)]
    #[case("12.345E2", "1234.5", 1)]
    #[case("1e-05", "0.00001", 5)]
    #[case("0e9", "0", 0)]
    #[case("9999999999999999999999999999", "9999999999999999999999999999", 0)]
    #[case("0.0000000000000000000000000001", "0.0000000000000000000000000001", 28)]
    fn numbers(#[case] given: &str, #[case] expected: &str, #[case] places: u32) {
        let Ok(Cell::Number(value, written)) = cell(given) else { panic!("{given}") };
        assert_eq!((value.to_string().as_str(), written), (expected, places), "{given}");
    }

    #[rstest]
    #[case("", "empty")]
    #[case("  ", "empty")]
    #[case("NULL", "null")]
    #[case("NaN", "not a number")]
    #[case("-Infinity", "infinite")]
    #[case("inf", "infinite")]
    fn nothing_is_no_value_and_never_zero(#[case] given: &str, #[case] reason: &str) {
        assert_eq!(cell(given), Ok(Cell::Absent(reason.to_owned())), "{given}");
    }

    #[rstest]
    #[case("2,21")]
    #[case("1_000")]
    #[case("2.21%")]
    #[case("-")]
    #[case(".5")]
    #[case("5.")]
    #[case("1e")]
    #[case("0x1f")]
    #[case("٣")]
    fn words_are_refused(#[case] given: &str) {
        let message = format!("expected a decimal such as 2.21, found `{given}`");
        assert_eq!(cell(given), Err(message), "{given}");
    }

    #[rstest]
    #[case("99999999999999999999999999999")]
    #[case("1e28")]
    #[case("1e-29")]
    #[case("1e999999999")]
    fn what_no_decimal_holds_is_refused(#[case] given: &str) {
        let message = format!("expected a number that 28 digits hold, found `{given}`");
        assert_eq!(cell(given), Err(message), "{given}");
    }

    proptest! {
        /// What is printed is read as the same number, by either way.
        #[test]
        fn there_and_back(units in -9_999_999_999_999_999_i64..=9_999_999_999_999_999, scale in 0_u32..=20) {
            let value = rust_decimal::Decimal::from_i128_with_scale(units.into(), scale);
            let printed = value.to_string();
            prop_assert_eq!(decimal(&printed), Ok((value, scale)));
            prop_assert_eq!(rational(&printed), Some(rational_of(value)));
            prop_assert_eq!(text(&rational_of(value), 20), value.normalize().to_string());
        }
    }
}
