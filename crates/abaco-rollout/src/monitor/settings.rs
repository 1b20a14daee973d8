//! `monitor` in `rollout.yml`.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// What a trigger does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// It is said and journalled.
    Warn,
    /// The baseline becomes official again.
    RollBack,
}

/// A trigger with the largest share that is accepted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limit {
    /// The largest share that is accepted.
    #[serde(with = "rust_decimal::serde::str")]
    pub limit: Decimal,
    /// What it does.
    #[serde(default = "warn")]
    pub action: Action,
}

/// A trigger with the longest time that is accepted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seconds {
    /// The longest time that is accepted.
    pub limit: u64,
    /// What it does.
    #[serde(default = "warn")]
    pub action: Action,
}

/// A trigger that accepts nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Strict {
    /// What it does.
    pub action: Action,
}

/// What fires, and what it then does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MonitorSettings {
    /// The largest difference relative to the baseline.
    pub variance: Limit,
    /// The share of runs that fail.
    pub error_rate: Limit,
    /// How long the slowest run took.
    pub latency_seconds: Seconds,
    /// The largest share of rows with a NULL operand of any KPI.
    pub nulls: Limit,
    /// Rows that a run does not account for, or keys that the candidate has not.
    pub data_loss: Strict,
    /// A run that does not verify.
    pub audit_failure: Strict,
    /// Hours after the cutover at which somebody looks.
    pub checkpoints: Vec<u32>,
}

impl Default for MonitorSettings {
    fn default() -> Self {
        let share = |number, scale, action| Limit { limit: Decimal::new(number, scale), action };
        Self {
            variance: share(1, 2, Action::RollBack),
            error_rate: share(1, 3, Action::Warn),
            latency_seconds: Seconds { limit: 30, action: Action::Warn },
            nulls: share(1, 2, Action::Warn),
            data_loss: Strict { action: Action::RollBack },
            audit_failure: Strict { action: Action::RollBack },
            checkpoints: vec![1, 8, 24],
        }
    }
}

const fn warn() -> Action {
    Action::Warn
}
