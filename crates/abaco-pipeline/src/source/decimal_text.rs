//! From the text of a number to a scaled integer, exactly: no floats, no silent loss.
//!
//! Arrow's own CSV reader drops excess digits without a word (`1.015` becomes 1.01, `1.5e-3` becomes 0.00), so this
//! crate reads numbers itself.

use super::pow10::{POW10, fits};
use super::short_number::{short_number, wide_number};
use crate::contract::{ExcessDigits, MAX_PRECISION};

/// A longer text is not read as a number.
pub const MAX_NUMBER_BYTES: usize = 1_024;
/// A larger exponent, in either direction, is not read as a number.
pub const MAX_EXPONENT: i64 = 1_000;

/// Which numbers fit a column, and what happens to excess fractional digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DecimalRule {
    precision: u8,
    scale: u8,
    excess: ExcessDigits,
}

impl DecimalRule {
    /// A rule for `precision` digits in all (1 to 38), `scale` of them fractional; `None` beyond these limits.
    pub const fn new(precision: u8, scale: u8, excess: ExcessDigits) -> Option<Self> {
        if precision == 0 || precision > MAX_PRECISION || scale > precision {
            return None;
        }
        Some(Self { precision, scale, excess })
    }

    /// Digits in all.
    pub const fn precision(&self) -> u8 {
        self.precision
    }

    /// Fractional digits.
    pub const fn scale(&self) -> u8 {
        self.scale
    }

    /// What happens to excess fractional digits.
    pub const fn excess(&self) -> ExcessDigits {
        self.excess
    }
}

/// A number at a column's scale.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ParsedDecimal {
    /// The number times ten to the power of the column's scale.
    pub mantissa: i128,
    /// Fractional digits as written, after the exponent and before rounding, at most the column's scale.
    pub written_scale: u8,
    /// Whether digits were lost to rounding.
    pub rounded: bool,
}

/// Why a text is no number of the column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum DecimalFault {
    /// It is not a plain or scientific decimal number, or beyond the limits of length and exponent.
    NotANumber,
    /// It has more digits than the column's precision.
    Overflow,
    /// It has more fractional digits than the column's scale, and the rule says refuse.
    ExcessDigits,
}

/// Parses an optional sign, digits with at most one point, and an optional exponent, blanks around trimmed.
///
/// ```
/// use abaco_pipeline::contract::ExcessDigits;
/// use abaco_pipeline::source::decimal_text::{DecimalFault, DecimalRule, parse_decimal};
///
/// let cents = DecimalRule::new(18, 2, ExcessDigits::HalfAway).unwrap();
/// assert_eq!(parse_decimal(b" 1.015 ", &cents)?.mantissa, 102);
/// assert_eq!(parse_decimal(b"5.6843418860808015E-14", &cents)?.mantissa, 0);
/// assert_eq!(parse_decimal(b"1,000.00", &cents), Err(DecimalFault::NotANumber));
/// # Ok::<(), DecimalFault>(())
/// ```
///
/// # Errors
/// See [`DecimalFault`].
#[inline]
pub fn parse_decimal(text: &[u8], rule: &DecimalRule) -> Result<ParsedDecimal, DecimalFault> {
    let text = text.trim_ascii();
    match parse_short(text, rule) {
        Some(parsed) => Ok(parsed),
        None => parse_any(text, rule),
    }
}

/// Plain numbers of at most 18 digits within the column's scale; anything else is left to [`parse_any`].
#[inline]
fn parse_short(text: &[u8], rule: &DecimalRule) -> Option<ParsedDecimal> {
    if rule.precision <= 18 {
        let number = short_number(text, 0, rule).filter(|number| number.end == text.len())?;
        let (mantissa, written_scale) = (number.mantissa.into(), number.written_scale);
        return Some(ParsedDecimal { mantissa, written_scale, rounded: false });
    }
    let number = wide_number(text, 0, rule).filter(|number| number.end == text.len())?;
    Some(ParsedDecimal { mantissa: number.mantissa, written_scale: number.written_scale, rounded: false })
}

fn parse_any(text: &[u8], rule: &DecimalRule) -> Result<ParsedDecimal, DecimalFault> {
    if text.len() > MAX_NUMBER_BYTES {
        return Err(DecimalFault::NotANumber);
    }
    let number = Number::scan(text).ok_or(DecimalFault::NotANumber)?;
    let written = number.fraction.len() as i64 - number.exponent;
    let scale = i64::from(rule.scale);
    let written_scale = written.clamp(0, scale) as u8;
    let Some(significant) = number.significant() else {
        return Ok(ParsedDecimal { mantissa: 0, written_scale, rounded: false });
    };
    // The number is `digits` times ten to the power of -`lowest`; at the column's scale it keeps `kept` digits.
    let digits = (significant.end - significant.start) as i64;
    let all = (number.whole.len() + number.fraction.len()) as i64;
    let lowest = written - (all - significant.end as i64);
    let kept = digits + scale - lowest;
    if kept > i64::from(rule.precision) {
        return Err(DecimalFault::Overflow);
    }
    if kept >= digits {
        // No digit is lost, and `kept` is at most 38: the power and the product fit.
        let magnitude = number.value(significant) * POW10[(kept - digits) as usize];
        return Ok(ParsedDecimal { mantissa: number.signed(magnitude), written_scale, rounded: false });
    }
    if rule.excess == ExcessDigits::Refuse {
        return Err(DecimalFault::ExcessDigits);
    }
    let cut = significant.start + kept.max(0) as usize;
    let floor = number.value(significant.start..cut);
    // Below the first digit (`kept` < 0) the number is under a tenth of a unit, hence under a half.
    let up = kept >= 0 && {
        let next = number.digit(cut);
        // The last significant digit is not 0, so the rest is 0 only if there is no rest.
        let tie = next == 5 && cut + 1 == significant.end;
        next >= 5 && !(tie && rule.excess == ExcessDigits::HalfEven && floor % 2 == 0)
    };
    let magnitude = floor + i128::from(up);
    if !fits(magnitude, rule.precision) {
        return Err(DecimalFault::Overflow);
    }
    Ok(ParsedDecimal { mantissa: number.signed(magnitude), written_scale, rounded: true })
}

fn split_sign(text: &[u8]) -> (bool, &[u8]) {
    match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        rest => (false, rest),
    }
}

/// The parts of a number's text; digits are counted through `whole` and `fraction` as if there were no point.
struct Number<'a> {
    negative: bool,
    whole: &'a [u8],
    fraction: &'a [u8],
    exponent: i64,
}

impl<'a> Number<'a> {
    fn scan(text: &'a [u8]) -> Option<Self> {
        let (negative, body) = split_sign(text);
        let (whole, rest) = split_digits(body);
        let (fraction, rest) = match rest {
            [b'.', rest @ ..] => split_digits(rest),
            rest => (&rest[..0], rest),
        };
        if whole.is_empty() && fraction.is_empty() {
            return None;
        }
        let exponent = match rest {
            [] => 0,
            [b'e' | b'E', rest @ ..] => exponent(rest)?,
            _ => return None,
        };
        Some(Self { negative, whole, fraction, exponent })
    }

    fn digit(&self, index: usize) -> u8 {
        let byte = match index.checked_sub(self.whole.len()) {
            None => self.whole[index],
            Some(index) => self.fraction[index],
        };
        byte - b'0'
    }

    /// From the first to the last digit that is not 0.
    fn significant(&self) -> Option<std::ops::Range<usize>> {
        let mut nonzero = (0..self.whole.len() + self.fraction.len()).filter(|&index| self.digit(index) != 0);
        let start = nonzero.next()?;
        Some(start..nonzero.next_back().unwrap_or(start) + 1)
    }

    /// The integer of a range of at most 38 digits.
    fn value(&self, range: std::ops::Range<usize>) -> i128 {
        range.fold(0, |value, index| value * 10 + i128::from(self.digit(index)))
    }

    fn signed(&self, magnitude: i128) -> i128 {
        if self.negative { -magnitude } else { magnitude }
    }
}

fn split_digits(text: &[u8]) -> (&[u8], &[u8]) {
    text.split_at(text.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(text.len()))
}

fn exponent(text: &[u8]) -> Option<i64> {
    let (negative, digits) = split_sign(text);
    if digits.is_empty() {
        return None;
    }
    let mut value = 0i64;
    for byte in digits {
        if !byte.is_ascii_digit() {
            return None;
        }
        value = value * 10 + i64::from(byte - b'0');
        if value > MAX_EXPONENT {
            return None;
        }
    }
    Some(if negative { -value } else { value })
}

#[cfg(test)]
mod tests;
