//! A published run, verified and opened.

use std::path::{Path, PathBuf};

use abaco_engine::{AsOf, parse_formula};
use abaco_kpi::{Basis, Column, Formula, Kpi, RowExpr};
use abaco_pipeline::contract::Role;
use abaco_pipeline::run::RunRows;
use abaco_pipeline::{Catalogue, PipelineError, verify};
use chrono::NaiveDate;
use serde_json::Value;

use super::side::Side;
use crate::RolloutError;

/// A run whose files are what was published.
pub(super) struct Opened {
    pub(super) folder: PathBuf,
    pub(super) manifest: Value,
    pub(super) document: Value,
    pub(super) quality: Value,
    pub(super) rows: RunRows,
}

impl Opened {
    pub(super) fn new(folder: &Path, catalogue: &Catalogue) -> Result<Self, RolloutError> {
        let report = verify::verify(folder, &verify::Options::default())?;
        if let Some(first) = report.problems.first() {
            let more = match report.problems.len() {
                1 => String::new(),
                count => format!(", and {} more", count - 1),
            };
            let message = format!("{first}{more}: nothing is compared with a damaged run");
            return Err(RolloutError::Damaged { path: folder.to_path_buf(), message });
        }
        Ok(Self {
            folder: folder.to_path_buf(),
            manifest: read(folder, "manifest.json")?,
            document: read(folder, "kpis.json")?,
            quality: read(folder, "quality.json")?,
            rows: RunRows::open(folder, catalogue)?,
        })
    }

    /// The run's tape at the run's own snapshot.
    pub(super) fn side(&self) -> Result<Side<'_>, RolloutError> {
        let as_of = match self.document["as_of"].as_str() {
            Some(text) => AsOf::Date(text.parse::<NaiveDate>().map_err(|error| {
                RolloutError::figures(&self.folder.join("kpis.json"), format!("`as_of`: {error}"))
            })?),
            None if self.manifest["asked_as_of"] == "pooled" => AsOf::Pooled,
            None => AsOf::Single,
        };
        Ok(Side {
            name: self.rows.path().to_path_buf(),
            schema: self.rows.schema(),
            bindings: self.rows.bindings().clone(),
            snapshot: self.rows.snapshot().cloned(),
            as_of,
            rows: &self.rows,
        })
    }

    /// The KPIs of the totals, in order.
    pub(super) fn kpis(&self) -> &[Value] {
        self.document["kpis"].as_array().map_or(&[], Vec::as_slice)
    }

    /// What was published of a KPI.
    pub(super) fn kpi(&self, id: &str) -> Option<&Value> {
        self.kpis().iter().find(|entry| entry["id"] == id)
    }

    /// The formula that was computed, and why its rows are not those of the tape, if they are not.
    pub(super) fn formula(&self, entry: &Value) -> Result<Formula, String> {
        let id = entry["id"].as_str().unwrap_or_default();
        let text = entry["formula"].as_str().unwrap_or_default();
        let pipeline = self.rows.pipeline();
        let known = pipeline.engine().kpis().find(|kpi| kpi.spec().id == id);
        let formula = match known.map(Kpi::formula) {
            Some(formula) if formula.to_string() == text => formula,
            _ => parse_formula(text).map_err(|error| format!("its formula cannot be read: {error}"))?,
        };
        let basis = known.map_or_else(|| Basis::of(&formula), Basis::of_kpi);
        if pipeline.config().settings.tables.is_some() && basis != Basis::Snapshot {
            return Err("needs the panel, which a run does not keep".to_owned());
        }
        Ok(formula)
    }

    /// What tells loans apart, without the snapshot.
    pub(super) fn keys(&self) -> Vec<Column> {
        let columns = self.rows.pipeline().config().contract.columns().iter();
        let keys = columns.filter(|column| column.has_role(Role::Key) && !column.has_role(Role::Snapshot));
        keys.map(|column| Column::new(column.name.clone())).collect()
    }

    /// The groupings of the configuration.
    pub(super) fn segments(&self) -> Vec<Vec<Column>> {
        let sets = self.rows.pipeline().config().settings.segments.iter();
        sets.map(|set| set.iter().cloned().map(Column::new).collect()).collect()
    }

    /// How a column's values are written: as they are, or as pseudonyms of a column by a key.
    pub(super) fn mask(&self, column: &Column) -> Result<Written, RolloutError> {
        let RowExpr::Column(of_tape) = self.rows.bindings().resolve(&RowExpr::Column(column.clone())) else {
            return Ok(Written::Plain);
        };
        let masking = &self.manifest["masking"];
        let tape = masking["tables"].as_array().into_iter().flatten().find(|table| table["table"] == "tape");
        let masked = tape.and_then(|table| table["columns"].as_array()).into_iter().flatten();
        let how = masked.into_iter().find(|masked| masked["column"] == of_tape.name());
        match how.and_then(|masked| masked["how"].as_str()) {
            None | Some("plain") => Ok(Written::Plain),
            Some("null") => Err(RolloutError::figures(
                self.rows.path(),
                format!(
                    "column `{}`: expected something to join by, found values that were removed",
                    column.name()
                ),
            )),
            Some(_) => Ok(Written::Pseudonyms {
                of: of_tape.name().to_owned(),
                key_id: masking["key_id"].as_str().unwrap_or_default().to_owned(),
            }),
        }
    }
}

/// How the values of a column are written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Written {
    Plain,
    Pseudonyms { of: String, key_id: String },
}

impl std::fmt::Display for Written {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Plain => f.write_str("plain values"),
            Self::Pseudonyms { of, key_id } => write!(f, "pseudonyms of `{of}` by the key `{key_id}`"),
        }
    }
}

fn read(folder: &Path, name: &str) -> Result<Value, RolloutError> {
    let path = folder.join(name);
    let bytes = std::fs::read(&path).map_err(|error| RolloutError::io(&path, error))?;
    Ok(serde_json::from_slice(&bytes).map_err(PipelineError::Json)?)
}
