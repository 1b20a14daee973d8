//! Days past due counted to the snapshot's label, where its rows hold for another day.

use abaco_kpi::{Formula, RowExpr, case};

use crate::causes::context::Context;
use crate::causes::formula::{Rewrite, rewrite};
use crate::causes::switch::{Aspect, Effect, Switch};

pub(in crate::causes) const SWITCHES: &[Switch] = &[Switch {
    id: "aged_to_label",
    aspect: Aspect::Aging,
    says: "counts days past due up to the snapshot's label, not up to the day for which the rows hold",
    effect: Effect::Formula(aged),
}];

fn aged(formula: &Formula, context: &Context<'_>) -> Result<Formula, String> {
    let Some((lag, filter)) = &context.lag else {
        return Err("the contract does not say by how many days labels lie behind their rows".to_owned());
    };
    let days = RowExpr::Column(context.column("dpd")?);
    let aged = days.clone() + lag.clone();
    let aged = match filter {
        Some(filter) => case(filter.clone(), aged).otherwise(days.clone()),
        None => aged,
    };
    Ok(rewrite(formula, &Aged { days, aged }))
}

struct Aged {
    days: RowExpr,
    aged: RowExpr,
}

impl Rewrite for Aged {
    fn expr(&self, expr: RowExpr) -> RowExpr {
        if expr == self.days { self.aged.clone() } else { expr }
    }
}
