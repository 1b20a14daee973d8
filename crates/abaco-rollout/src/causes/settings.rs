//! How much the cause finder may do.

use serde::{Deserialize, Serialize};

/// How much the cause finder may do.
///
/// ```
/// use abaco_rollout::causes::CauseSettings;
///
/// assert_eq!(CauseSettings::default().max_values, 10_000_000);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CauseSettings {
    /// The most values, hypotheses by keys, that are held against the baseline's.
    pub max_values: usize,
    /// The most rewritten formulas that are folded in one pass.
    pub max_formulas: usize,
    /// How many hypotheses that explain only some of the keys are named.
    pub nearest: usize,
}

impl Default for CauseSettings {
    fn default() -> Self {
        Self { max_values: 10_000_000, max_formulas: 10_000, nearest: 3 }
    }
}
