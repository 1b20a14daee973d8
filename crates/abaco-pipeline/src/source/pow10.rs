//! Powers of ten and what they bound.

pub(crate) use abaco_kpi::POW10;

/// Whether an integer has at most `precision` digits.
#[inline]
pub(crate) fn fits(mantissa: i128, precision: u8) -> bool {
    mantissa.unsigned_abs() < POW10[usize::from(precision)].unsigned_abs()
}
