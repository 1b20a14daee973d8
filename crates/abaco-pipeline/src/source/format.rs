//! Which formats there are, and how a file name tells them.

use std::path::Path;

use serde::Serialize;

use crate::PipelineError;

/// The format of a tape.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Format {
    /// Comma-separated values with a header, `.csv`.
    Csv,
    /// Apache Parquet, `.parquet`.
    Parquet,
    /// The Arrow IPC file format, `.arrow`, `.ipc` or `.feather` (version 2).
    Ipc,
}

impl Format {
    /// The format's name, as in a report.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Parquet => "parquet",
            Self::Ipc => "ipc",
        }
    }

    /// The format that a file's extension names, in upper or lower case.
    ///
    /// # Errors
    /// [`PipelineError::UnknownFormat`].
    pub fn of(path: &Path) -> Result<Self, PipelineError> {
        let extension = path.extension().map(|extension| extension.to_string_lossy().to_lowercase());
        match extension.as_deref() {
            Some("csv") => Ok(Self::Csv),
            Some("parquet") => Ok(Self::Parquet),
            Some("arrow" | "ipc" | "feather") => Ok(Self::Ipc),
            other => Err(PipelineError::UnknownFormat {
                path: path.to_path_buf(),
                found: other.map_or_else(|| "no extension".to_owned(), |other| format!("`.{other}`")),
            }),
        }
    }
}
