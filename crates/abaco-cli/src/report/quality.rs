//! What the checks of the contracts found, and where rows went that are in no KPI.

use abaco_loans::pipeline::Run;
use abaco_loans::pipeline::quality::{CheckResult, Counted};

use super::titled;
use crate::table::{BAD, Cell, FAINT, aligned, on_one_line, styled};

/// More checks than these are counted.
const SHOWN: usize = 12;

pub(super) fn block(run: &Run) -> String {
    let quality = &run.quality;
    let violated: Vec<&CheckResult> =
        quality.checks.iter().filter(|check| check.passed == Some(false)).collect();
    let mut out = set_aside(run);
    if violated.is_empty() {
        return out;
    }
    let score = quality.data_quality_score.as_deref().unwrap_or("-");
    let remark = format!(
        "{} of {} checks passed, score {score}; quality.json has all of them",
        quality.checks_passed, quality.checks_executed
    );
    out += &titled("quality", &remark);
    let rows: Vec<Vec<Cell>> = violated.iter().take(SHOWN).map(|check| row(check)).collect();
    out += &aligned(&rows);
    if violated.len() > SHOWN {
        out += &(styled(&format!("and {} more", violated.len() - SHOWN), FAINT) + "\n");
    }
    out
}

fn set_aside(run: &Run) -> String {
    let rows = &run.document.rows;
    let mut said = Vec::new();
    if rows.quarantined > 0 {
        said.push(format!("{} rows are set aside in quarantine.parquet", rows.quarantined));
    }
    if rows.duplicate > 0 {
        said.push(format!("{} rows repeat another and are left out", rows.duplicate));
    }
    if said.is_empty() { String::new() } else { styled(&said.join("; "), BAD) + "\n" }
}

fn row(check: &CheckResult) -> Vec<Cell> {
    let counted = match check.counted {
        Counted::Rows => "rows",
        Counted::Keys => "keys",
        Counted::Columns => "columns",
        _ => "",
    };
    let found = match (&check.found, counted) {
        (Some(found), _) => found.clone(),
        (None, counted) => format!("{} of {} {counted}", check.violating, check.checked),
    };
    let said = check.message.as_ref().unwrap_or(&check.expected);
    vec![
        Cell::left(check.severity.as_str()),
        Cell::left(on_one_line(&format!("{}.{}", check.table, check.id))),
        Cell::left(on_one_line(&found)),
        Cell::left(on_one_line(said)).styled(FAINT),
    ]
}
