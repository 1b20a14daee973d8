//! The tape's columns, read as exact types.

use abaco_kpi::{Column, ColumnType, canonical_column};

use super::{Refusal, SqlType, StatementOptions, identifier};

impl SqlType {
    /// The type of a canonical column.
    fn of(column_type: ColumnType) -> Option<Self> {
        match column_type {
            ColumnType::Text => Some(Self::Text),
            ColumnType::Date => Some(Self::Date),
            ColumnType::Boolean => Some(Self::Boolean),
            ColumnType::Integer => Some(Self::Decimal(0)),
            ColumnType::Money => Some(Self::Decimal(2)),
            ColumnType::Rate | ColumnType::Share => Some(Self::Decimal(6)),
            _ => None,
        }
    }
}

impl StatementOptions {
    pub(super) fn type_of(&self, column: &Column) -> Result<SqlType, Refusal> {
        let canonical = || canonical_column(column.name()).and_then(|spec| SqlType::of(spec.column_type));
        let found = self.types.get(column).copied().or_else(canonical);
        found.ok_or_else(|| {
            Refusal(format!("column `{}` is not canonical, and no type was given for it", column.name()))
        })
    }
}

/// The column as the statement's expressions use it.
///
/// A cast alone would round in silence, so a number that it would change becomes an error that says so: neither engine
/// reads the text as a number.
pub(super) fn exact_column(column: &Column, sql_type: SqlType) -> String {
    let name = identifier(column.name());
    match sql_type {
        SqlType::Text => format!("CAST({name} AS TEXT) AS {name}"),
        SqlType::Date => format!("CAST({name} AS DATE) AS {name}"),
        SqlType::Boolean => format!("CAST({name} AS BOOLEAN) AS {name}"),
        SqlType::Decimal(scale) => {
            let exact = format!("CAST({name} AS DECIMAL(38, {scale}))");
            let words = format!("{}: more than {scale} decimals: ", column.name()).replace('\'', "''");
            format!(
                "CASE WHEN {name} <> {exact} THEN CAST('{words}' || CAST({name} AS TEXT) AS DECIMAL(38, {scale})) \
                 ELSE {exact} END AS {name}"
            )
        }
    }
}
