//! What earlier runs said, at hand: `history.db`, a SQLite database that is made from the ledger and the runs.
//!
//! It is never the truth. A history that is lost, damaged or of another version is made anew from the runs, with the same
//! rows; and what it says of a run is checked against a digest before it is used.

mod database;
mod earlier;
mod read;
mod store;
mod trend;

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use chrono::NaiveDate;
use rusqlite::Connection;

pub use self::earlier::Earlier;
pub use self::trend::TrendPoint;
use crate::PipelineError;

/// The database's name beside the runs.
pub const HISTORY: &str = "history.db";
const LOCK: &str = ".history.lock";

/// The runs whose figures can be held against each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line<'l> {
    /// Whose KPIs these are.
    pub portfolio: &'l str,
    /// The list of KPIs.
    pub profile: &'l str,
    /// ISO 4217 code of the amounts.
    pub currency: &'l str,
}

/// The history of the runs in a folder.
#[derive(Debug)]
pub struct History {
    path: PathBuf,
    out: PathBuf,
    connection: Connection,
    /// How many runs it had when it was last caught up; with fewer, somebody has emptied it since.
    known: Option<i64>,
}

/// What a look at the ledger has changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CaughtUp {
    /// Runs that the history knows now and did not before.
    pub added: u64,
    /// Whether all was made anew, because the ledger is another than before.
    pub rebuilt: bool,
    /// Published runs that are missing or damaged, with what is wrong.
    pub problems: Vec<(String, String)>,
}

impl History {
    /// Opens the history of the runs in `out`, a folder that must be there. One that is damaged or of another version is
    /// emptied, and the next [`catch_up`](Self::catch_up) fills it.
    ///
    /// # Errors
    /// [`PipelineError::History`] if the folder or the database cannot be used.
    pub fn open(out: impl Into<PathBuf>) -> Result<Self, PipelineError> {
        let out = out.into();
        let path = out.join(HISTORY);
        let _alone = lock(&out, File::lock)?;
        let connection = match database::open(&path) {
            Err(error) if database::is_damage(&error) => {
                empty(&path)?;
                database::open(&path)
            }
            other => other,
        };
        let connection = connection.map_err(|error| sqlite(&path, &error))?;
        Ok(Self { path, out, connection, known: None })
    }

    /// Takes over what the ledger has gained. A run that is missing or damaged is noted as such, and looked at again the
    /// next time.
    ///
    /// # Errors
    /// [`PipelineError`] if the ledger cannot be read or the database not be written.
    pub fn catch_up(&mut self) -> Result<CaughtUp, PipelineError> {
        let _alone = lock(&self.out, File::lock)?;
        self.catch_up_alone()
    }

    fn catch_up_alone(&mut self) -> Result<CaughtUp, PipelineError> {
        let mut caught = store::catch_up(&mut self.connection, &self.out);
        if matches!(&caught, Err(store::StoreError::Sqlite(error)) if database::is_moved(error)) {
            self.open_again()?;
            caught = store::catch_up(&mut self.connection, &self.out);
        }
        if matches!(&caught, Err(store::StoreError::Sqlite(error)) if database::is_damage(error)) {
            self.anew()?;
            caught = store::catch_up(&mut self.connection, &self.out)
                .map(|caught| CaughtUp { rebuilt: true, ..caught });
        }
        let caught = caught.map_err(|error| error.at(&self.path))?;
        let known = read::runs(&self.connection).map_err(|error| sqlite(&self.path, &error))?;
        self.known = Some(known);
        Ok(caught)
    }

    /// The run of this line with the latest snapshot before `as_of`; of several, the last known.
    ///
    /// A history that was never caught up is so first. `None` if there is none, or if its amounts are of another currency. A published run that is damaged and could be
    /// the one is an error: a baseline is not passed over. One whose folder was removed is.
    ///
    /// # Errors
    /// [`PipelineError::History`].
    pub fn baseline(&mut self, line: Line<'_>, as_of: NaiveDate) -> Result<Option<Earlier>, PipelineError> {
        self.checked(|connection| earlier::baseline(connection, line, as_of))
    }

    /// The values of a KPI of the whole portfolio at each snapshot, as they were last known, the earliest first.
    ///
    /// # Errors
    /// [`PipelineError::History`].
    pub fn trend(&mut self, line: Line<'_>, kpi: &str) -> Result<Vec<TrendPoint>, PipelineError> {
        self.checked(|connection| trend::trend(connection, line, kpi))
    }

    /// Reads; if what is read is damaged, makes the history anew and reads again.
    fn checked<T>(
        &mut self,
        read: impl Fn(&Connection) -> Result<T, read::ReadError>,
    ) -> Result<T, PipelineError> {
        let known = match self.known {
            Some(known) => known,
            None => {
                self.catch_up()?;
                self.known.unwrap_or(0)
            }
        };
        let result = {
            let _no_writer = lock(&self.out, File::lock_shared)?;
            match read::runs(&self.connection) {
                Ok(runs) if runs >= known => read(&self.connection),
                Ok(_) => Err(read::ReadError::Changed),
                Err(error) => Err(error.into()),
            }
        };
        match result {
            Err(error) if error.is_damage() => {
                let _alone = lock(&self.out, File::lock)?;
                self.anew()?;
                self.catch_up_alone()?;
                read(&self.connection)
            }
            other => other,
        }
        .map_err(|error| error.at(&self.path))
    }

    /// An empty database in the place of this one.
    fn anew(&mut self) -> Result<(), PipelineError> {
        self.close()?;
        empty(&self.path)?;
        self.connection = database::open(&self.path).map_err(|error| sqlite(&self.path, &error))?;
        Ok(())
    }

    /// The database that is there now, whoever made it.
    fn open_again(&mut self) -> Result<(), PipelineError> {
        self.close()?;
        match database::open(&self.path) {
            Ok(connection) => self.connection = connection,
            Err(error) if database::is_damage(&error) => self.anew()?,
            Err(error) => return Err(sqlite(&self.path, &error)),
        }
        Ok(())
    }

    /// Lets go of the file.
    fn close(&mut self) -> Result<(), PipelineError> {
        self.connection = Connection::open_in_memory().map_err(|error| sqlite(&self.path, &error))?;
        Ok(())
    }
}

/// Writers are alone, and readers are with readers. SQLite's own locks do not bear that a file is emptied under them.
fn lock(out: &Path, how: fn(&File) -> io::Result<()>) -> Result<File, PipelineError> {
    let path = out.join(LOCK);
    let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path);
    file.and_then(|file| how(&file).map(|()| file)).map_err(|error| failed(&path, error.to_string()))
}

/// Empties the file rather than removing it: who has it open would take the next one's journal for its own.
///
/// The journal goes first: behind an empty database it would be played back into it.
fn empty(path: &Path) -> Result<(), PipelineError> {
    let mut journal = path.as_os_str().to_owned();
    journal.push("-journal");
    let missing = |error: &io::Error| error.kind() == io::ErrorKind::NotFound;
    match fs::remove_file(&journal) {
        Err(error) if !missing(&error) => return Err(failed(Path::new(&journal), error.to_string())),
        _ => {}
    }
    match OpenOptions::new().write(true).truncate(true).open(path) {
        Err(error) if !missing(&error) => Err(failed(path, error.to_string())),
        _ => Ok(()),
    }
}

fn failed(path: &Path, message: String) -> PipelineError {
    PipelineError::History { path: path.to_path_buf(), message }
}

fn sqlite(path: &Path, error: &rusqlite::Error) -> PipelineError {
    match error {
        rusqlite::Error::SqliteFailure(failure, _) => {
            failed(path, format!("{error} (SQLite's code {})", failure.extended_code))
        }
        _ => failed(path, error.to_string()),
    }
}
