//! Exact fractions against `num_rational`, and the limits that they keep.

use abaco_kpi::{ErrorKind, Fraction, KpiError, MAX_BITS, MAX_POWER};
use arrow_buffer::i256;
use num_traits::{Signed, Zero};
use proptest::prelude::*;
use rstest::rstest;

use crate::rational::{numbers, same, text};

proptest! {
    #[test]
    fn lowest_terms_are_those_of_the_reference(a in numbers()) {
        prop_assert!(same(&a.ours, &a.reference), "{} != {}", text(&a.ours), a.reference);
    }

    #[test]
    fn sums_differences_and_products_are_exact(a in numbers(), b in numbers()) {
        prop_assert!(same(&a.ours.plus(&b.ours).unwrap(), &(&a.reference + &b.reference)));
        prop_assert!(same(&a.ours.minus(&b.ours).unwrap(), &(&a.reference - &b.reference)));
        prop_assert!(same(&a.ours.times(&b.ours).unwrap(), &(&a.reference * &b.reference)));
        prop_assert!(same(&a.ours.negated().unwrap(), &-&a.reference));
    }

    #[test]
    fn quotients_are_exact_and_absent_over_zero(a in numbers(), b in numbers()) {
        let quotient = a.ours.divided_by(&b.ours).unwrap();
        prop_assert_eq!(quotient.is_none(), b.reference.is_zero());
        prop_assert_eq!(b.ours.is_zero(), b.reference.is_zero());
        if let Some(quotient) = quotient {
            prop_assert!(same(&quotient, &(&a.reference / &b.reference)));
        }
    }

    #[test]
    fn the_order_is_that_of_the_numbers(a in numbers(), b in numbers()) {
        prop_assert_eq!(a.ours.cmp(&b.ours), a.reference.cmp(&b.reference));
        prop_assert_eq!(a.ours == b.ours, a.reference == b.reference);
        prop_assert_eq!(a.ours.cmp(&a.ours), std::cmp::Ordering::Equal);
    }

    #[test]
    fn equality_does_not_see_common_factors(a in numbers(), b in numbers()) {
        prop_assume!(!b.reference.is_zero());
        let padded = a.ours.times(&b.ours).unwrap().divided_by(&b.ours).unwrap().unwrap();
        prop_assert_eq!(&padded, &a.ours);
        prop_assert_eq!(text(&padded), text(&a.ours));
    }

    #[test]
    fn powers_are_exact_or_refused(a in numbers(), exponent in 1u32..=40) {
        let reference = num_traits::pow(a.reference.clone(), exponent as usize);
        let bits = reference.numer().abs().bits().max(reference.denom().bits());
        match a.ours.power(exponent) {
            Ok(power) => prop_assert!(same(&power, &reference)),
            Err(error) => prop_assert!(bits > MAX_BITS, "{} for {} bits", error, bits),
        }
    }

    #[test]
    fn a_long_chain_stays_exact(steps in prop::collection::vec((numbers(), 0u8..4), 1..40)) {
        let (mut ours, mut reference) = (Fraction::ZERO, num_rational::BigRational::zero());
        for (step, operation) in steps {
            match operation {
                0 => { ours = ours.plus(&step.ours).unwrap(); reference += step.reference; }
                1 => { ours = ours.minus(&step.ours).unwrap(); reference -= step.reference; }
                2 => { ours = ours.times(&step.ours).unwrap(); reference *= step.reference; }
                _ => if let Some(quotient) = ours.divided_by(&step.ours).unwrap() {
                    ours = quotient;
                    reference /= step.reference;
                }
            }
        }
        prop_assert!(same(&ours, &reference));
    }
}

#[rstest]
#[case::by_minus_one(i128::MIN, -1, "170141183460469231731687303715884105728/1")]
#[case::by_one(i128::MIN, 1, "-170141183460469231731687303715884105728/1")]
#[case::by_itself(i128::MIN, i128::MIN, "1/1")]
#[case::below_the_line(1, i128::MIN, "-1/170141183460469231731687303715884105728")]
#[case::extremes(
    i128::MAX,
    i128::MIN,
    "-170141183460469231731687303715884105727/170141183460469231731687303715884105728"
)]
#[case::zero(0, i128::MIN, "0/1")]
fn the_smallest_integer_is_a_number_like_any_other(
    #[case] numerator: i128,
    #[case] denominator: i128,
    #[case] expected: &str,
) {
    let fraction = Fraction::ratio(numerator, denominator).unwrap();
    assert_eq!(text(&fraction), expected);
    assert_eq!(text(&fraction.negated().unwrap().negated().unwrap()), expected);
}

#[test]
fn a_fraction_without_a_denominator_is_an_error() {
    let error = Fraction::ratio(1, 0).unwrap_err();
    assert_eq!(error, KpiError::ZeroDenominator);
    assert_eq!(error.kind(), ErrorKind::Arithmetic);
}

#[test]
fn totals_of_256_bits_keep_every_digit() {
    let total = Fraction::from_total(i256::MIN, 76);
    assert_eq!(
        text(&total.times(&Fraction::from_total(i256::from_i128(10).wrapping_pow(76), 0)).unwrap()),
        "-57896044618658097711785492504343953926634992332820282019728792003956564819968/1"
    );
}

#[test]
fn the_limit_is_inclusive() {
    let two = Fraction::from(2);
    // 2^65535 has 65,536 bits, 2^65536 has one more.
    let largest = two.power(65_535).unwrap();
    let expected = KpiError::TooLarge { bits: MAX_BITS + 1, limit: MAX_BITS };
    assert_eq!(two.power(65_536), Err(expected.clone()));
    assert_eq!(largest.times(&two), Err(expected.clone()));
    assert_eq!(largest.plus(&largest), Err(expected.clone()));
    assert_eq!(expected.kind(), ErrorKind::Limit);
    // Exactly back: nothing was lost on the way.
    assert_eq!(largest.divided_by(&largest), Ok(Some(Fraction::from(1))));
}

#[rstest]
#[case::by_the_largest_literal(Fraction::from(i128::MAX).power(512).unwrap(), MAX_POWER)]
#[case::by_an_absurd_exponent(Fraction::from(3), u32::MAX)]
#[case::below_the_line(Fraction::ratio(1, 3).unwrap(), u32::MAX)]
fn a_power_is_refused_before_any_work(#[case] base: Fraction, #[case] exponent: u32) {
    // The refusal names the bits that the result would have had at least: far more than memory holds.
    let Err(KpiError::TooLarge { bits, limit }) = base.power(exponent) else {
        panic!("{} to the power of {exponent} was not refused", text(&base).len());
    };
    assert_eq!(limit, MAX_BITS);
    assert!(bits > 30_000_000 || exponent == u32::MAX && bits >= u64::from(u32::MAX), "{bits}");
}

#[rstest]
#[case(1)]
#[case(0)]
#[case(-1)]
fn units_have_every_power(#[case] base: i128) {
    let expected = if base == -1 { -1 } else { base };
    assert_eq!(Fraction::from(base).power(u32::MAX).unwrap(), Fraction::from(expected));
}

#[test]
fn a_power_is_taken_of_the_lowest_terms() {
    // 2^4000 / 2^3999 is 2: unreduced, its 479th power would pass the limit.
    let large = Fraction::from(2).power(4_000).unwrap();
    let half = Fraction::from(2).power(3_999).unwrap();
    let two = large.divided_by(&half).unwrap().unwrap();
    assert_eq!(two.power(479).unwrap(), Fraction::from(2).power(479).unwrap());
}
