//! A KPI over the snapshots.

use abaco_engine::Status;
use abaco_kpi::Decimal;
use chrono::NaiveDate;
use rusqlite::{Connection, params};

use super::Line;
use super::earlier::{conversion, date, status};
use super::read::{ReadError, unchanged};

/// A KPI at a snapshot, as it was last known.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TrendPoint {
    /// The snapshot.
    pub as_of: NaiveDate,
    /// When it became known.
    pub known_at: String,
    /// The run that says so.
    pub run_id: String,
    /// The rounded value; `None` unless `state` is `value`.
    pub value: Option<Decimal>,
    /// `value`, `undefined`, `unavailable` or `failed`.
    pub state: String,
    /// How it was judged.
    pub status: Status,
}

pub(super) fn trend(
    connection: &Connection,
    line: Line<'_>,
    kpi: &str,
) -> Result<Vec<TrendPoint>, ReadError> {
    let mut statement = connection.prepare_cached(
        "WITH ranked AS (
             SELECT *, ROW_NUMBER() OVER (PARTITION BY as_of ORDER BY known_at DESC, run_id DESC) AS rank
             FROM runs
             WHERE state = 'read' AND portfolio = ?1 AND profile = ?2 AND as_of IS NOT NULL
         )
         SELECT ranked.seq, as_of, known_at, run_id, v.value, v.state, v.status
         FROM ranked JOIN kpi_values v ON v.seq = ranked.seq
         WHERE rank = 1 AND currency = ?3 AND v.kpi = ?4 AND v.segment = '{}'
         ORDER BY as_of, v.position",
    )?;
    let mut rows = statement.query(params![line.portfolio, line.profile, line.currency, kpi])?;
    let mut points = Vec::new();
    while let Some(row) = rows.next()? {
        unchanged(connection, row.get(0)?)?;
        let value: Option<String> = row.get(4)?;
        points.push(TrendPoint {
            as_of: date(row, 1)?,
            known_at: row.get(2)?,
            run_id: row.get(3)?,
            value: value
                .map(|value| value.parse::<Decimal>().map_err(|error| conversion(4, error)))
                .transpose()?,
            state: row.get(5)?,
            status: status(row, 6)?,
        });
    }
    Ok(points)
}
