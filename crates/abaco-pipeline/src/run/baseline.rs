//! The baseline: the last published run of the same portfolio, profile and currency with an earlier snapshot.

use std::path::Path;

use abaco_engine::Baselines;
use chrono::NaiveDate;

use crate::PipelineError;
use crate::config::PipelineConfig;
use crate::history::{History, Line};

/// An earlier run, as far as it is held against a new one.
#[derive(Debug, Default)]
pub(super) struct Earlier {
    pub(super) baselines: Baselines,
    /// The digest of the run's document, where there is one.
    pub(super) history: Option<String>,
}

/// Reads the run in `out` with the latest snapshot before `as_of`; of several, the last known.
///
/// # Errors
/// [`PipelineError::History`] for a run that is there and cannot be read: a baseline is not passed over.
pub(super) fn earlier(
    out: &Path,
    config: &PipelineConfig,
    as_of: NaiveDate,
) -> Result<Earlier, PipelineError> {
    if !out.is_dir() {
        return Ok(Earlier::default());
    }
    let mut history = History::open(out)?;
    history.catch_up()?;
    let line = Line {
        portfolio: &config.settings.portfolio,
        profile: &config.settings.profile,
        currency: config.contract.currency(),
    };
    Ok(history.baseline(line, as_of)?.map_or_else(Earlier::default, |run| Earlier {
        baselines: run.baselines,
        history: Some(run.document_sha256),
    }))
}
