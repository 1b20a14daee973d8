//! What is printed of a rollout.

use std::process::ExitCode;

use abaco_loans::rollout::gate::{State, Verdict};
use abaco_loans::rollout::journal::Outcome;
use abaco_loans::rollout::procedures::{PlannedStep, ProcedureReport, Rehearsed};
use abaco_loans::rollout::{Advanced, RolloutError, Status};
use serde_json::json;

use crate::failure::Failure;
use crate::table::{BAD, Cell, FAINT, GOOD, STRONG, aligned, on_one_line, styled};
use crate::{Format, print, print_json};

/// What is active is said even if the gate cannot be weighed, such as for a candidate that does not load: the failure
/// then follows it.
pub(crate) fn status(
    status: &Status,
    verdict: Result<Verdict, RolloutError>,
    format: Format,
) -> Result<ExitCode, Failure> {
    if format == Format::Json {
        let gate = verdict.as_ref().ok();
        print_json(&json!({ "schema_version": 1, "status": status, "gate": gate }))?;
        return verdict.map(|_| ExitCode::SUCCESS).map_err(Failure::from);
    }
    let since = status.since.map(|since| format!(" since {since}")).unwrap_or_default();
    let active = if status.pointer { "" } else { " (there is no pointer)" };
    let mut rows = vec![
        line("stage", &format!("{}{since}", status.stage)),
        line("active", &format!("{}{active}", status.active)),
    ];
    if let Some(proven) = status.proven {
        rows.push(line("rollback", if proven { "proven" } else { "not proven" }));
    }
    rows.push(line("journal", &format!("{} entries", status.entries)));
    rows.push(line("next", &status.next));
    let verdict = match verdict {
        Ok(verdict) => verdict,
        Err(error) => {
            print(&format!("{}\nthe gate cannot be weighed\n", aligned(&rows)))?;
            return Err(error.into());
        }
    };
    let gate = if verdict.open { styled("open", GOOD) } else { styled("closed", BAD) };
    done(&format!("{}\nthe gate is {gate}\n{}", aligned(&rows), criteria(&verdict)))
}

/// What the gate asks for, and what there is.
fn criteria(verdict: &Verdict) -> String {
    let row = |criterion: &abaco_loans::rollout::gate::Criterion| {
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

pub(crate) fn plan(planned: &[PlannedStep], format: Format) -> Result<ExitCode, Failure> {
    if format == Format::Json {
        print_json(&json!({ "schema_version": 1, "dry_run": true, "steps": planned }))?;
        return Ok(ExitCode::SUCCESS);
    }
    let rows: Vec<Vec<Cell>> = planned.iter().map(|step| line(&step.step, &step.would)).collect();
    done(&(aligned(&rows) + "\nnothing was changed\n"))
}

pub(crate) fn report(report: &ProcedureReport, format: Format) -> Result<ExitCode, Failure> {
    if format == Format::Json {
        print_json(&json!({ "schema_version": 1, "report": report }))?;
        return Ok(ExitCode::SUCCESS);
    }
    done(&text(report))
}

pub(crate) fn advanced(advanced: &Advanced, format: Format) -> Result<ExitCode, Failure> {
    if format == Format::Json {
        print_json(&json!({ "schema_version": 1, "advanced": advanced }))?;
        return Ok(ExitCode::SUCCESS);
    }
    let steps = advanced.report.as_ref().map(text).unwrap_or_default();
    let message = on_one_line(&advanced.message);
    done(&format!("{steps}{} to {}: {message}\n", advanced.from, advanced.to))
}

pub(crate) fn rehearsed(rehearsed: &Rehearsed, format: Format) -> Result<ExitCode, Failure> {
    if format == Format::Json {
        print_json(&json!({ "schema_version": 1, "rehearsed": rehearsed }))?;
        return Ok(ExitCode::SUCCESS);
    }
    done(&text(&rehearsed.report))
}

fn text(report: &ProcedureReport) -> String {
    let rows: Vec<Vec<Cell>> = report
        .steps
        .iter()
        .map(|step| {
            let (word, style) = match step.outcome {
                Outcome::Passed => ("passed", GOOD),
                Outcome::Failed => ("failed", BAD),
                Outcome::Skipped => ("skipped", FAINT),
            };
            vec![Cell::left(&step.step), Cell::left(word).styled(style), Cell::left(&step.message)]
        })
        .collect();
    let recall: String =
        report.recall.iter().map(|run| format!("published before: {}\n", on_one_line(run))).collect();
    let message = styled(&report.message, STRONG);
    format!("{}{recall}\n{message}\nstage {}\n", aligned(&rows), report.stage)
}

fn line(name: &str, text: &str) -> Vec<Cell> {
    vec![Cell::left(name).styled(FAINT), Cell::left(text)]
}

fn done(text: &str) -> Result<ExitCode, Failure> {
    print(text)?;
    Ok(ExitCode::SUCCESS)
}
