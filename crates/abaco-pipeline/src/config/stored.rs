//! A configuration as a run keeps it: every text that decided what the run means, under names that need no folder.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{PipelineConfig, Settings};
use crate::PipelineError;
use crate::mask::MaskingSettings;

const SETTINGS: &str = "pipeline.yml";
const CONTRACT: &str = "contract.yml";
const DEFINITIONS: &str = "definitions.yml";

/// The texts of a configuration by their names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StoredConfig {
    files: BTreeMap<String, String>,
}

impl Settings {
    /// The same settings with the names that a run gives to the files, and without the places of data: what a file says
    /// counts, not where it lies.
    pub(crate) fn stored(&self) -> Self {
        let mut settings = self.clone();
        if let Some(masking) = &mut settings.masking {
            // Which key it was counts, not where it was kept.
            *masking =
                MaskingSettings { key_id: masking.key_id.clone(), key_env: "ABACO_MASKING_KEY".to_owned() };
        }
        settings.contract = CONTRACT.to_owned();
        settings.definitions = settings.definitions.map(|_| DEFINITIONS.to_owned());
        if let Some(tables) = &mut settings.tables {
            let all = [
                ("static", &mut tables.statics),
                ("event", &mut tables.event),
                ("schedule", &mut tables.schedule),
                ("ledger", &mut tables.ledger),
            ];
            for (role, source) in all {
                if let Some(source) = source {
                    source.contract = table(role);
                    source.paths = Vec::new();
                }
            }
        }
        settings
    }
}

impl PipelineConfig {
    /// The texts that a run keeps.
    pub(crate) fn stored(&self) -> Result<StoredConfig, PipelineError> {
        let settings = serde_json::to_string_pretty(&self.settings.stored()).map_err(PipelineError::Json)?;
        let mut files = BTreeMap::from([
            (SETTINGS.to_owned(), settings),
            (CONTRACT.to_owned(), self.contract_text.clone()),
        ]);
        if self.settings.definitions.is_some() {
            files.insert(DEFINITIONS.to_owned(), self.definitions_text.clone());
        }
        for of in &self.tables {
            files.insert(table(of.role.as_str()), of.contract_text.clone());
        }
        Ok(StoredConfig { files })
    }

    /// The configuration that a run was computed with; `from` names the run's file in errors.
    pub(crate) fn from_stored(stored: &StoredConfig, from: &Path) -> Result<Self, PipelineError> {
        let path: PathBuf = from.join(SETTINGS);
        Self::read(path, &|wanted| {
            let name = wanted.strip_prefix(from).unwrap_or(wanted);
            let text = stored.files.iter().find(|(known, _)| Path::new(known) == name);
            text.map(|(_, text)| text.clone()).ok_or_else(|| std::io::ErrorKind::NotFound.into())
        })
    }
}

fn table(role: &str) -> String {
    format!("tables/{role}.yml")
}
