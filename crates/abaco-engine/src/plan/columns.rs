//! The physical columns of a tape, as the plan sees them.

use abaco_kpi::Column;
use arrow::datatypes::{DataType, Schema};

use super::node::ColumnId;

/// What a physical column holds, whatever Arrow type carries it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Holds {
    /// Integers with a decimal point. `physical` digits bound what the type can hold; `declared` is the
    /// precision of a decimal type, which Arrow does not enforce.
    Number {
        scale: u32,
        physical: u32,
        declared: u32,
        wide: bool,
    },
    Text,
    Date,
    Boolean,
}

/// A tape column that the plan reads.
#[derive(Clone, Debug)]
pub(crate) struct TapeColumn {
    pub(crate) column: Column,
    /// Where it was among the columns of the schema: where to look for it first.
    pub(crate) index: usize,
    pub(crate) data_type: DataType,
    pub(crate) holds: Holds,
    /// Whether values must be held against the declared precision before they are used.
    pub(crate) checked: bool,
}

impl TapeColumn {
    /// Name, kind and scale: what decides the meaning of its values as keys, whatever their physical width.
    pub(crate) fn identity(&self) -> String {
        match self.holds {
            Holds::Number { scale, .. } => format!("{} number {scale}", self.column),
            Holds::Text => format!("{} text", self.column),
            Holds::Date => format!("{} date", self.column),
            Holds::Boolean => format!("{} boolean", self.column),
        }
    }
}

/// What a column of this type holds, or a sentence that says what is expected instead.
pub(crate) fn holds(data_type: &DataType) -> Result<Holds, String> {
    let integer = |physical| Ok(Holds::Number { scale: 0, physical, declared: physical, wide: false });
    let decimal = |precision: u8, scale: i8, physical, wide| match u32::try_from(scale) {
        Ok(scale) => Ok(Holds::Number { scale, physical, declared: precision.into(), wide }),
        Err(_) => Err(format!("expected a decimal with a scale of 0 or more, found scale {scale}")),
    };
    match data_type {
        DataType::Int8 => integer(3),
        DataType::Int16 | DataType::UInt8 => integer(5),
        DataType::Int32 | DataType::UInt16 => integer(10),
        DataType::UInt32 => integer(10),
        DataType::Int64 => integer(19),
        DataType::Decimal32(precision, scale) => decimal(*precision, *scale, 10, false),
        DataType::Decimal64(precision, scale) => decimal(*precision, *scale, 19, false),
        DataType::Decimal128(precision, scale) => decimal(*precision, *scale, 39, true),
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => Ok(Holds::Text),
        DataType::Dictionary(_, values)
            if matches!(**values, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View) =>
        {
            Ok(Holds::Text)
        }
        DataType::Date32 => Ok(Holds::Date),
        DataType::Boolean => Ok(Holds::Boolean),
        other => Err(format!("expected an exact type, found {other}")),
    }
}

/// The tape's columns, added as expressions ask for them.
#[derive(Debug)]
pub(crate) struct Columns<'s> {
    schema: &'s Schema,
    pub(crate) used: Vec<TapeColumn>,
}

impl<'s> Columns<'s> {
    pub(crate) fn new(schema: &'s Schema) -> Self {
        Self { schema, used: Vec::new() }
    }

    pub(crate) fn exists(&self, column: &Column) -> bool {
        self.schema.field_with_name(column.name()).is_ok()
    }

    pub(crate) fn names(&self) -> Vec<String> {
        self.schema.fields().iter().map(|field| field.name().clone()).collect()
    }

    pub(crate) fn intern(&mut self, column: &Column) -> Result<ColumnId, String> {
        if let Some(index) = self.used.iter().position(|used| used.column == *column) {
            return Ok(ColumnId(index));
        }
        let (index, field) = self
            .schema
            .column_with_name(column.name())
            .ok_or_else(|| format!("column {column} is not on the tape"))?;
        let holds = holds(field.data_type()).map_err(|reason| format!("column {column}: {reason}"))?;
        self.used.push(TapeColumn {
            column: column.clone(),
            index,
            data_type: field.data_type().clone(),
            holds,
            checked: false,
        });
        Ok(ColumnId(self.used.len() - 1))
    }

    pub(crate) fn get(&self, id: ColumnId) -> &TapeColumn {
        &self.used[id.0]
    }
}
