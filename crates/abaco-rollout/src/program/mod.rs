//! Programs that are run: argument lists, never shell strings.

mod run;
#[cfg(all(test, unix))]
mod tests;

use serde::{Deserialize, Serialize};

pub use self::run::ProgramOutput;

/// A program and its arguments.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProgramSettings {
    /// The program and what it is given. `{name}` within an argument is replaced by what the step gives by that name.
    pub arguments: Vec<String>,
    /// After so many seconds it is ended, with everything that it started.
    #[serde(default = "a_minute")]
    pub timeout_seconds: u64,
}

fn a_minute() -> u64 {
    60
}
