//! `abaco rollout status`.

use std::process::ExitCode;

use abaco_loans::rollout::gate::{Criterion, State, Verdict};
use abaco_loans::rollout::stage::Stage;
use abaco_loans::rollout::{Rollout, RolloutError, Status};
use serde_json::json;

use super::show::line;
use crate::failure::Failure;
use crate::table::{BAD, Cell, FAINT, GOOD, aligned, on_one_line, styled};
use crate::{Format, print, print_json};

/// Says which version is active even where the gate cannot be weighed, such as when the candidate's files are gone; that is
/// said behind it, and decides the exit status.
pub(super) fn status(rollout: &Rollout, demo: bool, format: Format) -> Result<ExitCode, Failure> {
    let status = rollout.status()?;
    let verdict = rollout.verdict(demo);
    let missing = match status.stage {
        Stage::Monitoring => Some(rollout.next_verdict(demo).map(|verdict| verdict.missing)),
        _ => None,
    };
    match format {
        Format::Json => print_json(&json!({
            "schema_version": 1,
            "status": status,
            "gate": verdict.as_ref().ok(),
            "monitoring": missing.as_ref().and_then(|missing| missing.as_ref().ok()),
            "error": verdict.as_ref().err().map(ToString::to_string),
        }))?,
        Format::Table => {
            let missing = missing.as_ref().and_then(|missing| missing.as_ref().ok());
            print(&text(&status, verdict.as_ref(), missing.map(Vec::as_slice)))?;
        }
    }
    match verdict {
        Ok(_) => Ok(ExitCode::SUCCESS),
        Err(error) => Err(error.into()),
    }
}

fn text(status: &Status, verdict: Result<&Verdict, &RolloutError>, missing: Option<&[String]>) -> String {
    let since = status.since.map(|since| format!(" since {since}")).unwrap_or_default();
    let pointer = if status.pointer { "" } else { " (there is no pointer)" };
    let active = status.active.as_deref().unwrap_or("unknown");
    let mut rows = vec![
        line("stage", &format!("{}{since}", status.stage)),
        line("active", &format!("{active}{pointer}")),
    ];
    if let Some(trouble) = &status.trouble {
        rows.push(vec![Cell::left("trouble").styled(BAD), Cell::left(trouble)]);
    }
    if let Some(proven) = status.proven {
        rows.push(line("rollback", if proven { "proven" } else { "not proven" }));
    }
    rows.push(line("journal", &format!("{} entries", status.entries)));
    rows.push(line("next", &status.next));
    let mut text = aligned(&rows);
    for (index, missing) in missing.unwrap_or_default().iter().enumerate() {
        let head = if index == 0 { "\nthe monitoring is not complete\n" } else { "" };
        text.push_str(&format!("{head}{}\n", on_one_line(missing)));
    }
    if let Ok(verdict) = verdict {
        let gate = if verdict.open { styled("open", GOOD) } else { styled("closed", BAD) };
        text.push_str(&format!("\nthe gate is {gate}\n{}", criteria(verdict)));
    }
    text
}

/// What the gate asks for, and what there is.
fn criteria(verdict: &Verdict) -> String {
    let row = |criterion: &Criterion| {
        let style = match criterion.state {
            State::Met => GOOD,
            State::Unmet => BAD,
            State::Inconclusive => FAINT,
        };
        let missing = criterion.missing.as_deref().unwrap_or_default();
        vec![
            Cell::left(&criterion.name),
            Cell::left(criterion.state.as_str()).styled(style),
            Cell::left(&criterion.target).styled(FAINT),
            Cell::left(if missing.is_empty() { &criterion.achieved } else { missing }),
        ]
    };
    aligned(&verdict.criteria.iter().map(row).collect::<Vec<_>>())
}
