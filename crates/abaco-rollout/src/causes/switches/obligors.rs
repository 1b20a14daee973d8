//! Arrears of a loan, or of everything that its borrower owes.

use abaco_kpi::{
    Aggregate, Column, Decimal, Formula, KeyTerm, KeyedMeasure, Literal, Measure, Predicate, Reduction,
    RowExpr, RowMeasure, by_key, case, sum,
};

use crate::causes::context::Context;
use crate::causes::formula::rebuild;
use crate::causes::switch::{Aspect, Effect, Switch};

pub(in crate::causes) const SWITCHES: &[Switch] = &[
    Switch {
        id: "by_obligor",
        aspect: Aspect::Obligors,
        says: "counts all loans of a borrower as late as its latest one",
        effect: Effect::Formula(by_obligor),
    },
    Switch {
        id: "by_loan",
        aspect: Aspect::Obligors,
        says: "counts each loan by its own days past due, not by its borrower's",
        effect: Effect::Formula(by_loan),
    },
];

fn by_obligor(formula: &Formula, context: &Context<'_>) -> Result<Formula, String> {
    let key = context.column("borrower_id")?;
    Ok(rebuild(formula, &|node| {
        let (amount, late) = late_amount(node)?;
        context_is_days(&late, context).then(|| of_obligors(&key, amount, late))
    }))
}

fn context_is_days(late: &Predicate, context: &Context<'_>) -> bool {
    let mut found = false;
    late.for_each_column(&mut |column| found |= context.is_days(&RowExpr::Column(column.clone())));
    found
}

fn of_obligors(key: &Column, amount: RowExpr, late: Predicate) -> Formula {
    let term = |name: &'static str| Formula::Term(KeyTerm::Sum(name.into()));
    by_key(key.clone())
        .sum("late", case(late, 1).otherwise(0))
        .sum("amount", amount)
        .reduce(term("late").at_most(1) * term("amount"))
}

/// An amount over the rows that meet a condition; buckets of one amount are one condition.
fn late_amount(formula: &Formula) -> Option<(RowExpr, Predicate)> {
    match formula {
        Formula::Term(Measure::Rows(RowMeasure { aggregate: Aggregate::Sum(amount), filter })) => {
            match (amount, filter) {
                (amount, Some(filter)) => Some((amount.clone(), filter.clone())),
                (RowExpr::Case { branches, otherwise: Some(otherwise) }, None) => match &branches[..] {
                    [branch] if is_number(otherwise, 0) => Some((branch.then.clone(), branch.when.clone())),
                    _ => None,
                },
                _ => None,
            }
        }
        Formula::Add(a, b) => {
            let ((amount, first), (other, second)) = (late_amount(a)?, late_amount(b)?);
            (amount == other).then(|| (amount, first.or(second)))
        }
        _ => None,
    }
}

fn by_loan(formula: &Formula, _: &Context<'_>) -> Result<Formula, String> {
    Ok(rebuild(formula, &|node| match node {
        Formula::Term(Measure::Keys(keys)) => of_loans(keys),
        _ => None,
    }))
}

/// `SUM(LEAST(late, 1) * amount)` by key, as the sum over the loans that are late themselves.
fn of_loans(keys: &KeyedMeasure) -> Option<Formula> {
    let Reduction::Sum(reduction) = &keys.reduction else { return None };
    let Formula::Multiply(late, amount) = &**reduction else { return None };
    let Formula::Least(bounded) = &**late else { return None };
    let [Formula::Term(KeyTerm::Sum(late)), Formula::Constant(bound)] = &bounded[..] else { return None };
    let Formula::Term(KeyTerm::Sum(amount)) = &**amount else { return None };
    let of = |name: &str| keys.sums.iter().find(|sum| sum.name == name);
    let (late, amount) = (of(late)?, of(amount)?);
    let RowExpr::Case { branches, otherwise: Some(otherwise) } = &late.value else { return None };
    let [branch] = &branches[..] else { return None };
    let is_flag = *bound == Decimal::ONE && is_number(&branch.then, 1) && is_number(otherwise, 0);
    (is_flag && amount.filter.is_none())
        .then(|| Formula::from(sum(amount.value.clone()).filter(branch.when.clone())))
}

fn is_number(expr: &RowExpr, number: i64) -> bool {
    matches!(expr, RowExpr::Literal(Literal::Number(found)) if *found == Decimal::from(number))
}
