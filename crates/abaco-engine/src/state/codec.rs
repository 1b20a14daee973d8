//! The canonical bytes of a state: sorted, versioned, the same for equal states.
//!
//! All integers are little-endian. Decoding trusts nothing: lengths are held against what is left, and counts
//! and totals against the bounds that make later arithmetic safe.

use std::collections::{BTreeMap, BTreeSet};

use arrow::datatypes::i256;

use super::cells::{Cells, ExtremeCell, KeyTotals, Share, SumCell};
use super::key::{GroupKey, KeyValue};
use super::{MAX_ROWS, SetState, State};
use crate::EngineError;
use crate::plan::compile::{MAX_ROW_DIGITS, power_of_ten};
use crate::plan::layout::{SlotId, SlotShape};

const MAGIC: &[u8; 6] = b"ABACO\x01";

impl State {
    /// The state as canonical bytes: equal states give equal bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Writer(Vec::new());
        out.0.extend_from_slice(MAGIC);
        out.0.extend_from_slice(&self.fingerprint);
        out.len(self.sets.len());
        for set in &self.sets {
            out.len(set.arity());
            let shapes: Vec<SlotShape> = set.shapes().collect();
            out.len(shapes.len());
            for shape in &shapes {
                out.shape(*shape);
            }
            out.len(set.len());
            for id in set.sorted() {
                out.group(set.key(id));
                let (cells, group) = set.cells(id);
                out.u64(cells.rows(group));
                for (slot, shape) in shapes.iter().enumerate() {
                    out.cell(cells, *shape, group, SlotId(slot));
                }
            }
        }
        out.0
    }

    /// The state that these bytes hold. It belongs to a plan only if the fingerprints agree, which every use of
    /// it checks.
    ///
    /// # Errors
    /// [`EngineError::Decode`] with the place at which the bytes stop making sense.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let mut input = Reader { bytes, offset: 0 };
        if input.take(MAGIC.len())? != MAGIC {
            return Err(input.error("unknown format or version"));
        }
        let fingerprint = input.array::<32>()?;
        let mut sets = Vec::new();
        for _ in 0..input.len(8)? {
            sets.push(input.set()?);
        }
        // Every row is in one group of each set, but for those that are in the totals only.
        let rows: Vec<u64> = sets.iter().map(SetState::total_rows).collect();
        let of_groups = rows.get(1).copied();
        if rows.iter().skip(1).any(|rows| Some(*rows) != of_groups) || rows.first().copied() < of_groups {
            return Err(input.error("sets of different rows"));
        }
        if input.offset != bytes.len() {
            return Err(input.error("bytes left over"));
        }
        Ok(Self { fingerprint, sets })
    }
}

struct Writer(Vec<u8>);

impl Writer {
    fn u64(&mut self, value: u64) {
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    fn len(&mut self, value: usize) {
        // No platform of Rust has a wider usize than 64 bits.
        self.u64(value as u64);
    }

    fn total(&mut self, value: i256) {
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    fn sum(&mut self, cell: &SumCell) {
        self.total(cell.total);
        self.u64(cell.matched);
        self.u64(cell.valid);
    }

    fn shape(&mut self, shape: SlotShape) {
        match shape {
            SlotShape::Count => self.0.push(0),
            SlotShape::Sum => self.0.push(1),
            SlotShape::Extreme { largest: false } => self.0.push(2),
            SlotShape::Extreme { largest: true } => self.0.push(3),
            SlotShape::Distinct => self.0.push(4),
            SlotShape::Keyed { sums } => {
                self.0.push(5);
                self.len(sums);
            }
        }
    }

    fn key(&mut self, key: &KeyValue) {
        match key {
            KeyValue::Null => self.0.push(0),
            KeyValue::Boolean(value) => self.0.extend_from_slice(&[1, u8::from(*value)]),
            KeyValue::Number(value) => {
                self.0.push(2);
                self.0.extend_from_slice(&value.to_le_bytes());
            }
            KeyValue::Date(days) => {
                self.0.push(3);
                self.0.extend_from_slice(&days.to_le_bytes());
            }
            KeyValue::Text(text) => {
                self.0.push(4);
                self.len(text.len());
                self.0.extend_from_slice(text.as_bytes());
            }
        }
    }

    fn group(&mut self, key: GroupKey<'_>) {
        self.key(&key.snapshot.map_or(KeyValue::Null, KeyValue::Date));
        for value in key.by {
            self.key(value);
        }
    }

    fn cell(&mut self, cells: &Cells, shape: SlotShape, group: usize, slot: SlotId) {
        match shape {
            SlotShape::Count => self.u64(cells.count(group, slot)),
            SlotShape::Sum => self.sum(&cells.sum(group, slot)),
            SlotShape::Extreme { .. } => {
                let cell = cells.extreme(group, slot);
                self.0.push(u8::from(cell.value.is_some()));
                self.total(cell.value.unwrap_or(i256::ZERO));
                self.u64(cell.matched);
            }
            SlotShape::Distinct => {
                let keys = cells.distinct(group, slot);
                self.len(keys.map_or(0, BTreeSet::len));
                keys.into_iter().flatten().for_each(|key| self.key(key));
            }
            SlotShape::Keyed { .. } => {
                let totals = cells.keyed(group, slot);
                self.len(totals.map_or(0, BTreeMap::len));
                for (key, totals) in totals.into_iter().flatten() {
                    self.key(key);
                    totals.iter().for_each(|cell| self.sum(cell));
                }
            }
        }
    }
}

fn is_row_value(value: i256) -> bool {
    let bound = power_of_ten(MAX_ROW_DIGITS);
    value < bound && value > bound.wrapping_neg()
}

/// The fewest bytes that a group takes.
fn slots_bytes(slots: usize, arity: usize) -> usize {
    slots.saturating_mul(8).saturating_add(arity).saturating_add(9)
}

struct Reader<'b> {
    bytes: &'b [u8],
    offset: usize,
}

type Result<T> = std::result::Result<T, EngineError>;

impl<'b> Reader<'b> {
    fn error(&self, reason: &'static str) -> EngineError {
        EngineError::Decode { reason, offset: self.offset }
    }

    fn take(&mut self, len: usize) -> Result<&'b [u8]> {
        let end = self.offset.checked_add(len).filter(|end| *end <= self.bytes.len());
        let Some(end) = end else { return Err(self.error("cut off")) };
        let taken = &self.bytes[self.offset..end];
        self.offset = end;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    fn byte(&mut self) -> Result<u8> {
        Ok(self.array::<1>()?[0])
    }

    fn u64(&mut self) -> Result<u64> {
        Ok(u64::from_le_bytes(self.array()?))
    }

    /// A number of items of at least `item` bytes each: no more than there are bytes left for.
    fn len(&mut self, item: usize) -> Result<usize> {
        let len = usize::try_from(self.u64()?).map_err(|_| self.error("a length beyond memory"))?;
        if len > (self.bytes.len() - self.offset) / item.max(1) {
            return Err(self.error("a length beyond the end"));
        }
        Ok(len)
    }

    fn set(&mut self) -> Result<SetState> {
        let arity = self.len(0)?;
        let mut slots = Vec::new();
        for _ in 0..self.len(1)? {
            slots.push(self.shape()?);
        }
        let mut set = SetState::new(arity, Cells::new(slots.iter().copied()));
        let mut last: Option<(Option<i32>, Vec<KeyValue>)> = None;
        let mut room = MAX_ROWS;
        // Every group has its snapshot, its values, its rows and a cell per slot.
        let least = slots_bytes(slots.len(), arity);
        for _ in 0..self.len(least)? {
            let key = self.group(arity)?;
            if last.as_ref().is_some_and(|last| *last >= key) {
                return Err(self.error("groups out of order"));
            }
            let rows = self.u64()?;
            room = room.checked_sub(rows).ok_or_else(|| self.error("too many rows"))?;
            let id = set.group(key.0, key.1.iter());
            let (cells, group) = set.cells_mut(id);
            cells.add_rows(group, rows);
            for (slot, shape) in slots.iter().enumerate() {
                self.cell(cells, *shape, group, SlotId(slot), rows)?;
            }
            last = Some(key);
        }
        Ok(set)
    }

    fn shape(&mut self) -> Result<SlotShape> {
        Ok(match self.byte()? {
            0 => SlotShape::Count,
            1 => SlotShape::Sum,
            2 => SlotShape::Extreme { largest: false },
            3 => SlotShape::Extreme { largest: true },
            4 => SlotShape::Distinct,
            5 => SlotShape::Keyed { sums: self.len(0)? },
            _ => return Err(self.error("unknown kind of measure")),
        })
    }

    fn key(&mut self) -> Result<KeyValue> {
        Ok(match self.byte()? {
            0 => KeyValue::Null,
            1 => match self.byte()? {
                0 => KeyValue::Boolean(false),
                1 => KeyValue::Boolean(true),
                _ => return Err(self.error("not a truth value")),
            },
            2 => KeyValue::Number(i128::from_le_bytes(self.array()?)),
            3 => KeyValue::Date(i32::from_le_bytes(self.array()?)),
            4 => {
                let len = self.len(1)?;
                let text = std::str::from_utf8(self.take(len)?).map_err(|_| self.error("not UTF-8"))?;
                KeyValue::Text(text.into())
            }
            _ => return Err(self.error("unknown kind of key")),
        })
    }

    fn group(&mut self, arity: usize) -> Result<(Option<i32>, Vec<KeyValue>)> {
        let snapshot = match self.key()? {
            KeyValue::Null => None,
            KeyValue::Date(days) => Some(days),
            _ => return Err(self.error("a snapshot that is no date")),
        };
        let by = (0..arity).map(|_| self.key()).collect::<Result<_>>()?;
        Ok((snapshot, by))
    }

    fn count(&mut self, at_most: u64) -> Result<u64> {
        match self.u64()? {
            count if count <= at_most => Ok(count),
            _ => Err(self.error("a count above the rows")),
        }
    }

    fn total(&mut self) -> Result<i256> {
        Ok(i256::from_le_bytes(self.array()?))
    }

    fn sum(&mut self, rows: u64) -> Result<SumCell> {
        let total = self.total()?;
        let matched = self.count(rows)?;
        let valid = self.count(matched)?;
        let bound = power_of_ten(MAX_ROW_DIGITS).wrapping_mul(i256::from_i128(valid.into()));
        if total > bound || total < bound.wrapping_neg() {
            return Err(self.error("a total above its bound"));
        }
        Ok(SumCell { total, matched, valid })
    }

    /// Reads a cell of a group that has been empty until now.
    fn cell(
        &mut self,
        cells: &mut Cells,
        shape: SlotShape,
        group: usize,
        slot: SlotId,
        rows: u64,
    ) -> Result<()> {
        match shape {
            SlotShape::Count => cells.add(group, slot, &Share::Rows(self.count(rows)?)),
            SlotShape::Sum => cells.add(group, slot, &Share::Sum(self.sum(rows)?)),
            SlotShape::Extreme { .. } => {
                let present = self.byte()?;
                let value = self.total()?;
                let matched = self.count(rows)?;
                let value = match present {
                    0 if value == i256::ZERO => None,
                    1 if matched > 0 && is_row_value(value) => Some(value),
                    _ => return Err(self.error("not an extreme value")),
                };
                cells.add(group, slot, &Share::Extreme(ExtremeCell { value, matched }));
            }
            SlotShape::Distinct => {
                let keys = self.distinct()?;
                if let Some(known) = cells.distinct_mut(group, slot) {
                    *known = keys;
                }
            }
            SlotShape::Keyed { sums } => {
                let totals = self.keyed(sums, rows)?;
                if let Some(known) = cells.keyed_mut(group, slot) {
                    *known = totals;
                }
            }
        }
        Ok(())
    }

    fn distinct(&mut self) -> Result<BTreeSet<KeyValue>> {
        let mut keys = BTreeSet::new();
        for _ in 0..self.len(1)? {
            let key = self.key()?;
            if keys.last().is_some_and(|last| *last >= key) {
                return Err(self.error("keys out of order"));
            }
            keys.insert(key);
        }
        Ok(keys)
    }

    fn keyed(&mut self, sums: usize, rows: u64) -> Result<KeyTotals> {
        let mut totals = BTreeMap::new();
        for _ in 0..self.len(1)? {
            let key = self.key()?;
            if totals.last_key_value().is_some_and(|(last, _)| *last >= key) {
                return Err(self.error("keys out of order"));
            }
            let cells = (0..sums).map(|_| self.sum(rows)).collect::<Result<_>>()?;
            totals.insert(key, cells);
        }
        Ok(totals)
    }
}
