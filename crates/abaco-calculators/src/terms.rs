//! Terms that the families over loan rows share.

use std::borrow::Cow;

use abaco_kpi::{Formula, KeyTerm, Predicate, RowMeasure, col, sum};

/// The outstanding balance, which a written-off loan has none of.
pub(crate) fn balance() -> RowMeasure {
    sum("outstanding_balance")
}

/// A loan that still has a balance.
pub(crate) fn is_active() -> Predicate {
    col("outstanding_balance").gt(0)
}

/// The share of the balance in loans like these, in percent.
pub(crate) fn share_of_balance(these: Predicate) -> Formula {
    100 * balance().filter(these) / balance()
}

/// A total of the key at hand, inside a reduction.
pub(crate) fn of_key(name: impl Into<Cow<'static, str>>) -> Formula<KeyTerm> {
    KeyTerm::Sum(name.into()).into()
}
