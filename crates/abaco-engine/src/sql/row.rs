//! Row expressions as SQL.

use abaco_kpi::{Literal, MAX_ADD_DAYS, RowExpr};

use super::columns::Types;
use super::number::{Number, aligned, extreme, ten_to, tenth};
use super::predicate::predicate;
use super::{MAX_SCALE, Refusal, SqlType, identifier};

/// A row expression as SQL, by what it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Operand {
    Number(Number),
    Date(String),
    Text(String),
    Truth(String),
}

impl Operand {
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Number(_) => "a number",
            Self::Date(_) => "a date",
            Self::Text(_) => "a text",
            Self::Truth(_) => "a truth value",
        }
    }

    /// The text as an operand of what comes next.
    pub(super) fn text(&self) -> String {
        match self {
            Self::Number(number) => number.operand().into_owned(),
            Self::Date(text) | Self::Text(text) | Self::Truth(text) => text.clone(),
        }
    }
}

pub(super) fn operand(expr: &RowExpr, types: &Types<'_>) -> Result<Operand, Refusal> {
    let value = |expr: &RowExpr| number(expr, types);
    let numbers = |all: &[RowExpr]| all.iter().map(value).collect::<Result<Vec<_>, _>>();
    let exact = match expr {
        RowExpr::Column(column) => {
            let name = identifier(column.name()).into_owned();
            match types.of(column)? {
                SqlType::Decimal(scale) => Number::atom(name, scale)?,
                SqlType::Text => return Ok(Operand::Text(name)),
                SqlType::Date => return Ok(Operand::Date(name)),
                SqlType::Boolean => return Ok(Operand::Truth(name)),
            }
        }
        RowExpr::Literal(constant) => return literal(constant),
        RowExpr::Negate(inner) => value(inner)?.negated()?,
        RowExpr::Arithmetic { operator, left, right } => {
            value(left)?.arithmetic(*operator, &value(right)?)?
        }
        RowExpr::Case { branches, otherwise } => {
            let values: Vec<&RowExpr> =
                branches.iter().map(|branch| &branch.then).chain(otherwise.as_deref()).collect();
            let values = values.into_iter().map(value).collect::<Result<Vec<_>, _>>()?;
            let (values, scale) = aligned(&values)?;
            let mut text = "CASE".to_owned();
            for (branch, then) in branches.iter().zip(&values) {
                text.push_str(&format!(" WHEN {} THEN {}", predicate(&branch.when, types)?, then.text()));
            }
            if let (Some(last), true) = (values.last(), otherwise.is_some()) {
                text.push_str(&format!(" ELSE {}", last.text()));
            }
            Number::atom(text + " END", scale)?
        }
        RowExpr::Least(all) => extreme("LEAST", &numbers(all)?)?,
        RowExpr::Greatest(all) => extreme("GREATEST", &numbers(all)?)?,
        RowExpr::DivRound { dividend, divisor, scale } => {
            div_round(&value(dividend)?, &value(divisor)?, u32::from(*scale))?
        }
        RowExpr::DaysBetween { from, to } => {
            Number::integer(&format!("{} - {}", date(to, types)?, date(from, types)?))?
        }
        RowExpr::MonthsBetween { from, to } => {
            Number::integer(&months(&date(from, types)?, &date(to, types)?))?
        }
        RowExpr::FullMonthsBetween { from, to } => {
            Number::integer(&full_months(&date(from, types)?, &date(to, types)?))?
        }
        RowExpr::AddDays { date: from, days } => return add_days(&date(from, types)?, *days),
    };
    Ok(Operand::Number(exact))
}

pub(super) fn literal(constant: &Literal) -> Result<Operand, Refusal> {
    Ok(match constant {
        Literal::Number(value) => Operand::Number(Number::literal(*value)),
        Literal::Text(text) if text.contains('\0') => {
            return Err(Refusal::other("PostgreSQL has no texts with the character NUL".to_owned()));
        }
        Literal::Text(text) => Operand::Text(format!("'{}'", text.replace('\'', "''"))),
        Literal::Date(date) => Operand::Date(format!("DATE '{date}'")),
        Literal::Boolean(value) => Operand::Truth(if *value { "TRUE" } else { "FALSE" }.to_owned()),
    })
}

pub(super) fn number(expr: &RowExpr, types: &Types<'_>) -> Result<Number, Refusal> {
    match operand(expr, types)? {
        Operand::Number(number) => Ok(number),
        other => Err(Refusal::other(format!("{expr}: expected a number, found {}", other.kind()))),
    }
}

fn date(expr: &RowExpr, types: &Types<'_>) -> Result<String, Refusal> {
    match operand(expr, types)? {
        Operand::Date(date) => Ok(date),
        other => Err(Refusal::other(format!("{expr}: expected a date, found {}", other.kind()))),
    }
}

/// The difference of the calendar months.
fn months(from: &str, to: &str) -> String {
    format!(
        "(EXTRACT(YEAR FROM {to}) - EXTRACT(YEAR FROM {from})) * 12 \
         + EXTRACT(MONTH FROM {to}) - EXTRACT(MONTH FROM {from})"
    )
}

/// The same less the month that is not complete: the later day has not come, nor has its month ended.
fn full_months(from: &str, to: &str) -> String {
    let incomplete = |from: &str, to: &str| {
        format!("EXTRACT(DAY FROM {to}) < EXTRACT(DAY FROM {from}) AND EXTRACT(DAY FROM {to} + 1) <> 1")
    };
    format!(
        "{} - CASE WHEN {from} <= {to} AND {} THEN 1 WHEN {from} > {to} AND {} THEN -1 ELSE 0 END",
        months(from, to),
        incomplete(from, to),
        incomplete(to, from)
    )
}

fn add_days(date: &str, days: i32) -> Result<Operand, Refusal> {
    if days.unsigned_abs() > MAX_ADD_DAYS.unsigned_abs() {
        return Err(Refusal::other(format!("ADD_DAYS: expected at most {MAX_ADD_DAYS} days, found {days}")));
    }
    let sign = if days < 0 { '-' } else { '+' };
    Ok(Operand::Date(format!("({date} {sign} {})", days.unsigned_abs())))
}

/// `a / b` at `scale` places, half away from zero, without trusting a division.
///
/// With x = 2|a| 10^scale + |b| and y = 2|b| the quotient wanted is floor(x / y). Both engines take the remainder of
/// decimals exactly, and x less its remainder is a whole multiple of y, so that even a division in doubles lands next to
/// the whole number that it must be. That holds up to 14 digits; the cast stops the statement beyond.
fn div_round(a: &Number, b: &Number, scale: u32) -> Result<Number, Refusal> {
    let meet = a.scale().max(b.scale());
    if meet + scale > MAX_SCALE {
        return Err(Refusal::Scale(meet + scale));
    }
    let (a, b) = (a.at(meet)?, b.at(meet)?);
    let divisor = format!("NULLIF(ABS({}), 0)", b.text());
    let x = format!("({} * ABS({}) + {divisor})", ten_to(scale, 2), a.text());
    let y = format!("(2 * {divisor})");
    let quotient = format!("CAST(ROUND(({x} - {x} % {y}) / {y}) AS DECIMAL(14, 0))");
    let (a, b) = (a.operand(), b.operand());
    let text = format!(
        "CAST(CASE WHEN ({a} < 0) <> ({b} < 0) THEN -{quotient} ELSE {quotient} END * {} AS DECIMAL(38, {scale}))",
        tenth(scale)
    );
    Number::atom(text, scale)
}
