//! The one error type of the crate, and the few kinds that decide an exit status.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::contract::ColumnType;

/// What went wrong, as coarsely as a caller must know to choose an exit status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The caller asked for something that makes no sense, such as a tape with an unknown extension.
    Usage,
    /// A contract or another configuration file is missing, unreadable or wrong.
    Configuration,
    /// The tape was refused. A tape that is missing or cannot be read is refused too: the run has no data.
    Data,
    /// An output could not be written.
    Io,
}

impl ErrorKind {
    /// The exit status that the command `abaco` promises for this kind.
    pub const fn exit_status(self) -> u8 {
        match self {
            Self::Io => 1,
            Self::Usage | Self::Configuration => 2,
            Self::Data => 3,
        }
    }
}

/// Everything that can stop an ingest; messages are fragments that start with the path.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PipelineError {
    /// An option of the call is out of range.
    #[error("option `{name}`: expected {expected}, found {found}")]
    Option {
        /// The option's name.
        name: &'static str,
        /// What is allowed.
        expected: String,
        /// What was given.
        found: String,
    },
    /// The file name does not say which format the tape has.
    #[error("{}: expected a file ending in .csv, .parquet, .arrow, .ipc or .feather, found {found}", path.display())]
    UnknownFormat {
        /// The tape.
        path: PathBuf,
        /// The extension, quoted, or the words `no extension`.
        found: String,
    },
    /// A configuration file is missing or cannot be read.
    #[error("{}: {source}", path.display())]
    ConfigUnreadable {
        /// The configuration file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A configuration file is not the YAML that is expected.
    #[error("{}: {}{message}", path.display(), place(*.line, *.column))]
    Yaml {
        /// The configuration file.
        path: PathBuf,
        /// 1-based line, where known.
        line: Option<usize>,
        /// 1-based column, where known.
        column: Option<usize>,
        /// What is wrong there.
        message: String,
    },
    /// A configuration file is well-formed but contradicts itself or a limit.
    #[error("{}: {message}", path.display())]
    Configuration {
        /// The configuration file.
        path: PathBuf,
        /// What is wrong.
        message: String,
    },
    /// A tape is missing or reading it failed.
    #[error("{}: {source}", path.display())]
    InputUnreadable {
        /// The tape.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A tape without even a header.
    #[error("{}: expected a header, found an empty file", path.display())]
    EmptyFile {
        /// The tape.
        path: PathBuf,
    },
    /// A tape whose length or time of change differs between the first and the last byte read.
    #[error("{}: the file changed while it was being read", path.display())]
    ChangedWhileReading {
        /// The tape.
        path: PathBuf,
    },
    /// A Parquet or IPC file that is damaged, truncated or of another format.
    #[error("{}: expected a readable {format} file, found: {message}", path.display())]
    Corrupt {
        /// The tape.
        path: PathBuf,
        /// The format that its extension names.
        format: &'static str,
        /// What the reader said.
        message: String,
    },
    /// Two columns of a tape have the same name once trimmed and lower-cased.
    #[error("{}: header `{name}`: expected once, found in columns {first} and {second}", path.display())]
    DuplicateHeader {
        /// The tape.
        path: PathBuf,
        /// The name, trimmed and lower-cased.
        name: String,
        /// 1-based position of the first.
        first: usize,
        /// 1-based position of the second.
        second: usize,
    },
    /// A header that is not UTF-8, or has too many columns.
    #[error("{}: header: expected {expected}, found {found}", path.display())]
    Header {
        /// The tape.
        path: PathBuf,
        /// What a header must be.
        expected: String,
        /// What was there.
        found: String,
    },
    /// Required columns that a tape lacks, all of them at once.
    #[error("{}: expected {}, found no such header", path.display(), listed("required column", .columns))]
    MissingColumns {
        /// The tape.
        path: PathBuf,
        /// Canonical names.
        columns: Vec<String>,
    },
    /// Several headers of a tape answer to one column of the contract.
    #[error("{}: column `{column}`: expected one header, found {}", path.display(), listed("", .headers))]
    AmbiguousColumn {
        /// The tape.
        path: PathBuf,
        /// Canonical name.
        column: String,
        /// The headers, in the order of the contract.
        headers: Vec<String>,
    },
    /// A column whose physical type the contract's type does not take.
    #[error("{}: column {column}: expected {expected}, found {found}", path.display())]
    ColumnType {
        /// The tape.
        path: PathBuf,
        /// Canonical name in backticks, with the file's own name where it differs.
        column: String,
        /// The contract's type.
        expected: ColumnType,
        /// The file's type.
        found: String,
    },
    /// A CSV row with more or fewer cells than the header.
    #[error("{}: row {row} (line {line}): expected {expected} cells, found {found}", path.display())]
    RaggedRow {
        /// The tape.
        path: PathBuf,
        /// 1-based data row.
        row: u64,
        /// 1-based physical line on which the row starts.
        line: u64,
        /// Cells in the header.
        expected: usize,
        /// Cells in the row.
        found: usize,
    },
    /// A CSV row that is longer than the limit, most often because of an unclosed quote.
    #[error("{}: row {row} (line {line}): expected at most {limit} bytes, found more; is a quote left open?", path.display())]
    RowTooLong {
        /// The tape.
        path: PathBuf,
        /// 1-based data row; 0 is the header.
        row: u64,
        /// 1-based physical line on which the row starts.
        line: u64,
        /// The limit.
        limit: u64,
    },
    /// One cell that the contract refuses.
    #[error(transparent)]
    Cell(Box<CellError>),
    /// Arrow refused to build a batch; not expected to happen.
    #[error("{}: {source}", path.display())]
    Arrow {
        /// The tape.
        path: PathBuf,
        /// What Arrow said.
        source: arrow::error::ArrowError,
    },
}

impl PipelineError {
    /// The coarse kind, which decides the exit status.
    pub const fn kind(&self) -> ErrorKind {
        match self {
            Self::Option { .. } | Self::UnknownFormat { .. } => ErrorKind::Usage,
            Self::ConfigUnreadable { .. } | Self::Yaml { .. } | Self::Configuration { .. } => {
                ErrorKind::Configuration
            }
            _ => ErrorKind::Data,
        }
    }

    pub(crate) fn input(path: &Path, source: std::io::Error) -> Self {
        Self::InputUnreadable { path: path.to_path_buf(), source }
    }

    pub(crate) fn arrow(path: &Path, source: arrow::error::ArrowError) -> Self {
        Self::Arrow { path: path.to_path_buf(), source }
    }
}

/// Where a refused cell is and why it was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CellError {
    /// The tape.
    pub path: PathBuf,
    /// 1-based data row: the first row after the header is 1.
    pub row: u64,
    /// 1-based physical line on which the row starts; CSV only.
    pub line: Option<u64>,
    /// Canonical name in backticks, with the file's own name where it differs.
    pub column: String,
    /// Why.
    pub problem: CellProblem,
}

impl std::error::Error for CellError {}

impl fmt::Display for CellError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: row {}", self.path.display(), self.row)?;
        if let Some(line) = self.line {
            write!(f, " (line {line})")?;
        }
        write!(f, ", column {}: {}", self.column, self.problem)
    }
}

/// Why a cell was refused. `found` is shortened, has control characters escaped, and is `<masked>` in a pii column.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CellProblem {
    /// The cell is not of the column's type.
    #[error("expected {expected}, found `{found}`")]
    Mismatch {
        /// The contract's type.
        expected: ColumnType,
        /// The cell.
        found: String,
    },
    /// The cell is a number with more digits than the column has.
    #[error("expected {expected}, found `{found}`, which overflows it")]
    Overflow {
        /// The contract's type.
        expected: ColumnType,
        /// The cell.
        found: String,
    },
    /// The cell has more fractional digits than the column and the contract names no rounding.
    #[error("expected {expected}, found `{found}` with more than {scale} fractional digits")]
    ExcessDigits {
        /// The contract's type.
        expected: ColumnType,
        /// The cell.
        found: String,
        /// The column's scale.
        scale: u8,
    },
    /// Two date formats of the contract read the cell as two different dates.
    #[error("expected {expected}, found `{found}`, which the date formats read as different dates")]
    AmbiguousDate {
        /// The contract's type.
        expected: ColumnType,
        /// The cell.
        found: String,
    },
    /// The cell is null where the contract says `nulls: reject`.
    #[error("expected {expected}, found null")]
    Null {
        /// The contract's type.
        expected: ColumnType,
    },
    /// The cell is not UTF-8.
    #[error("expected utf-8 text, found other bytes")]
    InvalidUtf8,
}

/// `line 3, column 5: `, or less where less is known.
fn place(line: Option<usize>, column: Option<usize>) -> String {
    match (line, column) {
        (Some(line), Some(column)) => format!("line {line}, column {column}: "),
        (Some(line), None) => format!("line {line}: "),
        _ => String::new(),
    }
}

/// ``required columns `a` and `b` ``.
fn listed(noun: &str, names: &[String]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    let plural = if names.len() == 1 { "" } else { "s" };
    let list = match quoted.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => quoted.concat(),
    };
    if noun.is_empty() { list } else { format!("{noun}{plural} {list}") }
}
