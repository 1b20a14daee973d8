//! The formats of tables.

/// A format in which a table is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TableFormat {
    /// Parquet, compressed with zstd.
    Parquet,
    /// RFC 4180, with cells that a spreadsheet would take for formulas [`neutralised`](super::neutralised).
    Csv,
    /// The Arrow IPC file format.
    Ipc,
}

impl TableFormat {
    /// The ending of a file's name.
    ///
    /// ```
    /// assert_eq!(abaco_pipeline::artefacts::TableFormat::Ipc.extension(), "arrow");
    /// ```
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Parquet => "parquet",
            Self::Csv => "csv",
            Self::Ipc => "arrow",
        }
    }
}
