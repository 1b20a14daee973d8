//! Formulas as SQL: exact while they only add, approximate from the first division on.

use abaco_kpi::{Formula, RoundingMode, RowOperator};

use super::number::{Number, aligned, extreme, guarded, ten_to, tenth};
use super::{Refusal, bounded};

/// Decimals kept of an approximate value before it is rounded.
const KEPT_PLACES: u32 = 12;

/// Larger powers of exact numbers would not fit DuckDB's decimals.
const MAX_EXACT_POWER: u32 = 4;

/// A formula as SQL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Amount {
    /// A decimal of known scale.
    Exact(Number),
    /// A double or a decimal, as the engine likes; it needs no parentheses.
    Approximate(String),
}

impl Amount {
    /// The text as an operand.
    pub(super) fn text(&self) -> String {
        match self {
            Self::Exact(number) => number.operand().into_owned(),
            Self::Approximate(text) => text.clone(),
        }
    }

    pub(super) fn is_exact(&self) -> bool {
        matches!(self, Self::Exact(_))
    }

    fn is_literal(&self) -> bool {
        matches!(self, Self::Exact(number) if number.is_literal())
    }

    fn double(&self) -> String {
        match self {
            Self::Exact(number) => format!("CAST({} AS DOUBLE PRECISION)", number.text()),
            Self::Approximate(text) => format!("CAST({text} AS DOUBLE PRECISION)"),
        }
    }
}

/// How products of two terms are computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Products {
    /// As decimals: what does not fit stops the statement.
    Exact,
    /// As doubles: sums of a whole portfolio may be too large to multiply.
    Approximate,
}

/// The formula over terms that `term` writes.
pub(super) fn formula<M: PartialEq>(
    formula: &Formula<M>,
    products: Products,
    term: &mut dyn FnMut(&M) -> Result<Amount, Refusal>,
) -> Result<Amount, Refusal> {
    let mut below = |formula: &Formula<M>| self::formula(formula, products, term);
    Ok(match formula {
        Formula::Term(leaf) => term(leaf)?,
        Formula::Constant(value) => Amount::Exact(Number::literal(*value)),
        Formula::Add(a, b) => sum(&below(a)?, RowOperator::Add, &below(b)?)?,
        Formula::Subtract(a, b) => sum(&below(a)?, RowOperator::Subtract, &below(b)?)?,
        Formula::Multiply(a, b) => product(&below(a)?, products, &below(b)?)?,
        // The way to ask whether something is there: exact, because no quotient is computed.
        Formula::Divide(a, b) if a == b => one_where(&below(a)?)?,
        Formula::Divide(a, b) => {
            let (a, b) = (below(a)?, below(b)?);
            // PostgreSQL divides integers without a remainder.
            let dividend = if a.is_literal() { a.double() } else { a.text() };
            let divisor = match &b {
                Amount::Exact(number) if number.is_never_zero() => b.text(),
                _ => format!("NULLIF({}, 0)", b.text()),
            };
            approximate(format!("({dividend} / {divisor})"))?
        }
        Formula::Least(all) => least_or_greatest("LEAST", &each(all, &mut below)?)?,
        Formula::Greatest(all) => least_or_greatest("GREATEST", &each(all, &mut below)?)?,
        Formula::Coalesce(all) => coalesce(&each(all, &mut below)?)?,
        Formula::Round { value, scale, mode } => rounded(&below(value)?, *scale, *mode)?,
        Formula::Power(base, exponent) => power(&below(base)?, *exponent, products)?,
        Formula::Lag(..) => return Err(Refusal::other("LAG reads an earlier snapshot".to_owned())),
    })
}

fn each<M>(
    all: &[Formula<M>],
    below: &mut dyn FnMut(&Formula<M>) -> Result<Amount, Refusal>,
) -> Result<Vec<Amount>, Refusal> {
    all.iter().map(below).collect()
}

fn approximate(text: String) -> Result<Amount, Refusal> {
    bounded(text).map(Amount::Approximate)
}

/// `x / x`: 1, and undefined where x is zero.
fn one_where(x: &Amount) -> Result<Amount, Refusal> {
    let one = format!("CASE WHEN {} <> 0 THEN CAST(1 AS DECIMAL(38, 0)) END", x.text());
    Number::atom(one, 0).map(Amount::Exact)
}

fn sum(a: &Amount, operator: RowOperator, b: &Amount) -> Result<Amount, Refusal> {
    match (a, b) {
        (Amount::Exact(a), Amount::Exact(b)) => a.arithmetic(operator, b).map(Amount::Exact),
        _ => approximate(format!("({} {operator} {})", a.text(), b.text())),
    }
}

fn product(a: &Amount, products: Products, b: &Amount) -> Result<Amount, Refusal> {
    match (a, b) {
        (Amount::Exact(x), Amount::Exact(y))
            if products == Products::Exact || a.is_literal() || b.is_literal() =>
        {
            x.arithmetic(RowOperator::Multiply, y).map(Amount::Exact)
        }
        (Amount::Exact(_), Amount::Exact(_)) => approximate(format!("({} * {})", a.double(), b.text())),
        _ => approximate(format!("({} * {})", a.text(), b.text())),
    }
}

/// The numbers, if all of them are exact.
fn exact(all: &[Amount]) -> Option<Vec<Number>> {
    all.iter()
        .map(|amount| match amount {
            Amount::Exact(number) => Some(number.clone()),
            Amount::Approximate(_) => None,
        })
        .collect()
}

fn least_or_greatest(name: &str, all: &[Amount]) -> Result<Amount, Refusal> {
    if let Some(numbers) = exact(all) {
        return extreme(name, &numbers).map(Amount::Exact);
    }
    let operands: Vec<String> = all.iter().map(Amount::double).collect();
    let nullable: Vec<String> = all.iter().filter(|amount| !amount.is_literal()).map(Amount::text).collect();
    approximate(guarded(name, &operands, &nullable)?)
}

fn coalesce(all: &[Amount]) -> Result<Amount, Refusal> {
    if let Some(numbers) = exact(all) {
        let (wide, scale) = aligned(&numbers)?;
        let operands: Vec<&str> = wide.iter().map(Number::text).collect();
        return Number::atom(format!("COALESCE({})", operands.join(", ")), scale).map(Amount::Exact);
    }
    let operands: Vec<String> = all.iter().map(Amount::double).collect();
    approximate(format!("COALESCE({})", operands.join(", ")))
}

fn rounded(value: &Amount, scale: u32, mode: RoundingMode) -> Result<Amount, Refusal> {
    let number = match value {
        Amount::Exact(number) if number.scale() <= scale => return Ok(value.clone()),
        Amount::Exact(number) => number.at(number.scale())?,
        // PostgreSQL rounds decimals only, and DuckDB's double may lie beside the tie.
        Amount::Approximate(text) => {
            let places = KEPT_PLACES.max(scale + 2);
            Number::atom(format!("CAST({text} AS DECIMAL(38, {places}))"), places)?
        }
    };
    let text = match mode {
        RoundingMode::HalfAway => format!("ROUND({}, {scale})", number.text()),
        RoundingMode::HalfEven => half_even(&number, scale),
        _ => return Err(Refusal::other("SQL knows no such rounding".to_owned())),
    };
    let result = Number::atom(text, scale)?;
    Ok(if value.is_exact() { Amount::Exact(result) } else { Amount::Approximate(result.text().to_owned()) })
}

/// A tie is where half a step is left; half the value, rounded, then says which neighbour is even.
fn half_even(number: &Number, scale: u32) -> String {
    let steps = format!("({} * {})", number.operand(), ten_to(scale, 1));
    format!(
        "CAST(CASE WHEN ABS({steps} - TRUNC({steps})) = 0.5 THEN 2 * ROUND({steps} * 0.5, 0) ELSE ROUND({steps}, 0) END \
         * {} AS DECIMAL(38, {scale}))",
        tenth(scale)
    )
}

fn power(base: &Amount, exponent: u32, products: Products) -> Result<Amount, Refusal> {
    if let Amount::Exact(number) = base
        && products == Products::Exact
        && (1..=MAX_EXACT_POWER).contains(&exponent)
    {
        let mut power = number.clone();
        for _ in 1..exponent {
            power = power.arithmetic(RowOperator::Multiply, number)?;
        }
        return Ok(Amount::Exact(power));
    }
    approximate(format!("POWER({}, {exponent})", base.double()))
}
