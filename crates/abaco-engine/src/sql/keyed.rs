//! Totals per key as scalar subqueries.

use abaco_kpi::{Formula, KeyTerm, KeyedMeasure, Measure, Reduction, RowMeasure};

use super::columns::Types;
use super::formula::{Amount, Products, formula};
use super::measure::{decimal, filter, summed};
use super::number::Number;
use super::{Refusal, identifier};

/// Where a measure of the whole scope is found: its column in `totals` and its scale.
pub(super) type Totals<'t> = dyn FnMut(&RowMeasure) -> Result<(String, u32), Refusal> + 't;

/// The subquery, and its scale if it is exact.
///
/// A key without a value is NULL and adds nothing, as with us; NULL itself is one key.
pub(super) fn keys(
    measure: &KeyedMeasure,
    types: &Types<'_>,
    totals: &mut Totals<'_>,
) -> Result<(String, Option<u32>), Refusal> {
    types.of(&measure.key)?;
    let (mut columns, mut scales) = (Vec::new(), Vec::new());
    for (index, sum) in measure.sums.iter().enumerate() {
        let value = decimal(&sum.value, types)?;
        let text = summed(&value, &filter(sum.filter.as_ref(), types)?);
        columns.push(format!("{text} AS s{}", index + 1));
        scales.push(value.scale());
    }
    check_divisors(measure.formula())?;
    let mut uses_totals = false;
    let value = formula(measure.formula(), Products::Exact, &mut |term| match term {
        KeyTerm::Sum(name) => {
            let index = measure.sums.iter().position(|sum| sum.name == *name).ok_or_else(|| {
                Refusal::other(format!("`{name}` is not one of the totals per `{}`", measure.key.name()))
            })?;
            Number::atom(format!("keys.s{}", index + 1), scales[index]).map(Amount::Exact)
        }
        KeyTerm::Total(total) => {
            uses_totals = true;
            formula(total, Products::Exact, &mut |term| match term {
                Measure::Rows(rows) => {
                    let (alias, scale) = totals(rows)?;
                    Number::atom(format!("totals.{alias}"), scale).map(Amount::Exact)
                }
                Measure::Keys(_) => {
                    Err(Refusal::other("a total inside totals per key is itself per key".to_owned()))
                }
            })
        }
    })?;
    let (text, scale) = match value {
        // A constant is a decimal, so that its sum has a scale.
        Amount::Exact(number) => (number.at(number.scale())?.text().to_owned(), Some(number.scale())),
        Amount::Approximate(text) => (text, None),
    };
    let key = identifier(measure.key.name());
    let from = format!(
        "FROM (SELECT {} FROM exact_rows GROUP BY {key}) AS keys{}",
        columns.join(", "),
        if uses_totals { " CROSS JOIN totals" } else { "" }
    );
    let query = match &measure.reduction {
        Reduction::Sum(_) => format!("(SELECT SUM({text}) {from})"),
        Reduction::Top(0, _) => return Err(Refusal::other("the 0 largest have no sum in SQL".to_owned())),
        Reduction::Top(n, _) => format!(
            "(SELECT SUM(v) FROM (SELECT {text} AS v {from} ORDER BY v DESC NULLS LAST LIMIT {n}) AS largest)"
        ),
    };
    Ok((query, scale))
}

/// Refuses a division by a total per key: where it is zero, our measure is undefined and SQL's skips the key.
///
/// A `COALESCE` that ends in a constant catches it in both.
fn check_divisors(formula: &Formula<KeyTerm>) -> Result<(), Refusal> {
    match formula {
        Formula::Coalesce(all) if matches!(all.last(), Some(Formula::Constant(_))) => return Ok(()),
        Formula::Divide(_, divisor) => {
            let mut per_key = false;
            divisor.for_each_term(&mut |term| per_key |= matches!(term, KeyTerm::Sum(_)));
            if per_key {
                let reason = "it divides by a total per key, which SQL would skip where it is zero";
                return Err(Refusal::other(reason));
            }
        }
        _ => {}
    }
    formula.children().into_iter().try_for_each(check_divisors)
}

#[cfg(test)]
mod tests {
    use abaco_kpi::{Aggregate, by_key, total};

    use super::*;

    #[test]
    fn divisors_of_the_whole_scope_are_allowed() {
        let balance = || Formula::from(KeyTerm::Sum("b".into()));
        let whole = || total(RowMeasure::new(Aggregate::Sum("outstanding_balance".into())));
        let check = |formula: Formula<KeyTerm>| {
            let Formula::Term(Measure::Keys(keys)) =
                by_key("borrower_id").sum("b", "outstanding_balance").reduce(formula)
            else {
                unreachable!()
            };
            check_divisors(keys.formula()).is_ok()
        };
        assert!(check(balance() / whole()));
        assert!(!check(whole() / (balance() + 1)));
        assert!(!check((whole() / balance()).or_else(balance())));
        assert!(check((whole() / balance()).or_else(balance()).or_else(0)));
        assert!(!check(balance() + whole() / (balance() / balance()).or_else(0)));
    }
}
