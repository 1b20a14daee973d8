//! A run into the tables, in one transaction.

use postgres::Client;
use postgres::types::ToSql;

use super::rows::{Column, Rows};

/// What stops a delivery.
pub(super) enum SendError {
    /// The database or the way to it.
    Postgres(postgres::Error),
    /// What is there contradicts what is sent.
    Refused(String),
}

impl From<postgres::Error> for SendError {
    fn from(error: postgres::Error) -> Self {
        Self::Postgres(error)
    }
}

/// Columns of `kpi_runs` with their types, as `rows` gives them.
const RUN: &[(&str, &str)] = &[
    ("identity", "text"),
    ("run_id", "text"),
    ("portfolio", "text"),
    ("profile", "text"),
    ("currency", "text"),
    ("as_of", "date"),
    ("effective_as_of", "date"),
    ("period_from", "date"),
    ("period_to", "date"),
    ("known_at", "timestamptz"),
    ("rows_read", "bigint"),
    ("rows_quarantined", "bigint"),
    ("rows_duplicate", "bigint"),
    ("rows_as_of", "bigint"),
    ("code", "text"),
    ("manifest_sha256", "text"),
    ("values_sha256", "text"),
];

/// Columns of `kpi_values`, likewise.
const VALUES: &[(&str, &str)] = &[
    ("position", "integer"),
    ("kpi", "text"),
    ("segment", "jsonb"),
    ("name", "text"),
    ("convention", "text"),
    ("unit", "text"),
    ("state", "text"),
    ("reason", "text"),
    ("status", "text"),
    ("value", "numeric"),
    ("numerator", "numeric"),
    ("denominator", "numeric"),
    ("multiplier", "numeric"),
    ("exact_text", "jsonb"),
    ("formula", "text"),
    ("rows_in_scope", "bigint"),
    ("rows_null", "bigint"),
    ("prior_as_of", "date"),
    ("prior_value", "numeric"),
    ("prior_year_as_of", "date"),
    ("prior_year_value", "numeric"),
];

/// Columns of `kpi_timeseries`, likewise.
const SERIES: &[(&str, &str)] = &[
    ("position", "integer"),
    ("rollup", "text"),
    ("period", "text"),
    ("period_from", "date"),
    ("as_of", "date"),
    ("partial", "boolean"),
    ("kpi", "text"),
    ("unit", "text"),
    ("state", "text"),
    ("reason", "text"),
    ("status", "text"),
    ("value", "numeric"),
    ("numerator", "numeric"),
    ("denominator", "numeric"),
    ("multiplier", "numeric"),
    ("exact_text", "jsonb"),
    ("rows_in_scope", "bigint"),
    ("rows_null", "bigint"),
];

/// Inserts a run with all that belongs to it; one that is there already must have the same figures.
pub(super) fn send(client: &mut Client, rows: &Rows) -> Result<(), SendError> {
    let mut transaction = client.transaction()?;
    // Who sends the same identity at the same time waits here for whoever came first.
    let parameters: Vec<&(dyn ToSql + Sync)> = rows.run.iter().map(|cell| cell as _).collect();
    let inserted = transaction.execute(&insert_run(), &parameters)?;
    if inserted == 0 {
        let look = "SELECT run_id, values_sha256 FROM analytics.kpi_runs WHERE identity = $1";
        let there = transaction.query_one(look, &[&rows.identity])?;
        let (run_id, figures): (String, String) = (there.get(0), there.get(1));
        if figures != rows.values_sha256 {
            return Err(SendError::Refused(format!(
                "`analytics.kpi_runs`: expected the figures of run `{run_id}`, which has the same identity, found others"
            )));
        }
        return Ok(());
    }
    for (table, columns, cells) in
        [("kpi_values", VALUES, &rows.values), ("kpi_timeseries", SERIES, &rows.series)]
    {
        let statement = insert_many(table, columns);
        let mut parameters: Vec<&(dyn ToSql + Sync)> = vec![&rows.identity];
        parameters.extend(cells.iter().map(|column: &Column| column as &(dyn ToSql + Sync)));
        transaction.execute(&statement, &parameters)?;
    }
    transaction.commit()?;
    Ok(())
}

/// Every cell is a text that the database casts: what is a number there was written by us digit by digit.
fn insert_run() -> String {
    let names: Vec<&str> = RUN.iter().map(|(name, _)| *name).collect();
    let cells: Vec<String> =
        (1..).zip(RUN).map(|(number, (_, kind))| format!("${number}::text::{kind}")).collect();
    format!(
        "INSERT INTO analytics.kpi_runs ({}) VALUES ({}) ON CONFLICT (identity) DO NOTHING",
        names.join(", "),
        cells.join(", ")
    )
}

/// One statement for all rows, which come as an array for each column.
fn insert_many(table: &str, columns: &[(&str, &str)]) -> String {
    let names: Vec<&str> = columns.iter().map(|(name, _)| *name).collect();
    let casts: Vec<String> = columns.iter().map(|(name, kind)| format!("t.{name}::{kind}")).collect();
    let arrays: Vec<String> = (2..).zip(columns).map(|(number, _)| format!("${number}::text[]")).collect();
    format!(
        "INSERT INTO analytics.{table} (identity, {names}) SELECT $1::text, {} FROM unnest({}) AS t ({names})",
        casts.join(", "),
        arrays.join(", "),
        names = names.join(", "),
    )
}
