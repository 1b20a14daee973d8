//! Row expressions on one row.

use abaco_kpi::{Column, Literal, RoundingMode, RowExpr, RowOperator};
use chrono::{Datelike, Months, NaiveDate, TimeDelta};
use num_rational::BigRational;
use num_traits::Zero;

use super::gone::Malformed;
use super::round::rounded_units;
use super::value::{Nullable, Value};
use super::{Oracle, ten_to, whole};

/// One row of the tape, with the bindings through which its columns are read.
#[derive(Clone, Copy)]
pub(super) struct Row<'o> {
    pub(super) oracle: &'o Oracle<'o>,
    pub(super) index: usize,
    /// The bound columns whose expressions are being read: their own names in them mean the tape's columns.
    pub(super) above: Option<&'o Above<'o>>,
}

/// A bound column, and the one from whose expression it is read.
pub(super) struct Above<'o> {
    column: &'o Column,
    next: Option<&'o Above<'o>>,
}

impl Above<'_> {
    fn contains(&self, column: &Column) -> bool {
        self.column == column || self.next.is_some_and(|next| next.contains(column))
    }
}

impl Row<'_> {
    pub(super) fn column(&self, column: &Column) -> Result<Nullable, Malformed> {
        if self.above.is_none_or(|above| !above.contains(column))
            && let Some(expr) = self.oracle.bindings.get(column)
        {
            let above = Above { column, next: self.above };
            return Row { oracle: self.oracle, index: self.index, above: Some(&above) }.value(expr);
        }
        let tape = self.oracle.tape;
        let Some(position) = tape.position(column.name()) else {
            return Err(Malformed(format!("the tape has no column {column}")));
        };
        let cell = &tape.rows()[self.index][position];
        Ok(Value::of_cell(cell, tape.columns()[position].1))
    }

    pub(super) fn value(&self, expr: &RowExpr) -> Result<Nullable, Malformed> {
        match expr {
            RowExpr::Column(column) => self.column(column),
            RowExpr::Literal(literal) => Ok(Some(constant(literal))),
            RowExpr::Case { branches, otherwise } => {
                for branch in branches {
                    if self.truth(&branch.when)? == Some(true) {
                        return self.value(&branch.then);
                    }
                }
                otherwise.as_ref().map_or(Ok(None), |otherwise| self.value(otherwise))
            }
            RowExpr::DaysBetween { from, to } => self.dates(from, to, |from, to| {
                i128::from(to.num_days_from_ce()) - i128::from(from.num_days_from_ce())
            }),
            RowExpr::MonthsBetween { from, to } => self.dates(from, to, |from, to| {
                let months = |year: i32, month0: u32| i128::from(year) * 12 + i128::from(month0);
                months(to.year(), to.month0()) - months(from.year(), from.month0())
            }),
            RowExpr::FullMonthsBetween { from, to } => self.dates(from, to, full_months),
            RowExpr::AddDays { date, days } => {
                let Some(date) = self.value(date)?.map(Value::date).transpose()? else { return Ok(None) };
                let moved = date.checked_add_signed(TimeDelta::days(i64::from(*days)));
                moved.map(|moved| Some(Value::Date(moved))).ok_or_else(|| {
                    Malformed(format!("{date} and {days} days is past the end of the calendar"))
                })
            }
            other => Ok(self.arithmetic(other)?.map(Value::Number)),
        }
    }

    pub(super) fn number(&self, expr: &RowExpr) -> Result<Option<BigRational>, Malformed> {
        self.value(expr)?.map(Value::number).transpose()
    }

    fn arithmetic(&self, expr: &RowExpr) -> Result<Option<BigRational>, Malformed> {
        match expr {
            RowExpr::Negate(operand) => Ok(self.number(operand)?.map(|x| -x)),
            RowExpr::Arithmetic { operator, left, right } => {
                let both = self.number(left)?.zip(self.number(right)?);
                Ok(both.map(|(left, right)| match operator {
                    RowOperator::Add => left + right,
                    RowOperator::Subtract => left - right,
                    RowOperator::Multiply => left * right,
                }))
            }
            RowExpr::Least(operands) => Ok(self.numbers(operands)?.and_then(|all| all.into_iter().min())),
            RowExpr::Greatest(operands) => Ok(self.numbers(operands)?.and_then(|all| all.into_iter().max())),
            RowExpr::DivRound { dividend, divisor, scale } => {
                let scale = u32::from(*scale);
                let both = self.number(dividend)?.zip(self.number(divisor)?);
                Ok(both.filter(|(_, divisor)| !divisor.is_zero()).map(|(dividend, divisor)| {
                    rounded_units(&(dividend / divisor), scale, RoundingMode::HalfAway) / ten_to(scale)
                }))
            }
            other => Err(Malformed(format!("{other}: not arithmetic"))),
        }
    }

    /// All operands, or NULL if any is.
    fn numbers(&self, operands: &[RowExpr]) -> Result<Option<Vec<BigRational>>, Malformed> {
        let all = operands.iter().map(|operand| self.number(operand)).collect::<Result<Vec<_>, _>>()?;
        Ok(all.into_iter().collect())
    }

    fn dates(
        &self,
        from: &RowExpr,
        to: &RowExpr,
        distance: impl Fn(chrono::NaiveDate, chrono::NaiveDate) -> i128,
    ) -> Result<Nullable, Malformed> {
        let from = self.value(from)?.map(Value::date).transpose()?;
        let to = self.value(to)?.map(Value::date).transpose()?;
        Ok(from.zip(to).map(|(from, to)| Value::Number(whole(distance(from, to)))))
    }
}

/// Complete months, by counting: as many as chrono can add to the earlier date without passing the later one.
fn full_months(from: NaiveDate, to: NaiveDate) -> i128 {
    if to < from {
        return -full_months(to, from);
    }
    let calendar = |date: NaiveDate| i128::from(date.year()) * 12 + i128::from(date.month0());
    let between = calendar(to) - calendar(from);
    let landed = u32::try_from(between).ok().and_then(|months| from.checked_add_months(Months::new(months)));
    if landed.is_some_and(|landed| landed <= to) { between } else { between - 1 }
}

pub(super) fn constant(literal: &Literal) -> Value {
    match literal {
        Literal::Number(number) => Value::Number(whole(number.mantissa()) / ten_to(number.scale())),
        Literal::Text(text) => Value::Text(text.to_string()),
        Literal::Date(date) => Value::Date(*date),
        Literal::Boolean(value) => Value::Boolean(*value),
    }
}
