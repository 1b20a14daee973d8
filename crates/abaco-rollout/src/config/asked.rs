//! Inputs that `rollout.yml` names.

use std::collections::BTreeMap;

use abaco_engine::AsOf;
use abaco_pipeline::config::TableRole;
use serde::{Deserialize, Serialize};

use super::RolloutConfig;
use crate::RolloutError;
use crate::version::Asked;

/// What a version is asked to compute, as `rollout.yml` has it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AskedSettings {
    /// Partitions of one tape.
    pub inputs: Vec<String>,
    /// The tables beside it, by role.
    #[serde(default)]
    pub tables: BTreeMap<TableRole, String>,
    /// A date, or `latest`; without it the tape has a single snapshot.
    #[serde(default)]
    pub as_of: Option<String>,
}

impl AskedSettings {
    /// What is asked for, with paths that are resolved.
    ///
    /// # Errors
    /// [`RolloutError::Configuration`] for no inputs, a variable without value, or a date that is none.
    pub fn resolve(&self, config: &RolloutConfig) -> Result<Asked, RolloutError> {
        let refuse = |message: String| RolloutError::Configuration { path: config.path.clone(), message };
        self.check().map_err(refuse)?;
        let as_of = self.snapshot().map_err(refuse)?;
        let inputs = self.inputs.iter().map(|input| config.beside(input)).collect::<Result<_, _>>()?;
        let tables = self.tables.iter().map(|(role, path)| Ok((*role, config.beside(path)?)));
        Ok(Asked { inputs, tables: tables.collect::<Result<_, RolloutError>>()?, as_of })
    }

    /// What is wrong with it.
    pub(super) fn check(&self) -> Result<(), String> {
        if self.inputs.is_empty() {
            return Err("`inputs`: expected at least one tape, found none".to_owned());
        }
        self.snapshot().map(|_| ())
    }

    fn snapshot(&self) -> Result<AsOf, String> {
        match self.as_of.as_deref() {
            None => Ok(AsOf::Single),
            Some("latest") => Ok(AsOf::Latest),
            Some(date) => date.parse().map(AsOf::Date).map_err(|_| {
                format!("`as_of`: expected a date such as 2025-12-31, or `latest`, found `{date}`")
            }),
        }
    }
}
