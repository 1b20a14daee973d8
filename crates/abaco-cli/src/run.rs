//! `abaco run`: from a tape to a published run.

use std::path::PathBuf;
use std::process::ExitCode;

use abaco_loans::pipeline::config::TableRole;
use abaco_loans::pipeline::{Pipeline, PipelineConfig, Run, RunRequest};
use abaco_loans::prelude::{AsOf, Status};
use clap::{Args, ValueEnum};

use crate::failure::Failure;
use crate::report::report;
use crate::table::on_one_line;
use crate::{Format, print, print_json, say};

/// A KPI failed.
const FAILED: u8 = 1;
/// A threshold was crossed, or a required KPI has no value.
const CROSSED: u8 = 4;

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Partitions of one tape: .csv, .parquet, .arrow, .ipc or .feather.
    #[arg(required = true)]
    input: Vec<PathBuf>,
    /// A file of a table beside the tape: static, event, schedule or ledger. May be repeated.
    #[arg(long, value_name = "ROLE=PATH", value_parser = table_of)]
    table: Vec<(TableRole, PathBuf)>,
    /// The configuration; without it the one that is compiled in.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The snapshot: a date such as 2025-12-31, or `latest`.
    #[arg(long, value_name = "DATE|latest", value_parser = as_of)]
    as_of: Option<AsOf>,
    /// The folder of the published runs.
    #[arg(long, value_name = "DIR", default_value = "runs")]
    out: PathBuf,
    /// How the result is printed.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
    /// End with status 4 if any KPI is at least this bad.
    #[arg(long, value_enum)]
    fail_on: Option<FailOn>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum FailOn {
    Warning,
    Critical,
}

impl From<FailOn> for Status {
    fn from(fail_on: FailOn) -> Self {
        match fail_on {
            FailOn::Warning => Self::Warning,
            FailOn::Critical => Self::Critical,
        }
    }
}

fn table_of(text: &str) -> Result<(TableRole, PathBuf), String> {
    let (role, path) = text
        .split_once('=')
        .ok_or_else(|| "expected a role and a path, as in static=loans.csv".to_owned())?;
    Ok((role.parse()?, PathBuf::from(path)))
}

fn as_of(text: &str) -> Result<AsOf, String> {
    if text == "latest" {
        return Ok(AsOf::Latest);
    }
    text.parse().map(AsOf::Date).map_err(|_| "expected a date such as 2025-12-31, or `latest`".to_owned())
}

pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let config = match &arguments.config {
        Some(path) => PipelineConfig::load(path)?,
        None => PipelineConfig::embedded()?,
    };
    let pipeline = Pipeline::new(config, &abaco_loans::catalogue())?;
    let run = pipeline.run(&RunRequest {
        inputs: arguments.input.clone(),
        tables: arguments.table.clone(),
        as_of: arguments.as_of.unwrap_or(AsOf::Single),
        out: Some(arguments.out.clone()),
        actor: "abaco run".to_owned(),
    })?;
    match arguments.format {
        Format::Json => print_json(&run.document)?,
        Format::Table => print(&report(&run, &pipeline))?,
    }
    // Most often another separator, or another tape than the contract is about.
    let ignored: Vec<&str> =
        run.inputs.iter().flat_map(|input| &input.ignored_columns).map(String::as_str).collect();
    if !ignored.is_empty() && run.document.kpis.iter().all(|kpi| kpi.state == "unavailable") {
        let ignored = on_one_line(&ignored.join(", "));
        say(&format!("no KPI is available on this tape; the contract does not name its columns {ignored}"));
    }
    Ok(exit_code(&run, arguments.fail_on))
}

fn exit_code(run: &Run, fail_on: Option<FailOn>) -> ExitCode {
    if run.any_failed() {
        say("a KPI failed; the run is published with its error");
        return ExitCode::from(FAILED);
    }
    if !run.missing_required.is_empty() {
        say(&format!("required KPIs without a value: {}", run.missing_required.join(", ")));
        return ExitCode::from(CROSSED);
    }
    match fail_on {
        Some(limit) if run.worst_status() >= Status::from(limit) => {
            say(&format!("a KPI is {}", run.worst_status()));
            ExitCode::from(CROSSED)
        }
        _ => ExitCode::SUCCESS,
    }
}
