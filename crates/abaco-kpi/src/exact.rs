//! The exact form behind a value, in the terms in which people check it by hand.

use num_bigint::BigInt;

use crate::{Formula, Fraction, Scaled};

/// Beyond this many digits nobody reads a number.
const MAX_DIGITS: usize = 1_000;

/// `multiplier * numerator / denominator`, exact and not reduced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExactForm {
    /// What stands above the line.
    pub numerator: Scaled,
    /// What stands below the line.
    pub denominator: Scaled,
    /// The constant in front, 100 for a percentage.
    pub multiplier: Scaled,
}

/// The exact form of a formula whose value is `value`.
///
/// A formula of the shape `[constant *] x / y`, with x and y sums or differences of terms, gives x and y as
/// they are; any other shape gives `value` in lowest terms with the multiplier 1. `None` above 1,000 digits.
/// `total` returns a term's exact total, or `None` if it has none.
pub fn exact_form<M>(
    formula: &Formula<M>,
    value: &Fraction,
    total: &dyn Fn(&M) -> Option<Scaled>,
) -> Option<ExactForm> {
    let form = quotient(formula, total).unwrap_or_else(|| {
        let (numerator, denominator) = value.lowest_terms();
        ExactForm {
            numerator: Scaled::new(numerator, 0),
            denominator: Scaled::new(denominator, 0),
            multiplier: Scaled::new(1, 0),
        }
    });
    (form.numerator.digits() <= MAX_DIGITS && form.denominator.digits() <= MAX_DIGITS).then_some(form)
}

fn quotient<M>(formula: &Formula<M>, total: &dyn Fn(&M) -> Option<Scaled>) -> Option<ExactForm> {
    let (constant, x, y) = match formula {
        Formula::Divide(x, y) => match &**x {
            Formula::Multiply(c, x) => (constant(c)?, &**x, y),
            x => (Scaled::new(BigInt::from(1), 0), x, y),
        },
        Formula::Multiply(c, quotient) => match &**quotient {
            Formula::Divide(x, y) => (constant(c)?, &**x, y),
            _ => return None,
        },
        _ => return None,
    };
    Some(ExactForm { numerator: linear(x, total)?, denominator: linear(y, total)?, multiplier: constant })
}

fn constant<M>(formula: &Formula<M>) -> Option<Scaled> {
    match formula {
        Formula::Constant(value) => Some(Scaled::from(*value)),
        _ => None,
    }
}

fn linear<M>(formula: &Formula<M>, total: &dyn Fn(&M) -> Option<Scaled>) -> Option<Scaled> {
    match formula {
        Formula::Term(term) => total(term),
        Formula::Add(a, b) => Some(linear(a, total)?.plus(&linear(b, total)?)),
        Formula::Subtract(a, b) => Some(linear(a, total)?.minus(&linear(b, total)?)),
        _ => None,
    }
}
