//! Published runs since an instant.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use abaco_pipeline::seal::Runs;
use abaco_pipeline::storage::Disk;
use chrono::{DateTime, NaiveDate, Utc};
use serde::Deserialize;

use crate::RolloutError;

/// A run that others may have seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublishedRun {
    /// The run.
    pub run_id: String,
    /// Whose KPIs these are.
    pub portfolio: String,
    /// The snapshot.
    pub as_of: Option<NaiveDate>,
    /// When it began, if it can still be read.
    pub began_at: Option<DateTime<Utc>>,
}

/// What a manifest says that is of interest here.
#[derive(Deserialize)]
pub(super) struct Manifest {
    pub(super) began_at: DateTime<Utc>,
    pub(super) known_at: DateTime<Utc>,
    pub(super) rows: abaco_pipeline::run::Rows,
    #[serde(default)]
    pub(super) phases: Vec<Phase>,
}

#[derive(Deserialize)]
pub(super) struct Phase {
    pub(super) seconds: String,
}

pub(super) fn manifest(folder: &Path) -> Result<Manifest, RolloutError> {
    let path = folder.join("manifest.json");
    let text = std::fs::read(&path).map_err(|error| RolloutError::io(&path, error))?;
    serde_json::from_slice(&text)
        .map_err(|error| RolloutError::Damaged { path, message: format!("not a manifest: {error}") })
}

/// The runs that were published since an instant, in their order: what must be recalled after a rollback. A run whose manifest
/// cannot be read is among them, since nobody can tell any more that it is older.
///
/// # Errors
/// [`RolloutError::Pipeline`] for a ledger that is not whole.
pub fn published_since(runs: &Path, since: DateTime<Utc>) -> Result<Vec<PublishedRun>, RolloutError> {
    if !runs.is_dir() {
        return Err(RolloutError::io(runs, std::io::ErrorKind::NotFound.into()));
    }
    let entries = Runs::open(PathBuf::from(runs), Arc::new(Disk)).entries()?;
    let published = entries.into_iter().filter_map(|entry| {
        let manifest = manifest(&runs.join(&entry.run_id)).ok();
        // Either may be set by whoever makes the run, such as for a restatement.
        let is_older = manifest.as_ref().is_some_and(|m| m.began_at < since && m.known_at < since);
        let began_at = manifest.map(|manifest| manifest.began_at);
        let (run_id, portfolio, as_of) = (entry.run_id, entry.portfolio, entry.as_of);
        (!is_older).then_some(PublishedRun { run_id, portfolio, as_of, began_at })
    });
    Ok(published.collect())
}
