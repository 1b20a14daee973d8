//! Conditions: `OR`, `AND`, `NOT` and the comparisons.

use abaco_kpi::{Comparison, Literal, Predicate, RowExpr};
use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::Token;

use super::LanguageError;
use super::parser::{Binding, Parsed, Parser};

impl Parser<'_> {
    /// `a AND b AND c` is one conjunction of three; `(a AND b) AND c` keeps its parentheses.
    pub(super) fn joined(
        &mut self,
        left: Parsed,
        binding: Binding,
        word: Keyword,
        join: fn(Vec<Predicate>) -> Predicate,
    ) -> Result<Parsed, LanguageError> {
        let place = left.place;
        let mut parts = vec![*left.condition()];
        while self.takes_keyword(word) {
            parts.push(*self.expression(binding)?.condition());
        }
        Ok(Parsed::from_condition(join(parts), place))
    }

    pub(super) fn negation(&mut self) -> Result<Parsed, LanguageError> {
        let place = self.place();
        self.next();
        let inner = self.nested(Binding::Not)?.condition();
        Ok(Parsed::from_condition(Predicate::Not(inner), place))
    }

    /// A comparison, `BETWEEN`, `IN` or `IS`, whose left side has been read.
    pub(super) fn comparison(&mut self, left: Parsed) -> Result<Parsed, LanguageError> {
        let place = left.place;
        let condition = if let Some(comparison) = comparison_of(self.peek()) {
            self.compared(left, comparison)?
        } else if self.takes_keyword(Keyword::IS) {
            self.after_is(left)?
        } else {
            let negated = self.takes_keyword(Keyword::NOT);
            let condition = if self.takes_keyword(Keyword::BETWEEN) {
                self.between(left)?
            } else if self.takes_keyword(Keyword::IN) {
                Predicate::In { value: *left.value()?, list: self.constants()? }
            } else {
                return Err(self.unexpected("`BETWEEN` or `IN` after NOT"));
            };
            if negated { condition.negated() } else { condition }
        };
        if comparison_of(self.peek()).is_some() {
            return Err(LanguageError::at(self.place(), "comparisons do not chain; join them with AND"));
        }
        Ok(Parsed::from_condition(condition, place))
    }

    fn compared(&mut self, left: Parsed, comparison: Comparison) -> Result<Predicate, LanguageError> {
        let left = left.value()?;
        self.next();
        let right = self.expression(Binding::Comparison)?.value()?;
        Ok(Predicate::Compare { left: *left, comparison, right: *right })
    }

    fn between(&mut self, value: Parsed) -> Result<Predicate, LanguageError> {
        let value = value.value()?;
        let low = self.expression(Binding::Comparison)?.value()?;
        if !self.takes_keyword(Keyword::AND) {
            return Err(self.unexpected("`AND` and the upper end of BETWEEN"));
        }
        let high = self.expression(Binding::Comparison)?.value()?;
        Ok(Predicate::Between { value: *value, low: *low, high: *high })
    }

    /// `NULL`, `TRUE` or `FALSE`, after an optional `NOT`.
    ///
    /// `IS TRUE` and its kin are never unknown, unlike a boolean column as a condition.
    fn after_is(&mut self, left: Parsed) -> Result<Predicate, LanguageError> {
        let (place, value) = (left.place, *left.value()?);
        let negated = self.takes_keyword(Keyword::NOT);
        if self.takes_keyword(Keyword::NULL) {
            let null = Predicate::IsNull(value);
            return Ok(if negated { null.negated() } else { null });
        }
        let wanted = if self.takes_keyword(Keyword::TRUE) {
            true
        } else if self.takes_keyword(Keyword::FALSE) {
            false
        } else {
            return Err(self.unexpected("`NULL`, `TRUE` or `FALSE` after IS"));
        };
        // The operand is used twice below: a column, so that nesting cannot double the tree at each level.
        if !matches!(value, RowExpr::Column(_)) {
            return Err(LanguageError::at(place, "IS TRUE and IS FALSE follow a column"));
        }
        let null = Predicate::IsNull(value.clone());
        let is = Predicate::IsTrue(value);
        Ok(match (wanted, negated) {
            (true, false) => is.and(null.negated()),
            (false, false) => is.negated().and(null.negated()),
            (true, true) => is.negated().or(null),
            (false, true) => is.or(null),
        })
    }

    /// `(constant, ..)`.
    fn constants(&mut self) -> Result<Vec<Literal>, LanguageError> {
        self.expect(&Token::LParen)?;
        let mut list = Vec::new();
        loop {
            let place = self.place();
            self.budget.node(place)?;
            let negative = self.takes(&Token::Minus);
            match self.literal()? {
                Some(Literal::Number(number)) if negative => list.push(Literal::from(-number)),
                Some(literal) if !negative => list.push(literal),
                Some(_) => return Err(LanguageError::at(place, "only a number has a sign")),
                None => return Err(self.unexpected("a constant: an IN list takes nothing else")),
            }
            if self.takes(&Token::RParen) {
                return Ok(list);
            }
            if !self.takes(&Token::Comma) {
                return Err(self.unexpected("`,` or `)`"));
            }
        }
    }
}

fn comparison_of(token: &Token) -> Option<Comparison> {
    Some(match token {
        Token::Eq => Comparison::Equal,
        Token::Neq => Comparison::NotEqual,
        Token::Lt => Comparison::Less,
        Token::LtEq => Comparison::LessOrEqual,
        Token::Gt => Comparison::Greater,
        Token::GtEq => Comparison::GreaterOrEqual,
        _ => return None,
    })
}
