//! `rollout.yml`.

mod asked;
mod check;

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

pub use self::asked::AskedSettings;
use crate::RolloutError;
use crate::approval::ApprovalSettings;
use crate::attribution::TieSettings;
use crate::causes::CauseSettings;
use crate::comparison::ComparisonSettings;
use crate::conduct::TrialSettings;
use crate::gate::{ChecklistSettings, GateSettings};
use crate::monitor::MonitorSettings;
use crate::procedures::ProcedureSettings;
use crate::version::VersionSettings;

/// The largest configuration file that is read.
const MAX_CONFIG_BYTES: u64 = 1 << 20;

/// What `rollout.yml` says. Paths are relative to it; `${ENV}` and `${ENV:default}` are resolved in them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Version of this file's shape: 1.
    pub version: u32,
    /// The version that is official now.
    pub baseline: VersionSettings,
    /// The version that is to take over.
    pub candidate: VersionSettings,
    /// The file that says which version is active.
    #[serde(default = "active_json")]
    pub pointer: String,
    /// The folder of the candidate's published runs.
    #[serde(default)]
    pub runs: Option<String>,
    /// What the versions are tried on.
    #[serde(default)]
    pub trials: TrialSettings,
    /// What a smoke run is asked for.
    #[serde(default)]
    pub smoke: Option<AskedSettings>,
    /// How they are compared.
    #[serde(default)]
    pub comparison: ComparisonSettings,
    /// How much the cause finder may do.
    #[serde(default)]
    pub causes: CauseSettings,
    /// Amounts that two tables must agree on.
    #[serde(default)]
    pub ties: Vec<TieSettings>,
    /// What the gate asks for.
    #[serde(default)]
    pub gate: GateSettings,
    /// Who approves.
    #[serde(default)]
    pub approvals: ApprovalSettings,
    /// What people do, by list.
    #[serde(default)]
    pub checklists: ChecklistSettings,
    /// What the procedures run and keep.
    #[serde(default)]
    pub procedures: ProcedureSettings,
    /// What is watched after the cutover.
    #[serde(default)]
    pub monitor: MonitorSettings,
}

fn active_json() -> String {
    "active.json".to_owned()
}

/// `rollout.yml`, read and checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RolloutConfig {
    /// What the file says.
    pub settings: Settings,
    /// The file.
    pub path: PathBuf,
    /// The SHA-256 of its bytes.
    pub digest: String,
}

impl RolloutConfig {
    /// Reads a file.
    ///
    /// # Errors
    /// [`RolloutError::Configuration`] for whatever is wrong with it.
    pub fn load(path: impl AsRef<Path>) -> Result<Self, RolloutError> {
        let path = path.as_ref();
        let unread = |error: std::io::Error| RolloutError::Configuration {
            path: path.to_path_buf(),
            message: error.to_string(),
        };
        let size = std::fs::metadata(path).map_err(unread)?.len();
        if size > MAX_CONFIG_BYTES {
            let message = format!("expected at most {MAX_CONFIG_BYTES} bytes, found {size}");
            return Err(RolloutError::Configuration { path: path.to_path_buf(), message });
        }
        let text = std::fs::read_to_string(path).map_err(unread)?;
        let settings: Settings = abaco_pipeline::yaml::from_str(&text, path)?;
        let digest = abaco_pipeline::canonical_json::sha256(text.as_bytes());
        let config = Self { settings, path: path.to_path_buf(), digest };
        match check::check(&config.settings) {
            Ok(()) => Ok(config),
            Err(message) => Err(RolloutError::Configuration { path: config.path, message }),
        }
    }

    /// The folder of the file, in which programs are run.
    pub fn folder(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new(""))
    }

    /// A path of the file's.
    ///
    /// # Errors
    /// [`RolloutError::Configuration`] for a variable without value.
    pub fn beside(&self, name: &str) -> Result<PathBuf, RolloutError> {
        let name = abaco_pipeline::config::resolve_environment(name)
            .map_err(|message| RolloutError::Configuration { path: self.path.clone(), message })?;
        Ok(self.folder().join(name))
    }
}
