//! Aggregates over rows, and the formulas of other KPIs.

use abaco_kpi::{Aggregate, Column, Formula, Measure, Predicate, RowExpr, RowMeasure};
use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::{Location, Token, Word};

use super::LanguageError;
use super::formula::{Leaf, Parsed};
use super::parser::{Binding, Parser};
use super::words::{AggregateFunction, FormulaFunction, Sight, refused_word};

impl Leaf for Measure {
    fn named(parser: &mut Parser<'_>, word: &Word) -> Parsed<Self> {
        if word.quote_style.is_none()
            && let Some(reason) = refused_word(&word.value, Sight::Formula)
        {
            return Err(LanguageError::at(parser.place(), reason));
        }
        let column = Column::new(word.value.clone());
        let message =
            format!("column {column} stands outside of an aggregate; write SUM({column}) or the like");
        Err(LanguageError::at(parser.place(), message))
    }

    fn called(parser: &mut Parser<'_>, function: FormulaFunction, place: Location) -> Parsed<Self> {
        let message = match function {
            FormulaFunction::Aggregate(aggregate) => return parser.aggregate(aggregate, place),
            FormulaFunction::Kpi => return parser.kpi(),
            FormulaFunction::SumTop => {
                "SUM_TOP stands in `(SELECT SUM_TOP(n, ..) FROM (SELECT SUM(..) AS name FROM tape GROUP BY key))`"
            }
            _ => "TOTAL stands inside a reduction; outside of one, its argument is enough",
        };
        Err(LanguageError::at(place, message))
    }

    fn subquery(parser: &mut Parser<'_>) -> Parsed<Self> {
        parser.keyed()
    }
}

impl Parser<'_> {
    /// An aggregate and its filter; its name and its parenthesis have been taken.
    fn aggregate(&mut self, function: AggregateFunction, place: Location) -> Parsed<Measure> {
        let aggregate = match function {
            AggregateFunction::Count if self.takes(&Token::Mul) => Aggregate::CountRows,
            AggregateFunction::Count if self.takes_keyword(Keyword::DISTINCT) => {
                Aggregate::CountDistinct(self.key()?)
            }
            AggregateFunction::Count => Aggregate::Count(self.argument()?),
            AggregateFunction::Sum | AggregateFunction::Avg => Aggregate::Sum(self.argument()?),
            AggregateFunction::Min => Aggregate::Min(self.argument()?),
            AggregateFunction::Max => Aggregate::Max(self.argument()?),
        };
        self.expect(&Token::RParen)?;
        let measure = RowMeasure { aggregate, filter: self.filter()? };
        if function != AggregateFunction::Avg {
            return Ok(Box::new(measure.into()));
        }
        let count = RowMeasure { aggregate: counted(&measure.aggregate), filter: measure.filter.clone() };
        self.budget.written_out(&count, place)?;
        Ok(Box::new(Formula::from(measure) / count))
    }

    /// The argument of an aggregate: one row at a time.
    pub(super) fn argument(&mut self) -> Result<RowExpr, LanguageError> {
        self.sight = Sight::Argument;
        let argument = self.nested(Binding::Loosest)?.value()?;
        self.sight = Sight::Formula;
        Ok(*argument)
    }

    /// `FILTER (WHERE condition)`, if it comes next.
    pub(super) fn filter(&mut self) -> Result<Option<Predicate>, LanguageError> {
        if !self.takes_keyword(Keyword::FILTER) {
            return Ok(None);
        }
        self.expect(&Token::LParen)?;
        self.expect_keyword(Keyword::WHERE)?;
        self.sight = Sight::Argument;
        let condition = self.nested(Binding::Loosest)?.condition();
        self.sight = Sight::Formula;
        self.expect(&Token::RParen)?;
        Ok(Some(*condition))
    }

    /// A column that rows are counted or grouped by.
    pub(super) fn key(&mut self) -> Result<Column, LanguageError> {
        self.budget.node(self.place())?;
        match self.peek() {
            Token::Word(word) => {
                let word = word.clone();
                self.column_called(&word)
            }
            _ => Err(self.unexpected("a column as the key")),
        }
    }

    /// `KPI(id)`: the formula of another KPI, by value; name and parenthesis have been taken.
    fn kpi(&mut self) -> Parsed<Measure> {
        let place = self.place();
        let Token::Word(word) = self.peek() else {
            return Err(self.unexpected("the id of a KPI"));
        };
        let word = word.clone();
        if *self.peek_second() == Token::Period {
            return Err(LanguageError::at(
                place,
                "an id has no dots; other names of a KPI do not stand here",
            ));
        }
        let id = self.name(&word, "a KPI")?;
        let formula = (self.scope.kpi)(&id).map_err(|message| LanguageError::at(place, message))?;
        self.budget.written_out(&formula, place)?;
        self.expect(&Token::RParen)?;
        Ok(Box::new(formula))
    }
}

/// The count of the values that `aggregate` sums.
fn counted(aggregate: &Aggregate) -> Aggregate {
    match aggregate {
        Aggregate::Sum(x) => Aggregate::Count(x.clone()),
        other => other.clone(),
    }
}
