//! Class: what it takes to merge the partial results of a KPI.

use crate::{Aggregate, Formula, Measure};

/// What it takes to merge the partial results of a KPI.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Class {
    /// **A**: sums, counts and extremes over disjoint rows.
    Additive,
    /// **G**: totals or members per key, merged by key.
    Grouped,
    /// **P**: computed from the values of several snapshots.
    Series,
}

impl Class {
    /// The class of a formula.
    ///
    /// ```
    /// use abaco_kpi::{Class, Formula, count_distinct, sum};
    ///
    /// let balance: Formula = sum("outstanding_balance").into();
    /// assert_eq!(Class::of(&balance).as_str(), "A");
    /// assert_eq!(Class::of(&count_distinct("borrower_id").into()).as_str(), "G");
    /// assert_eq!(Class::of(&(balance.clone() - balance.lag(1))).as_str(), "P");
    /// ```
    pub fn of(formula: &Formula) -> Self {
        if has_lag(formula) {
            return Self::Series;
        }
        let mut class = Self::Additive;
        formula.for_each_term(&mut |term| {
            class = class.max(match term {
                Measure::Rows(rows) => match rows.aggregate {
                    Aggregate::CountDistinct(_) => Self::Grouped,
                    Aggregate::CountRows
                    | Aggregate::Count(_)
                    | Aggregate::Sum(_)
                    | Aggregate::Min(_)
                    | Aggregate::Max(_) => Self::Additive,
                },
                Measure::Keys(_) => Self::Grouped,
            });
        });
        class
    }

    /// `A`, `G` or `P`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Additive => "A",
            Self::Grouped => "G",
            Self::Series => "P",
        }
    }
}

fn has_lag(formula: &Formula) -> bool {
    matches!(formula, Formula::Lag(..)) || formula.children().into_iter().any(has_lag)
}
