//! The database itself: its tables, its version, and how to tell that it is damaged.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, ErrorCode};

/// Marks our databases; another program's is not taken for one.
const APPLICATION: i32 = 0x6162_6163;
/// The version of the tables. A history of another version is made anew rather than changed.
const VERSION: i32 = 1;

/// How long one who reads waits for one who writes.
const BUSY: Duration = Duration::from_secs(30);

/// Runs have no index besides their number: there are few, and an index that is damaged would hide some.
/// Decimals are texts, dates and times ISO 8601, so that what is compared as text is compared as time.
const TABLES: &str = "
CREATE TABLE runs (
    seq INTEGER PRIMARY KEY,
    run_id TEXT NOT NULL UNIQUE,
    portfolio TEXT NOT NULL,
    as_of TEXT,
    ledger_hash TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('read', 'missing', 'damaged')),
    problem TEXT,
    profile TEXT,
    currency TEXT,
    known_at TEXT,
    identity TEXT,
    document_sha256 TEXT,
    rows_sha256 TEXT,
    row_sha256 TEXT
) STRICT;
CREATE TABLE kpi_values (
    seq INTEGER NOT NULL REFERENCES runs,
    position INTEGER NOT NULL,
    kpi TEXT NOT NULL,
    segment TEXT NOT NULL,
    state TEXT NOT NULL,
    status TEXT NOT NULL,
    level TEXT NOT NULL,
    value TEXT,
    unit TEXT,
    reason TEXT,
    PRIMARY KEY (seq, position)
) STRICT, WITHOUT ROWID;
CREATE TABLE findings (
    seq INTEGER NOT NULL REFERENCES runs,
    position INTEGER NOT NULL,
    kpi TEXT NOT NULL,
    segment TEXT NOT NULL,
    kind TEXT NOT NULL,
    severity TEXT NOT NULL,
    message TEXT NOT NULL,
    PRIMARY KEY (seq, position)
) STRICT, WITHOUT ROWID;
";

/// Opens a database with our tables, or makes one.
///
/// With a rollback journal rather than a write-ahead log: writers are short and one at a time, the log needs shared memory
/// that a network file system does not have, and it would leave two more files beside the runs.
pub(super) fn open(path: &Path) -> rusqlite::Result<Connection> {
    let mut connection = Connection::open(path)?;
    connection.busy_timeout(BUSY)?;
    connection.pragma_update_and_check(None, "journal_mode", "DELETE", |_| Ok(()))?;
    connection.pragma_update(None, "foreign_keys", true)?;
    let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    let number = |name: &str| transaction.pragma_query_value(None, name, |row| row.get::<_, i32>(0));
    match (number("application_id")?, number("user_version")?) {
        (APPLICATION, VERSION) => {}
        (0, 0) if is_empty(&transaction)? => {
            transaction.execute_batch(TABLES)?;
            transaction.pragma_update(None, "application_id", APPLICATION)?;
            transaction.pragma_update(None, "user_version", VERSION)?;
        }
        // Another version's, or not ours at all: nothing in it is needed.
        _ => return Err(damage()),
    }
    transaction.commit()?;
    Ok(connection)
}

fn is_empty(connection: &Connection) -> rusqlite::Result<bool> {
    connection.query_row("SELECT COUNT(*) = 0 FROM sqlite_schema", [], |row| row.get(0))
}

/// What is reported as SQLite reports damage.
pub(super) fn damage() -> rusqlite::Error {
    rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CORRUPT), None)
}

/// Whether the file is no database any more, or not one of ours: making it anew is the way out.
pub(super) fn is_damage(error: &rusqlite::Error) -> bool {
    match error {
        rusqlite::Error::SqliteFailure(failure, message) => {
            let no_table = message.as_ref().is_some_and(|text| text.starts_with("no such "));
            // Shorter than it says of itself: cut off.
            let is_short = failure.extended_code == rusqlite::ffi::SQLITE_IOERR_SHORT_READ;
            let is_none = matches!(failure.code, ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase);
            // Rows in the way of ours are of nobody.
            let in_the_way = failure.code == ErrorCode::ConstraintViolation;
            no_table || is_short || is_none || in_the_way
        }
        rusqlite::Error::SqlInputError { msg, .. } => msg.starts_with("no such "),
        rusqlite::Error::InvalidColumnType(..)
        | rusqlite::Error::FromSqlConversionFailure(..)
        | rusqlite::Error::IntegralValueOutOfRange(..) => true,
        _ => false,
    }
}

/// Whether somebody else has put another database in the place of this one.
pub(super) fn is_moved(error: &rusqlite::Error) -> bool {
    let moved = rusqlite::ffi::SQLITE_READONLY_DBMOVED;
    matches!(error, rusqlite::Error::SqliteFailure(failure, _) if failure.extended_code == moved)
}
