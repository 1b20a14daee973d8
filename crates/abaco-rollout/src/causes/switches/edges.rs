//! Whether buckets share the day at which one ends and the next begins.

use abaco_kpi::{Comparison, Formula, Literal, Predicate, RowExpr};

use crate::causes::context::Context;
use crate::causes::formula::{Rewrite, rewrite};
use crate::causes::switch::{Aspect, Effect, Switch};

pub(in crate::causes) const SWITCHES: &[Switch] = &[Switch {
    id: "edges_shared",
    aspect: Aspect::Edges,
    says: "counts the day between two buckets in both of them (30 to 60 and 60 to 90)",
    effect: Effect::Formula(shared),
}];

fn shared(formula: &Formula, context: &Context<'_>) -> Result<Formula, String> {
    Ok(rewrite(formula, &Shared(context)))
}

struct Shared<'a>(&'a Context<'a>);

impl Shared<'_> {
    fn bound(&self, predicate: &Predicate) -> Option<Comparison> {
        match predicate {
            Predicate::Compare { left, comparison, right: RowExpr::Literal(Literal::Number(_)) }
                if self.0.is_days(left) =>
            {
                Some(*comparison)
            }
            _ => None,
        }
    }
}

impl Rewrite for Shared<'_> {
    fn predicate(&self, predicate: Predicate) -> Predicate {
        let Predicate::And(parts) = predicate else { return predicate };
        let any = |bounds: [Comparison; 2]| {
            parts.iter().any(|part| self.bound(part).is_some_and(|bound| bounds.contains(&bound)))
        };
        let is_bucket = any([Comparison::Greater, Comparison::GreaterOrEqual])
            && any([Comparison::Less, Comparison::LessOrEqual]);
        if !is_bucket {
            return Predicate::And(parts);
        }
        let closed = |part: Predicate| match (self.bound(&part), part) {
            (Some(Comparison::Less), Predicate::Compare { left, right, .. }) => {
                Predicate::Compare { left, comparison: Comparison::LessOrEqual, right }
            }
            (Some(Comparison::Greater), Predicate::Compare { left, right, .. }) => {
                Predicate::Compare { left, comparison: Comparison::GreaterOrEqual, right }
            }
            (_, part) => part,
        };
        Predicate::And(parts.into_iter().map(closed).collect())
    }
}
