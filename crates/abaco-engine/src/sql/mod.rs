//! KPIs as SQL that other engines run: one statement for DuckDB and PostgreSQL alike.
//!
//! Every measure is exact there too, to the last digit, so that somebody who does not trust this crate can check it.
//! A KPI's own column is approximate, because those engines divide in binary or cut off digits: its exact value is
//! finished here from the measures.
//!
//! What differs between our language and SQL is written out: `LEAST` and `GREATEST` are NULL if an operand is, a filtered
//! sum without a matching row is 0, nothing is counted where there are no rows, and a zero denominator gives NULL.
//! DuckDB meets decimals of different scales by rounding to the smaller one in `CASE`, `LEAST` and `COALESCE`, so every
//! expression knows its scale and is widened before it meets another.

mod columns;
mod formula;
mod keyed;
mod measure;
mod number;
mod predicate;
mod row;
mod statement;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use abaco_kpi::{Column, ColumnType};

use crate::Definitions;

pub use self::statement::{LeftOut, Statement, StatementMeasure, statement};

/// What a statement needs to know beyond the KPIs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatementOptions {
    /// The table that holds the tape: the rows of one snapshot, its columns under the names that the KPIs use.
    pub table: Cow<'static, str>,
    /// Columns beside the canonical ones.
    pub added: BTreeMap<Column, ColumnType>,
    /// Columns that are read otherwise than their type says.
    pub types: BTreeMap<Column, SqlType>,
}

impl Default for StatementOptions {
    /// The table `tape` with columns of the canonical types: whole numbers, rates and shares with 6 decimals, amounts with
    /// 17, or with 2 where a KPI multiplies them and 38 digits would not hold the product.
    fn default() -> Self {
        Self { table: Cow::Borrowed("tape"), added: BTreeMap::new(), types: BTreeMap::new() }
    }
}

impl StatementOptions {
    /// The default options, with the columns that a file of definitions adds.
    pub fn with_columns_of(definitions: &Definitions) -> Self {
        let columns = definitions.columns().iter();
        let added = columns.map(|column| (Column::new(column.name.clone()), column.column_type)).collect();
        Self { added, ..Self::default() }
    }
}

/// As what a statement reads a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SqlType {
    /// A decimal with so many places; a value with more of them stops the statement, it is not rounded.
    Decimal(u32),
    /// A text.
    Text,
    /// A calendar date.
    Date,
    /// A truth value.
    Boolean,
}

/// More decimals leave too few of DuckDB's 38 digits for the amount itself.
const MAX_SCALE: u32 = 24;

/// The longest expression, in bytes: guards repeat their operands, so nested ones grow fast.
const MAX_TEXT_BYTES: usize = 256 * 1024;

/// Why something has no SQL.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Refusal {
    /// It needs so many decimals.
    Scale(u32),
    /// Something else.
    Other(String),
}

impl Refusal {
    fn other(reason: impl Into<String>) -> Self {
        Self::Other(reason.into())
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Scale(scale) => write!(f, "it needs {scale} decimals, and SQL gets at most {MAX_SCALE}"),
            Self::Other(reason) => f.write_str(reason),
        }
    }
}

/// The name of a result column; behind `AS` no plain word is reserved.
fn label(name: &str) -> Cow<'_, str> {
    let plain = |(index, byte): (usize, u8)| {
        byte.is_ascii_lowercase() || byte == b'_' || (index > 0 && byte.is_ascii_digit())
    };
    if !name.is_empty() && name.bytes().enumerate().all(plain) { Cow::Borrowed(name) } else { quoted(name) }
}

/// The name of a table or a column, in double quotes unless it is known that no SQL reserves it.
fn identifier(name: &str) -> Cow<'_, str> {
    let plain = abaco_kpi::canonical_column(name).is_some() || name == "tape";
    if plain { Cow::Borrowed(name) } else { quoted(name) }
}

fn quoted(name: &str) -> Cow<'_, str> {
    Cow::Owned(format!("\"{}\"", name.replace('"', "\"\"")))
}

/// The text, unless it has grown past all measure.
fn bounded(text: String) -> Result<String, Refusal> {
    if text.len() > MAX_TEXT_BYTES {
        return Err(Refusal::other(format!("its SQL is longer than {MAX_TEXT_BYTES} bytes")));
    }
    Ok(text)
}
