//! `abaco shadow`: a baseline beside a candidate.

pub(crate) mod listing;

use std::path::PathBuf;
use std::process::ExitCode;

use abaco_loans::pipeline::RunOptions;
use abaco_loans::pipeline::config::TableRole;
use abaco_loans::prelude::AsOf;
use abaco_loans::rollout::RolloutConfig;
use abaco_loans::rollout::causes::Findings;
use abaco_loans::rollout::comparison::{ComparisonDocument, ComparisonSettings, compare};
use abaco_loans::rollout::conduct::explain;
use abaco_loans::rollout::figures::{Figures, ReadOptions, names, read};
use abaco_loans::rollout::version::Asked;
use clap::Args;
use serde::Serialize;

use crate::failure::Failure;
use crate::run::{as_of, table_of};
use crate::{Format, print, print_json};

/// Something differs, is missing or cannot be compared.
const DIFFERS: u8 = 5;

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The official side: the folder of a run, a kpis.json, or values as CSV (kpi,segment,as_of,value) or JSON.
    #[arg(long, value_name = "FILE", requires = "candidate", conflicts_with = "tape")]
    baseline: Option<PathBuf>,
    /// The side that is to take over, likewise.
    #[arg(long, value_name = "FILE", requires = "baseline", conflicts_with = "tape")]
    candidate: Option<PathBuf>,
    /// Partitions of one tape: both versions that the configuration describes are asked for their values of it.
    #[arg(long, value_name = "INPUT", num_args = 1.., requires = "config", required_unless_present = "baseline")]
    tape: Vec<PathBuf>,
    /// A file of a table beside the tape: static, event, schedule or ledger. May be repeated.
    #[arg(long, value_name = "ROLE=PATH", value_parser = table_of, requires = "tape")]
    table: Vec<(TableRole, PathBuf)>,
    /// The rollout's configuration, with the section `comparison`; without it a tenth of a percent of the baseline is
    /// tolerated.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The places at which the baseline prints: its values then stand for whatever rounds to them.
    #[arg(long, value_name = "PLACES", conflicts_with = "tape")]
    scale: Option<u32>,
    /// The snapshot: a date such as 2025-12-31, or with a tape `latest`. Values of files without a date are of it.
    #[arg(long, value_name = "DATE|latest", value_parser = as_of)]
    as_of: Option<AsOf>,
    /// How the result is printed.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let config = arguments.config.as_ref().map(RolloutConfig::load).transpose()?;
    let rules = config.as_ref().map(|config| config.settings.comparison.clone()).unwrap_or_default();
    let (baseline, candidate) = match (&arguments.baseline, &arguments.candidate, &config) {
        (Some(baseline), Some(candidate), config) => {
            let options = options(arguments, &rules)?;
            // What the configuration says of the baseline holds for its file too.
            let configured = config.as_ref().and_then(|config| config.settings.baseline.scale);
            let scale = arguments.scale.or(configured);
            (read(baseline, &ReadOptions { scale, ..options.clone() })?, read(candidate, &options)?)
        }
        (_, _, Some(config)) => both(&asked(arguments), config)?,
        _ => {
            return Err(Failure::usage(
                "expected --baseline and --candidate, or --tape and --config".to_owned(),
            ));
        }
    };
    let today = (RunOptions::default().clock)().date_naive();
    let comparison = compare(&baseline, &candidate, &rules, today);
    let causes = match (&config, comparison.unexplained().next()) {
        // Only what was computed here can be computed otherwise.
        (Some(config), Some(_)) if arguments.baseline.is_none() => {
            explain(config, &baseline, &asked(arguments), &abaco_loans::catalogue())?
        }
        _ => None,
    };
    match arguments.format {
        Format::Json => print_json(&Document { comparison: comparison.document(), causes })?,
        Format::Table => {
            print(&listing::listing(&comparison))?;
            print(&crate::rollout::causes(causes.as_ref()))?;
        }
    }
    Ok(if comparison.passes() { ExitCode::SUCCESS } else { ExitCode::from(DIFFERS) })
}

/// The comparison, and why the sides differ where that was looked for.
#[derive(Serialize)]
struct Document {
    #[serde(flatten)]
    comparison: ComparisonDocument,
    causes: Option<Findings>,
}

fn options(arguments: &Arguments, rules: &ComparisonSettings) -> Result<ReadOptions, Failure> {
    let as_of = match arguments.as_of {
        None => None,
        Some(AsOf::Date(date)) => Some(date),
        Some(_) => {
            return Err(Failure::usage(
                "option `as-of`: expected a date, since files are compared".to_owned(),
            ));
        }
    };
    Ok(ReadOptions {
        names: names(&abaco_loans::catalogue(), &rules.names),
        segment_column: rules.segment_column().to_owned(),
        as_of,
        ..ReadOptions::default()
    })
}

fn asked(arguments: &Arguments) -> Asked {
    Asked {
        inputs: arguments.tape.clone(),
        tables: arguments.table.clone(),
        as_of: arguments.as_of.unwrap_or(AsOf::Single),
    }
}

/// What both versions of the configuration say of the tape.
fn both(asked: &Asked, config: &RolloutConfig) -> Result<(Figures, Figures), Failure> {
    let catalogue = abaco_loans::catalogue();
    let baseline = config.settings.baseline.figures(config, asked, &catalogue)?;
    Ok((baseline, config.settings.candidate.figures(config, asked, &catalogue)?))
}
