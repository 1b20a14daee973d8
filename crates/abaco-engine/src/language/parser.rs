//! The reader of tokens: what comes next, what was expected instead, and how deep we are.

use abaco_kpi::{Predicate, RowExpr};
use sqlparser::dialect::Dialect;
use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::{Location, Span, Token, TokenWithSpan, Tokenizer, Whitespace};

use super::LanguageError;
use super::limits::Budget;
use super::scope::Scope;
use super::words::{Sight, refused_word};

/// How the tokens look: plain ASCII names, other names in double quotes, text in single quotes.
#[derive(Debug)]
struct Lexis;

impl Dialect for Lexis {
    fn is_identifier_start(&self, letter: char) -> bool {
        letter.is_ascii_alphabetic() || letter == '_'
    }

    fn is_identifier_part(&self, letter: char) -> bool {
        letter.is_ascii_alphanumeric() || letter == '_'
    }

    fn is_delimited_identifier_start(&self, letter: char) -> bool {
        letter == '"'
    }
}

/// What a part of the text turned out to be, and where it begins.
///
/// Boxed, because an unoptimised build keeps many of these in each frame of the recursion.
#[derive(Debug)]
pub(super) struct Parsed {
    sort: Sort,
    pub(super) place: Location,
}

/// A value and a condition share parentheses, so only what follows tells which one was meant.
#[derive(Debug)]
enum Sort {
    Value(Box<RowExpr>),
    Condition(Box<Predicate>),
}

impl Parsed {
    pub(super) fn from_value(value: RowExpr, place: Location) -> Self {
        Self { sort: Sort::Value(Box::new(value)), place }
    }

    pub(super) fn from_condition(condition: Predicate, place: Location) -> Self {
        Self { sort: Sort::Condition(Box::new(condition)), place }
    }

    /// As a value.
    pub(super) fn value(self) -> Result<Box<RowExpr>, LanguageError> {
        match self.sort {
            Sort::Value(value) => Ok(value),
            Sort::Condition(_) => Err(LanguageError::at(
                self.place,
                "a condition stands where a value is expected; write CASE WHEN .. THEN 1 ELSE 0 END",
            )),
        }
    }

    /// As a condition: a value must be a boolean, which the binder checks.
    pub(super) fn condition(self) -> Box<Predicate> {
        match self.sort {
            Sort::Value(value) => Box::new(Predicate::IsTrue(*value)),
            Sort::Condition(condition) => condition,
        }
    }
}

/// How tightly an operator binds, from the loosest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Binding {
    Loosest,
    Or,
    And,
    Not,
    Comparison,
    Sum,
    Product,
    Sign,
}

/// Reads tokens from left to right and never goes back.
pub(super) struct Parser<'s> {
    tokens: std::vec::IntoIter<TokenWithSpan>,
    end: TokenWithSpan,
    pub(super) budget: Budget,
    pub(super) scope: Scope<'s>,
    /// What the words at hand are about, for messages.
    pub(super) sight: Sight,
    /// The totals that the reduction at hand has named so far.
    pub(super) totals: Vec<(String, Location)>,
}

impl<'s> Parser<'s> {
    pub(super) fn new(text: &str, scope: Scope<'s>, sight: Sight) -> Result<Self, LanguageError> {
        Budget::check_text(text)?;
        let mut tokens = Tokenizer::new(&Lexis, text)
            .tokenize_with_location()
            .map_err(|error| LanguageError::at(error.location, fragment(&error.message)))?;
        let end = tokens.last().map_or(Location::new(1, 1), |token| token.span.end);
        if let Some(comment) = tokens.iter().find(|token| is_comment(&token.token)) {
            let message = "comments are not part of the language; the opposite of a negative is `-(-x)`";
            return Err(LanguageError::at(comment.span.start, message));
        }
        tokens.retain(|token| !matches!(token.token, Token::Whitespace(_)));
        let end = TokenWithSpan::new(Token::EOF, Span::new(end, end));
        let (tokens, totals) = (tokens.into_iter(), Vec::new());
        Ok(Self { tokens, end, budget: Budget::of(text), scope, sight, totals })
    }

    pub(super) fn peek(&self) -> &Token {
        &self.peek_placed().token
    }

    /// The token behind the next one.
    pub(super) fn peek_second(&self) -> &Token {
        self.tokens.as_slice().get(1).map_or(&Token::EOF, |token| &token.token)
    }

    /// Where the next token begins.
    pub(super) fn place(&self) -> Location {
        self.peek_placed().span.start
    }

    fn peek_placed(&self) -> &TokenWithSpan {
        self.tokens.as_slice().first().unwrap_or(&self.end)
    }

    pub(super) fn next(&mut self) -> Token {
        self.tokens.next().map_or(Token::EOF, |token| token.token)
    }

    pub(super) fn peeks_keyword(&self, keyword: Keyword) -> bool {
        matches!(self.peek(), Token::Word(word) if word.keyword == keyword && word.quote_style.is_none())
    }

    /// Takes the keyword if it comes next.
    pub(super) fn takes_keyword(&mut self, keyword: Keyword) -> bool {
        let comes = self.peeks_keyword(keyword);
        if comes {
            self.next();
        }
        comes
    }

    /// Takes the token if it comes next.
    pub(super) fn takes(&mut self, token: &Token) -> bool {
        let comes = self.peek() == token;
        if comes {
            self.next();
        }
        comes
    }

    pub(super) fn expect(&mut self, token: &Token) -> Result<(), LanguageError> {
        if self.takes(token) { Ok(()) } else { Err(self.unexpected(&format!("`{token}`"))) }
    }

    pub(super) fn expect_keyword(&mut self, keyword: Keyword) -> Result<(), LanguageError> {
        if self.takes_keyword(keyword) { Ok(()) } else { Err(self.unexpected(&format!("`{keyword:?}`"))) }
    }

    /// Refuses whatever is left of the text.
    pub(super) fn end(&self) -> Result<(), LanguageError> {
        match self.peek() {
            Token::EOF => Ok(()),
            _ => Err(self.unexpected("an operator or the end of the text")),
        }
    }

    /// Reads everything that binds more tightly than `outer`: a value or a condition.
    pub(super) fn expression(&mut self, outer: Binding) -> Result<Parsed, LanguageError> {
        let mut left = self.prefix()?;
        while let Some(binding) = self.next_binding().filter(|binding| *binding > outer) {
            self.budget.node(self.place())?;
            left = match binding {
                Binding::Or => self.joined(left, binding, Keyword::OR, Predicate::Or)?,
                Binding::And => self.joined(left, binding, Keyword::AND, Predicate::And)?,
                Binding::Comparison => self.comparison(left)?,
                _ => self.arithmetic(left, binding)?,
            };
        }
        Ok(left)
    }

    /// How tightly the next token joins what stands before and behind it, if it does.
    fn next_binding(&self) -> Option<Binding> {
        Some(match self.peek() {
            Token::Plus | Token::Minus => Binding::Sum,
            Token::Mul => Binding::Product,
            Token::Eq | Token::Neq | Token::Lt | Token::LtEq | Token::Gt | Token::GtEq => Binding::Comparison,
            Token::Word(word) if word.quote_style.is_none() => match word.keyword {
                Keyword::OR => Binding::Or,
                Keyword::AND => Binding::And,
                Keyword::IS | Keyword::NOT | Keyword::BETWEEN | Keyword::IN => Binding::Comparison,
                _ => return None,
            },
            _ => return None,
        })
    }

    fn prefix(&mut self) -> Result<Parsed, LanguageError> {
        let place = self.place();
        self.budget.node(place)?;
        let mut parsed = match self.peek() {
            Token::Minus => self.sign()?,
            Token::LParen => {
                self.next();
                let inner = self.nested(Binding::Loosest)?;
                self.expect(&Token::RParen)?;
                inner
            }
            _ if self.peeks_keyword(Keyword::NOT) => self.negation()?,
            _ if self.peeks_keyword(Keyword::CASE) => self.case()?,
            _ => self.atom()?,
        };
        parsed.place = place;
        Ok(parsed)
    }

    /// An expression one level deeper, unless that is too deep.
    pub(super) fn nested(&mut self, outer: Binding) -> Result<Parsed, LanguageError> {
        self.budget.enter(self.place())?;
        let parsed = self.expression(outer)?;
        self.budget.leave();
        Ok(parsed)
    }

    /// The error for the next token: why it is not allowed, or else what was expected instead.
    pub(super) fn unexpected(&self, expected: &str) -> LanguageError {
        let token = self.peek();
        match refused_token(token, self.sight) {
            Some(message) => LanguageError::at(self.place(), message),
            None => self.expected(expected),
        }
    }

    /// The error for the next token where something particular must stand.
    pub(super) fn expected(&self, expected: &str) -> LanguageError {
        let message = match self.peek() {
            Token::EOF => format!("expected {expected}, found the end of the text"),
            token => format!("expected {expected}, found `{}`", shortened(token)),
        };
        LanguageError::at(self.place(), message)
    }
}

fn is_comment(token: &Token) -> bool {
    use Whitespace::{MultiLineComment, SingleLineComment};
    matches!(token, Token::Whitespace(SingleLineComment { .. } | MultiLineComment(_)))
}

fn refused_token(token: &Token, sight: Sight) -> Option<String> {
    let reason = match token {
        Token::Word(word) if word.quote_style.is_none() => return refused_word(&word.value, sight),
        Token::Eq | Token::Neq | Token::Lt | Token::LtEq | Token::Gt | Token::GtEq
            if sight == Sight::Formula =>
        {
            "a formula is a number; a condition stands in FILTER (WHERE ..) or CASE WHEN"
        }
        Token::Div => "a row has no `/`; use DIV_ROUND(dividend, divisor, scale)",
        Token::Mod => "`%` is not part of the language",
        Token::SemiColon => "`;`: the text is one expression; statements are not part of the language",
        Token::DoubleColon => {
            "`::`: casts are not part of the language; the contract fixes the type of each column"
        }
        Token::DoubleEq => "`==` is not part of the language; write `=`",
        Token::Period => "a column has no table in front of it",
        Token::StringConcat => "`||`: texts are not joined in a row",
        Token::NationalStringLiteral(_) | Token::HexStringLiteral(_) => {
            "a text is written 'plain', without a letter in front"
        }
        _ => return None,
    };
    Some(reason.to_owned())
}

fn shortened(token: &Token) -> String {
    let text = token.to_string();
    match text.char_indices().nth(40) {
        Some((end, _)) => format!("{}..", &text[..end]),
        None => text,
    }
}

/// The tokenizer's sentence as a fragment.
fn fragment(message: &str) -> String {
    let mut letters = message.trim_end_matches('.').chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}
