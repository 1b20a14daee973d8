//! Values far from the others of their column: counted, and never changed.

use abaco_kpi::Decimal;
use arrow::array::{Array, AsArray};
use arrow::datatypes::{DataType, Decimal64Type, Decimal128Type, Int64Type};
use hashbrown::HashMap;
use num_bigint::BigInt;

use super::counters::Tally;
use crate::ingest::RowId;

/// A column whose values should lie within so many standard deviations of their mean.
#[derive(Debug)]
pub(super) struct Outliers {
    pub(super) check: usize,
    pub(super) index: usize,
    pub(super) beyond: Decimal,
}

/// For each snapshot and value, in units of the column's scale: how many rows have it, and the first.
pub(super) type Values = HashMap<(Option<i32>, i128), (u64, RowId)>;

/// Takes note of a value.
pub(super) fn count(values: &mut Values, value: (Option<i32>, i128), (rows, first): (u64, RowId)) {
    let entry = values.entry(value).or_insert((0, first));
    entry.0 += rows;
    entry.1 = entry.1.min(first);
}

/// The number at a place of an array of numbers; `None` for null.
pub(super) fn number(array: &dyn Array, index: usize) -> Option<i128> {
    if array.is_null(index) {
        return None;
    }
    match array.data_type() {
        DataType::Int64 => Some(array.as_primitive::<Int64Type>().value(index).into()),
        DataType::Decimal64(..) => Some(array.as_primitive::<Decimal64Type>().value(index).into()),
        DataType::Decimal128(..) => Some(array.as_primitive::<Decimal128Type>().value(index)),
        _ => None,
    }
}

/// The rows whose value x has `|x - mean| > beyond * s`, s being the sample standard deviation.
///
/// All in integers, both sides squared: with n values, their sum S and the sum of their squares Q this is
/// `(n - 1) (n x - S)^2 > beyond^2 n (n Q - S^2)`. Of fewer than two values, and of equal ones, none is far.
pub(super) fn far(values: &[(i128, (u64, RowId))], beyond: Decimal) -> Tally {
    let mut tally = Tally::default();
    let (mut sum, mut squares) = (BigInt::ZERO, BigInt::ZERO);
    for (value, (rows, _)) in values {
        tally.checked += rows;
        let of_rows = BigInt::from(*value) * rows;
        squares += &of_rows * value;
        sum += of_rows;
    }
    let rows = BigInt::from(tally.checked);
    let unit = BigInt::from(10).pow(beyond.scale());
    let allowed = BigInt::from(beyond.mantissa()).pow(2) * &rows * (&rows * squares - &sum * &sum);
    let weight = (&rows - 1_u8) * &unit * &unit;
    for (value, (rows_of_value, first)) in values {
        let distance: BigInt = &rows * value - &sum;
        if &weight * &distance * &distance > allowed {
            tally.violating += rows_of_value;
            tally.show(*first);
        }
    }
    tally
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    /// Of n - 1 equal values and one other, the other lies (n - 1) / sqrt(n) standard deviations from the mean, whatever the
    /// values: 4.0069 of 18, 3.8806 of 17, and 1.5 of 4.
    #[rstest]
    #[case::above(17, "4", 1)]
    #[case::below(16, "4", 0)]
    #[case::at_the_end_itself(3, "1.5", 0)]
    #[case::just_beyond(3, "1.4999999999", 1)]
    #[case::all_equal(0, "0.1", 0)]
    fn one_among_equals(#[case] equals: u64, #[case] beyond: &str, #[case] violating: u64) {
        let row = |row| RowId { file: 0, part: 0, row };
        let values = [(-7, (equals, row(0))), (i128::pow(10, 37), (1, row(5)))];
        let values = if equals == 0 { &values[1..] } else { &values[..] };
        let tally = far(values, beyond.parse().unwrap());
        assert_eq!((tally.checked, tally.violating), (equals + 1, violating));
        assert_eq!(tally.examples.into_iter().collect::<Vec<_>>(), vec![row(5); violating as usize]);
    }
}
