//! What an ingest says about a tape.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::part::Digested;
use super::{ColumnReader, Format};
use crate::contract::ColumnType;

/// What was read, from where, and what the contract's rules did to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct IngestReport {
    /// The tape, as the caller named it.
    pub path: String,
    /// Its format.
    pub format: Format,
    /// SHA-256 of the whole file in lower case hex; `None` until the tape has been read to its end, and where the
    /// digest was left out.
    pub sha256: Option<String>,
    /// Length of the file; 0 until the tape has been read to its end.
    pub bytes: u64,
    /// Rows read.
    pub rows: u64,
    /// Rows of Parquet row groups that were not read, because their statistics exclude the date that was asked for.
    pub rows_left_out: u64,
    /// Headers that the contract does not declare, trimmed and lower-cased, in the order of the file.
    pub ignored_columns: Vec<String>,
    /// The columns read, in the order of the contract.
    pub columns: Vec<ColumnReport>,
}

/// What was read into one column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ColumnReport {
    /// Canonical name.
    pub name: String,
    /// The file's name, trimmed and lower-cased.
    pub header: String,
    /// The contract's type.
    pub column_type: String,
    /// Null cells in the file, filled ones included.
    pub nulls: u64,
    /// Null cells that became 0.
    pub filled: u64,
    /// Cells that lost digits to rounding.
    pub rounded: u64,
    /// Decimals: the most fractional digits of a cell, at most the column's scale. In text they are counted as
    /// written, so `1.50` has 2; in Parquet and IPC every cell has as many as the file's column declares.
    pub observed_scale: Option<u8>,
}

/// The counts of a [`ColumnReport`], as the inner loop keeps them.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Counters {
    pub(crate) nulls: u64,
    pub(crate) filled: u64,
    pub(crate) rounded: u64,
    pub(crate) observed_scale: Option<u8>,
}

impl Counters {
    /// Nothing counted yet.
    pub(crate) fn of(column_type: ColumnType) -> Self {
        let decimal = matches!(column_type, ColumnType::Decimal { .. });
        Self { observed_scale: decimal.then_some(0), ..Self::default() }
    }

    /// Adds what was counted elsewhere in the same column.
    pub(crate) fn add(&mut self, other: &Self) {
        self.nulls += other.nulls;
        self.filled += other.filled;
        self.rounded += other.rounded;
        self.observed_scale = self.observed_scale.max(other.observed_scale);
    }

    /// Takes note of a number's fractional digits; only decimal columns keep them.
    #[inline]
    pub(crate) fn observe(&mut self, written_scale: u8) {
        self.observed_scale = self.observed_scale.map(|scale| scale.max(written_scale));
    }
}

impl IngestReport {
    /// The report of a canonical column, if the tape has it and it was read.
    pub fn column(&self, name: &str) -> Option<&ColumnReport> {
        self.columns.iter().find(|column| column.name == name)
    }

    pub(crate) fn new(
        path: &Path,
        format: Format,
        ignored_columns: Vec<String>,
        columns: &[ColumnReader],
    ) -> Self {
        Self {
            path: path.display().to_string(),
            format,
            sha256: None,
            bytes: 0,
            rows: 0,
            rows_left_out: 0,
            ignored_columns,
            columns: columns.iter().map(ColumnReport::new).collect(),
        }
    }

    pub(crate) fn update<'a>(&mut self, rows: u64, columns: impl IntoIterator<Item = &'a ColumnReader>) {
        self.rows = rows;
        for (report, column) in self.columns.iter_mut().zip(columns) {
            report.set(&column.counters);
        }
    }

    pub(crate) fn complete(&mut self, digested: Digested) {
        self.sha256 = digested.sha256;
        self.bytes = digested.bytes;
    }
}

impl ColumnReport {
    fn new(column: &ColumnReader) -> Self {
        let mut report = Self {
            name: column.bound.column.name.clone(),
            header: column.bound.header.clone(),
            column_type: column.bound.column.column_type.to_string(),
            nulls: 0,
            filled: 0,
            rounded: 0,
            observed_scale: None,
        };
        report.set(&column.counters);
        report
    }

    fn set(&mut self, counters: &Counters) {
        self.nulls = counters.nulls;
        self.filled = counters.filled;
        self.rounded = counters.rounded;
        self.observed_scale = counters.observed_scale;
    }
}
