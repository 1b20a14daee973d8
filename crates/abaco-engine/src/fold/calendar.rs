//! The proleptic Gregorian calendar over days since 1970-01-01.
//!
//! The year is taken to begin in March, so that the leap day is its last; see Howard Hinnant,
//! "chrono-Compatible Low-Level Date Algorithms", `civil_from_days`.

/// Months since March of year 0.
pub(super) fn calendar_month(days: i64) -> i64 {
    month_and_day(days).0
}

/// Complete months from one day to the other; below zero if `to` is earlier.
///
/// The last month is complete on the day of the month that `from` has, or on the last day of a shorter month.
pub(super) fn full_months(from: i64, to: i64) -> i64 {
    if to < from {
        return -full_months(to, from);
    }
    let ((from_month, from_day), (to_month, to_day)) = (month_and_day(from), month_and_day(to));
    let complete = to_day >= from_day || is_last_of_month(to);
    to_month - from_month - i64::from(!complete)
}

fn is_last_of_month(days: i64) -> bool {
    calendar_month(days + 1) != calendar_month(days)
}

/// Months since March of year 0, and the day of the month from 1.
fn month_and_day(days: i64) -> (i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    ((era * 400 + year_of_era) * 12 + month, day_of_year - (153 * month + 2) / 5 + 1)
}

#[cfg(test)]
mod tests {
    use chrono::{Datelike, Months, NaiveDate};

    use super::*;

    fn days_of(date: NaiveDate) -> i64 {
        date.signed_duration_since(NaiveDate::from_ymd_opt(1970, 1, 1).unwrap()).num_days()
    }

    fn days(year: i32, month: u32, day: u32) -> i64 {
        days_of(NaiveDate::from_ymd_opt(year, month, day).unwrap())
    }

    #[test]
    fn months_and_days_agree_with_chrono_over_four_centuries() {
        let epoch = NaiveDate::from_ymd_opt(1970, 1, 1).unwrap();
        let anchor = calendar_month(0);
        for days in (-80_000..80_000).step_by(7) {
            let date = epoch + chrono::Duration::days(days);
            let expected = i64::from(date.year() - 1970) * 12 + i64::from(date.month0());
            let (month, day) = month_and_day(days);
            assert_eq!((month - anchor, day), (expected, i64::from(date.day())), "{date}");
        }
        for extreme in [i64::from(i32::MIN), i64::from(i32::MAX)] {
            assert_eq!(full_months(extreme, extreme), 0);
        }
    }

    /// chrono's own month arithmetic, which ends a month that is too short on its last day.
    #[test]
    fn a_month_is_complete_where_chrono_lands_after_adding_it() {
        let first = NaiveDate::from_ymd_opt(2023, 11, 1).unwrap();
        for from in first.iter_days().take(500) {
            for months in 0..30u32 {
                let (from, to) = (days_of(from), days_of(from + Months::new(months)));
                assert_eq!(full_months(from, to), i64::from(months), "{from} {to}");
                if months > 0 {
                    assert_eq!(full_months(from, to - 1), i64::from(months) - 1, "{from} {to}");
                }
            }
        }
    }

    #[test]
    fn month_ends_and_backwards() {
        let cases = [
            ((2025, 1, 1), (2025, 1, 31), 0),
            ((2025, 1, 1), (2025, 2, 1), 1),
            ((2025, 1, 31), (2025, 2, 27), 0),
            ((2025, 1, 31), (2025, 2, 28), 1),
            ((2025, 1, 31), (2025, 3, 30), 1),
            ((2025, 1, 31), (2025, 3, 31), 2),
            ((2025, 1, 31), (2025, 4, 30), 3),
            ((2024, 2, 29), (2025, 2, 28), 12),
            ((2025, 2, 28), (2025, 3, 28), 1),
            ((2025, 2, 28), (2025, 3, 27), 0),
            ((2025, 6, 15), (2025, 6, 15), 0),
        ];
        for ((y, m, d), (to_y, to_m, to_d), expected) in cases {
            let (from, to) = (days(y, m, d), days(to_y, to_m, to_d));
            assert_eq!(full_months(from, to), expected, "{y}-{m}-{d} {to_y}-{to_m}-{to_d}");
            assert_eq!(full_months(to, from), -expected, "{to_y}-{to_m}-{to_d} {y}-{m}-{d}");
        }
    }
}
