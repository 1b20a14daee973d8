//! Tapes: tables of rows, as tests write them.

mod arrays;
mod batch;
mod cell;
mod display;
mod layout;

use abaco_kpi::Column;
use chrono::NaiveDate;

pub use self::cell::{Cell, CellType};
pub use self::layout::{Layout, TextLayout, Width};
use crate::TapeError;

/// A table of rows that becomes Arrow batches of any width.
///
/// ```
/// use abaco_testkit::{Cell, CellType, Tape, Width};
///
/// let tape = Tape::new()
///     .integers("dpd", [0, 31])?
///     .column("outstanding_balance", CellType::MONEY, [Cell::Number(150_00), Cell::Null])?;
/// assert_eq!(tape.len(), 2);
/// assert_eq!(tape.to_string(), "dpd | outstanding_balance\n0   | 150.00\n31  | NULL\n");
/// assert_eq!(tape.to_batch(Width::Decimal64)?.num_rows(), 2);
/// # Ok::<(), abaco_testkit::TapeError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tape {
    columns: Vec<(Column, CellType)>,
    rows: Vec<Vec<Cell>>,
}

impl Tape {
    /// A tape without columns and rows.
    pub fn new() -> Self {
        Self::default()
    }

    /// A tape of these columns and rows.
    ///
    /// # Errors
    /// [`TapeError`] if two columns share a name, or a row does not fit the columns.
    pub fn from_rows(
        columns: impl IntoIterator<Item = (Column, CellType)>,
        rows: impl IntoIterator<Item = Vec<Cell>>,
    ) -> Result<Self, TapeError> {
        let mut tape = Self::new();
        for (name, cell_type) in columns {
            tape = tape.column(name, cell_type, [])?;
        }
        for row in rows {
            tape.push(row)?;
        }
        Ok(tape)
    }

    /// Adds a row.
    ///
    /// # Errors
    /// [`TapeError::Length`] or [`TapeError::Type`] if it does not fit the columns.
    pub fn push(&mut self, row: Vec<Cell>) -> Result<(), TapeError> {
        if row.len() != self.columns.len() {
            let what = format!("row {}", self.rows.len());
            return Err(TapeError::Length { what, expected: self.columns.len(), found: row.len() });
        }
        for ((column, cell_type), cell) in self.columns.iter().zip(&row) {
            cell.check(column, self.rows.len(), *cell_type)?;
        }
        self.rows.push(row);
        Ok(())
    }

    /// Adds a column; the first one decides the number of rows.
    ///
    /// # Errors
    /// [`TapeError`] if the name is taken, or the cells do not fit the type or the rows.
    pub fn column(
        mut self,
        name: impl Into<Column>,
        cell_type: CellType,
        cells: impl IntoIterator<Item = Cell>,
    ) -> Result<Self, TapeError> {
        let (column, cells) = (name.into(), cells.into_iter().collect::<Vec<_>>());
        if self.position(column.name()).is_some() {
            return Err(TapeError::Duplicate { column });
        }
        if self.columns.is_empty() {
            self.rows = vec![Vec::new(); cells.len()];
        }
        if cells.len() != self.rows.len() {
            let what = format!("column {column}");
            return Err(TapeError::Length { what, expected: self.rows.len(), found: cells.len() });
        }
        for (index, (row, cell)) in self.rows.iter_mut().zip(cells).enumerate() {
            cell.check(&column, index, cell_type)?;
            row.push(cell);
        }
        self.columns.push((column, cell_type));
        Ok(self)
    }

    /// Adds a column of amounts, given in hundredths.
    ///
    /// # Errors
    /// Those of [`column`](Self::column).
    pub fn money(
        self,
        name: impl Into<Column>,
        cents: impl IntoIterator<Item = i128>,
    ) -> Result<Self, TapeError> {
        self.column(name, CellType::MONEY, cents.into_iter().map(Cell::Number))
    }

    /// Adds a column of whole numbers.
    ///
    /// # Errors
    /// Those of [`column`](Self::column).
    pub fn integers(
        self,
        name: impl Into<Column>,
        values: impl IntoIterator<Item = i64>,
    ) -> Result<Self, TapeError> {
        self.column(name, CellType::Integer, values.into_iter().map(Cell::Integer))
    }

    /// Adds a column of texts.
    ///
    /// # Errors
    /// Those of [`column`](Self::column).
    pub fn texts<T: Into<String>>(
        self,
        name: impl Into<Column>,
        values: impl IntoIterator<Item = T>,
    ) -> Result<Self, TapeError> {
        self.column(name, CellType::Text, values.into_iter().map(|text| Cell::Text(text.into())))
    }

    /// Adds a column of dates.
    ///
    /// # Errors
    /// Those of [`column`](Self::column).
    pub fn dates(
        self,
        name: impl Into<Column>,
        values: impl IntoIterator<Item = NaiveDate>,
    ) -> Result<Self, TapeError> {
        self.column(name, CellType::Date, values.into_iter().map(Cell::Date))
    }

    /// Adds a column of truth values.
    ///
    /// # Errors
    /// Those of [`column`](Self::column).
    pub fn booleans(
        self,
        name: impl Into<Column>,
        values: impl IntoIterator<Item = bool>,
    ) -> Result<Self, TapeError> {
        self.column(name, CellType::Boolean, values.into_iter().map(Cell::Boolean))
    }

    /// The columns, in their order.
    pub fn columns(&self) -> &[(Column, CellType)] {
        &self.columns
    }

    /// The rows, in their order.
    pub fn rows(&self) -> &[Vec<Cell>] {
        &self.rows
    }

    /// How many rows the tape has.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether the tape has no row.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Where the column called `name` stands.
    pub fn position(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|(column, _)| column.name() == name)
    }

    /// The cell of a row and a column, if both are there.
    pub fn cell(&self, row: usize, column: &str) -> Option<&Cell> {
        self.rows.get(row)?.get(self.position(column)?)
    }

    /// The tape of these rows, in this order; those that are not there are left out.
    ///
    /// ```
    /// let tape = abaco_testkit::Tape::new().integers("dpd", [0, 31, 92])?;
    /// assert_eq!(tape.select([2, 0]).to_string(), "dpd\n92\n0\n");
    /// # Ok::<(), abaco_testkit::TapeError>(())
    /// ```
    #[must_use]
    pub fn select(&self, rows: impl IntoIterator<Item = usize>) -> Self {
        let rows = rows.into_iter().filter_map(|row| self.rows.get(row).cloned()).collect();
        Self { columns: self.columns.clone(), rows }
    }

    /// The tape without the columns that `leave_out` accepts.
    #[must_use]
    pub fn without(&self, leave_out: impl Fn(&Column) -> bool) -> Self {
        let kept: Vec<usize> =
            (0..self.columns.len()).filter(|index| !leave_out(&self.columns[*index].0)).collect();
        let pick = |row: &Vec<Cell>| kept.iter().map(|index| row[*index].clone()).collect();
        Self {
            columns: kept.iter().map(|index| self.columns[*index].clone()).collect(),
            rows: self.rows.iter().map(pick).collect(),
        }
    }
}
