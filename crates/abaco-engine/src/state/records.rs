//! Rows, counts and sums of groups: one record of words per group.
//!
//! Among a million groups each row of a tape goes to a record far away in memory, so records are as small as their
//! contents allow. All start narrow: totals in 64 bits, and the counters of a sum in 32 each. An addition that would
//! not fit makes every record wide before it is done: totals in 256 bits, counters in 64.

use arrow::datatypes::i256;

use super::cells::SumCell;

/// Words of a wide total.
const TOTAL: usize = 4;

/// Words of a line of the processor's cache.
const LINE: usize = 8;

/// Records of a chunk. Chunks stay where they are when others are added: moving all records whenever their memory is
/// full would take more new pages than the records themselves.
const CHUNK: usize = 256;

#[derive(Clone, Debug)]
pub(crate) struct Records {
    counts: usize,
    sums: usize,
    wide: bool,
    groups: usize,
    /// Per group its rows, its counts, then what the sums count, then their totals.
    chunks: Vec<Vec<u64>>,
}

impl Records {
    pub(crate) fn new(counts: usize, sums: usize) -> Self {
        Self { counts, sums, wide: false, groups: 0, chunks: Vec::new() }
    }

    /// Words that come before the totals: all of them only ever grow.
    fn counters(&self) -> usize {
        1 + self.counts + if self.wide { 2 * self.sums } else { self.sums }
    }

    fn width(&self) -> usize {
        self.counters() + if self.wide { TOTAL * self.sums } else { self.sums }
    }

    #[inline]
    fn record(&self, group: usize) -> &[u64] {
        let start = group % CHUNK * self.width();
        &self.chunks[group / CHUNK][start..start + self.width()]
    }

    #[inline]
    fn record_mut(&mut self, group: usize) -> &mut [u64] {
        let width = self.width();
        let start = group % CHUNK * width;
        &mut self.chunks[group / CHUNK][start..start + width]
    }

    /// Adds the records of so many new groups.
    pub(crate) fn grow(&mut self, groups: usize) {
        let width = self.width();
        let mut rest = groups;
        while rest > 0 {
            let free = CHUNK - self.groups % CHUNK;
            if free == CHUNK {
                // Few groups, of which there are many kinds of sets, do not take a whole chunk.
                let room = if self.chunks.is_empty() { rest.min(CHUNK) } else { CHUNK };
                self.chunks.push(Vec::with_capacity(room * width));
            }
            let added = free.min(rest);
            if let Some(chunk) = self.chunks.last_mut() {
                chunk.resize(chunk.len() + added * width, 0);
            }
            self.groups += added;
            rest -= added;
        }
    }

    /// The same layout without any record.
    pub(crate) fn emptied(&self) -> Self {
        Self::new(self.counts, self.sums)
    }

    pub(crate) fn rows(&self, group: usize) -> u64 {
        self.record(group)[0]
    }

    pub(crate) fn total_rows(&self) -> u64 {
        self.chunks.iter().flat_map(|chunk| chunk.iter().step_by(self.width())).sum()
    }

    /// Rows come before what is counted among them: a narrow record relies on their number.
    pub(crate) fn add_rows(&mut self, group: usize, rows: u64) {
        if !self.wide && !is_narrow(self.rows(group), rows) {
            self.widen();
        }
        self.record_mut(group)[0] += rows;
    }

    pub(crate) fn count(&self, group: usize, count: usize) -> u64 {
        self.record(group)[1 + count]
    }

    pub(crate) fn add_count(&mut self, group: usize, count: usize, rows: u64) {
        self.record_mut(group)[1 + count] += rows;
    }

    pub(crate) fn sum(&self, group: usize, sum: usize) -> SumCell {
        let record = self.record(group);
        let (counted, totals) = (&record[1 + self.counts..self.counters()], &record[self.counters()..]);
        if !self.wide {
            let (matched, valid) = unpacked(counted[sum]);
            return SumCell { total: totals[sum].cast_signed().into(), matched, valid };
        }
        let total = totals[sum * TOTAL..].first_chunk().map_or(i256::ZERO, total_of);
        SumCell { total, matched: counted[sum], valid: counted[self.sums + sum] }
    }

    pub(crate) fn add_sum(&mut self, group: usize, sum: usize, cell: &SumCell) {
        let narrow = cell.total.to_i128().and_then(|total| i64::try_from(total).ok());
        let added = narrow.is_some_and(|total| self.add_narrow(group, sum, total, cell.matched, cell.valid));
        if !added {
            self.add_wide(group, sum, cell);
        }
    }

    /// Adds to a sum whose record is narrow and stays so; otherwise nothing is added.
    #[inline]
    pub(crate) fn add_narrow(
        &mut self,
        group: usize,
        sum: usize,
        total: i64,
        matched: u64,
        valid: u64,
    ) -> bool {
        if self.wide {
            return false;
        }
        let (counts, counters) = (self.counts, self.counters());
        let record = self.record_mut(group);
        let known = unpacked(record[1 + counts + sum]);
        let own = record[counters + sum].cast_signed().checked_add(total);
        let (Some(own), true) = (own, is_narrow(known.0, matched) && is_narrow(known.1, valid)) else {
            return false;
        };
        record[counters + sum] = own.cast_unsigned();
        record[1 + counts + sum] += packed(matched, valid);
        true
    }

    /// Row values are below 10^57 and rows below 2^63, so 256 bits always hold the total.
    fn add_wide(&mut self, group: usize, sum: usize, cell: &SumCell) {
        self.widen();
        let (matched, sums, counters) = (1 + self.counts + sum, self.sums, self.counters());
        let record = self.record_mut(group);
        record[matched] += cell.matched;
        record[matched + sums] += cell.valid;
        if let Some(words) = record[counters + sum * TOTAL..].first_chunk_mut() {
            *words = words_of(total_of(words).wrapping_add(cell.total));
        }
    }

    /// Sets a sum of each group, of records that have been added with nothing in them but their rows, to what `of` gives:
    /// its total, and how many of the group's rows match and are valid.
    #[inline]
    pub(crate) fn fill_sum(&mut self, sum: usize, of: impl Fn(usize) -> (i64, u32, u32)) {
        let (width, counter) = (self.width(), 1 + self.counts + sum);
        let total = counter + self.sums;
        let records = self.chunks.iter_mut().flat_map(|chunk| chunk.chunks_exact_mut(width));
        for (group, record) in records.enumerate() {
            let (own, matched, valid) = of(group);
            record[counter] = packed(matched.into(), valid.into());
            record[total] = own.cast_unsigned();
        }
    }

    /// Whether all records are narrow.
    pub(crate) fn is_narrow(&self) -> bool {
        !self.wide
    }

    /// Looks at records that are about to be added to. In a loop of nothing else the processor waits for many of them
    /// at once.
    pub(crate) fn touch(&self, groups: &[usize]) {
        let seen = groups.iter().fold(0, |seen, group| {
            let record = self.record(*group);
            record.iter().step_by(LINE).fold(seen, |seen, word| seen | word) | record[record.len() - 1]
        });
        std::hint::black_box(seen);
    }

    /// Adds record `from` of `other`, which is laid out alike.
    #[inline]
    pub(crate) fn merge(&mut self, into: usize, other: &Self, from: usize) {
        if self.wide || other.wide || !self.merge_narrow(into, other.record(from)) {
            self.merge_wide(into, other, from);
        }
    }

    /// Adds a narrow record to one that stays narrow; otherwise nothing is added.
    #[inline]
    fn merge_narrow(&mut self, into: usize, other: &[u64]) -> bool {
        let counters = self.counters();
        let (own, own_totals) = self.record_mut(into).split_at_mut(counters);
        let (other, other_totals) = other.split_at(counters);
        // No counter is above the rows.
        if !is_narrow(own[0], other[0]) {
            return false;
        }
        let mut overflows = 0;
        for (own, other) in own_totals.iter_mut().zip(other_totals) {
            let sum = own.wrapping_add(*other);
            // The sum of two numbers of one sign has the other.
            overflows |= (*own ^ sum) & (*other ^ sum);
            *own = sum;
        }
        if overflows.cast_signed() < 0 {
            own_totals.iter_mut().zip(other_totals).for_each(|(own, other)| *own = own.wrapping_sub(*other));
            return false;
        }
        own.iter_mut().zip(other).for_each(|(own, other)| *own += other);
        true
    }

    #[cold]
    fn merge_wide(&mut self, into: usize, other: &Self, from: usize) {
        self.widen();
        self.record_mut(into)[0] += other.rows(from);
        (0..self.counts).for_each(|count| self.add_count(into, count, other.count(from, count)));
        (0..self.sums).for_each(|sum| self.add_wide(into, sum, &other.sum(from, sum)));
    }

    /// Makes every record wide.
    fn widen(&mut self) {
        if self.wide {
            return;
        }
        let mut wide = Self { wide: true, ..Self::new(self.counts, self.sums) };
        wide.grow(self.groups);
        for group in 0..self.groups {
            let sums = || (0..self.sums).map(|sum| self.sum(group, sum));
            let counters = self.record(group)[..=self.counts].iter().copied();
            let words = counters
                .chain(sums().map(|sum| sum.matched))
                .chain(sums().map(|sum| sum.valid))
                .chain(sums().flat_map(|sum| words_of(sum.total)));
            wide.record_mut(group).iter_mut().zip(words).for_each(|(own, word)| *own = word);
        }
        *self = wide;
    }
}

/// Whether what two counters count together fits 32 bits.
fn is_narrow(a: u64, b: u64) -> bool {
    // Neither is above 2^62.
    a + b <= u32::MAX.into()
}

fn packed(matched: u64, valid: u64) -> u64 {
    matched | valid << 32
}

fn unpacked(counters: u64) -> (u64, u64) {
    (counters & u64::from(u32::MAX), counters >> 32)
}

fn total_of(words: &[u64; TOTAL]) -> i256 {
    let half = |low: u64, high: u64| u128::from(low) | u128::from(high) << 64;
    i256::from_parts(half(words[0], words[1]), half(words[2], words[3]).cast_signed())
}

fn words_of(total: i256) -> [u64; TOTAL] {
    let (low, high) = total.to_parts();
    let high = high.cast_unsigned();
    [low as u64, (low >> 64) as u64, high as u64, (high >> 64) as u64]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(total: i128, matched: u64, valid: u64) -> SumCell {
        SumCell { total: i256::from_i128(total), matched, valid }
    }

    /// Three groups of one count and two sums; only the second group is added to.
    fn records(cells: &[SumCell]) -> Records {
        let mut records = Records::new(1, 2);
        records.grow(3);
        for own in cells {
            records.add_rows(1, own.matched);
            records.add_count(1, 0, own.valid);
            records.add_sum(1, 0, own);
            records.add_sum(1, 1, &cell(-1, own.matched, own.valid));
        }
        records
    }

    #[test]
    fn additions_that_leave_64_bits_make_records_wide_and_lose_nothing() {
        let (most, least) = (i128::from(i64::MAX), i128::from(i64::MIN));
        for (a, b) in [(most, 1), (least, -1), (most, most), (least, least), (most + 1, 0), (0, i128::MIN)] {
            let both = [cell(a, 3, 2), cell(b, 5, 5)];
            let mut merged = records(&both[..1]);
            let other = records(&both[1..]);
            (0..3).for_each(|group| merged.merge(group, &other, group));
            for found in [records(&both), merged] {
                assert!(found.wide, "{a} + {b}");
                let total = i256::from_i128(a).wrapping_add(i256::from_i128(b));
                assert_eq!(found.sum(1, 0), SumCell { total, matched: 8, valid: 7 }, "{a} + {b}");
                assert_eq!((found.sum(1, 1), found.count(1, 0)), (cell(-2, 8, 7), 7), "{a} + {b}");
                assert_eq!((found.rows(0), found.rows(1), found.total_rows()), (0, 8, 8), "{a} + {b}");
                assert_eq!(found.sum(2, 0), SumCell::default(), "{a} + {b}");
            }
        }
    }

    #[test]
    fn additions_that_stay_within_64_bits_keep_records_narrow() {
        let (most, least) = (i128::from(i64::MAX), i128::from(i64::MIN));
        for (a, b) in [(most, least), (least, most), (most - 1, 1), (least + 1, -1), (0, 0)] {
            let both = [cell(a, 3, 2), cell(b, 5, 5)];
            let mut merged = records(&both[..1]);
            merged.merge(1, &records(&both[1..]), 1);
            for found in [records(&both), merged] {
                assert!(!found.wide, "{a} + {b}");
                assert_eq!((found.sum(1, 0), found.rows(1)), (cell(a + b, 8, 7), 8), "{a} + {b}");
            }
        }
    }

    #[test]
    fn rows_beyond_32_bits_are_counted() {
        let most = u64::from(u32::MAX);
        let mut found = records(&[cell(5, most, most)]);
        assert!(!found.wide);
        found.merge(1, &records(&[cell(6, 1, 0)]), 1);
        assert!(found.wide);
        assert_eq!((found.rows(1), found.sum(1, 0)), (most + 1, cell(11, most + 1, most)));
        let other = found.clone();
        found.merge(1, &other, 1);
        assert_eq!((found.rows(1), found.sum(1, 0)), (2 * most + 2, cell(22, 2 * most + 2, 2 * most)));
    }
}
