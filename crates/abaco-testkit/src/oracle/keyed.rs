//! Totals per key and their reduction.

use std::collections::BTreeMap;

use abaco_kpi::{Formula, KeyTerm, KeyedMeasure, Measure, Reduction, Undefined};
use num_rational::BigRational;
use num_traits::Zero;

use super::formula::Walk;
use super::gone::Gone;
use super::measure::InScope;
use super::value::Nullable;

/// The reduction over the keys of the rows in scope. The rows without a key are one more group.
pub(super) fn reduce(scope: &InScope<'_>, measure: &KeyedMeasure) -> Result<BigRational, Gone> {
    let mut rows_by_key: BTreeMap<Nullable, Vec<usize>> = BTreeMap::new();
    for row in &scope.rows {
        rows_by_key.entry(scope.scopes.key_value(*row, &measure.key)?).or_default().push(*row);
    }
    let (top, formula) = match &measure.reduction {
        Reduction::Sum(formula) => (None, formula),
        Reduction::Top(n, formula) => (Some(*n), formula),
    };
    let results: Vec<_> = rows_by_key.values().map(|rows| of_key(scope, measure, formula, rows)).collect();
    let mut values = Vec::new();
    let mut undefined = None;
    for result in results {
        match result {
            Ok(value) => values.push(value),
            Err(Gone::NullKey) => {}
            Err(failed @ Gone::Failed(_)) => return Err(failed),
            Err(gone) => undefined = undefined.or(Some(gone)),
        }
    }
    if let Some(gone) = undefined {
        return Err(gone);
    }
    if values.is_empty() {
        return Err(Undefined::AllNull.into());
    }
    values.sort();
    let taken = top.map_or(values.len(), |n| usize::try_from(n).unwrap_or(usize::MAX));
    Ok(values.into_iter().rev().take(taken).fold(BigRational::zero(), |sum, value| sum + value))
}

fn of_key(
    scope: &InScope<'_>,
    measure: &KeyedMeasure,
    formula: &Formula<KeyTerm>,
    rows: &[usize],
) -> Result<BigRational, Gone> {
    let term = |term: &KeyTerm, lag: u32| match term {
        KeyTerm::Total(total) => {
            let whole_scope = |measure: &Measure, lag: u32| scope.frame.measure(measure, lag);
            Walk::new(&whole_scope).value(total, scope.lag.saturating_add(lag))
        }
        KeyTerm::Sum(name) if lag > 0 => Err(Gone::Failed(format!("LAG of {name}, a total per key"))),
        KeyTerm::Sum(name) => {
            let Some(sum) = measure.sums.iter().find(|sum| sum.name == *name) else {
                return Err(Gone::Failed(format!("no total is called {name}")));
            };
            let matching = scope.matching(rows, sum.filter.as_ref())?;
            scope.sum(&matching, &sum.value).map_err(|gone| match gone {
                Gone::Undefined(_) => Gone::NullKey,
                other => other,
            })
        }
    };
    Walk::new(&term).value(formula, 0)
}
