//! What a formula must look like for rows to have a share in it: sums over rows, or `factor * x / y` of such sums.

use abaco_kpi::{Aggregate, Formula, Measure};
use num_traits::{One, Zero};

use super::number::Rational;
use crate::figures::number::rational_of;

/// A sum of measures over rows, each with its weight.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Linear {
    /// In the order in which the formula names them.
    pub(super) terms: Vec<(Measure, Rational)>,
    /// The part of the formula.
    pub(super) text: String,
}

/// `factor * numerator / denominator`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Shape {
    pub(super) factor: Rational,
    pub(super) numerator: Linear,
    /// None where the formula is a sum.
    pub(super) denominator: Option<Linear>,
}

/// Why rows have no share in a measure.
pub(super) fn refusal(measure: &Measure) -> Option<&'static str> {
    match measure {
        Measure::Rows(rows) => match rows.aggregate {
            Aggregate::CountRows | Aggregate::Count(_) | Aggregate::Sum(_) => None,
            Aggregate::Min(_) | Aggregate::Max(_) | Aggregate::CountDistinct(_) => {
                Some("does not add up over rows")
            }
        },
        Measure::Keys(_) => Some("does not add up over rows"),
    }
}

impl Linear {
    /// A single measure.
    pub(super) fn of(measure: &Measure) -> Self {
        Self { terms: vec![(measure.clone(), Rational::one())], text: measure.to_string() }
    }

    fn new(formula: &Formula) -> Result<Self, String> {
        let mut linear = Self { terms: Vec::new(), text: formula.to_string() };
        linear.add(formula, &Rational::one())?;
        Ok(linear)
    }

    fn add(&mut self, formula: &Formula, weight: &Rational) -> Result<(), String> {
        let refuse = |why: &str| Err(format!("`{formula}` {why}"));
        match formula {
            Formula::Term(measure) => {
                if let Some(why) = refusal(measure) {
                    return refuse(why);
                }
                match self.terms.iter_mut().find(|(known, _)| known == measure) {
                    Some((_, known)) => *known += weight,
                    None => self.terms.push((measure.clone(), weight.clone())),
                }
                Ok(())
            }
            Formula::Constant(_) => refuse("belongs to no row"),
            Formula::Add(a, b) => self.add(a, weight).and_then(|()| self.add(b, weight)),
            Formula::Subtract(a, b) => self.add(a, weight).and_then(|()| self.add(b, &-weight)),
            Formula::Multiply(a, b) => match (&**a, &**b) {
                (Formula::Constant(factor), rest) | (rest, Formula::Constant(factor)) => {
                    self.add(rest, &(weight * rational_of(*factor)))
                }
                _ => refuse("multiplies two totals"),
            },
            Formula::Divide(a, b) => match &**b {
                Formula::Constant(divisor) if !divisor.is_zero() => {
                    self.add(a, &(weight / rational_of(*divisor)))
                }
                _ => refuse("is a quotient inside a larger formula"),
            },
            Formula::Lag(..) => refuse("reads another snapshot"),
            Formula::Least(_)
            | Formula::Greatest(_)
            | Formula::Round { .. }
            | Formula::Coalesce(_)
            | Formula::Power(..) => refuse("does not add up over rows"),
        }
    }
}

impl Shape {
    /// The shape of a formula, or the part in which rows have no share.
    pub(super) fn of(formula: &Formula) -> Result<Self, String> {
        let whole = || {
            let numerator = Linear::new(formula)?;
            Ok(Self { factor: Rational::one(), numerator, denominator: None })
        };
        let scaled = |inner: &Formula, factor: Rational| {
            let shape = Self::of(inner)?;
            Ok(Self { factor: shape.factor * factor, ..shape })
        };
        match formula {
            Formula::Multiply(a, b) => match (&**a, &**b) {
                (Formula::Constant(factor), rest) | (rest, Formula::Constant(factor)) => {
                    scaled(rest, rational_of(*factor))
                }
                _ => whole(),
            },
            Formula::Divide(a, b) => match &**b {
                Formula::Constant(divisor) if !divisor.is_zero() => scaled(a, rational_of(*divisor).recip()),
                // `100 * x / y` is read as `(100 * x) / y`: the constant stands in front of the quotient all the same.
                denominator => {
                    let (factor, above) = match &**a {
                        Formula::Multiply(c, x) => match (&**c, &**x) {
                            (Formula::Constant(c), x) | (x, Formula::Constant(c)) => (rational_of(*c), x),
                            _ => (Rational::one(), &**a),
                        },
                        _ => (Rational::one(), &**a),
                    };
                    Ok(Self {
                        factor,
                        numerator: Linear::new(above)?,
                        denominator: Some(Linear::new(denominator)?),
                    })
                }
            },
            _ => whole(),
        }
    }

    /// The value, if the numbers are there and the denominator is not zero.
    pub(super) fn value(&self, above: &Rational, below: Option<&Rational>) -> Option<Rational> {
        match below {
            None => Some(&self.factor * above),
            Some(below) if below.is_zero() => None,
            Some(below) => Some(&self.factor * above / below),
        }
    }
}

/// The measures of a formula in its order, each once, with whether it is read at an earlier snapshot only.
pub(super) fn measures(formula: &Formula) -> Vec<(Measure, bool)> {
    fn collect(formula: &Formula, lagged: bool, into: &mut Vec<(Measure, bool)>) {
        if let Formula::Term(measure) = formula {
            match into.iter_mut().find(|(known, _)| known == measure) {
                Some((_, known)) => *known &= lagged,
                None => into.push((measure.clone(), lagged)),
            }
        }
        let lagged = lagged || matches!(formula, Formula::Lag(..));
        formula.children().into_iter().for_each(|child| collect(child, lagged, into));
    }
    let mut all = Vec::new();
    collect(formula, false, &mut all);
    all
}

#[cfg(test)]
mod tests {
    use abaco_kpi::{Formula, col, count, sum};
    use num_bigint::BigInt;

    use super::{Rational, Shape, measures};

    #[test]
    fn a_percentage_has_its_factor_in_front() {
        let late = || Formula::from(sum("balance").filter(col("dpd").ge(30)));
        let shape = Shape::of(&(100 * late() / (sum("balance") - late()))).unwrap();
        assert_eq!(shape.factor, Rational::from(BigInt::from(100)));
        assert_eq!(shape.numerator.text, "SUM(balance) FILTER (WHERE dpd >= 30)");
        let below = shape.denominator.unwrap();
        let weights: Vec<String> = below.terms.iter().map(|(_, weight)| weight.to_string()).collect();
        assert_eq!(weights, ["1", "-1"]);
    }

    #[test]
    fn what_rows_have_no_share_in_is_named() {
        let refused = |formula: Formula| Shape::of(&formula).unwrap_err();
        assert_eq!(refused(count() + 1), "`1` belongs to no row");
        assert_eq!(refused(Formula::from(count()).lag(1)), "`LAG(COUNT(*), 1)` reads another snapshot");
        assert_eq!(refused(count() * count()), "`COUNT(*) * COUNT(*)` multiplies two totals");
        let lagged = Formula::from(count()) - Formula::from(sum("x")).lag(1);
        let found: Vec<bool> = measures(&lagged).into_iter().map(|(_, lagged)| lagged).collect();
        assert_eq!(found, [false, true]);
    }
}
