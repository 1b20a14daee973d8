//! What a quotient is that has no value.

use abaco_kpi::Formula;

use crate::causes::context::Context;
use crate::causes::formula::rebuild;
use crate::causes::switch::{Aspect, Effect, Switch};

pub(in crate::causes) const SWITCHES: &[Switch] = &[Switch {
    id: "undefined_as_zero",
    aspect: Aspect::Undefined,
    says: "publishes 0 where a quotient has no value",
    effect: Effect::Formula(as_zero),
}];

fn as_zero(formula: &Formula, _: &Context<'_>) -> Result<Formula, String> {
    Ok(zeros(formula))
}

fn zeros(formula: &Formula) -> Formula {
    rebuild(formula, &|node| match node {
        Formula::Divide(above, below) => {
            let quotient = Formula::Divide(Box::new(zeros(above)), Box::new(zeros(below)));
            Some(quotient.or_else(0))
        }
        _ => None,
    })
}
