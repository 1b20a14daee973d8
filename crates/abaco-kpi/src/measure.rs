//! Measures: exact aggregates that merge in any order.

use std::borrow::Cow;

use crate::{Column, Formula, Predicate, RowExpr};

/// An exact, mergeable quantity over rows.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Measure {
    /// An aggregate over the rows in scope.
    Rows(RowMeasure),
    /// Named totals per key, reduced when the state is finished.
    Keys(KeyedMeasure),
}

/// An aggregate over the rows that a filter lets through.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RowMeasure {
    /// What is aggregated.
    pub aggregate: Aggregate,
    /// Which rows count; all of them without a filter.
    pub filter: Option<Predicate>,
}

/// The aggregates.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Aggregate {
    /// `COUNT(*)`: matching rows.
    CountRows,
    /// `COUNT(x)`: matching rows in which `x` is not NULL.
    Count(RowExpr),
    /// `SUM(x)`; NULL rows are skipped.
    Sum(RowExpr),
    /// `MIN(x)`; NULL rows are skipped.
    Min(RowExpr),
    /// `MAX(x)`; NULL rows are skipped.
    Max(RowExpr),
    /// `COUNT(DISTINCT key)`; NULL is not a key.
    CountDistinct(Column),
}

/// `(SELECT reduction FROM (SELECT sums FROM tape GROUP BY key))`: totals per key, merged by key, then reduced.
///
/// As in SQL, rows whose key is NULL form one group of their own.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyedMeasure {
    /// What the rows are grouped by, say the borrower.
    pub key: Column,
    /// The totals taken per key; at least one.
    pub sums: Vec<NamedSum>,
    /// What becomes of the totals.
    pub reduction: Reduction,
}

/// A total per key, with the name that the reduction uses.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NamedSum {
    /// The name.
    pub name: Cow<'static, str>,
    /// What is summed.
    pub value: RowExpr,
    /// Which rows count.
    pub filter: Option<Predicate>,
}

/// How totals per key become one number.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reduction {
    /// The sum over all keys.
    Sum(Box<Formula<KeyTerm>>),
    /// The sum of the `n` largest values over the keys.
    Top(u32, Box<Formula<KeyTerm>>),
}

/// What a reduction's formula may name.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum KeyTerm {
    /// One of the totals of the key at hand.
    Sum(Cow<'static, str>),
    /// `TOTAL(..)`: a formula over the whole scope, the same for every key.
    Total(Box<Formula>),
}

impl RowMeasure {
    /// An aggregate over all rows.
    pub fn new(aggregate: Aggregate) -> Self {
        Self { aggregate, filter: None }
    }

    /// The same aggregate over the rows for which `predicate` is true (and the earlier filter, if any).
    #[must_use]
    pub fn filter(mut self, predicate: Predicate) -> Self {
        self.filter = Some(match self.filter {
            Some(earlier) => earlier.and(predicate),
            None => predicate,
        });
        self
    }

    /// The expression that is aggregated, if it is not a mere count of rows or keys.
    pub fn operand(&self) -> Option<&RowExpr> {
        match &self.aggregate {
            Aggregate::Count(x) | Aggregate::Sum(x) | Aggregate::Min(x) | Aggregate::Max(x) => Some(x),
            Aggregate::CountRows | Aggregate::CountDistinct(_) => None,
        }
    }

    fn for_each_column<'a>(&'a self, visit: &mut dyn FnMut(&'a Column)) {
        if let Aggregate::CountDistinct(key) = &self.aggregate {
            visit(key);
        }
        if let Some(operand) = self.operand() {
            operand.for_each_column(visit);
        }
        if let Some(filter) = &self.filter {
            filter.for_each_column(visit);
        }
    }
}

impl Measure {
    /// Calls `visit` for each column that the measure reads.
    pub fn for_each_column<'a>(&'a self, visit: &mut dyn FnMut(&'a Column)) {
        match self {
            Self::Rows(rows) => rows.for_each_column(visit),
            Self::Keys(keys) => {
                visit(&keys.key);
                for sum in &keys.sums {
                    sum.value.for_each_column(visit);
                    if let Some(filter) = &sum.filter {
                        filter.for_each_column(visit);
                    }
                }
                keys.formula().for_each_term(&mut |term| {
                    if let KeyTerm::Total(total) = term {
                        total.for_each_term(&mut |measure| measure.for_each_column(visit));
                    }
                });
            }
        }
    }
}

impl Formula {
    /// Calls `visit` for each measure, and for those that stand inside `TOTAL` of another.
    ///
    /// ```
    /// use abaco_kpi::{Formula, KeyTerm, by_key, sum, total};
    ///
    /// let share = Formula::from(KeyTerm::Sum("of_key".into())) / total(sum("balance"));
    /// let squares = by_key("borrower_id").sum("of_key", "balance").reduce(share.power(2));
    /// let mut measures = Vec::new();
    /// squares.for_each_measure(&mut |measure| measures.push(measure.to_string()));
    /// assert_eq!(measures.len(), 2);
    /// assert_eq!(measures[1], "SUM(balance)");
    /// ```
    pub fn for_each_measure<'a>(&'a self, visit: &mut dyn FnMut(&'a Measure)) {
        self.for_each_term(&mut |measure| {
            visit(measure);
            if let Measure::Keys(keys) = measure {
                keys.formula().for_each_term(&mut |term| {
                    if let KeyTerm::Total(total) = term {
                        total.for_each_measure(visit);
                    }
                });
            }
        });
    }
}

impl KeyedMeasure {
    /// The formula inside the reduction.
    pub fn formula(&self) -> &Formula<KeyTerm> {
        match &self.reduction {
            Reduction::Sum(formula) | Reduction::Top(_, formula) => formula,
        }
    }
}
