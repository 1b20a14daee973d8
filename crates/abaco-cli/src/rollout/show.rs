//! What is printed of a rollout.

use std::process::ExitCode;

use abaco_loans::rollout::Advanced;
use abaco_loans::rollout::journal::Outcome;
use abaco_loans::rollout::procedures::{PlannedStep, ProcedureReport, Rehearsed};
use serde_json::json;

use crate::failure::Failure;
use crate::table::{BAD, Cell, FAINT, GOOD, STRONG, aligned, on_one_line, styled};
use crate::{Format, print, print_json};

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

pub(super) fn line(name: &str, text: &str) -> Vec<Cell> {
    vec![Cell::left(name).styled(FAINT), Cell::left(text)]
}

pub(super) fn done(text: &str) -> Result<ExitCode, Failure> {
    print(text)?;
    Ok(ExitCode::SUCCESS)
}
