//! Predicates: which rows a measure sees.

use crate::{Column, Literal, RowExpr, Use};

/// A condition on one row, with SQL's three truth values.
///
/// A comparison with NULL is unknown; a measure counts a row only if its predicate is true.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Predicate {
    /// `left >= right` and the like.
    Compare {
        /// The left side.
        left: RowExpr,
        /// Which comparison.
        comparison: Comparison,
        /// The right side.
        right: RowExpr,
    },
    /// `value BETWEEN low AND high`, both ends included.
    Between {
        /// What is tested.
        value: RowExpr,
        /// The lower end.
        low: RowExpr,
        /// The upper end.
        high: RowExpr,
    },
    /// `value IN (..)`; the list is never empty.
    In {
        /// What is tested.
        value: RowExpr,
        /// The accepted constants.
        list: Vec<Literal>,
    },
    /// `value IS NULL`: never unknown.
    IsNull(RowExpr),
    /// A boolean column as a condition.
    IsTrue(RowExpr),
    /// True if all are true.
    And(Vec<Predicate>),
    /// True if any is true.
    Or(Vec<Predicate>),
    /// `NOT ..`; unknown stays unknown.
    Not(Box<Predicate>),
}

/// The six comparisons.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Comparison {
    /// `=`
    Equal,
    /// `<>`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
}

impl Predicate {
    /// Both conditions.
    #[must_use]
    pub fn and(self, other: Predicate) -> Predicate {
        match self {
            Self::And(mut all) => {
                all.push(other);
                Self::And(all)
            }
            first => Self::And(vec![first, other]),
        }
    }

    /// Either condition.
    #[must_use]
    pub fn or(self, other: Predicate) -> Predicate {
        match self {
            Self::Or(mut any) => {
                any.push(other);
                Self::Or(any)
            }
            first => Self::Or(vec![first, other]),
        }
    }

    /// The opposite condition.
    #[must_use]
    pub fn negated(self) -> Predicate {
        Self::Not(Box::new(self))
    }

    /// Calls `visit` for each column that the predicate may read.
    pub fn for_each_column<'a>(&'a self, visit: &mut dyn FnMut(&'a Column)) {
        self.for_each_use(&mut |column, _| visit(column));
    }

    /// Calls `visit` for each column that the predicate may read, and with whether more than its presence is asked.
    pub fn for_each_use<'a>(&'a self, visit: &mut dyn FnMut(&'a Column, Use)) {
        let mut looked_into = |expr: &'a RowExpr| {
            expr.for_each_use(&mut |column, with| match with {
                Use::Presence => visit(column, Use::Presence),
                Use::Value | Use::Condition => visit(column, Use::Condition),
            });
        };
        match self {
            Self::IsNull(RowExpr::Column(column)) => visit(column, Use::Presence),
            Self::Compare { left, right, .. } => {
                looked_into(left);
                looked_into(right);
            }
            Self::Between { value, low, high } => {
                looked_into(value);
                looked_into(low);
                looked_into(high);
            }
            Self::In { value, .. } | Self::IsNull(value) | Self::IsTrue(value) => looked_into(value),
            Self::And(parts) | Self::Or(parts) => {
                for part in parts {
                    part.for_each_use(visit);
                }
            }
            Self::Not(inner) => inner.for_each_use(visit),
        }
    }

    /// The same predicate with each column replaced by what `replace` returns for it.
    #[must_use]
    pub fn substitute(&self, replace: &dyn Fn(&Column) -> RowExpr) -> Predicate {
        let list = |parts: &[Predicate]| parts.iter().map(|part| part.substitute(replace)).collect();
        match self {
            Self::Compare { left, comparison, right } => Self::Compare {
                left: left.substitute(replace),
                comparison: *comparison,
                right: right.substitute(replace),
            },
            Self::Between { value, low, high } => Self::Between {
                value: value.substitute(replace),
                low: low.substitute(replace),
                high: high.substitute(replace),
            },
            Self::In { value, list } => Self::In { value: value.substitute(replace), list: list.clone() },
            Self::IsNull(value) => Self::IsNull(value.substitute(replace)),
            Self::IsTrue(value) => Self::IsTrue(value.substitute(replace)),
            Self::And(parts) => Self::And(list(parts)),
            Self::Or(parts) => Self::Or(list(parts)),
            Self::Not(inner) => Self::Not(Box::new(inner.substitute(replace))),
        }
    }
}
