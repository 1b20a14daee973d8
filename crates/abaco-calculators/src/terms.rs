//! Terms that the families over loan rows share.

use std::borrow::Cow;

use abaco_kpi::{Formula, KeyTerm, Predicate, RowExpr, RowMeasure, col, sum};

/// The outstanding balance, which a written-off loan has none of.
pub(crate) fn balance() -> RowMeasure {
    sum("outstanding_balance")
}

/// The gross eligible balance.
pub(crate) fn eligible() -> RowMeasure {
    sum("eligible_balance")
}

/// A loan that still has a balance.
pub(crate) fn is_active() -> Predicate {
    col("outstanding_balance").gt(0)
}

/// More than 90 days past due, or judged unlikely to pay.
pub(crate) fn non_performing() -> Predicate {
    col("dpd").gt(90).or(col("is_unlikely_to_pay").is_true())
}

/// The share of the balance in loans like these, in percent.
pub(crate) fn share_of_balance(these: Predicate) -> Formula {
    100 * balance().filter(these) / balance()
}

/// The mean of `x` by balance, over the loans that have an `x`.
pub(crate) fn weighted_by_balance(x: impl Into<RowExpr>) -> Formula {
    let x = x.into();
    let known = x.clone().is_null().negated();
    sum(x * col("outstanding_balance")) / balance().filter(known)
}

/// A total of the key at hand, inside a reduction.
pub(crate) fn of_key(name: impl Into<Cow<'static, str>>) -> Formula<KeyTerm> {
    KeyTerm::Sum(name.into()).into()
}
