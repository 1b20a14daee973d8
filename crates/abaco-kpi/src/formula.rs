//! Formulas: arithmetic over measures.

use rust_decimal::Decimal;

use crate::{Measure, RoundingMode};

/// The largest exponent of [`Formula::Power`]: forty years of months.
pub const MAX_POWER: u32 = 480;

/// Exact arithmetic over terms, by default over [`Measure`]s.
///
/// An engine maps the measures to its own slots and evaluates the same tree; nothing is interpreted twice.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Formula<M = Measure> {
    /// A term.
    Term(M),
    /// An exact constant.
    Constant(Decimal),
    /// `a + b`
    Add(Box<Self>, Box<Self>),
    /// `a - b`
    Subtract(Box<Self>, Box<Self>),
    /// `a * b`
    Multiply(Box<Self>, Box<Self>),
    /// `a / b`; undefined if `b` is zero.
    Divide(Box<Self>, Box<Self>),
    /// The smallest; undefined if any is undefined.
    Least(Vec<Self>),
    /// The largest; undefined if any is undefined.
    Greatest(Vec<Self>),
    /// `ROUND(x, scale)` or `ROUND_EVEN(x, scale)`.
    Round {
        /// What is rounded.
        value: Box<Self>,
        /// Decimal places.
        scale: u32,
        /// Ties.
        mode: RoundingMode,
    },
    /// The first that is not undefined; it never hides a failure.
    Coalesce(Vec<Self>),
    /// `POWER(x, n)` with a literal `n` from 1 to [`MAX_POWER`].
    Power(Box<Self>, u32),
    /// `LAG(x, n)`: x at the n-th earlier snapshot.
    Lag(Box<Self>, u32),
}

impl<M> Formula<M> {
    /// The value rounded to `scale` places, ties away from zero.
    #[must_use]
    pub fn round(self, scale: u32) -> Self {
        Self::Round { value: Box::new(self), scale, mode: RoundingMode::HalfAway }
    }

    /// The value rounded to `scale` places, ties to the even neighbour.
    #[must_use]
    pub fn round_even(self, scale: u32) -> Self {
        Self::Round { value: Box::new(self), scale, mode: RoundingMode::HalfEven }
    }

    /// The value, or `fallback` where it is undefined.
    #[must_use]
    pub fn or_else(self, fallback: impl Into<Self>) -> Self {
        Self::Coalesce(vec![self, fallback.into()])
    }

    /// The smaller of the two.
    #[must_use]
    pub fn at_most(self, bound: impl Into<Self>) -> Self {
        Self::Least(vec![self, bound.into()])
    }

    /// The larger of the two.
    #[must_use]
    pub fn at_least(self, bound: impl Into<Self>) -> Self {
        Self::Greatest(vec![self, bound.into()])
    }

    /// The value to the power of `exponent`, checked when it is evaluated.
    #[must_use]
    pub fn power(self, exponent: u32) -> Self {
        Self::Power(Box::new(self), exponent)
    }

    /// The value at the n-th earlier snapshot.
    #[must_use]
    pub fn lag(self, snapshots: u32) -> Self {
        Self::Lag(Box::new(self), snapshots)
    }

    /// The formulas directly below this one.
    pub fn children(&self) -> Vec<&Self> {
        match self {
            Self::Term(_) | Self::Constant(_) => Vec::new(),
            Self::Add(a, b) | Self::Subtract(a, b) | Self::Multiply(a, b) | Self::Divide(a, b) => vec![a, b],
            Self::Least(all) | Self::Greatest(all) | Self::Coalesce(all) => all.iter().collect(),
            Self::Round { value, .. } | Self::Power(value, _) | Self::Lag(value, _) => vec![value],
        }
    }

    /// Calls `visit` for each term, from left to right.
    pub fn for_each_term<'a>(&'a self, visit: &mut dyn FnMut(&'a M)) {
        if let Self::Term(term) = self {
            visit(term);
        }
        for child in self.children() {
            child.for_each_term(visit);
        }
    }

    /// The same formula over other terms.
    ///
    /// # Errors
    /// The first error that `map` returns.
    pub fn try_map<N, E>(&self, map: &mut dyn FnMut(&M) -> Result<N, E>) -> Result<Formula<N>, E> {
        let mut boxed = |x: &Self| x.try_map(map).map(Box::new);
        Ok(match self {
            Self::Term(term) => Formula::Term(map(term)?),
            Self::Constant(value) => Formula::Constant(*value),
            Self::Add(a, b) => Formula::Add(boxed(a)?, boxed(b)?),
            Self::Subtract(a, b) => Formula::Subtract(boxed(a)?, boxed(b)?),
            Self::Multiply(a, b) => Formula::Multiply(boxed(a)?, boxed(b)?),
            Self::Divide(a, b) => Formula::Divide(boxed(a)?, boxed(b)?),
            Self::Round { value, scale, mode } => {
                Formula::Round { value: boxed(value)?, scale: *scale, mode: *mode }
            }
            Self::Power(value, exponent) => Formula::Power(boxed(value)?, *exponent),
            Self::Lag(value, snapshots) => Formula::Lag(boxed(value)?, *snapshots),
            Self::Least(all) => Formula::Least(map_all(all, map)?),
            Self::Greatest(all) => Formula::Greatest(map_all(all, map)?),
            Self::Coalesce(all) => Formula::Coalesce(map_all(all, map)?),
        })
    }
}

fn map_all<M, N, E>(
    all: &[Formula<M>],
    map: &mut dyn FnMut(&M) -> Result<N, E>,
) -> Result<Vec<Formula<N>>, E> {
    all.iter().map(|formula| formula.try_map(map)).collect()
}
