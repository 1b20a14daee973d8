//! A loan tape that is made up: the same each time, with loans on every edge that versions of a KPI disagree about.

use std::fmt::Write as _;

use chrono::{Datelike, Days, NaiveDate};

/// The header, and the columns of [`rows`].
const HEADER: &str = "loan_id,as_of,segment,dpd,balance,written_off_balance,cash,eligible\n";

const SEGMENTS: [&str; 3] = ["retail", "sme", "micro"];

/// A tape of so many loans at each of some days.
pub(crate) fn tape(loans: u32, days: &[NaiveDate]) -> String {
    let mut text = HEADER.to_owned();
    for day in days {
        rows(&mut text, loans, *day);
    }
    text
}

/// One day's rows. A loan's days past due are often exactly 30, 60 or 90, and some loans are written off, so that `>` for
/// `>=` and write-offs in the balance both show.
fn rows(text: &mut String, loans: u32, day: NaiveDate) {
    for loan in 0..loans {
        let mut dice = Dice::of(loan, day);
        let cents = 50_000 + dice.below(950_000);
        let dpd = match dice.below(100) {
            0..=84 => 0,
            85..=87 => 30,
            88..=89 => 60,
            90 => 90,
            _ => 1 + dice.below(150),
        };
        let (balance, written_off) = if dice.below(100) < 2 { (0, cents) } else { (cents, 0) };
        let cash = balance / 10 + dice.below(1_000);
        let eligible = balance / 10 * 9;
        let segment = SEGMENTS[(loan % 3) as usize];
        let _infallible = writeln!(
            text,
            "L{loan:06},{day},{segment},{dpd},{},{},{},{}",
            money(balance),
            money(written_off),
            money(cash),
            money(eligible)
        );
    }
}

fn money(cents: u64) -> String {
    format!("{}.{:02}", cents / 100, cents % 100)
}

/// Numbers that look like chance and are not.
struct Dice(u64);

impl Dice {
    fn of(loan: u32, day: NaiveDate) -> Self {
        let seed = u64::from(loan) << 32 | u64::from(day.num_days_from_ce().unsigned_abs());
        let mut dice = Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
        dice.next();
        dice
    }

    /// Xorshift, after G. Marsaglia, "Xorshift RNGs", Journal of Statistical Software 8 (14), 2003.
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, limit: u64) -> u64 {
        (self.next() >> 11) % limit
    }
}

/// The ends of so many months, the last of them before `day`.
pub(crate) fn month_ends(day: NaiveDate, months: u32) -> Vec<NaiveDate> {
    let mut ends = Vec::new();
    let mut first = day.with_day(1);
    while let Some(begin) = first.filter(|_| ends.len() < months as usize) {
        let end = begin - Days::new(1);
        ends.push(end);
        first = end.with_day(1);
    }
    ends.reverse();
    ends
}
