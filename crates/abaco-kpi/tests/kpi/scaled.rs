//! Integers with a decimal point: their text and their arithmetic.

use abaco_kpi::{Decimal, Scaled, pow10};
use arrow_buffer::i256;
use num_bigint::BigInt;
use proptest::prelude::*;
use rstest::rstest;

#[rstest]
#[case(0, 0, "0")]
#[case(0, 3, "0.000")]
#[case(5, 0, "5")]
#[case(-5, 0, "-5")]
#[case(5, 1, "0.5")]
#[case(-5, 3, "-0.005")]
#[case(1_750_000, 4, "175.0000")]
#[case(25_827_784, 2, "258277.84")]
#[case(i128::MIN, 38, "-1.70141183460469231731687303715884105728")]
#[case(i128::MAX, 39, "0.170141183460469231731687303715884105727")]
fn text(#[case] units: i128, #[case] scale: u32, #[case] expected: &str) {
    assert_eq!(Scaled::new(units, scale).to_string(), expected);
}

#[rstest]
#[case(1_750_000, 4, 2, "175.00")]
#[case(1_750_000, 4, 4, "175.0000")]
#[case(1_750_000, 4, 9, "175.0000")]
#[case(1_751_000, 4, 0, "175.1")]
#[case(0, 17, 2, "0.00")]
#[case(-100, 2, 0, "-1")]
fn trailing_zeros_go_down_to_the_floor(
    #[case] units: i128,
    #[case] scale: u32,
    #[case] floor: u32,
    #[case] expected: &str,
) {
    assert_eq!(Scaled::new(units, scale).with_scale_at_least(floor).to_string(), expected);
}

#[test]
fn totals_of_256_bits_print_in_full() {
    assert_eq!(
        Scaled::from_total(i256::MIN, 2).to_string(),
        "-578960446186580977117854925043439539266349923328202820197287920039565648199.68"
    );
    assert!(Scaled::from_total(i256::MAX, 0).digits() > 76);
}

#[test]
fn powers_of_ten_end_where_128_bits_do() {
    assert_eq!(pow10(0), Some(1));
    assert_eq!(pow10(38), Some(10i128.pow(38)));
    assert_eq!(pow10(39), None);
    assert_eq!(pow10(u32::MAX), None);
}

#[test]
fn a_decimal_keeps_its_scale() {
    let decimal: Decimal = "-12.3400".parse().unwrap();
    let scaled = Scaled::from(decimal);
    assert_eq!((scaled.units(), scaled.scale()), (&BigInt::from(-123_400), 4));
    assert_eq!(scaled.to_string(), "-12.3400");
}

proptest! {
    #[test]
    fn the_text_has_every_digit_and_the_point_in_its_place(units in any::<i128>(), scale in 0u32..60) {
        let text = Scaled::new(units, scale).to_string();
        let places = text.split_once('.').map_or(0, |(_, places)| places.len());
        prop_assert_eq!(places, scale as usize);
        let digits: BigInt = text.replace('.', "").parse().unwrap();
        prop_assert_eq!(digits, BigInt::from(units));
    }

    #[test]
    fn sums_and_differences_are_exact_at_the_larger_scale(
        a in any::<i128>(), b in any::<i128>(), small in 0u32..30, more in 0u32..30,
    ) {
        let (coarse, fine) = (Scaled::new(a, small), Scaled::new(b, small + more));
        let shifted = BigInt::from(a) * BigInt::from(10).pow(more);
        prop_assert_eq!(coarse.plus(&fine), Scaled::new(&shifted + b, small + more));
        prop_assert_eq!(fine.plus(&coarse), Scaled::new(&shifted + b, small + more));
        prop_assert_eq!(coarse.minus(&fine), Scaled::new(&shifted - b, small + more));
        prop_assert_eq!(fine.minus(&coarse), Scaled::new(b - &shifted, small + more));
    }

    #[test]
    fn dropping_zeros_keeps_the_value(units in any::<i64>(), zeros in 0u32..15, scale in 0u32..20, floor in 0u32..20) {
        let padded = Scaled::new(BigInt::from(units) * BigInt::from(10).pow(zeros), scale);
        let short = padded.with_scale_at_least(floor);
        prop_assert!(short.scale() <= padded.scale());
        prop_assert!(short.scale() >= floor.min(scale));
        let difference = short.minus(&padded);
        prop_assert_eq!(difference.units(), &BigInt::ZERO);
        let longer_than_needed = short.scale() > floor && short.units() % BigInt::from(10) == BigInt::ZERO;
        prop_assert!(!longer_than_needed, "{}", short);
    }
}
