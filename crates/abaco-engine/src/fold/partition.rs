//! The rows of a segment by the combination of their key codes: one place per combination.

use std::borrow::Cow;

use hashbrown::HashMap;

use super::codes::{Code, Codes, UNSEEN};

/// Combinations up to this many have a place each, seen or not; more are numbered as they are met.
const DENSE_LIMIT: usize = 1 << 13;
/// Combinations up to this many are numbered by way of a table, more by way of a map.
const TABLE_LIMIT: usize = 1 << 16;

/// Where each row of a segment belongs.
#[derive(Clone, Debug)]
pub(crate) struct Partition<'c> {
    /// The place of each row; `None` if all are in place 0.
    places: Option<Cow<'c, [Code]>>,
    /// Rows in each place.
    pub(crate) rows: Vec<u32>,
    /// For each refinement, the place before it and the code that make each place.
    origins: Vec<Vec<(u32, u32)>>,
    len: usize,
}

/// The places of a block's rows.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Places<'p> {
    One(usize),
    PerRow(&'p [Code]),
}

impl<'c> Partition<'c> {
    /// All `len` rows in one place.
    pub(crate) fn whole(len: usize) -> Self {
        Self { places: None, rows: vec![len as u32], origins: Vec::new(), len }
    }

    /// The places of `keys` combined, in their order.
    pub(crate) fn of(keys: &[&'c Codes], len: usize) -> Self {
        let whole = Self::whole(len);
        keys.iter().fold(whole, |places, key| places.taken_apart(&key.codes, key.values.len())).counted()
    }

    /// Each place taken apart by codes below `distinct`.
    pub(crate) fn refined(&self, codes: &'c [Code], distinct: usize) -> Self {
        self.taken_apart(codes, distinct).counted()
    }

    fn taken_apart(&self, codes: &'c [Code], distinct: usize) -> Self {
        let count = self.origins.last().map_or(1, Vec::len);
        let combinations = count.saturating_mul(distinct);
        let (places, origins) = match &self.places {
            _ if distinct == 1 => (self.places.clone(), (0..count as u32).map(|place| (place, 0)).collect()),
            None => (Some(Cow::Borrowed(codes)), (0..distinct as u32).map(|code| (0, code)).collect()),
            Some(places) if combinations <= DENSE_LIMIT => {
                let width = distinct as Code;
                let combined = places.iter().zip(codes).map(|(place, code)| place * width + code).collect();
                let origins =
                    (0..count as u32).flat_map(|place| (0..distinct as u32).map(move |code| (place, code)));
                (Some(Cow::Owned(combined)), origins.collect())
            }
            Some(places) => {
                let (combined, origins) = numbered(places, codes, distinct, combinations);
                (Some(Cow::Owned(combined)), origins)
            }
        };
        let origins = self.origins.iter().cloned().chain([origins]).collect();
        Self { places, rows: Vec::new(), origins, len: self.len }
    }

    /// With the rows of each place: once, for the finest combination.
    fn counted(mut self) -> Self {
        let count = self.origins.last().map_or(1, Vec::len);
        self.rows = match &self.places {
            None => vec![self.len as u32; count],
            Some(places) => {
                let mut rows = vec![0; count];
                places.iter().for_each(|place| rows[*place as usize] += 1);
                rows
            }
        };
        self
    }

    /// Number of places, empty ones included.
    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    /// Number of places that are not empty.
    pub(crate) fn with_rows(&self) -> usize {
        self.rows.iter().filter(|rows| **rows > 0).count()
    }

    /// The place before the last refinement, and its code.
    pub(crate) fn origin(&self, place: usize) -> (usize, usize) {
        let (before, code) = self.origins.last().map_or((0, 0), |origins| origins[place]);
        (before as usize, code as usize)
    }

    /// The place after the first `depth` refinements only.
    pub(crate) fn ancestor(&self, place: usize, depth: usize) -> usize {
        let above = self.origins.iter().skip(depth).rev();
        above.fold(place, |place, origins| origins[place].0 as usize)
    }

    /// The code that refinement `depth` gave to a place.
    pub(crate) fn code(&self, place: usize, depth: usize) -> usize {
        self.origins[depth][self.ancestor(place, depth + 1)].1 as usize
    }

    /// The places of the rows `start..start + len`.
    pub(crate) fn block(&self, start: usize, len: usize) -> Places<'_> {
        let Some(places) = &self.places else { return Places::One(0) };
        let places = &places[start..start + len];
        match places.split_first() {
            // Tapes are often sorted by their keys.
            Some((first, rest)) if rest.iter().all(|place| place == first) => Places::One(*first as usize),
            _ => Places::PerRow(places),
        }
    }
}

/// The places of the combinations that occur, numbered as they are met.
fn numbered(
    places: &[Code],
    codes: &[Code],
    distinct: usize,
    combinations: usize,
) -> (Vec<Code>, Vec<(u32, u32)>) {
    let mut origins = Vec::new();
    let mut number = |known: &mut Code, place: Code, code: Code| {
        if *known == UNSEEN {
            *known = origins.len() as Code;
            origins.push((place.into(), code.into()));
        }
        *known
    };
    let rows = places.iter().zip(codes);
    let combined = if combinations <= TABLE_LIMIT {
        let mut table = vec![UNSEEN; combinations];
        rows.map(|(place, code)| {
            number(&mut table[*place as usize * distinct + *code as usize], *place, *code)
        })
        .collect()
    } else {
        let mut map: HashMap<u32, Code> = HashMap::new();
        rows.map(|(place, code)| {
            let key = u32::from(*place) << 16 | u32::from(*code);
            number(map.entry(key).or_insert(UNSEEN), *place, *code)
        })
        .collect()
    };
    (combined, origins)
}
