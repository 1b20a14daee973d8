//! Totals per key: `(SELECT SUM(f) FROM (SELECT SUM(x) AS name FROM tape GROUP BY key))`.

use abaco_kpi::{Formula, KeyTerm, KeyedMeasure, Measure, NamedSum, Reduction};
use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::{Location, Token, Word};

use super::LanguageError;
use super::formula::{Leaf, Parsed};
use super::parser::{Binding, Parser};
use super::words::{AggregateFunction, FormulaFunction, formula_function};
use crate::suggest::nearest;

impl Leaf for KeyTerm {
    fn named(parser: &mut Parser<'_>, word: &Word) -> Parsed<Self> {
        let place = parser.place();
        let name = parser.name(word, "a total")?;
        parser.totals.push((name.clone(), place));
        Ok(Box::new(Formula::Term(Self::Sum(name.into()))))
    }

    fn called(parser: &mut Parser<'_>, function: FormulaFunction, place: Location) -> Parsed<Self> {
        if function != FormulaFunction::Total {
            let message = "a reduction names the totals of its key; a figure of the whole tape is TOTAL(..)";
            return Err(LanguageError::at(place, message));
        }
        let total = parser.inner(Binding::Loosest)?;
        parser.expect(&Token::RParen)?;
        Ok(Box::new(Formula::Term(Self::Total(total))))
    }

    fn subquery(parser: &mut Parser<'_>) -> Parsed<Self> {
        let message = "a subquery inside a reduction is a figure of the whole tape: write TOTAL((SELECT ..))";
        Err(LanguageError::at(parser.place(), message))
    }

    fn may_lag(place: Location) -> Result<(), LanguageError> {
        let message = "LAG cannot look at a total of one key: at another snapshot the key may not be there";
        Err(LanguageError::at(place, message))
    }
}

impl Parser<'_> {
    /// The whole of it, from its first parenthesis on.
    pub(super) fn keyed(&mut self) -> Parsed<Measure> {
        self.budget.enter(self.place())?;
        self.next();
        self.next();
        let (reduction, used) = self.reduction()?;
        self.expect_keyword(Keyword::FROM)?;
        self.expect(&Token::LParen)?;
        self.expect_keyword(Keyword::SELECT)?;
        let mut sums = vec![self.named_sum(&[])?];
        while self.takes(&Token::Comma) {
            sums.push(self.named_sum(&sums)?);
        }
        self.expect_keyword(Keyword::FROM)?;
        self.tape()?;
        self.expect_keyword(Keyword::GROUP)?;
        self.expect_keyword(Keyword::BY)?;
        let key = self.key()?;
        self.expect(&Token::RParen)?;
        self.expect(&Token::RParen)?;
        self.budget.leave();
        // The reduction stands in front of the totals that it names.
        if let Some((name, place)) = used.iter().find(|(name, _)| sums.iter().all(|sum| sum.name != *name)) {
            return Err(LanguageError::at(*place, unknown_total(name, &sums)));
        }
        Ok(Box::new(Formula::Term(Measure::Keys(KeyedMeasure { key, sums, reduction }))))
    }

    /// `SUM(f)` or `SUM_TOP(n, f)`, and the totals that it names.
    fn reduction(&mut self) -> Result<(Reduction, Vec<(String, Location)>), LanguageError> {
        let function = match self.peek() {
            Token::Word(word) => formula_function(&word.value).ok(),
            _ => None,
        };
        let top = match function {
            Some(FormulaFunction::Aggregate(AggregateFunction::Sum)) => false,
            Some(FormulaFunction::SumTop) => true,
            _ => return Err(self.expected("`SUM` or `SUM_TOP` over the totals")),
        };
        self.next();
        self.expect(&Token::LParen)?;
        let largest = if top {
            let largest = self.whole("SUM_TOP", "number of keys", 1..=u32::MAX)?;
            self.expect(&Token::Comma)?;
            Some(largest)
        } else {
            None
        };
        let outer = std::mem::take(&mut self.totals);
        let formula = self.inner(Binding::Loosest)?;
        let used = std::mem::replace(&mut self.totals, outer);
        self.expect(&Token::RParen)?;
        let reduction = match largest {
            Some(largest) => Reduction::Top(largest, formula),
            None => Reduction::Sum(formula),
        };
        Ok((reduction, used))
    }

    /// `SUM(x) FILTER (WHERE ..) AS name`.
    fn named_sum(&mut self, earlier: &[NamedSum]) -> Result<NamedSum, LanguageError> {
        self.budget.node(self.place())?;
        if !self.takes_keyword(Keyword::SUM) {
            return Err(self.expected("`SUM`: a key has sums only"));
        }
        self.expect(&Token::LParen)?;
        let value = self.argument()?;
        self.expect(&Token::RParen)?;
        let filter = self.filter()?;
        if !self.takes_keyword(Keyword::AS) {
            return Err(self.expected("`AS` and a name for the total"));
        }
        let place = self.place();
        let Token::Word(word) = self.peek() else {
            return Err(self.unexpected("a name for the total"));
        };
        let word = word.clone();
        let name = self.name(&word, "a total")?;
        if earlier.iter().any(|sum| sum.name == name) {
            return Err(LanguageError::at(place, format!("two totals are called `{name}`")));
        }
        Ok(NamedSum { name: name.into(), value, filter })
    }

    /// The word `tape`: there is no other table.
    fn tape(&mut self) -> Result<(), LanguageError> {
        let is_tape = |word: &Word| word.quote_style.is_none() && word.value.eq_ignore_ascii_case("tape");
        match self.peek() {
            Token::Word(word) if is_tape(word) => {
                self.next();
                Ok(())
            }
            _ => Err(self.unexpected("`tape`, the only table")),
        }
    }
}

fn unknown_total(name: &str, sums: &[NamedSum]) -> String {
    let names = || sums.iter().map(|sum| &*sum.name);
    match nearest(name, names()) {
        Some(known) => format!("no total is called `{name}`; did you mean `{known}`?"),
        None => format!("no total is called `{name}`; there is {}", names().collect::<Vec<_>>().join(", ")),
    }
}
