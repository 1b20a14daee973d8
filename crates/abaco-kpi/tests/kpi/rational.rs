//! Strategies that give an exact number twice: as a [`Fraction`] and as a `BigRational`.

use abaco_kpi::{Decimal, Fraction};
use arrow_buffer::i256;
use num_rational::BigRational;
use proptest::prelude::*;

/// The same number in both implementations.
#[derive(Clone, Debug)]
pub(crate) struct Pair {
    pub(crate) ours: Fraction,
    pub(crate) reference: BigRational,
}

/// Whether `ours` is `reference`, digit for digit, with a positive denominator and no common factor.
pub(crate) fn same(ours: &Fraction, reference: &BigRational) -> bool {
    text(ours) == format!("{}/{}", reference.numer(), reference.denom())
}

/// Numerator and denominator of the lowest terms.
pub(crate) fn text(fraction: &Fraction) -> String {
    let (numerator, denominator) = fraction.lowest_terms();
    format!("{numerator}/{denominator}")
}

/// `numerator / denominator` from decimal text.
pub(crate) fn rational(numerator: &str, denominator: &str) -> BigRational {
    BigRational::new(numerator.parse().unwrap(), denominator.parse().unwrap())
}

/// Integers where 128-bit arithmetic has its edges, and ordinary ones.
pub(crate) fn integers() -> impl Strategy<Value = i128> {
    prop_oneof![
        4 => -1_000i128..1_000,
        2 => any::<i64>().prop_map(i128::from),
        2 => any::<i128>(),
        1 => prop::sample::select(vec![
            0,
            1,
            -1,
            i128::MAX,
            i128::MIN,
            i128::MIN + 1,
            i128::from(i64::MAX) + 1,
            i128::from(u64::MAX),
            i128::from(u64::MAX) + 1,
            10i128.pow(38),
            -(10i128.pow(38)),
        ]),
    ]
}

/// Quotients, 256-bit totals at any scale, decimals, and products that leave 128 bits.
pub(crate) fn numbers() -> impl Strategy<Value = Pair> {
    let quotient = (integers(), integers().prop_filter("a denominator", |d| *d != 0)).prop_map(|(n, d)| {
        Pair { ours: Fraction::ratio(n, d).unwrap(), reference: rational(&n.to_string(), &d.to_string()) }
    });
    let total = (any::<i128>(), any::<u128>(), 0u32..=57).prop_map(|(high, low, scale)| {
        let units = i256::from_parts(low, high);
        Pair {
            ours: Fraction::from_total(units, scale),
            reference: rational(&units.to_string(), &format!("1{}", "0".repeat(scale as usize))),
        }
    });
    let decimal = (-(1i128 << 96) + 1..1i128 << 96, 0u32..=28).prop_map(|(units, scale)| Pair {
        ours: Fraction::from(Decimal::from_i128_with_scale(units, scale)),
        reference: rational(&units.to_string(), &10i128.pow(scale).to_string()),
    });
    prop_oneof![4 => quotient, 2 => total, 1 => decimal]
}
