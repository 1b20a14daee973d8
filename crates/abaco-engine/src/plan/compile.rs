//! From row expressions over tape columns to interned nodes with proven digit bounds.

use abaco_kpi::{Column, Comparison, Decimal, Literal, MAX_ADD_DAYS, Predicate, RowExpr, RowOperator};
use arrow::datatypes::i256;
use chrono::{Days, NaiveDate};

use super::columns::{Columns, Holds};
use super::node::{ColumnId, Date, Nodes, NumberId, NumberOp, Truth, TruthId, Width};

/// A row value may have this many digits, so that 2^63 of them still sum within 256 bits.
pub(crate) const MAX_ROW_DIGITS: u32 = 57;

const EPOCH: NaiveDate = match NaiveDate::from_ymd_opt(1970, 1, 1) {
    Some(date) => date,
    None => NaiveDate::MIN,
};

/// Days since 1970-01-01, as Arrow's `Date32` counts them.
pub(crate) fn epoch_days(date: NaiveDate) -> i32 {
    // chrono's dates span about 2^26 days, far inside 32 bits.
    date.signed_duration_since(EPOCH).num_days() as i32
}

/// Why an expression was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// Its values may have more digits than a sum can take.
    TooWide { text: String, digits: u32 },
    /// It makes no sense as it stands.
    Invalid(String),
}

impl Refusal {
    pub(crate) fn into_message(self) -> String {
        match self {
            Self::TooWide { text, digits } => {
                format!(
                    "too_wide: {text} may have {digits} digits, more than the {MAX_ROW_DIGITS} that sum exactly"
                )
            }
            Self::Invalid(message) => message,
        }
    }
}

impl From<String> for Refusal {
    fn from(message: String) -> Self {
        Self::Invalid(message)
    }
}

/// What an expression evaluates to.
#[derive(Clone, Debug)]
pub(crate) enum Operand {
    Number(NumberId),
    Date(Date),
    TextColumn(ColumnId),
    Text(String),
    BooleanColumn(ColumnId),
    Boolean(bool),
}

impl Operand {
    fn kind(&self) -> &'static str {
        match self {
            Self::Number(_) => "a number",
            Self::Date(_) => "a date",
            Self::TextColumn(_) | Self::Text(_) => "a text",
            Self::BooleanColumn(_) | Self::Boolean(_) => "a truth value",
        }
    }
}

/// Compiles expressions into shared nodes.
pub(crate) struct Compiler<'a, 's> {
    pub(crate) columns: &'a mut Columns<'s>,
    pub(crate) nodes: &'a mut Nodes,
    /// Bound decimals by their declared precision, and have the values checked, instead of by physical width.
    pub(crate) declared: bool,
}

type Result<T> = std::result::Result<T, Refusal>;

impl Compiler<'_, '_> {
    pub(crate) fn operand(&mut self, expr: &RowExpr) -> Result<Operand> {
        Ok(match expr {
            RowExpr::Column(column) => self.column(column)?,
            RowExpr::Literal(Literal::Number(value)) => Operand::Number(self.constant(*value)),
            RowExpr::Literal(Literal::Text(text)) => Operand::Text(text.to_string()),
            RowExpr::Literal(Literal::Date(date)) => Operand::Date(Date::Constant(epoch_days(*date))),
            RowExpr::Literal(Literal::Boolean(value)) => Operand::Boolean(*value),
            RowExpr::DaysBetween { from, to } => {
                let op = NumberOp::DaysBetween(self.date(from)?, self.date(to)?);
                Operand::Number(self.nodes.intern_number(op, 0, 10, Width::W64))
            }
            RowExpr::MonthsBetween { from, to } => {
                let op = NumberOp::MonthsBetween(self.date(from)?, self.date(to)?);
                Operand::Number(self.nodes.intern_number(op, 0, 10, Width::W64))
            }
            RowExpr::FullMonthsBetween { from, to } => {
                let op = NumberOp::FullMonthsBetween(self.date(from)?, self.date(to)?);
                Operand::Number(self.nodes.intern_number(op, 0, 10, Width::W64))
            }
            RowExpr::AddDays { date, days } => Operand::Date(shifted(expr, self.date(date)?, *days)?),
            RowExpr::Negate(operand) => {
                let value = self.number(operand)?;
                Operand::Number(self.push(
                    expr,
                    NumberOp::Negate(value),
                    self.scale(value),
                    self.digits(value),
                )?)
            }
            RowExpr::Arithmetic { operator, left, right } => {
                let (left, right) = (self.number(left)?, self.number(right)?);
                Operand::Number(self.arithmetic(expr, *operator, left, right)?)
            }
            RowExpr::Case { branches, otherwise } => {
                let truths =
                    branches.iter().map(|branch| self.truth(&branch.when)).collect::<Result<Vec<_>>>()?;
                let values = branches.iter().map(|branch| &branch.then).chain(otherwise.as_deref());
                let (mut values, scale, digits) = self.aligned(expr, values)?;
                let otherwise = if otherwise.is_some() { values.pop() } else { None };
                let branches = truths.into_iter().zip(values).collect();
                Operand::Number(self.push(expr, NumberOp::Case { branches, otherwise }, scale, digits)?)
            }
            RowExpr::Least(operands) => {
                let (values, scale, digits) = self.aligned(expr, operands)?;
                Operand::Number(self.push(expr, NumberOp::Least(values), scale, digits)?)
            }
            RowExpr::Greatest(operands) => {
                let (values, scale, digits) = self.aligned(expr, operands)?;
                Operand::Number(self.push(expr, NumberOp::Greatest(values), scale, digits)?)
            }
            RowExpr::DivRound { dividend, divisor, scale } => {
                let (dividend, divisor) = (self.number(dividend)?, self.number(divisor)?);
                Operand::Number(self.div_round(expr, dividend, divisor, u32::from(*scale))?)
            }
        })
    }

    pub(crate) fn number(&mut self, expr: &RowExpr) -> Result<NumberId> {
        match self.operand(expr)? {
            Operand::Number(id) => Ok(id),
            other => Err(Refusal::Invalid(format!("{expr}: expected a number, found {}", other.kind()))),
        }
    }

    fn date(&mut self, expr: &RowExpr) -> Result<Date> {
        match self.operand(expr)? {
            Operand::Date(date) => Ok(date),
            other => Err(Refusal::Invalid(format!("{expr}: expected a date, found {}", other.kind()))),
        }
    }

    fn column(&mut self, column: &Column) -> Result<Operand> {
        let id = self.columns.intern(column)?;
        Ok(match self.columns.get(id).holds {
            Holds::Text => Operand::TextColumn(id),
            Holds::Date => Operand::Date(Date::Column(id)),
            Holds::Boolean => Operand::BooleanColumn(id),
            Holds::Number { scale, physical, declared, wide } => {
                // Only decimals declare a precision; an integer's bound is its physical width.
                let checked = self.declared && declared < physical;
                let width = if wide { Width::W128 } else { Width::W64 };
                let digits = if checked { declared } else { physical };
                let op = NumberOp::Column { column: id, checked };
                Operand::Number(self.nodes.intern_number(op, scale, digits, width))
            }
        })
    }

    fn constant(&mut self, value: Decimal) -> NumberId {
        let value = value.normalize();
        self.constant_units(i256::from_i128(value.mantissa()), value.scale())
    }

    fn constant_units(&mut self, units: i256, scale: u32) -> NumberId {
        let digits = decimal_digits(units);
        self.nodes.intern_number(NumberOp::Constant { units, scale }, scale, digits, Width::holding(digits))
    }

    fn scale(&self, id: NumberId) -> u32 {
        self.nodes.number(id).scale
    }

    fn digits(&self, id: NumberId) -> u32 {
        self.nodes.number(id).digits
    }

    fn push(&mut self, expr: &RowExpr, op: NumberOp, scale: u32, digits: u32) -> Result<NumberId> {
        if digits > MAX_ROW_DIGITS || scale > MAX_ROW_DIGITS {
            return Err(Refusal::TooWide { text: expr.to_string(), digits: digits.max(scale) });
        }
        Ok(self.nodes.intern_number(op, scale, digits, Width::holding(digits)))
    }

    /// The same value at a larger scale; exact.
    fn rescale(&mut self, expr: &RowExpr, id: NumberId, scale: u32) -> Result<NumberId> {
        let power = scale.saturating_sub(self.scale(id));
        if power == 0 {
            return Ok(id);
        }
        let digits = self.digits(id) + power;
        if let NumberOp::Constant { units, .. } = self.nodes.number(id).op
            && digits <= MAX_ROW_DIGITS
        {
            return Ok(self.constant_units(units.wrapping_mul(power_of_ten(power)), scale));
        }
        self.push(expr, NumberOp::Rescale { value: id, power }, scale, digits)
    }

    fn aligned<'e>(
        &mut self,
        expr: &RowExpr,
        operands: impl IntoIterator<Item = &'e RowExpr>,
    ) -> Result<(Vec<NumberId>, u32, u32)> {
        let numbers = operands.into_iter().map(|operand| self.number(operand)).collect::<Result<Vec<_>>>()?;
        let scale = numbers.iter().map(|id| self.scale(*id)).max().unwrap_or(0);
        let aligned =
            numbers.into_iter().map(|id| self.rescale(expr, id, scale)).collect::<Result<Vec<_>>>()?;
        let digits = aligned.iter().map(|id| self.digits(*id)).max().unwrap_or(1);
        Ok((aligned, scale, digits))
    }

    fn arithmetic(
        &mut self,
        expr: &RowExpr,
        operator: RowOperator,
        left: NumberId,
        right: NumberId,
    ) -> Result<NumberId> {
        if operator == RowOperator::Multiply {
            let (scale, digits) =
                (self.scale(left) + self.scale(right), self.digits(left) + self.digits(right));
            return self.push(expr, NumberOp::Multiply(left, right), scale, digits);
        }
        let scale = self.scale(left).max(self.scale(right));
        let (left, right) = (self.rescale(expr, left, scale)?, self.rescale(expr, right, scale)?);
        let digits = self.digits(left).max(self.digits(right)) + 1;
        let op = match operator {
            RowOperator::Subtract => NumberOp::Subtract(left, right),
            _ => NumberOp::Add(left, right),
        };
        self.push(expr, op, scale, digits)
    }

    fn div_round(
        &mut self,
        expr: &RowExpr,
        dividend: NumberId,
        divisor: NumberId,
        scale: u32,
    ) -> Result<NumberId> {
        // dividend / 10^a over divisor / 10^b, at `scale`: dividend * 10^(b + scale) / (divisor * 10^a).
        let (a, b) = (self.scale(dividend), self.scale(divisor));
        let (up, down) = ((b + scale).saturating_sub(a), a.saturating_sub(b + scale));
        let digits = self.digits(dividend) + up + 1;
        if self.digits(divisor) + down > MAX_ROW_DIGITS {
            return Err(Refusal::TooWide { text: expr.to_string(), digits: self.digits(divisor) + down });
        }
        self.push(expr, NumberOp::DivRound { dividend, divisor, up, down, scale }, scale, digits)
    }

    pub(crate) fn truth(&mut self, predicate: &Predicate) -> Result<TruthId> {
        let truth = match predicate {
            Predicate::Compare { left, comparison, right } => return self.compare(left, *comparison, right),
            Predicate::Between { value, low, high } => {
                let parts = vec![
                    self.compare(value, Comparison::GreaterOrEqual, low)?,
                    self.compare(value, Comparison::LessOrEqual, high)?,
                ];
                Truth::And(parts)
            }
            Predicate::In { value, list } => {
                let parts = list.iter().map(|literal| {
                    self.compare(value, Comparison::Equal, &RowExpr::Literal(literal.clone()))
                });
                Truth::Or(parts.collect::<Result<Vec<_>>>()?)
            }
            Predicate::IsNull(expr) => self.is_null(expr)?,
            Predicate::IsTrue(expr) => match self.operand(expr)? {
                Operand::BooleanColumn(column) => Truth::Column(column),
                Operand::Boolean(value) => Truth::Constant(value),
                other => {
                    return Err(Refusal::Invalid(format!(
                        "{expr}: expected a truth value, found {}",
                        other.kind()
                    )));
                }
            },
            Predicate::And(parts) => Truth::And(self.truths(parts)?),
            Predicate::Or(parts) => Truth::Or(self.truths(parts)?),
            Predicate::Not(inner) => Truth::Not(self.truth(inner)?),
        };
        Ok(self.nodes.intern_truth(truth))
    }

    fn truths(&mut self, parts: &[Predicate]) -> Result<Vec<TruthId>> {
        parts.iter().map(|part| self.truth(part)).collect()
    }

    fn is_null(&mut self, expr: &RowExpr) -> Result<Truth> {
        Ok(match self.operand(expr)? {
            Operand::Number(id) => match self.nodes.number(id).op {
                NumberOp::Column { column, .. } => Truth::ColumnIsNull(column),
                _ => Truth::NumberIsNull(id),
            },
            Operand::Date(Date::Column(column) | Date::Shifted(column, _))
            | Operand::TextColumn(column)
            | Operand::BooleanColumn(column) => Truth::ColumnIsNull(column),
            Operand::Date(Date::Constant(_)) | Operand::Text(_) | Operand::Boolean(_) => {
                Truth::Constant(false)
            }
        })
    }

    fn compare(&mut self, left: &RowExpr, test: Comparison, right: &RowExpr) -> Result<TruthId> {
        let truth = match (self.operand(left)?, self.operand(right)?) {
            (Operand::Number(a), Operand::Number(b)) => {
                let scale = self.scale(a).max(self.scale(b));
                let (left, right) = (self.rescale(left, a, scale)?, self.rescale(right, b, scale)?);
                Truth::CompareNumbers { left, test, right }
            }
            (Operand::Date(left), Operand::Date(right)) => Truth::CompareDates { left, test, right },
            (Operand::TextColumn(column), Operand::Text(constant)) => {
                Truth::CompareText { column, test, constant }
            }
            (Operand::Text(constant), Operand::TextColumn(column)) => {
                Truth::CompareText { column, test: mirrored(test), constant }
            }
            (Operand::TextColumn(left), Operand::TextColumn(right)) => {
                Truth::CompareTexts { left, test, right }
            }
            (Operand::Text(left), Operand::Text(right)) => Truth::Constant(holds_for(test, left.cmp(&right))),
            (Operand::BooleanColumn(column), Operand::Boolean(wanted))
            | (Operand::Boolean(wanted), Operand::BooleanColumn(column))
                if matches!(test, Comparison::Equal | Comparison::NotEqual) =>
            {
                let truth = Truth::Column(column);
                if wanted == (test == Comparison::Equal) {
                    truth
                } else {
                    Truth::Not(self.nodes.intern_truth(truth))
                }
            }
            (a, b) => {
                return Err(Refusal::Invalid(format!(
                    "{left} {test} {right}: {} cannot be compared with {}",
                    a.kind(),
                    b.kind()
                )));
            }
        };
        Ok(self.nodes.intern_truth(truth))
    }
}

/// `date` moved by `days`: a constant that leaves the calendar, and a move too far, are refused.
fn shifted(expr: &RowExpr, date: Date, days: i32) -> Result<Date> {
    let refused = |reason: &str| Refusal::Invalid(format!("{expr}: {reason}"));
    let within = |days: i32| (-MAX_ADD_DAYS..=MAX_ADD_DAYS).contains(&days);
    let too_far = || refused(&format!("a date is moved by at most {MAX_ADD_DAYS} days"));
    if !within(days) {
        return Err(too_far());
    }
    Ok(match date {
        Date::Constant(start) => {
            let start = date_of(start).ok_or_else(|| refused("there is no such date"))?;
            let distance = Days::new(days.unsigned_abs().into());
            let moved =
                if days < 0 { start.checked_sub_days(distance) } else { start.checked_add_days(distance) };
            Date::Constant(epoch_days(moved.ok_or_else(|| refused("there is no such date"))?))
        }
        Date::Column(column) if days == 0 => Date::Column(column),
        Date::Column(column) => Date::Shifted(column, days),
        Date::Shifted(column, earlier) => match earlier + days {
            0 => Date::Column(column),
            days if within(days) => Date::Shifted(column, days),
            _ => return Err(too_far()),
        },
    })
}

fn date_of(days: i32) -> Option<NaiveDate> {
    EPOCH.checked_add_signed(chrono::TimeDelta::days(days.into()))
}

pub(crate) fn mirrored(test: Comparison) -> Comparison {
    match test {
        Comparison::Less => Comparison::Greater,
        Comparison::LessOrEqual => Comparison::GreaterOrEqual,
        Comparison::Greater => Comparison::Less,
        Comparison::GreaterOrEqual => Comparison::LessOrEqual,
        same => same,
    }
}

/// Whether a comparison with this result passes the test.
pub(crate) fn holds_for(test: Comparison, ordering: std::cmp::Ordering) -> bool {
    match test {
        Comparison::Equal => ordering.is_eq(),
        Comparison::NotEqual => ordering.is_ne(),
        Comparison::Less => ordering.is_lt(),
        Comparison::LessOrEqual => ordering.is_le(),
        Comparison::Greater => ordering.is_gt(),
        Comparison::GreaterOrEqual => ordering.is_ge(),
    }
}

/// Ten to the power of at most 76; larger powers never pass the digit bound.
pub(crate) fn power_of_ten(exponent: u32) -> i256 {
    i256::from_i128(10).wrapping_pow(exponent)
}

fn decimal_digits(units: i256) -> u32 {
    let magnitude = units.wrapping_abs();
    let mut digits = 1;
    while digits < MAX_ROW_DIGITS && magnitude >= power_of_ten(digits) {
        digits += 1;
    }
    digits
}
