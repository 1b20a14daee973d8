//! Values: arithmetic, columns, constants and `CASE`.

use abaco_kpi::{Branch, Column, Literal, RowExpr, RowOperator};
use rust_decimal::Decimal;
use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::{Token, Word};

use super::parser::{Binding, Parsed, Parser};
use super::words::{Sight, is_reserved, refused_word};
use super::{LanguageError, literal};

impl Parser<'_> {
    /// `left + right` and the like; `binding` is that of the operator that comes next.
    pub(super) fn arithmetic(&mut self, left: Parsed, binding: Binding) -> Result<Parsed, LanguageError> {
        self.budget.operator(self.place())?;
        let (place, left) = (left.place, left.value()?);
        let operator = match self.next() {
            Token::Plus => RowOperator::Add,
            Token::Minus => RowOperator::Subtract,
            _ => RowOperator::Multiply,
        };
        let right = self.expression(binding)?.value()?;
        Ok(Parsed::from_value(RowExpr::Arithmetic { operator, left, right }, place))
    }

    /// `-5` is a constant; `-x` and `-(5)` are negations.
    pub(super) fn sign(&mut self) -> Result<Parsed, LanguageError> {
        let place = self.place();
        self.next();
        let number = matches!(self.peek(), Token::Number(..));
        let operand = self.nested(Binding::Sign)?.value()?;
        let value = match *operand {
            RowExpr::Literal(Literal::Number(value)) if number => RowExpr::Literal(Literal::from(-value)),
            _ => RowExpr::Negate(operand),
        };
        Ok(Parsed::from_value(value, place))
    }

    /// A constant, a column or a call.
    pub(super) fn atom(&mut self) -> Result<Parsed, LanguageError> {
        let place = self.place();
        if let Some(literal) = self.literal()? {
            return Ok(Parsed::from_value(RowExpr::Literal(literal), place));
        }
        let Token::Word(word) = self.peek() else {
            return Err(self.unexpected("a value"));
        };
        let word = word.clone();
        let value =
            if *self.peek_second() == Token::LParen { self.call(&word)? } else { self.column(&word)? };
        Ok(Parsed::from_value(value, place))
    }

    /// A constant, if one comes next.
    pub(super) fn literal(&mut self) -> Result<Option<Literal>, LanguageError> {
        let place = self.place();
        let refused = |message: String| Err(LanguageError::at(place, message));
        if let Some(number) = self.peeked_number()? {
            self.next();
            return Ok(Some(Literal::from(number)));
        }
        let literal = match self.peek() {
            Token::SingleQuotedString(text) => Literal::Text(text.clone().into()),
            _ if self.peeks_keyword(Keyword::TRUE) => Literal::from(true),
            _ if self.peeks_keyword(Keyword::FALSE) => Literal::from(false),
            _ if self.peeks_keyword(Keyword::DATE) => {
                let date = match self.peek_second() {
                    Token::SingleQuotedString(text) => literal::date(text),
                    _ => None,
                };
                let Some(date) = date else {
                    return refused(
                        "a date is written DATE '2025-01-31'; a column called date needs double quotes"
                            .into(),
                    );
                };
                self.next();
                Literal::from(date)
            }
            _ => return Ok(None),
        };
        self.next();
        Ok(Some(literal))
    }

    /// The number that comes next, if one does.
    pub(super) fn peeked_number(&self) -> Result<Option<Decimal>, LanguageError> {
        let Token::Number(digits, false) = self.peek() else { return Ok(None) };
        literal::number(digits).map(Some).ok_or_else(|| {
            LanguageError::at(self.place(), format!("`{digits}` has no exact decimal of 28 digits"))
        })
    }

    fn column(&mut self, word: &Word) -> Result<RowExpr, LanguageError> {
        Ok(RowExpr::Column(self.column_called(word)?))
    }

    /// The column that `word`, which comes next, names.
    pub(super) fn column_called(&mut self, word: &Word) -> Result<Column, LanguageError> {
        let place = self.place();
        let name = self.name(word, "a column")?;
        (self.scope.column)(&name).map_err(|message| LanguageError::at(place, message))?;
        Ok(Column::new(name))
    }

    /// The name that `word`, which comes next, spells; `what` bears it.
    pub(super) fn name(&mut self, word: &Word, what: &str) -> Result<String, LanguageError> {
        let place = self.place();
        let name = match word.quote_style {
            Some(_) => word.value.clone(),
            None => word.value.to_ascii_lowercase(),
        };
        if name.is_empty() {
            return Err(LanguageError::at(place, format!("{what} has a name")));
        }
        if word.quote_style.is_none() && is_reserved(&name) {
            return Err(LanguageError::at(place, reserved(word, what, self.sight)));
        }
        self.next();
        Ok(name)
    }

    /// `CASE WHEN condition THEN value .. [ELSE value] END`.
    pub(super) fn case(&mut self) -> Result<Parsed, LanguageError> {
        let place = self.place();
        self.next();
        if !self.peeks_keyword(Keyword::WHEN) {
            return Err(self.unexpected("`WHEN`: compare inside it, as in CASE WHEN x = 1 THEN .. END"));
        }
        let mut branches = Vec::new();
        while self.takes_keyword(Keyword::WHEN) {
            branches.push(self.branch()?);
        }
        let mut otherwise = None;
        if self.takes_keyword(Keyword::ELSE) && !self.takes_keyword(Keyword::NULL) {
            otherwise = Some(self.nested(Binding::Loosest)?.value()?);
        }
        self.expect_keyword(Keyword::END)?;
        Ok(Parsed::from_value(RowExpr::Case { branches, otherwise }, place))
    }

    fn branch(&mut self) -> Result<Branch, LanguageError> {
        let when = self.nested(Binding::Loosest)?.condition();
        self.expect_keyword(Keyword::THEN)?;
        let then = self.nested(Binding::Loosest)?.value()?;
        Ok(Branch { when: *when, then: *then })
    }
}

fn reserved(word: &Word, what: &str, sight: Sight) -> String {
    if word.keyword == Keyword::NULL {
        return "NULL is no constant; IS NULL tests for it, and CASE without ELSE yields it".to_owned();
    }
    let reason =
        refused_word(&word.value, sight).unwrap_or_else(|| format!("`{}` is a word of SQL", word.value));
    format!("{reason} ({what} so named needs double quotes)")
}
