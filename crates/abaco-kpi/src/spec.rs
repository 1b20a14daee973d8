//! What a KPI says about itself, apart from its formula.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Basis, Rounding};

/// The unit of a value. Percents, ratios and scores are dimensionless.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Unit {
    /// Hundredths: 3.31 is 3.31 %.
    Percent,
    /// A plain quotient.
    Ratio,
    /// Points on a stated scale.
    Score,
    /// An amount in the contract's currency.
    Currency,
    /// A number of things.
    Count,
    /// Days.
    Days,
}

impl Unit {
    /// The unit in snake case, as it stands in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Percent => "percent",
            Self::Ratio => "ratio",
            Self::Score => "score",
            Self::Currency => "currency",
            Self::Count => "count",
            Self::Days => "days",
        }
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Which way is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// Arrears, losses, concentration.
    LowerIsBetter,
    /// Collection, cure, coverage.
    HigherIsBetter,
    /// Stocks, tenor, prepayment.
    Neutral,
}

/// The specification of a KPI. The id never changes its meaning; another convention is another id.
///
/// ```
/// use abaco_kpi::{Direction, KpiSpec, Rounding, Unit};
///
/// let spec = KpiSpec::new("par_30", "Portfolio at risk, 30 days", Unit::Percent)
///     .direction(Direction::LowerIsBetter)
///     .convention("dpd >= 30, written-off excluded");
/// assert_eq!(spec.rounding, Rounding::half_away(2));
/// assert_eq!(spec.family, "");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct KpiSpec {
    /// Unique name in snake case.
    pub id: Cow<'static, str>,
    /// Name for people.
    pub title: Cow<'static, str>,
    /// Unit of the value.
    pub unit: Unit,
    /// How the exact value becomes a decimal.
    pub rounding: Rounding,
    /// Which way is better.
    pub direction: Direction,
    /// The reading of the definition where practice disagrees.
    pub convention: Cow<'static, str>,
    /// Which rows it is meant for, where its columns do not tell; see [`Basis::of`].
    pub basis: Option<Basis>,
    /// Whether it stretches a period to a year, which an incomplete period does not bear.
    pub annualised: bool,
    /// The family, which is also the file it lives in.
    pub family: Cow<'static, str>,
    /// Other names by which it is known, such as V2's.
    pub aliases: Vec<Cow<'static, str>>,
    /// Where the formula or the convention comes from.
    pub references: Vec<Cow<'static, str>>,
}

impl KpiSpec {
    /// A specification with two places half away from zero (none for a count), and no direction.
    pub fn new(id: impl Into<Cow<'static, str>>, title: impl Into<Cow<'static, str>>, unit: Unit) -> Self {
        let scale = if matches!(unit, Unit::Count | Unit::Days) { 0 } else { 2 };
        Self {
            id: id.into(),
            title: title.into(),
            unit,
            rounding: Rounding::half_away(scale),
            direction: Direction::Neutral,
            convention: Cow::Borrowed(""),
            basis: None,
            annualised: false,
            family: Cow::Borrowed(""),
            aliases: Vec::new(),
            references: Vec::new(),
        }
    }

    /// Sets the rounding.
    #[must_use]
    pub fn rounding(mut self, rounding: Rounding) -> Self {
        self.rounding = rounding;
        self
    }

    /// Sets which way is better.
    #[must_use]
    pub fn direction(mut self, direction: Direction) -> Self {
        self.direction = direction;
        self
    }

    /// Sets the convention.
    #[must_use]
    pub fn convention(mut self, convention: impl Into<Cow<'static, str>>) -> Self {
        self.convention = convention.into();
        self
    }

    /// Sets which rows the KPI is meant for.
    #[must_use]
    pub fn over(mut self, basis: Basis) -> Self {
        self.basis = Some(basis);
        self
    }

    /// Says that the KPI stretches a period to a year.
    #[must_use]
    pub fn annualised(mut self) -> Self {
        self.annualised = true;
        self
    }

    /// Sets the family.
    #[must_use]
    pub fn family(mut self, family: impl Into<Cow<'static, str>>) -> Self {
        self.family = family.into();
        self
    }

    /// Adds another name.
    #[must_use]
    pub fn alias(mut self, alias: impl Into<Cow<'static, str>>) -> Self {
        self.aliases.push(alias.into());
        self
    }

    /// Adds a source.
    #[must_use]
    pub fn reference(mut self, reference: impl Into<Cow<'static, str>>) -> Self {
        self.references.push(reference.into());
        self
    }
}
