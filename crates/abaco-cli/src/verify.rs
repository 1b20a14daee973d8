//! `abaco verify`: whether a published run is still what was published.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use abaco_loans::pipeline::PipelineError;
use abaco_loans::pipeline::run::verify_kpis;
use abaco_loans::pipeline::signature::PublicKey;
use abaco_loans::pipeline::verify::{Options, Report, verify};
use clap::Args;
use serde_json::json;

use crate::failure::Failure;
use crate::table::{BAD, Cell, FAINT, GOOD, STRONG, aligned, styled};
use crate::{Format, print, print_json};

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The folder of the run.
    #[arg(value_name = "RUN_DIR")]
    run: PathBuf,
    /// The key that must have signed the manifest: a file, or the key itself as hexadecimal.
    #[arg(long, value_name = "FILE|HEX")]
    public_key: Option<String>,
    /// How the result is printed.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let public_key = arguments.public_key.as_deref().map(key).transpose()?;
    let mut report = verify(&arguments.run, &Options { public_key })?;
    verify_kpis(&mut report, &arguments.run, &abaco_loans::catalogue())?;
    match arguments.format {
        Format::Json => print_json(&json!({
            "schema_version": 1,
            "run_id": report.run_id,
            "holds": report.holds(),
            "signature": report.signature,
            "checks": report.checks,
            "problems": report.problems,
        }))?,
        Format::Table => print(&listing(&report))?,
    }
    Ok(if report.holds() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Whoever gives 64 digits means the key, unless there is a file of that name.
fn key(text: &str) -> Result<PublicKey, PipelineError> {
    let is_hex = text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_hex && !Path::new(text).exists() {
        PublicKey::parse(text, "option `public-key`")
    } else {
        PublicKey::from_file(text)
    }
}

fn listing(report: &Report) -> String {
    let mut rows: Vec<Vec<Cell>> = vec![
        vec![Cell::left("run").styled(FAINT), Cell::left(&report.run_id).styled(STRONG)],
        vec![Cell::left("signature").styled(FAINT), Cell::left(&report.signature)],
    ];
    let others = report.checks.iter().filter(|check| check.name != "signature");
    rows.extend(others.map(|check| vec![Cell::left(&check.name).styled(FAINT), Cell::left(&check.detail)]));
    let mut text = aligned(&rows);
    text.push('\n');
    for problem in &report.problems {
        text.push_str(&format!("{}\n", styled(&problem.to_string(), BAD)));
    }
    let (verdict, style) = match report.problems.len() {
        0 => ("everything holds".to_owned(), GOOD),
        1 => ("1 problem".to_owned(), BAD),
        many => (format!("{many} problems"), BAD),
    };
    text.push_str(&format!("{}\n", styled(&verdict, style)));
    text
}
