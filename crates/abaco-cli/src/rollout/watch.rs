//! The commands of the time after the cutover, and the report.

use std::path::PathBuf;
use std::process::ExitCode;

use abaco_loans::pipeline::Catalogue;
use abaco_loans::rollout::monitor;
use abaco_loans::rollout::report;
use abaco_loans::rollout::{Rollout, RolloutError};
use clap::Args;
use serde_json::{Value, json};

use super::{CLOSED, show};
use crate::failure::Failure;
use crate::table::{BAD, on_one_line, styled};
use crate::{Format, print, print_json};

#[derive(Debug, Args)]
pub(crate) struct Report {
    /// Write it to this file instead of standard output.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// As HTML instead of Markdown.
    #[arg(long)]
    html: bool,
}

pub(crate) fn monitor(rollout: &Rollout, catalogue: &Catalogue, format: Format) -> Result<ExitCode, Failure> {
    let watch = rollout.monitor(catalogue)?;
    match format {
        Format::Json => {
            let fired: Vec<Value> = watch
                .fired
                .iter()
                .map(|fired| {
                    json!({
                        "trigger": fired.trigger,
                        "observed": fired.observed,
                        "limit": fired.limit,
                        "rolls_back": fired.rolls_back,
                    })
                })
                .collect();
            print_json(&json!({
                "schema_version": 1,
                "comparison": watch.compared.as_ref().map(|compared| &compared.record),
                "published": watch.watched.published.iter().map(|run| &run.run_id).collect::<Vec<_>>(),
                "fired": fired,
                "rolled_back": watch.rolled_back,
            }))?;
        }
        Format::Table => {
            let published = watch.watched.published.len();
            let mut text = format!("{published} runs since the cutover\n");
            for fired in &watch.fired {
                text.push_str(&format!("{}\n", styled(&on_one_line(&fired.message()), BAD)));
            }
            if watch.fired.is_empty() {
                text.push_str("no trigger fired\n");
            }
            print(&text)?;
            if let Some(report) = &watch.rolled_back {
                show::report(report, format)?;
            }
        }
    }
    Ok(if watch.rolled_back.is_some() { ExitCode::from(CLOSED) } else { ExitCode::SUCCESS })
}

pub(crate) fn reconcile(rollout: &Rollout, format: Format) -> Result<ExitCode, Failure> {
    let record = rollout.reconcile()?;
    match format {
        Format::Json => print_json(&json!({ "schema_version": 1, "reconciliation": record }))?,
        Format::Table => print(&(monitor::line(&record) + "\n"))?,
    }
    Ok(ExitCode::SUCCESS)
}

pub(crate) fn report(rollout: &Rollout, given: &Report, demo: bool) -> Result<ExitCode, Failure> {
    let view = rollout.view(demo)?;
    let text = if given.html { report::html(&view)? } else { report::markdown(&view)? };
    match &given.out {
        None => print(&text)?,
        Some(path) => std::fs::write(path, text)
            .map_err(|source| Failure::from(RolloutError::Io { path: path.clone(), source }))?,
    }
    Ok(ExitCode::SUCCESS)
}
