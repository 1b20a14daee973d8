//! Whole arrays at once: where a few passes over the values show that no cell needs a rule of its own.
//!
//! Whatever these passes cannot vouch for goes cell by cell, which finds the exact cell of an error.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, ArrowPrimitiveType, AsArray, BooleanArray, Date32Array, Decimal64Array, Decimal128Array,
    Int64Array, PrimitiveArray, StringArray,
};
use arrow::buffer::{NullBuffer, ScalarBuffer};
use arrow::datatypes::{
    DataType, Date32Type, Decimal32Type, Decimal64Type, Decimal128Type, Int8Type, Int16Type, Int32Type,
    Int64Type, UInt8Type, UInt16Type, UInt32Type,
};

use super::column_reader::ColumnReader;
use super::date_text::in_calendar;
use super::decimal_text::DecimalRule;
use super::nulls::{NullTokens, trim};
use crate::contract::{ColumnType, NullRule};

/// The array in the contract's type, or `None` if it must be read cell by cell; counts only in the first case.
pub(crate) fn read(column: &mut ColumnReader, array: &ArrayRef) -> Option<ArrayRef> {
    let nulls = array.nulls().filter(|nulls| nulls.null_count() > 0);
    let rule = column.bound.column.nulls;
    if nulls.is_some() && rule.refuses() {
        return None;
    }
    let kept = nulls.filter(|_| rule == NullRule::Keep).cloned();
    let read: ArrayRef = match (column.bound.column.column_type, array.data_type()) {
        (ColumnType::Text, DataType::Utf8) if *column.data_type() == DataType::Utf8 => {
            let texts = array.as_string_opt::<i32>()?;
            return tidy(texts, column.null_tokens())
                .then(|| counted(column, array, nulls, ArrayRef::clone(array)));
        }
        (ColumnType::Date, DataType::Date32) => {
            Arc::new(Date32Array::new(days(array.as_primitive_opt()?, nulls)?, kept))
        }
        (ColumnType::Bool, DataType::Boolean) => Arc::new(booleans(array.as_boolean_opt()?, nulls)),
        (ColumnType::Int | ColumnType::Decimal { .. }, _) => numbers(column, array, nulls, kept)?,
        _ => return None,
    };
    Some(counted(column, array, nulls, read))
}

/// Takes note of what the cells would have counted one by one.
fn counted(
    column: &mut ColumnReader,
    array: &ArrayRef,
    nulls: Option<&NullBuffer>,
    read: ArrayRef,
) -> ArrayRef {
    let null_count = nulls.map_or(0, NullBuffer::null_count);
    column.counters.nulls += null_count as u64;
    if column.bound.column.nulls == NullRule::FillZero {
        column.counters.filled += null_count as u64;
    }
    if let (Some(rule), Some(scale)) = (column.rule(), scale(array.data_type()))
        && null_count < array.len()
    {
        column.counters.observe(scale.clamp(0, rule.scale() as i8) as u8);
    }
    read
}

/// The values, with zero in the slots of nulls.
pub(crate) fn zeroed<T: Copy + Default>(values: &[T], nulls: &NullBuffer) -> Vec<T> {
    let mut values = values.to_vec();
    for (slot, valid) in values.iter_mut().zip(nulls.iter()) {
        if !valid {
            *slot = T::default();
        }
    }
    values
}

/// Whether no text needs to be trimmed or means null.
fn tidy(texts: &StringArray, tokens: &NullTokens) -> bool {
    texts.iter().flatten().all(|text| trim(text).len() == text.len() && !tokens.contains(text))
}

fn days(array: &PrimitiveArray<Date32Type>, nulls: Option<&NullBuffer>) -> Option<ScalarBuffer<i32>> {
    let values = filled(array, nulls);
    // Without an early end, the compiler compares several values at once.
    let lowest = values.iter().fold(0, |lowest, &day| day.min(lowest));
    let highest = values.iter().fold(0, |highest, &day| day.max(highest));
    (in_calendar(lowest.into()) && in_calendar(highest.into())).then_some(values)
}

fn booleans(array: &BooleanArray, nulls: Option<&NullBuffer>) -> BooleanArray {
    match nulls {
        None => BooleanArray::new(array.values().clone(), None),
        Some(nulls) => BooleanArray::new(array.values() & nulls.inner(), Some(nulls.clone())),
    }
}

fn filled<T: ArrowPrimitiveType>(
    array: &PrimitiveArray<T>,
    nulls: Option<&NullBuffer>,
) -> ScalarBuffer<T::Native> {
    match nulls {
        None => array.values().clone(),
        Some(nulls) => zeroed(array.values(), nulls).into(),
    }
}

/// Fractional digits of a number's type.
fn scale(found: &DataType) -> Option<i8> {
    match found {
        DataType::Decimal32(_, scale) | DataType::Decimal64(_, scale) | DataType::Decimal128(_, scale) => {
            Some(*scale)
        }
        other => other.is_integer().then_some(0),
    }
}

fn numbers(
    column: &ColumnReader,
    array: &ArrayRef,
    nulls: Option<&NullBuffer>,
    kept: Option<NullBuffer>,
) -> Option<ArrayRef> {
    let rule = column.rule()?;
    let bound = Bound::new(rule, scale(array.data_type())?)?;
    let wide = column.data_type();
    if let DataType::Decimal128(..) = wide {
        let values = match array.data_type() {
            DataType::Decimal128(..) => {
                bound.wide(filled(array.as_primitive_opt::<Decimal128Type>()?, nulls))?
            }
            _ => bound.widened(&narrow(array, nulls)?)?,
        };
        return Some(Arc::new(Decimal128Array::new(values, kept).with_data_type(wide.clone())));
    }
    let values = match array.data_type() {
        DataType::Decimal128(..) => {
            bound.narrowed(&filled(array.as_primitive_opt::<Decimal128Type>()?, nulls))?
        }
        _ => bound.kept(narrow(array, nulls)?)?,
    };
    Some(match wide {
        DataType::Int64 => Arc::new(Int64Array::new(values, kept)),
        _ => Arc::new(Decimal64Array::new(values, kept).with_data_type(wide.clone())),
    })
}

/// Numbers that fit 64 bits, in 64 bits.
fn narrow(array: &ArrayRef, nulls: Option<&NullBuffer>) -> Option<ScalarBuffer<i64>> {
    fn widen<T: ArrowPrimitiveType>(array: &ArrayRef, nulls: Option<&NullBuffer>) -> Option<ScalarBuffer<i64>>
    where
        i64: From<T::Native>,
    {
        let values = filled(array.as_primitive_opt::<T>()?, nulls);
        Some(values.iter().map(|&value| i64::from(value)).collect())
    }
    match array.data_type() {
        DataType::Int64 => Some(filled(array.as_primitive_opt::<Int64Type>()?, nulls)),
        DataType::Decimal64(..) => Some(filled(array.as_primitive_opt::<Decimal64Type>()?, nulls)),
        DataType::Decimal32(..) => widen::<Decimal32Type>(array, nulls),
        DataType::Int8 => widen::<Int8Type>(array, nulls),
        DataType::Int16 => widen::<Int16Type>(array, nulls),
        DataType::Int32 => widen::<Int32Type>(array, nulls),
        DataType::UInt8 => widen::<UInt8Type>(array, nulls),
        DataType::UInt16 => widen::<UInt16Type>(array, nulls),
        DataType::UInt32 => widen::<UInt32Type>(array, nulls),
        _ => None,
    }
}

/// Which numbers at a file's scale have at most the column's digits once they are at the column's scale.
struct Bound {
    /// A number's magnitude is below this.
    limit: u128,
    /// What brings a number to the column's scale.
    factor: i128,
}

impl Bound {
    /// `None` where the column has fewer fractional digits than the file: each cell may need rounding.
    fn new(rule: &DecimalRule, from_scale: i8) -> Option<Self> {
        let shift = i16::from(rule.scale()) - i16::from(from_scale);
        let power = |digits: i16| super::pow10::POW10.get(usize::try_from(digits).ok()?).copied();
        let limit = power(i16::from(rule.precision()) - shift)?.unsigned_abs();
        Some(Self { limit, factor: power(shift)? })
    }

    /// Whether all numbers are within the limit.
    fn holds64(&self, values: &[i64]) -> bool {
        // Below the largest power of two within the limit, adding it leaves the bits above it clear: two plain
        // operations per value, which the compiler does for several values at once.
        let power = self.limit.ilog2();
        if power >= 63 && self.limit > 1 << 63 {
            return true;
        }
        let high = values.iter().fold(0, |high, &value| high | value.wrapping_add(1 << power) as u64);
        if high >> power < 2 && !self.limit.is_power_of_two() {
            return true;
        }
        values.iter().all(|value| u128::from(value.unsigned_abs()) < self.limit)
    }

    fn holds128(&self, values: &[i128]) -> bool {
        values.iter().fold(true, |within, value| within & (value.unsigned_abs() < self.limit))
    }

    fn kept(&self, values: ScalarBuffer<i64>) -> Option<ScalarBuffer<i64>> {
        if !self.holds64(&values) {
            return None;
        }
        if self.factor == 1 {
            return Some(values);
        }
        // What is within the limit fits after the product; a factor beyond 64 bits leaves room for zero only.
        let factor = i64::try_from(self.factor).ok()?;
        values.iter().map(|value| value.checked_mul(factor)).collect()
    }

    fn narrowed(&self, values: &[i128]) -> Option<ScalarBuffer<i64>> {
        if !self.holds128(values) {
            return None;
        }
        if self.factor == 1 && self.limit <= 1 << 63 {
            // The limit is below 2^63, so nothing is cut off.
            return Some(values.iter().map(|&value| value as i64).collect());
        }
        values.iter().map(|value| i64::try_from(value.checked_mul(self.factor)?).ok()).collect()
    }

    fn wide(&self, values: ScalarBuffer<i128>) -> Option<ScalarBuffer<i128>> {
        if !self.holds128(&values) {
            return None;
        }
        if self.factor == 1 {
            return Some(values);
        }
        values.iter().map(|value| value.checked_mul(self.factor)).collect()
    }

    fn widened(&self, values: &[i64]) -> Option<ScalarBuffer<i128>> {
        if !self.holds64(values) {
            return None;
        }
        values.iter().map(|&value| i128::from(value).checked_mul(self.factor)).collect()
    }
}
