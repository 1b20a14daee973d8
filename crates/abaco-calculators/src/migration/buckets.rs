//! Where a loan stands when a period begins and when it ends.

use abaco_kpi::{Predicate, col};

use crate::panel::{in_opening, not_written_off};

/// A bucket of days past due, half open: a loan moves on with the first day of the next one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Bucket {
    /// Not past due.
    Current,
    /// 1 to 29 days.
    From1To29,
    /// 30 to 59 days.
    From30To59,
    /// 60 to 89 days.
    From60To89,
    /// 90 days or more.
    From90,
    /// Nobody knows; never taken for current.
    Unknown,
}

/// Where a loan stands at the end.
///
/// The tests of the destinations exclude one another and leave nothing out, so a row of the matrix sums to 100 %.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Destination {
    /// It has a balance, in this bucket.
    Open(Bucket),
    /// It is written off.
    WrittenOff,
    /// It has no balance left, or less.
    Paid,
    /// It has no row and is not paid.
    Absent,
}

impl Bucket {
    /// Every bucket, from the best to the worst and the unknown one.
    pub const ALL: [Self; 6] =
        [Self::Current, Self::From1To29, Self::From30To59, Self::From60To89, Self::From90, Self::Unknown];

    /// The name that stands in ids.
    ///
    /// ```
    /// use abaco_calculators::migration::Bucket;
    ///
    /// assert_eq!(Bucket::From90.name(), "90_plus");
    /// ```
    pub fn name(self) -> &'static str {
        match self {
            Self::Current => "current",
            Self::From1To29 => "1_29",
            Self::From30To59 => "30_59",
            Self::From60To89 => "60_89",
            Self::From90 => "90_plus",
            Self::Unknown => "unknown",
        }
    }

    /// As titles and conventions have it.
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Current => "current",
            Self::From1To29 => "1 to 29 days past due",
            Self::From30To59 => "30 to 59 days past due",
            Self::From60To89 => "60 to 89 days past due",
            Self::From90 => "90 days past due or more",
            Self::Unknown => "unknown days past due",
        }
    }

    /// The first day of the bucket and that of the next one.
    fn days(self) -> Option<(Option<i64>, Option<i64>)> {
        match self {
            Self::Current => Some((None, Some(1))),
            Self::From1To29 => Some((Some(1), Some(30))),
            Self::From30To59 => Some((Some(30), Some(60))),
            Self::From60To89 => Some((Some(60), Some(90))),
            Self::From90 => Some((Some(90), None)),
            Self::Unknown => None,
        }
    }

    fn tests(self, dpd: &'static str) -> Vec<Predicate> {
        match self.days() {
            None => vec![col(dpd).is_null()],
            Some((from, before)) => {
                let from = from.map(|day| col(dpd).ge(day));
                from.into_iter().chain(before.map(|day| col(dpd).lt(day))).collect()
            }
        }
    }

    /// The tests of a loan that begins the period here.
    pub(super) fn at_opening(self) -> Vec<Predicate> {
        [vec![in_opening()], self.tests("opening_dpd")].concat()
    }
}

impl Destination {
    /// Every destination.
    pub const ALL: [Self; 9] = [
        Self::Open(Bucket::Current),
        Self::Open(Bucket::From1To29),
        Self::Open(Bucket::From30To59),
        Self::Open(Bucket::From60To89),
        Self::Open(Bucket::From90),
        Self::Open(Bucket::Unknown),
        Self::WrittenOff,
        Self::Paid,
        Self::Absent,
    ];

    /// The name that stands in ids.
    ///
    /// ```
    /// use abaco_calculators::migration::{Bucket, Destination};
    ///
    /// assert_eq!(Destination::Open(Bucket::From90).name(), "90_plus");
    /// assert_eq!(Destination::WrittenOff.name(), "written_off");
    /// ```
    pub fn name(self) -> &'static str {
        match self {
            Self::Open(bucket) => bucket.name(),
            Self::WrittenOff => "written_off",
            Self::Paid => "paid",
            Self::Absent => "absent",
        }
    }

    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Open(bucket) => bucket.words(),
            Self::WrittenOff => "written off",
            Self::Paid => "paid",
            Self::Absent => "absent",
        }
    }

    /// The tests of a loan that ends the period here, in the order in which they exclude one another.
    pub(super) fn at_closing(self) -> Vec<Predicate> {
        let balance = || col("outstanding_balance");
        match self {
            Self::WrittenOff => vec![col("is_written_off").is_true()],
            Self::Absent => vec![not_written_off(), balance().is_null()],
            Self::Paid => vec![not_written_off(), balance().le(0)],
            Self::Open(bucket) => [still_open(), bucket.tests("dpd")].concat(),
        }
    }
}

impl From<Bucket> for Destination {
    fn from(bucket: Bucket) -> Self {
        Self::Open(bucket)
    }
}

/// The tests of a loan that is neither written off nor paid nor absent.
pub(super) fn still_open() -> Vec<Predicate> {
    vec![not_written_off(), col("outstanding_balance").gt(0)]
}
