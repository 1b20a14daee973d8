//! KPIs by loops over rows, under one convention or several: what a baseline's programmer might have written.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use num_bigint::BigInt;
use rust_decimal::Decimal;

use crate::common::{Printed, Rational, figures, key};
use crate::tape::Row;
use abaco_rollout::figures::Figures;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    HalfAway,
    HalfEven,
    HalfDown,
    Truncate,
}

/// A value that is not negative, at so many places.
pub(crate) fn printed(exact: &Rational, scale: u32, mode: Mode) -> Decimal {
    let shifted = exact * Rational::from(BigInt::from(10).pow(scale));
    let (two, whole) = (BigInt::from(2), shifted.to_integer());
    // Twice the rest against one: below, at or above a tie.
    let twice = (&shifted - Rational::from(whole.clone())) * Rational::from(two.clone());
    let one = Rational::from(BigInt::from(1));
    let is_odd = &whole % &two == BigInt::from(1);
    let up = match mode {
        Mode::HalfAway => twice >= one,
        Mode::HalfEven => twice > one || (twice == one && is_odd),
        Mode::HalfDown => twice > one,
        Mode::Truncate => false,
    };
    let units: i128 = (whole + BigInt::from(u8::from(up))).try_into().unwrap();
    Decimal::from_i128_with_scale(units, scale)
}

/// A baseline's arithmetic: what it says of a KPI under these conventions.
pub(crate) struct Naive<'a> {
    pub(crate) rows: &'a [Row],
    pub(crate) kpi: &'a str,
    pub(crate) switches: &'a [&'a str],
}

impl Naive<'_> {
    fn has(&self, switch: &str) -> bool {
        self.switches.contains(&switch)
    }

    /// The rows that count, where several may be of one loan.
    fn told_apart(&self) -> Vec<&Row> {
        let mut by_loan: BTreeMap<(NaiveDate, u64), Vec<&Row>> = BTreeMap::new();
        for row in self.rows {
            by_loan.entry((row.date, row.loan)).or_default().push(row);
        }
        by_loan
            .into_values()
            .flat_map(|rows| {
                if self.has("duplicates_kept") {
                    rows
                } else if self.has("first_duplicate") {
                    rows[..1].to_vec()
                } else if self.has("last_duplicate") {
                    rows[rows.len() - 1..].to_vec()
                } else if rows.iter().all(|row| *row == rows[0]) {
                    rows[..1].to_vec()
                } else {
                    // They contradict each other: nobody knows which one is true.
                    Vec::new()
                }
            })
            .collect()
    }

    /// The value before it is printed.
    pub(crate) fn exact(&self, date: NaiveDate, segment: Option<&str>) -> Option<Rational> {
        let dates: BTreeSet<NaiveDate> = self.rows.iter().map(|row| row.date).collect();
        let before = |date: NaiveDate| dates.iter().rev().find(|other| **other < date).copied();
        let date = if self.has("prior_tape") { before(date)? } else { date };
        let of = |date: NaiveDate| -> Vec<&Row> {
            let mut rows = self.told_apart();
            rows.retain(|row| self.has("pooled") || row.date == date);
            rows.retain(|row| segment.is_none_or(|segment| row.segment == segment));
            rows
        };
        let rows = of(date);
        let over_opening = match self.kpi {
            "par_30_over_opening" => !self.has("closing_denominator"),
            _ => self.has("opening_denominator"),
        };
        let below = if over_opening { of(before(date)?) } else { rows.clone() };
        let share = |above: i64, below: i64| (below != 0).then(|| Rational::new(above.into(), below.into()));
        let percent = Rational::from(BigInt::from(100));
        let par = || Some(share(self.late(&rows), self.owed(&below))? * &percent);
        match self.kpi {
            "par_30_fraction" => share(self.late(&rows), self.owed(&below)),
            "collection_rate" => {
                let cash = rows.iter().map(|row| row.cash).sum();
                Some(share(cash, rows.iter().map(|row| row.eligible).sum())? * &percent)
            }
            "portfolio_health" | "health_of_rounded" => {
                let cash = rows.iter().map(|row| row.cash).sum();
                let collected = share(cash, rows.iter().map(|row| row.eligible).sum())? * &percent;
                let is_rounded = match self.kpi {
                    "portfolio_health" => self.has("inputs_rounded"),
                    _ => !self.has("inputs_exact"),
                };
                let input = |value: Rational| match is_rounded {
                    true => {
                        let mode = if self.has("half_even") { Mode::HalfEven } else { Mode::HalfAway };
                        let units = printed(&value, 2, mode).mantissa();
                        Rational::new(units.into(), 100.into())
                    }
                    false => value,
                };
                let (zero, ten) = (Rational::from(BigInt::from(0)), Rational::from(BigInt::from(10)));
                let safety = (&ten - input(par()?) / &ten).max(zero.clone());
                Some((safety * input(collected) / &ten).max(zero).min(ten))
            }
            _ => par(),
        }
    }

    /// The value as it is published.
    pub(crate) fn published(&self, date: NaiveDate, segment: Option<&str>, scale: u32) -> Printed {
        let times = |number: i64| Rational::from(BigInt::from(number));
        let mut value = self.exact(date, segment)?;
        for (switch, factor) in [
            ("per_cent", times(100)),
            ("fraction", times(1) / times(100)),
            ("yearly", times(12)),
            ("monthly", times(1) / times(12)),
        ] {
            if self.has(switch) {
                value *= factor;
            }
        }
        let places = [("whole", 0), ("one_place", 1), ("two_places", 2), ("four_places", 4)];
        let places = places.iter().find(|(switch, _)| self.has(switch)).map_or(scale, |(_, places)| *places);
        let mode = match self.kpi {
            _ if self.has("half_even") => Mode::HalfEven,
            _ if self.has("half_down") => Mode::HalfDown,
            _ if self.has("truncated") => Mode::Truncate,
            "par_30_even" if !self.has("half_up") => Mode::HalfEven,
            _ => Mode::HalfAway,
        };
        let mut value = printed(&value, places, mode);
        value.rescale(scale);
        Some(value)
    }

    /// A baseline with a value for each of these keys.
    pub(crate) fn figures(&self, months: &[NaiveDate], segments: &[Option<&str>], scale: u32) -> Figures {
        let keys = months.iter().flat_map(|date| segments.iter().map(move |segment| (*date, *segment)));
        let value =
            |(date, segment)| (key(self.kpi, Some(date), segment), self.published(date, segment, scale));
        figures(keys.map(value), Some(scale))
    }

    fn dpd(&self, row: &Row) -> Option<i64> {
        match row.dpd {
            Some(dpd) if dpd > 0 && self.has("aged_to_label") => Some(dpd + row.lag),
            None if self.has("nulls_as_zero") => Some(0),
            dpd => dpd,
        }
    }

    /// Whether a row is part of the portfolio at all.
    fn counts(&self, row: &Row) -> bool {
        let is_full = row.dpd.is_some() && row.balance.is_some();
        (is_full || !self.has("nulls_excluded")) && !(row.is_written_off && self.has("write_offs_out"))
    }

    fn balance(&self, row: &Row) -> i64 {
        match row.balance {
            Some(balance) if self.has("write_offs_by_days") => balance + row.written_off.unwrap_or(0),
            balance => balance.unwrap_or(0),
        }
    }

    /// How often a loan stands above the line.
    fn times_late(&self, row: &Row) -> i64 {
        let Some(dpd) = self.dpd(row) else { return 0 };
        let from = |days: i64| i64::from(if self.has("more_than") { dpd > days } else { dpd >= days });
        match self.kpi {
            "dq_share_current" => i64::from(dpd < 1),
            "par_gt_30" => i64::from(if self.has("at_least") { dpd >= 30 } else { dpd > 30 }),
            _ if self.has("edges_shared") => from(30) + i64::from(dpd == 60) + i64::from(dpd == 90),
            _ => from(30),
        }
    }

    fn late(&self, rows: &[&Row]) -> i64 {
        let rows: Vec<&&Row> = rows.iter().filter(|row| self.counts(row)).collect();
        let by_borrower = match self.kpi {
            "par_obligor_30" => !self.has("by_loan"),
            _ => self.has("by_obligor"),
        };
        let late_borrowers: BTreeSet<u64> =
            rows.iter().filter(|row| self.times_late(row) > 0).map(|row| row.borrower).collect();
        let times = |row: &Row| match by_borrower {
            true => i64::from(late_borrowers.contains(&row.borrower)),
            false => self.times_late(row),
        };
        rows.iter().map(|row| times(row) * self.balance(row) + self.stock(row)).sum()
    }

    fn owed(&self, rows: &[&Row]) -> i64 {
        let rows = rows.iter().filter(|row| self.counts(row));
        rows.map(|row| self.balance(row) + self.stock(row)).sum()
    }

    /// What is written off and counted all the same.
    fn stock(&self, row: &Row) -> i64 {
        if self.has("write_offs_at_risk") { row.written_off.unwrap_or(0) } else { 0 }
    }
}
