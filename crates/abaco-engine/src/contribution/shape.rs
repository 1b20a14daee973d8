//! What a formula must look like to be taken apart: `factor * x / y` or `factor * x`, with x and y sums over rows.

use abaco_kpi::{Decimal, Formula};

use crate::plan::measure::{MeasureKind, PlannedTerm};
use crate::plan::{Plan, PlannedBody};

/// `factors * numerator / denominator`.
#[derive(Debug)]
pub(super) struct Shape<'f> {
    /// Constants in front of the quotient, and those behind it.
    pub(super) factors: Vec<Decimal>,
    pub(super) divisors: Vec<Decimal>,
    /// Linear in sums and counts of rows.
    pub(super) numerator: &'f Formula<PlannedTerm>,
    pub(super) denominator: Option<&'f Formula<PlannedTerm>>,
}

/// A part of a formula in which groups have no share, and why.
#[derive(Debug)]
pub(super) struct Refused<'f>(pub(super) &'f Formula<PlannedTerm>, pub(super) &'static str);

pub(super) fn shape<'f>(plan: &Plan, formula: &'f Formula<PlannedTerm>) -> Result<Shape<'f>, Refused<'f>> {
    match formula {
        Formula::Multiply(a, b) => match (&**a, &**b) {
            (Formula::Constant(factor), rest) | (rest, Formula::Constant(factor)) => {
                let mut shape = shape(plan, rest)?;
                shape.factors.push(*factor);
                Ok(shape)
            }
            _ => whole(plan, formula),
        },
        Formula::Divide(a, b) => match &**b {
            Formula::Constant(divisor) => {
                let mut shape = shape(plan, a)?;
                shape.divisors.push(*divisor);
                Ok(shape)
            }
            denominator => {
                linear(plan, a)?;
                linear(plan, denominator)?;
                Ok(Shape { denominator: Some(denominator), ..of(a) })
            }
        },
        _ => whole(plan, formula),
    }
}

fn of(numerator: &Formula<PlannedTerm>) -> Shape<'_> {
    Shape { factors: Vec::new(), divisors: Vec::new(), numerator, denominator: None }
}

fn whole<'f>(plan: &Plan, formula: &'f Formula<PlannedTerm>) -> Result<Shape<'f>, Refused<'f>> {
    linear(plan, formula).map(|()| of(formula))
}

/// Whether the value over all rows is the sum of its values over any groups of them.
pub(super) fn linear<'f>(plan: &Plan, formula: &'f Formula<PlannedTerm>) -> Result<(), Refused<'f>> {
    match formula {
        Formula::Term(PlannedTerm::Measure(measure)) => match plan.measures[measure.0].kind {
            MeasureKind::Count { .. } | MeasureKind::CountValid { .. } | MeasureKind::Sum(_) => Ok(()),
            MeasureKind::Extreme { .. } | MeasureKind::Distinct { .. } | MeasureKind::Keyed { .. } => {
                Err(Refused(formula, "does not add up over rows"))
            }
        },
        Formula::Term(PlannedTerm::Reduction(_)) => Err(Refused(formula, "does not add up over rows")),
        Formula::Constant(_) => Err(Refused(formula, "belongs to no row")),
        Formula::Add(a, b) | Formula::Subtract(a, b) => linear(plan, a).and_then(|()| linear(plan, b)),
        Formula::Multiply(a, b) => match (&**a, &**b) {
            (Formula::Constant(_), rest) | (rest, Formula::Constant(_)) => linear(plan, rest),
            _ => Err(Refused(formula, "multiplies two totals")),
        },
        Formula::Divide(a, b) => match &**b {
            Formula::Constant(_) => linear(plan, a),
            _ => Err(Refused(formula, "is a quotient inside a larger formula")),
        },
        Formula::Lag(..) => Err(Refused(formula, "reads another snapshot")),
        Formula::Least(_)
        | Formula::Greatest(_)
        | Formula::Round { .. }
        | Formula::Coalesce(_)
        | Formula::Power(..) => Err(Refused(formula, "does not add up over rows")),
    }
}

/// The part in our language.
pub(super) fn text(body: &PlannedBody, part: &Formula<PlannedTerm>) -> String {
    let named = part.try_map::<_, std::convert::Infallible>(&mut |term| {
        let known = body.components.iter().find(|(_, component)| component == term);
        Ok(known.map_or_else(|| "a measure".to_owned(), |(text, _)| text.clone()))
    });
    let Ok(named) = named;
    match &named {
        Formula::Constant(value) => format!("the constant {value}"),
        other => format!("`{other}`"),
    }
}
