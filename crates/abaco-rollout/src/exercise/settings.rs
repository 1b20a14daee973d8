//! The section `exercise` of `rollout.yml`.

use serde::{Deserialize, Serialize};

/// How hard the candidate is exercised.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ExerciseSettings {
    /// Runs that are begun together.
    pub concurrent_runs: u64,
    /// Runs one after another.
    pub soak_runs: u64,
}

impl Default for ExerciseSettings {
    fn default() -> Self {
        Self { concurrent_runs: 32, soak_runs: 100 }
    }
}
