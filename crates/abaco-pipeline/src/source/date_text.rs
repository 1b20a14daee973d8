//! Dates as text.

use chrono::format::{Fixed, Item, Numeric, StrftimeItems};
use chrono::{Datelike, NaiveDate};

/// The format with a strict reader of its own: four, two and two digits.
const ISO: &str = "%Y-%m-%d";
/// Days from 1 January of year 1, the calendar's day 1, to 1 January 1970.
const UNIX_EPOCH_DAY: i32 = 719_163;
/// Days from 1 March of year 0 to 1 January 1970.
const MARCH_EPOCH_DAY: i32 = 719_468;
/// Length of a date in the format of [`ISO`].
pub(crate) const ISO_BYTES: usize = 10;
/// No text longer than this is a date.
const MAX_DATE_BYTES: usize = 64;

/// Why a text is no date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DateFault {
    NotADate,
    /// Two formats read two different dates.
    Ambiguous,
}

/// Days since 1970-01-01 of a text in one of the formats; every format that reads it must read the same date.
pub(crate) fn parse_date(text: &str, formats: &[String]) -> Result<i32, DateFault> {
    if text.len() > MAX_DATE_BYTES {
        return Err(DateFault::NotADate);
    }
    if is_iso(formats) {
        return text.as_bytes().try_into().ok().and_then(iso).ok_or(DateFault::NotADate);
    }
    let mut found = None;
    for format in formats {
        let date = if format == ISO {
            text.as_bytes().try_into().ok().and_then(iso)
        } else {
            NaiveDate::parse_from_str(text, format).ok().and_then(days)
        };
        match (date, found) {
            (Some(date), Some(other)) if date != other => return Err(DateFault::Ambiguous),
            (Some(date), _) => found = Some(date),
            (None, _) => {}
        }
    }
    found.ok_or(DateFault::NotADate)
}

/// Whether a number of days since 1970-01-01 lies in the years 1 to 9999.
pub(crate) fn in_calendar(days: i64) -> bool {
    (-719_162..=2_932_896).contains(&days)
}

/// Whether a format speaks of nothing but the date, and of all of it.
///
/// A time that a format names would be dropped without a word, so it is refused.
pub(crate) fn determines_a_date(format: &str) -> bool {
    let only_dates = StrftimeItems::new(format).all(|item| {
        matches!(
            item,
            Item::Literal(_)
                | Item::Space(_)
                | Item::Numeric(
                    Numeric::Year | Numeric::YearMod100 | Numeric::Month | Numeric::Day | Numeric::Ordinal,
                    _
                )
                | Item::Fixed(
                    Fixed::ShortMonthName
                        | Fixed::LongMonthName
                        | Fixed::ShortWeekdayName
                        | Fixed::LongWeekdayName
                )
        )
    });
    let probe = NaiveDate::from_ymd_opt(2003, 2, 14);
    only_dates
        && probe.is_some_and(|probe| {
            NaiveDate::parse_from_str(&probe.format(format).to_string(), format) == Ok(probe)
        })
}

/// Days from 1970-01-01, as Arrow's `Date32` counts them.
pub(crate) fn days_since_1970(date: NaiveDate) -> i64 {
    i64::from(date.num_days_from_ce()) - i64::from(UNIX_EPOCH_DAY)
}

/// The date that so many days after 1970-01-01 is; beyond the calendar the nearest end stands for all.
pub(crate) fn date_of(days: i32) -> NaiveDate {
    let end = if days < 0 { NaiveDate::MIN } else { NaiveDate::MAX };
    days.checked_add(UNIX_EPOCH_DAY).and_then(NaiveDate::from_num_days_from_ce_opt).unwrap_or(end)
}

fn days(date: NaiveDate) -> Option<i32> {
    let days = date.num_days_from_ce() - UNIX_EPOCH_DAY;
    in_calendar(i64::from(days)).then_some(days)
}

/// Whether dates have the one format with a reader of its own.
#[inline]
pub(crate) fn is_iso(formats: &[String]) -> bool {
    matches!(formats, [format] if format == ISO)
}

/// Days since 1970-01-01 of four, two and two digits, in the years 1 to 9999.
#[inline(always)]
pub(crate) fn iso(text: &[u8; ISO_BYTES]) -> Option<i32> {
    let [y0, y1, y2, y3, b'-', m0, m1, b'-', d0, d1] = *text else { return None };
    let pair =
        |tens: u8, ones: u8| i32::from(tens.wrapping_sub(b'0')) * 10 + i32::from(ones.wrapping_sub(b'0'));
    if ![y0, y1, y2, y3, m0, m1, d0, d1].iter().all(u8::is_ascii_digit) {
        return None;
    }
    let (year, month, day) = (pair(y0, y1) * 100 + pair(y2, y3), pair(m0, m1), pair(d0, d1));
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = match month {
        2 => 28 + i32::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    if year == 0 || day == 0 || day > length {
        return None;
    }
    // Years that begin in March have their leap day at their end: a day's place depends on the month alone.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let before = year * 365 + year / 4 - year / 100 + year / 400;
    Some(before + (153 * month + 2) / 5 + day - 1 - MARCH_EPOCH_DAY)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("1970-01-01", &["%Y-%m-%d"], Ok(0))]
    #[case("2025-12-31", &["%Y-%m-%d"], Ok(20_453))]
    #[case("0001-01-01", &["%Y-%m-%d"], Ok(-719_162))]
    #[case("9999-12-31", &["%Y-%m-%d"], Ok(2_932_896))]
    #[case("2024-02-29", &["%Y-%m-%d"], Ok(19_782))]
    #[case("2025-02-29", &["%Y-%m-%d"], Err(DateFault::NotADate))]
    #[case("0000-01-01", &["%Y-%m-%d"], Err(DateFault::NotADate))]
    #[case("2025-1-5", &["%Y-%m-%d"], Err(DateFault::NotADate))]
    #[case("+2025-01-05", &["%Y-%m-%d"], Err(DateFault::NotADate))]
    #[case("2025-12-31T00:00:00", &["%Y-%m-%d"], Err(DateFault::NotADate))]
    #[case("31/12/2025", &["%Y-%m-%d", "%d/%m/%Y"], Ok(20_453))]
    #[case("31/12/2025", &["%m/%d/%Y", "%d/%m/%Y"], Ok(20_453))]
    #[case("01/01/2025", &["%m/%d/%Y", "%d/%m/%Y"], Ok(20_089))]
    #[case("01/02/2025", &["%m/%d/%Y", "%d/%m/%Y"], Err(DateFault::Ambiguous))]
    #[case("31 Dec 2025", &["%d %b %Y"], Ok(20_453))]
    fn dates(#[case] text: &str, #[case] formats: &[&str], #[case] expected: Result<i32, DateFault>) {
        let formats: Vec<String> = formats.iter().map(|&format| format.to_owned()).collect();
        assert_eq!(parse_date(text, &formats), expected, "{text}");
    }

    #[test]
    fn every_day_of_the_calendar() {
        let mut date = NaiveDate::from_ymd_opt(1, 1, 1).unwrap();
        for expected in -719_162..=2_932_896 {
            let text = format!("{:04}-{:02}-{:02}", date.year(), date.month(), date.day());
            assert_eq!(iso(text.as_bytes().try_into().unwrap()), Some(expected), "{text}");
            date = date.succ_opt().unwrap();
        }
    }

    #[test]
    fn no_other_day() {
        for (year, month, day) in
            (0..=2_000).flat_map(|y| (0..=13).flat_map(move |m| (28..=32).map(move |d| (y, m, d))))
        {
            let text = format!("{year:04}-{month:02}-{day:02}");
            let expected = NaiveDate::from_ymd_opt(year, month, day).and_then(days);
            assert_eq!(iso(text.as_bytes().try_into().unwrap()), expected, "{text}");
        }
        for text in ["2025/01/01", "2025-1-011", "x025-01-01", "2025-01-0:", "+025-01-01"] {
            assert_eq!(iso(text.as_bytes().try_into().unwrap()), None, "{text}");
        }
    }

    #[rstest]
    #[case("%Y-%m-%d", true)]
    #[case("%d/%m/%y", true)]
    #[case("%d %B %Y", true)]
    #[case("%F", true)]
    #[case("%Y-%m", false)]
    #[case("%Y-%m-%d %H:%M", false)]
    #[case("%Q", false)]
    #[case("", false)]
    fn formats(#[case] format: &str, #[case] expected: bool) {
        assert_eq!(determines_a_date(format), expected, "{format}");
    }
}
