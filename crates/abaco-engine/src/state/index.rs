//! From hashes to groups: a table of one word per place.

/// Low bits of a place's word, which are the group's number; the others are the same bits of its hash. No memory holds
/// so many groups.
const NUMBER: u64 = (1 << 40) - 1;

/// A place without a group.
const EMPTY: u64 = u64::MAX;

/// Finds groups by their hashes.
///
/// Among a million groups each look-up goes to memory, and to one line of it: places that follow each other are tried in
/// turn.
#[derive(Clone, Debug, Default)]
pub(crate) struct Index {
    /// A power of two of them, at most half of them taken; none at first.
    places: Vec<u64>,
}

impl Index {
    /// The groups whose hashes agree with `hash` as far as the index knows.
    #[inline]
    pub(crate) fn candidates(&self, hash: u64) -> impl Iterator<Item = usize> + '_ {
        let words = self.from(hash).map(|place| self.places[place]).take_while(|word| *word != EMPTY);
        words.filter(move |word| (word ^ hash) & !NUMBER == 0).map(|word| (word & NUMBER) as usize)
    }

    /// Adds the group that comes after those whose hashes are known.
    pub(crate) fn add(&mut self, hash: u64, known: &[u64]) {
        if (known.len() + 1) * 2 > self.places.len() {
            self.places = vec![EMPTY; (self.places.len() * 2).max(16)];
            known.iter().enumerate().for_each(|(group, hash)| self.place(*hash, group));
        }
        self.place(hash, known.len());
    }

    fn place(&mut self, hash: u64, group: usize) {
        if let Some(place) = self.from(hash).find(|place| self.places[*place] == EMPTY) {
            self.places[place] = (hash & !NUMBER) | (group as u64 & NUMBER);
        }
    }

    /// All places, in the order in which a hash looks at them.
    #[inline]
    fn from(&self, hash: u64) -> impl Iterator<Item = usize> + use<> {
        let len = self.places.len();
        (0..len).map(move |step| (hash as usize).wrapping_add(step) & (len - 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_found_however_their_hashes_meet() {
        // Hashes that begin at one place, that differ in the number's bits only, and that are the same.
        let hashes: Vec<u64> = (0..5_000_u64)
            .map(|group| match group % 4 {
                0 => group << 41,
                1 => u64::MAX - group,
                2 => group / 100,
                _ => group.wrapping_mul(0x9E37_79B9_7F4A_7C15),
            })
            .collect();
        let mut index = Index::default();
        assert_eq!(index.candidates(7).count(), 0);
        for (group, hash) in hashes.iter().enumerate() {
            index.add(*hash, &hashes[..group]);
        }
        for (group, hash) in hashes.iter().enumerate() {
            assert!(index.candidates(*hash).any(|found| found == group), "{group}");
            assert!(index.candidates(*hash).all(|found| hashes[found] >> 40 == hash >> 40), "{group}");
        }
        assert_eq!(index.candidates(0x1234_5678_9ABC_DEF0).next(), None);
    }
}
