//! Measures over rows as SQL.

use abaco_kpi::{Aggregate, Predicate, RowExpr, RowMeasure};

use super::columns::Types;
use super::number::Number;
use super::predicate::predicate;
use super::row::{number, operand};
use super::{Refusal, identifier};

/// The aggregate and the scale of its result.
pub(super) fn rows(measure: &RowMeasure, types: &Types<'_>) -> Result<(String, u32), Refusal> {
    let filter = filter(measure.filter.as_ref(), types)?;
    let count = |of: &str| format!("COUNT({of}){filter}");
    Ok(match &measure.aggregate {
        Aggregate::CountRows => (counted(&count("*")), 0),
        Aggregate::Count(x) => (counted(&count(&operand(x, types)?.text())), 0),
        Aggregate::CountDistinct(key) => {
            types.of(key)?;
            (counted(&count(&format!("DISTINCT {}", identifier(key.name())))), 0)
        }
        Aggregate::Sum(x) => {
            let value = decimal(x, types)?;
            (summed(&value, &filter), value.scale())
        }
        Aggregate::Min(x) => {
            let value = decimal(x, types)?;
            (format!("MIN({}){filter}", value.text()), value.scale())
        }
        Aggregate::Max(x) => {
            let value = decimal(x, types)?;
            (format!("MAX({}){filter}", value.text()), value.scale())
        }
    })
}

/// A constant, too, is a decimal once it is aggregated.
pub(super) fn decimal(expr: &RowExpr, types: &Types<'_>) -> Result<Number, Refusal> {
    let value = number(expr, types)?;
    value.at(value.scale())
}

pub(super) fn filter(filter: Option<&Predicate>, types: &Types<'_>) -> Result<String, Refusal> {
    filter.map_or(Ok(String::new()), |filter| Ok(format!(" FILTER (WHERE {})", predicate(filter, types)?)))
}

/// Where there are no rows at all, there is no count either.
fn counted(count: &str) -> String {
    format!("CAST(CASE WHEN COUNT(*) > 0 THEN {count} END AS DECIMAL(38, 0))")
}

/// SQL's sum over no row is NULL; ours is 0 where rows are in scope and none of them matches.
pub(super) fn summed(value: &Number, filter: &str) -> String {
    let sum = format!("SUM({}){filter}", value.text());
    if filter.is_empty() {
        return sum;
    }
    let zero = format!("CAST(0 AS DECIMAL(38, {}))", value.scale());
    format!("CASE WHEN COUNT(*){filter} > 0 THEN {sum} WHEN COUNT(*) > 0 THEN {zero} END")
}
