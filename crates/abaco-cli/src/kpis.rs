//! `abaco kpis`: the catalogue.

use std::path::PathBuf;
use std::process::ExitCode;

use abaco_loans::engine::Definition;
use abaco_loans::kpi::{Decimal, KpiSpec};
use abaco_loans::pipeline::{Pipeline, PipelineConfig};
use clap::Args;
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::table::{Cell, FAINT, STRONG, aligned};
use crate::{Format, print, print_json};

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Definitions with thresholds and owners; without it those that are compiled in.
    #[arg(long, value_name = "FILE")]
    definitions: Option<PathBuf>,
    /// The list of KPIs.
    #[arg(long, default_value = "standard")]
    profile: String,
    /// How the result is printed.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let mut config = PipelineConfig::embedded()?;
    config.settings.profile.clone_from(&arguments.profile);
    if let Some(path) = &arguments.definitions {
        config = config.with_definitions(path)?;
    }
    let pipeline = Pipeline::new(config, &abaco_loans::catalogue())?;
    let definitions = pipeline.engine().definitions();
    let kpis = pipeline.engine().kpis().map(|kpi| (kpi.spec(), kpi.formula().to_string()));
    match arguments.format {
        Format::Json => {
            let entries: Vec<Value> =
                kpis.map(|(spec, formula)| entry(spec, &formula, definitions.get(&spec.id))).collect();
            print_json(&entries)?;
        }
        Format::Table => {
            let mut rows = vec![
                ["kpi", "name", "unit", "warning", "critical", "owner", "formula"]
                    .map(|head| Cell::left(head).styled(FAINT))
                    .into(),
            ];
            rows.extend(kpis.map(|(spec, formula)| row(spec, formula, definitions.get(&spec.id))));
            print(&aligned(&rows))?;
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
