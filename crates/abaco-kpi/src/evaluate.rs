//! Finishing a formula: from exact terms to one exact fraction, or the reason why there is none.

use crate::{Formula, Fraction, KpiError, MAX_POWER, Rounding, Undefined};

/// Why a term or a formula has no value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Absent {
    /// The data does not define it; `COALESCE` catches this.
    Undefined(Undefined),
    /// The arithmetic failed; nothing catches this.
    Failed(KpiError),
}

impl From<KpiError> for Absent {
    fn from(error: KpiError) -> Self {
        Self::Failed(error)
    }
}

/// Where the values of a formula's terms come from.
pub trait Terms<M> {
    /// The value of `term` at the snapshot `lag` places before the one at hand.
    ///
    /// # Errors
    /// [`Absent`] if there is none.
    fn value(&self, term: &M, lag: u32) -> Result<Fraction, Absent>;
}

/// An exact value, and what `COALESCE` replaced on the way to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evaluation {
    /// The exact value.
    pub value: Fraction,
    /// The first undefined operand for which a fallback stood in.
    pub caught: Option<Undefined>,
}

impl<M> Formula<M> {
    /// The exact value of the formula.
    ///
    /// Undefined operands propagate through every operation but `COALESCE`; a failed one outranks them.
    ///
    /// # Errors
    /// [`Absent`] with the first reason.
    pub fn evaluate(&self, terms: &dyn Terms<M>) -> Result<Evaluation, Absent> {
        let mut caught = None;
        let value = self.at_lag(terms, 0, &mut caught)?;
        Ok(Evaluation { value, caught })
    }

    fn at_lag(
        &self,
        terms: &dyn Terms<M>,
        lag: u32,
        caught: &mut Option<Undefined>,
    ) -> Result<Fraction, Absent> {
        match self {
            Self::Term(term) => terms.value(term, lag),
            Self::Constant(value) => Ok(Fraction::from(*value)),
            Self::Add(a, b) => {
                let (a, b) = both(a, b, terms, lag, caught)?;
                Ok(a.plus(&b)?)
            }
            Self::Subtract(a, b) => {
                let (a, b) = both(a, b, terms, lag, caught)?;
                Ok(a.minus(&b)?)
            }
            Self::Multiply(a, b) => {
                let (a, b) = both(a, b, terms, lag, caught)?;
                Ok(a.times(&b)?)
            }
            Self::Divide(a, b) => {
                let (a, b) = both(a, b, terms, lag, caught)?;
                a.divided_by(&b)?.ok_or(Absent::Undefined(Undefined::ZeroDenominator))
            }
            Self::Least(all) => extreme(all, terms, lag, caught, |new, best| new < best),
            Self::Greatest(all) => extreme(all, terms, lag, caught, |new, best| new > best),
            Self::Round { value, scale, mode } => {
                let value = value.at_lag(terms, lag, caught)?;
                Ok(value.rounded(Rounding { scale: *scale, mode: *mode })?)
            }
            Self::Coalesce(all) => coalesce(all, terms, lag, caught),
            Self::Power(base, exponent) => {
                if *exponent == 0 || *exponent > MAX_POWER {
                    return Err(KpiError::Exponent { found: *exponent, max: MAX_POWER }.into());
                }
                Ok(base.at_lag(terms, lag, caught)?.power(*exponent)?)
            }
            Self::Lag(value, snapshots) => value.at_lag(terms, lag.saturating_add(*snapshots), caught),
        }
    }
}

/// Both operands; if one failed and the other is undefined, the failure, so that no `COALESCE` hides it.
fn both<M>(
    a: &Formula<M>,
    b: &Formula<M>,
    terms: &dyn Terms<M>,
    lag: u32,
    caught: &mut Option<Undefined>,
) -> Result<(Fraction, Fraction), Absent> {
    match (a.at_lag(terms, lag, caught), b.at_lag(terms, lag, caught)) {
        (Ok(a), Ok(b)) => Ok((a, b)),
        (Err(failed @ Absent::Failed(_)), _) | (_, Err(failed @ Absent::Failed(_))) => Err(failed),
        (Err(absent), _) | (_, Err(absent)) => Err(absent),
    }
}

fn extreme<M>(
    all: &[Formula<M>],
    terms: &dyn Terms<M>,
    lag: u32,
    caught: &mut Option<Undefined>,
    better: fn(&Fraction, &Fraction) -> bool,
) -> Result<Fraction, Absent> {
    let mut best: Option<Fraction> = None;
    let mut absent = None;
    for formula in all {
        match formula.at_lag(terms, lag, caught) {
            Ok(value) => {
                if best.as_ref().is_none_or(|best| better(&value, best)) {
                    best = Some(value);
                }
            }
            Err(failed @ Absent::Failed(_)) => return Err(failed),
            Err(undefined) => absent = absent.or(Some(undefined)),
        }
    }
    match (absent, best) {
        (None, Some(best)) => Ok(best),
        (Some(absent), _) => Err(absent),
        (None, None) => Err(Absent::Undefined(Undefined::NoMatch)),
    }
}

fn coalesce<M>(
    all: &[Formula<M>],
    terms: &dyn Terms<M>,
    lag: u32,
    caught: &mut Option<Undefined>,
) -> Result<Fraction, Absent> {
    let mut first = None;
    for formula in all {
        match formula.at_lag(terms, lag, caught) {
            Ok(value) => {
                *caught = caught.or(first);
                return Ok(value);
            }
            Err(Absent::Undefined(reason)) => first = first.or(Some(reason)),
            Err(failed) => return Err(failed),
        }
    }
    Err(Absent::Undefined(first.unwrap_or(Undefined::NoMatch)))
}
