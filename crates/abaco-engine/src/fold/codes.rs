//! The values of a key column over a segment as small codes.

use std::hash::Hash;

use arrow::array::{Array, StringArray};
use hashbrown::HashMap;

use super::batch::{Batch, Physical};
use super::interner::Interner;
use crate::plan::node::ColumnId;
use crate::state::key::KeyValue;

/// Integers that lie this close together find their codes in a table instead of a map.
const TABLE_LIMIT: usize = 1 << 16;

const UNSEEN: u32 = u32::MAX;

/// The code of each row, and the value that each code stands for. Equal values have equal codes.
#[derive(Debug)]
pub(crate) struct Codes {
    pub(crate) codes: Vec<u32>,
    pub(crate) values: Vec<KeyValue>,
}

impl Codes {
    pub(crate) fn new(batch: &Batch, id: ColumnId, start: usize, len: usize) -> Self {
        let column = batch.column(id);
        let rows = start..start + len;
        let null = column.nulls.as_ref().map(|nulls| move |row: usize| nulls.is_null(start + row));
        match &column.physical {
            Physical::Text(texts) => of_texts(texts, start, len, null),
            Physical::Codes(codes, texts) => of_dictionary(&codes[rows], texts, null),
            Physical::I32(values) => of_integers(&values[rows], null, |value| KeyValue::Number(value.into())),
            Physical::I64(values) => of_integers(&values[rows], null, |value| KeyValue::Number(value.into())),
            Physical::I128(values) => of_integers(&values[rows], null, KeyValue::Number),
            Physical::Date(values) => of_integers(&values[rows], null, KeyValue::Date),
            Physical::Boolean(values) => {
                let bits: Vec<i32> = rows.map(|row| values.value(row).into()).collect();
                of_integers(&bits, null, |bit| KeyValue::Boolean(bit != 0))
            }
        }
    }
}

/// Integers that may index a table once the smallest is taken away.
trait Integer: Copy + Ord + Hash {
    /// The distance from `self` up to `other`, if it is small.
    fn distance(self, other: Self) -> Option<usize>;
}

macro_rules! integer {
    ($($type:ty),*) => {$(
        impl Integer for $type {
            #[inline]
            fn distance(self, other: Self) -> Option<usize> {
                other.checked_sub(self).and_then(|distance| usize::try_from(distance).ok())
            }
        }
    )*};
}

integer!(i32, i64, i128);

fn of_integers<T: Integer>(
    values: &[T],
    null: Option<impl Fn(usize) -> bool>,
    key: impl Fn(T) -> KeyValue,
) -> Codes {
    let mut keys = Vec::new();
    if null.is_none()
        && let (Some(least), Some(largest)) = (values.iter().min(), values.iter().max())
        && let Some(span) = least.distance(*largest).filter(|span| *span < TABLE_LIMIT)
    {
        let mut table = vec![UNSEEN; span + 1];
        let code = |value: &T| {
            let place = &mut table[least.distance(*value).unwrap_or(0)];
            if *place == UNSEEN {
                *place = keys.len() as u32;
                keys.push(key(*value));
            }
            *place
        };
        let codes = values.iter().map(code).collect();
        return Codes { codes, values: keys };
    }
    let mut known: HashMap<Option<T>, u32> = HashMap::new();
    let code = |(row, value): (usize, &T)| {
        let value = (!null.as_ref().is_some_and(|null| null(row))).then_some(*value);
        *known.entry(value).or_insert_with(|| {
            keys.push(value.map_or(KeyValue::Null, &key));
            (keys.len() - 1) as u32
        })
    };
    let codes = values.iter().enumerate().map(code).collect();
    Codes { codes, values: keys }
}

/// The dictionary has done the hashing: each of its codes is looked at once, and equal texts share a code.
fn of_dictionary(codes: &[i32], texts: &StringArray, null: Option<impl Fn(usize) -> bool>) -> Codes {
    // The last place is that of NULL.
    let mut places = vec![UNSEEN; texts.len() + 1];
    let mut known: HashMap<Option<&str>, u32> = HashMap::new();
    let mut values = Vec::new();
    let mut code_at = |place: usize| {
        if places[place] == UNSEEN {
            let text = (place < texts.len() && !texts.is_null(place)).then(|| texts.value(place));
            places[place] = *known.entry(text).or_insert_with(|| {
                values.push(text.map_or(KeyValue::Null, |text| KeyValue::Text(text.into())));
                (values.len() - 1) as u32
            });
        }
        places[place]
    };
    let last = texts.len();
    let place = |code: &i32| usize::try_from(*code).map_or(last, |place| place.min(last));
    let codes = match null {
        None => codes.iter().map(|code| code_at(place(code))).collect(),
        Some(null) => codes
            .iter()
            .enumerate()
            .map(|(row, code)| code_at(if null(row) { last } else { place(code) }))
            .collect(),
    };
    Codes { codes, values }
}

fn of_texts(texts: &StringArray, start: usize, len: usize, null: Option<impl Fn(usize) -> bool>) -> Codes {
    let mut interner = Interner::new();
    let mut null_code = UNSEEN;
    let mut codes = Vec::with_capacity(len);
    for row in 0..len {
        codes.push(if null.as_ref().is_some_and(|null| null(row)) {
            if null_code == UNSEEN {
                null_code = interner.reserve();
            }
            null_code
        } else {
            interner.code(texts.value(start + row))
        });
    }
    let values = interner.texts().map(|text| text.map_or(KeyValue::Null, |text| KeyValue::Text(text.into())));
    Codes { codes, values: values.collect() }
}
