//! Decimal text as a fixed-point number.

/// The text as a number of so many units of ten to the power of -`scale`, if that is exact and has at most 38 digits.
pub(super) fn fixed_point(text: &str, scale: usize) -> Option<i128> {
    const LIMIT: u128 = 10_u128.pow(38);
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let fraction = fraction.trim_end_matches('0');
    if whole.is_empty() || fraction.len() > scale {
        return None;
    }
    let mut units: u128 = 0;
    for digit in whole.bytes().chain(fraction.bytes()).chain((fraction.len()..scale).map(|_| b'0')) {
        let digit = digit.checked_sub(b'0').filter(|digit| *digit <= 9)?;
        units = units.checked_mul(10)?.checked_add(digit.into())?;
        if units >= LIMIT {
            return None;
        }
    }
    let units = i128::try_from(units).ok()?;
    Some(if negative { -units } else { units })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fits_is_exact_and_what_does_not_is_absent() {
        let cases = [
            ("3.31", Some(3_310_000_000_000)),
            ("-0.000000000001", Some(-1)),
            ("0", Some(0)),
            ("1.5000000000000000000", Some(1_500_000_000_000)),
            ("99999999999999999999999999.999999999999", Some(10_i128.pow(38) - 1)),
            ("100000000000000000000000000", None),
            ("0.0000000000001", None),
            ("", None),
            ("-", None),
            (".5", None),
            ("1e5", None),
            ("+1", None),
            ("1.2.3", None),
            ("1 ", None),
        ];
        for (text, expected) in cases {
            assert_eq!(fixed_point(text, 12), expected, "{text}");
        }
    }
}
