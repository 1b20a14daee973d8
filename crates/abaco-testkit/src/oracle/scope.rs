//! Which rows are in scope: of a snapshot, of a group.

use std::collections::BTreeSet;

use abaco_kpi::{Column, RowExpr, Undefined};
use chrono::NaiveDate;

use super::gone::Malformed;
use super::row::Row;
use super::{Oracle, When};
use crate::{Cell, CellType};

/// A group: its columns and their values; NULL is `None`.
pub type GroupBy = Vec<(Column, Option<String>)>;

/// The rows of a tape, by snapshot and group.
#[derive(Clone, Copy)]
pub(super) struct Scopes<'o> {
    oracle: &'o Oracle<'o>,
}

impl<'o> Scopes<'o> {
    pub(super) fn new(oracle: &'o Oracle<'o>) -> Self {
        Self { oracle }
    }

    pub(super) fn snapshots(self) -> Vec<NaiveDate> {
        let dates: BTreeSet<NaiveDate> =
            (0..self.oracle.tape.len()).filter_map(|row| self.snapshot_of(row)).collect();
        dates.into_iter().collect()
    }

    /// The snapshot `lag` places before `when`.
    pub(super) fn moment(self, when: When, lag: u32) -> Result<When, Undefined> {
        let When::At(date) = when else {
            return if lag == 0 { Ok(When::Always) } else { Err(Undefined::NoEarlierSnapshot) };
        };
        if lag == 0 {
            return Ok(when);
        }
        let earlier: Vec<NaiveDate> =
            self.snapshots().into_iter().rev().filter(|known| *known < date).collect();
        let found = usize::try_from(lag - 1).ok().and_then(|index| earlier.get(index));
        found.map(|date| When::At(*date)).ok_or(Undefined::NoEarlierSnapshot)
    }

    /// The rows of a moment and a group.
    pub(super) fn rows(self, when: When, by: &[(Column, Option<String>)]) -> Vec<usize> {
        let dated = |row: usize| match when {
            When::Always => true,
            When::At(date) => self.snapshot_of(row) == Some(date),
        };
        let grouped = |row: usize| by.iter().all(|(column, value)| self.key(row, column) == *value);
        (0..self.oracle.tape.len()).filter(|row| dated(*row) && grouped(*row)).collect()
    }

    pub(super) fn groups(self, when: When, by: &[Column]) -> Vec<GroupBy> {
        let of_row =
            |row: usize| -> Vec<Option<String>> { by.iter().map(|column| self.key(row, column)).collect() };
        let found: BTreeSet<Vec<Option<String>>> = self.rows(when, &[]).into_iter().map(of_row).collect();
        found.into_iter().map(|values| by.iter().cloned().zip(values).collect()).collect()
    }

    /// The tape's columns that a canonical column is read from.
    pub(super) fn tape_columns(self, column: &Column) -> BTreeSet<Column> {
        let mut found = BTreeSet::new();
        self.collect(column, &mut Vec::new(), &mut found);
        found
    }

    fn collect(self, column: &Column, above: &mut Vec<Column>, found: &mut BTreeSet<Column>) {
        match self.oracle.bindings.get(column) {
            Some(expr) if !above.contains(column) => {
                above.push(column.clone());
                expr.for_each_column(&mut |inner| self.collect(inner, above, found));
                above.pop();
            }
            _ => {
                found.insert(column.clone());
            }
        }
    }

    pub(super) fn row(self, index: usize) -> Row<'o> {
        Row { oracle: self.oracle, index, above: None }
    }

    /// The value of a key on a row, as something that equals itself; NULL equals NULL here.
    pub(super) fn key_value(
        self,
        row: usize,
        key: &Column,
    ) -> Result<Option<super::value::Value>, Malformed> {
        self.row(row).column(key)
    }

    fn snapshot_of(self, row: usize) -> Option<NaiveDate> {
        match self.cell(row, self.oracle.snapshot.as_ref()?)?.0 {
            Cell::Date(date) => Some(*date),
            _ => None,
        }
    }

    fn key(self, row: usize, column: &Column) -> Option<String> {
        match self.cell(row, column)? {
            (Cell::Text(text), _) => Some(text.clone()),
            (Cell::Null, _) => None,
            (cell, cell_type) => Some(cell.shown(cell_type)),
        }
    }

    /// A cell of the tape's column to which `column` is bound; keys are bound to columns only.
    fn cell(self, row: usize, column: &Column) -> Option<(&'o Cell, CellType)> {
        let name = match self.oracle.bindings.get(column) {
            Some(RowExpr::Column(bound)) => bound,
            _ => column,
        };
        let position = self.oracle.tape.position(name.name())?;
        Some((&self.oracle.tape.rows()[row][position], self.oracle.tape.columns()[position].1))
    }
}
