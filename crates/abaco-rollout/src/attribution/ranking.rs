//! The largest of many, without keeping the others.

use num_bigint::BigInt;

/// The largest entries by size; equal ones in the order in which they came.
pub(super) struct Ranking<T> {
    top: usize,
    kept: Vec<(BigInt, T)>,
    added: u64,
}

impl<T> Ranking<T> {
    pub(super) fn new(top: usize) -> Self {
        Self { top, kept: Vec::new(), added: 0 }
    }

    pub(super) fn add(&mut self, size: BigInt, entry: T) {
        self.added += 1;
        self.kept.push((size, entry));
        if self.kept.len() >= self.top.saturating_mul(2).max(1_024) {
            self.cut();
        }
    }

    /// How many entries are not listed.
    pub(super) fn others(&self) -> u64 {
        self.added.saturating_sub(u64::try_from(self.top).unwrap_or(u64::MAX))
    }

    /// The largest, largest first.
    pub(super) fn into_listed(mut self) -> Vec<T> {
        self.cut();
        self.kept.into_iter().map(|(_, entry)| entry).collect()
    }

    fn cut(&mut self) {
        // Stable, so that what came first stays first.
        self.kept.sort_by(|(a, _), (b, _)| b.cmp(a));
        self.kept.truncate(self.top);
    }
}

#[cfg(test)]
mod tests {
    use super::Ranking;

    #[test]
    fn the_largest_stay_and_the_first_of_equals() {
        let mut ranking = Ranking::new(3);
        for number in 0..5_000_u32 {
            ranking.add((number % 1_000).into(), number);
        }
        assert_eq!((ranking.others(), ranking.into_listed()), (4_997, vec![999, 1_999, 2_999]));
    }
}
