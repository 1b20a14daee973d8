//! Measures over the rows in scope.

use std::collections::BTreeSet;

use abaco_kpi::{Aggregate, Column, Measure, Predicate, RowExpr, RowMeasure, Undefined};
use num_rational::BigRational;
use num_traits::Zero;

use super::gone::Gone;
use super::keyed;
use super::scope::Scopes;
use super::value::Value;
use super::{When, whole};

/// A group at a moment: what a formula is asked about.
pub(super) struct Frame<'o> {
    pub(super) scopes: Scopes<'o>,
    pub(super) when: When,
    pub(super) by: &'o [(Column, Option<String>)],
}

impl Frame<'_> {
    /// The value of a measure so many snapshots earlier.
    pub(super) fn measure(&self, measure: &Measure, lag: u32) -> Result<BigRational, Gone> {
        let moment = self.scopes.moment(self.when, lag)?;
        let rows = self.scopes.rows(moment, self.by);
        InScope { frame: self, scopes: self.scopes, lag, rows }.measure(measure)
    }
}

/// The rows from which a measure is taken.
pub(super) struct InScope<'o> {
    pub(super) frame: &'o Frame<'o>,
    pub(super) scopes: Scopes<'o>,
    pub(super) lag: u32,
    pub(super) rows: Vec<usize>,
}

impl InScope<'_> {
    fn measure(&self, measure: &Measure) -> Result<BigRational, Gone> {
        if self.rows.is_empty() {
            return Err(Undefined::NoRows.into());
        }
        match measure {
            Measure::Rows(rows) => self.over_rows(rows),
            Measure::Keys(keys) => keyed::reduce(self, keys),
        }
    }

    fn over_rows(&self, measure: &RowMeasure) -> Result<BigRational, Gone> {
        let matching = self.matching(&self.rows, measure.filter.as_ref())?;
        match &measure.aggregate {
            Aggregate::CountRows => Ok(count(matching.len())),
            Aggregate::Count(x) => {
                let mut found = 0;
                for row in matching {
                    found += usize::from(self.scopes.row(row).value(x)?.is_some());
                }
                Ok(count(found))
            }
            Aggregate::CountDistinct(key) => {
                let mut keys = BTreeSet::new();
                for row in matching {
                    keys.extend(self.scopes.key_value(row, key)?);
                }
                Ok(count(keys.len()))
            }
            Aggregate::Sum(x) => self.sum(&matching, x),
            Aggregate::Min(x) => self.extreme(&matching, x, |numbers| numbers.into_iter().min()),
            Aggregate::Max(x) => self.extreme(&matching, x, |numbers| numbers.into_iter().max()),
        }
    }

    /// The rows for which the filter is true.
    pub(super) fn matching(&self, rows: &[usize], filter: Option<&Predicate>) -> Result<Vec<usize>, Gone> {
        let Some(filter) = filter else { return Ok(rows.to_vec()) };
        let mut matching = Vec::new();
        for row in rows {
            if self.scopes.row(*row).truth(filter)? == Some(true) {
                matching.push(*row);
            }
        }
        Ok(matching)
    }

    /// The sum: 0 over no rows, undefined if every operand is NULL.
    pub(super) fn sum(&self, rows: &[usize], x: &RowExpr) -> Result<BigRational, Gone> {
        let numbers = self.numbers(rows, x)?;
        if numbers.is_empty() && !rows.is_empty() {
            return Err(Undefined::AllNull.into());
        }
        Ok(numbers.into_iter().fold(BigRational::zero(), |sum, number| sum + number))
    }

    /// The extreme value: undefined if nothing matches, or if every operand is NULL.
    fn extreme(
        &self,
        rows: &[usize],
        x: &RowExpr,
        pick: impl Fn(Vec<BigRational>) -> Option<BigRational>,
    ) -> Result<BigRational, Gone> {
        let missing = if rows.is_empty() { Undefined::NoMatch } else { Undefined::AllNull };
        pick(self.numbers(rows, x)?).ok_or(Gone::Undefined(missing))
    }

    /// The operands that are not NULL.
    fn numbers(&self, rows: &[usize], x: &RowExpr) -> Result<Vec<BigRational>, Gone> {
        let mut numbers = Vec::new();
        for row in rows {
            let value = self.scopes.row(*row).value(x)?;
            numbers.extend(value.map(Value::number).transpose()?);
        }
        Ok(numbers)
    }
}

fn count(rows: usize) -> BigRational {
    whole(i128::try_from(rows).unwrap_or(i128::MAX))
}
