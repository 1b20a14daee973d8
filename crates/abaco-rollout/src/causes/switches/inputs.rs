//! A score of ratios that are rounded first, or not.

use abaco_kpi::{Formula, RoundingMode};

use crate::causes::context::Context;
use crate::causes::formula::rebuild;
use crate::causes::switch::{Aspect, Effect, Switch};

pub(in crate::causes) const SWITCHES: &[Switch] = &[
    Switch {
        id: "inputs_rounded",
        aspect: Aspect::Inputs,
        says: "rounds the ratios that a score is made of before it is computed",
        effect: Effect::Formula(rounded),
    },
    Switch {
        id: "inputs_exact",
        aspect: Aspect::Inputs,
        says: "does not round the ratios that a score is made of",
        effect: Effect::Formula(exact),
    },
];

/// Each ratio is rounded as it is where it is published by itself; ties go where the hypothesis says.
fn rounded(formula: &Formula, context: &Context<'_>) -> Result<Formula, String> {
    Ok(rebuild(formula, &|node| {
        if std::ptr::eq(node, formula) {
            return None;
        }
        let (_, rounding) = context.quotients.iter().find(|(quotient, _)| quotient == node)?;
        let mode: RoundingMode = context.ties.unwrap_or(rounding.mode);
        Some(Formula::Round { value: Box::new(node.clone()), scale: rounding.scale, mode })
    }))
}

fn exact(formula: &Formula, _: &Context<'_>) -> Result<Formula, String> {
    Ok(unrounded(formula))
}

fn unrounded(formula: &Formula) -> Formula {
    rebuild(formula, &|node| match node {
        Formula::Round { value, .. } => Some(unrounded(value)),
        _ => None,
    })
}
