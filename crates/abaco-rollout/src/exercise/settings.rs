//! The section `exercise` of `rollout.yml`.

use serde::{Deserialize, Serialize};

/// How hard the candidate is exercised: as the gate asks for where nothing is said.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ExerciseSettings {
    /// Runs that are begun together.
    pub concurrent_runs: Option<u64>,
    /// Runs one after another.
    pub soak_runs: Option<u64>,
}
