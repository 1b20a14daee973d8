//! Formulas over whatever terms, by the rules of their text.

use abaco_kpi::{Formula, MAX_BITS, MAX_POWER, Undefined};
use num_rational::BigRational;
use num_traits::Zero;

use super::gone::Gone;
use super::round::rounded_units;
use super::{ten_to, whole};

/// Gives the value of a term so many snapshots earlier.
pub(super) type TermValue<'v, M> = dyn Fn(&M, u32) -> Result<BigRational, Gone> + 'v;

/// Walks a formula and remembers what `COALESCE` caught.
pub(super) struct Walk<'v, M> {
    term: &'v TermValue<'v, M>,
    pub(super) caught: Option<Undefined>,
}

impl<'v, M> Walk<'v, M> {
    pub(super) fn new(term: &'v TermValue<'v, M>) -> Self {
        Self { term, caught: None }
    }

    pub(super) fn value(&mut self, formula: &Formula<M>, lag: u32) -> Result<BigRational, Gone> {
        let value = match formula {
            Formula::Term(term) => (self.term)(term, lag),
            Formula::Constant(constant) => Ok(whole(constant.mantissa()) / ten_to(constant.scale())),
            Formula::Add(a, b) => self.all([&**a, b], lag).map(|x| &x[0] + &x[1]),
            Formula::Subtract(a, b) => self.all([&**a, b], lag).map(|x| &x[0] - &x[1]),
            Formula::Multiply(a, b) => self.all([&**a, b], lag).map(|x| &x[0] * &x[1]),
            Formula::Divide(a, b) => self.all([&**a, b], lag).and_then(|x| {
                if x[1].is_zero() { Err(Undefined::ZeroDenominator.into()) } else { Ok(&x[0] / &x[1]) }
            }),
            Formula::Least(all) => {
                self.all(all, lag)?.into_iter().min().ok_or_else(|| Undefined::NoMatch.into())
            }
            Formula::Greatest(all) => {
                self.all(all, lag)?.into_iter().max().ok_or_else(|| Undefined::NoMatch.into())
            }
            Formula::Round { value, scale, mode } => {
                let value = self.value(value, lag)?;
                Ok(rounded_units(&value, *scale, *mode) / ten_to(*scale))
            }
            Formula::Coalesce(all) => self.coalesce(all, lag),
            Formula::Power(base, exponent) => self.power(base, *exponent, lag),
            Formula::Lag(value, snapshots) => self.value(value, lag.saturating_add(*snapshots)),
        }?;
        within_limit(value)
    }

    /// All of them, or the failure among them, or the first reason why one is undefined.
    fn all<'f>(
        &mut self,
        formulas: impl IntoIterator<Item = &'f Formula<M>>,
        lag: u32,
    ) -> Result<Vec<BigRational>, Gone>
    where
        M: 'f,
    {
        let values: Vec<_> = formulas.into_iter().map(|formula| self.value(formula, lag)).collect();
        match values.iter().find(|value| matches!(value, Err(Gone::Failed(_)))) {
            Some(Err(failed)) => Err(failed.clone()),
            _ => values.into_iter().collect(),
        }
    }

    fn coalesce(&mut self, all: &[Formula<M>], lag: u32) -> Result<BigRational, Gone> {
        let mut first: Option<Gone> = None;
        for formula in all {
            match self.value(formula, lag) {
                Ok(value) => {
                    self.caught = self.caught.or(first.and_then(|gone| gone.reason()));
                    return Ok(value);
                }
                Err(failed @ Gone::Failed(_)) => return Err(failed),
                Err(gone) => first = first.or(Some(gone)),
            }
        }
        Err(first.unwrap_or(Gone::Undefined(Undefined::NoMatch)))
    }

    fn power(&mut self, base: &Formula<M>, exponent: u32, lag: u32) -> Result<BigRational, Gone> {
        if exponent == 0 || exponent > MAX_POWER {
            return Err(Gone::Failed(format!("exponent {exponent}")));
        }
        let base = self.value(base, lag)?;
        // Each factor after the first adds at least its bits less one.
        let least = (bits(&base) - 1).saturating_mul(exponent.into());
        if least > MAX_BITS {
            return Err(too_large());
        }
        Ok(num_traits::pow(base, exponent as usize))
    }
}

fn bits(x: &BigRational) -> u64 {
    x.numer().bits().max(x.denom().bits())
}

fn within_limit(x: BigRational) -> Result<BigRational, Gone> {
    if bits(&x) > MAX_BITS { Err(too_large()) } else { Ok(x) }
}

fn too_large() -> Gone {
    Gone::Failed("too large".to_owned())
}
