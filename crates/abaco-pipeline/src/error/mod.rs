//! The one error type of the crate, and the few kinds that decide an exit status.

use std::path::{Path, PathBuf};

use crate::contract::ColumnType;
use crate::source::Format;
use crate::source::part::Extent;

mod cell;
mod rule;

pub use cell::{CellError, CellProblem};
pub use rule::RuleError;

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
    /// The kind in a word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Usage => "usage",
            Self::Configuration => "configuration",
            Self::Data => "data",
            Self::Io => "io",
        }
    }

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
    #[error("{}: expected a file ending in .csv, .jsonl, .ndjson, .parquet, .arrow, .ipc or .feather, found {found}", path.display())]
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
    /// A tape without even a header, or of JSON lines without a line.
    #[error("{}: expected a header, found an empty file", path.display())]
    EmptyFile {
        /// The tape.
        path: PathBuf,
    },
    /// A tape that was written to, renamed or replaced between the first and the last byte read.
    #[error("{}: the file changed while it was being read", path.display())]
    ChangedWhileReading {
        /// The tape.
        path: PathBuf,
    },
    /// A Parquet or IPC file that is damaged, truncated or of another format.
    #[error("{}: expected a readable {} file, found: {message}", path.display(), format.as_str())]
    Corrupt {
        /// The tape.
        path: PathBuf,
        /// The format that its extension names.
        format: Format,
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
    /// A row of text that is longer than the limit, most often because of an unclosed quote.
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
    /// A quote that is still open at the end of a CSV file: how many rows it has swallowed nobody knows.
    #[error("{}: row {row} (line {line}): expected a closing quote, found the end of the file", path.display())]
    OpenQuote {
        /// The tape.
        path: PathBuf,
        /// 1-based data row in which it opens.
        row: u64,
        /// 1-based line on which that row begins.
        line: u64,
    },
    /// One cell that the contract refuses.
    #[error(transparent)]
    Cell(Box<CellError>),
    /// A tape with a header and nothing below it.
    #[error("{}: expected at least one row, found only a header", path.display())]
    NoRows {
        /// The tape.
        path: PathBuf,
    },
    /// A partition of a tape with other columns than the first.
    #[error("{}: expected the columns of the first partition ({expected}), found {found}", path.display())]
    DifferentColumns {
        /// The partition.
        path: PathBuf,
        /// The first partition's columns and types.
        expected: String,
        /// This one's.
        found: String,
    },
    /// A table that cannot be joined to the others.
    #[error("{}: {message}", path.display())]
    Table {
        /// The table's file.
        path: PathBuf,
        /// What is wrong with it.
        message: String,
    },
    /// The rows could not be computed, or the caller asked for what they do not have.
    #[error("{}: {source}", path.display())]
    Engine {
        /// The tape.
        path: PathBuf,
        /// What the engine said.
        source: abaco_engine::EngineError,
    },
    /// Two partitions with the same bytes.
    #[error("{}: expected another partition, found the same bytes as {}", path.display(), first.display())]
    SameInput {
        /// The later partition.
        path: PathBuf,
        /// The earlier one.
        first: PathBuf,
    },
    /// The definitions do not fit the KPIs.
    #[error(transparent)]
    Definitions(#[from] abaco_engine::DefinitionError),
    /// An output could not be written.
    #[error("{}: {source}", path.display())]
    Output {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// What was folded could not be saved; not expected to happen.
    #[error("state.bin: {0}")]
    State(String),
    /// A packed file whose format packs its own contents.
    #[error("{}: expected a file that is not packed, because its format packs its own contents, found {found}; unpack it first", path.display())]
    PackedFormat {
        /// The tape.
        path: PathBuf,
        /// Both extensions, quoted.
        found: String,
    },
    /// A line of a JSON lines tape that is no row.
    #[error("{}: row {row} (line {line}): expected {expected}, found {found}", path.display())]
    JsonRow {
        /// The tape.
        path: PathBuf,
        /// 1-based data row.
        row: u64,
        /// 1-based line.
        line: u64,
        /// What a line must be.
        expected: String,
        /// What was there.
        found: String,
    },
    /// A pattern that no file matches.
    #[error("{}: expected at least one file that matches, found none", pattern.display())]
    NoMatch {
        /// The pattern.
        pattern: PathBuf,
    },
    /// Somebody asked the run to end.
    #[error("the run was cancelled")]
    Cancelled,
    /// A file among the published runs is not what was written there; nothing is published beside it.
    #[error("{}: {message}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        message: String,
    },
    /// A folder that is no run was named as one.
    #[error("{}: expected the folder of a run, found {found}", path.display())]
    NotARun {
        /// The folder.
        path: PathBuf,
        /// What is there.
        found: String,
    },
    /// A key that is no key; the message never shows it.
    #[error("{place}: expected {expected}")]
    Key {
        /// The file, the variable or the option from which it came.
        place: String,
        /// What a key looks like.
        expected: &'static str,
    },
    /// A row that a rule of the contract refuses.
    #[error(transparent)]
    Rule(Box<RuleError>),
    /// A tape that a rule of the contract refuses as a whole.
    #[error("{}: rule `{rule}`: {message}", path.display())]
    TableRule {
        /// The tape, or the first of its partitions.
        path: PathBuf,
        /// The id of the check.
        rule: String,
        /// What was expected and what was found.
        message: String,
    },
    /// A control total that no tape of money has.
    #[error("the control total of `{what}` has more than 256 bits")]
    TotalOverflow {
        /// The column.
        what: String,
    },
    /// An environment variable does not hold the secret that the configuration expects there.
    #[error("environment variable `{variable}`: {message}")]
    Secret {
        /// The variable.
        variable: String,
        /// What is wrong, without the value.
        message: String,
    },
    /// No row of a table fits the contract.
    #[error("{}: expected rows that fit the contract, found {rows} that do not", path.display())]
    AllQuarantined {
        /// The first file.
        path: PathBuf,
        /// Rows that were read.
        rows: u64,
    },
    /// Rows or money were lost between two phases, or counted twice; not expected to happen.
    #[error("control totals: {message}")]
    Untied {
        /// What does not tie.
        message: String,
    },
    /// What lies elsewhere could not be fetched.
    #[error("{url}: {message}")]
    Fetch {
        /// The address without user, password and query.
        url: String,
        /// What is wrong.
        message: String,
    },
    /// The history beside the runs could not be used; what it holds follows from the runs.
    #[error("{}: {message}", path.display())]
    History {
        /// The history, or the run that it should know.
        path: PathBuf,
        /// What is wrong.
        message: String,
    },
    /// A document could not be written as JSON; not expected to happen.
    #[error("json: {0}")]
    Json(#[source] serde_json::Error),
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
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Option { .. }
            | Self::UnknownFormat { .. }
            | Self::PackedFormat { .. }
            | Self::NotARun { .. } => ErrorKind::Usage,
            Self::ConfigUnreadable { .. }
            | Self::Yaml { .. }
            | Self::Configuration { .. }
            | Self::Key { .. }
            | Self::Secret { .. }
            | Self::Definitions(_) => ErrorKind::Configuration,
            Self::Engine { source, .. } => match source.kind() {
                abaco_engine::ErrorKind::Usage => ErrorKind::Usage,
                _ => ErrorKind::Data,
            },
            Self::Output { .. }
            | Self::Damaged { .. }
            | Self::Json(_)
            | Self::State(_)
            | Self::Untied { .. }
            | Self::History { .. }
            | Self::Cancelled => ErrorKind::Io,
            _ => ErrorKind::Data,
        }
    }

    /// The same error about a part of a tape that begins behind so many rows and lines.
    pub(crate) fn behind(mut self, before: Extent) -> Self {
        match &mut self {
            Self::Cell(cell) => {
                cell.row += before.rows;
                cell.line = cell.line.map(|line| line + before.lines);
            }
            Self::RaggedRow { row, line, .. }
            | Self::RowTooLong { row, line, .. }
            | Self::OpenQuote { row, line, .. }
            | Self::JsonRow { row, line, .. } => {
                *row += before.rows;
                *line += before.lines;
            }
            Self::Rule(rule) => rule.row += before.rows,
            _ => {}
        }
        self
    }

    pub(crate) fn input(path: &Path, source: std::io::Error) -> Self {
        Self::InputUnreadable { path: path.to_path_buf(), source }
    }

    pub(crate) fn output(path: &Path, source: std::io::Error) -> Self {
        Self::Output { path: path.to_path_buf(), source }
    }

    pub(crate) fn arrow(path: &Path, source: arrow::error::ArrowError) -> Self {
        Self::Arrow { path: path.to_path_buf(), source }
    }
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
