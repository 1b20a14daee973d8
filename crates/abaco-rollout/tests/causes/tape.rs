//! Generated tapes in which conventions show.

use chrono::{Days, NaiveDate};

/// A row of a tape; amounts in cents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) loan: u64,
    pub(crate) date: NaiveDate,
    pub(crate) borrower: u64,
    pub(crate) segment: &'static str,
    pub(crate) dpd: Option<i64>,
    /// By how many days the label lies behind the row.
    pub(crate) lag: i64,
    pub(crate) is_written_off: bool,
    pub(crate) balance: Option<i64>,
    pub(crate) written_off: Option<i64>,
    pub(crate) cash: i64,
    pub(crate) eligible: i64,
}

/// Numbers that look random and are the same each time.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number below `n`: the generator of Steele, Lea and Flood (SplitMix64).
    pub(crate) fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % n
    }

    pub(crate) fn one_of<T: Copy>(&mut self, all: &[T]) -> T {
        all[usize::try_from(self.below(all.len() as u64)).unwrap()]
    }
}

/// The last days of months from January 2024 on, near enough.
pub(crate) fn date(month: u64) -> NaiveDate {
    NaiveDate::from_ymd_opt(2024, 1, 31).unwrap() + Days::new(month * 30)
}

pub(crate) const SNAPSHOTS: u64 = 6;

/// Loans on all thresholds, with empty cells, written-off ones, labels that lag, and rows that are there twice.
pub(crate) fn rich(seed: u64) -> Vec<Row> {
    let mut dice = Dice::new(seed);
    let mut rows = Vec::new();
    for month in 0..SNAPSHOTS {
        for loan in 0..24 {
            let amount = |dice: &mut Dice| i64::try_from(10_000 + dice.below(900_000)).unwrap();
            // Every kind of row in both segments, and each threshold in every snapshot.
            let dpd = match loan / 2 {
                0 => Some(30),
                1 => Some(60),
                2 => Some(90),
                3 => None,
                4 => Some(0),
                5 => Some(28),
                _ => Some(dice.one_of(&[0, 0, 0, 5, 29, 31, 45, 59, 61, 89, 91, 200])),
            };
            let is_written_off = loan / 2 == 6;
            let balance = if loan / 2 == 7 { None } else { Some(amount(&mut dice)) };
            rows.push(Row {
                loan,
                date: date(month),
                borrower: dice.below(9),
                segment: if loan % 2 == 0 { "a" } else { "b" },
                dpd,
                // Loans of 28 days are past 30 by the label, in every snapshot.
                lag: if loan / 2 == 5 { 3 } else { dice.one_of(&[0, 0, 1, 2, 3]) },
                is_written_off,
                balance,
                written_off: (loan % 5 == 0 || is_written_off).then(|| amount(&mut dice)),
                cash: amount(&mut dice),
                eligible: amount(&mut dice) * 20,
            });
        }
        // Equal rows, and rows of one loan that contradict each other.
        for loan in [0, 5] {
            let at = rows.iter().position(|row| row.date == date(month) && row.loan == loan).unwrap();
            rows.push(rows[at].clone());
        }
        for loan in [2, 13] {
            let at = rows.iter().position(|row| row.date == date(month) && row.loan == loan).unwrap();
            let mut other = rows[at].clone();
            other.balance =
                Some(other.balance.unwrap() + 123_45 + i64::try_from(dice.below(50_000)).unwrap());
            other.dpd = Some(dice.one_of(&[0, 35, 95]));
            rows.push(other);
        }
    }
    rows
}

/// The same tape without a row that is there twice.
pub(crate) fn once(rows: Vec<Row>) -> Vec<Row> {
    let mut seen = std::collections::HashSet::new();
    rows.into_iter().filter(|row| seen.insert((row.loan, row.date))).collect()
}

fn money(cents: Option<i64>) -> String {
    cents.map_or_else(String::new, |cents| format!("{}.{:02}", cents / 100, cents % 100))
}

pub(crate) fn csv(rows: &[Row]) -> String {
    let mut text =
        "loan_id,reporting_date,borrower_id,segment,dpd,dpd_date,is_written_off,outstanding_balance,\
                    written_off_balance,cash_available_usd,total_eligible_usd\n"
            .to_owned();
    for row in rows {
        // The day for which the row holds is its label less the lag.
        let since =
            row.dpd.filter(|dpd| *dpd > 0).map(|dpd| row.date - chrono::Duration::days(dpd + row.lag));
        text.push_str(&format!(
            "l{},{},b{},{},{},{},{},{},{},{},{}\n",
            row.loan,
            row.date,
            row.borrower,
            row.segment,
            row.dpd.map_or_else(String::new, |dpd| dpd.to_string()),
            since.map_or_else(String::new, |since| since.to_string()),
            row.is_written_off,
            money(row.balance),
            money(row.written_off),
            money(Some(row.cash)),
            money(Some(row.eligible)),
        ));
    }
    text
}

/// How many of the snapshots of [`ties`] are ties.
pub(crate) const TIES: u64 = 8;

/// A tape whose share in arrears is a tie at `scale` places in each of the first snapshots, the digit before it even in
/// every other one, and somewhat more in the last four.
pub(crate) fn ties(seed: u64, scale: u32) -> Vec<Row> {
    let mut dice = Dice::new(seed);
    let all = 10_i64.pow(scale + 3);
    let mut rows = Vec::new();
    for month in 0..TIES + 4 {
        let digit =
            2 * i64::try_from(1 + dice.below(10_u64.pow(scale + 1))).unwrap() + i64::from(month % 2 == 1);
        // 100 * (10 * digit + 5) / 10^(scale + 3) is a digit and a half.
        let late = 10 * digit + if month < TIES { 5 } else { 7 };
        for (loan, dpd, balance) in [(0, 45, late), (1, 0, all - late)] {
            rows.push(Row {
                loan,
                date: date(month),
                borrower: loan,
                segment: "a",
                dpd: Some(dpd),
                lag: 0,
                is_written_off: false,
                balance: Some(balance),
                written_off: None,
                cash: 100_00,
                eligible: 1_000_00,
            });
        }
    }
    rows
}
