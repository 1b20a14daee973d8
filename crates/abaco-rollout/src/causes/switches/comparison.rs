//! From the n-th day past due, or only after it.

use abaco_kpi::{Comparison, Decimal, Formula, Literal, Predicate, RowExpr};

use crate::causes::context::Context;
use crate::causes::formula::{Rewrite, rewrite};
use crate::causes::switch::{Aspect, Effect, Switch};

pub(in crate::causes) const SWITCHES: &[Switch] = &[
    Switch {
        id: "more_than",
        aspect: Aspect::Comparison,
        says: "counts days past due only after a threshold (`>` instead of `>=`)",
        effect: Effect::Formula(more_than),
    },
    Switch {
        id: "at_least",
        aspect: Aspect::Comparison,
        says: "counts days past due from a threshold on (`>=` instead of `>`)",
        effect: Effect::Formula(at_least),
    },
];

fn more_than(formula: &Formula, context: &Context<'_>) -> Result<Formula, String> {
    Ok(rewrite(formula, &Thresholds { context, moved: to_more_than, shifts: true }))
}

fn at_least(formula: &Formula, context: &Context<'_>) -> Result<Formula, String> {
    Ok(rewrite(formula, &Thresholds { context, moved: to_at_least, shifts: false }))
}

struct Thresholds<'a> {
    context: &'a Context<'a>,
    moved: fn(Comparison) -> Comparison,
    /// Whether both ends of a range move a day up.
    shifts: bool,
}

impl Rewrite for Thresholds<'_> {
    fn predicate(&self, predicate: Predicate) -> Predicate {
        match predicate {
            Predicate::Compare { left, comparison, right }
                if self.context.is_days(&left) && is_threshold(&right) =>
            {
                Predicate::Compare { left, comparison: (self.moved)(comparison), right }
            }
            Predicate::Compare { left, comparison, right }
                if self.context.is_days(&right) && is_threshold(&left) =>
            {
                let comparison = mirrored((self.moved)(mirrored(comparison)));
                Predicate::Compare { left, comparison, right }
            }
            Predicate::Between { value, low, high }
                if self.shifts && self.context.is_days(&value) && is_threshold(&low) =>
            {
                Predicate::Between { value, low: low + 1, high: high + 1 }
            }
            other => other,
        }
    }
}

/// Nothing is past due on day 0, whatever the convention.
fn is_threshold(expr: &RowExpr) -> bool {
    matches!(expr, RowExpr::Literal(Literal::Number(days)) if *days > Decimal::ZERO)
}

/// What lay from the threshold on lies after it, and what lay below it reaches up to it.
fn to_more_than(comparison: Comparison) -> Comparison {
    match comparison {
        Comparison::GreaterOrEqual => Comparison::Greater,
        Comparison::Less => Comparison::LessOrEqual,
        other => other,
    }
}

fn to_at_least(comparison: Comparison) -> Comparison {
    match comparison {
        Comparison::Greater => Comparison::GreaterOrEqual,
        Comparison::LessOrEqual => Comparison::Less,
        other => other,
    }
}

fn mirrored(comparison: Comparison) -> Comparison {
    match comparison {
        Comparison::Less => Comparison::Greater,
        Comparison::LessOrEqual => Comparison::GreaterOrEqual,
        Comparison::Greater => Comparison::Less,
        Comparison::GreaterOrEqual => Comparison::LessOrEqual,
        other => other,
    }
}
