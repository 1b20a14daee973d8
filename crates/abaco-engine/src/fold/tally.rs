//! Sums of a segment, one per place, in integers just wide enough.
//!
//! A segment has at most 2^16 rows. So 64 bits hold its sums of values below 2^46 and 128 bits those of values below
//! 2^110; a block with larger ones goes to 256 bits. Every row is added once, whatever the width.

use arrow::datatypes::i256;

use super::SEGMENT;
use super::codes::Code;
use super::mask::{BLOCK, Mask};
use super::partition::Places;
use super::rows::Rows;
use super::values::Values;

const NARROW: u32 = 46;
const WIDE: u32 = 110;

const _: () = assert!(SEGMENT <= 1 << 16, "the widths above are proven for segments of 2^16 rows");

/// Half of what is narrow: values from `-HALF` up to `HALF` are.
const HALF: i64 = 1 << (NARROW - 1);

/// Copies of the narrow sums: rows of one place that follow each other need not wait for one another.
const COPIES: usize = 4;
/// Above this many places the copies would not stay in the first-level cache.
const COPIED_PLACES: usize = 1 << 10;

/// The sums of one expression.
#[derive(Debug, Default)]
pub(crate) struct Sums {
    places: usize,
    copies: usize,
    narrow: Vec<i64>,
    wide: Vec<i128>,
    widest: Vec<i256>,
}

impl Sums {
    pub(crate) fn new(places: usize) -> Self {
        let copies = if places <= COPIED_PLACES { COPIES } else { 1 };
        Self { places, copies, ..Self::default() }
    }

    /// Whether nothing has been added that 64 bits may not hold.
    pub(crate) fn is_narrow(&self) -> bool {
        self.wide.is_empty() && self.widest.is_empty()
    }

    /// What has been added to a place in 64 bits.
    #[inline]
    pub(crate) fn narrow(&self, place: usize) -> i64 {
        match self.narrow.get(place) {
            None => 0,
            Some(first) if self.copies == 1 => *first,
            Some(_) => {
                self.narrow.chunks_exact(self.places).fold(0, |sum: i64, copy| sum.wrapping_add(copy[place]))
            }
        }
    }

    pub(crate) fn total(&self, place: usize) -> i256 {
        let wide = self.wide.get(place).map_or(0, |wide| *wide);
        // A narrow sum is below 2^63 and a wide one below 2^126.
        let total = i256::from_i128(wide + i128::from(self.narrow(place)));
        match self.widest.get(place) {
            None => total,
            Some(widest) => widest.wrapping_add(total),
        }
    }

    /// Adds rows of a block.
    pub(crate) fn add(&mut self, values: &Values<'_>, rows: Rows<'_>, places: Places<'_>) {
        let places = match places {
            Places::One(place) => {
                let total = total(values, rows);
                let cells = grown(&mut self.widest, self.places);
                cells[place] = cells[place].wrapping_add(total);
                return;
            }
            Places::PerRow(places) => places,
        };
        match values {
            Values::I32(values) => {
                self.add_narrow(values, rows, places, i64::from);
            }
            Values::I64(values) => {
                if !self.add_narrow(values, rows, places, |value| value) {
                    add(grown(&mut self.wide, self.places), values, rows, places, i128::from);
                }
            }
            Values::I128(values) if all_below(values, NARROW) => {
                self.add_narrow(values, rows, places, |value| value as i64);
            }
            Values::I128(values) if all_below(values, WIDE) => {
                add(grown(&mut self.wide, self.places), values, rows, places, |value| value);
            }
            Values::I128(values) => {
                add_widest(grown(&mut self.widest, self.places), rows, places, |row| {
                    i256::from_i128(values[row])
                });
            }
            Values::I256(values) => {
                add_widest(grown(&mut self.widest, self.places), rows, places, |row| values[row]);
            }
            Values::Constant(value) => {
                add_widest(grown(&mut self.widest, self.places), rows, places, |_| *value);
            }
        }
    }

    /// Adds values to the narrow sums; if one of them turns out to be too large, takes them all back and says no.
    #[inline]
    fn add_narrow<T: Copy>(
        &mut self,
        values: &[T],
        rows: Rows<'_>,
        places: &[Code],
        widen: impl Fn(T) -> i64,
    ) -> bool {
        let cells = grown(&mut self.narrow, self.places * self.copies);
        let mut seen = 0;
        let mut plus = |cell: &mut i64, value: T| {
            let value = widen(value);
            seen |= value.wrapping_add(HALF).cast_unsigned();
            *cell = cell.wrapping_add(value);
        };
        if let Rows::Chosen(rows) = rows {
            rows.for_each(|row| plus(&mut cells[places[row] as usize], values[row]));
        } else if self.copies == 1 {
            for (place, value) in places.iter().zip(values) {
                plus(&mut cells[*place as usize], *value);
            }
        } else {
            let (low, high) = cells.split_at_mut(2 * self.places);
            let ((a, b), (c, d)) = (low.split_at_mut(self.places), high.split_at_mut(self.places));
            let (values, values_left) = values.as_chunks::<COPIES>();
            let (places, places_left) = places.as_chunks::<COPIES>();
            for (values, places) in values.iter().zip(places) {
                plus(&mut a[places[0] as usize], values[0]);
                plus(&mut b[places[1] as usize], values[1]);
                plus(&mut c[places[2] as usize], values[2]);
                plus(&mut d[places[3] as usize], values[3]);
            }
            for (value, place) in values_left.iter().zip(places_left) {
                plus(&mut a[*place as usize], *value);
            }
        }
        if seen >> NARROW == 0 {
            return true;
        }
        // Additions that wrap are undone by subtractions that wrap, whichever copy they went to.
        let cells = &mut cells[..self.places];
        rows.for_each(|row| {
            let cell = &mut cells[places[row] as usize];
            *cell = cell.wrapping_sub(widen(values[row]));
        });
        false
    }
}

fn grown<T: Copy + Default>(cells: &mut Vec<T>, places: usize) -> &mut [T] {
    if cells.is_empty() {
        cells.resize(places, T::default());
    }
    cells
}

#[inline]
fn add<T: Copy, S: Copy + std::ops::AddAssign>(
    cells: &mut [S],
    values: &[T],
    rows: Rows<'_>,
    places: &[Code],
    widen: impl Fn(T) -> S,
) {
    match rows {
        Rows::All(_) => {
            for (place, value) in places.iter().zip(values) {
                cells[*place as usize] += widen(*value);
            }
        }
        Rows::Chosen(rows) => rows.for_each(|row| cells[places[row] as usize] += widen(values[row])),
    }
}

fn add_widest(cells: &mut [i256], rows: Rows<'_>, places: &[Code], value: impl Fn(usize) -> i256) {
    rows.for_each(|row| {
        let cell = &mut cells[places[row] as usize];
        *cell = cell.wrapping_add(value(row));
    });
}

/// Whether every value lies in `-2^(bits - 1)..2^(bits - 1)`.
fn all_below(values: &[i128], bits: u32) -> bool {
    let half = 1 << (bits - 1);
    let seen = values.iter().fold(0, |seen, value| seen | value.wrapping_add(half).cast_unsigned());
    seen >> bits == 0
}

/// The exact sum of the chosen rows of a block.
fn total(values: &Values<'_>, rows: Rows<'_>) -> i256 {
    match (values, rows) {
        (Values::I32(values), Rows::All(_)) => total_i32(values).into(),
        (Values::I64(values), Rows::All(_)) => i256::from_i128(total_i64(values)),
        (Values::I128(values), Rows::All(_)) => wide_total(values.iter().copied()),
        (Values::I32(values), Rows::Chosen(rows)) => {
            i256::from(chosen(values, rows).map(i64::from).sum::<i64>())
        }
        (Values::I64(values), Rows::Chosen(rows)) => {
            i256::from_i128(chosen(values, rows).map(i128::from).sum())
        }
        (Values::I128(values), Rows::Chosen(rows)) => wide_total(chosen(values, rows)),
        (Values::I256(values), _) => {
            let mut sum = i256::ZERO;
            rows.for_each(|row| sum = sum.wrapping_add(values[row]));
            sum
        }
        (Values::Constant(value), _) => value.wrapping_mul(i256::from_i128(rows.count().into())),
    }
}

/// The upper halves of 16 bits add up in 32 bits, and leave of the total what a sum that wraps tells exactly: four
/// values at a time where widening first would leave two.
fn total_i32(values: &[i32]) -> i64 {
    let (mut wrapped, mut upper) = (0_i32, 0);
    for value in values {
        wrapped = wrapped.wrapping_add(*value);
        upper += value >> 16;
    }
    // The lower halves add up to less than 2^31: to the one number there that makes the total end in the same 32 bits.
    const { assert!(BLOCK <= 1 << 15, "2^15 halves of 16 bits fit 31 bits") };
    let upper = i64::from(upper) * (1 << 16);
    upper + i64::from(wrapped.cast_unsigned().wrapping_sub(upper as u32))
}

/// In 64 bits, which one look at the values proves to be enough, or else in 128.
fn total_i64(values: &[i64]) -> i128 {
    let (mut seen, mut sum) = (0, 0_i64);
    for value in values {
        seen |= value.wrapping_add(HALF).cast_unsigned();
        sum = sum.wrapping_add(*value);
    }
    if seen >> NARROW == 0 { sum.into() } else { values.iter().map(|value| i128::from(*value)).sum() }
}

/// The values of the chosen rows.
fn chosen<'v, T: Copy>(values: &'v [T], rows: &'v Mask) -> impl Iterator<Item = T> + 'v {
    rows.iter().map(|row| values[row])
}

/// Sums 128-bit values in a 192-bit accumulator: a low half, and what carries and signs add above it.
fn wide_total(values: impl Iterator<Item = i128>) -> i256 {
    let (mut low, mut high) = (0u128, 0i64);
    for value in values {
        let (sum, carry) = low.overflowing_add(value.cast_unsigned());
        low = sum;
        high += i64::from(carry) - i64::from(value < 0);
    }
    i256::from_parts(low, high.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn totals_of_32_bits_are_exact_at_their_edges() {
        let edges = [
            0,
            1,
            -1,
            0xFFFF,
            -0xFFFF,
            0x1_0000,
            -0x1_0000,
            i32::MAX,
            i32::MIN,
            i32::MAX - 0xFFFF,
            -0x1_0001,
        ];
        for a in edges {
            for b in edges {
                for len in [0, 1, 7, BLOCK] {
                    let values: Vec<i32> = (0..len).map(|row| if row % 2 == 0 { a } else { b }).collect();
                    let expected: i64 = values.iter().map(|value| i64::from(*value)).sum();
                    assert_eq!(total_i32(&values), expected, "{len} of {a} and {b}");
                }
            }
        }
    }
}
