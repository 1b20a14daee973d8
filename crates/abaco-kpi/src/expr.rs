//! Row expressions: what is computed on each row before anything is aggregated.

use crate::{Column, ColumnKind, KpiError, Literal, Predicate, canonical_column};

/// The most days that [`RowExpr::AddDays`] moves a date, either way: a hundred years.
pub const MAX_ADD_DAYS: i32 = 36_525;

/// An exact expression over the columns of one row.
///
/// It is NULL if an operand that it uses is NULL. There is no plain division, because a quotient has no exact
/// decimal: [`RowExpr::DivRound`] states its rounding.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RowExpr {
    /// The value of a column.
    Column(Column),
    /// A constant.
    Literal(Literal),
    /// `-x`.
    Negate(Box<RowExpr>),
    /// `left + right`, `left - right` or `left * right`.
    Arithmetic {
        /// Which operation.
        operator: RowOperator,
        /// The first operand.
        left: Box<RowExpr>,
        /// The second operand.
        right: Box<RowExpr>,
    },
    /// `CASE WHEN .. THEN .. ELSE .. END`: the first branch whose predicate is true; NULL without `ELSE`.
    Case {
        /// The branches, in order; at least one.
        branches: Vec<Branch>,
        /// The value if no branch is taken.
        otherwise: Option<Box<RowExpr>>,
    },
    /// The smallest operand; NULL if any is NULL, unlike SQL's.
    Least(Vec<RowExpr>),
    /// The largest operand; NULL if any is NULL, unlike SQL's.
    Greatest(Vec<RowExpr>),
    /// `DIV_ROUND(dividend, divisor, scale)`, half away from zero; NULL if the divisor is zero.
    DivRound {
        /// What is divided.
        dividend: Box<RowExpr>,
        /// By what.
        divisor: Box<RowExpr>,
        /// Decimal places of the quotient.
        scale: u8,
    },
    /// `DAYS_BETWEEN(from, to)`: calendar days, negative if `to` is earlier.
    DaysBetween {
        /// The first date.
        from: Box<RowExpr>,
        /// The second date.
        to: Box<RowExpr>,
    },
    /// `MONTHS_BETWEEN(from, to)`: the difference of the calendar months, whatever the days.
    MonthsBetween {
        /// The first date.
        from: Box<RowExpr>,
        /// The second date.
        to: Box<RowExpr>,
    },
    /// `FULL_MONTHS_BETWEEN(from, to)`: the complete months from one date to the other.
    ///
    /// A month is complete on the day of the later month that `from` has in its own, or on the last day of a month
    /// that is too short for it: from 31 January, one month on 28 February, two on 31 March. Backwards it is the
    /// same number below zero: `FULL_MONTHS_BETWEEN(to, from)` is `-FULL_MONTHS_BETWEEN(from, to)`.
    FullMonthsBetween {
        /// The first date.
        from: Box<RowExpr>,
        /// The second date.
        to: Box<RowExpr>,
    },
    /// `ADD_DAYS(date, days)`: the date so many calendar days later, or earlier.
    AddDays {
        /// The date.
        date: Box<RowExpr>,
        /// How many days, at most [`MAX_ADD_DAYS`] either way.
        days: i32,
    },
}

/// The arithmetic that a row allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RowOperator {
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
}

/// One `WHEN .. THEN ..` of a [`RowExpr::Case`].
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Branch {
    /// When it is taken: only if true, not if unknown.
    pub when: Predicate,
    /// Its value.
    pub then: RowExpr,
}

/// What becomes of a column's value in an expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Use {
    /// It can be, or go into, the expression's own value.
    Value,
    /// A condition looks into it.
    Condition,
    /// It is only asked whether it is NULL.
    Presence,
}

impl RowExpr {
    /// Calls `visit` for each column that the expression may read, predicates included.
    pub fn for_each_column<'a>(&'a self, visit: &mut dyn FnMut(&'a Column)) {
        self.for_each_use(&mut |column, _| visit(column));
    }

    /// Calls `visit` for each column that the expression may read, and with what becomes of its value.
    ///
    /// ```
    /// use abaco_kpi::{Use, case, col, lit};
    ///
    /// let mut uses = Vec::new();
    /// let named = col("borrower_id").is_null().negated();
    /// let late = case(named.and(col("dpd").gt(30)), col("balance")).otherwise(lit(0));
    /// late.for_each_use(&mut |column, with| uses.push((column.name().to_owned(), with)));
    /// let use_of = |name: &str, with| (name.to_owned(), with);
    /// assert_eq!(
    ///     uses,
    ///     [use_of("borrower_id", Use::Presence), use_of("dpd", Use::Condition), use_of("balance", Use::Value)]
    /// );
    /// ```
    pub fn for_each_use<'a>(&'a self, visit: &mut dyn FnMut(&'a Column, Use)) {
        match self {
            Self::Column(column) => visit(column, Use::Value),
            Self::Literal(_) => {}
            Self::Negate(operand) | Self::AddDays { date: operand, .. } => operand.for_each_use(visit),
            Self::Arithmetic { left, right, .. } => {
                left.for_each_use(visit);
                right.for_each_use(visit);
            }
            Self::Case { branches, otherwise } => {
                for branch in branches {
                    branch.when.for_each_use(visit);
                    branch.then.for_each_use(visit);
                }
                if let Some(otherwise) = otherwise {
                    otherwise.for_each_use(visit);
                }
            }
            Self::Least(operands) | Self::Greatest(operands) => {
                for operand in operands {
                    operand.for_each_use(visit);
                }
            }
            Self::DivRound { dividend: first, divisor: second, .. }
            | Self::DaysBetween { from: first, to: second }
            | Self::MonthsBetween { from: first, to: second }
            | Self::FullMonthsBetween { from: first, to: second } => {
                first.for_each_use(visit);
                second.for_each_use(visit);
            }
        }
    }

    /// The same expression with each column replaced by what `replace` returns for it.
    #[must_use]
    pub fn substitute(&self, replace: &dyn Fn(&Column) -> RowExpr) -> RowExpr {
        let boxed = |operand: &RowExpr| Box::new(operand.substitute(replace));
        let list =
            |operands: &[RowExpr]| operands.iter().map(|operand| operand.substitute(replace)).collect();
        match self {
            Self::Column(column) => replace(column),
            Self::Literal(literal) => Self::Literal(literal.clone()),
            Self::Negate(operand) => Self::Negate(boxed(operand)),
            Self::Arithmetic { operator, left, right } => {
                Self::Arithmetic { operator: *operator, left: boxed(left), right: boxed(right) }
            }
            Self::Case { branches, otherwise } => Self::Case {
                branches: branches
                    .iter()
                    .map(|branch| Branch {
                        when: branch.when.substitute(replace),
                        then: branch.then.substitute(replace),
                    })
                    .collect(),
                otherwise: otherwise.as_deref().map(boxed),
            },
            Self::Least(operands) => Self::Least(list(operands)),
            Self::Greatest(operands) => Self::Greatest(list(operands)),
            Self::DivRound { dividend, divisor, scale } => {
                Self::DivRound { dividend: boxed(dividend), divisor: boxed(divisor), scale: *scale }
            }
            Self::DaysBetween { from, to } => Self::DaysBetween { from: boxed(from), to: boxed(to) },
            Self::MonthsBetween { from, to } => Self::MonthsBetween { from: boxed(from), to: boxed(to) },
            Self::FullMonthsBetween { from, to } => {
                Self::FullMonthsBetween { from: boxed(from), to: boxed(to) }
            }
            Self::AddDays { date, days } => Self::AddDays { date: boxed(date), days: *days },
        }
    }

    /// Refuses an expression that mixes a stock with a flow, such as `outstanding_balance + paid_principal`.
    ///
    /// A predicate may look at either: it chooses rows and adds nothing.
    ///
    /// # Errors
    /// [`KpiError::MixedKinds`] with one column of each kind.
    pub fn check_kinds(&self) -> Result<(), KpiError> {
        self.check_kinds_of(&|column| canonical_column(column.name()).map(|spec| spec.kind))
    }

    /// As [`check_kinds`](Self::check_kinds), over columns whose kinds `kind_of` knows.
    ///
    /// # Errors
    /// [`KpiError::MixedKinds`] with one column of each kind.
    pub fn check_kinds_of(&self, kind_of: &dyn Fn(&Column) -> Option<ColumnKind>) -> Result<(), KpiError> {
        let (mut stock, mut flow) = (None, None);
        self.for_each_operand(&mut |column| match kind_of(column) {
            Some(ColumnKind::Stock) => stock = stock.or(Some(column)),
            Some(ColumnKind::Flow) => flow = flow.or(Some(column)),
            _ => {}
        });
        match (stock, flow) {
            (Some(stock), Some(flow)) => {
                Err(KpiError::MixedKinds { stock: stock.clone(), flow: flow.clone() })
            }
            _ => Ok(()),
        }
    }

    fn for_each_operand<'a>(&'a self, visit: &mut dyn FnMut(&'a Column)) {
        match self {
            Self::Case { branches, otherwise } => {
                for branch in branches {
                    branch.then.for_each_operand(visit);
                }
                if let Some(otherwise) = otherwise {
                    otherwise.for_each_operand(visit);
                }
            }
            Self::Negate(operand) => operand.for_each_operand(visit),
            Self::Arithmetic { left, right, .. } => {
                left.for_each_operand(visit);
                right.for_each_operand(visit);
            }
            Self::Least(operands) | Self::Greatest(operands) => {
                for operand in operands {
                    operand.for_each_operand(visit);
                }
            }
            other => other.for_each_column(visit),
        }
    }
}
