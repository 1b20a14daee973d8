//! What a version says when it is asked.

use std::path::{Path, PathBuf};

use abaco_engine::AsOf;
use abaco_pipeline::canonical_json::sha256;
use abaco_pipeline::{Catalogue, Pipeline, PipelineConfig, RunRequest};
use chrono::NaiveDate;

use super::{Asked, VersionSettings};
use crate::figures::number::check_scale;
use crate::figures::{self, Figures, Key, ReadOptions};
use crate::program::ProgramSettings;
use crate::{RolloutConfig, RolloutError};

/// Who asks for the runs of a comparison.
const ACTOR: &str = "abaco rollout";

/// The one source of a version.
enum Source<'v> {
    Configuration(&'v str),
    Program(&'v ProgramSettings),
    Figures(&'v str),
}

impl VersionSettings {
    /// What is wrong with it.
    pub(crate) fn check(&self) -> Result<(), String> {
        let name = &self.name;
        check_scale(self.scale).map_err(|message| format!("version `{name}`: {message}"))?;
        self.source().map(|_| ())
    }

    fn source(&self) -> Result<Source<'_>, String> {
        match (&self.configuration, &self.program, &self.figures) {
            (Some(path), None, None) => Ok(Source::Configuration(path)),
            (None, Some(program), None) => Ok(Source::Program(program)),
            (None, None, Some(path)) => Ok(Source::Figures(path)),
            (configuration, program, figures) => {
                let named = [
                    ("configuration", configuration.is_some()),
                    ("program", program.is_some()),
                    ("figures", figures.is_some()),
                ];
                let found: Vec<&str> =
                    named.iter().filter(|(_, named)| *named).map(|(name, _)| *name).collect();
                let found = if found.is_empty() { "none".to_owned() } else { found.join(" and ") };
                let name = &self.name;
                Err(format!(
                    "version `{name}`: expected one of configuration, program and figures, found {found}"
                ))
            }
        }
    }

    /// Asks the version: computes its configuration without publishing, runs its program, or reads its file.
    ///
    /// # Errors
    /// [`RolloutError::Configuration`] unless exactly one source is named, and what the source fails with.
    pub fn figures(
        &self,
        config: &RolloutConfig,
        asked: &Asked,
        catalogue: &Catalogue,
    ) -> Result<Figures, RolloutError> {
        let refuse = |message: String| RolloutError::Configuration { path: config.path.clone(), message };
        let options = self.options(config, asked, catalogue);
        let figures = match self.source().map_err(refuse)? {
            Source::Configuration(path) => computed(&config.beside(path)?, asked, catalogue, &options)?,
            Source::Program(program) => said(program, config, asked, &options)?,
            Source::Figures(path) => figures::read(config.beside(path)?, &options)?,
        };
        let figures = Figures { name: self.name.clone(), ..figures };
        Ok(if asked.as_of == AsOf::Latest { latest(figures) } else { figures })
    }

    fn options(&self, config: &RolloutConfig, asked: &Asked, catalogue: &Catalogue) -> ReadOptions {
        let comparison = &config.settings.comparison;
        ReadOptions {
            name: Some(self.name.clone()),
            names: figures::names(catalogue, &comparison.names),
            segment_column: comparison.segment_column().to_owned(),
            scale: self.scale,
            as_of: match asked.as_of {
                AsOf::Date(date) => Some(date),
                AsOf::Latest | AsOf::Single | AsOf::Pooled => None,
            },
            with_series: false,
        }
    }
}

fn computed(
    path: &Path,
    asked: &Asked,
    catalogue: &Catalogue,
    options: &ReadOptions,
) -> Result<Figures, RolloutError> {
    let pipeline = Pipeline::new(PipelineConfig::load(path)?, catalogue)?;
    let run = pipeline.run(&RunRequest {
        inputs: asked.inputs.clone(),
        tables: asked.tables.clone(),
        as_of: asked.as_of,
        out: None,
        actor: ACTOR.to_owned(),
    })?;
    figures::of_run(&run, options)
}

/// Runs the program in the folder of the configuration; its answer counts only for files that it has not changed.
fn said(
    program: &ProgramSettings,
    config: &RolloutConfig,
    asked: &Asked,
    options: &ReadOptions,
) -> Result<Figures, RolloutError> {
    // The program runs in another folder than the one in which the paths were given.
    let asked = absolute(asked)?;
    let before = digests(&asked)?;
    let output = program.run(config.folder(), &given(&asked))?;
    let name = program.arguments.first().cloned().unwrap_or_default();
    if digests(&asked)? != before {
        let message = "the inputs are not the same before and after it ran".to_owned();
        return Err(RolloutError::Program { program: name, message });
    }
    let figures = figures::parse(&output.stdout, Path::new(&name), options)?;
    Ok(Figures { inputs: Some(before), ..figures })
}

/// What the arguments of a version's program may name.
pub(crate) const GIVEN: [&str; 3] = ["inputs", "tape", "as_of"];

/// What an argument may name, with what it stands for.
fn given(asked: &Asked) -> Vec<(&'static str, String)> {
    let separator = if cfg!(windows) { ";" } else { ":" };
    let inputs: Vec<String> = asked.inputs.iter().map(|path| path.display().to_string()).collect();
    let as_of = match asked.as_of {
        AsOf::Date(date) => date.to_string(),
        AsOf::Latest => "latest".to_owned(),
        AsOf::Single => "single".to_owned(),
        AsOf::Pooled => "pooled".to_owned(),
    };
    let tape = inputs.first().cloned().unwrap_or_default();
    GIVEN.into_iter().zip([inputs.join(separator), tape, as_of]).collect()
}

fn absolute(asked: &Asked) -> Result<Asked, RolloutError> {
    let of = |path: &PathBuf| std::path::absolute(path).map_err(|error| RolloutError::io(path, error));
    let inputs = asked.inputs.iter().map(of).collect::<Result<_, _>>()?;
    let tables = asked.tables.iter().map(|(role, path)| Ok((*role, of(path)?)));
    let tables = tables.collect::<Result<_, RolloutError>>()?;
    Ok(Asked { inputs, tables, as_of: asked.as_of })
}

fn digests(asked: &Asked) -> Result<Vec<String>, RolloutError> {
    let digest = |path: &PathBuf| {
        let bytes = std::fs::read(path).map_err(|error| RolloutError::io(path, error))?;
        Ok(sha256(&bytes))
    };
    let tape = asked.inputs.iter().map(digest);
    let tables = asked.tables.iter().map(|(role, path)| Ok(format!("{role}:{}", digest(path)?)));
    let mut digests = tape.chain(tables).collect::<Result<Vec<String>, RolloutError>>()?;
    digests.sort();
    Ok(digests)
}

/// Only the last snapshot, where there are dates.
fn latest(figures: Figures) -> Figures {
    let last: Option<NaiveDate> = figures.values.keys().filter_map(|key| key.as_of).max();
    let is_last = |key: &Key| last.is_none() || key.as_of == last;
    let values = figures.values.into_iter().filter(|(key, _)| is_last(key)).collect();
    Figures { values, ..figures }
}
