//! Gathering what is judged from the folder of runs.

use std::path::Path;

use abaco_pipeline::seal::FAILED;
use abaco_pipeline::verify::{Options, verify};
use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde::Deserialize;

use super::runs::{Manifest, PublishedRun, manifest, published_since};
use super::{NullShare, Observed};
use crate::RolloutError;
use crate::evidence::ComparisonRecord;

/// What was found in the folder of runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Watched {
    /// What is judged.
    pub observed: Observed,
    /// The runs that were published, in their order.
    pub published: Vec<PublishedRun>,
}

#[derive(Deserialize)]
struct Document {
    kpis: Vec<Kpi>,
}

#[derive(Deserialize)]
struct Kpi {
    id: String,
    rows: u64,
    nulls: u64,
}

/// Looks at the runs since an instant, with the reverse shadow's comparisons of that time.
///
/// # Errors
/// [`RolloutError::Io`] for a folder that cannot be read, [`RolloutError::Pipeline`] for a ledger that is not whole: nothing
/// can be said of the runs then.
pub fn observe(
    runs: &Path,
    since: DateTime<Utc>,
    comparisons: Vec<ComparisonRecord>,
    options: &Options,
) -> Result<Watched, RolloutError> {
    let published = published_since(runs, since)?;
    let failed = failed_since(&runs.join(FAILED), since)?;
    let count = published.len() as u64 + failed;
    let mut observed = Observed { comparisons, runs: count, failed, ..Observed::default() };
    for run in &published {
        look(&mut observed, &runs.join(&run.run_id), &run.run_id, options);
    }
    Ok(Watched { observed, published })
}

/// A run that cannot be read is one that does not verify: it is said, and the others are still looked at.
fn look(observed: &mut Observed, folder: &Path, run_id: &str, options: &Options) {
    match verify(folder, options) {
        Ok(report) => {
            let problems = report.problems.iter().map(|problem| format!("run {run_id}: {problem}"));
            observed.unsound.extend(problems);
        }
        Err(error) => observed.unsound.push(format!("run {run_id}: {error}")),
    }
    match manifest(folder) {
        Ok(manifest) => {
            let abaco_pipeline::run::Rows { read, quarantined, duplicate, as_of } = manifest.rows;
            let held =
                [quarantined, duplicate, as_of].iter().try_fold(0_u64, |sum, rows| sum.checked_add(*rows));
            if held.is_none_or(|held| held > read) {
                let parts =
                    format!("{quarantined} quarantined, {duplicate} duplicate, {as_of} of the snapshot");
                observed.lost.push(format!("run {run_id}: {read} rows read, {parts}"));
            }
            if as_of == 0 {
                observed.lost.push(format!("run {run_id}: no row of {read} is of the snapshot"));
            }
            match milliseconds(&manifest) {
                Some(milliseconds) => observed.milliseconds.push(milliseconds),
                None => {
                    observed.unsound.push(format!("run {run_id}: its phases do not say how long they took"))
                }
            }
        }
        Err(error) => observed.unsound.push(format!("run {run_id}: {error}")),
    }
    match document(&folder.join("kpis.json")) {
        Ok(document) => observed.nulls.extend(document.kpis.into_iter().map(|kpi| {
            let Kpi { id: kpi, rows, nulls } = kpi;
            NullShare { kpi, nulls, rows }
        })),
        Err(error) => observed.unsound.push(format!("run {run_id}: {error}")),
    }
}

fn document(path: &Path) -> Result<Document, RolloutError> {
    let text = std::fs::read(path).map_err(|error| RolloutError::io(path, error))?;
    serde_json::from_slice(&text)
        .map_err(|error| RolloutError::Damaged { path: path.to_path_buf(), message: error.to_string() })
}

/// The phases together, rounded up.
fn milliseconds(manifest: &Manifest) -> Option<u64> {
    if manifest.phases.is_empty() {
        return None;
    }
    let sum = manifest
        .phases
        .iter()
        .try_fold(Decimal::ZERO, |sum, phase| sum.checked_add(phase.seconds.parse::<Decimal>().ok()?))?;
    sum.checked_mul(Decimal::ONE_THOUSAND)?.ceil().to_u64()
}

/// A record of a failure says when only by its run's name; one that has no instant counts.
fn failed_since(failed: &Path, since: DateTime<Utc>) -> Result<u64, RolloutError> {
    let unreadable = |error| RolloutError::io(failed, error);
    let entries = match std::fs::read_dir(failed) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(0),
        Err(error) => return Err(unreadable(error)),
    };
    let mut count = 0;
    for entry in entries {
        let name = entry.map_err(unreadable)?.file_name();
        let began = name.to_str().and_then(began);
        if began.is_none_or(|began| began >= since) {
            count += 1;
        }
    }
    Ok(count)
}

/// The instant in a UUID of version 7.
fn began(run_id: &str) -> Option<DateTime<Utc>> {
    let (seconds, nanoseconds) = uuid::Uuid::parse_str(run_id).ok()?.get_timestamp()?.to_unix();
    DateTime::from_timestamp(i64::try_from(seconds).ok()?, nanoseconds)
}
