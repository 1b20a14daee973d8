//! Quantities: currency, durations, counts and plain numbers, and what their products and quotients are.

use std::fmt;

use abaco_kpi::{ColumnType, Decimal, canonical_column};

/// Canonical whole numbers that are days; the others are counts.
const DAYS: [&str; 3] = ["dpd", "opening_dpd", "term_days"];

/// What a column measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Measured {
    Currency,
    Days,
    Count,
    Ratio,
    /// A text, a date, a truth: nothing to calculate with.
    Nothing,
}

impl Measured {
    /// What the canonical column of this name measures.
    pub(crate) fn by_canonical(name: &str) -> Option<Self> {
        canonical_column(name).map(|spec| match spec.column_type {
            ColumnType::Integer if DAYS.contains(&name) => Self::Days,
            other => Self::of(other),
        })
    }

    /// What columns of this type measure.
    pub(crate) fn of(column_type: ColumnType) -> Self {
        match column_type {
            ColumnType::Money => Self::Currency,
            ColumnType::Integer => Self::Count,
            ColumnType::Rate | ColumnType::Share => Self::Ratio,
            _ => Self::Nothing,
        }
    }
}

/// The quantity of an expression, as far as it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Quantity {
    /// Nothing is known, so nothing is refused.
    Unknown,
    /// A constant, which fits anything.
    Constant {
        /// A power of ten moves the point and carries no duration; 365 or 12 may.
        power_of_ten: bool,
        hundred: bool,
    },
    /// Known by its exponents.
    Known(Exponents),
}

/// Powers of the units; all zero for a plain number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Exponents {
    pub(super) currency: i64,
    days: i64,
    months: i64,
    /// A constant that may be a duration has been multiplied in, so the durations are not known any more.
    loose: bool,
    plain: Plain,
    /// Taken a hundred times, which makes a ratio a percent; for messages only.
    hundredfold: bool,
}

/// Plain numbers: a count is no ratio.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Plain {
    Count,
    Ratio,
    Number,
}

const NUMBER: Exponents =
    Exponents { currency: 0, days: 0, months: 0, loose: false, plain: Plain::Number, hundredfold: false };

impl Quantity {
    pub(super) const COUNT: Self = Self::Known(Exponents { plain: Plain::Count, ..NUMBER });
    pub(super) const DAYS: Self = Self::Known(Exponents { days: 1, ..NUMBER });
    pub(super) const MONTHS: Self = Self::Known(Exponents { months: 1, ..NUMBER });

    pub(super) fn constant(value: Decimal) -> Self {
        // The digits of a power of ten are a one and zeros.
        let digits = value.normalize().mantissa().to_string();
        let power_of_ten = digits.starts_with('1') && digits[1..].bytes().all(|digit| digit == b'0');
        Self::Constant { power_of_ten, hundred: value == Decimal::ONE_HUNDRED }
    }

    pub(super) fn of(measured: Measured) -> Self {
        match measured {
            Measured::Currency => Self::Known(Exponents { currency: 1, ..NUMBER }),
            Measured::Days => Self::DAYS,
            Measured::Count => Self::COUNT,
            Measured::Ratio => Self::Known(Exponents { plain: Plain::Ratio, ..NUMBER }),
            Measured::Nothing => Self::Unknown,
        }
    }

    /// What both are, or `None` if they are unlike.
    pub(super) fn alike(self, other: Self) -> Option<Self> {
        match (self, other) {
            (Self::Known(a), Self::Known(b)) => a.alike(b).map(Self::Known),
            (Self::Unknown, known) | (known, Self::Unknown) => Some(known),
            (Self::Constant { .. }, known @ Self::Known(_)) => Some(known),
            (known @ Self::Known(_), Self::Constant { .. }) => Some(known),
            // Their sum may be anything: 360 + 5.
            (Self::Constant { .. }, Self::Constant { .. }) => {
                Some(Self::Constant { power_of_ten: false, hundred: false })
            }
        }
    }

    pub(super) fn times(self, other: Self) -> Self {
        match (self, other) {
            (Self::Unknown, _) | (_, Self::Unknown) => Self::Unknown,
            (Self::Known(a), Self::Known(b)) => Self::Known(a.joined(b, 1)),
            (Self::Known(known), Self::Constant { power_of_ten, hundred })
            | (Self::Constant { power_of_ten, hundred }, Self::Known(known)) => Self::Known(Exponents {
                loose: known.loose || !power_of_ten,
                hundredfold: known.hundredfold || hundred,
                ..known
            }),
            (Self::Constant { power_of_ten: a, .. }, Self::Constant { power_of_ten: b, .. }) => {
                Self::Constant { power_of_ten: a && b, hundred: false }
            }
        }
    }

    pub(super) fn over(self, other: Self) -> Self {
        match (self, other) {
            (Self::Unknown, _) | (_, Self::Unknown) => Self::Unknown,
            (Self::Known(a), Self::Known(b)) => Self::Known(a.joined(b, -1)),
            (Self::Known(known), Self::Constant { power_of_ten, .. }) => {
                Self::Known(Exponents { loose: known.loose || !power_of_ten, hundredfold: false, ..known })
            }
            (Self::Constant { power_of_ten, .. }, Self::Known(known)) => {
                let inverse = NUMBER.joined(known, -1);
                Self::Known(Exponents { loose: inverse.loose || !power_of_ten, ..inverse })
            }
            (Self::Constant { power_of_ten: a, .. }, Self::Constant { power_of_ten: b, .. }) => {
                Self::Constant { power_of_ten: a && b, hundred: false }
            }
        }
    }

    pub(super) fn power(self, exponent: u32) -> Self {
        let by = |power: i64| power.saturating_mul(exponent.into());
        match self {
            Self::Known(x) if exponent > 1 => Self::Known(Exponents {
                currency: by(x.currency),
                days: by(x.days),
                months: by(x.months),
                loose: x.loose,
                plain: if x.plain == Plain::Ratio { Plain::Ratio } else { Plain::Number },
                hundredfold: false,
            }),
            same => same,
        }
    }
}

impl Exponents {
    fn is_plain(self) -> bool {
        (self.currency, self.days, self.months) == (0, 0, 0)
    }

    fn alike(self, other: Self) -> Option<Self> {
        let loose = self.loose || other.loose;
        let durations = loose || (self.days, self.months) == (other.days, other.months);
        let plain = match (self.plain, other.plain) {
            (a, b) if a == b => a,
            (Plain::Number, _) | (_, Plain::Number) => Plain::Number,
            // A count beside a ratio.
            _ if self.is_plain() && other.is_plain() => return None,
            _ => Plain::Number,
        };
        let hundredfold = self.hundredfold && other.hundredfold;
        (self.currency == other.currency && durations).then_some(Self { loose, plain, hundredfold, ..self })
    }

    /// The product, or with the sign -1 the quotient.
    fn joined(self, other: Self, sign: i64) -> Self {
        let sum = |a: i64, b: i64| a.saturating_add(b.saturating_mul(sign));
        let same = (self.currency, self.days, self.months) == (other.currency, other.days, other.months);
        let plain = match (self.plain, other.plain) {
            // Currency over currency, days over days, a count over a count.
            _ if sign < 0 && same && !self.is_plain() => Plain::Ratio,
            (Plain::Count, Plain::Count) if sign < 0 => Plain::Ratio,
            (Plain::Ratio, Plain::Ratio) => Plain::Ratio,
            _ => Plain::Number,
        };
        Self {
            currency: sum(self.currency, other.currency),
            days: sum(self.days, other.days),
            months: sum(self.months, other.months),
            loose: self.loose || other.loose,
            plain,
            hundredfold: sign < 0 && self.hundredfold && !other.hundredfold,
        }
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown => f.write_str("something unknown"),
            Self::Constant { .. } => f.write_str("a constant"),
            Self::Known(exponents) => write!(f, "{exponents}"),
        }
    }
}

impl fmt::Display for Exponents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match (self.currency, self.days, self.months) {
            (0, 0, 0) => match self.plain {
                Plain::Count => "a count",
                Plain::Ratio if self.hundredfold => "a percent",
                Plain::Ratio => "a ratio",
                Plain::Number => "a plain number",
            },
            (1, 0, 0) => "a currency",
            (0, 1, 0) => "a number of days",
            (0, 0, 1) => "a number of months",
            powers => {
                f.write_str("a product of")?;
                for (name, power) in [("currency", powers.0), ("days", powers.1), ("months", powers.2)] {
                    match power {
                        0 => {}
                        1 => write!(f, " {name}")?,
                        power => write!(f, " {name}^{power}")?,
                    }
                }
                return Ok(());
            }
        };
        f.write_str(name)
    }
}
