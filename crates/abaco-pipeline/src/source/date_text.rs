//! Dates as text.

use chrono::format::{Fixed, Item, Numeric, StrftimeItems};
use chrono::{Datelike, NaiveDate};

/// The format with a strict reader of its own: four, two and two digits.
const ISO: &str = "%Y-%m-%d";
/// Days from 1 January of year 1, the calendar's day 1, to 1 January 1970.
const UNIX_EPOCH_DAY: i32 = 719_163;
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
    let mut found = None;
    for format in formats {
        let date =
            if format == ISO { iso(text.as_bytes()) } else { NaiveDate::parse_from_str(text, format).ok() };
        match (date, found) {
            (Some(date), Some(other)) if date != other => return Err(DateFault::Ambiguous),
            (Some(date), _) => found = Some(date),
            (None, _) => {}
        }
    }
    found.and_then(days).ok_or(DateFault::NotADate)
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

fn days(date: NaiveDate) -> Option<i32> {
    let days = date.num_days_from_ce() - UNIX_EPOCH_DAY;
    in_calendar(i64::from(days)).then_some(days)
}

fn iso(text: &[u8]) -> Option<NaiveDate> {
    let [y0, y1, y2, y3, b'-', m0, m1, b'-', d0, d1] = text else { return None };
    let number = |digits: &[&u8]| {
        digits.iter().try_fold(0u32, |value, digit| {
            digit.is_ascii_digit().then(|| value * 10 + u32::from(**digit - b'0'))
        })
    };
    // Four digits fit an i32.
    NaiveDate::from_ymd_opt(number(&[y0, y1, y2, y3])? as i32, number(&[m0, m1])?, number(&[d0, d1])?)
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
