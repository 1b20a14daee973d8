//! What a rollout asks of its surroundings, where both are of this library.

use std::sync::Arc;

use abaco_pipeline::Catalogue;

use crate::monitor::published_since;
use crate::{Published, RolloutConfig, RolloutError, RolloutOptions, Smoke};

impl RolloutOptions {
    /// The local disk and its clock; smoke runs ask a version for what `smoke` names, and a rollback lists what `runs` has.
    pub fn computing(actor: impl Into<String>, config: &RolloutConfig, catalogue: &Catalogue) -> Self {
        let smoke = Some(smoke(config.clone(), catalogue.clone()));
        let published = config.settings.runs.is_some().then(|| published(config.clone()));
        Self { smoke, published, ..Self::new(actor) }
    }
}

fn smoke(config: RolloutConfig, catalogue: Catalogue) -> Smoke {
    Arc::new(move |version| {
        let refuse = || RolloutError::Configuration {
            path: config.path.clone(),
            message: "`smoke`: expected inputs, found none".to_owned(),
        };
        let asked = config.settings.smoke.as_ref().ok_or_else(refuse)?.resolve(&config)?;
        version.figures(&config, &asked, &catalogue)
    })
}

fn published(config: RolloutConfig) -> Published {
    Arc::new(move |since| {
        let Some(runs) = &config.settings.runs else { return Ok(Vec::new()) };
        let runs = config.beside(runs)?;
        // Before the first run there is no folder.
        if !runs.exists() {
            return Ok(Vec::new());
        }
        Ok(published_since(&runs, since)?.into_iter().map(|run| run.run_id).collect())
    })
}
