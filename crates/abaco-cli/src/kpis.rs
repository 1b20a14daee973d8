//! `abaco kpis`: the catalogue.

use std::path::PathBuf;
use std::process::ExitCode;

use abaco_loans::engine::{Definition, StatementOptions, statement};
use abaco_loans::kpi::{Decimal, KpiSpec};
use abaco_loans::pipeline::{Pipeline, PipelineConfig};
use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::table::{Cell, FAINT, STRONG, aligned};
use crate::{print, print_json};

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Definitions with thresholds and owners; without it those that are compiled in.
    #[arg(long, value_name = "FILE")]
    definitions: Option<PathBuf>,
    /// The list of KPIs.
    #[arg(long, default_value = "standard")]
    profile: String,
    /// Only the KPI of this id; may be repeated.
    #[arg(long, value_name = "ID")]
    only: Vec<String>,
    /// How the result is printed.
    #[arg(long, value_enum, default_value_t = CatalogueFormat::Table)]
    format: CatalogueFormat,
}

/// How the catalogue is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum CatalogueFormat {
    /// For people.
    Table,
    /// One JSON document on standard output, for programs.
    Json,
    /// One SQL statement over a table `tape`, for DuckDB and PostgreSQL.
    Sql,
}

pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let mut config = PipelineConfig::embedded()?;
    config.settings.profile.clone_from(&arguments.profile);
    if let Some(path) = &arguments.definitions {
        config = config.with_definitions(path)?;
    }
    let pipeline = Pipeline::new(config, &abaco_loans::catalogue())?;
    let definitions = pipeline.engine().definitions();
    let chosen = pipeline.engine().kpis_named(&arguments.only)?;
    let kpis = chosen.iter().map(|kpi| (kpi.spec(), kpi.formula().to_string()));
    match arguments.format {
        CatalogueFormat::Json => {
            let entries: Vec<Value> =
                kpis.map(|(spec, formula)| entry(spec, &formula, definitions.get(&spec.id))).collect();
            print_json(&entries)?;
        }
        CatalogueFormat::Table => {
            let mut rows = vec![
                ["kpi", "name", "unit", "warning", "critical", "owner", "formula"]
                    .map(|head| Cell::left(head).styled(FAINT))
                    .into(),
            ];
            rows.extend(kpis.map(|(spec, formula)| row(spec, formula, definitions.get(&spec.id))));
            print(&aligned(&rows))?;
        }
        CatalogueFormat::Sql => {
            print(&statement(&chosen, &StatementOptions::with_columns_of(definitions))?.text)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn row(spec: &KpiSpec, formula: String, definition: Option<&Definition>) -> Vec<Cell> {
    let threshold = |value: Option<Decimal>| value.map_or("-".to_owned(), |value| value.to_string());
    let thresholds = definition.map(|definition| definition.thresholds).unwrap_or_default();
    vec![
        Cell::left(spec.id.to_string()).styled(STRONG),
        Cell::left(spec.title.to_string()),
        Cell::left(spec.unit.as_str()),
        Cell::right(threshold(thresholds.warning)),
        Cell::right(threshold(thresholds.critical)),
        Cell::left(definition.and_then(|definition| definition.owner.as_deref()).unwrap_or("-")),
        Cell::left(formula),
    ]
}

fn entry(spec: &KpiSpec, formula: &str, definition: Option<&Definition>) -> Value {
    let text = |value: Option<Decimal>| value.map(|value| value.to_string());
    json!({
        "id": spec.id,
        "name": spec.title,
        "family": spec.family,
        "unit": spec.unit.as_str(),
        "direction": spec.direction,
        "convention": spec.convention,
        "rounding": spec.rounding,
        "formula": formula,
        "aliases": spec.aliases,
        "references": spec.references,
        "owner": definition.and_then(|definition| definition.owner.as_deref()),
        "departments": definition.map_or(&[][..], |definition| &definition.departments),
        "refresh": definition.and_then(|definition| definition.refresh),
        "data_source": definition.and_then(|definition| definition.data_source.as_deref()),
        "thresholds": definition.map(|definition| json!({
            "warning": text(definition.thresholds.warning),
            "critical": text(definition.thresholds.critical),
        })),
        "valid_range": definition.map(|definition| json!({
            "min": text(definition.valid_range.min),
            "max": text(definition.valid_range.max),
        })),
    })
}
