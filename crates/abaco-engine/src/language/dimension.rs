//! Dimensions: what may be added to, compared with and chosen beside what.

use std::fmt::Display;

use abaco_kpi::{
    Aggregate, Column, Formula, KeyTerm, KeyedMeasure, Literal, Measure, Predicate, RowExpr, RowMeasure,
    RowOperator, Unit,
};

use super::quantity::{Measured, Quantity};

/// The most letters of an expression that an error repeats.
const MAX_SHOWN: usize = 120;

/// Why the quantities in a formula do not go together.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
#[non_exhaustive]
pub struct DimensionError {
    message: String,
}

/// Refuses a formula that adds, subtracts, compares or chooses between unlike quantities, or whose result has another
/// power of currency than `unit`.
///
/// Money is a currency; `dpd`, `opening_dpd`, `term_days` and `DAYS_BETWEEN` are days; a count is a count; rates,
/// shares and percents are plain. A constant fits anything, because 365 may be days and 0 may be money: so at the end
/// only the power of currency is held against the unit.
///
/// ```
/// use abaco_engine::{check_dimensions, parse_formula};
/// use abaco_kpi::Unit;
///
/// let par = parse_formula("100 * SUM(past_due_amount) / SUM(outstanding_balance)")?;
/// check_dimensions(&par, Unit::Percent)?;
/// assert_eq!(
///     check_dimensions(&par, Unit::Currency).unwrap_err().to_string(),
///     "the unit is `currency`, but the formula gives a percent",
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`DimensionError`] with both quantities and the place:
///
/// ```
/// use abaco_engine::{check_dimensions, parse_formula};
/// use abaco_kpi::Unit;
///
/// let mixed = parse_formula("SUM(outstanding_balance) + 100 * SUM(paid_principal) / SUM(due_principal)")?;
/// assert_eq!(
///     check_dimensions(&mixed, Unit::Currency).unwrap_err().to_string(),
///     "a percent is not added to a currency: \
///      `SUM(outstanding_balance)` + `100 * SUM(paid_principal) / SUM(due_principal)`",
/// );
/// # Ok::<(), abaco_engine::LanguageError>(())
/// ```
pub fn check_dimensions(formula: &Formula, unit: Unit) -> Result<(), DimensionError> {
    check_dimensions_of(formula, unit, &|column| Measured::by_canonical(column.name()))
}

/// As [`check_dimensions`], over columns that `measured` knows.
pub(crate) fn check_dimensions_of(
    formula: &Formula,
    unit: Unit,
    measured: &dyn Fn(&Column) -> Option<Measured>,
) -> Result<(), DimensionError> {
    let result = Checker { measured }.formula(formula)?;
    let wanted = i64::from(unit == Unit::Currency);
    match result {
        Quantity::Known(found) if found.currency != wanted => {
            let message = format!("the unit is `{unit}`, but the formula gives {found}");
            Err(DimensionError { message })
        }
        _ => Ok(()),
    }
}

struct Checker<'c> {
    measured: &'c dyn Fn(&Column) -> Option<Measured>,
}

type Checked = Result<Quantity, DimensionError>;

impl Checker<'_> {
    fn formula(&self, formula: &Formula) -> Checked {
        arithmetic(formula, &|measure| match measure {
            Measure::Rows(rows) => self.rows(rows),
            Measure::Keys(keys) => self.keys(keys),
        })
    }

    fn rows(&self, rows: &RowMeasure) -> Checked {
        if let Some(filter) = &rows.filter {
            self.predicate(filter)?;
        }
        match &rows.aggregate {
            Aggregate::CountRows | Aggregate::CountDistinct(_) => Ok(Quantity::COUNT),
            Aggregate::Count(x) => self.row(x).map(|_| Quantity::COUNT),
            Aggregate::Sum(x) | Aggregate::Min(x) | Aggregate::Max(x) => self.row(x),
        }
    }

    fn keys(&self, keys: &KeyedMeasure) -> Checked {
        let mut totals = Vec::with_capacity(keys.sums.len());
        for sum in &keys.sums {
            if let Some(filter) = &sum.filter {
                self.predicate(filter)?;
            }
            totals.push((&sum.name, self.row(&sum.value)?));
        }
        arithmetic(keys.formula(), &|term| match term {
            KeyTerm::Sum(name) => {
                let total = totals.iter().find(|(known, _)| *known == name);
                Ok(total.map_or(Quantity::Unknown, |(_, quantity)| *quantity))
            }
            KeyTerm::Total(formula) => self.formula(formula),
        })
    }

    fn row(&self, expr: &RowExpr) -> Checked {
        Ok(match expr {
            RowExpr::Column(column) => (self.measured)(column).map_or(Quantity::Unknown, Quantity::of),
            RowExpr::Literal(Literal::Number(number)) => Quantity::constant(*number),
            RowExpr::Literal(_) => Quantity::Unknown,
            RowExpr::Negate(operand) => self.row(operand)?,
            RowExpr::Arithmetic { operator, left, right } => {
                let (x, y) = (self.row(left)?, self.row(right)?);
                match operator {
                    RowOperator::Add => sum((x, left), (y, right))?,
                    RowOperator::Subtract => difference((x, left), (y, right))?,
                    RowOperator::Multiply => x.times(y),
                }
            }
            RowExpr::Case { branches, otherwise } => {
                for branch in branches {
                    self.predicate(&branch.when)?;
                }
                let results = branches.iter().map(|branch| &branch.then).chain(otherwise.as_deref());
                chosen("CASE", results, |result| self.row(result))?
            }
            RowExpr::Least(all) => chosen("LEAST", all, |x| self.row(x))?,
            RowExpr::Greatest(all) => chosen("GREATEST", all, |x| self.row(x))?,
            RowExpr::DivRound { dividend, divisor, .. } => self.row(dividend)?.over(self.row(divisor)?),
            RowExpr::DaysBetween { .. } => Quantity::DAYS,
            RowExpr::MonthsBetween { .. } | RowExpr::FullMonthsBetween { .. } => Quantity::MONTHS,
            // A date, like any other.
            RowExpr::AddDays { .. } => Quantity::Unknown,
        })
    }

    fn predicate(&self, predicate: &Predicate) -> Result<(), DimensionError> {
        match predicate {
            Predicate::Compare { left, right, .. } => self.compared(left, right),
            Predicate::Between { value, low, high } => {
                self.compared(value, low)?;
                self.compared(value, high)
            }
            Predicate::In { value, .. } | Predicate::IsNull(value) | Predicate::IsTrue(value) => {
                self.row(value).map(|_| ())
            }
            Predicate::And(parts) | Predicate::Or(parts) => {
                parts.iter().try_for_each(|part| self.predicate(part))
            }
            Predicate::Not(inner) => self.predicate(inner),
        }
    }

    fn compared(&self, left: &RowExpr, right: &RowExpr) -> Result<(), DimensionError> {
        let (x, y) = (self.row(left)?, self.row(right)?);
        let message = || format!("{x} is not compared with {y}: {} and {}", shown(left), shown(right));
        x.alike(y).map(|_| ()).ok_or_else(|| DimensionError { message: message() })
    }
}

/// The arithmetic that all formulas share, whatever their terms are.
fn arithmetic<M: Display>(formula: &Formula<M>, term: &dyn Fn(&M) -> Checked) -> Checked {
    let of = |x: &Formula<M>| arithmetic(x, term);
    Ok(match formula {
        Formula::Term(x) => term(x)?,
        Formula::Constant(value) => Quantity::constant(*value),
        Formula::Add(a, b) => sum((of(a)?, a), (of(b)?, b))?,
        Formula::Subtract(a, b) => difference((of(a)?, a), (of(b)?, b))?,
        Formula::Multiply(a, b) => of(a)?.times(of(b)?),
        Formula::Divide(a, b) => of(a)?.over(of(b)?),
        Formula::Least(all) => chosen("LEAST", all, of)?,
        Formula::Greatest(all) => chosen("GREATEST", all, of)?,
        Formula::Coalesce(all) => chosen("COALESCE", all, of)?,
        Formula::Round { value, .. } | Formula::Lag(value, _) => of(value)?,
        Formula::Power(base, exponent) => of(base)?.power(*exponent),
    })
}

fn sum<T: Display>(left: (Quantity, &T), right: (Quantity, &T)) -> Checked {
    left.0.alike(right.0).ok_or_else(|| DimensionError {
        message: format!("{} is not added to {}: {} + {}", right.0, left.0, shown(left.1), shown(right.1)),
    })
}

fn difference<T: Display>(left: (Quantity, &T), right: (Quantity, &T)) -> Checked {
    left.0.alike(right.0).ok_or_else(|| DimensionError {
        message: format!(
            "{} is not subtracted from {}: {} - {}",
            right.0,
            left.0,
            shown(left.1),
            shown(right.1)
        ),
    })
}

/// One of several, of which all must be alike.
fn chosen<'t, T: Display + 't>(
    function: &str,
    all: impl IntoIterator<Item = &'t T>,
    of: impl Fn(&'t T) -> Checked,
) -> Checked {
    let mut result = Quantity::Unknown;
    for operand in all {
        let quantity = of(operand)?;
        result = result.alike(quantity).ok_or_else(|| DimensionError {
            message: format!(
                "{function} does not choose between {result} and {quantity}: {}",
                shown(operand)
            ),
        })?;
    }
    Ok(result)
}

fn shown(expr: &dyn Display) -> String {
    let text = expr.to_string();
    match text.char_indices().nth(MAX_SHOWN) {
        Some((end, _)) => format!("`{}..`", &text[..end]),
        None => format!("`{text}`"),
    }
}
