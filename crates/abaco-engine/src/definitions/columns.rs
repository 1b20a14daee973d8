//! Columns that a file of definitions adds to the canonical ones.

use std::fmt;

use abaco_kpi::{ColumnKind, ColumnType, canonical_column};
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::language::Measured;

/// A column that formulas may read beside the canonical ones; a contract gives it to the tape.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AddedColumn {
    /// Its name, as formulas write it.
    pub name: String,
    /// Type and unit.
    pub column_type: ColumnType,
    /// Relation to time.
    pub kind: ColumnKind,
    /// One sentence for people.
    pub meaning: String,
    pub(crate) measured: Measured,
}

/// All of them, in the file's order.
#[derive(Debug, Default)]
pub(super) struct Columns(pub(super) Vec<AddedColumn>);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ColumnEntry {
    #[serde(rename = "type")]
    column_type: TypeName,
    kind: KindName,
    meaning: String,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum TypeName {
    Text,
    Date,
    Bool,
    Count,
    Days,
    Money,
    Rate,
    Share,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum KindName {
    Stock,
    Flow,
    Cumulative,
    Static,
    Ledger,
}

impl<'de> Deserialize<'de> for Columns {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ColumnsVisitor)
    }
}

struct ColumnsVisitor;

impl<'de> Visitor<'de> for ColumnsVisitor {
    type Value = Columns;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("columns by their names")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Columns, A::Error> {
        let mut columns: Vec<AddedColumn> = Vec::new();
        while let Some(name) = map.next_key::<String>()? {
            if !is_snake_case(&name) {
                return Err(A::Error::custom(format_args!("`{name}`: a column is named in snake_case")));
            }
            if canonical_column(&name).is_some() {
                return Err(A::Error::custom(format_args!("`{name}` is a canonical column already")));
            }
            if columns.iter().any(|earlier| earlier.name == name) {
                return Err(A::Error::custom(format_args!("`{name}` is added twice")));
            }
            let entry: ColumnEntry = map.next_value()?;
            if entry.meaning.trim().is_empty() {
                return Err(A::Error::custom(format_args!("`{name}` needs a meaning")));
            }
            columns.push(AddedColumn {
                name,
                column_type: entry.column_type.column_type(),
                kind: entry.kind.kind(),
                meaning: entry.meaning,
                measured: entry.column_type.measured(),
            });
        }
        Ok(Columns(columns))
    }
}

impl TypeName {
    fn column_type(self) -> ColumnType {
        match self {
            Self::Text => ColumnType::Text,
            Self::Date => ColumnType::Date,
            Self::Bool => ColumnType::Boolean,
            Self::Count | Self::Days => ColumnType::Integer,
            Self::Money => ColumnType::Money,
            Self::Rate => ColumnType::Rate,
            Self::Share => ColumnType::Share,
        }
    }

    fn measured(self) -> Measured {
        match self {
            Self::Text | Self::Date | Self::Bool => Measured::Nothing,
            Self::Count => Measured::Count,
            Self::Days => Measured::Days,
            Self::Money => Measured::Currency,
            Self::Rate | Self::Share => Measured::Ratio,
        }
    }
}

impl KindName {
    fn kind(self) -> ColumnKind {
        match self {
            Self::Stock => ColumnKind::Stock,
            Self::Flow => ColumnKind::Flow,
            Self::Cumulative => ColumnKind::Cumulative,
            Self::Static => ColumnKind::Static,
            Self::Ledger => ColumnKind::Ledger,
        }
    }
}

/// Lower-case letters, digits and underscores, with a letter in front: what a formula writes without quotes.
pub(super) fn is_snake_case(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}
