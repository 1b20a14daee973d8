//! Plain numbers of few digits, which most cells are: read in 64 bits, in one pass that also finds the cell's end.

use super::decimal_text::DecimalRule;
use super::pow10::{POW10, fits};

/// Powers of ten that 64 bits hold.
const POWERS: [u64; 20] = {
    let mut powers = [1; 20];
    let mut digits = 1;
    while digits < powers.len() {
        powers[digits] = powers[digits - 1] * 10;
        digits += 1;
    }
    powers
};
/// So many digits fit an `i64` whatever they are.
const MAX_DIGITS: usize = 18;

/// A number at a column's scale, in as many bits as the column has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ShortNumber<T> {
    pub(crate) mantissa: T,
    /// Fractional digits as written.
    pub(crate) written_scale: u8,
    /// Where the number ends.
    pub(crate) end: usize,
}

/// The number at `start`, up to the first byte that belongs to no plain number, in a column of at most 19 digits;
/// `None` if the general parser must see it.
#[inline]
pub(crate) fn short_number(bytes: &[u8], start: usize, rule: &DecimalRule) -> Option<ShortNumber<i64>> {
    let Plain { negative, value, fraction, end } = Plain::scan(bytes, start)?;
    let widen = usize::from(rule.scale()).checked_sub(fraction)?;
    let magnitude = value.checked_mul(*POWERS.get(widen)?)?;
    if magnitude >= *POWERS.get(usize::from(rule.precision()))? {
        return None;
    }
    let magnitude = i64::try_from(magnitude).ok()?;
    let mantissa = if negative { -magnitude } else { magnitude };
    Some(ShortNumber { mantissa, written_scale: fraction as u8, end })
}

/// As [`short_number`], in a column of any number of digits.
#[inline]
pub(crate) fn wide_number(bytes: &[u8], start: usize, rule: &DecimalRule) -> Option<ShortNumber<i128>> {
    let Plain { negative, value, fraction, end } = Plain::scan(bytes, start)?;
    let widen = usize::from(rule.scale()).checked_sub(fraction)?;
    let magnitude = i128::from(value).checked_mul(*POW10.get(widen)?)?;
    let mantissa = if negative { -magnitude } else { magnitude };
    fits(mantissa, rule.precision()).then_some(ShortNumber { mantissa, written_scale: fraction as u8, end })
}

/// A number of at most 18 digits, `fraction` of them behind the point.
struct Plain {
    negative: bool,
    value: u64,
    fraction: usize,
    end: usize,
}

impl Plain {
    #[inline]
    fn scan(bytes: &[u8], start: usize) -> Option<Self> {
        let sign = bytes.get(start);
        let negative = sign == Some(&b'-');
        let first = start + usize::from(matches!(sign, Some(b'-' | b'+')));
        let (whole, mut end) = digits(bytes, first, 0);
        let mut value = whole;
        let mut count = end - first;
        let mut fraction = 0;
        if bytes.get(end) == Some(&b'.') {
            let point = end + 1;
            (value, end) = digits(bytes, point, value);
            fraction = end - point;
            count += fraction;
        }
        (1..=MAX_DIGITS).contains(&count).then_some(Self { negative, value, fraction, end })
    }
}

/// Adds the digits at `start` to a number; beyond 18 of them it is no longer what they say.
#[inline]
fn digits(bytes: &[u8], start: usize, mut value: u64) -> (u64, usize) {
    let mut end = start;
    while let Some(digit) = bytes.get(end).map(|byte| byte.wrapping_sub(b'0')).filter(|&digit| digit <= 9) {
        value = value.wrapping_mul(10).wrapping_add(u64::from(digit));
        end += 1;
    }
    (value, end)
}

/// Where the cell of an unquoted text that begins at `start` ends.
#[inline]
pub(crate) fn field_end(bytes: &[u8], start: usize) -> usize {
    // Cells are short: a search for eight bytes at a time was measured to be no faster.
    let mut end = start;
    while !is_field_end(bytes, end) {
        end += 1;
    }
    end
}

/// Whether the cell of an unquoted text ends at an offset.
#[inline]
pub(crate) fn is_field_end(bytes: &[u8], at: usize) -> bool {
    bytes.get(at).is_none_or(|&byte| matches!(byte, b',' | b'\n' | b'\r'))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::contract::ExcessDigits;

    proptest! {
        #[test]
        fn fields_end_where_they_end(text in "[a-z,\n\r]{0,40}", start in 0usize..40) {
            let start = start.min(text.len());
            let expected = text[start..].find([',', '\n', '\r']).map_or(text.len(), |index| start + index);
            prop_assert_eq!(field_end(text.as_bytes(), start), expected);
        }

        /// Whatever stands behind the digits.
        #[test]
        fn digits_are_read(number in "[0-9]{1,18}", rest in "[^0-9.]?.{0,9}") {
            prop_assume!(!rest.starts_with(|c: char| c.is_ascii_digit() || c == '.'));
            let rule = DecimalRule::new(18, 0, ExcessDigits::Refuse).unwrap();
            let text = format!("{number}{rest}");
            let read = short_number(text.as_bytes(), 0, &rule).unwrap();
            prop_assert_eq!(read, ShortNumber { mantissa: number.parse().unwrap(), written_scale: 0, end: number.len() });
        }

        #[test]
        fn points_and_signs_are_read(sign in "[+-]?", whole in "[0-9]{0,9}", fraction in "[0-9]{0,8}", rest in ",[0-9.]{0,9}") {
            prop_assume!(whole.len() + fraction.len() > 0);
            let rule = DecimalRule::new(18, 9, ExcessDigits::Refuse).unwrap();
            let text = format!("{sign}{whole}.{fraction}{rest}");
            let read = short_number(text.as_bytes(), 0, &rule).unwrap();
            let magnitude: i64 = format!("{whole}{fraction:0<9}").parse().unwrap();
            let mantissa = if sign == "-" { -magnitude } else { magnitude };
            prop_assert_eq!((read.mantissa, usize::from(read.written_scale)), (mantissa, fraction.len()));
            prop_assert_eq!(read.end, text.len() - rest.len());
            let rule = DecimalRule::new(38, 17, ExcessDigits::Refuse).unwrap();
            let wide = wide_number(text.as_bytes(), 0, &rule).unwrap();
            prop_assert_eq!((wide.mantissa, wide.written_scale), (i128::from(mantissa) * 100_000_000, read.written_scale));
            prop_assert_eq!(wide.end, read.end);
        }
    }

    #[test]
    fn what_is_left_to_the_general_parser() {
        let rule = DecimalRule::new(18, 2, ExcessDigits::Refuse).unwrap();
        for text in ["", "-", ".", "+.", "1.234", "1234567890123456789", "12345678901234567", "x", " 1"] {
            assert_eq!(short_number(text.as_bytes(), 0, &rule), None, "{text}");
            assert_eq!(wide_number(text.as_bytes(), 0, &rule), None, "{text}");
        }
        assert_eq!(short_number(b"9999999999999999.99", 0, &rule).unwrap().mantissa, 999_999_999_999_999_999);
    }
}
