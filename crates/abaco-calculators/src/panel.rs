//! The words of the loan-period panel that several families speak.
//!
//! The panel has a row for each loan known at a snapshot, with its opening and its closing state and what happened
//! in between. An opening balance is NULL for a loan that was not there when the period began.

use abaco_kpi::{Formula, Predicate, RowExpr, RowMeasure, col, days_between, max, sum};

/// Days of the period, which every row of the panel repeats.
pub(crate) fn days() -> RowMeasure {
    max(days_between("opening_as_of", "as_of"))
}

/// Calendar months of the period.
pub(crate) fn months() -> RowMeasure {
    let (from, to) = (Box::new(col("opening_as_of")), Box::new(col("as_of")));
    max(RowExpr::MonthsBetween { from, to })
}

/// The mean of the opening and the closing balance.
pub(crate) fn average_balance() -> Formula {
    (sum("opening_balance") + sum("outstanding_balance")) / 2
}

/// An amount of the period as a yearly percentage of the average balance, without compounding.
pub(crate) fn per_year(amount: Formula) -> Formula {
    100 * amount * 365 / days() / average_balance()
}

/// A monthly fraction compounded to a year: what is gone after twelve such months.
pub(crate) fn compounded(monthly: Formula) -> Formula {
    1 - (1 - monthly).power(12)
}

/// Loans that had a balance when the period began; written-off ones had none.
pub(crate) fn in_opening() -> Predicate {
    col("opening_balance").gt(0)
}

/// Loans in the opening that were not in default; days past due that nobody knows are not a default.
pub(crate) fn performing() -> Predicate {
    in_opening().and(col("opening_dpd").lt(90).or(col("opening_dpd").is_null()))
}

/// Loans that are not written off now, also where the tape does not say.
pub(crate) fn not_written_off() -> Predicate {
    col("is_written_off").is_null().or(col("is_written_off").is_true().negated())
}
