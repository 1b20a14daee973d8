//! Calls: a function of the language and its arguments.

use abaco_kpi::{Literal, MAX_ADD_DAYS, RowExpr};
use rust_decimal::prelude::ToPrimitive;
use sqlparser::tokenizer::{Location, Token, Word};

use super::LanguageError;
use super::parser::{Binding, Parsed, Parser};
use super::words::{RowFunction, row_function};

/// The largest scale of `DIV_ROUND`.
const MAX_DIV_ROUND_SCALE: u8 = 18;

impl Parser<'_> {
    /// The call of the function that `word` names; its parenthesis comes next.
    pub(super) fn call(&mut self, word: &Word) -> Result<RowExpr, LanguageError> {
        let place = self.place();
        if word.quote_style.is_some() {
            return Err(LanguageError::at(place, "a name in double quotes is a column and cannot be called"));
        }
        let function =
            row_function(&word.value, self.sight).map_err(|message| LanguageError::at(place, message))?;
        self.next();
        self.next();
        let arguments = self.arguments()?;
        built(function, arguments, place)
    }

    fn arguments(&mut self) -> Result<Vec<Parsed>, LanguageError> {
        let mut arguments = vec![self.nested(Binding::Loosest)?];
        while self.takes(&Token::Comma) {
            arguments.push(self.nested(Binding::Loosest)?);
        }
        self.expect(&Token::RParen)?;
        Ok(arguments)
    }
}

fn built(function: RowFunction, arguments: Vec<Parsed>, place: Location) -> Result<RowExpr, LanguageError> {
    Ok(match function {
        RowFunction::Least => RowExpr::Least(values(arguments)?),
        RowFunction::Greatest => RowExpr::Greatest(values(arguments)?),
        RowFunction::DivRound => {
            let [dividend, divisor, scale] = exactly(arguments, "DIV_ROUND", place)?;
            RowExpr::DivRound {
                dividend: dividend.value()?,
                divisor: divisor.value()?,
                scale: literal_scale(scale)?,
            }
        }
        RowFunction::DaysBetween => {
            let [from, to] = exactly(arguments, "DAYS_BETWEEN", place)?;
            RowExpr::DaysBetween { from: from.value()?, to: to.value()? }
        }
        RowFunction::MonthsBetween => {
            let [from, to] = exactly(arguments, "MONTHS_BETWEEN", place)?;
            RowExpr::MonthsBetween { from: from.value()?, to: to.value()? }
        }
        RowFunction::FullMonthsBetween => {
            let [from, to] = exactly(arguments, "FULL_MONTHS_BETWEEN", place)?;
            RowExpr::FullMonthsBetween { from: from.value()?, to: to.value()? }
        }
        RowFunction::AddDays => {
            let [date, days] = exactly(arguments, "ADD_DAYS", place)?;
            RowExpr::AddDays { date: date.value()?, days: literal_days(days)? }
        }
    })
}

fn values(arguments: Vec<Parsed>) -> Result<Vec<RowExpr>, LanguageError> {
    arguments.into_iter().map(|argument| Ok(*argument.value()?)).collect()
}

fn exactly<const N: usize>(
    arguments: Vec<Parsed>,
    name: &str,
    place: Location,
) -> Result<[Parsed; N], LanguageError> {
    <[Parsed; N]>::try_from(arguments).map_err(|found| {
        LanguageError::at(place, format!("{name} takes {N} arguments, found {}", found.len()))
    })
}

fn literal_days(argument: Parsed) -> Result<i32, LanguageError> {
    let place = argument.place;
    let days = literal_integer(argument)?.and_then(|days| i32::try_from(days).ok());
    days.filter(|days| days.unsigned_abs() <= MAX_ADD_DAYS.unsigned_abs()).ok_or_else(|| {
        LanguageError::at(
            place,
            format!("ADD_DAYS takes a literal whole number from -{MAX_ADD_DAYS} to {MAX_ADD_DAYS}"),
        )
    })
}

fn literal_integer(argument: Parsed) -> Result<Option<i64>, LanguageError> {
    Ok(match *argument.value()? {
        RowExpr::Literal(Literal::Number(number)) if number.is_integer() => number.to_i64(),
        _ => None,
    })
}

fn literal_scale(argument: Parsed) -> Result<u8, LanguageError> {
    let place = argument.place;
    let scale = literal_integer(argument)?.and_then(|scale| u8::try_from(scale).ok());
    scale.filter(|scale| *scale <= MAX_DIV_ROUND_SCALE).ok_or_else(|| {
        LanguageError::at(place, format!("DIV_ROUND takes a literal scale from 0 to {MAX_DIV_ROUND_SCALE}"))
    })
}
