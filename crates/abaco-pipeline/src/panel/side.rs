//! The tables beside the tape: static data, events, schedules and the ledger.

use std::path::{Path, PathBuf};

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::datatypes::{DataType, Date32Type};

use super::amounts;
use super::history::Flow;
use super::loans::Loans;
use crate::PipelineError;

/// The column by which tables are joined to the tape.
pub(crate) const KEY: &str = "loan_id";

/// The tables beside the tape, each as far as it is given.
#[derive(Debug, Default)]
pub(crate) struct SideTables {
    pub(crate) statics: Option<Statics>,
    pub(crate) events: Option<Timeline>,
    pub(crate) schedule: Option<Timeline>,
    pub(crate) ledger: Option<Ledger>,
}

/// One row per loan, of what never changes.
#[derive(Debug)]
pub(crate) struct Statics {
    pub(crate) batch: RecordBatch,
    /// The row of each loan by its number; loans that came later have none.
    rows: Vec<Option<usize>>,
    /// The day on which each row's loan was disbursed, where the table says so.
    pub(crate) origination: Option<ArrayRef>,
}

/// Amounts by day and loan, in the order of the days.
#[derive(Debug)]
pub(crate) struct Timeline {
    pub(crate) flows: Vec<Flow>,
    entries: Vec<Entry>,
}

#[derive(Debug)]
struct Entry {
    day: i32,
    loan: usize,
    amounts: [i128; Flow::SCHEDULE.len() + 1],
}

/// Rows of the portfolio and a day: no loan's.
#[derive(Debug)]
pub(crate) struct Ledger {
    pub(crate) batch: RecordBatch,
    days: Vec<i32>,
}

/// A table as it was read: its canonical columns, the column that dates its rows, and its file for errors.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    pub(crate) path: PathBuf,
    pub(crate) batch: RecordBatch,
    pub(crate) dated_by: Option<String>,
}

impl Table {
    pub(crate) fn refused(&self, message: impl Into<String>) -> PipelineError {
        refused(&self.path, message)
    }

    fn loans(&self, loans: &mut Loans) -> Result<Vec<usize>, PipelineError> {
        let keys = self.batch.column_by_name(KEY).ok_or_else(|| {
            self.refused(format!("expected the column `{KEY}`, by which it is joined to the tape"))
        })?;
        loans.number(keys).map_err(|row| {
            self.refused(format!("row {}: column `{KEY}`: expected a loan, found null", row + 1))
        })
    }

    fn days(&self) -> Result<Vec<i32>, PipelineError> {
        let name = self.dated_by.as_deref().ok_or_else(|| {
            self.refused(
                "expected a date column with the role `snapshot` in its contract: when a row happened",
            )
        })?;
        let column = self
            .batch
            .column_by_name(name)
            .ok_or_else(|| self.refused(format!("expected the column `{name}`, which dates its rows")))?;
        days(column).map_err(|row| {
            self.refused(format!("row {}: column `{name}`: expected a date, found null", row + 1))
        })
    }
}

pub(crate) fn refused(path: &Path, message: impl Into<String>) -> PipelineError {
    PipelineError::Table { path: path.to_path_buf(), message: message.into() }
}

/// The days of a date column, or the first row without one.
pub(crate) fn days(column: &ArrayRef) -> Result<Vec<i32>, usize> {
    if *column.data_type() != DataType::Date32 {
        return Err(0);
    }
    let column = column.as_primitive::<Date32Type>();
    column.iter().enumerate().map(|(row, day)| day.ok_or(row)).collect()
}

impl Statics {
    pub(crate) fn new(table: &Table, loans: &mut Loans) -> Result<Self, PipelineError> {
        let numbers = table.loans(loans)?;
        let mut rows = vec![None; loans.len()];
        for (row, loan) in numbers.into_iter().enumerate() {
            if let Some(first) = rows[loan].replace(row) {
                let message = format!(
                    "row {}: expected one row per loan, found the loan of row {} again",
                    row + 1,
                    first + 1
                );
                return Err(table.refused(message));
            }
        }
        let origination = table.batch.column_by_name("origination_date").cloned();
        Ok(Self { batch: table.batch.clone(), rows, origination })
    }

    pub(crate) fn row(&self, loan: usize) -> Option<usize> {
        self.rows.get(loan).copied().flatten()
    }

    /// Whether the loan of this row was disbursed by `day`; unknown without a date.
    pub(crate) fn originated_by(&self, row: usize, day: i32) -> bool {
        self.origination.as_ref().is_some_and(|dates| {
            let dates = dates.as_primitive_opt::<Date32Type>();
            dates.is_some_and(|dates| dates.is_valid(row) && dates.value(row) <= day)
        })
    }
}

impl Timeline {
    pub(crate) fn new(
        table: &Table,
        flows: &[Flow],
        scale: u8,
        loans: &mut Loans,
    ) -> Result<Self, PipelineError> {
        let (numbers, days) = (table.loans(loans)?, table.days()?);
        let mut found = Vec::new();
        let mut columns = Vec::new();
        for flow in flows {
            let Some(array) = table.batch.column_by_name(flow.name()) else { continue };
            let refuse = |problem| table.refused(format!("column `{}`: {problem}", flow.name()));
            found.push(*flow);
            columns.push(amounts::read(array, scale).map_err(refuse)?);
        }
        if found.is_empty() {
            let names: Vec<String> = flows.iter().map(|flow| format!("`{}`", flow.name())).collect();
            return Err(table.refused(format!("expected at least one of the columns {}", names.join(", "))));
        }
        let mut entries: Vec<Entry> = numbers
            .into_iter()
            .zip(days)
            .enumerate()
            .map(|(row, (loan, day))| {
                let mut amounts = [0; Flow::SCHEDULE.len() + 1];
                // A NULL amount is none: the contract says whether it may be.
                for (into, column) in amounts.iter_mut().zip(&columns) {
                    *into = column[row].unwrap_or(0);
                }
                Entry { day, loan, amounts }
            })
            .collect();
        entries.sort_by_key(|entry| entry.day);
        Ok(Self { flows: found, entries })
    }

    /// The first day of each loan by its number.
    pub(crate) fn first_days(&self, loans: usize) -> Vec<Option<i32>> {
        let mut first = vec![None; loans];
        for entry in &self.entries {
            first[entry.loan].get_or_insert(entry.day);
        }
        first
    }

    /// The largest scale of a table's amounts.
    pub(crate) fn scale(table: &Table, flows: &[Flow]) -> Option<u8> {
        let scales = flows.iter().filter_map(|flow| {
            table.batch.column_by_name(flow.name()).and_then(|array| amounts::scale_of(array.data_type()))
        });
        scales.max()
    }

    /// What happened from entry `from` on up to and on `day`, with the entry behind it.
    pub(crate) fn until(
        &self,
        from: usize,
        day: i32,
    ) -> (impl Iterator<Item = (usize, Flow, i128)> + '_, usize) {
        let to = from + self.entries[from..].partition_point(|entry| entry.day <= day);
        let happened = self.entries[from..to].iter().flat_map(|entry| {
            self.flows.iter().zip(entry.amounts).map(|(flow, amount)| (entry.loan, *flow, amount))
        });
        (happened, to)
    }
}

impl Ledger {
    pub(crate) fn new(table: &Table) -> Result<Self, PipelineError> {
        let days = table.days()?;
        // The day of an entry is not the day of the snapshot whose period it falls into.
        let kept: Vec<usize> = table
            .batch
            .schema()
            .fields()
            .iter()
            .enumerate()
            .filter(|(_, field)| Some(field.name()) != table.dated_by.as_ref())
            .map(|(index, _)| index)
            .collect();
        let batch = table.batch.project(&kept).map_err(|error| PipelineError::arrow(&table.path, error))?;
        Ok(Self { batch, days })
    }

    /// The rows after `from` up to and on `to`; before the first snapshot only those of the last day.
    pub(crate) fn rows(&self, from: Option<i32>, to: i32) -> Vec<LedgerRow> {
        let last = self.days.iter().copied().filter(|day| *day <= to).max();
        let within = |day: i32| match from {
            Some(from) => day > from && day <= to,
            None => Some(day) == last,
        };
        let rows = self.days.iter().enumerate().filter(|(_, day)| within(**day));
        rows.map(|(index, day)| LedgerRow { index, is_last: Some(*day) == last }).collect()
    }
}

/// A row of the ledger in a period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LedgerRow {
    pub(crate) index: usize,
    /// Whether it is of the period's last day in the ledger: the one that has its levels.
    pub(crate) is_last: bool,
}
