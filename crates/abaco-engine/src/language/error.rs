//! Where a text leaves the language, and what would be allowed there.

use sqlparser::tokenizer::Location;

/// Why a text is not an expression of the language.
///
/// ```
/// let error = abaco_engine::parse_row_expr("balance + medain(dpd)").unwrap_err();
/// assert_eq!((error.line(), error.column()), (1, 11));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {message}")]
#[non_exhaustive]
pub struct LanguageError {
    line: u64,
    column: u64,
    message: String,
}

impl LanguageError {
    pub(super) fn at(place: Location, message: impl Into<String>) -> Self {
        Self { line: place.line.max(1), column: place.column.max(1), message: message.into() }
    }

    /// The line, counted from 1.
    pub fn line(&self) -> u64 {
        self.line
    }

    /// The column in characters, counted from 1.
    pub fn column(&self) -> u64 {
        self.column
    }

    /// What is wrong there, without the place.
    pub fn message(&self) -> &str {
        &self.message
    }
}
