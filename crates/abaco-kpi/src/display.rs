//! The text of the language: what is printed here parses back to the same tree.

use std::fmt::{self, Display, Formatter, Write};

use crate::{
    Aggregate, Column, Comparison, Formula, KeyTerm, KeyedMeasure, Literal, Measure, Predicate, Reduction,
    RoundingMode, RowExpr, RowMeasure, RowOperator,
};

/// Words that the language or SQL reserves; a column so named is printed in double quotes.
const RESERVED: [&str; 40] = [
    "all",
    "and",
    "as",
    "between",
    "by",
    "case",
    "count",
    "date",
    "distinct",
    "else",
    "end",
    "exists",
    "false",
    "filter",
    "from",
    "group",
    "having",
    "in",
    "interval",
    "is",
    "like",
    "limit",
    "max",
    "min",
    "not",
    "null",
    "on",
    "or",
    "order",
    "select",
    "sum",
    "table",
    "then",
    "time",
    "timestamp",
    "true",
    "union",
    "when",
    "where",
    "with",
];

impl Display for Column {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        identifier(self.name(), f)
    }
}

fn identifier(name: &str, f: &mut Formatter<'_>) -> fmt::Result {
    let plain = |(index, byte): (usize, u8)| {
        byte.is_ascii_lowercase() || byte == b'_' || (index > 0 && byte.is_ascii_digit())
    };
    if !name.is_empty() && name.bytes().enumerate().all(plain) && !RESERVED.contains(&name) {
        f.write_str(name)
    } else {
        write!(f, "\"{}\"", name.replace('"', "\"\""))
    }
}

impl Display for Literal {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(f, "{number}"),
            Self::Text(text) => write!(f, "'{}'", text.replace('\'', "''")),
            Self::Date(date) => write!(f, "DATE '{date}'"),
            Self::Boolean(true) => f.write_str("TRUE"),
            Self::Boolean(false) => f.write_str("FALSE"),
        }
    }
}

/// How tightly a printed expression binds; a looser one inside a tighter one needs parentheses.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Binding {
    Or,
    And,
    Not,
    Comparison,
    Sum,
    Product,
    Sign,
    Atom,
}

fn wrapped(f: &mut Formatter<'_>, inner: &dyn Display, parentheses: bool) -> fmt::Result {
    if parentheses { write!(f, "({inner})") } else { write!(f, "{inner}") }
}

fn listed<T: Display>(f: &mut Formatter<'_>, items: &[T]) -> fmt::Result {
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            f.write_str(", ")?;
        }
        write!(f, "{item}")?;
    }
    Ok(())
}

fn call<T: Display>(f: &mut Formatter<'_>, name: &str, arguments: &[T]) -> fmt::Result {
    write!(f, "{name}(")?;
    listed(f, arguments)?;
    f.write_char(')')
}

impl RowExpr {
    fn binding(&self) -> Binding {
        match self {
            Self::Arithmetic { operator: RowOperator::Multiply, .. } => Binding::Product,
            Self::Arithmetic { .. } => Binding::Sum,
            Self::Negate(_) => Binding::Sign,
            Self::Literal(Literal::Number(number)) if number.is_sign_negative() => Binding::Sign,
            _ => Binding::Atom,
        }
    }
}

impl Display for RowExpr {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Column(column) => write!(f, "{column}"),
            Self::Literal(literal) => write!(f, "{literal}"),
            Self::Negate(operand) => {
                // `-5` is a literal and `--` begins a comment, so signs and numbers go into parentheses.
                let number = matches!(**operand, Self::Literal(Literal::Number(_)));
                f.write_char('-')?;
                wrapped(f, operand, number || operand.binding() < Binding::Atom)
            }
            Self::Arithmetic { operator, left, right } => {
                let own = self.binding();
                wrapped(f, left, left.binding() < own)?;
                write!(f, " {operator} ")?;
                wrapped(f, right, right.binding() <= own)
            }
            Self::Case { branches, otherwise } => {
                f.write_str("CASE")?;
                for branch in branches {
                    write!(f, " WHEN {} THEN {}", branch.when, branch.then)?;
                }
                if let Some(otherwise) = otherwise {
                    write!(f, " ELSE {otherwise}")?;
                }
                f.write_str(" END")
            }
            Self::Least(operands) => call(f, "LEAST", operands),
            Self::Greatest(operands) => call(f, "GREATEST", operands),
            Self::DivRound { dividend, divisor, scale } => {
                write!(f, "DIV_ROUND({dividend}, {divisor}, {scale})")
            }
            Self::DaysBetween { from, to } => write!(f, "DAYS_BETWEEN({from}, {to})"),
            Self::MonthsBetween { from, to } => write!(f, "MONTHS_BETWEEN({from}, {to})"),
            Self::FullMonthsBetween { from, to } => write!(f, "FULL_MONTHS_BETWEEN({from}, {to})"),
            Self::AddDays { date, days } => write!(f, "ADD_DAYS({date}, {days})"),
        }
    }
}

impl Display for RowOperator {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
        })
    }
}

impl Display for Comparison {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Equal => "=",
            Self::NotEqual => "<>",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
        })
    }
}

impl Predicate {
    fn binding(&self) -> Binding {
        match self {
            Self::Or(_) => Binding::Or,
            Self::And(_) => Binding::And,
            Self::Not(_) => Binding::Not,
            Self::IsTrue(_) => Binding::Atom,
            _ => Binding::Comparison,
        }
    }

    fn joined(f: &mut Formatter<'_>, parts: &[Predicate], word: &str, own: Binding) -> fmt::Result {
        for (index, part) in parts.iter().enumerate() {
            if index > 0 {
                write!(f, " {word} ")?;
            }
            wrapped(f, part, part.binding() <= own)?;
        }
        Ok(())
    }
}

impl Display for Predicate {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Compare { left, comparison, right } => write!(f, "{left} {comparison} {right}"),
            Self::Between { value, low, high } => write!(f, "{value} BETWEEN {low} AND {high}"),
            Self::In { value, list } => {
                write!(f, "{value} IN (")?;
                listed(f, list)?;
                f.write_char(')')
            }
            Self::IsNull(value) => write!(f, "{value} IS NULL"),
            Self::IsTrue(value) => write!(f, "{value}"),
            Self::And(parts) => Self::joined(f, parts, "AND", Binding::And),
            Self::Or(parts) => Self::joined(f, parts, "OR", Binding::Or),
            Self::Not(inner) => {
                f.write_str("NOT ")?;
                wrapped(f, inner, inner.binding() < Binding::Atom)
            }
        }
    }
}

fn filtered(f: &mut Formatter<'_>, filter: Option<&Predicate>) -> fmt::Result {
    filter.map_or(Ok(()), |predicate| write!(f, " FILTER (WHERE {predicate})"))
}

impl Display for RowMeasure {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match &self.aggregate {
            Aggregate::CountRows => f.write_str("COUNT(*)")?,
            Aggregate::Count(x) => write!(f, "COUNT({x})")?,
            Aggregate::Sum(x) => write!(f, "SUM({x})")?,
            Aggregate::Min(x) => write!(f, "MIN({x})")?,
            Aggregate::Max(x) => write!(f, "MAX({x})")?,
            Aggregate::CountDistinct(key) => write!(f, "COUNT(DISTINCT {key})")?,
        }
        filtered(f, self.filter.as_ref())
    }
}

impl Display for KeyedMeasure {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match &self.reduction {
            Reduction::Sum(formula) => write!(f, "(SELECT SUM({formula})")?,
            Reduction::Top(n, formula) => write!(f, "(SELECT SUM_TOP({n}, {formula})")?,
        }
        f.write_str(" FROM (SELECT ")?;
        for (index, sum) in self.sums.iter().enumerate() {
            if index > 0 {
                f.write_str(", ")?;
            }
            write!(f, "SUM({})", sum.value)?;
            filtered(f, sum.filter.as_ref())?;
            f.write_str(" AS ")?;
            identifier(&sum.name, f)?;
        }
        write!(f, " FROM tape GROUP BY {}))", self.key)
    }
}

impl Display for KeyTerm {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sum(name) => identifier(name, f),
            Self::Total(formula) => write!(f, "TOTAL({formula})"),
        }
    }
}

impl Display for Measure {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rows(rows) => write!(f, "{rows}"),
            Self::Keys(keys) => write!(f, "{keys}"),
        }
    }
}

impl<M> Formula<M> {
    fn binding(&self) -> Binding {
        match self {
            Self::Add(..) | Self::Subtract(..) => Binding::Sum,
            Self::Multiply(..) | Self::Divide(..) => Binding::Product,
            Self::Constant(value) if value.is_sign_negative() => Binding::Sign,
            _ => Binding::Atom,
        }
    }
}

impl<M: Display> Formula<M> {
    fn infix(&self, f: &mut Formatter<'_>, left: &Self, sign: char, right: &Self) -> fmt::Result {
        let own = self.binding();
        wrapped(f, left, left.binding() < own)?;
        write!(f, " {sign} ")?;
        wrapped(f, right, right.binding() <= own)
    }
}

impl<M: Display> Display for Formula<M> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Term(term) => write!(f, "{term}"),
            Self::Constant(value) => write!(f, "{value}"),
            Self::Add(a, b) => self.infix(f, a, '+', b),
            Self::Subtract(a, b) => self.infix(f, a, '-', b),
            Self::Multiply(a, b) => self.infix(f, a, '*', b),
            Self::Divide(a, b) => self.infix(f, a, '/', b),
            Self::Least(all) => call(f, "LEAST", all),
            Self::Greatest(all) => call(f, "GREATEST", all),
            Self::Coalesce(all) => call(f, "COALESCE", all),
            Self::Round { value, scale, mode } => {
                let name = match mode {
                    RoundingMode::HalfAway => "ROUND",
                    RoundingMode::HalfEven => "ROUND_EVEN",
                };
                write!(f, "{name}({value}, {scale})")
            }
            Self::Power(base, exponent) => write!(f, "POWER({base}, {exponent})"),
            Self::Lag(value, snapshots) => write!(f, "LAG({value}, {snapshots})"),
        }
    }
}
