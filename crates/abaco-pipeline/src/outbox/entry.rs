//! A delivery that is due, as a file.

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// The version of an entry's shape.
const SCHEMA_VERSION: u32 = 1;

/// A run that an output still has to get.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Entry {
    /// Version of this shape.
    pub schema_version: u32,
    /// The run.
    pub run_id: String,
    /// The output's name in the configuration.
    pub output: String,
    /// The output's kind.
    pub kind: String,
    /// How often it was tried.
    pub attempts: u64,
    /// Why the last try failed.
    pub last_error: Option<String>,
    /// When the run was sealed.
    pub queued_at: DateTime<Utc>,
    /// When it was last tried.
    pub last_tried_at: Option<DateTime<Utc>>,
}

impl Entry {
    /// The name of the entry's file.
    pub fn file_name(&self) -> String {
        format!("{}--{}.json", self.run_id, self.output)
    }

    pub(super) fn parse(text: &[u8]) -> Result<Self, String> {
        let entry: Self = serde_json::from_slice(text).map_err(|error| error.to_string())?;
        match entry.schema_version {
            SCHEMA_VERSION => Ok(entry),
            other => Err(format!("expected `schema_version` {SCHEMA_VERSION}, found {other}")),
        }
    }

    pub(super) fn bytes(&self) -> Vec<u8> {
        let time = |at: DateTime<Utc>| at.to_rfc3339_opts(SecondsFormat::Micros, true);
        let entry = json!({
            "schema_version": self.schema_version,
            "run_id": self.run_id,
            "output": self.output,
            "kind": self.kind,
            "attempts": self.attempts,
            "last_error": self.last_error,
            "queued_at": time(self.queued_at),
            "last_tried_at": self.last_tried_at.map(time),
        });
        format!("{entry:#}\n").into_bytes()
    }
}

/// The file's name and bytes of a new entry, which sealing puts into `.outbox/` before the run is in the ledger.
///
/// ```
/// let at = chrono::DateTime::UNIX_EPOCH;
/// let (name, bytes) = abaco_pipeline::outbox::entry("0192", "warehouse", "postgres", at);
/// assert_eq!(name, "0192--warehouse.json");
/// assert!(String::from_utf8_lossy(&bytes).contains("\"queued_at\": \"1970-01-01T00:00:00.000000Z\""));
/// ```
pub fn entry(run_id: &str, output: &str, kind: &str, at: DateTime<Utc>) -> (String, Vec<u8>) {
    let entry = Entry {
        schema_version: SCHEMA_VERSION,
        run_id: run_id.to_owned(),
        output: output.to_owned(),
        kind: kind.to_owned(),
        attempts: 0,
        last_error: None,
        queued_at: at,
        last_tried_at: None,
    };
    (entry.file_name(), entry.bytes())
}
