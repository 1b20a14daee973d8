//! What an empty cell is.

use abaco_kpi::{Formula, Predicate, RowExpr, case};

use crate::causes::context::Context;
use crate::causes::formula::{Rewrite, columns, rewrite, where_also};
use crate::causes::switch::{Aspect, Effect, Switch};

pub(in crate::causes) const SWITCHES: &[Switch] = &[
    Switch {
        id: "nulls_as_zero",
        aspect: Aspect::Nulls,
        says: "reads empty cells as zero",
        effect: Effect::Formula(as_zero),
    },
    Switch {
        id: "nulls_excluded",
        aspect: Aspect::Nulls,
        says: "leaves rows out that have an empty cell in any column of the formula",
        effect: Effect::Formula(excluded),
    },
];

fn as_zero(formula: &Formula, context: &Context<'_>) -> Result<Formula, String> {
    Ok(rewrite(formula, &Zero(context)))
}

struct Zero<'a>(&'a Context<'a>);

impl Rewrite for Zero<'_> {
    fn expr(&self, expr: RowExpr) -> RowExpr {
        match &expr {
            RowExpr::Column(column) if self.0.is_number(column) => {
                case(expr.clone().is_null(), 0).otherwise(expr)
            }
            _ => expr,
        }
    }
}

fn excluded(formula: &Formula, _: &Context<'_>) -> Result<Formula, String> {
    let filled = |column| RowExpr::Column(column).is_null().negated();
    let filled: Vec<Predicate> = columns(formula).into_iter().map(filled).collect();
    Ok(match filled.is_empty() {
        true => formula.clone(),
        false => where_also(formula, &Predicate::And(filled)),
    })
}
