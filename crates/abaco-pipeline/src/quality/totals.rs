//! Control totals: what goes in comes out again, to the last digit.

use arrow::array::{Array, AsArray, PrimitiveArray};
use arrow::datatypes::{ArrowPrimitiveType, DataType, Decimal64Type, Decimal128Type, Int64Type, i256};

use crate::PipelineError;
use crate::contract::{Column, ColumnType, ExcessDigits, NullRule};
use crate::source::decimal_text::{DecimalRule, parse_decimal};

/// What the rows of an amount column add up to, in units of the column's last digit.
///
/// `read` is `accepted + quarantined + duplicate`; each is added up on its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct AmountTotals {
    /// All rows.
    pub read: i256,
    /// Those that go on.
    pub accepted: i256,
    /// Those that were refused.
    pub quarantined: i256,
    /// Those that are there twice.
    pub duplicate: i256,
    /// Refused rows whose amount is none, so that it is in no total.
    pub unreadable: u64,
}

impl AmountTotals {
    pub(super) fn merge(&mut self, other: &Self, column: &str) -> Result<(), PipelineError> {
        add(&mut self.read, other.read, column)?;
        add(&mut self.accepted, other.accepted, column)?;
        add(&mut self.quarantined, other.quarantined, column)?;
        add(&mut self.duplicate, other.duplicate, column)?;
        self.unreadable += other.unreadable;
        Ok(())
    }

    /// Whether nothing was lost and nothing counted twice.
    pub(super) fn ties(&self) -> bool {
        let parts = self.accepted.checked_add(self.quarantined);
        parts.and_then(|parts| parts.checked_add(self.duplicate)) == Some(self.read)
    }
}

/// Adds to a total; one beyond 256 bits is an error.
pub(super) fn add(total: &mut i256, value: i256, what: &str) -> Result<(), PipelineError> {
    let overflow = || PipelineError::TotalOverflow { what: what.to_owned() };
    *total = total.checked_add(value).ok_or_else(overflow)?;
    Ok(())
}

/// A column whose totals are taken.
#[derive(Debug)]
pub(super) struct Amount {
    pub(super) name: String,
    /// Position in the batch.
    pub(super) index: usize,
    pub(super) scale: u32,
    rule: DecimalRule,
    null_tokens: Vec<String>,
    nulls: NullRule,
}

impl Amount {
    /// `None` for a column that has no numbers.
    pub(super) fn of(column: &Column, index: usize) -> Option<Self> {
        let rule = match column.column_type {
            ColumnType::Int => DecimalRule::new(19, 0, ExcessDigits::Refuse),
            ColumnType::Decimal { precision, scale } => {
                DecimalRule::new(precision, scale, column.excess_digits)
            }
            _ => None,
        }?;
        Some(Self {
            name: column.name.clone(),
            index,
            scale: rule.scale().into(),
            rule,
            null_tokens: column.null_tokens.clone(),
            nulls: column.nulls,
        })
    }

    /// The amount in a refused row's cell; `None` if it cannot be read. NULL adds nothing.
    pub(super) fn of_cell(&self, cell: Option<&str>) -> Option<i256> {
        let text = cell.map(str::trim).filter(|text| !self.null_tokens.iter().any(|token| token == text));
        match text {
            None if self.nulls.refuses() => None,
            None => Some(i256::ZERO),
            Some(text) => {
                let parsed = parse_decimal(text.as_bytes(), &self.rule).ok()?;
                // An int has at most 19 digits, of which 64 bits do not hold all.
                let fits =
                    self.scale > 0 || self.rule.precision() != 19 || i64::try_from(parsed.mantissa).is_ok();
                fits.then(|| i256::from_i128(parsed.mantissa))
            }
        }
    }
}

/// The exact sum of an array of numbers, of some of its rows or of all, or `None` if it is of another type.
pub(crate) fn sum(array: &dyn Array, rows: Option<&[usize]>) -> Option<i256> {
    Some(match array.data_type() {
        DataType::Int64 => sum_of(array.as_primitive::<Int64Type>(), rows, i128::from),
        DataType::Decimal64(..) => sum_of(array.as_primitive::<Decimal64Type>(), rows, i128::from),
        DataType::Decimal128(..) => sum_of(array.as_primitive::<Decimal128Type>(), rows, |value| value),
        _ => return None,
    })
}

fn sum_of<T: ArrowPrimitiveType>(
    array: &PrimitiveArray<T>,
    rows: Option<&[usize]>,
    wide: impl Fn(T::Native) -> i128,
) -> i256 {
    let mut sum = Halves::default();
    let values = array.values();
    match (rows, array.nulls().filter(|nulls| nulls.null_count() > 0)) {
        (None, None) => values.iter().for_each(|value| sum.add(wide(*value))),
        (None, Some(nulls)) => nulls.valid_indices().for_each(|row| sum.add(wide(values[row]))),
        (Some(rows), _) => {
            rows.iter().filter(|row| array.is_valid(**row)).for_each(|row| sum.add(wide(values[*row])));
        }
    }
    sum.total()
}

/// A sum whose halves are added apart: neither can overflow below 2^63 rows.
#[derive(Default)]
struct Halves {
    high: i128,
    low: u128,
}

impl Halves {
    #[inline]
    fn add(&mut self, value: i128) {
        self.high += value >> 64;
        self.low += u128::from(value as u64);
    }

    fn total(&self) -> i256 {
        let high = i256::from_i128(self.high).wrapping_mul(i256::from_i128(1 << 64));
        high.wrapping_add(i256::from_parts(self.low, 0))
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::{Decimal128Array, Int64Array};
    use num_bigint::BigInt;
    use proptest::prelude::*;

    use super::*;

    fn big(value: i256) -> BigInt {
        BigInt::from_signed_bytes_le(&value.to_le_bytes())
    }

    proptest! {
        #[test]
        fn sums_are_those_of_big_integers(values in proptest::collection::vec(any::<Option<i128>>(), 0..50)) {
            let array = Decimal128Array::from(values.clone());
            let naive: BigInt = values.iter().flatten().map(|value| BigInt::from(*value)).sum();
            prop_assert_eq!(big(sum(&array, None).unwrap()), naive);
            let odd: Vec<usize> = (1..values.len()).step_by(2).collect();
            let naive: BigInt = odd.iter().filter_map(|row| values[*row]).map(BigInt::from).sum();
            prop_assert_eq!(big(sum(&array, Some(&odd)).unwrap()), naive);
        }
    }

    #[test]
    fn the_largest_numbers() {
        let array = Int64Array::from(vec![i64::MIN; 3]);
        assert_eq!(sum(&array, None), Some(i256::from_i128(3 * i128::from(i64::MIN))));
    }

    #[test]
    fn an_overflow_is_an_error() {
        let mut total = i256::MAX;
        let error = add(&mut total, i256::ONE, "balance").unwrap_err();
        assert_eq!(error.to_string(), "the control total of `balance` has more than 256 bits");
    }
}
