//! The words of the language: its functions, and why other words are refused.

use abaco_kpi::{Column, RoundingMode};

use crate::suggest::nearest;

/// What the words at hand are about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sight {
    /// The whole text is about one row at a time.
    Row,
    /// The argument or the filter of an aggregate, which is about one row at a time.
    Argument,
    /// What is left when all rows have been seen.
    Formula,
}

/// What a row expression may call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RowFunction {
    AddDays,
    DaysBetween,
    DivRound,
    FullMonthsBetween,
    Greatest,
    Least,
    MonthsBetween,
}

const ROW_FUNCTIONS: [(&str, RowFunction); 7] = [
    ("ADD_DAYS", RowFunction::AddDays),
    ("DAYS_BETWEEN", RowFunction::DaysBetween),
    ("DIV_ROUND", RowFunction::DivRound),
    ("FULL_MONTHS_BETWEEN", RowFunction::FullMonthsBetween),
    ("GREATEST", RowFunction::Greatest),
    ("LEAST", RowFunction::Least),
    ("MONTHS_BETWEEN", RowFunction::MonthsBetween),
];

/// What a formula may call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FormulaFunction {
    Aggregate(AggregateFunction),
    Coalesce,
    Greatest,
    Kpi,
    Lag,
    Least,
    Power,
    Round(RoundingMode),
    SumTop,
    Total,
}

/// What turns rows into one number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AggregateFunction {
    Avg,
    Count,
    Max,
    Min,
    Sum,
}

const FORMULA_FUNCTIONS: [(&str, FormulaFunction); 15] = [
    ("AVG", FormulaFunction::Aggregate(AggregateFunction::Avg)),
    ("COALESCE", FormulaFunction::Coalesce),
    ("COUNT", FormulaFunction::Aggregate(AggregateFunction::Count)),
    ("GREATEST", FormulaFunction::Greatest),
    ("KPI", FormulaFunction::Kpi),
    ("LAG", FormulaFunction::Lag),
    ("LEAST", FormulaFunction::Least),
    ("MAX", FormulaFunction::Aggregate(AggregateFunction::Max)),
    ("MIN", FormulaFunction::Aggregate(AggregateFunction::Min)),
    ("POWER", FormulaFunction::Power),
    ("ROUND", FormulaFunction::Round(RoundingMode::HalfAway)),
    ("ROUND_EVEN", FormulaFunction::Round(RoundingMode::HalfEven)),
    ("SUM", FormulaFunction::Aggregate(AggregateFunction::Sum)),
    ("SUM_TOP", FormulaFunction::SumTop),
    ("TOTAL", FormulaFunction::Total),
];

/// The row function of this name, or why there is none.
pub(super) fn row_function(name: &str, sight: Sight) -> Result<RowFunction, String> {
    let upper = name.to_ascii_uppercase();
    if let Some((_, function)) = ROW_FUNCTIONS.iter().find(|(known, _)| *known == upper) {
        return Ok(*function);
    }
    let Some(function) = known_function(&upper) else { return Err(refused_call(name, sight)) };
    let aggregate =
        matches!(function, FormulaFunction::Aggregate(_) | FormulaFunction::SumTop | FormulaFunction::Total);
    Err(match (sight, aggregate) {
        (Sight::Argument, _) => {
            format!("`{name}` does not stand inside an aggregate, which sees one row at a time")
        }
        (_, true) => format!(
            "`{name}` is an aggregate: aggregates belong into a formula, this text sees one row at a time"
        ),
        (_, false) => format!("`{name}` belongs into a formula, this text sees one row at a time"),
    })
}

/// The formula's function of this name, or why there is none.
pub(super) fn formula_function(name: &str) -> Result<FormulaFunction, String> {
    let upper = name.to_ascii_uppercase();
    if let Some(function) = known_function(&upper) {
        return Ok(function);
    }
    if ROW_FUNCTIONS.iter().any(|(known, _)| *known == upper) {
        return Err(format!(
            "`{name}` looks at one row: it belongs inside an aggregate, as in SUM({upper}(..))"
        ));
    }
    Err(refused_call(name, Sight::Formula))
}

fn known_function(upper: &str) -> Option<FormulaFunction> {
    FORMULA_FUNCTIONS.iter().find(|(known, _)| *known == upper).map(|(_, function)| *function)
}

fn refused_call(name: &str, sight: Sight) -> String {
    let upper = name.to_ascii_uppercase();
    if matches!(upper.as_str(), "CAST" | "TRY_CAST" | "SAFE_CAST" | "CONVERT" | "TRY_CONVERT") {
        return format!("`{name}` is not part of the language: the contract fixes the type of each column");
    }
    if let Some(reason) = refused_word(&upper, sight) {
        return reason;
    }
    let row = ROW_FUNCTIONS.iter().map(|(known, _)| *known);
    let formula = FORMULA_FUNCTIONS.iter().map(|(known, _)| *known);
    if let Some(known) = nearest(name, row.clone().chain(formula.clone())) {
        return format!("`{name}` is not a function of the language; did you mean `{known}`?");
    }
    let (who, known): (_, Vec<&str>) = match sight {
        Sight::Formula => ("a formula", formula.collect()),
        Sight::Row | Sight::Argument => ("a row", row.collect()),
    };
    format!("`{name}` is not a function of the language; {who} may call {}", known.join(", "))
}

/// Why SQL's word has no place here, if it is known to have none.
pub(super) fn refused_word(word: &str, sight: Sight) -> Option<String> {
    let upper = word.to_ascii_uppercase();
    let in_formula = sight == Sight::Formula;
    let reason = match upper.as_str() {
        "SELECT" | "FROM" | "GROUP" if in_formula => {
            "the only subquery is `(SELECT SUM(..) FROM (SELECT SUM(..) AS name FROM tape GROUP BY key))`"
        }
        "FILTER" | "WHERE" if in_formula => {
            "a filter is written FILTER (WHERE condition), behind an aggregate"
        }
        "OVER" if in_formula => {
            "windows are not part of the language; LAG(f, n) looks at an earlier snapshot"
        }
        "DISTINCT" | "ALL" if in_formula => "DISTINCT stands in COUNT(DISTINCT key) only",
        "COUNT" | "SUM" | "MIN" | "MAX" if in_formula => "an aggregate has an argument in parentheses",
        "CASE" if in_formula => "it looks at one row and belongs inside an aggregate, as in SUM(CASE ..)",
        "AND" | "OR" | "NOT" | "IS" | "IN" | "BETWEEN" | "TRUE" | "FALSE" if in_formula => {
            "a formula is a number; a condition stands in FILTER (WHERE ..) or CASE WHEN"
        }
        "NULL" if in_formula => "there is no such constant; COALESCE(f, g) stands in for what is undefined",
        "SELECT" | "WITH" | "EXISTS" | "UNION" | "FROM" | "GROUP" | "HAVING" | "ORDER" | "LIMIT"
        | "TABLE" => "subqueries are not part of the language",
        "INSERT" | "UPDATE" | "DELETE" | "DROP" | "CREATE" | "ALTER" => {
            "statements are not part of the language"
        }
        "LIKE" | "ILIKE" | "SIMILAR" | "REGEXP" | "RLIKE" => {
            "patterns are not part of the language; use `=` or `IN`"
        }
        "COUNT" | "SUM" | "MIN" | "MAX" | "DISTINCT" | "ALL" | "FILTER" | "WHERE" | "OVER" => match sight {
            Sight::Argument => "an aggregate sees one row at a time",
            Sight::Row | Sight::Formula => "aggregates belong into a formula",
        },
        "INTERVAL" | "TIME" | "TIMESTAMP" => {
            "time is counted in whole days; use DATE '2025-01-31', DAYS_BETWEEN, MONTHS_BETWEEN or ADD_DAYS"
        }
        "DIV" | "MOD" => "division in a row is DIV_ROUND(dividend, divisor, scale)",
        "COLLATE" | "AT" | "OVERLAPS" | "XOR" | "ESCAPE" => "this operator is not part of the language",
        _ => return None,
    };
    Some(format!("`{word}`: {reason}"))
}

/// Whether a column of this name must stand in double quotes: the words that printing quotes.
pub(super) fn is_reserved(lower: &str) -> bool {
    Column::new(lower.to_owned()).to_string() != lower
}
