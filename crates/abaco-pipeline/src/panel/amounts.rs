//! Amounts of money as integers of one scale.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Decimal128Array};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Decimal128Type};

/// The digits of a panel's amounts: as many as 128 bits hold.
pub(crate) const PRECISION: u8 = 38;

/// The decimal places of a numeric type; an integer has none.
pub(crate) fn scale_of(data_type: &DataType) -> Option<u8> {
    match data_type {
        DataType::Decimal32(_, scale) | DataType::Decimal64(_, scale) | DataType::Decimal128(_, scale) => {
            u8::try_from(*scale).ok()
        }
        DataType::Int8 | DataType::Int16 | DataType::Int32 | DataType::Int64 => Some(0),
        _ => None,
    }
}

/// The values of a numeric column in units of `scale`, which is at least the column's own.
///
/// # Errors
/// What is wrong with the column or one of its rows.
pub(crate) fn read(array: &ArrayRef, scale: u8) -> Result<Vec<Option<i128>>, String> {
    let own = scale_of(array.data_type())
        .ok_or_else(|| format!("expected a number, found {}", array.data_type()))?;
    let wide = match array.data_type() {
        DataType::Decimal128(..) => Arc::clone(array),
        DataType::Decimal32(..) | DataType::Decimal64(..) => {
            cast(array, &DataType::Decimal128(38, i8::try_from(own).unwrap_or(i8::MAX)))
                .map_err(|error| error.to_string())?
        }
        _ => cast(array, &DataType::Decimal128(38, 0)).map_err(|error| error.to_string())?,
    };
    let power = scale
        .checked_sub(own)
        .ok_or_else(|| format!("expected at most {scale} decimal places, found {own}"))?;
    let factor =
        abaco_kpi::pow10(power.into()).ok_or_else(|| format!("expected a scale below 38, found {scale}"))?;
    let values = wide.as_primitive::<Decimal128Type>();
    values
        .iter()
        .enumerate()
        .map(|(row, value)| match value {
            None => Ok(None),
            Some(value) => match value.checked_mul(factor) {
                Some(units) => Ok(Some(units)),
                None => Err(format!("row {}: the amount has too many digits", row + 1)),
            },
        })
        .collect()
}

/// Amounts as a column.
///
/// # Errors
/// The row of an amount with more than [`PRECISION`] digits.
pub(crate) fn column(values: Vec<Option<i128>>, scale: u8) -> Result<ArrayRef, String> {
    let limit = abaco_kpi::pow10(PRECISION.into()).map_or(u128::MAX, i128::unsigned_abs);
    if let Some(row) =
        values.iter().position(|value| value.is_some_and(|value| value.unsigned_abs() >= limit))
    {
        return Err(format!("row {}: an amount has more than {PRECISION} digits", row + 1));
    }
    let array = Decimal128Array::from(values)
        .with_precision_and_scale(PRECISION, i8::try_from(scale).unwrap_or(i8::MAX))
        .map_err(|error| error.to_string())?;
    Ok(Arc::new(array))
}
