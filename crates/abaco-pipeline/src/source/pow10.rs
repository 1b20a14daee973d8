//! Powers of ten and what they bound.

use crate::contract::MAX_PRECISION;

/// `POW10[n]` is ten to the power of n, up to the largest that an i128 holds.
pub(crate) const POW10: [i128; MAX_PRECISION as usize + 1] = {
    let mut table = [1i128; MAX_PRECISION as usize + 1];
    let mut n = 1;
    while n < table.len() {
        table[n] = table[n - 1] * 10;
        n += 1;
    }
    table
};

/// Whether an integer has at most `precision` digits.
#[inline]
pub(crate) fn fits(mantissa: i128, precision: u8) -> bool {
    mantissa.unsigned_abs() < POW10[usize::from(precision)].unsigned_abs()
}
