//! Which formats there are, and how a file name tells them.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::packing::Packing;
use crate::PipelineError;

/// The format of a tape.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Format {
    /// Comma-separated values with a header, `.csv`.
    Csv,
    /// One JSON object in each line, `.jsonl` or `.ndjson`.
    JsonLines,
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
            Self::JsonLines => "json_lines",
            Self::Parquet => "parquet",
            Self::Ipc => "ipc",
        }
    }

    /// The format that a file's extension names, in upper or lower case.
    ///
    /// A text may be packed: behind the extension stands `.gz` or `.zst`.
    ///
    /// ```
    /// use abaco_pipeline::source::Format;
    ///
    /// assert_eq!(Format::of("tapes/2025-11.NDJSON.zst".as_ref())?, Format::JsonLines);
    /// # Ok::<(), abaco_pipeline::PipelineError>(())
    /// ```
    ///
    /// # Errors
    /// [`PipelineError::UnknownFormat`], or [`PipelineError::PackedFormat`] for a packed file that is no text.
    pub fn of(path: &Path) -> Result<Self, PipelineError> {
        let extension = extension(path);
        let unknown = |found: String| PipelineError::UnknownFormat { path: path.to_path_buf(), found };
        let Some(extension) = extension else { return Err(unknown("no extension".to_owned())) };
        if Packing::of(path) == Packing::None {
            return Self::named(&extension).ok_or_else(|| unknown(format!("`.{extension}`")));
        }
        let Some(inner) = self::extension(&path.with_extension("")) else {
            return Err(unknown(format!("`.{extension}`")));
        };
        let found = format!("`.{inner}.{extension}`");
        match Self::named(&inner) {
            Some(text @ (Self::Csv | Self::JsonLines)) => Ok(text),
            Some(_) => Err(PipelineError::PackedFormat { path: path.to_path_buf(), found }),
            None => Err(unknown(found)),
        }
    }

    fn named(extension: &str) -> Option<Self> {
        match extension {
            "csv" => Some(Self::Csv),
            "jsonl" | "ndjson" => Some(Self::JsonLines),
            "parquet" => Some(Self::Parquet),
            "arrow" | "ipc" | "feather" => Some(Self::Ipc),
            _ => None,
        }
    }
}

/// A file's extension in lower case.
pub(super) fn extension(path: &Path) -> Option<String> {
    path.extension().map(|extension| extension.to_string_lossy().to_lowercase())
}
