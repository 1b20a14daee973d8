//! Over what there was at the beginning, or over what there is at the end.

use abaco_kpi::{Column, Formula, RowExpr};

use crate::causes::context::Context;
use crate::causes::formula::{rebuild, rewrite_operands};
use crate::causes::switch::{Aspect, Effect, Switch};

pub(in crate::causes) const SWITCHES: &[Switch] = &[
    Switch {
        id: "opening_denominator",
        aspect: Aspect::Denominator,
        says: "divides by the opening figure, that of the snapshot before",
        effect: Effect::Formula(opening),
    },
    Switch {
        id: "closing_denominator",
        aspect: Aspect::Denominator,
        says: "divides by the closing figure, not by that of the snapshot before",
        effect: Effect::Formula(closing),
    },
];

fn opening(formula: &Formula, _: &Context<'_>) -> Result<Formula, String> {
    Ok(below_the_line(formula, &|below| match looks_back(below) {
        true => below.clone(),
        false => Formula::Lag(Box::new(below.clone()), 1),
    }))
}

fn closing(formula: &Formula, context: &Context<'_>) -> Result<Formula, String> {
    let balance = context.behind("outstanding_balance");
    let opening = context.behind("opening_balance");
    let of_the_end = |operand: &RowExpr| {
        operand.substitute(&|column: &Column| {
            let found = RowExpr::Column(column.clone());
            if found == opening { balance.clone() } else { found }
        })
    };
    Ok(below_the_line(formula, &|below| {
        let here = rebuild(below, &|node| match node {
            Formula::Lag(value, _) => Some((**value).clone()),
            _ => None,
        });
        rewrite_operands(&here, &of_the_end)
    }))
}

/// Replaces what is summed below the line of each quotient.
fn below_the_line(formula: &Formula, replace: &dyn Fn(&Formula) -> Formula) -> Formula {
    rebuild(formula, &|node| match node {
        Formula::Divide(above, below) if has_terms(below) => {
            let above = below_the_line(above, replace);
            Some(Formula::Divide(Box::new(above), Box::new(replace(below))))
        }
        _ => None,
    })
}

fn has_terms(formula: &Formula) -> bool {
    let mut found = false;
    formula.for_each_term(&mut |_| found = true);
    found
}

fn looks_back(formula: &Formula) -> bool {
    matches!(formula, Formula::Lag(..)) || formula.children().into_iter().any(looks_back)
}
