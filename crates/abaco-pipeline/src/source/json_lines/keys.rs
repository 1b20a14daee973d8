//! What the keys of an object mean, remembered from row to row.

use std::collections::{HashMap, HashSet};

use super::JsonTape;
use crate::contract::normalise;

/// How many keys of an object are remembered.
const MAX_REMEMBERED: usize = 4_096;

/// What a key means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Key {
    /// A key of the header, by its position.
    Header(usize),
    /// Another header of the contract: the tape's beginning has not announced it.
    Late,
    /// Nothing that the contract declares.
    Other,
}

/// The keys of a chunk's objects.
#[derive(Default)]
pub(super) struct Keys {
    positions: HashMap<String, usize>,
    /// Keys as an object had them, in its order: the next one most often has the same.
    order: Vec<(String, Key)>,
    /// The last row in which each key of the header was, counted from 1.
    seen: Vec<u64>,
    row: u64,
    /// The row's keys that are not in the header.
    others: HashSet<String>,
    /// Keys of the row so far.
    count: usize,
}

impl Keys {
    pub(super) fn new(tape: &JsonTape) -> Self {
        let positions = tape.headers.iter().cloned().zip(0..).collect();
        Self { positions, seen: vec![0; tape.headers.len()], ..Self::default() }
    }

    pub(super) fn begin_row(&mut self) {
        self.row += 1;
        self.count = 0;
        self.others.clear();
    }

    /// What the row's next key means, and whether the row had it before.
    pub(super) fn next(&mut self, tape: &JsonTape, key: &str) -> (Key, bool) {
        let at = self.count;
        self.count += 1;
        let known = self.order.get(at).filter(|(known, _)| known == key).map(|&(_, meaning)| meaning);
        let meaning = match known {
            Some(meaning) => meaning,
            None => {
                let meaning = self.find(tape, &normalise(key));
                // An object of very many keys is not worth remembering.
                if at < self.order.len() {
                    self.order[at] = (key.to_owned(), meaning);
                } else if at == self.order.len() && at < MAX_REMEMBERED {
                    self.order.push((key.to_owned(), meaning));
                }
                meaning
            }
        };
        let twice = match meaning {
            Key::Header(position) => std::mem::replace(&mut self.seen[position], self.row) == self.row,
            Key::Late | Key::Other => !self.others.insert(normalise(key)),
        };
        (meaning, twice)
    }

    fn find(&self, tape: &JsonTape, key: &str) -> Key {
        match self.positions.get(key) {
            Some(&position) => Key::Header(position),
            None if tape.others.contains(key) => Key::Late,
            None => Key::Other,
        }
    }
}
