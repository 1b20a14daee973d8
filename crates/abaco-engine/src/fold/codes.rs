//! The values of a key column over a segment as small codes.

use std::hash::Hash;
use std::ops::{BitOr, BitXor};

use arrow::array::{Array, StringArray};
use hashbrown::HashMap;

use super::SEGMENT;
use super::batch::{Batch, Physical};
use super::interner::Interner;
use crate::plan::node::ColumnId;
use crate::state::key::KeyValue;

/// The number of a key's value, or of a combination of them, within a segment.
pub(crate) type Code = u16;

pub(crate) const UNSEEN: Code = Code::MAX;

/// Each row of a segment may have a code of its own. Where all have one, the last row's is [`UNSEEN`] itself; no row is
/// left that would look for it.
const _: () = assert!(SEGMENT <= UNSEEN as usize + 1);

/// Integers that lie this close together find their codes in a table instead of a map.
const TABLE_LIMIT: usize = 1 << 16;
/// Dictionaries up to this long are looked at as a whole; of longer ones only what the rows name.
const SMALL_DICTIONARY: usize = 1 << 10;

/// The code of each row, and the value that each code stands for. Equal values have equal codes.
#[derive(Debug)]
pub(crate) struct Codes {
    pub(crate) codes: Vec<Code>,
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
trait Integer: Copy + Ord + Hash + BitXor<Output = Self> + BitOr<Output = Self> {
    const ZERO: Self;
    /// How far `self` lies above `least`; meaningless if that is more than a `usize` holds.
    fn above(self, least: Self) -> usize;
    /// The same, if it is below the limit of tables.
    fn span(self, least: Self) -> Option<usize>;
    /// `self` without the bits of `mask`.
    fn floor(self, mask: usize) -> Self;
}

macro_rules! integer {
    ($($type:ty),*) => {$(
        impl Integer for $type {
            const ZERO: Self = 0;

            #[inline]
            fn above(self, least: Self) -> usize {
                self.wrapping_sub(least) as usize
            }

            fn span(self, least: Self) -> Option<usize> {
                let span = self.checked_sub(least).and_then(|span| usize::try_from(span).ok());
                span.filter(|span| *span < TABLE_LIMIT)
            }

            fn floor(self, mask: usize) -> Self {
                self & !(mask as Self)
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
        && let Some((least, span)) = values.first().and_then(|first| around(*first, values))
    {
        let mut table = vec![UNSEEN; span + 1];
        let code = |value: &T| {
            let place = &mut table[value.above(least)];
            if *place == UNSEEN {
                *place = keys.len() as Code;
                keys.push(key(*value));
            }
            *place
        };
        let codes = values.iter().map(code).collect();
        return Codes { codes, values: keys };
    }
    let mut known: HashMap<Option<T>, Code> = HashMap::new();
    let code = |(row, value): (usize, &T)| {
        let value = (!null.as_ref().is_some_and(|null| null(row))).then_some(*value);
        *known.entry(value).or_insert_with(|| {
            keys.push(value.map_or(KeyValue::Null, &key));
            (keys.len() - 1) as Code
        })
    };
    let codes = values.iter().enumerate().map(code).collect();
    Codes { codes, values: keys }
}

/// The least number of a range that holds all values, and how far the range goes beyond it, if that is not too far.
fn around<T: Integer>(first: T, values: &[T]) -> Option<(T, usize)> {
    // Which bits differ tells nearly as much as the extremes, and is found many values at a time.
    let differing = values.iter().fold(T::ZERO, |seen, value| seen | (*value ^ first));
    if let Some(span) = differing.span(T::ZERO) {
        let span = (span + 1).next_power_of_two() - 1;
        return Some((first.floor(span), span));
    }
    let (least, largest) = values
        .iter()
        .fold((first, first), |(least, largest), value| (least.min(*value), largest.max(*value)));
    Some((least, largest.span(least)?))
}

/// The dictionary has done the hashing: each of its texts is looked at once, and equal texts share a code.
fn of_dictionary(codes: &[i32], texts: &StringArray, null: Option<impl Fn(usize) -> bool>) -> Codes {
    let last = texts.len();
    let mut dictionary =
        Dictionary { texts, places: vec![UNSEEN; last + 1], known: HashMap::new(), values: Vec::new() };
    // Arrow holds the codes of rows that are not NULL to the dictionary's length.
    let place = |code: &i32| usize::try_from(*code).map_or(last, |place| place.min(last));
    let codes = match null {
        None if last <= SMALL_DICTIONARY => {
            (0..last).for_each(|place| {
                dictionary.code(place);
            });
            let places = &dictionary.places[..last];
            if places.iter().enumerate().all(|(place, code)| place == usize::from(*code)) {
                codes.iter().map(|code| *code as Code).collect()
            } else {
                codes.iter().map(|code| places[place(code)]).collect()
            }
        }
        None => codes.iter().map(|code| dictionary.code(place(code))).collect(),
        Some(null) => codes
            .iter()
            .enumerate()
            .map(|(row, code)| dictionary.code(if null(row) { last } else { place(code) }))
            .collect(),
    };
    Codes { codes, values: dictionary.values }
}

struct Dictionary<'t> {
    texts: &'t StringArray,
    /// The code of each text, and at the end that of NULL.
    places: Vec<Code>,
    known: HashMap<Option<&'t str>, Code>,
    values: Vec<KeyValue>,
}

impl Dictionary<'_> {
    #[inline]
    fn code(&mut self, place: usize) -> Code {
        if self.places[place] == UNSEEN {
            let text =
                (place < self.texts.len() && !self.texts.is_null(place)).then(|| self.texts.value(place));
            self.places[place] = *self.known.entry(text).or_insert_with(|| {
                self.values.push(text.map_or(KeyValue::Null, |text| KeyValue::Text(text.into())));
                (self.values.len() - 1) as Code
            });
        }
        self.places[place]
    }
}

fn of_texts(texts: &StringArray, start: usize, len: usize, null: Option<impl Fn(usize) -> bool>) -> Codes {
    let mut interner = Interner::new();
    let codes = match null {
        None => (start..start + len).map(|row| interner.code(texts.value(row))).collect(),
        Some(null) => {
            let mut null_code = None;
            let code = |row| match null(row) {
                true => *null_code.get_or_insert_with(|| interner.reserve()),
                false => interner.code(texts.value(start + row)),
            };
            (0..len).map(code).collect()
        }
    };
    let values = interner.texts().map(|text| text.map_or(KeyValue::Null, |text| KeyValue::Text(text.into())));
    Codes { codes, values: values.collect() }
}
