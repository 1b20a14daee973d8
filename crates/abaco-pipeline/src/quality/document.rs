//! `quality.json`: every check with what it found.

use std::collections::BTreeMap;
use std::path::Path;

use abaco_kpi::{Fraction, Rounding, RoundingMode, Scaled};
use serde::{Deserialize, Serialize};

use super::check::CheckKind;
use super::counters::RowCounts;
use crate::PipelineError;
use crate::contract::Severity;

/// The table whose rows and totals are those of the document.
const TAPE: &str = "tape";
/// Decimal places of a score that has no finite number of them.
const SCORE_SCALE: u32 = 10;

/// What became of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum CheckState {
    /// It looked at what it should.
    Executed,
    /// It had nothing to look at.
    Skipped,
    /// It could not come to a result; it counts as executed and not passed.
    Failed,
}

/// What a check counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Counted {
    /// Rows of the table.
    Rows,
    /// Keys of the table.
    Keys,
    /// Columns of the table.
    Columns,
    /// The table as a whole: one, which violates it or not.
    Tables,
}

/// A row that violates a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Example {
    /// 1-based number of the file among the table's.
    pub input: u32,
    /// 1-based data row of it.
    pub row: u64,
}

/// A check and what it found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CheckResult {
    /// The rule's id, or `column.kind`, or `tape.kind`; unique within a table.
    pub id: String,
    /// `tape`, or the role of a table beside it.
    pub table: String,
    /// What it looks at.
    pub kind: CheckKind,
    /// What a violation does.
    pub severity: Severity,
    /// The column, where it is about one.
    pub column: Option<String>,
    /// What should be found.
    pub expected: String,
    /// The contract's own words on a violation.
    pub message: Option<String>,
    /// Whether it was executed.
    pub state: CheckState,
    /// Why it was skipped or failed.
    pub reason: Option<String>,
    /// What is counted.
    pub counted: Counted,
    /// How many were looked at.
    pub checked: u64,
    /// How many of them violate the check.
    pub violating: u64,
    /// The first violating rows; never values.
    pub examples: Vec<Example>,
    /// What was found, of checks on the table as a whole.
    pub found: Option<String>,
    /// Whether nothing violates it; null where it was skipped.
    pub passed: Option<bool>,
}

/// What the rows of an amount column add up to, as decimals.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ControlTotals {
    /// All rows: `accepted + quarantined + duplicate`.
    pub read: String,
    /// Those that go on.
    pub accepted: String,
    /// Those that were refused.
    pub quarantined: String,
    /// Those that are there twice.
    pub duplicate: String,
    /// Quarantined rows whose amount cannot be read, so that it is in no total.
    pub unreadable: u64,
}

/// Where the rows of a table went, and what they add up to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct TableTotals {
    /// `tape`, or the role of a table beside it.
    pub table: String,
    /// How many rows went where.
    pub rows: RowCounts,
    /// For each amount column.
    pub control_totals: BTreeMap<String, ControlTotals>,
}

/// What the checks of one table's contract found.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TableQuality {
    /// Rows and money.
    pub totals: TableTotals,
    /// The checks, in the order of the contract.
    pub checks: Vec<CheckResult>,
}

impl TableQuality {
    /// Refuses the table where a check of severity `error` on the table as a whole is violated, or could not come to a
    /// result; `path` is the table's, for the error.
    ///
    /// # Errors
    /// [`PipelineError::TableRule`] with the first such check.
    pub fn refuse(&self, path: &Path) -> Result<(), PipelineError> {
        let refuses = |check: &&CheckResult| {
            check.severity == Severity::Error && check.passed == Some(false) && of_the_whole(check.kind)
        };
        match self.checks.iter().find(refuses) {
            None => Ok(()),
            Some(check) => {
                let found = check.reason.clone().or_else(|| check.found.clone());
                let found = found.unwrap_or_else(|| of_rows(check));
                let told = format!("expected {}, found {found}", check.expected);
                let message = match &check.message {
                    Some(message) => format!("{message}: {told}"),
                    None => told,
                };
                Err(PipelineError::TableRule { path: path.to_path_buf(), rule: check.id.clone(), message })
            }
        }
    }
}

/// Whether no row alone is to blame; rows are quarantined for the other checks.
fn of_the_whole(kind: CheckKind) -> bool {
    use CheckKind::{Freshness, Header, NeverReverts, Reconcile, Rows, Totals, Unique};
    matches!(kind, Header | Unique | NeverReverts | Rows | Freshness | Reconcile | Totals)
}

fn of_rows(check: &CheckResult) -> String {
    let counted = match check.counted {
        Counted::Rows => "rows",
        Counted::Keys => "keys",
        Counted::Columns => "columns",
        Counted::Tables => "tables",
    };
    match check.examples.first() {
        Some(first) => {
            format!("{} {counted} that violate it, the first in row {}", check.violating, first.row)
        }
        None => format!("{} {counted} that violate it", check.violating),
    }
}

/// The document `quality.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct QualityDocument {
    /// Version of this layout.
    pub schema_version: u32,
    /// The tape's rows.
    pub rows: RowCounts,
    /// The tape's amounts.
    pub control_totals: BTreeMap<String, ControlTotals>,
    /// `100 * checks_passed / checks_executed`: exact where it has finitely many digits, else rounded half away from zero
    /// to ten of them; null where no check was executed.
    pub data_quality_score: Option<String>,
    /// Checks that were executed or failed.
    pub checks_executed: u64,
    /// Those of them that nothing violates.
    pub checks_passed: u64,
    /// Checks that had nothing to look at.
    pub checks_skipped: u64,
    /// Rows and amounts of every table, the tape's among them.
    pub tables: Vec<TableTotals>,
    /// The checks of every table.
    pub checks: Vec<CheckResult>,
}

impl QualityDocument {
    /// The document of a run's tables, of which one is the tape.
    pub fn new(tables: Vec<TableQuality>) -> Self {
        let (mut totals, mut checks) = (Vec::new(), Vec::new());
        for table in tables {
            totals.push(table.totals);
            checks.extend(table.checks);
        }
        let count =
            |test: &dyn Fn(&CheckResult) -> bool| checks.iter().filter(|check| test(check)).count() as u64;
        let executed = count(&|check| check.state != CheckState::Skipped);
        let passed = count(&|check| check.passed == Some(true));
        let skipped = count(&|check| check.state == CheckState::Skipped);
        let tape = totals.iter().find(|totals| totals.table == TAPE);
        Self {
            schema_version: 1,
            rows: tape.map(|tape| tape.rows).unwrap_or_default(),
            control_totals: tape.map(|tape| tape.control_totals.clone()).unwrap_or_default(),
            data_quality_score: score(passed, executed),
            checks_executed: executed,
            checks_passed: passed,
            checks_skipped: skipped,
            tables: totals,
            checks,
        }
    }

    /// The document as text, with a line end.
    ///
    /// # Errors
    /// [`PipelineError::Json`]; not expected to happen.
    pub fn to_json(&self) -> Result<String, PipelineError> {
        let mut text = serde_json::to_string_pretty(self).map_err(PipelineError::Json)?;
        text.push('\n');
        Ok(text)
    }
}

fn score(passed: u64, executed: u64) -> Option<String> {
    let score = Fraction::ratio(100 * i128::from(passed), executed.into()).ok()?;
    if let Some(exact) = Scaled::from_fraction(&score) {
        return Some(exact.to_string());
    }
    let rounding = Rounding { scale: SCORE_SCALE, mode: RoundingMode::HalfAway };
    score.round(rounding).ok().map(|score| score.to_string())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(0, 0, None)]
    #[case(0, 3, Some("0"))]
    #[case(3, 3, Some("100"))]
    #[case(31, 32, Some("96.875"))]
    #[case(2, 3, Some("66.6666666667"))]
    fn scores(#[case] passed: u64, #[case] executed: u64, #[case] expected: Option<&str>) {
        assert_eq!(score(passed, executed).as_deref(), expected);
    }
}
