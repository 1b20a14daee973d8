//! The tape's columns, read as exact types.

use std::collections::BTreeSet;

use abaco_kpi::{Column, ColumnType, canonical_column};

use super::{Refusal, SqlType, StatementOptions, identifier};

/// Decimals of an amount where there is room for them: published tapes carry as many.
const WIDE_MONEY: u32 = 17;

/// Decimals of an amount that is multiplied by rates or other amounts.
const NARROW_MONEY: u32 = 2;

/// A measure with more decimals has too few digits left for its amounts, if it can do with fewer.
pub(super) const WIDE_LIMIT: u32 = 19;

/// Decimals up to which a digit that a column's type has no place for is noticed.
const NOTICED_PLACES: u32 = 19;

/// As what the columns are read.
pub(super) struct Types<'o> {
    options: &'o StatementOptions,
    /// Amounts that are read with two decimals, because somebody multiplies them.
    pub(super) narrow: BTreeSet<Column>,
}

impl<'o> Types<'o> {
    pub(super) fn new(options: &'o StatementOptions) -> Self {
        Self { options, narrow: BTreeSet::new() }
    }

    pub(super) fn of(&self, column: &Column) -> Result<SqlType, Refusal> {
        if let Some(given) = self.options.types.get(column) {
            return Ok(*given);
        }
        Ok(match self.column_type(column) {
            Some(ColumnType::Text) => SqlType::Text,
            Some(ColumnType::Date) => SqlType::Date,
            Some(ColumnType::Boolean) => SqlType::Boolean,
            Some(ColumnType::Integer) => SqlType::Decimal(0),
            Some(ColumnType::Rate | ColumnType::Share) => SqlType::Decimal(6),
            Some(ColumnType::Money) if self.narrow.contains(column) => SqlType::Decimal(NARROW_MONEY),
            Some(ColumnType::Money) => SqlType::Decimal(WIDE_MONEY),
            _ => {
                let name = column.name();
                return Err(Refusal::other(format!("column `{name}` is neither canonical nor added")));
            }
        })
    }

    fn column_type(&self, column: &Column) -> Option<ColumnType> {
        let canonical = canonical_column(column.name()).map(|spec| spec.column_type);
        canonical.or_else(|| self.options.added.get(column).copied())
    }

    /// Whether the column is an amount with room for fewer decimals.
    pub(super) fn can_narrow(&self, column: &Column) -> bool {
        !self.options.types.contains_key(column)
            && !self.narrow.contains(column)
            && self.column_type(column) == Some(ColumnType::Money)
    }
}

/// The column as the statement's expressions use it.
///
/// Its text becomes a decimal, so that a double counts as the digits that it is written with. A cast alone would round in
/// silence: a number that has more digits becomes an error that says so, because no engine reads the words as a number.
pub(super) fn exact_column(column: &Column, sql_type: SqlType) -> String {
    let name = identifier(column.name());
    match sql_type {
        SqlType::Text => format!("CAST({name} AS TEXT) AS {name}"),
        SqlType::Date => format!("CAST({name} AS DATE) AS {name}"),
        SqlType::Boolean => format!("CAST({name} AS BOOLEAN) AS {name}"),
        SqlType::Decimal(scale) => {
            let text = format!("CAST({name} AS TEXT)");
            let exact = format!("CAST({text} AS DECIMAL(38, {scale}))");
            let noticed = NOTICED_PLACES.max(scale + 2);
            let words = format!("{}: more than {scale} decimals: ", column.name()).replace('\'', "''");
            format!(
                "CASE WHEN CAST({text} AS DECIMAL(38, {noticed})) <> {exact} \
                 THEN CAST('{words}' || {text} AS DECIMAL(38, {scale})) ELSE {exact} END AS {name}"
            )
        }
    }
}
