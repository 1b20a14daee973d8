//! Reading with a check: the rows of a run have a digest, so that a damaged history is noticed where SQLite does not.

use std::path::Path;

use rusqlite::Connection;
use rusqlite::types::ValueRef;
use sha2::{Digest, Sha256};

use super::database::is_damage;
use super::{failed, sqlite};
use crate::PipelineError;

/// Why something could not be read.
pub(super) enum ReadError {
    Sqlite(rusqlite::Error),
    /// The rows of a run are not what was written.
    Changed,
    /// The run that would answer is damaged.
    Run {
        run_id: String,
        problem: String,
    },
}

impl ReadError {
    pub(super) fn is_damage(&self) -> bool {
        match self {
            Self::Sqlite(error) => is_damage(error),
            Self::Changed => true,
            Self::Run { .. } => false,
        }
    }

    pub(super) fn at(self, path: &Path) -> PipelineError {
        match self {
            Self::Sqlite(error) => sqlite(path, &error),
            Self::Changed => failed(path, "the rows of a run are not what was written".to_owned()),
            Self::Run { run_id, problem } => failed(&path.with_file_name(run_id), problem),
        }
    }
}

impl From<rusqlite::Error> for ReadError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

/// How many published runs the database has.
pub(super) fn runs(connection: &Connection) -> rusqlite::Result<i64> {
    connection.prepare_cached("SELECT COUNT(*) FROM runs")?.query_row([], |row| row.get(0))
}

/// What of a run's own row its digest covers, which is all of it but the digest.
const OF_THE_RUN: &str =
    "SELECT seq, run_id, portfolio, as_of, ledger_hash, state, problem, profile, currency, known_at,
     identity, document_sha256, rows_sha256 FROM runs WHERE seq = ?1";

/// SHA-256 over the run's own row.
pub(super) fn digest_of_run(connection: &Connection, seq: i64) -> rusqlite::Result<String> {
    digest(connection, seq, &[OF_THE_RUN])
}

/// SHA-256 over the run's values and findings.
pub(super) fn digest_of_rows(connection: &Connection, seq: i64) -> rusqlite::Result<String> {
    let values = "SELECT * FROM kpi_values WHERE seq = ?1 ORDER BY position";
    let findings = "SELECT * FROM findings WHERE seq = ?1 ORDER BY position";
    digest(connection, seq, &[values, findings])
}

fn digest(connection: &Connection, seq: i64, queries: &[&str]) -> rusqlite::Result<String> {
    let mut hasher = Sha256::new();
    for query in queries {
        let mut statement = connection.prepare_cached(query)?;
        let columns = statement.column_count();
        let mut rows = statement.query([seq])?;
        while let Some(row) = rows.next()? {
            for column in 0..columns {
                // Each cell with its length, so that no two rows are written alike.
                let (kind, bytes) = match row.get_ref(column)? {
                    ValueRef::Null => (b'n', Vec::new()),
                    ValueRef::Integer(number) => (b'i', number.to_be_bytes().to_vec()),
                    ValueRef::Text(text) => (b't', text.to_vec()),
                    ValueRef::Blob(bytes) => (b'b', bytes.to_vec()),
                    // The tables have no such column.
                    ValueRef::Real(number) => (b'r', number.to_be_bytes().to_vec()),
                };
                hasher.update([kind]);
                hasher.update((bytes.len() as u64).to_be_bytes());
                hasher.update(&bytes);
            }
        }
        hasher.update([b';']);
    }
    let digest: [u8; 32] = hasher.finalize().into();
    Ok(digest.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Refuses a run whose rows are not what was written.
pub(super) fn unchanged(connection: &Connection, seq: i64) -> Result<(), ReadError> {
    let (run, rows): (Option<String>, Option<String>) = connection
        .prepare_cached("SELECT row_sha256, rows_sha256 FROM runs WHERE seq = ?1")?
        .query_row([seq], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let holds = run.as_deref() == Some(digest_of_run(connection, seq)?.as_str())
        && rows.as_deref() == Some(digest_of_rows(connection, seq)?.as_str());
    if holds { Ok(()) } else { Err(ReadError::Changed) }
}
