//! The one error of this crate.

use abaco_kpi::Column;
use chrono::NaiveDate;

/// What kind of mistake an error is, for callers that branch on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The caller asked for something that cannot be: an unknown snapshot, a grouping by a missing column.
    Usage,
    /// The rows are not what the plan was told.
    Data,
    /// A saved state is damaged or belongs to another plan.
    State,
    /// A count went past 64 bits.
    Limit,
}

/// Why rows could not be folded, merged or finished.
///
/// A KPI that cannot be computed is not an error of the engine but an [`Outcome`](abaco_kpi::Outcome).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EngineError {
    /// A snapshot or grouping column is not on the tape.
    #[error("column {column} is not on the tape; it has {}", listed(found))]
    MissingColumn {
        /// The column asked for.
        column: Column,
        /// The columns that the tape has.
        found: Vec<String>,
    },
    /// A column has a type that its role does not allow.
    #[error("column {column}: expected {expected}, found {found}")]
    ColumnType {
        /// The column.
        column: Column,
        /// What the role needs.
        expected: String,
        /// What the tape has.
        found: String,
    },
    /// A binding cannot be meant.
    #[error("the binding of column {column}: {reason}")]
    Binding {
        /// The bound column.
        column: Column,
        /// What is wrong with it.
        reason: String,
    },
    /// A condition cannot be meant.
    #[error("condition `{name}`: {reason}")]
    Condition {
        /// Its name.
        name: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Two KPIs have one id, so that a result could not be told from the other.
    #[error("two KPIs have the id `{id}`")]
    DuplicateKpi {
        /// The id.
        id: String,
    },
    /// No KPI has this id.
    #[error("no KPI has the id `{id}`{}", nearest.as_ref().map(|id| format!("; did you mean `{id}`?")).unwrap_or_default())]
    UnknownKpi {
        /// The id asked for.
        id: String,
        /// A known one that is close to it.
        nearest: Option<String>,
    },
    /// None of the KPIs can be written as SQL over one snapshot.
    #[error("no KPI is left to select{}", reasons.iter().map(|reason| format!("; {reason}")).collect::<String>())]
    NothingToSelect {
        /// Why each of them is left out.
        reasons: Vec<String>,
    },
    /// A date was asked of a tape that is a single snapshot without one.
    #[error("the tape has no snapshot column, so the snapshot {asked} cannot be chosen")]
    NoSnapshots {
        /// The snapshot asked for.
        asked: NaiveDate,
    },
    /// A batch does not have the schema that the plan was made for.
    #[error("column {column}: the plan was made for {expected}, this batch has {found}")]
    Schema {
        /// The column.
        column: Column,
        /// The type in the plan.
        expected: String,
        /// The type in the batch.
        found: String,
    },
    /// A decimal is larger than the precision that its column declares.
    #[error("column {column}, row {row}: a value exceeds the declared precision of {precision} digits")]
    Precision {
        /// The column.
        column: Column,
        /// The row in its batch, from 0.
        row: usize,
        /// The declared precision.
        precision: u8,
    },
    /// The tape has several snapshots and the caller named none.
    #[error("the tape has {} snapshots and no as-of was named: {}", found.len(), dates(found))]
    SeveralSnapshots {
        /// The snapshots, oldest first.
        found: Vec<NaiveDate>,
    },
    /// The snapshot asked for is not on the tape.
    #[error("the tape has no snapshot {asked}; it has {}", dates(found))]
    NoSuchSnapshot {
        /// The snapshot asked for.
        asked: NaiveDate,
        /// The snapshots, oldest first.
        found: Vec<NaiveDate>,
    },
    /// Some rows have no date in the snapshot column, so they belong to no snapshot.
    #[error("{rows} rows have no date in the snapshot column")]
    NullSnapshot {
        /// How many.
        rows: u64,
    },
    /// A state would have more rows than its totals are proved to hold.
    #[error("more than 2^62 rows")]
    TooManyRows,
    /// Two states, or a state and a plan, do not belong together.
    #[error("the state belongs to another plan: expected {expected}, found {found}")]
    DifferentPlan {
        /// Fingerprint of the plan at hand.
        expected: String,
        /// Fingerprint in the state.
        found: String,
    },
    /// Saved bytes are not a state.
    #[error("not a saved state: {reason} at byte {offset}")]
    Decode {
        /// What is wrong.
        reason: &'static str,
        /// Where.
        offset: usize,
    },
}

impl EngineError {
    /// The kind of this error.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::MissingColumn { .. }
            | Self::ColumnType { .. }
            | Self::Binding { .. }
            | Self::Condition { .. }
            | Self::DuplicateKpi { .. }
            | Self::UnknownKpi { .. }
            | Self::NothingToSelect { .. }
            | Self::NoSnapshots { .. }
            | Self::SeveralSnapshots { .. }
            | Self::NoSuchSnapshot { .. } => ErrorKind::Usage,
            Self::Schema { .. } | Self::Precision { .. } | Self::NullSnapshot { .. } => ErrorKind::Data,
            Self::DifferentPlan { .. } | Self::Decode { .. } => ErrorKind::State,
            Self::TooManyRows => ErrorKind::Limit,
        }
    }
}

impl EngineError {
    /// The same error about a piece of a batch whose first row is `start` in the batch.
    pub fn shifted(self, start: usize) -> Self {
        match self {
            Self::Precision { column, row, precision } => {
                Self::Precision { column, row: row.saturating_add(start), precision }
            }
            other => other,
        }
    }
}

fn listed(names: &[String]) -> String {
    if names.is_empty() { "no columns".to_owned() } else { names.join(", ") }
}

/// All dates if they are few, otherwise the ends: a line that a person can read.
fn dates(found: &[NaiveDate]) -> String {
    let text = |dates: &[NaiveDate]| dates.iter().map(NaiveDate::to_string).collect::<Vec<_>>().join(", ");
    match found {
        [] => "none".to_owned(),
        few if few.len() <= 40 => text(few),
        many => format!("{}, .., {}", text(&many[..20]), text(&many[many.len() - 20..])),
    }
}
