//! One column of a tape on its way into Arrow: every cell of every format passes here.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanBuilder, Date32Builder, Decimal64Array, Decimal128Array, Int64Array, StringBuilder,
};
use arrow::datatypes::{DataType, Field};
use arrow::error::ArrowError;

use super::Counters;
use super::date_text::{ISO_BYTES, in_calendar, is_iso, iso, parse_date};
use super::decimal_text::{DecimalRule, ParsedDecimal, parse_decimal};
use super::fault::Fault;
use super::nulls::{NullTokens, trim};
use super::rescale::rescale;
use super::short_number::{field_end, is_field_end, short_number, wide_number};
use super::text_coder::TextCoder;
use super::values::Values;
use crate::contract::{Bound, ColumnType, ExcessDigits, NullRule};

/// Turns cells into an Arrow array under the rules of the contract, and counts what the rules did.
///
/// Null slots of the arrays hold zero, so that a sum may ignore the bitmap.
#[derive(Debug)]
pub(crate) struct ColumnReader {
    pub(crate) bound: Bound,
    pub(crate) counters: Counters,
    nulls: NullTokens,
    data_type: DataType,
    /// Whether dates have the one format that is read quickly.
    iso: bool,
    sink: Sink,
}

#[derive(Debug)]
enum Sink {
    Text(StringBuilder),
    Coded(Box<TextCoder>),
    Int(Values<i64>, DecimalRule),
    Decimal64(Values<i64>, DecimalRule),
    Decimal128(Values<i128>, DecimalRule),
    Date(Date32Builder),
    Bool(BooleanBuilder),
}

impl ColumnReader {
    /// `None` if the column's type is a decimal beyond the limits, which no validated contract has.
    pub(crate) fn new(bound: Bound) -> Option<Self> {
        let column = &bound.column;
        let data_type = column.arrow_type();
        let sink = match column.column_type {
            ColumnType::Text if data_type == DataType::Utf8 => Sink::Text(StringBuilder::new()),
            ColumnType::Text => Sink::Coded(Box::default()),
            // An i64 has at most 19 digits; what has 19 and does not fit is found after parsing.
            ColumnType::Int => Sink::Int(Values::new(), DecimalRule::new(19, 0, ExcessDigits::Refuse)?),
            ColumnType::Decimal { precision, scale } => {
                let rule = DecimalRule::new(precision, scale, column.excess_digits)?;
                if precision <= 18 {
                    Sink::Decimal64(Values::new(), rule)
                } else {
                    Sink::Decimal128(Values::new(), rule)
                }
            }
            ColumnType::Date => Sink::Date(Date32Builder::new()),
            ColumnType::Bool => Sink::Bool(BooleanBuilder::new()),
        };
        let counters = Counters::of(column.column_type);
        let (nulls, iso) = (NullTokens::new(&column.null_tokens), is_iso(&column.date_formats));
        Some(Self { nulls, bound, counters, data_type, iso, sink })
    }

    /// A reader of the same column that has read nothing: each thread has its own.
    pub(crate) fn fresh(&self) -> Self {
        let bound = self.bound.clone();
        let column = &bound.column;
        let data_type = self.data_type.clone();
        Self {
            nulls: NullTokens::new(&column.null_tokens),
            counters: Counters::of(column.column_type),
            sink: self.sink.fresh(),
            data_type,
            iso: self.iso,
            bound,
        }
    }

    /// The physical type of the arrays.
    pub(crate) fn data_type(&self) -> &DataType {
        &self.data_type
    }

    /// Which numbers the column takes, if it is one of numbers.
    pub(crate) fn rule(&self) -> Option<&DecimalRule> {
        match &self.sink {
            Sink::Int(_, rule) | Sink::Decimal64(_, rule) | Sink::Decimal128(_, rule) => Some(rule),
            _ => None,
        }
    }

    /// The texts that mean null.
    pub(crate) fn null_tokens(&self) -> &NullTokens {
        &self.nulls
    }

    /// What codes the column's texts, with the texts that mean null, if it is a dictionary.
    pub(crate) fn coder(&mut self) -> Option<(&mut TextCoder, &NullTokens)> {
        match &mut self.sink {
            Sink::Coded(coder) => Some((&mut **coder, &self.nulls)),
            _ => None,
        }
    }

    /// The column of a batch's schema; only `nulls: keep` leaves nulls in it.
    pub(crate) fn field(&self) -> Field {
        let column = &self.bound.column;
        Field::new(&column.name, self.data_type.clone(), column.nulls == NullRule::Keep)
    }

    /// A cell of text, which may be one of the texts that mean null.
    #[inline]
    pub(crate) fn push_text(&mut self, cell: &str) -> Result<(), Fault> {
        if let Sink::Coded(coder) = &mut self.sink {
            return match coder.code(cell, &self.nulls)? {
                Some(code) => {
                    coder.push(code);
                    Ok(())
                }
                None => self.push_null(),
            };
        }
        let cell = trim(cell);
        if self.nulls.contains(cell) {
            return self.push_null();
        }
        match &mut self.sink {
            Sink::Text(builder) => {
                builder.append_value(cell);
                Ok(())
            }
            // Handled above.
            Sink::Coded(_) => Err(Fault::Mismatch),
            Sink::Int(..) | Sink::Decimal64(..) | Sink::Decimal128(..) => self.push_printed(cell),
            Sink::Date(builder) => {
                builder.append_value(parse_date(cell, &self.bound.column.date_formats)?);
                Ok(())
            }
            Sink::Bool(builder) => {
                builder.append_value(parse_bool(cell).ok_or(Fault::Mismatch)?);
                Ok(())
            }
        }
    }

    /// The cell of an unquoted text that begins at `start`; where it ends.
    #[inline]
    pub(crate) fn push_field(&mut self, text: &str, start: usize) -> Result<usize, Fault> {
        let bytes = text.as_bytes();
        let nulls = &self.nulls;
        // A cell that is a number may still be one of the texts that mean null.
        let whole = |end: usize| is_field_end(bytes, end) && !nulls.contains(&text[start..end]);
        let number = match &mut self.sink {
            Sink::Int(builder, rule) => {
                short_number(bytes, start, rule).filter(|number| whole(number.end)).map(|number| {
                    builder.append_value(number.mantissa);
                    (number.written_scale, number.end)
                })
            }
            Sink::Decimal64(builder, rule) => {
                short_number(bytes, start, rule).filter(|number| whole(number.end)).map(|number| {
                    builder.append_value(number.mantissa);
                    (number.written_scale, number.end)
                })
            }
            Sink::Decimal128(builder, rule) => {
                wide_number(bytes, start, rule).filter(|number| whole(number.end)).map(|number| {
                    builder.append_value(number.mantissa);
                    (number.written_scale, number.end)
                })
            }
            _ => None,
        };
        if let Some((written_scale, end)) = number {
            self.counters.observe(written_scale);
            return Ok(end);
        }
        if let Sink::Date(builder) = &mut self.sink
            && self.iso
            && let Some(day) = bytes.get(start..).and_then(|rest| rest.first_chunk()).and_then(iso)
            && is_field_end(bytes, start + ISO_BYTES)
            && !self.nulls.contains(&text[start..start + ISO_BYTES])
        {
            builder.append_value(day);
            return Ok(start + ISO_BYTES);
        }
        let end = field_end(bytes, start);
        self.push_text(&text[start..end])?;
        Ok(end)
    }

    /// A number that was printed for this purpose, so that nothing in it means null.
    pub(crate) fn push_printed(&mut self, number: &str) -> Result<(), Fault> {
        match &mut self.sink {
            Sink::Int(_, rule) | Sink::Decimal64(_, rule) | Sink::Decimal128(_, rule) => {
                let parsed = parse_decimal(number.as_bytes(), rule)?;
                self.push_parsed(parsed)
            }
            _ => Err(Fault::Mismatch),
        }
    }

    /// A number that the file stores as `mantissa` times ten to the power of -`scale`.
    pub(crate) fn push_number(&mut self, mantissa: i128, scale: i8) -> Result<(), Fault> {
        match &mut self.sink {
            Sink::Int(_, rule) | Sink::Decimal64(_, rule) | Sink::Decimal128(_, rule) => {
                let parsed = rescale(mantissa, scale, rule)?;
                self.push_parsed(parsed)
            }
            Sink::Bool(_) if scale == 0 && (0..=1).contains(&mantissa) => self.push_bool(mantissa == 1),
            _ => Err(Fault::Mismatch),
        }
    }

    /// A day, counted from 1970-01-01.
    pub(crate) fn push_days(&mut self, days: i64) -> Result<(), Fault> {
        match (&mut self.sink, i32::try_from(days)) {
            (Sink::Date(builder), Ok(day)) if in_calendar(days) => {
                builder.append_value(day);
                Ok(())
            }
            _ => Err(Fault::Mismatch),
        }
    }

    pub(crate) fn push_bool(&mut self, value: bool) -> Result<(), Fault> {
        match &mut self.sink {
            Sink::Bool(builder) => {
                builder.append_value(value);
                Ok(())
            }
            _ => Err(Fault::Mismatch),
        }
    }

    pub(crate) fn push_null(&mut self) -> Result<(), Fault> {
        match self.bound.column.nulls {
            NullRule::Reject | NullRule::DropRow => Err(Fault::Null),
            NullRule::FillZero => {
                self.counters.nulls += 1;
                self.counters.filled += 1;
                self.push_number(0, 0)
            }
            NullRule::Keep => {
                self.counters.nulls += 1;
                self.sink.append_null();
                Ok(())
            }
        }
    }

    /// Whether a fault is a null for which the contract drops the row, and no more.
    pub(crate) fn drops(&self, fault: Fault) -> bool {
        fault == Fault::Null && self.bound.column.nulls == NullRule::DropRow
    }

    /// Holds the place of a cell that is refused; a null is counted.
    #[cold]
    pub(crate) fn push_refused(&mut self, fault: Fault) -> Result<(), ArrowError> {
        self.counters.nulls += u64::from(fault == Fault::Null);
        self.push_missing()
    }

    /// Holds the place of a cell that a refused row has not, or that could not be read: null, or where the contract
    /// allows none, zero or an empty text. Nothing is counted.
    #[cold]
    pub(crate) fn push_missing(&mut self) -> Result<(), ArrowError> {
        if self.bound.column.nulls == NullRule::Keep {
            self.sink.append_null();
            return Ok(());
        }
        match &mut self.sink {
            Sink::Text(builder) => builder.append_value(""),
            Sink::Coded(coder) => {
                coder.push_empty(&self.nulls).map_err(|_| ArrowError::DictionaryKeyOverflowError)?;
            }
            Sink::Int(values, _) | Sink::Decimal64(values, _) => values.append_value(0),
            Sink::Decimal128(values, _) => values.append_value(0),
            Sink::Date(builder) => builder.append_value(0),
            Sink::Bool(builder) => builder.append_value(false),
        }
        Ok(())
    }

    #[inline]
    fn push_parsed(&mut self, parsed: ParsedDecimal) -> Result<(), Fault> {
        match &mut self.sink {
            Sink::Int(builder, _) => {
                builder.append_value(i64::try_from(parsed.mantissa).map_err(|_| Fault::Overflow)?);
            }
            Sink::Decimal64(builder, _) => {
                // At most 18 digits passed the rule, so they fit.
                builder.append_value(i64::try_from(parsed.mantissa).map_err(|_| Fault::Overflow)?);
            }
            Sink::Decimal128(builder, _) => builder.append_value(parsed.mantissa),
            _ => return Err(Fault::Mismatch),
        }
        self.counters.rounded += u64::from(parsed.rounded);
        self.counters.observe(parsed.written_scale);
        Ok(())
    }

    /// The cells pushed since the last call.
    pub(crate) fn finish(&mut self) -> Result<ArrayRef, ArrowError> {
        Ok(match &mut self.sink {
            Sink::Text(builder) => Arc::new(builder.finish()),
            Sink::Coded(coder) => coder.finish()?,
            Sink::Int(values, _) => {
                let (values, nulls) = values.finish();
                Arc::new(Int64Array::try_new(values, nulls)?)
            }
            Sink::Decimal64(values, _) => {
                let (values, nulls) = values.finish();
                Arc::new(Decimal64Array::try_new(values, nulls)?.with_data_type(self.data_type.clone()))
            }
            Sink::Decimal128(values, _) => {
                let (values, nulls) = values.finish();
                Arc::new(Decimal128Array::try_new(values, nulls)?.with_data_type(self.data_type.clone()))
            }
            Sink::Date(builder) => Arc::new(builder.finish()),
            Sink::Bool(builder) => Arc::new(builder.finish()),
        })
    }
}

impl Sink {
    fn append_null(&mut self) {
        match self {
            Self::Text(builder) => builder.append_null(),
            Self::Coded(coder) => coder.push_null(),
            Self::Int(builder, _) => builder.append_null(),
            Self::Decimal64(builder, _) => builder.append_null(),
            Self::Decimal128(builder, _) => builder.append_null(),
            Self::Date(builder) => builder.append_null(),
            Self::Bool(builder) => builder.append_null(),
        }
    }

    fn fresh(&self) -> Self {
        match self {
            Self::Text(_) => Self::Text(StringBuilder::new()),
            Self::Coded(_) => Self::Coded(Box::default()),
            Self::Int(_, rule) => Self::Int(Values::new(), *rule),
            Self::Decimal64(_, rule) => Self::Decimal64(Values::new(), *rule),
            Self::Decimal128(_, rule) => Self::Decimal128(Values::new(), *rule),
            Self::Date(_) => Self::Date(Date32Builder::new()),
            Self::Bool(_) => Self::Bool(BooleanBuilder::new()),
        }
    }
}

fn parse_bool(cell: &str) -> Option<bool> {
    if cell == "1" || cell.eq_ignore_ascii_case("true") {
        Some(true)
    } else if cell == "0" || cell.eq_ignore_ascii_case("false") {
        Some(false)
    } else {
        None
    }
}
