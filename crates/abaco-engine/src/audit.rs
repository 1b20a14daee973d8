//! What happened in a calculation, step by step, for those who must show it later.

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Serialize, Serializer};

/// One step of a calculation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AuditEvent {
    /// When, in UTC.
    #[serde(serialize_with = "rfc3339")]
    pub timestamp: DateTime<Utc>,
    /// Who asked for it.
    pub actor: String,
    /// What was asked for, such as `calculate_all`.
    pub action: String,
    /// Which step of it: `started`, `kpi` or `completed`.
    pub event: String,
    /// The KPI, for the steps that are about one.
    pub kpi: Option<String>,
    /// How the step ended: `ok`, or an outcome's state.
    pub status: String,
    /// The value, or why there is none.
    pub detail: Option<String>,
}

fn rfc3339<S: Serializer>(timestamp: &DateTime<Utc>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&timestamp.to_rfc3339_opts(SecondsFormat::Micros, true))
}
