//! The kinds of evidence.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

/// A piece of evidence: a document of canonical JSON, stored under its SHA-256.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Provenance {
    /// When it was made.
    pub at: DateTime<Utc>,
    /// Who made it.
    pub actor: String,
    /// The identity of the candidate that it is about; evidence about another one counts for nothing.
    pub candidate: String,
    /// What it says.
    pub evidence: Evidence,
}

/// What a piece of evidence says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Evidence {
    /// Baseline and candidate were compared at one snapshot.
    Comparison(ComparisonRecord),
    /// Why the sides of a replay differ.
    Causes(CausesRecord),
    /// A figure was held against one that does not come from the tape.
    TieOut(TieOutRecord),
    /// How long a tape of a size took.
    Performance(PerformanceRecord),
    /// Many runs at once.
    Concurrency(ConcurrencyRecord),
    /// Many runs one after another.
    Soak(SoakRecord),
    /// A cutover and its rollback on copies.
    Rehearsal(RehearsalRecord),
    /// Something that people did.
    Checklist(ChecklistRecord),
    /// What a day after the cutover came to.
    Reconciliation(ReconciliationRecord),
}

impl Evidence {
    /// The kind as the document and the journal have it.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Comparison(_) => "comparison",
            Self::Causes(_) => "causes",
            Self::TieOut(_) => "tie_out",
            Self::Performance(_) => "performance",
            Self::Concurrency(_) => "concurrency",
            Self::Soak(_) => "soak",
            Self::Rehearsal(_) => "rehearsal",
            Self::Checklist(_) => "checklist",
            Self::Reconciliation(_) => "reconciliation",
        }
    }

    /// The identity of the baseline, where it is about one.
    pub fn baseline(&self) -> Option<&str> {
        match self {
            Self::Comparison(record) => Some(&record.baseline),
            Self::Rehearsal(record) => Some(&record.baseline),
            Self::Causes(record) => Some(&record.baseline),
            _ => None,
        }
    }
}

/// Why a comparison was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Occasion {
    /// Over a snapshot of the past.
    Replay,
    /// With a run of the day, before the cutover.
    Live,
    /// With a run of the day, after the cutover.
    Reverse,
}

/// Baseline and candidate were compared at one snapshot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ComparisonRecord {
    /// Why.
    pub occasion: Occasion,
    /// The snapshot; none where the tape has no dates.
    pub as_of: Option<NaiveDate>,
    /// The identity of the baseline; a comparison with another one counts for nothing.
    pub baseline: String,
    /// The digest of the rules by which it was judged; under other rules it counts for nothing.
    pub rules: String,
    /// The last day on which it counts, where it rests on differences that are known until then.
    pub until: Option<NaiveDate>,
    /// Keys by outcome, in snake case; they sum to `compared`.
    pub outcomes: BTreeMap<String, u64>,
    /// Keys that were compared.
    pub compared: u64,
    /// Keys of the policy's KPIs that the comparison should have had.
    pub expected: u64,
    /// Keys with a value on both sides that is not zero by necessity.
    pub informative: u64,
    /// Whether every outcome passes.
    pub clean: bool,
    /// The largest difference relative to the baseline, as a decimal.
    pub largest_relative: Option<String>,
    /// The digest of the whole comparison, which is stored beside.
    pub document: String,
}

/// Why the sides of a replay differ: hypotheses, not proof.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CausesRecord {
    /// The identity of the baseline that is explained.
    pub baseline: String,
    /// One finding for each KPI.
    pub findings: Vec<CauseRecord>,
    /// The digest of all findings, which are stored beside.
    pub document: String,
}

/// What was found about a KPI.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CauseRecord {
    /// The KPI.
    pub kpi: String,
    /// How sure it is, in snake case.
    pub verdict: String,
    /// The finding in a sentence.
    pub sentence: String,
    /// The keys that tell the best hypothesis apart from no switch.
    pub informative: u64,
}

/// A figure was held against one that does not come from the tape.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TieOutRecord {
    /// The snapshot.
    pub as_of: Option<NaiveDate>,
    /// The component or the KPI.
    pub figure: String,
    /// Where the other figure comes from: a general ledger, a servicer's report.
    pub source: String,
    /// What the candidate says.
    pub found: String,
    /// What the source says.
    pub expected: String,
    /// The largest difference that is accepted.
    pub tolerance: String,
    /// Whether they tie.
    pub ties: bool,
}

/// How long a tape of a size took.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PerformanceRecord {
    /// Rows of the tape.
    pub rows: u64,
    /// The whole run.
    pub milliseconds: u64,
}

/// Many runs at once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConcurrencyRecord {
    /// Runs that were begun together.
    pub runs: u64,
    /// Those that failed.
    pub failed: u64,
    /// Those whose folder does not verify, or that the ledger lacks.
    pub damaged: u64,
}

/// Many runs one after another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SoakRecord {
    /// Runs.
    pub runs: u64,
    /// Those that failed, or gave other numbers than the first.
    pub failed: u64,
    /// Memory after the first tenth, in KiB; none where the system does not tell.
    pub memory_early_kib: Option<u64>,
    /// Memory at the end, in KiB.
    pub memory_late_kib: Option<u64>,
}

/// A cutover and its rollback on copies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RehearsalRecord {
    /// The identity of the baseline that was made official again.
    pub baseline: String,
    /// How long the rollback took; 0 where it was not proven.
    pub rollback_milliseconds: u64,
    /// Whether it came to a rollback, what was restored equals the backup, and the smoke run the last good values.
    pub proven: bool,
    /// Whether going forward again worked.
    pub forward: bool,
}

/// Something that people did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChecklistRecord {
    /// The list: training, monitoring, contacts.
    pub list: String,
    /// The item, as `rollout.yml` has it.
    pub item: String,
    /// What was done.
    pub note: String,
}

/// What a day after the cutover came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReconciliationRecord {
    /// The day.
    pub day: NaiveDate,
    /// The runs that were published, oldest first.
    pub published: Vec<String>,
    /// Runs that failed.
    pub failed: u64,
    /// The snapshots of the reverse comparisons.
    pub compared: Vec<Option<NaiveDate>>,
    /// Keys by outcome, over all of them.
    pub outcomes: BTreeMap<String, u64>,
    /// Tie-outs of the day that tie.
    pub ties: u64,
    /// What is open: triggers, dirty comparisons, figures that do not tie.
    pub open: Vec<String>,
}
