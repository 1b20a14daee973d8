//! The tables, by numbered steps that are written down in the database.

use postgres::{Client, Transaction};

use super::send::SendError;
use crate::digest::sha256;

/// The steps; one that was ever released is not changed any more.
const STEPS: &[(i32, &str, &str)] =
    &[(1, "runs_values_series", include_str!("migrations/0001_runs_values_series.sql"))];

/// Whoever changes the tables holds this lock: the letters of our name.
const LOCK: i64 = 0x61_6261_636f;

/// Brings the tables to this version in one transaction; afterwards either all steps are there or none is new.
pub(super) fn apply(client: &mut Client) -> Result<(), SendError> {
    let mut transaction = client.transaction()?;
    transaction.execute("SELECT pg_advisory_xact_lock($1)", &[&LOCK])?;
    let there = |transaction: &mut Transaction<'_>, look: &str| -> Result<bool, SendError> {
        Ok(transaction.query_one(look, &[])?.get(0))
    };
    // Who may not make a schema can still use one, so nothing is made that is there.
    if !there(&mut transaction, "SELECT to_regnamespace('analytics') IS NOT NULL")? {
        transaction.batch_execute("CREATE SCHEMA analytics")?;
    }
    if !there(&mut transaction, "SELECT to_regclass('analytics.schema_migrations') IS NOT NULL")? {
        transaction.batch_execute(
            "CREATE TABLE analytics.schema_migrations (
                 version integer PRIMARY KEY,
                 name text NOT NULL,
                 sha256 text NOT NULL,
                 applied_at timestamptz NOT NULL DEFAULT now()
             )",
        )?;
    }
    let applied = transaction
        .query("SELECT version, sha256 FROM analytics.schema_migrations ORDER BY version", &[])?
        .iter()
        .map(|row| (row.get(0), row.get(1)))
        .collect::<Vec<(i32, String)>>();
    for (version, digest) in &applied {
        match STEPS.iter().find(|(known, _, _)| known == version) {
            None => {
                return Err(SendError::Refused(format!(
                    "`analytics`: expected tables of version {} at most, found {version}; a newer abaco made them",
                    STEPS.len()
                )));
            }
            Some((_, name, sql)) if sha256(sql.as_bytes()) != *digest => {
                return Err(SendError::Refused(format!(
                    "`analytics.schema_migrations`: version {version} (`{name}`) is not the one that is known here"
                )));
            }
            Some(_) => {}
        }
    }
    for (version, name, sql) in
        STEPS.iter().filter(|(version, ..)| !applied.iter().any(|(known, _)| known == version))
    {
        transaction.batch_execute(sql)?;
        transaction.execute(
            "INSERT INTO analytics.schema_migrations (version, name, sha256) VALUES ($1, $2, $3)",
            &[version, name, &sha256(sql.as_bytes())],
        )?;
    }
    transaction.commit()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_numbered_from_one() {
        for (index, (version, ..)) in (1..).zip(STEPS) {
            assert_eq!(*version, index);
        }
    }
}
