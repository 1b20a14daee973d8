//! The baseline: the last published run of the same line with an earlier snapshot.

use std::collections::BTreeMap;

use abaco_engine::{Baseline, Baselines, Status};
use abaco_kpi::{Column, Decimal};
use chrono::NaiveDate;
use rusqlite::{Connection, OptionalExtension, params};

use super::Line;
use super::read::{ReadError, unchanged};

/// An earlier run, as far as it is held against a new one.
#[derive(Debug)]
#[non_exhaustive]
pub struct Earlier {
    /// The run.
    pub run_id: String,
    /// Its snapshot.
    pub as_of: NaiveDate,
    /// When its numbers became known.
    pub known_at: String,
    /// Its values and levels, by group and KPI.
    pub baselines: Baselines,
    /// SHA-256 of its `kpis.json`, which the identity of the new run covers.
    pub document_sha256: String,
}

struct Found {
    seq: i64,
    earlier: Earlier,
    currency: String,
}

pub(super) fn baseline(
    connection: &Connection,
    line: Line<'_>,
    as_of: NaiveDate,
) -> Result<Option<Earlier>, ReadError> {
    let as_of = as_of.to_string();
    let found = connection
        .prepare_cached(
            "SELECT seq, run_id, as_of, known_at, document_sha256, currency FROM runs
             WHERE state = 'read' AND portfolio = ?1 AND profile = ?2 AND as_of < ?3
             ORDER BY as_of DESC, known_at DESC, run_id DESC LIMIT 1",
        )?
        .query_row(params![line.portfolio, line.profile, as_of], |row| {
            Ok(Found {
                seq: row.get(0)?,
                earlier: Earlier {
                    run_id: row.get(1)?,
                    as_of: date(row, 2)?,
                    known_at: row.get(3)?,
                    baselines: Baselines::none(),
                    document_sha256: row.get(4)?,
                },
                currency: row.get(5)?,
            })
        })
        .optional()?;
    // A damaged run tells neither its profile nor when it was known: from the same snapshot on, it could be the one.
    let from = found.as_ref().map(|found| found.earlier.as_of.to_string());
    let damaged = connection
        .prepare_cached(
            "SELECT run_id, problem FROM runs WHERE state = 'damaged' AND portfolio = ?1 AND as_of < ?2
             AND (?3 IS NULL OR as_of >= ?3) ORDER BY as_of DESC, seq DESC LIMIT 1",
        )?
        .query_row(params![line.portfolio, as_of, from], |row| {
            Ok(ReadError::Run { run_id: row.get(0)?, problem: row.get(1)? })
        })
        .optional()?;
    if let Some(error) = damaged {
        return Err(error);
    }
    let Some(found) = found else { return Ok(None) };
    unchanged(connection, found.seq)?;
    if found.currency != line.currency {
        // Amounts in another currency are no measure of these.
        return Ok(None);
    }
    Ok(Some(Earlier { baselines: baselines(connection, found.seq)?, ..found.earlier }))
}

fn baselines(connection: &Connection, seq: i64) -> Result<Baselines, ReadError> {
    let mut baselines = Baselines::none();
    let mut statement = connection.prepare_cached(
        "SELECT segment, kpi, value, level FROM kpi_values WHERE seq = ?1 ORDER BY position",
    )?;
    let mut rows = statement.query([seq])?;
    while let Some(row) = rows.next()? {
        let segment: String = row.get(0)?;
        let by: BTreeMap<String, Option<String>> =
            serde_json::from_str(&segment).map_err(|error| conversion(0, error))?;
        let value: Option<String> = row.get(2)?;
        let value =
            value.map(|value| value.parse::<Decimal>().map_err(|error| conversion(2, error))).transpose()?;
        let key = by.into_iter().map(|(column, value)| (Column::from(column), value)).collect();
        baselines.insert(key, row.get::<_, String>(1)?, Baseline { value, status: status(row, 3)? });
    }
    Ok(baselines)
}

pub(super) fn status(row: &rusqlite::Row<'_>, index: usize) -> rusqlite::Result<Status> {
    let text: String = row.get(index)?;
    serde_json::from_value(text.into()).map_err(|error| conversion(index, error))
}

pub(super) fn date(row: &rusqlite::Row<'_>, index: usize) -> rusqlite::Result<NaiveDate> {
    row.get::<_, String>(index)?.parse().map_err(|error| conversion(index, error))
}

/// What cannot be understood was not written by us.
pub(super) fn conversion(
    index: usize,
    error: impl std::error::Error + Send + Sync + 'static,
) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(index, rusqlite::types::Type::Text, Box::new(error))
}
