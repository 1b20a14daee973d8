//! What happened in a run, step by step, in lines that hold each other's digests.

mod check;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub use self::check::{AuditProblem, check};
use crate::PipelineError;
pub use crate::chain::Fault;
use crate::chain::{BEGINNING, link};

/// The end of an audit log, by which a later look finds lines that are missing there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Head {
    /// The number of the last entry; the first has 1.
    pub seq: u64,
    /// How many entries there are.
    pub count: u64,
    /// The last entry's digest.
    pub hash: String,
}

/// The log of one run, whose entries can only be added to.
///
/// ```
/// use abaco_pipeline::audit::{AuditLog, check};
///
/// let mut log = AuditLog::new("risk@example.org");
/// log.record("run", "started", "ok", serde_json::Map::new())?;
/// assert_eq!((log.head().seq, log.head().count), (1, 1));
/// assert_eq!(check(log.bytes()).unwrap(), *log.head());
/// # Ok::<(), abaco_pipeline::PipelineError>(())
/// ```
#[derive(Clone, Debug)]
pub struct AuditLog {
    actor: String,
    text: String,
    head: Head,
}

impl AuditLog {
    /// An empty log of what `actor` does.
    pub fn new(actor: impl Into<String>) -> Self {
        let head = Head { seq: 0, count: 0, hash: BEGINNING.to_owned() };
        Self { actor: actor.into(), text: String::new(), head }
    }

    /// Adds an entry as of now.
    ///
    /// # Errors
    /// [`PipelineError::Json`] for a number in `detail` that is not an integer: decimals are strings.
    pub fn record(
        &mut self,
        action: &str,
        event: &str,
        status: &str,
        detail: Map<String, Value>,
    ) -> Result<(), PipelineError> {
        self.record_at(Utc::now(), action, event, status, detail)
    }

    /// Adds an entry of a known time, such as a step of the engine's own log.
    ///
    /// # Errors
    /// As [`record`](Self::record).
    pub fn record_at(
        &mut self,
        at: DateTime<Utc>,
        action: &str,
        event: &str,
        status: &str,
        detail: Map<String, Value>,
    ) -> Result<(), PipelineError> {
        let mut entry = Map::new();
        let at = at.to_rfc3339_opts(SecondsFormat::Micros, true);
        let words = [("at", at.as_str()), ("actor", &self.actor), ("action", action), ("event", event)];
        for (key, value) in words.into_iter().chain([("status", status)]) {
            entry.insert(key.to_owned(), value.into());
        }
        entry.insert("detail".to_owned(), detail.into());
        let seq = self.head.seq + 1;
        let (line, hash) = link(entry, seq, &self.head.hash).map_err(PipelineError::Json)?;
        self.text.push_str(&line);
        self.head = Head { seq, count: self.head.count + 1, hash };
        Ok(())
    }

    /// The end of the log.
    pub fn head(&self) -> &Head {
        &self.head
    }

    /// The log as it stands in `audit.ndjson`.
    pub fn bytes(&self) -> &[u8] {
        self.text.as_bytes()
    }
}
