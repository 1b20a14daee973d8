//! Calendar periods: which snapshot stands for which period.

use std::collections::BTreeMap;

use chrono::{Datelike, Days, NaiveDate, Weekday};
use serde::{Deserialize, Serialize};

/// The length of the periods of a series.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rollup {
    /// Each day of the tape.
    Daily,
    /// ISO weeks, Monday to Sunday.
    Weekly,
    /// Calendar months.
    Monthly,
    /// Quarters of the fiscal year.
    Quarterly,
    /// Fiscal years.
    Yearly,
}

/// A calendar period.
///
/// ```
/// use abaco_pipeline::calendar::Rollup;
/// use chrono::NaiveDate;
///
/// let day: NaiveDate = "2025-11-30".parse()?;
/// assert_eq!(Rollup::Monthly.period(day, 1).label, "2025-11");
/// assert_eq!(Rollup::Quarterly.period(day, 1).label, "2025-Q4");
/// assert_eq!(Rollup::Quarterly.period(day, 4).label, "FY2026-Q3");
/// assert_eq!(Rollup::Weekly.period(day, 1).label, "2025-W48");
/// assert_eq!(Rollup::Quarterly.period(day, 4).end, "2025-12-31".parse()?);
/// # Ok::<(), chrono::ParseError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CalendarPeriod {
    /// Its last day.
    pub end: NaiveDate,
    /// Its name. A fiscal year that is no calendar year is named by the year in which it ends.
    pub label: String,
}

/// A period of a series, with the snapshot that stands for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Point {
    pub(crate) label: String,
    /// The snapshot that stands for the period before, if the tape has it.
    pub(crate) from: Option<NaiveDate>,
    pub(crate) as_of: NaiveDate,
    /// The tape ends before the period does.
    pub(crate) partial: bool,
    /// The period's last day.
    end: NaiveDate,
}

impl Point {
    /// A snapshot labelled with the period's end whose rows are of an earlier day does not cover the period.
    pub(crate) fn look_behind_the_label(&mut self, latest: Option<NaiveDate>) {
        self.partial |= latest.is_some_and(|day| is_cut_short(day, self.end));
    }
}

impl Rollup {
    /// The word that stands in the configuration and in results.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Daily => "daily",
            Self::Weekly => "weekly",
            Self::Monthly => "monthly",
            Self::Quarterly => "quarterly",
            Self::Yearly => "yearly",
        }
    }

    /// The period in which `day` lies; the fiscal year begins with the month `first` (1 to 12).
    pub fn period(self, day: NaiveDate, first: u32) -> CalendarPeriod {
        match self {
            Self::Daily => CalendarPeriod { end: day, label: day.to_string() },
            Self::Weekly => {
                let week = day.iso_week();
                let to_sunday = u64::from(6 - day.weekday().num_days_from_monday());
                CalendarPeriod {
                    end: day.checked_add_days(Days::new(to_sunday)).unwrap_or(day),
                    label: format!("{}-W{:02}", week.year(), week.week()),
                }
            }
            Self::Monthly => CalendarPeriod {
                end: end_of_month(day.year(), day.month0()),
                label: day.format("%Y-%m").to_string(),
            },
            Self::Quarterly => {
                let (year, month) = fiscal(day, first);
                let quarter = month / 3;
                let end = months_from(year, first, quarter * 3 + 2);
                CalendarPeriod { end, label: format!("{}-Q{}", year_label(year, first), quarter + 1) }
            }
            Self::Yearly => {
                let (year, _) = fiscal(day, first);
                CalendarPeriod { end: months_from(year, first, 11), label: year_label(year, first) }
            }
        }
    }

    /// The last snapshot of each period: of the tape, not of each loan. A period without a snapshot has no point.
    pub(crate) fn points(self, snapshots: &[NaiveDate], first: u32) -> Vec<Point> {
        let mut last: BTreeMap<CalendarPeriod, NaiveDate> = BTreeMap::new();
        for snapshot in snapshots {
            let as_of = last.entry(self.period(*snapshot, first)).or_insert(*snapshot);
            *as_of = (*as_of).max(*snapshot);
        }
        let mut from = None;
        let points = last.into_iter().map(|(period, as_of)| {
            let partial = is_cut_short(as_of, period.end);
            let point = Point { label: period.label, from, as_of, partial, end: period.end };
            from = Some(as_of);
            point
        });
        points.collect()
    }
}

/// Whether a working day lies behind `as_of` up to `end`: a month closed on its last Friday is over.
pub(crate) fn is_cut_short(as_of: NaiveDate, end: NaiveDate) -> bool {
    let next = as_of.iter_days().skip(1).find(|day| !matches!(day.weekday(), Weekday::Sat | Weekday::Sun));
    next.is_some_and(|day| day <= end)
}

/// The calendar year in which the fiscal year of `day` begins, and the months since.
fn fiscal(day: NaiveDate, first: u32) -> (i32, u32) {
    let first = first.clamp(1, 12);
    if day.month() >= first {
        (day.year(), day.month() - first)
    } else {
        (day.year() - 1, day.month() + 12 - first)
    }
}

fn year_label(begins: i32, first: u32) -> String {
    if first <= 1 { begins.to_string() } else { format!("FY{}", begins + 1) }
}

/// The last day of the month that lies `months` after the month `first` of `year`.
fn months_from(year: i32, first: u32, months: u32) -> NaiveDate {
    let month0 = first.clamp(1, 12) - 1 + months;
    end_of_month(year + i32::try_from(month0 / 12).unwrap_or(0), month0 % 12)
}

fn end_of_month(year: i32, month0: u32) -> NaiveDate {
    let (year, month) = if month0 >= 11 { (year + 1, 1) } else { (year, month0 + 2) };
    let next = NaiveDate::from_ymd_opt(year, month, 1);
    next.and_then(|next| next.pred_opt()).unwrap_or(NaiveDate::MAX)
}

/// The snapshot of a year before: the last one of the same month, up to the same day of it.
pub(crate) fn year_before(as_of: NaiveDate, snapshots: &[NaiveDate]) -> Option<NaiveDate> {
    let month_end = end_of_month(as_of.year(), as_of.month0());
    let limit = if as_of == month_end {
        end_of_month(as_of.year() - 1, as_of.month0())
    } else {
        as_of.checked_sub_months(chrono::Months::new(12))?
    };
    snapshots
        .iter()
        .copied()
        .filter(|date| *date <= limit && date.year() == limit.year() && date.month() == limit.month())
        .max()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a date")
    }

    #[test]
    fn periods_have_names_and_ends() {
        let cases = [
            (Rollup::Daily, 1, "2024-02-10", "2024-02-10", "2024-02-10"),
            (Rollup::Weekly, 1, "2024-12-30", "2025-W01", "2025-01-05"),
            (Rollup::Weekly, 1, "2025-01-05", "2025-W01", "2025-01-05"),
            (Rollup::Monthly, 1, "2024-02-10", "2024-02", "2024-02-29"),
            (Rollup::Monthly, 7, "2024-12-31", "2024-12", "2024-12-31"),
            (Rollup::Quarterly, 1, "2024-02-10", "2024-Q1", "2024-03-31"),
            (Rollup::Quarterly, 2, "2024-01-31", "FY2024-Q4", "2024-01-31"),
            (Rollup::Quarterly, 12, "2024-12-01", "FY2025-Q1", "2025-02-28"),
            (Rollup::Yearly, 1, "2024-02-10", "2024", "2024-12-31"),
            (Rollup::Yearly, 4, "2024-03-31", "FY2024", "2024-03-31"),
            (Rollup::Yearly, 4, "2024-04-01", "FY2025", "2025-03-31"),
        ];
        for (rollup, first, date, label, end) in cases {
            let period = rollup.period(day(date), first);
            assert_eq!((period.label.as_str(), period.end), (label, day(end)), "{rollup:?} {first} {date}");
        }
    }

    #[test]
    fn the_tapes_last_date_stands_for_a_period_and_an_empty_one_is_absent() {
        let dates = ["2025-01-31", "2025-02-14", "2025-02-28", "2025-04-10"].map(day);
        let points: Vec<(String, NaiveDate, bool)> = Rollup::Monthly
            .points(&dates, 1)
            .into_iter()
            .map(|point| (point.label, point.as_of, point.partial))
            .collect();
        let expected = [
            ("2025-01", "2025-01-31", false),
            ("2025-02", "2025-02-28", false),
            ("2025-04", "2025-04-10", true),
        ];
        assert_eq!(points, expected.map(|(label, date, partial)| (label.to_owned(), day(date), partial)));
    }

    #[test]
    fn a_period_that_ends_with_a_weekend_may_be_closed_before_it() {
        let end = day("2025-08-31"); // a Sunday
        let cases =
            [("2025-08-31", false), ("2025-08-30", false), ("2025-08-29", false), ("2025-08-28", true)];
        for (as_of, cut_short) in cases {
            assert_eq!(is_cut_short(day(as_of), end), cut_short, "{as_of}");
        }
    }

    #[test]
    fn a_year_before_is_the_same_month() {
        let dates = ["2023-12-31", "2024-02-15", "2024-02-29", "2024-03-31"].map(day);
        assert_eq!(year_before(day("2025-02-28"), &dates), Some(day("2024-02-29")));
        assert_eq!(year_before(day("2025-02-20"), &dates), Some(day("2024-02-15")));
        assert_eq!(year_before(day("2025-02-10"), &dates), None);
        assert_eq!(year_before(day("2024-12-31"), &dates), Some(day("2023-12-31")));
        assert_eq!(year_before(day("2025-04-30"), &dates), None);
    }
}
