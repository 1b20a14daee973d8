//! Cells of typed Arrow arrays, as Parquet and IPC have them.

use arrow::array::{Array, ArrayRef, ArrowPrimitiveType, AsArray, BooleanArray, PrimitiveArray, StringArray};
use arrow::compute::cast;
use arrow::datatypes::{
    DataType, Date32Type, Date64Type, Decimal32Type, Decimal64Type, Decimal128Type, Decimal256Type,
    Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, TimeUnit, TimestampMicrosecondType,
    TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType, UInt8Type, UInt16Type,
    UInt32Type, UInt64Type,
};
use arrow::error::ArrowError;
use arrow::util::display::array_value_to_string;

use super::column_reader::ColumnReader;
use super::fault::Fault;
use super::text_coder::RecodeFault;
use super::whole;
use crate::contract::{Column, ColumnType, FromFloat};

const DAY_SECONDS: i64 = 86_400;

/// A refused cell: its position in the array, and why.
pub(crate) type At = (usize, Fault);

/// Whether a column of the contract takes an Arrow type at all.
pub(crate) fn accepts(column: &Column, found: &DataType) -> bool {
    let found = value_type(found);
    if is_text(found) || *found == DataType::Null {
        return true;
    }
    let float = matches!(found, DataType::Float32 | DataType::Float64);
    match column.column_type {
        ColumnType::Text => false,
        ColumnType::Int | ColumnType::Decimal { .. } => {
            found.is_integer() || found.is_decimal() || (float && column.from_float == FromFloat::Shortest)
        }
        ColumnType::Date => match found {
            DataType::Date32 | DataType::Date64 | DataType::Timestamp(_, None) => true,
            // Elsewhere than in UTC, midnight depends on the reader.
            DataType::Timestamp(_, Some(zone)) => matches!(zone.as_ref(), "UTC" | "+00:00" | "Z"),
            _ => false,
        },
        ColumnType::Bool => *found == DataType::Boolean || found.is_integer(),
    }
}

/// The name of a type for an error, in lower case.
pub(crate) fn type_name(found: &DataType) -> String {
    found.to_string().to_lowercase()
}

/// Reads a whole array into one of the contract's type; refused cells are noted, and null or zero stands for them.
pub(crate) fn read(
    column: &mut ColumnReader,
    array: &ArrayRef,
    refused: &mut Vec<At>,
) -> Result<ArrayRef, ArrowError> {
    if let Some(read) = coded(column, array)? {
        return Ok(read);
    }
    let plain = plain(array)?;
    if let Some(read) = whole::read(column, &plain) {
        return Ok(read);
    }
    push(&mut Cells { column, refused }, &plain)?;
    column.finish()
}

/// From one dictionary of texts to another, if both the file and the contract have one and no cell is refused.
fn coded(column: &mut ColumnReader, array: &ArrayRef) -> Result<Option<ArrayRef>, ArrowError> {
    let is_dictionary = matches!(array.data_type(), DataType::Dictionary(_, values) if is_text(values));
    let wanted = column.data_type().clone();
    let Some((coder, nulls)) = column.coder().filter(|_| is_dictionary) else { return Ok(None) };
    let array = if *array.data_type() == wanted { ArrayRef::clone(array) } else { cast(array, &wanted)? };
    let Some(dictionary) = array.as_dictionary_opt::<Int32Type>() else { return Ok(None) };
    let read = match coder.recode(dictionary, nulls) {
        Ok(read) => read,
        Err(RecodeFault::Cell) => return Ok(None),
        Err(RecodeFault::Arrow(error)) => return Err(error),
    };
    if let Some(nulls) = read.nulls().filter(|nulls| nulls.null_count() > 0) {
        if column.bound.column.nulls.refuses() {
            return Ok(None);
        }
        column.counters.nulls += nulls.null_count() as u64;
    }
    Ok(Some(read))
}

/// A column's cells as text; `None` for null.
pub(crate) struct Printed(ArrayRef);

impl Printed {
    pub(crate) fn new(array: &ArrayRef) -> Result<Self, ArrowError> {
        plain(array).map(Self)
    }

    pub(crate) fn cell(&self, index: usize) -> Option<String> {
        let null = *self.0.data_type() == DataType::Null || self.0.is_null(index);
        (!null).then(|| printed_cell(&self.0, index))
    }
}

/// A cell's text for an error; Arrow's own printer cuts a decimal down to its declared precision.
fn printed_cell(array: &ArrayRef, index: usize) -> String {
    let decimal = match array.data_type() {
        DataType::Decimal32(_, scale) => {
            array.as_primitive_opt::<Decimal32Type>().map(|array| (i128::from(array.value(index)), *scale))
        }
        DataType::Decimal64(_, scale) => {
            array.as_primitive_opt::<Decimal64Type>().map(|array| (i128::from(array.value(index)), *scale))
        }
        DataType::Decimal128(_, scale) => {
            array.as_primitive_opt::<Decimal128Type>().map(|array| (array.value(index), *scale))
        }
        _ => None,
    };
    match decimal {
        Some((mantissa, scale)) => fixed_point(mantissa, scale),
        None => array_value_to_string(array, index).unwrap_or_default(),
    }
}

fn fixed_point(mantissa: i128, scale: i8) -> String {
    let Ok(places @ 1..) = usize::try_from(scale) else {
        return if scale == 0 {
            mantissa.to_string()
        } else {
            format!("{mantissa}e{}", scale.unsigned_abs())
        };
    };
    let digits = format!("{:0>width$}", mantissa.unsigned_abs(), width = places + 1);
    let (whole, fraction) = digits.split_at(digits.len() - places);
    format!("{}{whole}.{fraction}", if mantissa < 0 { "-" } else { "" })
}

fn value_type(found: &DataType) -> &DataType {
    match found {
        DataType::Dictionary(_, value) => value,
        other => other,
    }
}

pub(crate) fn is_text(found: &DataType) -> bool {
    matches!(found, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View)
}

/// Unpacks dictionaries, and brings every kind of text to one.
fn plain(array: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    let value = value_type(array.data_type());
    let wanted = if is_text(value) { &DataType::Utf8 } else { value };
    if array.data_type() == wanted { Ok(ArrayRef::clone(array)) } else { cast(array, wanted) }
}

/// Where cells go one by one.
struct Cells<'a> {
    column: &'a mut ColumnReader,
    refused: &'a mut Vec<At>,
}

impl Cells<'_> {
    fn each(
        &mut self,
        len: usize,
        mut push: impl FnMut(&mut ColumnReader, usize) -> Result<(), Fault>,
    ) -> Result<(), ArrowError> {
        for index in 0..len {
            if let Err(fault) = push(self.column, index) {
                self.refused.push((index, fault));
                self.column.push_refused(fault)?;
            }
        }
        Ok(())
    }
}

fn push(cells: &mut Cells<'_>, array: &ArrayRef) -> Result<(), ArrowError> {
    match array.data_type() {
        DataType::Null => cells.each(array.len(), |column, _| column.push_null()),
        DataType::Utf8 => text(cells, array.as_string_opt::<i32>()),
        DataType::Boolean => boolean(cells, array.as_boolean_opt()),
        DataType::Int8 => number(cells, array.as_primitive_opt::<Int8Type>(), 0),
        DataType::Int16 => number(cells, array.as_primitive_opt::<Int16Type>(), 0),
        DataType::Int32 => number(cells, array.as_primitive_opt::<Int32Type>(), 0),
        DataType::Int64 => number(cells, array.as_primitive_opt::<Int64Type>(), 0),
        DataType::UInt8 => number(cells, array.as_primitive_opt::<UInt8Type>(), 0),
        DataType::UInt16 => number(cells, array.as_primitive_opt::<UInt16Type>(), 0),
        DataType::UInt32 => number(cells, array.as_primitive_opt::<UInt32Type>(), 0),
        DataType::UInt64 => number(cells, array.as_primitive_opt::<UInt64Type>(), 0),
        DataType::Decimal32(_, scale) => number(cells, array.as_primitive_opt::<Decimal32Type>(), *scale),
        DataType::Decimal64(_, scale) => number(cells, array.as_primitive_opt::<Decimal64Type>(), *scale),
        DataType::Decimal128(_, scale) => number(cells, array.as_primitive_opt::<Decimal128Type>(), *scale),
        // Through text, because such a number need not fit an i128 before its scale is reduced.
        DataType::Decimal256(_, scale) => {
            printed(cells, array.as_primitive_opt::<Decimal256Type>(), |value| {
                format!("{value}e{}", -i16::from(*scale))
            })
        }
        // The only place where a float is read: Rust prints the shortest text that reads back as the same float.
        DataType::Float32 => {
            printed(cells, array.as_primitive_opt::<Float32Type>(), |value| format!("{value:e}"))
        }
        DataType::Float64 => {
            printed(cells, array.as_primitive_opt::<Float64Type>(), |value| format!("{value:e}"))
        }
        DataType::Date32 => days(cells, array.as_primitive_opt::<Date32Type>(), 1),
        DataType::Date64 => days(cells, array.as_primitive_opt::<Date64Type>(), DAY_SECONDS * 1_000),
        DataType::Timestamp(TimeUnit::Second, _) => {
            days(cells, array.as_primitive_opt::<TimestampSecondType>(), DAY_SECONDS)
        }
        DataType::Timestamp(TimeUnit::Millisecond, _) => {
            days(cells, array.as_primitive_opt::<TimestampMillisecondType>(), DAY_SECONDS * 1_000)
        }
        DataType::Timestamp(TimeUnit::Microsecond, _) => {
            days(cells, array.as_primitive_opt::<TimestampMicrosecondType>(), DAY_SECONDS * 1_000_000)
        }
        DataType::Timestamp(TimeUnit::Nanosecond, _) => {
            days(cells, array.as_primitive_opt::<TimestampNanosecondType>(), DAY_SECONDS * 1_000_000_000)
        }
        _ => cells.each(array.len(), |_, _| Err(Fault::Mismatch)),
    }
}

fn text(cells: &mut Cells<'_>, array: Option<&StringArray>) -> Result<(), ArrowError> {
    let array = array.ok_or_else(unexpected)?;
    cells.each(array.len(), |column, index| match array.is_null(index) {
        true => column.push_null(),
        false => column.push_text(array.value(index)),
    })
}

fn boolean(cells: &mut Cells<'_>, array: Option<&BooleanArray>) -> Result<(), ArrowError> {
    let array = array.ok_or_else(unexpected)?;
    cells.each(array.len(), |column, index| match array.is_null(index) {
        true => column.push_null(),
        false => column.push_bool(array.value(index)),
    })
}

fn primitive<T: ArrowPrimitiveType>(
    cells: &mut Cells<'_>,
    array: Option<&PrimitiveArray<T>>,
    mut push: impl FnMut(&mut ColumnReader, T::Native) -> Result<(), Fault>,
) -> Result<(), ArrowError> {
    let array = array.ok_or_else(unexpected)?;
    cells.each(array.len(), |column, index| match array.is_null(index) {
        true => column.push_null(),
        false => push(column, array.value(index)),
    })
}

fn number<T: ArrowPrimitiveType>(
    cells: &mut Cells<'_>,
    array: Option<&PrimitiveArray<T>>,
    scale: i8,
) -> Result<(), ArrowError>
where
    i128: From<T::Native>,
{
    primitive(cells, array, |column, value| column.push_number(i128::from(value), scale))
}

fn printed<T: ArrowPrimitiveType>(
    cells: &mut Cells<'_>,
    array: Option<&PrimitiveArray<T>>,
    print: impl Fn(T::Native) -> String,
) -> Result<(), ArrowError> {
    primitive(cells, array, |column, value| column.push_printed(&print(value)))
}

/// Days from a count of units, `unit` of which make a day; anything but midnight is refused.
fn days<T: ArrowPrimitiveType>(
    cells: &mut Cells<'_>,
    array: Option<&PrimitiveArray<T>>,
    unit: i64,
) -> Result<(), ArrowError>
where
    i64: From<T::Native>,
{
    primitive(cells, array, |column, value| {
        let value = i64::from(value);
        if value % unit == 0 { column.push_days(value / unit) } else { Err(Fault::Mismatch) }
    })
}

/// An array that is not of its own type; not expected to happen.
fn unexpected() -> ArrowError {
    ArrowError::CastError("an array is not of its type".to_owned())
}
