//! Rounding once, by a named rule, against an independent one.

use abaco_kpi::{ErrorKind, Fraction, KpiError, Rounding, RoundingMode};
use num_rational::BigRational;
use num_traits::{One, Signed};
use proptest::prelude::*;
use rstest::rstest;

use crate::rational::{numbers, rational, same};

/// The nearest integer, built from floor and comparison alone.
fn nearest(x: &BigRational, mode: RoundingMode) -> BigRational {
    let half = rational("1", "2");
    let floor = x.floor();
    let above = x - &floor;
    let up = match (above.cmp(&half), mode) {
        (std::cmp::Ordering::Less, _) => false,
        (std::cmp::Ordering::Greater, _) => true,
        (std::cmp::Ordering::Equal, RoundingMode::HalfAway) => x.is_positive(),
        (std::cmp::Ordering::Equal, _) => !(&floor / rational("2", "1")).is_integer(),
    };
    if up { floor + BigRational::one() } else { floor }
}

fn units(x: &BigRational, rounding: Rounding) -> BigRational {
    let shift = rational(&format!("1{}", "0".repeat(rounding.scale as usize)), "1");
    nearest(&(x * shift), rounding.mode)
}

fn modes() -> impl Strategy<Value = RoundingMode> {
    prop_oneof![Just(RoundingMode::HalfAway), Just(RoundingMode::HalfEven)]
}

/// Numbers that lie exactly on a tie, or a hair beside it, at some scale.
fn ties() -> impl Strategy<Value = (Fraction, BigRational)> {
    (any::<i64>(), 0u32..=8, -1i128..=1, prop::bool::ANY).prop_map(|(units, scale, hair, wide)| {
        let small = if wide { 10i128.pow(18) } else { 10 };
        let numerator = (i128::from(units) * 2 + 1) * small + hair;
        let denominator = 2 * 10i128.pow(scale) * small;
        (
            Fraction::ratio(numerator, denominator).unwrap(),
            rational(&numerator.to_string(), &denominator.to_string()),
        )
    })
}

proptest! {
    #[test]
    fn any_number_rounds_as_the_reference(a in numbers(), scale in 0u32..=40, mode in modes()) {
        let rounding = Rounding { scale, mode };
        let ten = rational(&format!("1{}", "0".repeat(scale as usize)), "1");
        let expected = units(&a.reference, rounding);
        prop_assert!(same(&a.ours.rounded(rounding).unwrap(), &(&expected / ten)));
        let fits = scale <= 28 && expected.abs() < rational(&(1i128 << 96).to_string(), "1");
        match a.ours.round(rounding) {
            Ok(decimal) => {
                prop_assert!(fits);
                prop_assert_eq!(decimal.scale(), scale);
                prop_assert_eq!(decimal.mantissa().to_string(), expected.to_integer().to_string());
            }
            Err(error) => {
                prop_assert!(!fits);
                let digits = expected.abs().to_integer().to_string().len();
                prop_assert_eq!(error, KpiError::Unrepresentable { digits, scale });
            }
        }
    }

    #[test]
    fn ties_and_their_neighbours_round_as_the_reference(
        (ours, reference) in ties(),
        scale in 0u32..=8,
        mode in modes(),
    ) {
        let rounding = Rounding { scale, mode };
        let decimal = ours.round(rounding).unwrap();
        prop_assert_eq!(decimal.scale(), scale);
        let expected = units(&reference, rounding).to_integer().to_string();
        prop_assert_eq!(decimal.mantissa().to_string(), expected);
    }

    #[test]
    fn rounding_twice_changes_nothing(a in numbers(), scale in 0u32..=12, mode in modes()) {
        let rounding = Rounding { scale, mode };
        let once = a.ours.rounded(rounding).unwrap();
        prop_assert_eq!(once.rounded(rounding).unwrap(), once);
    }
}

#[rstest]
#[case("2.125", 17, 8, "2.13", "2.12")]
#[case("2.135", 427, 200, "2.14", "2.14")]
#[case("-2.125", -17, 8, "-2.13", "-2.12")]
#[case("0.005", 1, 200, "0.01", "0.00")]
#[case("-0.005", -1, 200, "-0.01", "0.00")]
#[case("1/3", 1, 3, "0.33", "0.33")]
#[case("2/3", 2, 3, "0.67", "0.67")]
#[case("0", 0, 7, "0.00", "0.00")]
#[case("99.995", 19_999, 200, "100.00", "100.00")]
fn two_places(
    #[case] name: &str,
    #[case] numerator: i128,
    #[case] denominator: i128,
    #[case] half_away: &str,
    #[case] half_even: &str,
) {
    let exact = Fraction::ratio(numerator, denominator).unwrap();
    assert_eq!(exact.round(Rounding::half_away(2)).unwrap().to_string(), half_away, "{name}");
    assert_eq!(exact.round(Rounding::half_even(2)).unwrap().to_string(), half_even, "{name}");
}

#[rstest]
#[case::largest((1 << 96) - 1, 0, true)]
#[case::one_more(1 << 96, 0, false)]
#[case::smallest(-(1 << 96) + 1, 0, true)]
#[case::scaled_past_the_mantissa(1 << 90, 2, false)]
#[case::deepest_scale(7, 28, true)]
#[case::too_deep_a_scale(7, 29, false)]
fn what_96_bits_cannot_hold_is_an_error(#[case] value: i128, #[case] scale: u32, #[case] fits: bool) {
    let rounded = Fraction::from(value).round(Rounding::half_away(scale));
    assert_eq!(rounded.is_ok(), fits, "{rounded:?}");
    if let Err(error) = rounded {
        assert_eq!(error.kind(), ErrorKind::Limit);
    }
}
