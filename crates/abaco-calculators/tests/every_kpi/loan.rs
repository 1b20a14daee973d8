//! A loan through the months, by rule: no chance, no clock, no floats.

use std::collections::BTreeMap;

use abaco_testkit::Cell;

use super::tape::{LAST, MONTH_ENDS};

pub(super) type Row = BTreeMap<&'static str, Cell>;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Bucket 0 is current, 1 to 4 are past due, 5 is unknown.
    Bucket(usize),
    WrittenOff,
    Paid,
    Absent,
}

pub(super) struct Loan {
    number: usize,
    borrower: usize,
    /// The month end at which it is first seen.
    first: usize,
    places: Vec<Place>,
}

impl Loan {
    /// In the last month from bucket `number % 6` to destination `number / 6`, and through all buckets before.
    pub(super) fn mover(number: usize) -> Self {
        let (from, to) = (number % 6, number / 6);
        let mut places: Vec<Place> =
            (0..LAST).map(|end| Place::Bucket((from + (LAST - 1 - end) * (1 + to)) % 6)).collect();
        places.push(match to {
            6 => Place::WrittenOff,
            7 => Place::Paid,
            8 => Place::Absent,
            bucket => Place::Bucket(bucket),
        });
        Self { number, borrower: number % 25, first: 0, places }
    }

    /// Lent in the month that ends with `first`.
    pub(super) fn lent(number: usize, borrower: usize, first: usize) -> Self {
        let places = (0..=LAST).map(|end| Place::Bucket((end + first) % 2)).collect();
        Self { number, borrower, first, places }
    }

    /// Written off before the first period; the last month may bring it back.
    pub(super) fn lost(number: usize, comes_back: bool) -> Self {
        let mut places = vec![Place::WrittenOff; LAST];
        places.push(if comes_back { Place::Bucket(4) } else { Place::WrittenOff });
        Self { number, borrower: number % 25, first: 0, places }
    }

    /// A fortieth of the principal, in cents that can be halved twice.
    fn instalment(&self) -> i128 {
        5_000 + 316 * i128::try_from(self.number).unwrap()
    }

    fn original(&self) -> i128 {
        40 * self.instalment()
    }

    fn dpd(&self, end: usize) -> Option<i64> {
        let spread = i64::try_from(self.number).unwrap();
        match self.places[end] {
            Place::Bucket(0) | Place::Paid => Some(0),
            Place::Bucket(1) => Some(1 + spread % 29),
            Place::Bucket(2) => Some(30 + spread % 30),
            Place::Bucket(3) => Some(60 + spread % 30),
            Place::Bucket(4) => Some(90 + spread % 6 * 20),
            Place::WrittenOff => Some(181),
            Place::Bucket(_) | Place::Absent => None,
        }
    }

    /// The rows of the loan, one for each period in which it is known.
    pub(super) fn rows(&self) -> Vec<Row> {
        let written_off_before = self.places[0] == Place::WrittenOff;
        let mut so_far = SoFar::default();
        if written_off_before {
            so_far.lost = self.original();
            so_far.cum_written_off = self.original();
            so_far.peaks = [self.original(); 2];
        } else if self.first == 0 {
            so_far.balance = Some(self.original());
        }
        (self.first.max(1)..=LAST).map(|end| self.period(end, &mut so_far)).collect()
    }

    fn period(&self, end: usize, so_far: &mut SoFar) -> Row {
        let opening = *so_far;
        let (place, unit) = (self.places[end], self.instalment());
        let begins = end == self.first;
        let owed = opening.balance.unwrap_or(0);
        let due = if owed > 0 { unit } else { 0 };
        let prepaid = if place == Place::Paid {
            owed - due
        } else if place == Place::Bucket(0) && self.number.is_multiple_of(3) {
            due / 2
        } else {
            0
        };
        let recovered = if opening.lost > 0 { unit / 4 } else { 0 };
        let paid = recovered
            + prepaid
            + match place {
                Place::Bucket(0) | Place::Paid => due,
                Place::Bucket(1 | 5) => due / 2,
                Place::Bucket(2) => due / 4,
                _ => 0,
            };
        let disbursed = if begins { self.original() } else { 0 };
        let written_off = if place == Place::WrittenOff { owed } else { 0 };
        let reinstated = if place != Place::WrittenOff { opening.lost - recovered } else { 0 };
        let closing = owed + disbursed - (paid - recovered) - written_off + reinstated;
        so_far.balance = (place != Place::Absent).then_some(closing);
        so_far.lost = opening.lost - recovered + written_off - reinstated;
        so_far.cum_written_off += written_off;
        so_far.cum_recovered += recovered;
        let interest = due / 10;
        let paid_interest = if paid >= due { interest } else { interest / 2 };
        let charges = if due > 0 { 1_00 } else { 0 };
        so_far.cum_due += due + interest + 2 * charges;
        so_far.cum_paid += paid + paid_interest + 2 * charges;
        let dpd = self.dpd(end);
        for (peak, days) in so_far.peaks.iter_mut().zip([30, 90]) {
            if dpd.is_some_and(|dpd| dpd >= days) {
                *peak = closing.max(*peak);
            }
        }
        let performing = owed > 0 && self.dpd(end - 1).is_none_or(|dpd| dpd < 90);
        let defaulted = if performing && dpd.is_some_and(|dpd| dpd >= 90) { owed } else { 0 };

        let mut row = self.attributes(end);
        let mut money = |name, cents| row.insert(name, Cell::Number(cents));
        for (name, cents) in [
            ("disbursed", disbursed),
            ("due_principal", due),
            ("due_interest", interest),
            ("due_fees", charges),
            ("due_tax", charges),
            ("paid_principal", paid),
            ("paid_interest", paid_interest),
            ("paid_fees", charges),
            ("paid_tax", charges),
            ("prepaid_principal", prepaid),
            ("written_off", written_off),
            ("recovered", recovered),
            ("reinstated", reinstated),
            ("defaulted", defaulted),
            ("sales", unit * 4),
            ("credit_notes", unit / 50),
            ("cum_written_off", so_far.cum_written_off),
            ("cum_recovered", so_far.cum_recovered),
            ("cum_paid", so_far.cum_paid),
            ("cum_due", so_far.cum_due),
            ("peak_30_balance", so_far.peaks[0]),
            ("peak_90_balance", so_far.peaks[1]),
            ("opening_peak_90_balance", opening.peaks[1]),
            ("original_principal", self.original()),
        ] {
            money(name, cents);
        }
        if let Some(balance) = opening.balance {
            money("opening_balance", balance);
            money("opening_written_off_balance", opening.lost);
        }
        if !begins && let Some(days) = self.dpd(end - 1) {
            row.insert("opening_dpd", Cell::Integer(days));
        }
        if place != Place::Absent {
            row.extend(self.stocks(end, closing, so_far.lost));
        }
        row
    }

    /// What does not change, or only with the calendar.
    fn attributes(&self, end: usize) -> Row {
        let number = i64::try_from(self.number).unwrap();
        let text = |prefix: &str, number: usize| Cell::Text(format!("{prefix}{number}"));
        let lent = if self.first == 0 {
            shifted(&day(0), -40 - number)
        } else {
            shifted(&day(self.first), -number % 28)
        };
        let term = 720 + number % 4 * 90;
        let extended = if number % 5 == 0 { 60 } else { 0 };
        // Some loans never paid a thing: their first due date is still the oldest one.
        let late = self.dpd(LAST).filter(|days| *days > 0 && number % 2 == 0);
        let first_due = late.map_or_else(|| shifted(&lent, 30), |days| shifted(&day(LAST), -days));
        Row::from([
            ("loan_id", text("loan ", self.number)),
            ("borrower_id", text("borrower ", self.borrower)),
            ("obligor_group_id", text("group ", self.borrower / 2)),
            ("as_of", day(end)),
            ("opening_as_of", day(end - 1)),
            ("effective_as_of", day(end)),
            ("segment", text("segment ", self.number % 3)),
            ("product_type", text("product ", self.number % 2)),
            ("company", text("company ", self.number % 2)),
            ("region", text("region ", self.number % 4)),
            ("officer_id", text("officer ", self.number % 5)),
            ("maturity_date", shifted(&lent, term + extended)),
            ("first_due_date", first_due),
            ("annual_rate", Cell::Number(240_000 + 1_001 * i128::from(number))),
            ("term_days", Cell::Integer(term)),
            ("origination_date", lent),
        ])
    }

    /// What a loan of the closing snapshot has.
    fn stocks(&self, end: usize, balance: i128, lost: i128) -> Row {
        let number = i128::try_from(self.number).unwrap();
        let dpd = self.dpd(end);
        let past_due = dpd.is_some_and(|days| days > 0);
        let eligible = if dpd.is_some_and(|days| days <= 90) { balance } else { 0 };
        let in_days =
            |from, before| if dpd.is_some_and(|days| (from..before).contains(&days)) { balance } else { 0 };
        let mut row = Row::from([
            ("is_written_off", Cell::Boolean(lost > 0)),
            ("is_restructured", Cell::Boolean(number % 6 == 0)),
            ("is_unlikely_to_pay", Cell::Boolean(number % 11 == 0)),
            ("pd", Cell::Number(20_000 + 1_000 * number)),
            ("lgd", Cell::Number(450_000)),
            ("ltv", Cell::Number(600_000 + 1_700 * number)),
            ("dti", Cell::Number(300_000 + 900 * number)),
        ]);
        if let Some(days) = dpd {
            row.insert("dpd", Cell::Integer(days));
        }
        if let Some(days) = dpd.filter(|_| past_due) {
            row.insert("oldest_due_date", shifted(&day(end), -days));
        }
        let cents = [
            ("outstanding_balance", balance),
            ("total_receivable", balance + balance / 50),
            ("accrued_interest", balance / 50),
            ("eligible_balance", eligible),
            ("cash_available", balance / 20),
            ("past_due_amount", if past_due { balance.min(self.instalment()) } else { 0 }),
            ("written_off_balance", lost),
            ("allowance", balance / 25),
            ("ead", balance + balance / 50),
            ("collateral_value", balance * 2),
            ("dpd_0_7_usd", in_days(i64::MIN, 7)),
            ("dpd_7_30_usd", in_days(7, 30)),
            ("dpd_30_60_usd", in_days(30, 60)),
            ("dpd_60_90_usd", in_days(60, 90)),
            ("dpd_90_plus_usd", in_days(90, i64::MAX)),
            ("total_receivable_usd", balance),
            ("total_eligible_usd", eligible),
            ("cash_available_usd", eligible / 20),
            ("discounted_balance_usd", balance - balance / 10),
        ];
        row.extend(cents.map(|(name, cents)| (name, Cell::Number(cents))));
        row
    }
}

#[derive(Clone, Copy, Default)]
struct SoFar {
    balance: Option<i128>,
    lost: i128,
    cum_written_off: i128,
    cum_recovered: i128,
    cum_due: i128,
    cum_paid: i128,
    /// Of 30 days and of 90.
    peaks: [i128; 2],
}

pub(super) fn day(end: usize) -> Cell {
    Cell::Date(MONTH_ENDS[end].parse().unwrap())
}

fn shifted(date: &Cell, days: i64) -> Cell {
    let Cell::Date(date) = date else { panic!("{date:?} is no date") };
    let mut date = *date;
    for _ in 0..days.abs() {
        date = if days < 0 { date.pred_opt() } else { date.succ_opt() }.unwrap();
    }
    Cell::Date(date)
}
