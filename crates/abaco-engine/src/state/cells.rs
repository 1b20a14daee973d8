//! What is accumulated per slot and group. Every merge is associative and commutative, to the bit.

use std::collections::{BTreeMap, BTreeSet};

use arrow::datatypes::i256;

use super::key::KeyValue;
use crate::fold::Share;
use crate::plan::layout::SlotShape;

/// A sum with the counts that tell an empty one from a NULL one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct SumCell {
    pub(crate) total: i256,
    /// Rows that passed the filter.
    pub(crate) matched: u64,
    /// Those of them with a value.
    pub(crate) valid: u64,
}

impl SumCell {
    pub(crate) fn merge(&mut self, other: &Self) {
        // Row values are below 10^57 and rows below 2^63, so 256 bits always hold the total.
        self.total = self.total.wrapping_add(other.total);
        self.matched = self.matched.saturating_add(other.matched);
        self.valid = self.valid.saturating_add(other.valid);
    }
}

/// The smallest or largest value seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct ExtremeCell {
    pub(crate) value: Option<i256>,
    pub(crate) matched: u64,
}

impl ExtremeCell {
    pub(crate) fn merge(&mut self, other: &Self, largest: bool) {
        self.matched += other.matched;
        if let Some(value) = other.value {
            self.offer(value, largest);
        }
    }

    pub(crate) fn offer(&mut self, value: i256, largest: bool) {
        self.value = Some(match self.value {
            None => value,
            Some(best) if largest => best.max(value),
            Some(best) => best.min(value),
        });
    }
}

/// Totals per key, in the order of the slot's sums.
pub(crate) type KeyTotals = BTreeMap<KeyValue, Vec<SumCell>>;

/// The cells of one slot: one per group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Cells {
    Count(Vec<u64>),
    Sum(Vec<SumCell>),
    Extreme { largest: bool, cells: Vec<ExtremeCell> },
    Distinct(Vec<BTreeSet<KeyValue>>),
    Keyed { sums: usize, cells: Vec<KeyTotals> },
}

impl Cells {
    pub(crate) fn new(shape: SlotShape) -> Self {
        match shape {
            SlotShape::Count => Self::Count(Vec::new()),
            SlotShape::Sum => Self::Sum(Vec::new()),
            SlotShape::Extreme { largest } => Self::Extreme { largest, cells: Vec::new() },
            SlotShape::Distinct => Self::Distinct(Vec::new()),
            SlotShape::Keyed { sums } => Self::Keyed { sums, cells: Vec::new() },
        }
    }

    /// Whether these are the cells of a slot of this shape.
    pub(crate) fn is_of(&self, shape: SlotShape) -> bool {
        self.is_like(&Self::new(shape))
    }

    /// Whether both hold cells of one kind, so that they merge.
    pub(crate) fn is_like(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Extreme { largest: a, .. }, Self::Extreme { largest: b, .. }) => a == b,
            (Self::Keyed { sums: a, .. }, Self::Keyed { sums: b, .. }) => a == b,
            _ => std::mem::discriminant(self) == std::mem::discriminant(other),
        }
    }

    /// The same kind of cells for no group.
    pub(crate) fn emptied(&self) -> Self {
        match self {
            Self::Count(_) => Self::Count(Vec::new()),
            Self::Sum(_) => Self::Sum(Vec::new()),
            Self::Extreme { largest, .. } => Self::Extreme { largest: *largest, cells: Vec::new() },
            Self::Distinct(_) => Self::Distinct(Vec::new()),
            Self::Keyed { sums, .. } => Self::Keyed { sums: *sums, cells: Vec::new() },
        }
    }

    /// Adds the cell of a new group.
    pub(crate) fn grow(&mut self) {
        match self {
            Self::Count(cells) => cells.push(0),
            Self::Sum(cells) => cells.push(SumCell::default()),
            Self::Extreme { cells, .. } => cells.push(ExtremeCell::default()),
            Self::Distinct(cells) => cells.push(BTreeSet::new()),
            Self::Keyed { cells, .. } => cells.push(BTreeMap::new()),
        }
    }

    /// Adds what a segment has accumulated, given by place; `groups` has the group of each place.
    pub(crate) fn add_all(&mut self, groups: &[usize], shares: &mut dyn Iterator<Item = (usize, Share)>) {
        for (place, share) in shares {
            let group = groups[place];
            match (&mut *self, share) {
                (Self::Count(cells), Share::Rows(rows)) => cells[group] += rows,
                (Self::Sum(cells), Share::Sum(sum)) => cells[group].merge(&sum),
                (Self::Extreme { largest, cells }, Share::Extreme(cell)) => {
                    cells[group].merge(&cell, *largest);
                }
                // Plans lay out their slots by the shapes of their shares.
                _ => {}
            }
        }
    }

    /// Merges cell `from` of `other` into cell `into`. Both are alike, which the caller has checked.
    pub(crate) fn merge(&mut self, into: usize, other: &Self, from: usize) {
        match (self, other) {
            (Self::Count(cells), Self::Count(others)) => cells[into] += others[from],
            (Self::Sum(cells), Self::Sum(others)) => cells[into].merge(&others[from]),
            (Self::Extreme { largest, cells }, Self::Extreme { cells: others, .. }) => {
                cells[into].merge(&others[from], *largest);
            }
            (Self::Distinct(cells), Self::Distinct(others)) => {
                cells[into].extend(others[from].iter().cloned())
            }
            (Self::Keyed { sums, cells }, Self::Keyed { cells: others, .. }) => {
                for (key, totals) in &others[from] {
                    merge_totals(
                        cells[into].entry(key.clone()).or_insert_with(|| vec![SumCell::default(); *sums]),
                        totals,
                    );
                }
            }
            _ => {}
        }
    }
}

pub(crate) fn merge_totals(into: &mut [SumCell], from: &[SumCell]) {
    for (cell, other) in into.iter_mut().zip(from) {
        cell.merge(other);
    }
}
