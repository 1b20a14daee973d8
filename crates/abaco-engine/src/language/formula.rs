//! Formulas: arithmetic over terms.

use std::ops::RangeInclusive;

use abaco_kpi::{Formula, MAX_POWER};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::{Location, Token, Word};

use super::LanguageError;
use super::parser::{Binding, Parser};
use super::words::{FormulaFunction, formula_function};

/// The largest scale of `ROUND` and `ROUND_EVEN`: what a decimal holds.
const MAX_ROUND_SCALE: u32 = 28;

/// Boxed, because each frame of the recursion keeps some.
pub(super) type Parsed<M> = Result<Box<Formula<M>>, LanguageError>;

/// What a formula's leaves are: measures, or inside a reduction the totals of a key.
pub(super) trait Leaf: Sized {
    /// The leaf that begins with `word`, which comes next and is no call.
    fn named(parser: &mut Parser<'_>, word: &Word) -> Parsed<Self>;

    /// The call of `function`; its name and its parenthesis have been taken.
    fn called(parser: &mut Parser<'_>, function: FormulaFunction, place: Location) -> Parsed<Self>;

    /// `(SELECT ..`, which comes next.
    fn subquery(parser: &mut Parser<'_>) -> Parsed<Self>;

    /// Whether `LAG` may look at these leaves.
    fn may_lag(_place: Location) -> Result<(), LanguageError> {
        Ok(())
    }
}

impl Parser<'_> {
    /// Reads everything that binds more tightly than `outer`.
    pub(super) fn formula<M: Leaf>(&mut self, outer: Binding) -> Parsed<M> {
        let mut left = self.operand()?;
        while let Some(binding) = operator(self.peek()).filter(|binding| *binding > outer) {
            self.budget.node(self.place())?;
            self.budget.operator(self.place())?;
            let join = match self.next() {
                Token::Plus => Formula::Add,
                Token::Minus => Formula::Subtract,
                Token::Mul => Formula::Multiply,
                _ => Formula::Divide,
            };
            left = Box::new(join(left, self.formula(binding)?));
        }
        Ok(left)
    }

    /// A formula one level deeper, unless that is too deep.
    pub(super) fn inner<M: Leaf>(&mut self, outer: Binding) -> Parsed<M> {
        self.budget.enter(self.place())?;
        let formula = self.formula(outer)?;
        self.budget.leave();
        Ok(formula)
    }

    fn operand<M: Leaf>(&mut self) -> Parsed<M> {
        self.budget.node(self.place())?;
        if let Some(number) = self.peeked_number()? {
            self.next();
            return Ok(Box::new(Formula::from(number)));
        }
        match self.peek() {
            Token::Minus => self.minus(),
            Token::LParen if is_keyword(self.peek_second(), Keyword::SELECT) => M::subquery(self),
            Token::LParen => {
                self.next();
                let inner = self.inner(Binding::Loosest)?;
                self.expect(&Token::RParen)?;
                Ok(inner)
            }
            Token::SingleQuotedString(_) => {
                Err(LanguageError::at(self.place(), "a formula is a number; a text stands in a condition"))
            }
            Token::Word(word) => {
                let word = word.clone();
                if *self.peek_second() == Token::LParen {
                    self.function(&word)
                } else {
                    M::named(self, &word)
                }
            }
            _ => Err(self.unexpected("a number, an aggregate or a function")),
        }
    }

    /// `-5` is a constant; `-f` is `0 - f`, because a formula has no sign of its own.
    fn minus<M: Leaf>(&mut self) -> Parsed<M> {
        self.next();
        if let Some(number) = self.peeked_number()? {
            self.next();
            return Ok(Box::new(Formula::from(-number)));
        }
        self.budget.node(self.place())?;
        let operand = self.inner(Binding::Sign)?;
        Ok(Box::new(Formula::Subtract(Box::new(Formula::from(0)), operand)))
    }

    fn function<M: Leaf>(&mut self, word: &Word) -> Parsed<M> {
        let place = self.place();
        if word.quote_style.is_some() {
            return Err(LanguageError::at(place, "a name in double quotes is a column and cannot be called"));
        }
        let function = formula_function(&word.value).map_err(|message| LanguageError::at(place, message))?;
        self.next();
        self.next();
        let formula = match function {
            FormulaFunction::Least => Formula::Least(self.operands()?),
            FormulaFunction::Greatest => Formula::Greatest(self.operands()?),
            FormulaFunction::Coalesce => Formula::Coalesce(self.operands()?),
            FormulaFunction::Round(mode) => {
                let (value, scale) = self.with_literal(&word.value, "scale", 0..=MAX_ROUND_SCALE)?;
                Formula::Round { value, scale, mode }
            }
            FormulaFunction::Power => {
                let (base, exponent) = self.with_literal(&word.value, "exponent", 1..=MAX_POWER)?;
                Formula::Power(base, exponent)
            }
            FormulaFunction::Lag => {
                M::may_lag(place)?;
                let (value, snapshots) =
                    self.with_literal(&word.value, "number of snapshots", 1..=u32::MAX)?;
                Formula::Lag(value, snapshots)
            }
            FormulaFunction::Aggregate(_)
            | FormulaFunction::Kpi
            | FormulaFunction::SumTop
            | FormulaFunction::Total => return M::called(self, function, place),
        };
        Ok(Box::new(formula))
    }

    /// The arguments of a call, up to its closing parenthesis.
    fn operands<M: Leaf>(&mut self) -> Result<Vec<Formula<M>>, LanguageError> {
        let mut operands = vec![*self.inner(Binding::Loosest)?];
        while self.takes(&Token::Comma) {
            operands.push(*self.inner(Binding::Loosest)?);
        }
        self.expect(&Token::RParen)?;
        Ok(operands)
    }

    /// `f, 12)`: a formula and a literal whole number.
    fn with_literal<M: Leaf>(
        &mut self,
        function: &str,
        what: &str,
        allowed: RangeInclusive<u32>,
    ) -> Result<(Box<Formula<M>>, u32), LanguageError> {
        let formula = self.inner(Binding::Loosest)?;
        if !self.takes(&Token::Comma) {
            return Err(self.unexpected(&format!("`,` and the {what} of {}", function.to_ascii_uppercase())));
        }
        let number = self.whole(function, what, allowed)?;
        self.expect(&Token::RParen)?;
        Ok((formula, number))
    }

    /// A literal whole number in this range.
    pub(super) fn whole(
        &mut self,
        function: &str,
        what: &str,
        allowed: RangeInclusive<u32>,
    ) -> Result<u32, LanguageError> {
        let place = self.place();
        self.budget.node(place)?;
        let number = self.peeked_number()?.filter(Decimal::is_integer).and_then(|number| number.to_u32());
        let Some(number) = number.filter(|number| allowed.contains(number)) else {
            let (name, low, high) = (function.to_ascii_uppercase(), allowed.start(), allowed.end());
            let message = format!("{name} takes a literal {what} from {low} to {high}");
            return Err(LanguageError::at(place, message));
        };
        self.next();
        Ok(number)
    }
}

/// How tightly the token joins what stands before and behind it, if it does.
fn operator(token: &Token) -> Option<Binding> {
    match token {
        Token::Plus | Token::Minus => Some(Binding::Sum),
        Token::Mul | Token::Div => Some(Binding::Product),
        _ => None,
    }
}

pub(super) fn is_keyword(token: &Token, keyword: Keyword) -> bool {
    matches!(token, Token::Word(word) if word.keyword == keyword && word.quote_style.is_none())
}
