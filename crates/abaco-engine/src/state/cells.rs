//! What is accumulated per slot and group. Every merge is associative and commutative, to the bit.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::datatypes::i256;

use super::key::KeyValue;
use crate::plan::layout::{SlotId, SlotShape};

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

/// What is added to a slot of a group.
pub(crate) enum Share {
    Rows(u64),
    Sum(SumCell),
    Extreme(ExtremeCell),
}

/// Totals per key, in the order of the slot's sums.
pub(crate) type KeyTotals = BTreeMap<KeyValue, Vec<SumCell>>;

/// Words of a sum: its total in 256 bits, the rows matched and the rows valid.
const SUM_WORDS: usize = 6;

/// The cells of all slots and groups of a grouping set.
///
/// Counts and sums of a group lie next to each other, in one record of words: among a million groups, each row goes to
/// one place in memory and not to one per slot. What is rare lies apart.
#[derive(Clone, Debug)]
pub(crate) struct Cells {
    slots: Arc<[Slot]>,
    /// Words of a group: its rows, then its counts and sums.
    width: usize,
    words: Vec<u64>,
    extremes: Vec<ExtremeCell>,
    distinct: Vec<BTreeSet<KeyValue>>,
    keyed: Vec<KeyTotals>,
    strides: Strides,
}

/// A slot and where its cells are: an offset in a group's words, or a position among its cells of the kind.
#[derive(Clone, Copy, Debug)]
struct Slot {
    shape: SlotShape,
    at: usize,
}

/// Cells per group of each rare kind.
#[derive(Clone, Copy, Debug, Default)]
struct Strides {
    extremes: usize,
    distinct: usize,
    keyed: usize,
}

impl Cells {
    pub(crate) fn new(shapes: impl IntoIterator<Item = SlotShape>) -> Self {
        let (mut width, mut strides) = (1, Strides::default());
        let next = |counter: &mut usize, size: usize| {
            *counter += size;
            *counter - size
        };
        let slots = shapes.into_iter().map(|shape| {
            let at = match shape {
                SlotShape::Count => next(&mut width, 1),
                SlotShape::Sum => next(&mut width, SUM_WORDS),
                SlotShape::Extreme { .. } => next(&mut strides.extremes, 1),
                SlotShape::Distinct => next(&mut strides.distinct, 1),
                SlotShape::Keyed { .. } => next(&mut strides.keyed, 1),
            };
            Slot { shape, at }
        });
        let slots = slots.collect();
        Self {
            slots,
            width,
            words: Vec::new(),
            extremes: Vec::new(),
            distinct: Vec::new(),
            keyed: Vec::new(),
            strides,
        }
    }

    pub(crate) fn shapes(&self) -> impl ExactSizeIterator<Item = SlotShape> {
        self.slots.iter().map(|slot| slot.shape)
    }

    /// Adds the cells of a new group.
    pub(crate) fn grow(&mut self) {
        self.words.resize(self.words.len() + self.width, 0);
        for _ in 0..self.strides.extremes {
            self.extremes.push(ExtremeCell::default());
        }
        for _ in 0..self.strides.distinct {
            self.distinct.push(BTreeSet::new());
        }
        for _ in 0..self.strides.keyed {
            self.keyed.push(KeyTotals::new());
        }
    }

    /// Rows of a group.
    pub(crate) fn rows(&self, group: usize) -> u64 {
        self.words[group * self.width]
    }

    pub(crate) fn add_rows(&mut self, group: usize, rows: u64) {
        self.words[group * self.width] += rows;
    }

    /// Rows of all groups: at most [`MAX_ROWS`](super::MAX_ROWS), which every addition and every decoding holds to.
    pub(crate) fn total_rows(&self) -> u64 {
        self.words.iter().step_by(self.width).sum()
    }

    pub(crate) fn count(&self, group: usize, slot: SlotId) -> u64 {
        match self.slots[slot.0] {
            Slot { shape: SlotShape::Count, at } => self.words[group * self.width + at],
            _ => 0,
        }
    }

    pub(crate) fn sum(&self, group: usize, slot: SlotId) -> SumCell {
        match self.slots[slot.0] {
            Slot { shape: SlotShape::Sum, at } => read_sum(&self.words[group * self.width + at..]),
            _ => SumCell::default(),
        }
    }

    pub(crate) fn extreme(&self, group: usize, slot: SlotId) -> ExtremeCell {
        match self.slots[slot.0] {
            Slot { shape: SlotShape::Extreme { .. }, at } => {
                self.extremes[group * self.strides.extremes + at]
            }
            _ => ExtremeCell::default(),
        }
    }

    pub(crate) fn distinct(&self, group: usize, slot: SlotId) -> Option<&BTreeSet<KeyValue>> {
        match self.slots[slot.0] {
            Slot { shape: SlotShape::Distinct, at } => self.distinct.get(group * self.strides.distinct + at),
            _ => None,
        }
    }

    pub(crate) fn distinct_mut(&mut self, group: usize, slot: SlotId) -> Option<&mut BTreeSet<KeyValue>> {
        match self.slots[slot.0] {
            Slot { shape: SlotShape::Distinct, at } => {
                self.distinct.get_mut(group * self.strides.distinct + at)
            }
            _ => None,
        }
    }

    pub(crate) fn keyed(&self, group: usize, slot: SlotId) -> Option<&KeyTotals> {
        match self.slots[slot.0] {
            Slot { shape: SlotShape::Keyed { .. }, at } => self.keyed.get(group * self.strides.keyed + at),
            _ => None,
        }
    }

    pub(crate) fn keyed_mut(&mut self, group: usize, slot: SlotId) -> Option<&mut KeyTotals> {
        match self.slots[slot.0] {
            Slot { shape: SlotShape::Keyed { .. }, at } => {
                self.keyed.get_mut(group * self.strides.keyed + at)
            }
            _ => None,
        }
    }

    /// Adds what a segment has accumulated for a group.
    pub(crate) fn add(&mut self, group: usize, slot: SlotId, share: &Share) {
        let Slot { shape, at } = self.slots[slot.0];
        match (shape, share) {
            (SlotShape::Count, Share::Rows(rows)) => self.words[group * self.width + at] += rows,
            (SlotShape::Sum, Share::Sum(sum)) => add_sum(&mut self.words[group * self.width + at..], sum),
            (SlotShape::Extreme { largest }, Share::Extreme(cell)) => {
                self.extremes[group * self.strides.extremes + at].merge(cell, largest);
            }
            // Plans lay out their slots by the shapes of their shares.
            _ => {}
        }
    }

    /// Merges group `from` of `other` into group `into`. Both have the same slots, which the caller has checked.
    pub(crate) fn merge(&mut self, into: usize, other: &Self, from: usize) {
        self.add_rows(into, other.rows(from));
        for (index, slot) in Arc::clone(&self.slots).iter().enumerate() {
            let id = SlotId(index);
            match slot.shape {
                SlotShape::Count => self.words[into * self.width + slot.at] += other.count(from, id),
                SlotShape::Sum => {
                    add_sum(&mut self.words[into * self.width + slot.at..], &other.sum(from, id));
                }
                SlotShape::Extreme { .. } => {
                    self.add(into, id, &Share::Extreme(other.extreme(from, id)));
                }
                SlotShape::Distinct => {
                    if let (Some(keys), Some(others)) =
                        (self.distinct_mut(into, id), other.distinct(from, id))
                    {
                        keys.extend(others.iter().cloned());
                    }
                }
                SlotShape::Keyed { .. } => {
                    if let (Some(totals), Some(others)) = (self.keyed_mut(into, id), other.keyed(from, id)) {
                        for (key, own) in others {
                            add_totals(totals, key, own);
                        }
                    }
                }
            }
        }
    }
}

fn read_sum(words: &[u64]) -> SumCell {
    match words {
        [a, b, c, d, matched, valid, ..] => SumCell {
            total: i256::from_parts(
                u128::from(*a) | u128::from(*b) << 64,
                (u128::from(*c) | u128::from(*d) << 64).cast_signed(),
            ),
            matched: *matched,
            valid: *valid,
        },
        _ => SumCell::default(),
    }
}

/// Word by word, with carries: row values are below 10^57 and rows below 2^63, so 256 bits always hold the total.
#[inline]
fn add_sum(words: &mut [u64], sum: &SumCell) {
    let Some([a, b, c, d, matched, valid]) = words.first_chunk_mut::<SUM_WORDS>() else { return };
    let (low, high) = sum.total.to_parts();
    let high = high.cast_unsigned();
    let (low, carry) = (u128::from(*a) | u128::from(*b) << 64).overflowing_add(low);
    let high = (u128::from(*c) | u128::from(*d) << 64).wrapping_add(high).wrapping_add(carry.into());
    (*a, *b, *c, *d) = (low as u64, (low >> 64) as u64, high as u64, (high >> 64) as u64);
    *matched += sum.matched;
    *valid += sum.valid;
}

/// Adds the totals of a key.
pub(crate) fn add_totals(totals: &mut KeyTotals, key: &KeyValue, own: &[SumCell]) {
    match totals.get_mut(key) {
        Some(known) => known.iter_mut().zip(own).for_each(|(cell, own)| cell.merge(own)),
        None => {
            totals.insert(key.clone(), own.to_vec());
        }
    }
}
