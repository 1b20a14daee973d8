//! Written-off loans in or out.

use abaco_kpi::{Column, Formula, Measure, Predicate, RowExpr, case, sum};

use crate::causes::context::Context;
use crate::causes::formula::{map_terms, rebuild, rewrite_operands, where_also};
use crate::causes::switch::{Aspect, Effect, Switch};

pub(in crate::causes) const SWITCHES: &[Switch] = &[
    Switch {
        id: "write_offs_at_risk",
        aspect: Aspect::WriteOffs,
        says: "counts all written-off balances above and below the line",
        effect: Effect::Formula(at_risk),
    },
    Switch {
        id: "write_offs_by_days",
        aspect: Aspect::WriteOffs,
        says: "counts written-off balances like any other, by their days past due",
        effect: Effect::Formula(by_days),
    },
    Switch {
        id: "write_offs_out",
        aspect: Aspect::WriteOffs,
        says: "leaves written-off loans out",
        effect: Effect::Formula(out),
    },
];

/// Both balances of a loan, as the tape has them.
fn balances(context: &Context<'_>) -> Result<(Column, RowExpr), String> {
    let written_off = RowExpr::Column(context.column("written_off_balance")?);
    let known = case(written_off.clone().is_null(), 0).otherwise(written_off);
    Ok((context.column("outstanding_balance")?, known))
}

fn at_risk(formula: &Formula, context: &Context<'_>) -> Result<Formula, String> {
    let (balance, written_off) = balances(context)?;
    let stock = Formula::from(sum(written_off));
    Ok(rebuild(formula, &|node| match node {
        Formula::Divide(above, below) if sums(above, &balance) && sums(below, &balance) => {
            Some(Formula::Divide(Box::new(plus(above, &stock)), Box::new(plus(below, &stock))))
        }
        _ => None,
    }))
}

/// `100 * x` grows within the product.
fn plus(quantity: &Formula, stock: &Formula) -> Formula {
    match quantity {
        Formula::Multiply(a, b) if matches!(**a, Formula::Constant(_)) => {
            Formula::Multiply(a.clone(), Box::new(plus(b, stock)))
        }
        Formula::Lag(value, snapshots) => Formula::Lag(Box::new(plus(value, stock)), *snapshots),
        other => other.clone() + stock.clone(),
    }
}

fn sums(formula: &Formula, balance: &Column) -> bool {
    let mut found = false;
    formula.for_each_term(&mut |measure| measure.for_each_column(&mut |column| found |= column == balance));
    found
}

fn by_days(formula: &Formula, context: &Context<'_>) -> Result<Formula, String> {
    let (balance, written_off) = balances(context)?;
    let both = RowExpr::Column(balance.clone()) + written_off;
    Ok(rewrite_operands(formula, &|operand| {
        operand.substitute(&|column| match *column == balance {
            true => both.clone(),
            false => RowExpr::Column(column.clone()),
        })
    }))
}

fn out(formula: &Formula, context: &Context<'_>) -> Result<Formula, String> {
    let flag = context.column("is_written_off");
    let stock = context.column("written_off_balance");
    let (flag, stock) = match (flag, stock) {
        (Err(why), Err(_)) => return Err(why),
        (flag, stock) => (flag.ok(), stock.ok()),
    };
    let without_stock = match stock {
        Some(stock) => map_terms(formula, &|measure| match measure {
            Measure::Rows(rows) if is_of(rows.operand(), &stock) => Formula::from(0),
            other => Formula::Term(other.clone()),
        }),
        None => formula.clone(),
    };
    let Some(flag) = flag else { return Ok(without_stock) };
    let flag = RowExpr::Column(flag);
    let standing = Predicate::Or(vec![flag.clone().is_null(), flag.is_true().negated()]);
    Ok(where_also(&without_stock, &standing))
}

fn is_of(operand: Option<&RowExpr>, column: &Column) -> bool {
    matches!(operand, Some(RowExpr::Column(found)) if found == column)
}
