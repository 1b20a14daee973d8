//! What was counted while rows were looked at.

use std::collections::{BTreeMap, BTreeSet};

use arrow::array::RecordBatch;

use super::screen::{Screen, Seat};
use super::totals::AmountTotals;
use super::tracked::Kept;
use crate::PipelineError;
use crate::ingest::RowId;

/// Rows that a check shows.
pub(super) const MAX_EXAMPLES: usize = 5;

/// What a thread has counted of the rows that it looked at.
///
/// Two of them merge into what one would have counted of all their rows, in whatever order: they keep, for instance, the
/// first examples of the file and not the first that were seen.
///
/// They hold a few numbers for each check and part; for `never_reverts` the keys of the tape, for `unique` 40 bytes for
/// each value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counters {
    pub(super) tallies: Vec<Tally>,
    pub(super) rows: RowCounts,
    pub(super) totals: Vec<AmountTotals>,
    pub(super) kept: Kept,
    amounts: Vec<String>,
    parts: BTreeMap<(u32, u32), u64>,
}

/// Where rows went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[non_exhaustive]
pub struct RowCounts {
    /// All.
    pub read: u64,
    /// Those that go on.
    pub accepted: u64,
    /// Those that were refused.
    pub quarantined: u64,
    /// Those that are there twice.
    pub duplicate: u64,
}

impl RowCounts {
    pub(super) fn ties(&self) -> bool {
        self.accepted + self.quarantined + self.duplicate == self.read
    }
}

/// What a check has seen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) checked: u64,
    pub(super) violating: u64,
    /// The first violating rows.
    pub(super) examples: BTreeSet<RowId>,
}

impl Tally {
    pub(super) fn show(&mut self, row: RowId) {
        if self.examples.len() == MAX_EXAMPLES && self.examples.last().is_some_and(|last| *last < row) {
            return;
        }
        self.examples.insert(row);
        if self.examples.len() > MAX_EXAMPLES {
            self.examples.pop_last();
        }
    }
}

impl Counters {
    pub(super) fn of(screen: &Screen) -> Self {
        Self {
            tallies: vec![Tally::default(); screen.checks.len()],
            rows: RowCounts::default(),
            totals: vec![AmountTotals::default(); screen.amounts.len()],
            kept: Kept::of(&screen.tracked),
            amounts: screen.amounts().map(str::to_owned).collect(),
            parts: BTreeMap::new(),
        }
    }

    /// Adds what another thread has counted by the same screen.
    ///
    /// # Errors
    /// [`PipelineError::TotalOverflow`].
    pub fn merge(&mut self, other: Self) -> Result<(), PipelineError> {
        for (own, other) in self.tallies.iter_mut().zip(other.tallies) {
            own.checked += other.checked;
            own.violating += other.violating;
            other.examples.into_iter().for_each(|row| own.show(row));
        }
        self.rows.read += other.rows.read;
        self.rows.accepted += other.rows.accepted;
        self.rows.quarantined += other.rows.quarantined;
        self.rows.duplicate += other.rows.duplicate;
        for ((own, other), name) in self.totals.iter_mut().zip(&other.totals).zip(&self.amounts) {
            own.merge(other, name)?;
        }
        for (part, rows) in other.parts {
            *self.parts.entry(part).or_default() += rows;
        }
        self.kept.merge(other.kept)
    }

    /// How many rows were looked at, and where they went.
    pub fn rows(&self) -> RowCounts {
        self.rows
    }

    /// Where in their files the rows of each part are, once all have been read.
    pub fn part_rows(&self) -> PartRows {
        let (mut before, mut file, mut rows) = (BTreeMap::new(), None, 0);
        for (&part, count) in &self.parts {
            if file != Some(part.0) {
                (file, rows) = (Some(part.0), 0);
            }
            before.insert(part, rows);
            rows += count;
        }
        PartRows(before)
    }

    pub(super) fn read(&mut self, seat: &Seat<'_>, rows: u64) {
        self.rows.read += rows;
        *self.parts.entry((seat.place.file, seat.part)).or_default() += rows;
    }

    pub(super) fn part(&mut self, accepted: u64, quarantined: u64, duplicate: u64) {
        self.rows.accepted += accepted;
        self.rows.quarantined += quarantined;
        self.rows.duplicate += duplicate;
    }

    /// Rows come in their order.
    pub(super) fn tally(
        &mut self,
        check: usize,
        checked: u64,
        violating: impl ExactSizeIterator<Item = RowId>,
    ) {
        let tally = &mut self.tallies[check];
        tally.checked += checked;
        tally.violating += violating.len() as u64;
        violating.take(MAX_EXAMPLES).for_each(|row| tally.show(row));
    }

    pub(super) fn add_totals(
        &mut self,
        screen: &Screen,
        totals: &[AmountTotals],
    ) -> Result<(), PipelineError> {
        for ((own, other), amount) in self.totals.iter_mut().zip(totals).zip(&screen.amounts) {
            own.merge(other, &amount.name)?;
        }
        Ok(())
    }

    pub(super) fn track(
        &mut self,
        screen: &Screen,
        seat: &Seat<'_>,
        admitted: &RecordBatch,
        rows: &[u32],
    ) -> Result<(), PipelineError> {
        let (file, part) = (seat.place.file, seat.part);
        self.kept.add(&screen.tracked, seat, admitted, &|row| RowId { file, part, row: rows[row] })
    }
}

/// Where in their files the rows of each part are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PartRows(BTreeMap<(u32, u32), u64>);

impl PartRows {
    /// The 1-based data row of its file.
    pub fn tape_row(&self, row: RowId) -> u64 {
        self.before(row.file, row.part) + u64::from(row.row) + 1
    }

    /// Rows of the file before a part.
    pub fn before(&self, file: u32, part: u32) -> u64 {
        self.0.get(&(file, part)).copied().unwrap_or(0)
    }
}
