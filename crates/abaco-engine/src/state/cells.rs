//! What is accumulated per slot and group. Every merge is associative and commutative, to the bit.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::datatypes::i256;

use super::key::KeyValue;
use super::records::Records;
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
    /// A sum that 64 bits hold, as most do.
    Narrow {
        total: i64,
        matched: u64,
        valid: u64,
    },
    Sum(SumCell),
    Extreme(ExtremeCell),
}

impl Share {
    /// The sum that this is; an empty one if it is none.
    pub(crate) fn sum(&self) -> SumCell {
        match self {
            Self::Narrow { total, matched, valid } => {
                SumCell { total: (*total).into(), matched: *matched, valid: *valid }
            }
            Self::Sum(sum) => *sum,
            Self::Rows(_) | Self::Extreme(_) => SumCell::default(),
        }
    }
}

/// Totals per key, in the order of the slot's sums.
pub(crate) type KeyTotals = BTreeMap<KeyValue, Vec<SumCell>>;

/// The cells of all slots and groups of a grouping set: counts and sums in one record per group, what is rare apart.
#[derive(Clone, Debug)]
pub(crate) struct Cells {
    slots: Arc<[Slot]>,
    records: Records,
    extremes: Vec<ExtremeCell>,
    distinct: Vec<BTreeSet<KeyValue>>,
    keyed: Vec<KeyTotals>,
    strides: Strides,
}

/// A slot and its position among a group's cells of the kind.
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
        let (mut counts, mut sums, mut strides) = (0, 0, Strides::default());
        let next = |counter: &mut usize| {
            *counter += 1;
            *counter - 1
        };
        let slots = shapes.into_iter().map(|shape| {
            let at = match shape {
                SlotShape::Count => next(&mut counts),
                SlotShape::Sum => next(&mut sums),
                SlotShape::Extreme { .. } => next(&mut strides.extremes),
                SlotShape::Distinct => next(&mut strides.distinct),
                SlotShape::Keyed { .. } => next(&mut strides.keyed),
            };
            Slot { shape, at }
        });
        let slots = slots.collect();
        Self {
            slots,
            records: Records::new(counts, sums),
            extremes: Vec::new(),
            distinct: Vec::new(),
            keyed: Vec::new(),
            strides,
        }
    }

    pub(crate) fn shapes(&self) -> impl ExactSizeIterator<Item = SlotShape> {
        self.slots.iter().map(|slot| slot.shape)
    }

    /// The same slots without any group.
    pub(crate) fn emptied(&self) -> Self {
        Self {
            slots: Arc::clone(&self.slots),
            records: self.records.emptied(),
            extremes: Vec::new(),
            distinct: Vec::new(),
            keyed: Vec::new(),
            strides: self.strides,
        }
    }

    /// Adds the cells of so many new groups.
    pub(crate) fn grow(&mut self, groups: usize) {
        self.grow_additive(groups);
        self.distinct.resize_with(self.distinct.len() + groups * self.strides.distinct, BTreeSet::new);
        self.keyed.resize_with(self.keyed.len() + groups * self.strides.keyed, KeyTotals::new);
    }

    /// The same without the cells that go by a key, which such groups do not have then.
    pub(crate) fn grow_additive(&mut self, groups: usize) {
        self.records.grow(groups);
        let extremes = self.extremes.len() + groups * self.strides.extremes;
        self.extremes.resize(extremes, ExtremeCell::default());
    }

    /// Rows of a group.
    pub(crate) fn rows(&self, group: usize) -> u64 {
        self.records.rows(group)
    }

    /// Adds rows, before what is counted among them.
    pub(crate) fn add_rows(&mut self, group: usize, rows: u64) {
        self.records.add_rows(group, rows);
    }

    /// Rows of all groups: at most [`MAX_ROWS`](super::MAX_ROWS), which every addition and every decoding holds to.
    pub(crate) fn total_rows(&self) -> u64 {
        self.records.total_rows()
    }

    pub(crate) fn count(&self, group: usize, slot: SlotId) -> u64 {
        match self.slots[slot.0] {
            Slot { shape: SlotShape::Count, at } => self.records.count(group, at),
            _ => 0,
        }
    }

    pub(crate) fn sum(&self, group: usize, slot: SlotId) -> SumCell {
        match self.slots[slot.0] {
            Slot { shape: SlotShape::Sum, at } => self.records.sum(group, at),
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
    #[inline]
    pub(crate) fn add(&mut self, group: usize, slot: SlotId, share: &Share) {
        let Slot { shape, at } = self.slots[slot.0];
        match (shape, share) {
            (SlotShape::Count, Share::Rows(rows)) => self.records.add_count(group, at, *rows),
            (SlotShape::Sum, Share::Narrow { total, matched, valid }) => {
                let added = self.records.add_narrow(group, at, *total, *matched, *valid);
                if !added {
                    self.records.add_sum(group, at, &share.sum());
                }
            }
            (SlotShape::Sum, Share::Sum(sum)) => self.records.add_sum(group, at, sum),
            (SlotShape::Extreme { largest }, Share::Extreme(cell)) => {
                self.extremes[group * self.strides.extremes + at].merge(cell, largest);
            }
            // Plans lay out their slots by the shapes of their shares.
            _ => {}
        }
    }

    /// Sets a sum of each group that has been added with nothing but its rows. Says no, and sets nothing, if the sums are
    /// not narrow.
    #[inline]
    pub(crate) fn fill(&mut self, slot: SlotId, of: impl Fn(usize) -> (i64, u32, u32)) -> bool {
        let Slot { shape, at } = self.slots[slot.0];
        let possible = shape == SlotShape::Sum && self.records.is_narrow();
        if possible {
            self.records.fill_sum(at, of);
        }
        possible
    }

    /// Looks at groups that are about to be added to.
    pub(crate) fn touch(&self, groups: &[usize]) {
        self.records.touch(groups);
    }

    /// Merges group `from` of `other` into group `into`. Both have the same slots, which the caller has checked.
    #[inline]
    pub(crate) fn merge(&mut self, into: usize, other: &Self, from: usize) {
        self.records.merge(into, &other.records, from);
        if self.strides.any() {
            self.merge_rare(into, other, from);
        }
    }

    fn merge_rare(&mut self, into: usize, other: &Self, from: usize) {
        for (index, slot) in Arc::clone(&self.slots).iter().enumerate() {
            let id = SlotId(index);
            match slot.shape {
                SlotShape::Count | SlotShape::Sum => {}
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

impl Strides {
    fn any(self) -> bool {
        self.extremes + self.distinct + self.keyed > 0
    }
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
