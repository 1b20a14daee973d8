//! Measures that go by a key: distinct counts and totals per key.

use super::codes::Codes;
use super::pass::{Pass, Share};
use crate::plan::layout::KeyedSlot;
use crate::state::cells::{Cells, SumCell, merge_totals};
use crate::state::key::KeyValue;

/// Moves what a segment has accumulated per group and key into the state's cells.
pub(crate) fn flush_keyed(
    slot: &KeyedSlot,
    pass: &Pass<'_>,
    keys: &Codes,
    groups: &[usize],
    into: &mut Cells,
) {
    let partition = &pass.partition;
    let met = (0..partition.len()).filter(|place| partition.rows[*place] > 0);
    match (slot.sums, into) {
        (None, Cells::Distinct(cells)) => {
            for place in met.filter(|place| pass.is_met(*place)) {
                let (before, code) = partition.origin(place);
                let key = &keys.values[code];
                if *key != KeyValue::Null && !cells[groups[before]].contains(key) {
                    cells[groups[before]].insert(key.clone());
                }
            }
        }
        (Some(sums), Cells::Keyed { cells, .. }) => {
            // Every row names its key, also where no filter lets it through: such a key has totals of zero.
            let mut totals = vec![SumCell::default(); sums * partition.len()];
            pass.for_each_slot(|position, shares| {
                for (place, share) in shares {
                    if let Share::Sum(sum) = share {
                        totals[place * sums + position.0] = sum;
                    }
                }
            });
            for place in met {
                let (before, code) = partition.origin(place);
                let group = &mut cells[groups[before]];
                let own = &totals[place * sums..(place + 1) * sums];
                match group.get_mut(&keys.values[code]) {
                    Some(known) => merge_totals(known, own),
                    None => {
                        group.insert(keys.values[code].clone(), own.to_vec());
                    }
                }
            }
        }
        _ => {}
    }
}
