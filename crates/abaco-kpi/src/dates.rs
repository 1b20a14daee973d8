//! Writing dates in Rust: `days_between("as_of", "maturity_date")`.

use crate::RowExpr;

/// `DAYS_BETWEEN(from, to)`: calendar days.
///
/// ```
/// let days = abaco_kpi::days_between("as_of", "maturity_date");
/// assert_eq!(days.to_string(), "DAYS_BETWEEN(as_of, maturity_date)");
/// ```
pub fn days_between(from: impl Into<RowExpr>, to: impl Into<RowExpr>) -> RowExpr {
    RowExpr::DaysBetween { from: Box::new(from.into()), to: Box::new(to.into()) }
}

/// `FULL_MONTHS_BETWEEN(from, to)`: complete months; see [`RowExpr::FullMonthsBetween`].
///
/// ```
/// use abaco_kpi::{add_days, full_months_between};
///
/// let months = full_months_between("oldest_due_date", add_days("as_of", 1));
/// assert_eq!(months.to_string(), "FULL_MONTHS_BETWEEN(oldest_due_date, ADD_DAYS(as_of, 1))");
/// ```
pub fn full_months_between(from: impl Into<RowExpr>, to: impl Into<RowExpr>) -> RowExpr {
    RowExpr::FullMonthsBetween { from: Box::new(from.into()), to: Box::new(to.into()) }
}

/// `ADD_DAYS(date, days)`; past [`MAX_ADD_DAYS`](crate::MAX_ADD_DAYS) either way it is refused when it is planned.
pub fn add_days(date: impl Into<RowExpr>, days: i32) -> RowExpr {
    RowExpr::AddDays { date: Box::new(date.into()), days }
}
