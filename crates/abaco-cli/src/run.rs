//! `abaco run`: from a tape to a published run.

use std::path::PathBuf;
use std::process::ExitCode;

use abaco_loans::pipeline::config::TableRole;
use abaco_loans::pipeline::run::{Effective, KpiEntry, Segment};
use abaco_loans::pipeline::{Pipeline, PipelineConfig, Run, RunRequest};
use abaco_loans::prelude::{AsOf, Status};
use clap::{Args, ValueEnum};

use crate::failure::Failure;
use crate::table::{self, BAD, Cell, FAINT, STRONG, aligned, on_one_line};
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
        Format::Table => print(&report(&run))?,
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

fn report(run: &Run) -> String {
    let document = &run.document;
    let as_of = document.as_of.map(|date| format!(" as of {date}")).unwrap_or_default();
    let mut out = mislabelled(run);
    out += &format!(
        "{STRONG}{}{as_of}{STRONG:#}  {FAINT}{}, {} of {} rows in scope{FAINT:#}\n\n",
        document.portfolio, document.currency, document.rows.as_of, document.rows.read
    );
    let statuses: Vec<Status> = run
        .finished
        .groups
        .first()
        .map_or(Vec::new(), |totals| totals.kpis.iter().map(|kpi| kpi.status).collect());
    let mut rows = vec![heading()];
    rows.extend(document.kpis.iter().zip(&statuses).filter(|(kpi, _)| kpi.state != "unavailable").map(row));
    out.push_str(&aligned(&rows));
    out.push_str(&unavailable(&document.kpis));
    for segment in &document.segments {
        out.push_str(&segment_report(segment));
    }
    if let Some(folder) = &run.folder {
        out.push_str(&format!("\n{FAINT}published {}{FAINT:#}\n", folder.display()));
    }
    out
}

/// What stands above everything else: the label of the tape is not the day for which its rows hold.
fn mislabelled(run: &Run) -> String {
    let Some(label) = run.document.as_of else { return String::new() };
    let found = match run.effective {
        Effective::On(date) if date != label => format!("its rows hold for {date}"),
        Effective::Between(from, to) => format!("its rows hold for days from {from} to {to}"),
        Effective::On(_) | Effective::Unknown => return String::new(),
    };
    format!("{BAD}the snapshot is labelled {label}, but {found}{BAD:#}\n")
}

fn heading() -> Vec<Cell> {
    let heads = [Cell::left("kpi"), Cell::left("name"), Cell::right("value"), Cell::left("unit")];
    let tail = [Cell::left("status"), Cell::left("exact")];
    heads.into_iter().chain(tail).map(|cell| cell.styled(FAINT)).collect()
}

fn row((kpi, status): (&KpiEntry, &Status)) -> Vec<Cell> {
    let unit = if kpi.unit == "percent" { "%" } else { kpi.unit };
    let explained = match (&kpi.value, &kpi.reason, &kpi.exact) {
        (Some(_), Some(reason), _) => format!("in place of {reason}"),
        (Some(_), None, Some(exact)) if exact.multiplier == "1" => {
            format!("{} / {}", exact.numerator, exact.denominator)
        }
        (Some(_), None, Some(exact)) => {
            format!("{} * {} / {}", exact.multiplier, exact.numerator, exact.denominator)
        }
        (None, reason, _) => format!("{}: {}", kpi.state, reason.as_deref().unwrap_or("no reason given")),
        (Some(_), None, None) => String::new(),
    };
    vec![
        Cell::left(kpi.id.as_str()).styled(STRONG),
        Cell::left(kpi.name.as_str()),
        Cell::right(kpi.value.as_deref().unwrap_or("-")),
        Cell::left(unit),
        Cell::left(status.as_str()).styled(table::status_style(*status)),
        Cell::left(explained).styled(FAINT),
    ]
}

/// The KPIs that this tape does not serve, by the columns that they lack.
fn unavailable(kpis: &[KpiEntry]) -> String {
    let mut by_reason: Vec<(&str, Vec<&str>)> = Vec::new();
    for kpi in kpis.iter().filter(|kpi| kpi.state == "unavailable") {
        let reason = kpi.reason.as_deref().unwrap_or("missing columns");
        match by_reason.iter_mut().find(|(known, _)| *known == reason) {
            Some((_, ids)) => ids.push(&kpi.id),
            None => by_reason.push((reason, vec![&kpi.id])),
        }
    }
    let mut out = String::new();
    for (reason, ids) in by_reason {
        out.push_str(&format!("\n{FAINT}unavailable, {reason}: {}{FAINT:#}\n", ids.join(", ")));
    }
    out
}

fn segment_report(segment: &Segment) -> String {
    let by: Vec<String> = segment
        .by
        .iter()
        .map(|(column, value)| format!("{column} = {}", on_one_line(value.as_str().unwrap_or("null"))))
        .collect();
    let rows: Vec<Vec<Cell>> = segment
        .kpis
        .iter()
        .filter(|kpi| kpi.state != "unavailable")
        .map(|kpi| {
            vec![
                Cell::left(format!("  {}", kpi.id)),
                Cell::right(kpi.value.as_deref().unwrap_or("-")),
                Cell::left(if kpi.unit == "percent" { "%" } else { kpi.unit }),
                Cell::left(kpi.status),
            ]
        })
        .collect();
    format!("\n{STRONG}{}{STRONG:#}\n{}", by.join(", "), aligned(&rows))
}
