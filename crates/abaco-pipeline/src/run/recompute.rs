//! A published run's KPIs, computed again from its saved state.

use std::path::Path;

use abaco_engine::Baselines;
use chrono::{DateTime, Utc};
use serde_json::Value;

use super::document::{self, Heading, Results};
use super::manifest::CODE_VERSION;
use super::{Pipeline, drill, tables_agree};
use crate::config::{PipelineConfig, StoredConfig};
use crate::verify::{ProblemKind, Report};
use crate::{Catalogue, PipelineError};

/// What came of computing a run's KPIs again.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Recomputed {
    /// So many results agree, digit for digit.
    Agree(usize),
    /// What the run's document says otherwise than its state: the place of each result, and the two texts.
    Differ(Vec<String>),
    /// The state cannot be read, or is of another configuration.
    Unreadable(String),
    /// The run was computed by other code.
    OtherCode {
        /// The code that computed it.
        run: String,
        /// This code.
        here: &'static str,
    },
}

const STATE: &str = "state.bin";
/// The most differences that are listed.
const MAX_LISTED: usize = 20;
/// What a judgement adds to a result: it depends on earlier runs.
const JUDGED: &str = "status";

/// Computes the KPIs of a run folder again, from `state.bin` and `configuration.json`, and compares them with
/// `kpis.json`: values, exact forms, components and counts of the totals, segments, cohorts and series. Then the document is
/// compared with `kpis.csv` and the Parquet tables.
///
/// Not the findings and the status, which depend on earlier runs, and not the drill-down.
///
/// # Errors
/// [`PipelineError::InputUnreadable`] for a file that cannot be read.
pub fn recompute(folder: &Path, catalogue: &Catalogue) -> Result<Recomputed, PipelineError> {
    let read = |name: &str| {
        let path = folder.join(name);
        std::fs::read(&path).map_err(|error| PipelineError::input(&path, error))
    };
    let unreadable = |name: &str, error: &dyn std::fmt::Display| {
        Ok(Recomputed::Unreadable(format!("{}: {error}", folder.join(name).display())))
    };
    let manifest: Value = match serde_json::from_slice(&read("manifest.json")?) {
        Ok(manifest) => manifest,
        Err(error) => return unreadable("manifest.json", &error),
    };
    match manifest["code"].as_str() {
        Some(code) if code != CODE_VERSION => {
            return Ok(Recomputed::OtherCode { run: code.to_owned(), here: CODE_VERSION });
        }
        _ => {}
    }
    let stated: Value = match serde_json::from_slice(&read("kpis.json")?) {
        Ok(stated) => stated,
        Err(error) => return unreadable("kpis.json", &error),
    };
    let stored: StoredConfig = match serde_json::from_slice(&read("configuration.json")?) {
        Ok(stored) => stored,
        Err(error) => return unreadable("configuration.json", &error),
    };
    let from = folder.join("configuration.json");
    let pipeline = match PipelineConfig::from_stored(&stored, &from)
        .and_then(|config| Pipeline::new(config, catalogue))
    {
        Ok(pipeline) => pipeline,
        Err(error) => return unreadable("configuration.json", &error),
    };
    let state = read(STATE)?;
    let computed = match pipeline.document_of(&state) {
        Ok(computed) => computed,
        Err(error) => return unreadable(STATE, &error),
    };
    let computed = serde_json::to_value(&computed).map_err(PipelineError::Json)?;
    let mut compared = Compared::default();
    for key in ["as_of", "kpis", "segments", "series"] {
        compared.compare(key, &stated[key], &computed[key]);
    }
    compared.differences.extend(tables_agree::differences(folder, &stated));
    Ok(match compared.differences.is_empty() {
        true => Recomputed::Agree(compared.results),
        false => Recomputed::Differ(compared.differences),
    })
}

/// Adds to a look at a run whether its KPIs follow from its state. Where a file that they follow from is damaged, that was
/// said already, and they are not computed.
///
/// # Errors
/// As [`recompute`].
pub fn verify_kpis(report: &mut Report, folder: &Path, catalogue: &Catalogue) -> Result<(), PipelineError> {
    let sources = ["manifest.json", "configuration.json", STATE, "kpis.json"];
    let is_damaged = report.problems.iter().any(|problem| sources.contains(&problem.place.as_str()));
    if is_damaged || !folder.join(STATE).is_file() {
        let why = if is_damaged { "what they follow from is damaged" } else { "the run has no state.bin" };
        report.check("kpis", format!("not recomputed: {why}"));
        return Ok(());
    }
    match recompute(folder, catalogue)? {
        Recomputed::Agree(results) => {
            report.check("kpis", format!("{results} results recomputed from state.bin, digit for digit"));
        }
        Recomputed::Differ(differences) => {
            for difference in differences {
                let table = difference
                    .split_once(": ")
                    .filter(|(name, _)| name.ends_with(".csv") || name.ends_with(".parquet"));
                let (place, message) = table.unwrap_or(("kpis.json", &difference));
                report.problem(place, ProblemKind::Changed, message);
            }
        }
        Recomputed::Unreadable(why) => report.problem(STATE, ProblemKind::Changed, why),
        Recomputed::OtherCode { run, here } => {
            report.check("kpis", format!("not recomputed: computed by {run}, and this is {here}"));
        }
    }
    Ok(())
}

impl Pipeline {
    /// What a saved state says, without what only the run knew: its name, its rows, its findings.
    fn document_of(
        &self,
        state: &[u8],
    ) -> Result<document::RunDocument, Box<dyn std::error::Error + Send + Sync>> {
        let folded = self.folded_of(state)?;
        let outcomes = self.finish(&folded, &Baselines::none())?;
        let heading = Heading {
            run_id: String::new(),
            identity: String::new(),
            portfolio: self.config.settings.portfolio.clone(),
            currency: self.config.contract.currency().to_owned(),
            known_at: DateTime::<Utc>::UNIX_EPOCH,
            rows: document::Rows::default(),
            effective_as_of: None,
        };
        let drill_down: Vec<drill::DrillEntry> = Vec::new();
        Ok(document::document(heading, Results::new(&outcomes, drill_down)))
    }
}

#[derive(Default)]
struct Compared {
    results: usize,
    differences: Vec<String>,
}

impl Compared {
    fn compare(&mut self, place: &str, stated: &Value, computed: &Value) {
        match (stated, computed) {
            (Value::Array(stated), Value::Array(computed)) if stated.len() == computed.len() => {
                for (index, (stated, computed)) in stated.iter().zip(computed).enumerate() {
                    let name = stated["id"].as_str().map_or_else(|| index.to_string(), str::to_owned);
                    self.compare(&format!("{place}[{name}]"), stated, computed);
                }
            }
            (Value::Object(stated), Value::Object(computed)) => {
                self.results += usize::from(stated.contains_key("formula"));
                for (key, value) in computed.iter().filter(|(key, _)| *key != JUDGED) {
                    let stated = stated.get(key).unwrap_or(&Value::Null);
                    self.compare(&format!("{place}.{key}"), stated, value);
                }
            }
            _ if stated == computed => {}
            _ if self.differences.len() < MAX_LISTED => {
                self.differences.push(format!("{place}: the document says {stated}, its state {computed}"));
            }
            _ => {}
        }
    }
}
