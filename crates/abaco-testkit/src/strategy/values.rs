//! The values of a column, edge cases first.

use chrono::NaiveDate;
use proptest::prelude::*;

use crate::Width;

/// The integers of decimals of this width: ordinary ones, zeros, carries and extremes.
///
/// Beyond the declared precision only if `beyond_declared`.
pub fn decimals(width: Width, beyond_declared: bool) -> BoxedStrategy<i128> {
    let accept = move |units: &i128| width.holds(*units) && (beyond_declared || width.declares(*units));
    let edges: Vec<i128> = edges(width).into_iter().filter(accept).collect();
    let (low, high) = if beyond_declared {
        width.range()
    } else {
        let limit = 10i128.pow(width.digits().into()) - 1;
        (-limit, limit)
    };
    prop_oneof![
        6 => 0i128..2_000_000,
        2 => -2_000_000i128..0,
        1 => Just(0),
        3 => prop::sample::select(edges),
        1 => prop::sample::select(vec![low, high]),
        1 => low..=high,
    ]
    .boxed()
}

/// Powers of two and of ten with their neighbours, and the ends of the width.
fn edges(width: Width) -> Vec<i128> {
    let twos = [8, 15, 16, 31, 32, 63, 64, 95, 96, 126].map(|exponent| 1i128 << exponent);
    let tens = [9, 18, 19, 28, 37, 38].map(|exponent| 10i128.pow(exponent));
    let near = twos.into_iter().chain(tens).flat_map(|edge| [edge - 1, edge, edge + 1]);
    let (low, high) = width.range();
    near.flat_map(|edge| [edge, -edge]).chain([low, low + 1, high - 1, high]).collect()
}

/// Whole numbers: days around the usual cuts, small counts, and the ends of 64 bits.
pub fn integers() -> BoxedStrategy<i64> {
    let cuts: Vec<i64> = [0, 1, 7, 15, 30, 60, 90, 120, 180, 360]
        .into_iter()
        .flat_map(|cut: i64| [cut, cut - 1, cut + 1])
        .collect();
    prop_oneof![
        8 => prop::sample::select(cuts),
        2 => -5i64..400,
        1 => prop::sample::select(vec![i64::MIN, i64::MIN + 1, i64::MAX, i64::MAX - 1, 1 << 32, -(1 << 32)]),
    ]
    .boxed()
}

/// The `index`-th key: empty, short, alike in all but the last byte, with NUL bytes and beyond ASCII.
///
/// ```
/// use abaco_testkit::strategy::text;
///
/// let keys: std::collections::BTreeSet<String> = (0..=255).map(text).collect();
/// assert_eq!(keys.len(), 256);
/// ```
pub fn text(index: u8) -> String {
    match index {
        0 => "sme".to_owned(),
        1 => "retail".to_owned(),
        2 => String::new(),
        3 => "SME".to_owned(),
        4 => "sme ".to_owned(),
        5 => "sme\0".to_owned(),
        6 => "sme\0\0".to_owned(),
        7 => "\0".to_owned(),
        8 => "crédit".to_owned(),
        9 => "cre\u{301}dit".to_owned(),
        10 => "貸付".to_owned(),
        11 => "it's \"quoted\"".to_owned(),
        12 => "x".repeat(300),
        13 => format!("{}y", "x".repeat(299)),
        14 => "NULL".to_owned(),
        _ => format!("borrower-0000000000000{index:03}"),
    }
}

/// The `index`-th day: month ends, leap days, days before 1970 and neighbours.
///
/// ```
/// use abaco_testkit::strategy::date;
///
/// assert_eq!(date(0).to_string(), "2025-12-31");
/// let days: std::collections::BTreeSet<_> = (0..=255).map(date).collect();
/// assert_eq!(days.len(), 256);
/// ```
pub fn date(index: u8) -> NaiveDate {
    let fixed = match index {
        0 => (2025, 12, 31),
        1 => (2025, 11, 30),
        2 => (2026, 1, 31),
        3 => (2024, 2, 29),
        4 => (2024, 2, 28),
        5 => (2024, 3, 1),
        6 => (1970, 1, 1),
        7 => (1969, 12, 31),
        8 => (1900, 3, 1),
        9 => (2100, 2, 28),
        10 => (1, 1, 1),
        11 => (9999, 12, 31),
        _ => (2000 + i32::from(index) / 12, 1 + u32::from(index) % 12, 15),
    };
    NaiveDate::from_ymd_opt(fixed.0, fixed.1, fixed.2).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use chrono::Datelike;

    use super::*;

    #[test]
    fn every_edge_of_a_width_is_there_once_it_is_allowed() {
        for width in Width::ALL {
            let (low, high) = width.range();
            let edges = edges(width);
            assert!(edges.contains(&low) && edges.contains(&high), "{width:?}");
            assert!(edges.contains(&(10i128.pow(width.digits().into()) - 1)), "{width:?}");
        }
    }

    #[test]
    fn every_date_is_a_real_one() {
        assert!((0..=255).map(date).all(|date| date == NaiveDate::default() || date.year() > 0));
        assert_eq!((0..=255).filter(|index| date(*index) == NaiveDate::default()).count(), 1);
    }
}
