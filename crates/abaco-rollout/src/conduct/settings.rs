//! The section `trials` of `rollout.yml`.

use serde::{Deserialize, Serialize};

use crate::config::AskedSettings;
use crate::exercise::ExerciseSettings;

/// What the versions are tried on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TrialSettings {
    /// A tape with the snapshots of the past: each of them is compared.
    pub replay: Option<AskedSettings>,
    /// The tape of the day.
    pub live: Option<AskedSettings>,
    /// A tape as large as they come.
    pub load: Option<AskedSettings>,
    /// How hard the candidate is exercised with it.
    pub exercise: ExerciseSettings,
}
