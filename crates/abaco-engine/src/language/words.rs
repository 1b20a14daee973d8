//! The words of the language: its functions, and why other words are refused.

use abaco_kpi::Column;

use crate::suggest::nearest;

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

const AGGREGATES: [&str; 8] = ["AVG", "COUNT", "MAX", "MIN", "SUM", "SUM_TOP", "TOP", "TOTAL"];

const FORMULA_FUNCTIONS: [&str; 6] = ["COALESCE", "KPI", "LAG", "POWER", "ROUND", "ROUND_EVEN"];

/// The row function of this name, or why there is none.
pub(super) fn row_function(name: &str) -> Result<RowFunction, String> {
    let upper = name.to_ascii_uppercase();
    if let Some((_, function)) = ROW_FUNCTIONS.iter().find(|(known, _)| *known == upper) {
        return Ok(*function);
    }
    Err(if AGGREGATES.contains(&upper.as_str()) {
        format!(
            "`{name}` is an aggregate: aggregates belong into a formula, this text sees one row at a time"
        )
    } else if FORMULA_FUNCTIONS.contains(&upper.as_str()) {
        format!("`{name}` belongs into a formula, this text sees one row at a time")
    } else if matches!(upper.as_str(), "CAST" | "TRY_CAST" | "SAFE_CAST" | "CONVERT" | "TRY_CONVERT") {
        format!("`{name}` is not part of the language: the contract fixes the type of each column")
    } else if let Some(reason) = refused_word(&upper) {
        reason
    } else {
        unknown_function(name)
    })
}

fn unknown_function(name: &str) -> String {
    let row = ROW_FUNCTIONS.iter().map(|(known, _)| *known);
    match nearest(name, row.clone().chain(AGGREGATES).chain(FORMULA_FUNCTIONS)) {
        Some(known) => format!("`{name}` is not a function of the language; did you mean `{known}`?"),
        None => {
            let known: Vec<&str> = row.collect();
            format!("`{name}` is not a function of the language; a row may call {}", known.join(", "))
        }
    }
}

/// Why SQL's word has no place in a row expression, if it is known to have none.
pub(super) fn refused_word(word: &str) -> Option<String> {
    let upper = word.to_ascii_uppercase();
    let reason = match upper.as_str() {
        "SELECT" | "WITH" | "EXISTS" | "UNION" | "FROM" | "GROUP" | "HAVING" | "ORDER" | "LIMIT"
        | "TABLE" => "subqueries are not part of the language",
        "INSERT" | "UPDATE" | "DELETE" | "DROP" | "CREATE" | "ALTER" => {
            "statements are not part of the language"
        }
        "LIKE" | "ILIKE" | "SIMILAR" | "REGEXP" | "RLIKE" => {
            "patterns are not part of the language; use `=` or `IN`"
        }
        "COUNT" | "SUM" | "MIN" | "MAX" | "DISTINCT" | "ALL" | "FILTER" | "WHERE" | "OVER" => {
            "aggregates belong into a formula"
        }
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
