//! The section `procedures` of `rollout.yml`.

use serde::{Deserialize, Serialize};

use crate::program::ProgramSettings;

/// What the procedures run and keep. Hooks are given `{version}`, `{configuration}`, `{pointer}` and `{folder}`, and must bear
/// being run twice.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ProcedureSettings {
    /// Stops the version `{version}`.
    pub stop: Option<ProgramSettings>,
    /// Starts the version `{version}`.
    pub start: Option<ProgramSettings>,
    /// The user's own tests of the candidate, run while staging.
    pub tests: Option<ProgramSettings>,
    /// Files that a cutover may change, relative to `rollout.yml`: they are copied before it and restored by a rollback.
    pub backup: Vec<String>,
    /// What a rehearsal runs in place of `stop` and `start`; without it a rehearsal runs neither.
    pub rehearsal_hooks: Option<HookSettings>,
}

/// The hooks of a rehearsal.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HookSettings {
    /// In place of `stop`.
    pub stop: Option<ProgramSettings>,
    /// In place of `start`.
    pub start: Option<ProgramSettings>,
}
