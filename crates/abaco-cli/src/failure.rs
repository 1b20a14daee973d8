//! What stops the command, and the exit status that says so.

use std::fmt;

use abaco_loans::engine::EngineError;
use abaco_loans::pipeline::{ErrorKind, PipelineError};
use abaco_loans::rollout::RolloutError;

/// The data, the configuration or an output did not allow a result.
#[derive(Debug)]
pub(crate) struct Failure {
    message: String,
    status: u8,
}

impl Failure {
    pub(crate) fn json(error: serde_json::Error) -> Self {
        Self { message: error.to_string(), status: ErrorKind::Io.exit_status() }
    }

    pub(crate) fn output(error: &std::io::Error) -> Self {
        Self { message: format!("standard output: {error}"), status: ErrorKind::Io.exit_status() }
    }

    /// What an option or a variable of the environment says makes no sense.
    pub(crate) fn usage(message: String) -> Self {
        Self { message, status: ErrorKind::Usage.exit_status() }
    }

    pub(crate) fn signals(error: &ctrlc::Error) -> Self {
        Self { message: format!("signals: {error}"), status: ErrorKind::Io.exit_status() }
    }

    pub(crate) fn exit_status(&self) -> u8 {
        self.status
    }
}

impl From<PipelineError> for Failure {
    fn from(error: PipelineError) -> Self {
        Self { status: error.kind().exit_status(), message: error.to_string() }
    }
}

impl From<RolloutError> for Failure {
    fn from(error: RolloutError) -> Self {
        Self { status: error.kind().exit_status(), message: error.to_string() }
    }
}

impl From<EngineError> for Failure {
    /// What the engine refuses of a command's arguments.
    fn from(error: EngineError) -> Self {
        Self { message: error.to_string(), status: ErrorKind::Usage.exit_status() }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}
