//! What was checked and what was found.

use std::fmt;

use serde::Serialize;

use crate::chain::Fault;

/// What was checked of a run, and what was found.
///
/// ```
/// use abaco_pipeline::verify::{ProblemKind, Report};
///
/// let mut report = Report::of("run-1");
/// let mut kpis = Report::of("run-1");
/// kpis.check("kpis", "137 recomputed from state.bin");
/// kpis.problem("kpis.json", ProblemKind::Changed, "`par_30`: expected 3.31, found 3.13");
/// report.merge(kpis);
/// assert!(!report.holds());
/// assert_eq!(
///     report.problems[0].to_string(),
///     "kpis.json: changed: `par_30`: expected 3.31, found 3.13"
/// );
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The run, by its folder's name.
    pub run_id: String,
    /// What the signature says, or that there is none; empty if nobody looked.
    pub signature: String,
    /// What was checked.
    pub checks: Vec<Check>,
    /// What does not hold.
    pub problems: Vec<Problem>,
}

/// Something that was checked, whether or not it holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What.
    pub name: String,
    /// How much of it.
    pub detail: String,
}

/// Something that does not hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// The file, with the line where there is one.
    pub place: String,
    /// What became of it.
    pub kind: ProblemKind,
    /// What was expected and what was found.
    pub message: String,
}

/// What became of a file or a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ProblemKind {
    /// It is as long as it was and not the same, or it says something else than another record of it.
    Changed,
    /// It is shorter than it was.
    Truncated,
    /// It is longer than it was.
    Extended,
    /// It is not there.
    Missing,
    /// It is there and nothing names it.
    Extra,
    /// A line is not there, and others behind it are.
    Removed,
    /// A line stands in another place.
    Reordered,
    /// Totals do not add up.
    Untied,
    /// A signature does not stand.
    Signature,
}

impl Report {
    /// An empty report on a run.
    pub fn of(run_id: impl Into<String>) -> Self {
        Self { run_id: run_id.into(), signature: String::new(), checks: Vec::new(), problems: Vec::new() }
    }

    /// Whether nothing was found.
    pub fn holds(&self) -> bool {
        self.problems.is_empty()
    }

    /// Takes note of something that was checked.
    pub fn check(&mut self, name: impl Into<String>, detail: impl Into<String>) {
        self.checks.push(Check { name: name.into(), detail: detail.into() });
    }

    /// Takes note of something that does not hold.
    pub fn problem(&mut self, place: impl Into<String>, kind: ProblemKind, message: impl Into<String>) {
        self.problems.push(Problem { place: place.into(), kind, message: message.into() });
    }

    /// Adds what another look at the same run has found.
    pub fn merge(&mut self, other: Self) {
        self.checks.extend(other.checks);
        self.problems.extend(other.problems);
        if self.signature.is_empty() {
            self.signature = other.signature;
        }
    }
}

impl ProblemKind {
    /// The word of it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Changed => "changed",
            Self::Truncated => "truncated",
            Self::Extended => "extended",
            Self::Missing => "missing",
            Self::Extra => "extra",
            Self::Removed => "removed",
            Self::Reordered => "reordered",
            Self::Untied => "untied",
            Self::Signature => "signature",
        }
    }
}

impl From<&Fault> for ProblemKind {
    fn from(fault: &Fault) -> Self {
        match fault {
            Fault::NotALine(_) | Fault::Changed | Fault::PredecessorChanged => Self::Changed,
            Fault::Removed { .. } => Self::Removed,
            Fault::Reordered { .. } => Self::Reordered,
            Fault::Truncated => Self::Truncated,
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: {}", self.place, self.kind.as_str(), self.message)
    }
}
