//! Measures that go by a key: distinct counts and totals per key.
//!
//! Keys are collected as small codes over a segment and reach the state once per segment, not once per row.

use hashbrown::{HashMap, HashSet};

use super::accumulate::{matched, value_at};
use super::evaluate::Block;
use super::groups::{BlockGroups, Codes};
use crate::plan::node::TruthId;
use crate::plan::slot::SumOf;
use crate::state::cells::{Cells, KeyTotals, SumCell, merge_totals};
use crate::state::key::KeyValue;

/// What a segment has collected for one keyed slot of one grouping set.
pub(crate) enum KeyedSegment<'p> {
    Distinct { filter: Option<TruthId>, seen: HashSet<(u32, u32)> },
    Totals { sums: &'p [SumOf], index: HashMap<(u32, u32), usize>, cells: Vec<SumCell> },
}

impl<'p> KeyedSegment<'p> {
    pub(crate) fn distinct(filter: Option<TruthId>) -> Self {
        Self::Distinct { filter, seen: HashSet::new() }
    }

    pub(crate) fn totals(sums: &'p [SumOf]) -> Self {
        Self::Totals { sums, index: HashMap::new(), cells: Vec::new() }
    }

    /// Adds a block whose first row is `start` in the segment.
    pub(crate) fn add(&mut self, block: &Block<'_>, groups: BlockGroups<'_>, keys: &Codes, start: usize) {
        let key = |row: usize| (groups.of(row) as u32, keys.codes[start + row]);
        match self {
            Self::Distinct { filter, seen } => {
                matched(block, *filter).for_each(|row| {
                    seen.insert(key(row));
                });
            }
            Self::Totals { sums, index, cells } => {
                // Every row names its key, also where no filter matches: such a key has totals of zero.
                let entries: Vec<usize> = (0..block.len())
                    .map(|row| {
                        *index.entry(key(row)).or_insert_with(|| {
                            cells.resize(cells.len() + sums.len(), SumCell::default());
                            cells.len() - sums.len()
                        })
                    })
                    .collect();
                for (position, sum) in sums.iter().enumerate() {
                    let rows = matched(block, sum.filter);
                    let numbers = block.number(sum.value);
                    rows.for_each(|row| cells[entries[row] + position].matched += 1);
                    let live = numbers.valid.map_or(rows, |valid| rows.and(&valid));
                    live.for_each(|row| {
                        let cell = &mut cells[entries[row] + position];
                        cell.valid += 1;
                        cell.total = cell.total.wrapping_add(value_at(&numbers.values, row));
                    });
                }
            }
        }
    }

    /// Moves what was collected into the state's cells.
    pub(crate) fn flush(self, keys: &Codes, into: &mut Cells) {
        match (self, into) {
            (Self::Distinct { seen, .. }, Cells::Distinct(groups)) => {
                for (group, code) in seen {
                    let key = &keys.values[code as usize];
                    if *key != KeyValue::Null {
                        groups[group as usize].insert(key.clone());
                    }
                }
            }
            (Self::Totals { sums, index, cells }, Cells::Keyed { cells: groups, .. }) => {
                for ((group, code), first) in index {
                    let totals: &mut KeyTotals = &mut groups[group as usize];
                    let key = keys.values[code as usize].clone();
                    let entry = totals.entry(key).or_insert_with(|| vec![SumCell::default(); sums.len()]);
                    merge_totals(entry, &cells[first..first + sums.len()]);
                }
            }
            _ => {}
        }
    }
}
