//! Writing expressions in Rust: `100 * sum("paid") / sum("due")`.

use std::borrow::Cow;
use std::ops::{Add, Div, Mul, Neg, Sub};

use rust_decimal::Decimal;

use crate::{
    Aggregate, Branch, Column, Comparison, Formula, KeyTerm, KeyedMeasure, Literal, Measure, NamedSum,
    Predicate, Reduction, RowExpr, RowMeasure, RowOperator,
};

/// A column as a row expression.
pub fn col(name: impl Into<Column>) -> RowExpr {
    RowExpr::Column(name.into())
}

/// A constant as a row expression; a bare `&str` elsewhere names a column.
pub fn lit(value: impl Into<Literal>) -> RowExpr {
    RowExpr::Literal(value.into())
}

/// `COUNT(*)`.
pub fn count() -> RowMeasure {
    RowMeasure::new(Aggregate::CountRows)
}

/// `COUNT(x)`.
pub fn count_of(x: impl Into<RowExpr>) -> RowMeasure {
    RowMeasure::new(Aggregate::Count(x.into()))
}

/// `COUNT(DISTINCT key)`.
pub fn count_distinct(key: impl Into<Column>) -> RowMeasure {
    RowMeasure::new(Aggregate::CountDistinct(key.into()))
}

/// `SUM(x)`.
pub fn sum(x: impl Into<RowExpr>) -> RowMeasure {
    RowMeasure::new(Aggregate::Sum(x.into()))
}

/// `MIN(x)`.
pub fn min(x: impl Into<RowExpr>) -> RowMeasure {
    RowMeasure::new(Aggregate::Min(x.into()))
}

/// `MAX(x)`.
pub fn max(x: impl Into<RowExpr>) -> RowMeasure {
    RowMeasure::new(Aggregate::Max(x.into()))
}

/// `CASE WHEN when THEN then ..`; ends with [`CaseBuilder::otherwise`] or [`CaseBuilder::or_null`].
///
/// ```
/// use abaco_kpi::{case, col};
///
/// let overdue = case(col("dpd").ge(30), "outstanding_balance").otherwise(0);
/// assert_eq!(overdue.to_string(), "CASE WHEN dpd >= 30 THEN outstanding_balance ELSE 0 END");
/// ```
pub fn case(when: Predicate, then: impl Into<RowExpr>) -> CaseBuilder {
    CaseBuilder(vec![Branch { when, then: then.into() }])
}

/// Collects the branches of a `CASE`.
#[derive(Clone, Debug)]
pub struct CaseBuilder(Vec<Branch>);

impl CaseBuilder {
    /// One more branch, tried after the earlier ones.
    #[must_use]
    pub fn when(mut self, when: Predicate, then: impl Into<RowExpr>) -> Self {
        self.0.push(Branch { when, then: then.into() });
        self
    }

    /// `ELSE value END`.
    pub fn otherwise(self, value: impl Into<RowExpr>) -> RowExpr {
        RowExpr::Case { branches: self.0, otherwise: Some(Box::new(value.into())) }
    }

    /// `END` without `ELSE`: NULL if no branch is taken.
    pub fn or_null(self) -> RowExpr {
        RowExpr::Case { branches: self.0, otherwise: None }
    }
}

/// Totals per key; see [`KeyedMeasure`].
///
/// ```
/// use abaco_kpi::{by_key, Formula, KeyTerm};
///
/// let balance = || Formula::from(KeyTerm::Sum("balance".into()));
/// let squares = by_key("borrower_id").sum("balance", "outstanding_balance").reduce(balance() * balance());
/// assert_eq!(
///     squares.to_string(),
///     "(SELECT SUM(balance * balance) FROM (SELECT SUM(outstanding_balance) AS balance FROM tape GROUP BY borrower_id))",
/// );
/// ```
pub fn by_key(key: impl Into<Column>) -> KeyedBuilder {
    KeyedBuilder { key: key.into(), sums: Vec::new() }
}

/// `TOTAL(formula)` inside a reduction: a figure of the whole scope.
pub fn total(formula: impl Into<Formula>) -> Formula<KeyTerm> {
    Formula::Term(KeyTerm::Total(Box::new(formula.into())))
}

/// Collects the totals of a [`KeyedMeasure`].
#[derive(Clone, Debug)]
pub struct KeyedBuilder {
    key: Column,
    sums: Vec<NamedSum>,
}

impl KeyedBuilder {
    /// Adds `SUM(value) AS name`.
    #[must_use]
    pub fn sum(self, name: impl Into<Cow<'static, str>>, value: impl Into<RowExpr>) -> Self {
        self.push(name.into(), value.into(), None)
    }

    /// Adds `SUM(value) FILTER (WHERE filter) AS name`.
    #[must_use]
    pub fn sum_where(
        self,
        name: impl Into<Cow<'static, str>>,
        value: impl Into<RowExpr>,
        filter: Predicate,
    ) -> Self {
        self.push(name.into(), value.into(), Some(filter))
    }

    fn push(mut self, name: Cow<'static, str>, value: RowExpr, filter: Option<Predicate>) -> Self {
        self.sums.push(NamedSum { name, value, filter });
        self
    }

    /// The sum of `formula` over all keys.
    pub fn reduce(self, formula: impl Into<Formula<KeyTerm>>) -> Formula {
        self.finish(Reduction::Sum(Box::new(formula.into())))
    }

    /// The sum of the `n` largest values of `formula` over the keys.
    pub fn top(self, n: u32, formula: impl Into<Formula<KeyTerm>>) -> Formula {
        self.finish(Reduction::Top(n, Box::new(formula.into())))
    }

    fn finish(self, reduction: Reduction) -> Formula {
        Formula::Term(Measure::Keys(KeyedMeasure { key: self.key, sums: self.sums, reduction }))
    }
}

impl RowExpr {
    /// `self = other`
    pub fn eq(self, other: impl Into<RowExpr>) -> Predicate {
        self.compare(Comparison::Equal, other)
    }

    /// `self <> other`
    pub fn ne(self, other: impl Into<RowExpr>) -> Predicate {
        self.compare(Comparison::NotEqual, other)
    }

    /// `self < other`
    pub fn lt(self, other: impl Into<RowExpr>) -> Predicate {
        self.compare(Comparison::Less, other)
    }

    /// `self <= other`
    pub fn le(self, other: impl Into<RowExpr>) -> Predicate {
        self.compare(Comparison::LessOrEqual, other)
    }

    /// `self > other`
    pub fn gt(self, other: impl Into<RowExpr>) -> Predicate {
        self.compare(Comparison::Greater, other)
    }

    /// `self >= other`
    pub fn ge(self, other: impl Into<RowExpr>) -> Predicate {
        self.compare(Comparison::GreaterOrEqual, other)
    }

    /// `self BETWEEN low AND high`
    pub fn between(self, low: impl Into<RowExpr>, high: impl Into<RowExpr>) -> Predicate {
        Predicate::Between { value: self, low: low.into(), high: high.into() }
    }

    /// `self IN (..)`
    pub fn is_in<L: Into<Literal>>(self, list: impl IntoIterator<Item = L>) -> Predicate {
        Predicate::In { value: self, list: list.into_iter().map(Into::into).collect() }
    }

    /// `self IS NULL`
    pub fn is_null(self) -> Predicate {
        Predicate::IsNull(self)
    }

    /// A boolean expression as a condition.
    pub fn is_true(self) -> Predicate {
        Predicate::IsTrue(self)
    }

    fn compare(self, comparison: Comparison, other: impl Into<RowExpr>) -> Predicate {
        Predicate::Compare { left: self, comparison, right: other.into() }
    }

    fn arithmetic(operator: RowOperator, left: RowExpr, right: RowExpr) -> RowExpr {
        Self::Arithmetic { operator, left: Box::new(left), right: Box::new(right) }
    }
}

impl From<Column> for RowExpr {
    fn from(column: Column) -> Self {
        Self::Column(column)
    }
}

impl From<&'static str> for RowExpr {
    /// A bare text names a column; a constant text is [`lit`]`("..")`.
    fn from(name: &'static str) -> Self {
        col(name)
    }
}

impl From<i64> for RowExpr {
    fn from(value: i64) -> Self {
        lit(value)
    }
}

impl From<Decimal> for RowExpr {
    fn from(value: Decimal) -> Self {
        lit(value)
    }
}

impl Neg for RowExpr {
    type Output = RowExpr;

    fn neg(self) -> RowExpr {
        RowExpr::Negate(Box::new(self))
    }
}

impl<M> From<i64> for Formula<M> {
    fn from(value: i64) -> Self {
        Self::Constant(value.into())
    }
}

impl<M> From<Decimal> for Formula<M> {
    /// Trailing zeros are dropped, so that equal constants are equal formulas.
    fn from(value: Decimal) -> Self {
        Self::Constant(value.normalize())
    }
}

impl From<RowMeasure> for Formula {
    fn from(measure: RowMeasure) -> Self {
        Self::Term(Measure::Rows(measure))
    }
}

impl From<KeyTerm> for Formula<KeyTerm> {
    fn from(term: KeyTerm) -> Self {
        Self::Term(term)
    }
}

macro_rules! row_operator {
    ($trait:ident, $method:ident) => {
        impl<R: Into<RowExpr>> $trait<R> for RowExpr {
            type Output = RowExpr;

            fn $method(self, other: R) -> RowExpr {
                RowExpr::arithmetic(row_operator!(@operator $trait), self, other.into())
            }
        }

        impl $trait<RowExpr> for i64 {
            type Output = RowExpr;

            fn $method(self, other: RowExpr) -> RowExpr {
                RowExpr::arithmetic(row_operator!(@operator $trait), self.into(), other)
            }
        }
    };
    (@operator Add) => { RowOperator::Add };
    (@operator Sub) => { RowOperator::Subtract };
    (@operator Mul) => { RowOperator::Multiply };
}

row_operator!(Add, add);
row_operator!(Sub, sub);
row_operator!(Mul, mul);

macro_rules! formula_operator {
    ($trait:ident, $method:ident, $variant:ident) => {
        impl<M, R: Into<Formula<M>>> $trait<R> for Formula<M> {
            type Output = Formula<M>;

            fn $method(self, other: R) -> Formula<M> {
                Formula::$variant(Box::new(self), Box::new(other.into()))
            }
        }

        impl<R: Into<Formula>> $trait<R> for RowMeasure {
            type Output = Formula;

            fn $method(self, other: R) -> Formula {
                Formula::$variant(Box::new(self.into()), Box::new(other.into()))
            }
        }

        formula_operator!(@constant $trait, $method, $variant, i64);
        formula_operator!(@constant $trait, $method, $variant, Decimal);
    };
    (@constant $trait:ident, $method:ident, $variant:ident, $constant:ty) => {
        impl<M> $trait<Formula<M>> for $constant {
            type Output = Formula<M>;

            fn $method(self, other: Formula<M>) -> Formula<M> {
                Formula::$variant(Box::new(self.into()), Box::new(other))
            }
        }

        impl $trait<RowMeasure> for $constant {
            type Output = Formula;

            fn $method(self, other: RowMeasure) -> Formula {
                Formula::$variant(Box::new(self.into()), Box::new(other.into()))
            }
        }
    };
}

formula_operator!(Add, add, Add);
formula_operator!(Sub, sub, Subtract);
formula_operator!(Mul, mul, Multiply);
formula_operator!(Div, div, Divide);
