//! The phases of a run, and what each did with the rows and the money that it was given.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};

use crate::PipelineError;
use crate::verify::untied;

/// A phase of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Files become rows.
    Ingest,
    /// Rows are held against the contract.
    Validate,
    /// Rows become what is computed with.
    Transform,
    /// KPIs are computed.
    Calculate,
    /// The run is written.
    Publish,
}

impl Phase {
    /// The word in manifests and logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ingest => "ingest",
            Self::Validate => "validate",
            Self::Transform => "transform",
            Self::Calculate => "calculate",
            Self::Publish => "publish",
        }
    }
}

/// What a phase did: `rows_in` is `accepted`, `quarantined` and `duplicate` together, and so is each amount.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PhaseEntry {
    /// Which.
    pub phase: Phase,
    /// Its name among all phases of all runs.
    pub sub_run: String,
    /// When it began.
    pub began_at: String,
    /// How long it took, in seconds.
    pub seconds: String,
    /// Rows that it was given.
    pub rows_in: u64,
    /// Rows that it handed on.
    pub accepted: u64,
    /// Rows that it set aside.
    pub quarantined: u64,
    /// Rows that repeat another.
    pub duplicate: u64,
    /// The money of the rows, by amount column.
    pub control_totals: BTreeMap<String, ControlTotal>,
}

/// What became of the money of a column.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ControlTotal {
    /// Of all rows.
    #[serde(rename = "in")]
    pub total: String,
    /// Of the rows that were handed on.
    pub accepted: String,
    /// Of those that were set aside.
    pub quarantined: String,
    /// Of those that repeat another.
    pub duplicate: String,
    /// Cells of rows that were set aside which are no amounts.
    pub unreadable: u64,
}

impl ControlTotal {
    /// What went in, and what went on; nothing was set aside.
    pub(super) fn passed(total: &str, accepted: &str) -> Self {
        let nothing = || "0".to_owned();
        Self {
            total: total.to_owned(),
            accepted: accepted.to_owned(),
            quarantined: nothing(),
            duplicate: nothing(),
            unreadable: 0,
        }
    }
}

/// When a phase began and how long it took.
#[derive(Clone, Copy, Debug)]
pub(super) struct Timing {
    pub(super) began_at: DateTime<Utc>,
    pub(super) took: Duration,
}

/// Times a phase.
pub(super) struct Stopwatch {
    began_at: DateTime<Utc>,
    began: Instant,
}

impl Stopwatch {
    pub(super) fn start(clock: fn() -> DateTime<Utc>) -> Self {
        Self { began_at: clock(), began: Instant::now() }
    }

    pub(super) fn stop(self) -> Timing {
        Timing { began_at: self.began_at, took: self.began.elapsed() }
    }
}

/// Rows by what became of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct RowCounts {
    pub(super) rows_in: u64,
    pub(super) accepted: u64,
    pub(super) quarantined: u64,
    pub(super) duplicate: u64,
}

impl PhaseEntry {
    pub(super) fn new(
        phase: Phase,
        run_id: &str,
        timing: Timing,
        rows: RowCounts,
        control_totals: BTreeMap<String, ControlTotal>,
    ) -> Self {
        Self {
            phase,
            sub_run: format!("{run_id}/{}", phase.as_str()),
            began_at: timing.began_at.to_rfc3339_opts(SecondsFormat::Micros, true),
            seconds: format!("{}.{:06}", timing.took.as_secs(), timing.took.subsec_micros()),
            rows_in: rows.rows_in,
            accepted: rows.accepted,
            quarantined: rows.quarantined,
            duplicate: rows.duplicate,
            control_totals,
        }
    }
}

/// Refuses a run in which rows or money were lost or counted twice within a phase or from one to the next.
///
/// # Errors
/// [`PipelineError::Untied`] with the first that does not tie.
pub(super) fn tie(phases: &[PhaseEntry]) -> Result<(), PipelineError> {
    let phases = serde_json::to_value(phases).map_err(PipelineError::Json)?;
    untied(&phases).map_or(Ok(()), |message| Err(PipelineError::Untied { message }))
}
