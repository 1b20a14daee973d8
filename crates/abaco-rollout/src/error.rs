//! The one error type of the crate.

use std::path::{Path, PathBuf};

use abaco_pipeline::PipelineError;

/// What went wrong, as coarsely as a caller must know to choose an exit status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The call or a configuration makes no sense.
    Usage,
    /// What was given as data was refused.
    Data,
    /// Something could not be read, written or started.
    Failed,
    /// The rollout does not allow it: a closed gate, an illegal transition.
    Refused,
}

impl ErrorKind {
    /// The exit status that the command `abaco` promises for this kind.
    pub const fn exit_status(self) -> u8 {
        match self {
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Data => 3,
            Self::Refused => 5,
        }
    }
}

/// What can stop a rollout's step; messages are fragments that begin with the place.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RolloutError {
    /// A run, a configuration or a file of the pipeline's could not be used.
    #[error(transparent)]
    Pipeline(#[from] PipelineError),
    /// `rollout.yml` says something that cannot be meant.
    #[error("{path}: {message}", path = path.display())]
    Configuration {
        /// The file.
        path: PathBuf,
        /// What was expected, what was found.
        message: String,
    },
    /// A side's figures cannot be read.
    #[error("{path}: {message}", path = path.display())]
    Figures {
        /// The file or the folder.
        path: PathBuf,
        /// The row, the column, what was expected and what was found.
        message: String,
    },
    /// A program could not be started, ran out of time or ended with an error.
    #[error("program `{program}`: {message}")]
    Program {
        /// The first argument.
        program: String,
        /// What happened, with the end of what it wrote.
        message: String,
    },
    /// A file or a folder could not be read or written.
    #[error("{path}: {source}", path = path.display())]
    Io {
        /// Where.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The journal or what it names is not what was written.
    #[error("{path}: damaged: {message}", path = path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Where and how.
        message: String,
    },
    /// A procedure failed; what it had done is undone, or it says what is not.
    #[error("{0}")]
    Failed(String),
    /// What was asked for is not allowed now.
    #[error("{0}")]
    Refused(String),
}

impl RolloutError {
    pub(crate) fn io(path: &Path, source: std::io::Error) -> Self {
        Self::Io { path: path.to_path_buf(), source }
    }

    pub(crate) fn figures(path: &Path, message: impl Into<String>) -> Self {
        Self::Figures { path: path.to_path_buf(), message: message.into() }
    }

    /// How coarse callers sort it.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Pipeline(error) => match error.kind() {
                abaco_pipeline::ErrorKind::Usage | abaco_pipeline::ErrorKind::Configuration => {
                    ErrorKind::Usage
                }
                abaco_pipeline::ErrorKind::Data => ErrorKind::Data,
                _ => ErrorKind::Failed,
            },
            Self::Configuration { .. } => ErrorKind::Usage,
            Self::Figures { .. } => ErrorKind::Data,
            Self::Program { .. } | Self::Io { .. } | Self::Damaged { .. } | Self::Failed(_) => {
                ErrorKind::Failed
            }
            Self::Refused(_) => ErrorKind::Refused,
        }
    }
}
