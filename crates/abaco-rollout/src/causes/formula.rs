//! From algebra to algebra: rewriting formulas, the measures in them and the rows' expressions in those.

use abaco_engine::Bindings;
use abaco_kpi::{
    Aggregate, Branch, Column, Formula, KeyTerm, KeyedMeasure, Measure, NamedSum, Predicate, Reduction,
    RowExpr, RowMeasure,
};

/// A rewrite of what is evaluated row by row; operands come before what they are operands of.
pub(super) trait Rewrite {
    /// An expression whose operands are rewritten.
    fn expr(&self, expr: RowExpr) -> RowExpr {
        expr
    }

    /// A predicate whose parts are rewritten.
    fn predicate(&self, predicate: Predicate) -> Predicate {
        predicate
    }
}

/// What is done with the parts of a measure.
struct Parts<'a> {
    expr: &'a dyn Fn(&RowExpr) -> RowExpr,
    predicate: &'a dyn Fn(&Predicate) -> Predicate,
    column: &'a dyn Fn(&Column) -> Column,
}

/// The formula with each node that `replace` answers for replaced, from above.
pub(super) fn rebuild<M: Clone>(
    formula: &Formula<M>,
    replace: &dyn Fn(&Formula<M>) -> Option<Formula<M>>,
) -> Formula<M> {
    if let Some(replaced) = replace(formula) {
        return replaced;
    }
    let boxed = |part: &Formula<M>| Box::new(rebuild(part, replace));
    let list = |parts: &[Formula<M>]| parts.iter().map(|part| rebuild(part, replace)).collect();
    match formula {
        Formula::Term(_) | Formula::Constant(_) => formula.clone(),
        Formula::Add(a, b) => Formula::Add(boxed(a), boxed(b)),
        Formula::Subtract(a, b) => Formula::Subtract(boxed(a), boxed(b)),
        Formula::Multiply(a, b) => Formula::Multiply(boxed(a), boxed(b)),
        Formula::Divide(a, b) => Formula::Divide(boxed(a), boxed(b)),
        Formula::Least(all) => Formula::Least(list(all)),
        Formula::Greatest(all) => Formula::Greatest(list(all)),
        Formula::Coalesce(all) => Formula::Coalesce(list(all)),
        Formula::Round { value, scale, mode } => {
            Formula::Round { value: boxed(value), scale: *scale, mode: *mode }
        }
        Formula::Power(base, exponent) => Formula::Power(boxed(base), *exponent),
        Formula::Lag(value, snapshots) => Formula::Lag(boxed(value), *snapshots),
    }
}

/// The formula with each measure of rows replaced.
pub(super) fn map_terms(formula: &Formula, replace: &dyn Fn(&Measure) -> Formula) -> Formula {
    rebuild(formula, &|node| match node {
        Formula::Term(measure) => Some(replace(measure)),
        _ => None,
    })
}

/// The formula in the tape's own columns.
pub(super) fn resolve(formula: &Formula, bindings: &Bindings) -> Formula {
    let column = |column: &Column| match bindings.resolve(&RowExpr::Column(column.clone())) {
        RowExpr::Column(own) => own,
        _ => column.clone(),
    };
    let parts = Parts {
        expr: &|expr| bindings.resolve(expr),
        predicate: &|predicate| bindings.resolve_predicate(predicate),
        column: &column,
    };
    map_terms(formula, &|measure| Formula::Term(map_measure(measure, &parts)))
}

/// The formula with everything rewritten that is evaluated row by row.
pub(super) fn rewrite(formula: &Formula, by: &dyn Rewrite) -> Formula {
    let parts = Parts {
        expr: &|expr| rewrite_expr(expr, by),
        predicate: &|predicate| rewrite_predicate(predicate, by),
        column: &Column::clone,
    };
    map_terms(formula, &|measure| Formula::Term(map_measure(measure, &parts)))
}

/// The formula with its sums' operands rewritten, and their conditions as they were.
pub(super) fn rewrite_operands(formula: &Formula, operand: &dyn Fn(&RowExpr) -> RowExpr) -> Formula {
    let parts = Parts { expr: operand, predicate: &Predicate::clone, column: &Column::clone };
    map_terms(formula, &|measure| Formula::Term(map_measure(measure, &parts)))
}

/// The formula over fewer rows.
pub(super) fn where_also(formula: &Formula, also: &Predicate) -> Formula {
    let narrowed = |filter: &Option<Predicate>| match filter {
        Some(filter) => Some(filter.clone().and(also.clone())),
        None => Some(also.clone()),
    };
    map_terms(formula, &|measure| {
        Formula::Term(match measure {
            Measure::Rows(rows) => {
                Measure::Rows(RowMeasure { filter: narrowed(&rows.filter), ..rows.clone() })
            }
            Measure::Keys(keys) => {
                let mut keys = keys.clone();
                keys.sums.iter_mut().for_each(|sum| sum.filter = narrowed(&sum.filter));
                let total = |term: &KeyTerm| match term {
                    KeyTerm::Total(total) => KeyTerm::Total(Box::new(where_also(total, also))),
                    KeyTerm::Sum(_) => term.clone(),
                };
                keys.reduction = map_reduction(&keys.reduction, &total);
                Measure::Keys(keys)
            }
        })
    })
}

/// The columns that a formula reads, each once.
pub(super) fn columns(formula: &Formula) -> Vec<Column> {
    let mut found = Vec::new();
    formula.for_each_term(&mut |measure| {
        measure.for_each_column(&mut |column| {
            if !found.contains(column) {
                found.push(column.clone());
            }
        });
    });
    found
}

fn map_measure(measure: &Measure, parts: &Parts<'_>) -> Measure {
    let filter = |filter: &Option<Predicate>| filter.as_ref().map(parts.predicate);
    match measure {
        Measure::Rows(rows) => {
            let aggregate = match &rows.aggregate {
                Aggregate::CountRows => Aggregate::CountRows,
                Aggregate::Count(x) => Aggregate::Count((parts.expr)(x)),
                Aggregate::Sum(x) => Aggregate::Sum((parts.expr)(x)),
                Aggregate::Min(x) => Aggregate::Min((parts.expr)(x)),
                Aggregate::Max(x) => Aggregate::Max((parts.expr)(x)),
                Aggregate::CountDistinct(key) => Aggregate::CountDistinct((parts.column)(key)),
            };
            Measure::Rows(RowMeasure { aggregate, filter: filter(&rows.filter) })
        }
        Measure::Keys(keys) => {
            let sum = |sum: &NamedSum| NamedSum {
                name: sum.name.clone(),
                value: (parts.expr)(&sum.value),
                filter: filter(&sum.filter),
            };
            let total = |term: &KeyTerm| match term {
                KeyTerm::Total(total) => KeyTerm::Total(Box::new(map_terms(total, &|measure| {
                    Formula::Term(map_measure(measure, parts))
                }))),
                KeyTerm::Sum(_) => term.clone(),
            };
            Measure::Keys(KeyedMeasure {
                key: (parts.column)(&keys.key),
                sums: keys.sums.iter().map(sum).collect(),
                reduction: map_reduction(&keys.reduction, &total),
            })
        }
    }
}

fn map_reduction(reduction: &Reduction, map: &dyn Fn(&KeyTerm) -> KeyTerm) -> Reduction {
    let mapped = |formula: &Formula<KeyTerm>| {
        Box::new(rebuild(formula, &|node| match node {
            Formula::Term(term) => Some(Formula::Term(map(term))),
            _ => None,
        }))
    };
    match reduction {
        Reduction::Sum(formula) => Reduction::Sum(mapped(formula)),
        Reduction::Top(n, formula) => Reduction::Top(*n, mapped(formula)),
    }
}

/// An expression, rewritten from its operands up.
fn rewrite_expr(expr: &RowExpr, by: &dyn Rewrite) -> RowExpr {
    let boxed = |operand: &RowExpr| Box::new(rewrite_expr(operand, by));
    let list = |operands: &[RowExpr]| operands.iter().map(|operand| rewrite_expr(operand, by)).collect();
    let rewritten = match expr {
        RowExpr::Column(_) | RowExpr::Literal(_) => expr.clone(),
        RowExpr::Negate(operand) => RowExpr::Negate(boxed(operand)),
        RowExpr::Arithmetic { operator, left, right } => {
            RowExpr::Arithmetic { operator: *operator, left: boxed(left), right: boxed(right) }
        }
        RowExpr::Case { branches, otherwise } => RowExpr::Case {
            branches: branches
                .iter()
                .map(|branch| Branch {
                    when: rewrite_predicate(&branch.when, by),
                    then: rewrite_expr(&branch.then, by),
                })
                .collect(),
            otherwise: otherwise.as_deref().map(boxed),
        },
        RowExpr::Least(operands) => RowExpr::Least(list(operands)),
        RowExpr::Greatest(operands) => RowExpr::Greatest(list(operands)),
        RowExpr::DivRound { dividend, divisor, scale } => {
            RowExpr::DivRound { dividend: boxed(dividend), divisor: boxed(divisor), scale: *scale }
        }
        RowExpr::DaysBetween { from, to } => RowExpr::DaysBetween { from: boxed(from), to: boxed(to) },
        RowExpr::MonthsBetween { from, to } => RowExpr::MonthsBetween { from: boxed(from), to: boxed(to) },
        RowExpr::FullMonthsBetween { from, to } => {
            RowExpr::FullMonthsBetween { from: boxed(from), to: boxed(to) }
        }
        RowExpr::AddDays { date, days } => RowExpr::AddDays { date: boxed(date), days: *days },
    };
    by.expr(rewritten)
}

/// A predicate, rewritten from its parts up.
fn rewrite_predicate(predicate: &Predicate, by: &dyn Rewrite) -> Predicate {
    let expr = |operand: &RowExpr| rewrite_expr(operand, by);
    let list = |parts: &[Predicate]| parts.iter().map(|part| rewrite_predicate(part, by)).collect();
    let rewritten = match predicate {
        Predicate::Compare { left, comparison, right } => {
            Predicate::Compare { left: expr(left), comparison: *comparison, right: expr(right) }
        }
        Predicate::Between { value, low, high } => {
            Predicate::Between { value: expr(value), low: expr(low), high: expr(high) }
        }
        Predicate::In { value, list } => Predicate::In { value: expr(value), list: list.clone() },
        Predicate::IsNull(value) => Predicate::IsNull(expr(value)),
        Predicate::IsTrue(value) => Predicate::IsTrue(expr(value)),
        Predicate::And(parts) => Predicate::And(list(parts)),
        Predicate::Or(parts) => Predicate::Or(list(parts)),
        Predicate::Not(inner) => Predicate::Not(Box::new(rewrite_predicate(inner, by))),
    };
    by.predicate(rewritten)
}
