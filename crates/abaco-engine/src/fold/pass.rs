//! A pass: what a segment adds up for one way of putting its rows into places.

use arrow::datatypes::i256;

use super::codes::Code;
use super::evaluate::Block;
use super::mask::Mask;
use super::partition::{Partition, Places};
use super::rows::Rows;
use super::tally::Sums;
use super::values::Values;
use crate::plan::layout::{Scope, SlotId, Tallied};
use crate::plan::measure::Validity;
use crate::state::cells::{Cells, ExtremeCell, Share, SumCell};

/// A partition and what the scopes have accumulated in its places.
pub(crate) struct Pass<'p> {
    pub(crate) partition: Partition<'p>,
    /// The same places taken apart by the buckets of each column that has some.
    bucketed: Vec<Partition<'p>>,
    scopes: Vec<ScopeTallies<'p>>,
}

struct ScopeTallies<'p> {
    scope: &'p Scope,
    /// Rows per place; empty if the scope has no filter, because the partition has counted them.
    rows: Vec<u32>,
    tallies: Vec<Accumulated>,
    /// Whether some block may have had a row of it.
    met: bool,
}

enum Accumulated {
    Sums { sums: Sums, nulls: Vec<u32> },
    Nulls(Vec<u32>),
    Extremes(Vec<ExtremeCell>),
}

impl<'p> Pass<'p> {
    /// `buckets` are the bucket of each row, and the number of buckets, per column that has some.
    pub(crate) fn new(
        partition: Partition<'p>,
        scopes: &'p [Scope],
        buckets: &'p [(Vec<Code>, usize)],
    ) -> Self {
        let bucketed: Vec<_> = buckets.iter().map(|(codes, len)| partition.refined(codes, *len)).collect();
        let scopes = scopes
            .iter()
            .map(|scope| {
                let places = scope.buckets.map_or(&partition, |id| &bucketed[id.0]).len();
                let tallies = scope.tallies.iter().map(|tally| match tally.of {
                    Tallied::Sum(_) => Accumulated::Sums { sums: Sums::new(places), nulls: Vec::new() },
                    Tallied::Valid(_) => Accumulated::Nulls(Vec::new()),
                    Tallied::Extreme { .. } => Accumulated::Extremes(vec![ExtremeCell::default(); places]),
                });
                let rows = if scope.filter.is_some() { vec![0; places] } else { Vec::new() };
                ScopeTallies { scope, rows, tallies: tallies.collect(), met: false }
            })
            .collect();
        Self { partition, bucketed, scopes }
    }

    /// Adds a block whose first row is `start` in the segment.
    pub(crate) fn add(&mut self, block: &Block<'_>, start: usize) {
        for tallies in &mut self.scopes {
            let partition = tallies.scope.buckets.map_or(&self.partition, |id| &self.bucketed[id.0]);
            tallies.add(block, partition.block(start, block.len()), partition.len());
        }
    }

    /// What has been accumulated, by place, in `empty` cells.
    pub(crate) fn cells(&self, empty: Cells) -> Cells {
        let mut cells = empty;
        cells.grow_additive(self.partition.len());
        for (place, rows) in self.partition.rows.iter().enumerate() {
            cells.add_rows(place, (*rows).into());
        }
        for tallies in self.scopes.iter().filter(|tallies| tallies.met) {
            match tallies.scope.buckets {
                Some(_) => self.each_share(tallies, &mut |place, slot, share| cells.add(place, slot, share)),
                None => tallies.fill(self.rows(tallies), &mut cells),
            }
        }
        cells
    }

    /// Calls `visit` with the place and the slot of everything that was accumulated.
    pub(crate) fn for_each_share(&self, mut visit: impl FnMut(usize, SlotId, &Share)) {
        let met = self.scopes.iter().filter(|tallies| tallies.met);
        met.for_each(|tallies| self.each_share(tallies, &mut visit));
    }

    #[inline]
    fn each_share(&self, tallies: &ScopeTallies<'_>, visit: &mut impl FnMut(usize, SlotId, &Share)) {
        let scope = tallies.scope;
        let partition = self.places(tallies);
        for (entry, rows) in self.rows(tallies).iter().enumerate().filter(|(_, rows)| **rows > 0) {
            let (place, bucket) = if scope.buckets.is_some() { partition.origin(entry) } else { (entry, 0) };
            if let Some(slot) = scope.rows[bucket] {
                visit(place, slot, &Share::Rows((*rows).into()));
            }
            for (tally, accumulated) in scope.tallies.iter().zip(&tallies.tallies) {
                if let Some(slot) = tally.slots[bucket] {
                    visit(place, slot, &accumulated.share(entry, *rows));
                }
            }
        }
    }

    fn places(&self, tallies: &ScopeTallies<'_>) -> &Partition<'p> {
        tallies.scope.buckets.map_or(&self.partition, |id| &self.bucketed[id.0])
    }

    /// The rows that a scope has met in each of its places.
    fn rows<'s>(&'s self, tallies: &'s ScopeTallies<'_>) -> &'s [u32] {
        if tallies.scope.filter.is_some() { &tallies.rows } else { &self.places(tallies).rows }
    }

    /// Whether some row of a place passed the filter of the first scope.
    pub(crate) fn is_met(&self, place: usize) -> bool {
        let rows = self.scopes.first().map_or(&self.partition.rows, |tallies| {
            if tallies.scope.filter.is_some() { &tallies.rows } else { &self.partition.rows }
        });
        rows[place] > 0
    }
}

impl ScopeTallies<'_> {
    /// Puts what was accumulated without buckets into the cells of the places, slot by slot.
    fn fill(&self, rows: &[u32], cells: &mut Cells) {
        let with_rows = || rows.iter().enumerate().filter(|(_, rows)| **rows > 0);
        if let Some(slot) = self.scope.rows[0] {
            with_rows().for_each(|(place, rows)| cells.add(place, slot, &Share::Rows((*rows).into())));
        }
        for (tally, accumulated) in self.scope.tallies.iter().zip(&self.tallies) {
            let Some(slot) = tally.slots[0] else { continue };
            let filled = match accumulated {
                Accumulated::Sums { sums, nulls } if sums.is_narrow() => cells.fill(slot, |place| {
                    let nulls = nulls.get(place).copied().unwrap_or(0);
                    (sums.narrow(place), rows[place], rows[place] - nulls)
                }),
                _ => false,
            };
            if !filled {
                with_rows()
                    .for_each(|(place, rows)| cells.add(place, slot, &accumulated.share(place, *rows)));
            }
        }
    }

    fn add(&mut self, block: &Block<'_>, places: Places<'_>, count: usize) {
        let filtered;
        let rows = match self.scope.filter {
            Some(filter) if block.is_never_true(filter) => return,
            Some(filter) => {
                filtered = block.truth(filter).is_true;
                count_rows(&mut self.rows, &filtered, places);
                Rows::of(&filtered, block.len())
            }
            None => Rows::All(block.len()),
        };
        self.met = true;
        for (tally, accumulated) in self.scope.tallies.iter().zip(&mut self.tallies) {
            match (tally.of, accumulated) {
                (Tallied::Sum(value), Accumulated::Sums { sums, nulls }) => {
                    let numbers = block.number(value);
                    match &numbers.valid {
                        None => sums.add(&numbers.values, rows, places),
                        Some(valid) => {
                            count_nulls(rows, valid, nulls, places, count);
                            let live = rows.and(valid);
                            sums.add(&numbers.values, Rows::of(&live, block.len()), places);
                        }
                    }
                }
                (Tallied::Valid(operand), Accumulated::Nulls(nulls)) => {
                    let valid = match operand {
                        Validity::Number(id) => block.number(id).valid.clone(),
                        Validity::Column(id) => block.valid_column(id),
                        Validity::Always => None,
                    };
                    if let Some(valid) = valid {
                        count_nulls(rows, &valid, nulls, places, count);
                    }
                }
                (Tallied::Extreme { value, largest }, Accumulated::Extremes(cells)) => {
                    let numbers = block.number(value);
                    rows.for_each(|row| cells[places.of(row)].matched += 1);
                    let live = numbers.valid.as_ref().map(|valid| rows.and(valid));
                    live.as_ref().map_or(rows, Rows::Chosen).for_each(|row| {
                        cells[places.of(row)].offer(value_at(&numbers.values, row), largest);
                    });
                }
                _ => {}
            }
        }
    }
}

impl Accumulated {
    #[inline]
    fn share(&self, place: usize, rows: u32) -> Share {
        let valid = |nulls: &[u32]| u64::from(rows - nulls.get(place).copied().unwrap_or(0));
        match self {
            Self::Sums { sums, nulls } => {
                let (matched, valid) = (rows.into(), valid(nulls));
                if sums.is_narrow() {
                    return Share::Narrow { total: sums.narrow(place), matched, valid };
                }
                Share::Sum(SumCell { total: sums.total(place), matched, valid })
            }
            Self::Nulls(nulls) => Share::Rows(valid(nulls)),
            Self::Extremes(cells) => Share::Extreme(cells[place]),
        }
    }
}

impl Places<'_> {
    fn of(&self, row: usize) -> usize {
        match self {
            Self::One(place) => *place,
            Self::PerRow(places) => places[row] as usize,
        }
    }
}

/// Counts the rows that are not valid.
fn count_nulls(rows: Rows<'_>, valid: &Mask, nulls: &mut Vec<u32>, places: Places<'_>, count: usize) {
    nulls.resize(count, 0);
    count_rows(nulls, &rows.without(valid), places);
}

fn count_rows(counts: &mut [u32], rows: &Mask, places: Places<'_>) {
    match places {
        Places::One(place) => counts[place] += rows.count() as u32,
        Places::PerRow(places) => rows.for_each(|row| counts[places[row] as usize] += 1),
    }
}

fn value_at(values: &Values<'_>, row: usize) -> i256 {
    match values {
        Values::I32(values) => values[row].into(),
        Values::I64(values) => values[row].into(),
        Values::I128(values) => i256::from_i128(values[row]),
        Values::I256(values) => values[row],
        Values::Constant(value) => *value,
    }
}
