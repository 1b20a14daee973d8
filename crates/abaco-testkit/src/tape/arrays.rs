//! Arrow arrays that are as nasty as Arrow allows: what lies under a NULL is junk, a dictionary holds each text
//! twice, and some of its NULLs are values.

use std::sync::Arc;

use abaco_kpi::Column;
use arrow::array::{
    Array, ArrayRef, ArrowPrimitiveType, BooleanArray, DictionaryArray, PrimitiveArray, StringArray,
    StringViewArray,
};
use arrow::buffer::{BooleanBuffer, NullBuffer, ScalarBuffer};
use arrow::datatypes::{
    DataType, Date32Type, Decimal32Type, Decimal64Type, Decimal128Type, DecimalType, Int32Type, Int64Type,
};

use super::{Cell, TextLayout, Width};
use crate::TapeError;

const JUNK_TEXT: &str = "junk under a NULL";

pub(super) fn integers(cells: &[&Cell]) -> ArrayRef {
    let values = cells.iter().map(|cell| match cell {
        Cell::Integer(value) => *value,
        _ => i64::MIN,
    });
    Arc::new(primitive::<Int64Type>(values, cells))
}

pub(super) fn dates(cells: &[&Cell]) -> ArrayRef {
    let values = cells.iter().map(|cell| match cell {
        Cell::Date(date) => Date32Type::from_naive_date(*date),
        _ => i32::MAX,
    });
    Arc::new(primitive::<Date32Type>(values, cells))
}

pub(super) fn booleans(cells: &[&Cell]) -> ArrayRef {
    let values: BooleanBuffer = cells.iter().map(|cell| !matches!(cell, Cell::Boolean(false))).collect();
    Arc::new(BooleanArray::new(values, nulls(cells)))
}

pub(super) fn decimals(
    column: &Column,
    cells: &[&Cell],
    width: Width,
    data_type: &DataType,
) -> Result<ArrayRef, TapeError> {
    Ok(match width {
        Width::Decimal32 => decimal::<Decimal32Type>(column, cells, width, data_type)?,
        Width::Decimal64 => decimal::<Decimal64Type>(column, cells, width, data_type)?,
        Width::Decimal128 => decimal::<Decimal128Type>(column, cells, width, data_type)?,
    })
}

fn decimal<D: DecimalType>(
    column: &Column,
    cells: &[&Cell],
    width: Width,
    data_type: &DataType,
) -> Result<ArrayRef, TapeError>
where
    D::Native: TryFrom<i128>,
{
    let junk = width.range().1;
    let values = cells.iter().enumerate().map(|(row, cell)| {
        let units = if let Cell::Number(units) = cell { *units } else { junk };
        let too_large = |_| TapeError::TooLarge { column: column.clone(), row, units, width };
        D::Native::try_from(units).map_err(too_large)
    });
    let values = values.collect::<Result<Vec<_>, _>>()?;
    let array = primitive::<D>(values.into_iter(), cells);
    match data_type {
        DataType::Decimal32(precision, scale)
        | DataType::Decimal64(precision, scale)
        | DataType::Decimal128(precision, scale) => {
            Ok(Arc::new(array.with_precision_and_scale(*precision, *scale)?))
        }
        other => Err(TapeError::Arrow(format!("expected a decimal, found {other}"))),
    }
}

pub(super) fn texts(cells: &[&Cell], layout: TextLayout) -> Result<ArrayRef, TapeError> {
    let all: Vec<&str> = cells
        .iter()
        .map(|cell| match cell {
            Cell::Text(text) => text.as_str(),
            _ => JUNK_TEXT,
        })
        .collect();
    Ok(match layout {
        TextLayout::Plain => {
            let (offsets, values, _) = StringArray::from(all).into_parts();
            Arc::new(StringArray::try_new(offsets, values, nulls(cells))?)
        }
        TextLayout::View => {
            let (views, buffers, _) = StringViewArray::from(all).into_parts();
            Arc::new(StringViewArray::try_new(views, buffers, nulls(cells))?)
        }
        TextLayout::Dictionary => Arc::new(dictionary(cells)?),
    })
}

/// Codes into a dictionary whose first value is NULL and whose texts stand there twice, used by turns.
fn dictionary(cells: &[&Cell]) -> Result<DictionaryArray<Int32Type>, TapeError> {
    let mut distinct: Vec<&str> = Vec::new();
    let mut codes: Vec<Option<usize>> = Vec::new();
    for (row, cell) in cells.iter().enumerate() {
        codes.push(match cell {
            Cell::Text(text) => {
                let known = distinct.iter().position(|known| *known == text.as_str());
                let position = known.unwrap_or(distinct.len());
                if known.is_none() {
                    distinct.push(text);
                }
                Some(1 + 2 * position + row % 2)
            }
            _ if row % 2 == 0 => Some(0),
            _ => None,
        });
    }
    let twice = distinct.into_iter().flat_map(|text| [Some(text), Some(text)]);
    let values: StringArray = std::iter::once(None).chain(twice).collect();
    let code = |code: &Option<usize>| i32::try_from(code.unwrap_or(1)).unwrap_or(i32::MAX);
    let keys: ScalarBuffer<i32> = codes.iter().map(code).collect();
    let nulls: NullBuffer = codes.iter().map(Option::is_some).collect();
    // An undefined code lies under a NULL only where the dictionary has a text to point to.
    let keys = PrimitiveArray::<Int32Type>::new(
        if values.len() > 1 { keys } else { vec![0; cells.len()].into() },
        Some(nulls),
    );
    Ok(DictionaryArray::try_new(keys, Arc::new(values))?)
}

fn primitive<P: ArrowPrimitiveType>(
    values: impl Iterator<Item = P::Native>,
    cells: &[&Cell],
) -> PrimitiveArray<P> {
    PrimitiveArray::new(values.collect(), nulls(cells))
}

fn nulls(cells: &[&Cell]) -> Option<NullBuffer> {
    Some(cells.iter().map(|cell| !cell.is_null()).collect())
}
