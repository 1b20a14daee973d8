//! `abaco kpis`: the catalogue.

use std::collections::HashSet;
use std::path::PathBuf;
use std::process::ExitCode;

use abaco_loans::engine::{Definition, Definitions, StatementOptions, statement};
use abaco_loans::kpi::{Basis, Class, Decimal, Kpi};
use abaco_loans::pipeline::{Pipeline, PipelineConfig};
use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::matrix::Matrix;
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
    match arguments.format {
        CatalogueFormat::Json => {
            let entries: Vec<Value> =
                chosen.iter().map(|kpi| entry(*kpi, definitions.get(&kpi.spec().id))).collect();
            print_json(&entries)?;
        }
        CatalogueFormat::Table => {
            // Whoever asks for one cell of a matrix gets it.
            let matrices = if arguments.only.is_empty() { Matrix::all().into() } else { Vec::new() };
            print(&listing(&chosen, definitions, &matrices))?;
        }
        CatalogueFormat::Sql => {
            print(&statement(&chosen, &StatementOptions::with_columns_of(definitions))?.text)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The KPIs by family; the cells of a matrix that nobody judges or owns are one line.
fn listing(kpis: &[&dyn Kpi], definitions: &Definitions, matrices: &[Matrix]) -> String {
    let mut families: Vec<(&str, Vec<Vec<Cell>>)> = Vec::new();
    let cells: Vec<HashSet<&str>> = matrices.iter().map(|matrix| matrix.ids().collect()).collect();
    let matrix_of = |id: &str| {
        let at = cells.iter().position(|ids| ids.contains(id)).filter(|_| definitions.get(id).is_none());
        at.and_then(|at| matrices.get(at))
    };
    let mut summed: Vec<&str> = Vec::new();
    for kpi in kpis {
        let spec = kpi.spec();
        let matrix = matrix_of(&spec.id);
        let line = match matrix {
            Some(matrix) if summed.contains(&matrix.pattern) => continue,
            Some(matrix) => {
                summed.push(matrix.pattern);
                let same = |kpi: &&&dyn Kpi| {
                    matrix_of(&kpi.spec().id).is_some_and(|other| other.pattern == matrix.pattern)
                };
                summary(matrix, *kpi, kpis.iter().filter(same).count())
            }
            None => row(*kpi, definitions.get(&spec.id)),
        };
        let family = if spec.family.is_empty() { "other" } else { &spec.family };
        match families.iter_mut().find(|(name, _)| *name == family) {
            Some((_, lines)) => lines.push(line),
            None => families.push((family, vec![line])),
        }
    }
    let heads = ["kpi", "name", "unit", "basis", "class", "warning", "critical", "owner", "formula"];
    let mut rows: Vec<Vec<Cell>> = vec![heads.map(|head| Cell::left(head).styled(FAINT)).into()];
    for (family, lines) in families {
        if rows.len() > 1 {
            rows.push(Vec::new());
        }
        rows.push(vec![Cell::left(family).styled(FAINT)]);
        rows.extend(lines);
    }
    aligned(&rows)
}

fn row(kpi: &dyn Kpi, definition: Option<&Definition>) -> Vec<Cell> {
    let threshold = |value: Option<Decimal>| value.map_or("-".to_owned(), |value| value.to_string());
    let thresholds = definition.map(|definition| definition.expectation.thresholds).unwrap_or_default();
    let (spec, formula) = (kpi.spec(), kpi.formula());
    vec![
        Cell::left(&spec.id).styled(STRONG),
        Cell::left(&spec.title),
        Cell::left(spec.unit.as_str()),
        Cell::left(Basis::of_kpi(kpi).as_str()),
        Cell::left(Class::of(&formula).as_str()),
        Cell::right(threshold(thresholds.warning)),
        Cell::right(threshold(thresholds.critical)),
        Cell::left(definition.and_then(|definition| definition.owner.as_deref()).unwrap_or("-")),
        Cell::left(formula.to_string()),
    ]
}

/// All cells of a matrix, of which `kpi` is one.
fn summary(matrix: &Matrix, kpi: &dyn Kpi, count: usize) -> Vec<Cell> {
    let from: Vec<&str> = matrix.rows.iter().map(|(from, _)| *from).collect();
    vec![
        Cell::left(matrix.pattern).styled(STRONG),
        Cell::left(format!("Migration matrix by {}, {count} KPIs", matrix.by)),
        Cell::left(kpi.spec().unit.as_str()),
        Cell::left(Basis::of_kpi(kpi).as_str()),
        Cell::left(Class::of(&kpi.formula()).as_str()),
        Cell::right("-"),
        Cell::right("-"),
        Cell::left("-"),
        Cell::left(format!("from {} to {}", from.join(", "), Matrix::destinations().join(", "))),
    ]
}

fn entry(kpi: &dyn Kpi, definition: Option<&Definition>) -> Value {
    let (spec, formula) = (kpi.spec(), kpi.formula());
    let text = |value: Option<Decimal>| value.map(|value| value.to_string());
    json!({
        "id": spec.id,
        "name": spec.title,
        "family": spec.family,
        "unit": spec.unit.as_str(),
        "direction": spec.direction,
        "convention": spec.convention,
        "rounding": spec.rounding,
        "formula": formula.to_string(),
        "basis": Basis::of_kpi(kpi).as_str(),
        "class": Class::of(&formula).as_str(),
        "aliases": spec.aliases,
        "references": spec.references,
        "owner": definition.and_then(|definition| definition.owner.as_deref()),
        "departments": definition.map_or(&[][..], |definition| &definition.departments),
        "refresh": definition.and_then(|definition| definition.refresh),
        "data_source": definition.and_then(|definition| definition.data_source.as_deref()),
        "thresholds": definition.map(|definition| json!({
            "warning": text(definition.expectation.thresholds.warning),
            "critical": text(definition.expectation.thresholds.critical),
        })),
        "valid_range": definition.map(|definition| json!({
            "min": text(definition.expectation.valid_range.min),
            "max": text(definition.expectation.valid_range.max),
        })),
    })
}
