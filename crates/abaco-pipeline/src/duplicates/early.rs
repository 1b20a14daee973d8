//! Noticing while rows come that some of them will have to be left out.

use std::sync::atomic::{AtomicBool, Ordering};

use hashbrown::HashSet;

use super::Print;

/// Keys that are remembered: with their places about 4 MB.
const KEYS: usize = 1 << 18;

/// Whether two rows have one key, as far as the first keys tell.
///
/// Once they do, the table is read again without some of its rows, and all that is done with them until then is done for
/// nothing. It is only a hint: what it misses is found when all rows are compared, and a reading that was ended by it is
/// never the one that counts.
#[derive(Debug, Default)]
pub(crate) struct Early {
    keys: HashSet<u64>,
}

/// What [`Early`] tells all threads.
#[derive(Debug, Default)]
pub(crate) struct ReadAgain(AtomicBool);

impl ReadAgain {
    pub(crate) fn is_known(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

impl Early {
    /// Takes note of a row that no other rule refuses.
    pub(crate) fn look(&mut self, print: &Print, again: &ReadAgain) {
        let [a, b, c, d, e, f, g, h, ..] = print.key;
        // A part of the digest: that two keys share it is as good as impossible, and would cost a second reading.
        let key = u64::from_le_bytes([a, b, c, d, e, f, g, h]);
        let is_known = match self.keys.len() < KEYS {
            true => !self.keys.insert(key),
            false => self.keys.contains(&key),
        };
        if is_known {
            again.0.store(true, Ordering::Relaxed);
        }
    }
}
