//! From the key columns of a segment to the group of each row.

use arrow::array::{Array, StringArray};
use hashbrown::HashMap;

use super::batch::{Batch, Physical};
use crate::plan::node::ColumnId;
use crate::state::SetState;
use crate::state::key::{GroupKey, KeyValue};

/// The values of a key column over a segment as small codes.
#[derive(Debug)]
pub(crate) struct Codes {
    pub(crate) codes: Vec<u32>,
    /// The value that each code stands for.
    pub(crate) values: Vec<KeyValue>,
}

/// The group of each row of a segment, in one grouping set.
#[derive(Debug)]
pub(crate) enum Groups {
    /// All rows are of one group.
    One(usize),
    PerRow(Vec<u32>),
}

impl Codes {
    pub(crate) fn new(batch: &Batch, id: ColumnId, start: usize, len: usize) -> Self {
        let column = batch.column(id);
        let rows = start..start + len;
        let null = |row: usize| column.nulls.as_ref().is_some_and(|nulls| nulls.is_null(row));
        match &column.physical {
            Physical::Text(texts) => {
                Self::collect(rows.map(|row| (!null(row)).then(|| texts.value(row))), |text| {
                    KeyValue::Text(text.into())
                })
            }
            Physical::Codes(codes, texts) => {
                Self::of_dictionary(&codes[rows.clone()], texts, |row| null(start + row))
            }
            Physical::I32(values) => {
                Self::collect(rows.map(|row| (!null(row)).then_some(values[row])), |value| {
                    KeyValue::Number(value.into())
                })
            }
            Physical::I64(values) => {
                Self::collect(rows.map(|row| (!null(row)).then_some(values[row])), |value| {
                    KeyValue::Number(value.into())
                })
            }
            Physical::I128(values) => {
                Self::collect(rows.map(|row| (!null(row)).then_some(values[row])), KeyValue::Number)
            }
            Physical::Date(values) => {
                Self::collect(rows.map(|row| (!null(row)).then_some(values[row])), KeyValue::Date)
            }
            Physical::Boolean(values) => {
                Self::collect(rows.map(|row| (!null(row)).then(|| values.value(row))), KeyValue::Boolean)
            }
        }
    }

    /// The dictionary has done the hashing: each of its codes is looked at once, and equal texts share a code.
    fn of_dictionary(codes: &[i32], texts: &StringArray, null: impl Fn(usize) -> bool) -> Self {
        const UNSEEN: u32 = u32::MAX;
        // The last place is that of NULL.
        let mut places = vec![UNSEEN; texts.len() + 1];
        let mut known: HashMap<Option<&str>, u32> = HashMap::new();
        let mut values = Vec::new();
        let codes = codes
            .iter()
            .enumerate()
            .map(|(row, code)| {
                let place = match usize::try_from(*code) {
                    Ok(place) if place < texts.len() && !null(row) => place,
                    _ => texts.len(),
                };
                if places[place] == UNSEEN {
                    let text = (place < texts.len()).then(|| texts.value(place));
                    places[place] = *known.entry(text).or_insert_with(|| {
                        values.push(text.map_or(KeyValue::Null, |text| KeyValue::Text(text.into())));
                        (values.len() - 1) as u32
                    });
                }
                places[place]
            })
            .collect();
        Self { codes, values }
    }

    fn collect<T: Copy + Eq + std::hash::Hash>(
        rows: impl Iterator<Item = Option<T>>,
        value: impl Fn(T) -> KeyValue,
    ) -> Self {
        let mut known: HashMap<Option<T>, u32> = HashMap::new();
        let mut values = Vec::new();
        let mut last: Option<(Option<T>, u32)> = None;
        let codes = rows
            .map(|row| {
                // Tapes are often sorted by their keys, so most rows repeat the one before.
                if let Some((key, code)) = last
                    && key == row
                {
                    return code;
                }
                let code = *known.entry(row).or_insert_with(|| {
                    values.push(row.map_or(KeyValue::Null, &value));
                    (values.len() - 1) as u32
                });
                last = Some((row, code));
                code
            })
            .collect();
        Self { codes, values }
    }
}

impl Groups {
    /// The groups of a segment's rows; groups that are new to `set` are added to it.
    pub(crate) fn assign(set: &mut SetState, snapshot: Option<&Codes>, by: &[&Codes], len: usize) -> Self {
        let columns: Vec<&Codes> = snapshot.into_iter().chain(by.iter().copied()).collect();
        // Combine the columns pair by pair, so that codes stay dense and never overflow.
        let mut tuples: Vec<Vec<u32>> = vec![Vec::new()];
        let mut combined: Option<Vec<u32>> = None;
        for column in columns {
            let Some(left) = combined else {
                tuples = (0..column.values.len() as u32).map(|code| vec![code]).collect();
                combined = Some(column.codes.clone());
                continue;
            };
            let mut pairs = Pairs::new(tuples.len(), column.values.len());
            let mut next: Vec<Vec<u32>> = Vec::new();
            let codes = left
                .iter()
                .zip(&column.codes)
                .map(|(a, b)| {
                    let code = pairs.entry(*a, *b);
                    if *code == Pairs::UNSEEN {
                        let mut tuple = tuples[*a as usize].clone();
                        tuple.push(*b);
                        next.push(tuple);
                        *code = (next.len() - 1) as u32;
                    }
                    *code
                })
                .collect();
            tuples = next;
            combined = Some(codes);
        }
        if len == 0 {
            return Self::PerRow(Vec::new());
        }
        let groups: Vec<usize> =
            tuples.iter().map(|tuple| set.group(&group_key(snapshot, by, tuple))).collect();
        match (combined, groups.as_slice()) {
            (None, [group]) | (Some(_), [group]) => Self::One(*group),
            (Some(codes), groups) => {
                Self::PerRow(codes.into_iter().map(|code| groups[code as usize] as u32).collect())
            }
            (None, _) => Self::PerRow(Vec::new()),
        }
    }

    /// The groups of a block of the segment.
    pub(crate) fn block(&self, start: usize, len: usize) -> BlockGroups<'_> {
        match self {
            Self::One(group) => BlockGroups::One(*group),
            Self::PerRow(groups) => {
                let block = &groups[start..start + len];
                match block.split_first() {
                    Some((first, rest)) if rest.iter().all(|group| group == first) => {
                        BlockGroups::One(*first as usize)
                    }
                    _ => BlockGroups::PerRow(block),
                }
            }
        }
    }
}

/// The code of each pair of codes: a table where it is small, a map where it is not.
enum Pairs {
    Table { codes: Vec<u32>, columns: usize },
    Map(HashMap<(u32, u32), u32>),
}

impl Pairs {
    const UNSEEN: u32 = u32::MAX;
    const TABLE_LIMIT: usize = 1 << 16;

    fn new(rows: usize, columns: usize) -> Self {
        match rows.checked_mul(columns) {
            Some(pairs) if pairs <= Self::TABLE_LIMIT => {
                Self::Table { codes: vec![Self::UNSEEN; pairs], columns }
            }
            _ => Self::Map(HashMap::new()),
        }
    }

    fn entry(&mut self, a: u32, b: u32) -> &mut u32 {
        match self {
            Self::Table { codes, columns } => &mut codes[a as usize * *columns + b as usize],
            Self::Map(codes) => codes.entry((a, b)).or_insert(Self::UNSEEN),
        }
    }
}

/// The group of each row of a block.
#[derive(Clone, Copy, Debug)]
pub(crate) enum BlockGroups<'g> {
    One(usize),
    PerRow(&'g [u32]),
}

impl BlockGroups<'_> {
    pub(crate) fn of(&self, row: usize) -> usize {
        match self {
            Self::One(group) => *group,
            Self::PerRow(groups) => groups[row] as usize,
        }
    }
}

fn group_key(snapshot: Option<&Codes>, by: &[&Codes], tuple: &[u32]) -> GroupKey {
    let mut codes = tuple.iter().map(|code| *code as usize);
    let date = snapshot.and_then(|column| match codes.next().map(|code| &column.values[code]) {
        Some(KeyValue::Date(days)) => Some(*days),
        _ => None,
    });
    let by = by.iter().zip(codes).map(|(column, code)| column.values[code].clone()).collect();
    GroupKey { snapshot: date, by }
}
