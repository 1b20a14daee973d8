//! Texts to small codes.

use std::hash::BuildHasher;
use std::sync::OnceLock;

use hashbrown::DefaultHashBuilder;

use super::codes::{Code, UNSEEN};

const EMPTY: Code = UNSEEN;

/// Places at first: so many that the few keys of most tapes seldom meet.
const PLACES: usize = 1 << 10;

/// Gives each distinct text the next code.
///
/// Keys of tapes are short. A text of at most 16 bytes is two words and a length, which are compared without looking
/// at memory again; a longer one is hashed and compared as a whole.
#[derive(Debug)]
pub(crate) struct Interner<'t> {
    /// A power of two of places, at most half of them taken.
    places: Vec<Code>,
    entries: Vec<Entry<'t>>,
    last: Code,
    seeds: (u64, u64),
}

#[derive(Clone, Copy, Debug)]
struct Entry<'t> {
    words: Words,
    /// `None` is a code that stands for no text.
    text: Option<&'t str>,
}

/// The first and the last eight bytes, or for a text of more than 16 bytes its hash; and the length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Words {
    first: u64,
    last: u64,
    len: usize,
}

impl<'t> Interner<'t> {
    pub(crate) fn new() -> Self {
        Self { places: vec![EMPTY; PLACES], entries: Vec::new(), last: 0, seeds: seeds() }
    }

    /// A code that no text has.
    pub(crate) fn reserve(&mut self) -> Code {
        self.entries.push(Entry { words: Words { first: 0, last: 0, len: usize::MAX }, text: None });
        (self.entries.len() - 1) as Code
    }

    #[inline]
    pub(crate) fn code(&mut self, text: &'t str) -> Code {
        let words = Words::of(text.as_bytes());
        // Tapes are often sorted by their keys, so many rows repeat the one before.
        if self.is(self.last, words, text) {
            return self.last;
        }
        let mask = self.places.len() - 1;
        let mut place = words.hash(self.seeds) & mask;
        loop {
            let code = self.places[place];
            if code == EMPTY {
                self.last = self.insert(place, words, text);
                return self.last;
            }
            if self.is(code, words, text) {
                self.last = code;
                return code;
            }
            place = (place + 1) & mask;
        }
    }

    /// The text of each code.
    pub(crate) fn texts(&self) -> impl Iterator<Item = Option<&'t str>> + '_ {
        self.entries.iter().map(|entry| entry.text)
    }

    #[inline]
    fn is(&self, code: Code, words: Words, text: &str) -> bool {
        self.entries
            .get(code as usize)
            .is_some_and(|entry| entry.words == words && (words.len <= 16 || entry.text == Some(text)))
    }

    #[cold]
    fn insert(&mut self, place: usize, words: Words, text: &'t str) -> Code {
        let code = self.entries.len() as Code;
        self.entries.push(Entry { words, text: Some(text) });
        self.places[place] = code;
        if self.entries.len() * 2 > self.places.len() {
            self.grow();
        }
        code
    }

    fn grow(&mut self) {
        let mask = self.places.len() * 4 - 1;
        let mut places = vec![EMPTY; mask + 1];
        for (code, entry) in self.entries.iter().enumerate().filter(|(_, entry)| entry.text.is_some()) {
            let mut place = entry.words.hash(self.seeds) & mask;
            while places[place] != EMPTY {
                place = (place + 1) & mask;
            }
            places[place] = code as Code;
        }
        self.places = places;
    }
}

impl Words {
    #[inline]
    fn of(text: &[u8]) -> Self {
        let len = text.len();
        let (first, last) = if len > 16 {
            (seed().hash_one(text), 0)
        } else if let (Some(head), Some(tail)) = (text.first_chunk::<8>(), text.last_chunk::<8>()) {
            (u64::from_le_bytes(*head), u64::from_le_bytes(*tail))
        } else if let (Some(head), Some(tail)) = (text.first_chunk::<4>(), text.last_chunk::<4>()) {
            (u32::from_le_bytes(*head).into(), u32::from_le_bytes(*tail).into())
        } else {
            (text.iter().fold(0, |word, byte| word << 8 | u64::from(*byte)), 0)
        };
        Self { first, last, len }
    }

    /// Folded multiplication, seeded so that which keys meet differs from process to process.
    #[inline]
    fn hash(self, (a, b): (u64, u64)) -> usize {
        let product = u128::from(self.first ^ a)
            .wrapping_mul(u128::from(self.last ^ b ^ (self.len as u64).rotate_left(32)));
        let folded = (product as u64) ^ ((product >> 64) as u64);
        // The low bits of a product depend on the low bits alone; a second round mixes the high ones in.
        (folded.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32) as usize
    }
}

fn seed() -> &'static DefaultHashBuilder {
    static SEED: OnceLock<DefaultHashBuilder> = OnceLock::new();
    SEED.get_or_init(DefaultHashBuilder::default)
}

fn seeds() -> (u64, u64) {
    static SEEDS: OnceLock<(u64, u64)> = OnceLock::new();
    *SEEDS.get_or_init(|| (seed().hash_one(1_u64), seed().hash_one(2_u64)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_texts_share_a_code_and_others_never_do() {
        let texts: Vec<String> = (0..5_000)
            .map(|number| match number % 6 {
                0 => format!("{}", number / 6),
                1 => format!("segment {:05}", number / 6),
                2 => format!("a key of more than sixteen bytes {}", number / 6),
                3 => format!("{}\0", number / 6),
                4 => format!("é{}", number / 6),
                _ => "x".repeat(number / 6 % 40),
            })
            .collect();
        let mut interner = Interner::new();
        let null = interner.reserve();
        let codes: Vec<Code> = texts.iter().map(|text| interner.code(text)).collect();
        let again: Vec<Code> = texts.iter().rev().map(|text| interner.code(text)).collect();
        assert!(codes.iter().eq(again.iter().rev()));
        let mut known = std::collections::HashMap::new();
        for (text, code) in texts.iter().zip(&codes) {
            assert_eq!(*known.entry(text.clone()).or_insert(*code), *code, "{text}");
            assert_eq!(interner.texts().nth(*code as usize), Some(Some(text.as_str())));
        }
        let distinct: std::collections::HashSet<Code> = codes.iter().copied().collect();
        assert_eq!(distinct.len(), known.len());
        assert!(!distinct.contains(&null));
    }

    #[test]
    fn words_of_short_texts_tell_them_apart() {
        // A text and the same with zero bytes around differ in length only.
        for (a, b) in
            [("", "\0"), ("a", "a\0"), ("abc", "abc\0"), ("abcd", "abcd\0"), ("abcdefgh", "abcdefgh\0")]
        {
            assert_ne!(Words::of(a.as_bytes()), Words::of(b.as_bytes()), "{a:?}");
        }
    }
}
