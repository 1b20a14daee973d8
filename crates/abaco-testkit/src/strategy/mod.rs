//! Tapes with the values at which arithmetic, grouping and NULL rules break.
//!
//! A [`TapeShape`] says which columns a tape has and how wide its decimals are; [`TapeShape::strategy`] gives
//! tapes with NULLs, zeros, negatives, carries across 2^32 and 2^64, the extremes of the width, columns that are
//! NULL throughout, few or many keys and snapshots, days around the usual cuts, and no rows at all. What fails
//! shrinks to a tape that a person can read.

mod raw;
mod values;

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use abaco_kpi::{Column, Kpi, canonical_column};
use proptest::prelude::*;

use self::raw::{Mood, moods};
pub use self::values::{date, decimals, integers, text};
use crate::{CellType, Tape, Width};

/// Which tapes are wanted.
///
/// ```
/// use abaco_testkit::{CellType, Width, strategy::TapeShape};
///
/// let shape = TapeShape::new(Width::Decimal64).canonical("dpd").column("homemade", CellType::RATE);
/// assert_eq!(shape.columns().len(), 2);
/// ```
#[derive(Clone, Debug)]
pub struct TapeShape {
    columns: Vec<(Column, CellType)>,
    width: Width,
    beyond_declared: bool,
    rows: RangeInclusive<usize>,
    dense: Vec<Column>,
}

impl TapeShape {
    /// Tapes without columns, of decimals of this width, with up to 24 rows.
    pub fn new(width: Width) -> Self {
        Self { columns: Vec::new(), width, beyond_declared: false, rows: 0..=24, dense: Vec::new() }
    }

    /// Adds a column, unless there is one of this name.
    #[must_use]
    pub fn column(mut self, name: impl Into<Column>, cell_type: CellType) -> Self {
        let name = name.into();
        if self.columns.iter().all(|(known, _)| *known != name) {
            self.columns.push((name, cell_type));
        }
        self
    }

    /// Adds a column with its canonical type; a name that is not canonical is taken for an amount.
    #[must_use]
    pub fn canonical(self, name: impl Into<Column>) -> Self {
        let name = name.into();
        let cell_type =
            canonical_column(name.name()).map_or(CellType::MONEY, |column| column.column_type.into());
        self.column(name, cell_type)
    }

    /// Adds every column that the formula of `kpi` reads.
    #[must_use]
    pub fn kpi(self, kpi: &dyn Kpi) -> Self {
        columns_of(kpi).into_iter().fold(self, Self::canonical)
    }

    /// Never NULL in this column: a snapshot column, for one.
    #[must_use]
    pub fn dense(mut self, name: impl Into<Column>) -> Self {
        self.dense.push(name.into());
        self
    }

    /// How many rows a tape has.
    #[must_use]
    pub fn rows(mut self, rows: RangeInclusive<usize>) -> Self {
        self.rows = rows;
        self
    }

    /// Also decimals beyond the precision that their column declares, which Arrow does not enforce.
    #[must_use]
    pub fn beyond_declared(mut self, allowed: bool) -> Self {
        self.beyond_declared = allowed;
        self
    }

    /// The columns of the tapes.
    pub fn columns(&self) -> &[(Column, CellType)] {
        &self.columns
    }

    /// The tapes.
    ///
    /// ```
    /// use abaco_testkit::{Width, strategy::TapeShape};
    /// use proptest::prelude::*;
    ///
    /// let tapes = TapeShape::new(Width::Decimal32).canonical("outstanding_balance").strategy();
    /// proptest!(|(tape in tapes)| {
    ///     prop_assert!(tape.fits(Width::Decimal32));
    ///     prop_assert!(tape.len() <= 24);
    /// });
    /// ```
    pub fn strategy(&self) -> BoxedStrategy<Tape> {
        let shape = self.clone();
        let row: Vec<_> = self
            .columns
            .iter()
            .map(|(_, kind)| raw::cells(*kind, self.width, self.beyond_declared))
            .collect();
        let rows = prop::collection::vec(row, self.rows.clone());
        (rows, moods(self.columns.len())).prop_map(move |(rows, moods)| shape.tape(&rows, &moods)).boxed()
    }

    fn tape(&self, rows: &[Vec<raw::Raw>], moods: &[Mood]) -> Tape {
        let moods: Vec<Mood> = self
            .columns
            .iter()
            .zip(moods)
            .map(|((column, _), mood)| if self.dense.contains(column) { mood.dense() } else { *mood })
            .collect();
        let columns = self
            .columns
            .iter()
            .zip(&moods)
            .map(|((column, kind), mood)| (column.clone(), mood.cell_type(*kind, self.width)));
        let cells = |row: &Vec<raw::Raw>| row.iter().zip(&moods).map(|(raw, mood)| mood.cell(raw)).collect();
        // The cells are made from the columns' types, so nothing is refused.
        Tape::from_rows(columns, rows.iter().map(cells)).unwrap_or_default()
    }
}

/// The columns that the formula of `kpi` reads, each once, in the order of their names.
pub(crate) fn columns_of(kpi: &dyn Kpi) -> BTreeSet<Column> {
    let mut columns = BTreeSet::new();
    kpi.formula().for_each_term(&mut |term| {
        term.for_each_column(&mut |column| {
            columns.insert(column.clone());
        });
    });
    columns
}
