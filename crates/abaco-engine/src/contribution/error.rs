//! Why a value cannot be taken apart.

use abaco_kpi::{Column, KpiError, Outcome, Undefined};
use chrono::NaiveDate;

use crate::EngineError;

/// Why a KPI's value has no contributions.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ContributionError {
    /// The KPI, the snapshot or the state is not there.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The plan does not group by these columns.
    #[error("the plan has no grouping by {}; it has {}", columns(by), groupings(found))]
    Grouping {
        /// The columns asked for.
        by: Vec<Column>,
        /// The groupings that the plan has, without the totals.
        found: Vec<Vec<Column>>,
    },
    /// A part of the formula is not a sum over rows, so groups have no share in it.
    #[error("kpi `{kpi}`: {part} {reason}, so its value is not a sum of contributions")]
    NotAdditive {
        /// The KPI.
        kpi: String,
        /// The part.
        part: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The data does not define the value.
    #[error("kpi `{kpi}`{}: undefined: {reason}", at(*as_of))]
    Undefined {
        /// The KPI.
        kpi: String,
        /// The snapshot at which it has no value.
        as_of: Option<NaiveDate>,
        /// Why.
        reason: Undefined,
    },
    /// The KPI is unavailable on this tape, or it failed.
    #[error("kpi `{kpi}`: {}: {}", outcome.state(), outcome.reason().unwrap_or_default())]
    NoValue {
        /// The KPI.
        kpi: String,
        /// What became of it.
        outcome: Outcome,
    },
    /// A fraction grew too large.
    #[error(transparent)]
    Arithmetic(#[from] KpiError),
}

fn columns(by: &[Column]) -> String {
    let names: Vec<String> = by.iter().map(|column| format!("`{}`", column.name())).collect();
    if names.is_empty() { "nothing".to_owned() } else { names.join(", ") }
}

fn groupings(found: &[Vec<Column>]) -> String {
    let all: Vec<String> = found.iter().map(|by| columns(by)).collect();
    if all.is_empty() { "none".to_owned() } else { all.join("; ") }
}

fn at(as_of: Option<NaiveDate>) -> String {
    as_of.map_or(String::new(), |as_of| format!(" at {as_of}"))
}
