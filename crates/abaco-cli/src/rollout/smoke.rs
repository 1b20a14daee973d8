//! A smoke run: a version's configuration, computed once and not published.

use std::collections::BTreeMap;
use std::sync::Arc;

use abaco_loans::engine::Finished;
use abaco_loans::kpi::Outcome;
use abaco_loans::pipeline::{Pipeline, PipelineConfig, RunRequest};
use abaco_rollout::figures::{Figure, Figures, Key};
use abaco_rollout::version::VersionSettings;
use abaco_rollout::{RolloutConfig, RolloutError, Smoke};

/// Runs versions on what the section `smoke` names.
pub(crate) fn of(config: &RolloutConfig) -> Smoke {
    let config = config.clone();
    Arc::new(move |version| figures(&config, version))
}

fn figures(config: &RolloutConfig, version: &VersionSettings) -> Result<Figures, RolloutError> {
    let refuse = |message: String| RolloutError::Configuration { path: config.path.clone(), message };
    let asked = config.settings.smoke.as_ref();
    let asked =
        asked.ok_or_else(|| refuse("`smoke`: expected inputs, found none".to_owned()))?.resolve(config)?;
    let name = version.configuration.as_ref().ok_or_else(|| {
        let name = &version.name;
        refuse(format!("`{name}`: expected a `configuration` for a smoke run, found another kind of version"))
    })?;
    let loaded = PipelineConfig::load(config.beside(name)?)?;
    let pipeline = Pipeline::new(loaded, &abaco_loans::catalogue())?;
    let request = RunRequest {
        inputs: asked.inputs,
        tables: asked.tables,
        as_of: asked.as_of,
        out: None,
        actor: "smoke".to_owned(),
    };
    let run = pipeline.run(&request)?;
    let inputs = run.inputs.iter().map(|input| input.sha256.clone()).collect::<Option<Vec<String>>>();
    let inputs = inputs.map(|mut inputs| {
        inputs.sort();
        inputs
    });
    let (name, digest) = (version.name.clone(), run.document.identity.clone());
    Ok(Figures { name, inputs, run_id: None, digest, values: totals(&run.finished) })
}

fn totals(finished: &Finished) -> BTreeMap<Key, Figure> {
    let totals = finished.groups.first().map_or(&[][..], |totals| &totals.kpis);
    let key = |id: &str| Key { kpi: id.to_owned(), as_of: None, segment: BTreeMap::new() };
    let figure = |outcome: &Outcome| Figure {
        value: outcome.value().ok_or_else(|| format!("{outcome:?}")),
        scale: None,
        exact: None,
        components: BTreeMap::new(),
        numerator: None,
    };
    totals.iter().map(|result| (key(&result.id), figure(&result.outcome))).collect()
}
