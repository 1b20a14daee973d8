//! Measures that go by a key: distinct counts and totals per key.

use super::codes::Codes;
use super::pass::Pass;
use crate::plan::layout::KeyedSlot;
use crate::state::SetState;
use crate::state::cells::{SumCell, add_totals};
use crate::state::key::KeyValue;
use crate::state::set::GroupId;

/// Moves what a segment has accumulated per group and key into the state's cells.
pub(crate) fn flush_keyed(
    planned: &KeyedSlot,
    pass: &Pass<'_>,
    keys: &Codes,
    group: impl Fn(usize) -> Option<GroupId>,
    into: &mut SetState,
) {
    let partition = &pass.partition;
    let met = (0..partition.len()).filter(|place| partition.rows[*place] > 0);
    let Some(sums) = planned.sums else {
        for place in met.filter(|place| pass.is_met(*place)) {
            let (before, code) = partition.origin(place);
            let key = &keys.values[code];
            let Some((cells, group)) = group(before).map(|id| into.cells_mut(id)) else { continue };
            if let Some(known) = cells.distinct_mut(group, planned.slot)
                && *key != KeyValue::Null
                && !known.contains(key)
            {
                known.insert(key.clone());
            }
        }
        return;
    };
    // Every row names its key, also where no filter lets it through: such a key has totals of zero.
    let mut totals = vec![SumCell::default(); sums * partition.len()];
    pass.for_each_share(|place, position, share| {
        totals[place * sums + position.0] = share.sum();
    });
    for place in met {
        let (before, code) = partition.origin(place);
        let Some((cells, group)) = group(before).map(|id| into.cells_mut(id)) else { continue };
        if let Some(known) = cells.keyed_mut(group, planned.slot) {
            add_totals(known, &keys.values[code], &totals[place * sums..(place + 1) * sums]);
        }
    }
}
