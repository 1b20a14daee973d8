//! `abaco run`: from a tape to a published run.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use abaco_connect::Sources;
use abaco_loans::pipeline::config::TableRole;
use abaco_loans::pipeline::fetch::{Fetch, is_url};
use abaco_loans::pipeline::{Pipeline, PipelineConfig, Run, RunOptions, RunRequest};
use abaco_loans::prelude::{AsOf, Status};
use clap::{Args, ValueEnum};

use crate::deliver;
use crate::failure::Failure;
use crate::interrupt;
use crate::progress::Progress;
use crate::report::report;
use crate::table::on_one_line;
use crate::{Format, print, print_json, say};

/// A KPI failed.
const FAILED: u8 = 1;
/// A threshold was crossed, or a required KPI has no value.
const CROSSED: u8 = 4;

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Partitions of one tape: .csv, .jsonl, .ndjson (these also .gz or .zst), .parquet, .arrow, .ipc or .feather.
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
    /// Who asks, for the audit; without it the user of the system.
    #[arg(long, value_name = "NAME")]
    actor: Option<String>,
    /// Verify and return a published run of the same identity, if there is one, instead of computing it again.
    #[arg(long)]
    reuse: bool,
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

pub(crate) fn table_of(text: &str) -> Result<(TableRole, PathBuf), String> {
    let (role, path) = text
        .split_once('=')
        .ok_or_else(|| "expected a role and a path, as in static=loans.csv".to_owned())?;
    Ok((role.parse()?, PathBuf::from(path)))
}

pub(crate) fn as_of(text: &str) -> Result<AsOf, String> {
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
    // A secret that is missing is noticed before anything is computed.
    let outputs = match &arguments.config {
        Some(path) => deliver::configured(path)?,
        None => Vec::new(),
    };
    let fetch = sources(&pipeline, arguments)?;
    let options = RunOptions { reuse: arguments.reuse, fetch, ..RunOptions::default() };
    let request = RunRequest {
        inputs: arguments.input.clone(),
        tables: arguments.table.clone(),
        as_of: arguments.as_of.unwrap_or(AsOf::Single),
        out: Some(arguments.out.clone()),
        actor: arguments.actor.clone().or_else(user).unwrap_or_else(|| "abaco run".to_owned()),
    };
    interrupt::cancel_on_signals(Arc::clone(&options.watch))?;
    let progress = Progress::of(&options.watch, arguments.format);
    let run = pipeline.run_with(&request, &options);
    drop(progress);
    let run = run?;
    // Before anything is printed: whoever reads it may have gone.
    let delivered = deliver::after_run(&arguments.out, &run.document.run_id, &outputs)?;
    run.warnings.iter().chain(&run.unfinished).for_each(|said| say(&on_one_line(said)));
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
    let code = exit_code(&run, arguments.fail_on);
    Ok(if code == ExitCode::SUCCESS { delivered } else { code })
}

/// The name that the system knows the user by, if it tells.
pub(crate) fn user() -> Option<String> {
    let named = |variable: &str| std::env::var(variable).ok().filter(|name| !name.trim().is_empty());
    ["USER", "LOGNAME", "USERNAME"].into_iter().find_map(named)
}

/// What fetches inputs behind an address, if there are any.
fn sources(pipeline: &Pipeline, arguments: &Arguments) -> Result<Option<Arc<dyn Fetch>>, Failure> {
    let tables = arguments.table.iter().map(|(_, path)| path);
    if !arguments.input.iter().chain(tables).any(|path| is_url(&path.to_string_lossy())) {
        return Ok(None);
    }
    let http = pipeline.config().settings.http.clone();
    let sources = Sources::new(http, &|name| std::env::var(name).ok());
    sources
        .map(|sources| Some(Arc::new(sources) as Arc<dyn Fetch>))
        .map_err(|error| Failure::usage(error.message))
}

fn exit_code(run: &Run, fail_on: Option<FailOn>) -> ExitCode {
    if !run.unfinished.is_empty() {
        return ExitCode::from(FAILED);
    }
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
