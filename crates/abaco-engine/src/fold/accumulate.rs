//! Adding a block to the cells of its groups.

use arrow::datatypes::i256;

use super::evaluate::Block;
use super::groups::BlockGroups;
use super::mask::Mask;
use super::values::Values;
use crate::plan::node::TruthId;
use crate::plan::slot::{SlotKind, SumOf, Validity};
use crate::state::SetState;
use crate::state::cells::{Cells, SumCell};

/// Adds the block to every slot but the keyed ones, which go by their keys.
pub(crate) fn accumulate(
    block: &Block<'_>,
    groups: BlockGroups<'_>,
    set: &mut SetState,
    slots: &[&SlotKind],
) {
    count(&mut set.rows, groups, &block.all());
    for (kind, cells) in slots.iter().zip(&mut set.slots) {
        match (kind, cells) {
            (SlotKind::Count { filter: Some(filter) }, _) if block.is_never_true(*filter) => {}
            (SlotKind::Count { filter }, Cells::Count(cells)) => {
                count(cells, groups, &matched(block, *filter))
            }
            (SlotKind::CountValid { operand, filter }, Cells::Count(cells)) => {
                let rows = matched(block, *filter);
                let valid = match operand {
                    Validity::Number(id) => block.number(*id).valid,
                    Validity::Column(id) => block.valid_column(*id),
                    Validity::Always => None,
                };
                count(cells, groups, &valid.map_or(rows, |valid| rows.and(&valid)));
            }
            (SlotKind::Sum(sum), Cells::Sum(cells)) => add_sum(block, groups, sum, cells),
            (SlotKind::Extreme { value, filter, largest }, Cells::Extreme { cells, .. }) => {
                let rows = matched(block, *filter);
                rows.for_each(|row| cells[groups.of(row)].matched += 1);
                let numbers = block.number(*value);
                let live = numbers.valid.map_or(rows, |valid| rows.and(&valid));
                live.for_each(|row| cells[groups.of(row)].offer(value_at(&numbers.values, row), *largest));
            }
            _ => {}
        }
    }
}

/// The rows that pass the filter.
pub(crate) fn matched(block: &Block<'_>, filter: Option<TruthId>) -> Mask {
    filter.map_or(block.all(), |filter| block.truth(filter).is_true)
}

pub(crate) fn value_at(values: &Values<'_>, row: usize) -> i256 {
    match values {
        Values::I32(values) => values[row].into(),
        Values::I64(values) => values[row].into(),
        Values::I128(values) => i256::from_i128(values[row]),
        Values::I256(values) => values[row],
        Values::Constant(value) => *value,
    }
}

fn count(cells: &mut [u64], groups: BlockGroups<'_>, rows: &Mask) {
    match groups {
        BlockGroups::One(group) => cells[group] += rows.count(),
        BlockGroups::PerRow(groups) => rows.for_each(|row| cells[groups[row] as usize] += 1),
    }
}

fn add_sum(block: &Block<'_>, groups: BlockGroups<'_>, sum: &SumOf, cells: &mut [SumCell]) {
    let rows = matched(block, sum.filter);
    let numbers = block.number(sum.value);
    let live = numbers.valid.map_or(rows, |valid| rows.and(&valid));
    match groups {
        BlockGroups::One(group) => {
            let cell = &mut cells[group];
            cell.matched += rows.count();
            cell.valid += live.count();
            cell.total = cell.total.wrapping_add(total(&numbers.values, &live, live == block.all()));
        }
        BlockGroups::PerRow(groups) => {
            rows.for_each(|row| cells[groups[row] as usize].matched += 1);
            live.for_each(|row| {
                let cell = &mut cells[groups[row] as usize];
                cell.valid += 1;
                cell.total = cell.total.wrapping_add(value_at(&numbers.values, row));
            });
        }
    }
}

/// The exact sum of the chosen rows of a block; `all` says that they are all of its rows.
fn total(values: &Values<'_>, rows: &Mask, all: bool) -> i256 {
    match values {
        // A block's values of at most 64 bits fit 128 bits with room to spare.
        Values::I32(values) if all => i256::from(values.iter().map(|value| i64::from(*value)).sum::<i64>()),
        Values::I64(values) if all => i256::from_i128(values.iter().map(|value| i128::from(*value)).sum()),
        Values::I128(values) if all => wide_total(values.iter().copied()),
        Values::I32(values) => i256::from(chosen(values, rows).map(i64::from).sum::<i64>()),
        Values::I64(values) => i256::from_i128(chosen(values, rows).map(i128::from).sum()),
        Values::I128(values) => wide_total(chosen(values, rows)),
        Values::I256(values) => {
            let mut sum = i256::ZERO;
            rows.for_each(|row| sum = sum.wrapping_add(values[row]));
            sum
        }
        Values::Constant(value) => value.wrapping_mul(i256::from_i128(rows.count().into())),
    }
}

/// The values of the chosen rows.
fn chosen<'v, T: Copy>(values: &'v [T], rows: &'v Mask) -> impl Iterator<Item = T> + 'v {
    rows.iter().map(|row| values[row])
}

/// Sums 128-bit values in a 192-bit accumulator: a low half, and what carries and signs add above it.
fn wide_total(values: impl Iterator<Item = i128>) -> i256 {
    let (mut low, mut high) = (0u128, 0i64);
    for value in values {
        let (sum, carry) = low.overflowing_add(value.cast_unsigned());
        low = sum;
        high += i64::from(carry) - i64::from(value < 0);
    }
    i256::from_parts(low, high.into())
}
