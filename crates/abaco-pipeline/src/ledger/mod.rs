//! The list of published runs: `LEDGER.ndjson`, chained like an audit log, and `CURRENT`, which follows from it.
//!
//! The ledger decides: a run that is in it is published, whatever else is missing yet. `CURRENT` names each portfolio's run
//! with the latest snapshot, and the ledger's end, by which a ledger that lost its tail is noticed.

mod current;
mod file;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use self::current::{Current, CurrentRun, LedgerHead};
pub(crate) use self::file::Ledger;
use crate::PipelineError;
use crate::audit::Head;
use crate::chain::{BEGINNING, link};

/// The ledger's name beside the runs.
pub const LEDGER: &str = "LEDGER.ndjson";
/// The name of the file that says which runs are current.
pub const CURRENT: &str = "CURRENT";

/// One published run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LedgerEntry {
    /// From 1.
    pub seq: u64,
    /// The run, whose folder has this name.
    pub run_id: String,
    /// Whose KPIs these are.
    pub portfolio: String,
    /// The snapshot; `null` where the tape has no snapshots or they are pooled.
    pub as_of: Option<NaiveDate>,
    /// SHA-256 of the run's `manifest.json`.
    pub manifest_sha256: String,
    /// The end of the run's audit log.
    pub audit: Head,
    /// The digest of the entry before it; 64 zeros before the first.
    pub prev: String,
    /// SHA-256 of the canonical JSON of all the rest.
    pub hash: String,
}

/// What the ledger says of a run besides digests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerFacts {
    /// The run.
    pub run_id: String,
    /// Whose KPIs these are.
    pub portfolio: String,
    /// The snapshot, if there is one.
    pub as_of: Option<NaiveDate>,
}

impl LedgerEntry {
    /// The entry behind `last`, and its line.
    pub(crate) fn behind(
        last: Option<&LedgerEntry>,
        facts: &LedgerFacts,
        manifest_sha256: String,
        audit: Head,
    ) -> Result<(Self, String), PipelineError> {
        let (seq, prev) = last.map_or((1, BEGINNING), |last| (last.seq + 1, last.hash.as_str()));
        let mut entry = Self {
            seq,
            run_id: facts.run_id.clone(),
            portfolio: facts.portfolio.clone(),
            as_of: facts.as_of,
            manifest_sha256,
            audit,
            prev: prev.to_owned(),
            hash: String::new(),
        };
        let mut fields = match serde_json::to_value(&entry).map_err(PipelineError::Json)? {
            Value::Object(fields) => fields,
            // A struct is an object.
            _ => serde_json::Map::new(),
        };
        fields.shift_remove("hash");
        let (line, hash) = link(fields, seq, prev).map_err(PipelineError::Json)?;
        entry.hash = hash;
        Ok((entry, line))
    }
}

#[cfg(test)]
mod tests;
