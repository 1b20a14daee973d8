//! From a fixed-point number at a file's scale to one at the column's, under the same rules as text.

use std::cmp::Ordering;

use super::decimal_text::{DecimalFault, DecimalRule, ParsedDecimal};
use super::pow10::{POW10, fits};
use crate::contract::ExcessDigits;

/// Brings `mantissa` times ten to the power of -`from_scale` to a column's scale.
///
/// # Errors
/// See [`DecimalFault`].
pub(crate) fn rescale(
    mantissa: i128,
    from_scale: i8,
    rule: &DecimalRule,
) -> Result<ParsedDecimal, DecimalFault> {
    let written_scale = from_scale.clamp(0, rule.scale() as i8) as u8;
    let shift = i16::from(rule.scale()) - i16::from(from_scale);
    let power = POW10.get(usize::from(shift.unsigned_abs())).copied();
    if shift >= 0 {
        let wide = power.and_then(|power| mantissa.checked_mul(power)).or((mantissa == 0).then_some(0));
        return match wide {
            Some(mantissa) if fits(mantissa, rule.precision()) => {
                Ok(ParsedDecimal { mantissa, written_scale, rounded: false })
            }
            _ => Err(DecimalFault::Overflow),
        };
    }
    // Without a power, the unit is above ten times the largest mantissa: the number is under a tenth of it.
    let (floor, rest) = power.map_or((0, mantissa), |power| (mantissa / power, mantissa % power));
    if rest == 0 {
        return within(floor, written_scale, false, rule);
    }
    if !fits(floor, rule.precision()) {
        return Err(DecimalFault::Overflow);
    }
    let half = power.map_or(i128::MAX.unsigned_abs(), |power| power.unsigned_abs() / 2);
    let up = match (rest.unsigned_abs().cmp(&half), rule.excess()) {
        (_, ExcessDigits::Refuse) => return Err(DecimalFault::ExcessDigits),
        (Ordering::Less, _) => false,
        (Ordering::Equal, ExcessDigits::HalfEven) => floor % 2 != 0,
        _ => true,
    };
    within(floor + if up { mantissa.signum() } else { 0 }, written_scale, true, rule)
}

fn within(
    mantissa: i128,
    written_scale: u8,
    rounded: bool,
    rule: &DecimalRule,
) -> Result<ParsedDecimal, DecimalFault> {
    if fits(mantissa, rule.precision()) {
        Ok(ParsedDecimal { mantissa, written_scale, rounded })
    } else {
        Err(DecimalFault::Overflow)
    }
}
