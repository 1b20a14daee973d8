//! The language from outside: round trips, an independent reading of the same text, refusals and limits.

use abaco_engine::{MAX_CHAIN, MAX_DEPTH, MAX_NODES, MAX_TEXT_BYTES, parse_predicate, parse_row_expr};
use abaco_kpi::{
    Branch, Column, Comparison, Literal, MAX_ADD_DAYS, Predicate, RowExpr, RowOperator, add_days, case, col,
    full_months_between, lit,
};
use chrono::NaiveDate;
use proptest::collection::vec;
use proptest::prelude::*;
use rust_decimal::Decimal;

/// Names that print bare, words of SQL that print bare or quoted, and names that only quotes can hold.
const NAMES: &[&str] = &[
    "dpd",
    "outstanding_balance",
    "_x",
    "a1",
    "select",
    "date",
    "sum",
    "end",
    "position",
    "lambda",
    "interval",
    "user",
    "ilike",
    "cast",
    "least",
    "drop",
    "Mixed Case",
    "DPD",
    "a\"b",
    "1st",
    "größe",
    "--",
    "a.b",
    "'",
];

fn column_names() -> impl Strategy<Value = String> {
    prop_oneof![4 => prop::sample::select(NAMES).prop_map(str::to_owned), 1 => "\\PC{1,8}"]
}

fn literals() -> impl Strategy<Value = Literal> {
    let number = (any::<i128>(), 0..=96_u32, 0..=28_u32).prop_map(|(mantissa, shift, scale)| {
        Literal::from(Decimal::from_i128_with_scale((mantissa >> 32) >> shift, scale))
    });
    let date = (0..=9999_i32, 1..=366_u32).prop_filter_map("a day of the year", |(year, day)| {
        NaiveDate::from_yo_opt(year, day).map(Literal::from)
    });
    let text = prop_oneof![
        prop::sample::select(&["", "sme", "it's", "''", "a\nb", "\\'", "\"", "--", "/*", "\r\n", "\0"][..])
            .prop_map(str::to_owned),
        any::<String>(),
    ]
    .prop_map(|text| Literal::Text(text.into()));
    prop_oneof![3 => (-99..99_i64).prop_map(Literal::from), 2 => number, 1 => date, 1 => text, 1 => any::<bool>().prop_map(Literal::from)]
}

fn comparisons() -> impl Strategy<Value = Comparison> {
    use Comparison::{Equal, Greater, GreaterOrEqual, Less, LessOrEqual, NotEqual};
    prop::sample::select(&[Equal, NotEqual, Less, LessOrEqual, Greater, GreaterOrEqual][..])
}

fn operators() -> impl Strategy<Value = RowOperator> {
    prop::sample::select(&[RowOperator::Add, RowOperator::Subtract, RowOperator::Multiply][..])
}

/// Predicates over operands of one kind. Conjunctions have two parts or more: one of one prints as its part.
fn predicates(
    operands: BoxedStrategy<RowExpr>,
    constants: BoxedStrategy<Literal>,
) -> impl Strategy<Value = Predicate> {
    let operand = || operands.clone();
    let leaf = prop_oneof![
        (operand(), comparisons(), operand()).prop_map(|(left, comparison, right)| Predicate::Compare {
            left,
            comparison,
            right
        }),
        (operand(), operand(), operand()).prop_map(|(value, low, high)| Predicate::Between {
            value,
            low,
            high
        }),
        (operand(), vec(constants, 1..4)).prop_map(|(value, list)| Predicate::In { value, list }),
        operand().prop_map(Predicate::IsNull),
        operand().prop_map(Predicate::IsTrue),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            vec(inner.clone(), 2..4).prop_map(Predicate::And),
            vec(inner.clone(), 2..4).prop_map(Predicate::Or),
            inner.prop_map(Predicate::negated),
        ]
    })
}

fn expressions() -> impl Strategy<Value = RowExpr> {
    let leaf = prop_oneof![
        column_names().prop_map(|name| RowExpr::Column(Column::new(name))),
        literals().prop_map(RowExpr::Literal),
    ];
    leaf.prop_recursive(4, 24, 3, |inner| {
        let boxed = || inner.clone().prop_map(Box::new);
        let branch = (predicates(inner.clone().boxed(), literals().boxed()), inner.clone())
            .prop_map(|(when, then)| Branch { when, then });
        prop_oneof![
            2 => boxed().prop_map(RowExpr::Negate),
            4 => (operators(), boxed(), boxed())
                .prop_map(|(operator, left, right)| RowExpr::Arithmetic { operator, left, right }),
            2 => (vec(branch, 1..3), prop::option::of(boxed()))
                .prop_map(|(branches, otherwise)| RowExpr::Case { branches, otherwise }),
            1 => vec(inner.clone(), 1..4).prop_map(RowExpr::Least),
            1 => vec(inner.clone(), 1..4).prop_map(RowExpr::Greatest),
            1 => (boxed(), boxed(), 0..=18_u8)
                .prop_map(|(dividend, divisor, scale)| RowExpr::DivRound { dividend, divisor, scale }),
            1 => (boxed(), boxed()).prop_map(|(from, to)| RowExpr::DaysBetween { from, to }),
            1 => (boxed(), boxed()).prop_map(|(from, to)| RowExpr::MonthsBetween { from, to }),
            1 => (boxed(), boxed()).prop_map(|(from, to)| RowExpr::FullMonthsBetween { from, to }),
            1 => (boxed(), -MAX_ADD_DAYS..=MAX_ADD_DAYS).prop_map(|(date, days)| RowExpr::AddDays { date, days }),
        ]
    })
}

/// What may be put into a text.
const PIECES: &[&str] = &[
    "(",
    ")",
    "-",
    "--",
    "/",
    ",",
    "'",
    "\"",
    "NOT ",
    "AND ",
    " IN (",
    "CASE ",
    "END",
    "NULL",
    "IS ",
    "1e9",
    ";",
    "DATE ",
    "::",
    "%",
    "\u{0}",
    "é",
    ".",
    "0x",
    " BETWEEN ",
    "SELECT ",
    "/*",
];

/// One small change to a text: a piece cut out, doubled, or replaced by a word of the language.
fn mutated() -> impl Strategy<Value = String> {
    let text = prop_oneof![
        expressions().prop_map(|expr| expr.to_string()),
        predicates(expressions().boxed(), literals().boxed()).prop_map(|predicate| predicate.to_string()),
    ];
    (text, any::<prop::sample::Index>(), 0..6_usize, prop::sample::select(PIECES), 0..3_u8).prop_map(
        |(text, at, length, word, kind)| {
            let letters: Vec<char> = text.chars().collect();
            let from = at.index(letters.len() + 1);
            let to = (from + length).min(letters.len());
            let [before, cut, after] = [&letters[..from], &letters[from..to], &letters[to..]]
                .map(|part| part.iter().collect::<String>());
            match kind {
                0 => format!("{before}{after}"),
                1 => format!("{before}{cut}{cut}{after}"),
                _ => format!("{before}{word}{after}"),
            }
        },
    )
}

/// Whatever is accepted prints to a text that means the same, and nothing panics.
fn survives(text: &str) -> Result<(), TestCaseError> {
    if let Ok(expr) = parse_row_expr(text) {
        prop_assert_eq!(parse_row_expr(&expr.to_string()), Ok(expr), "{}", text);
    }
    match parse_predicate(text) {
        Ok(predicate) => prop_assert_eq!(parse_predicate(&predicate.to_string()), Ok(predicate), "{}", text),
        Err(error) => {
            let lines = text.chars().filter(|letter| *letter == '\n' || *letter == '\r').count() as u64 + 1;
            prop_assert!((1..=lines).contains(&error.line()) && error.column() >= 1, "{} {}", error, text);
            prop_assert!(!error.message().is_empty() && !error.message().ends_with('.'), "{}", error);
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn a_printed_expression_parses_to_the_same_tree(expr in expressions()) {
        prop_assert_eq!(parse_row_expr(&expr.to_string()), Ok(expr));
    }

    #[test]
    fn a_printed_predicate_parses_to_the_same_tree(predicate in predicates(expressions().boxed(), literals().boxed())) {
        prop_assert_eq!(parse_predicate(&predicate.to_string()), Ok(predicate));
    }

    #[test]
    fn sqlparser_reads_the_same_precedence(predicate in predicates(plain().boxed(), (-9..9_i64).prop_map(Literal::from).boxed())) {
        let explicit = oracle::parenthesised(&predicate.to_string());
        let reread = parse_predicate(&explicit).map(|tree| oracle::flat(&tree));
        prop_assert_eq!(reread, Ok(oracle::flat(&predicate)), "{}", explicit);
    }

    #[test]
    fn any_text_is_parsed_or_refused(text in any::<String>()) {
        survives(&text)?;
    }

    #[test]
    fn a_broken_text_is_parsed_or_refused(text in mutated()) {
        survives(&text)?;
    }
}

/// Expressions whose names and constants every SQL parser reads alike.
fn plain() -> impl Strategy<Value = RowExpr> {
    let leaf = prop_oneof![
        prop::sample::select(&["a", "b", "dpd"][..]).prop_map(col),
        (-9..9_i64).prop_map(lit),
        Just(lit("it's")),
    ];
    leaf.prop_recursive(3, 12, 2, |inner| {
        let boxed = || inner.clone().prop_map(Box::new);
        prop_oneof![
            boxed().prop_map(RowExpr::Negate),
            (operators(), boxed(), boxed()).prop_map(|(operator, left, right)| RowExpr::Arithmetic {
                operator,
                left,
                right
            }),
        ]
    })
}

/// An independent reading: sqlparser's own parser of expressions.
mod oracle {
    use abaco_kpi::Predicate;
    use sqlparser::ast::{Expr, UnaryOperator, Value};
    use sqlparser::dialect::GenericDialect;
    use sqlparser::parser::Parser;

    /// The text with the parentheses that sqlparser understands, and no others to go by.
    pub(super) fn parenthesised(text: &str) -> String {
        let mut parser =
            Parser::new(&GenericDialect {}).with_recursion_limit(500).try_with_sql(text).unwrap();
        explicit(&parser.parse_expr().unwrap())
    }

    fn explicit(expr: &Expr) -> String {
        match expr {
            Expr::Nested(inner) => explicit(inner),
            Expr::BinaryOp { left, op, right } => format!("({} {op} {})", explicit(left), explicit(right)),
            Expr::UnaryOp { op: UnaryOperator::Not, expr } => format!("(NOT {})", explicit(expr)),
            Expr::UnaryOp { expr, .. } => match &**expr {
                Expr::Value(value) if matches!(value.value, Value::Number(..)) => format!("(-{value})"),
                operand => format!("(-({}))", explicit(operand)),
            },
            Expr::Between { expr, low, high, .. } => {
                format!("({} BETWEEN {} AND {})", explicit(expr), explicit(low), explicit(high))
            }
            Expr::InList { expr, list, .. } => {
                let list: Vec<String> = list.iter().map(ToString::to_string).collect();
                format!("({} IN ({}))", explicit(expr), list.join(", "))
            }
            Expr::IsNull(expr) => format!("({} IS NULL)", explicit(expr)),
            Expr::Value(_) | Expr::TypedString(_) | Expr::Identifier(_) => expr.to_string(),
            other => panic!("{other}"),
        }
    }

    /// `(a AND b) AND c` as `a AND b AND c`, because explicit parentheses group every pair.
    pub(super) fn flat(predicate: &Predicate) -> Predicate {
        match predicate {
            Predicate::And(parts) => {
                let parts = parts.iter().map(flat).flat_map(|part| match part {
                    Predicate::And(inner) => inner,
                    other => vec![other],
                });
                Predicate::And(parts.collect())
            }
            Predicate::Or(parts) => {
                let parts = parts.iter().map(flat).flat_map(|part| match part {
                    Predicate::Or(inner) => inner,
                    other => vec![other],
                });
                Predicate::Or(parts.collect())
            }
            Predicate::Not(inner) => flat(inner).negated(),
            other => other.clone(),
        }
    }
}

#[test]
fn every_keyword_of_sql_can_be_a_column() {
    for word in sqlparser::keywords::ALL_KEYWORDS {
        let column = RowExpr::Column(Column::new(word.to_ascii_lowercase()));
        assert_eq!(parse_row_expr(&column.to_string()), Ok(column), "{word}");
    }
}

#[test]
fn the_usual_spellings_are_read() {
    let dpd = || col("dpd");
    let flag = || col("is_written_off");
    let date = |text: &str| lit(text.parse::<NaiveDate>().unwrap());
    let cases = [
        ("DPD >= 30", dpd().ge(30)),
        ("\"dpd\"!=30", dpd().ne(30)),
        ("dpd <> -30", dpd().ne(-30)),
        ("dpd is not null", dpd().is_null().negated()),
        ("dpd not between 1 and 29 or dpd = 0", dpd().between(1, 29).negated().or(dpd().eq(0))),
        ("dpd between 1 and 29 and dpd > 0", dpd().between(1, 29).and(dpd().gt(0))),
        ("dpd NOT IN (1, -2)", dpd().is_in([1, -2]).negated()),
        ("not dpd = 1 and dpd = 2", dpd().eq(1).negated().and(dpd().eq(2))),
        ("is_written_off", flag().is_true()),
        ("NOT is_written_off", flag().is_true().negated()),
        ("is_written_off IS TRUE", flag().is_true().and(flag().is_null().negated())),
        ("is_written_off IS FALSE", flag().is_true().negated().and(flag().is_null().negated())),
        ("is_written_off IS NOT TRUE", flag().is_true().negated().or(flag().is_null())),
        ("is_written_off IS NOT FALSE", flag().is_true().or(flag().is_null())),
        ("TRUE", lit(true).is_true()),
        ("as_of = date '2025-01-31'", col("as_of").eq(date("2025-01-31"))),
        (
            "(dpd = 1 AND dpd = 2) AND dpd = 3",
            Predicate::And(vec![dpd().eq(1).and(dpd().eq(2)), dpd().eq(3)]),
        ),
        ("dpd = 1 AND (dpd = 2 AND dpd = 3)", dpd().eq(1).and(dpd().eq(2).and(dpd().eq(3)))),
        ("((dpd)) = ((1))", dpd().eq(1)),
        ("a\n+ b\r\n\t* 2 > 1.50", (col("a") + col("b") * 2).gt("1.5".parse::<Decimal>().unwrap())),
        ("a = 1e3 AND b = 125E-2", col("a").eq(1_000).and(col("b").eq("1.25".parse::<Decimal>().unwrap()))),
    ];
    for (text, expected) in cases {
        assert_eq!(parse_predicate(text), Ok(expected), "{text}");
    }
}

#[test]
fn values_keep_their_shape() {
    let x = || col("x");
    let cases = [
        ("-5", lit(-5)),
        ("- 5", lit(-5)),
        ("-(5)", -lit(5)),
        ("-(-5)", -lit(-5)),
        ("- -5", -lit(-5)),
        ("-x * 2", -x() * 2),
        ("-(x * 2)", -(x() * 2)),
        ("x - -5", x() - -5),
        ("x - 5", x() - 5),
        ("x-5", x() - 5),
        ("1 - 2 - 3", lit(1) - 2 - 3),
        ("1 - (2 - 3)", 1 - (lit(2) - 3)),
        ("1 + 2 * 3", 1 + lit(2) * 3),
        ("(1 + 2) * 3", (lit(1) + 2) * 3),
        ("Least(x)", RowExpr::Least(vec![x()])),
        ("GREATEST(x, 0, y)", RowExpr::Greatest(vec![x(), lit(0), col("y")])),
        (
            "div_round(x, y, 18)",
            RowExpr::DivRound { dividend: Box::new(x()), divisor: Box::new(col("y")), scale: 18 },
        ),
        ("full_months_between(x, add_days(y, -36525))", full_months_between("x", add_days("y", -36_525))),
        ("ADD_DAYS(DATE '2025-01-31', 1.0)", add_days(lit(NaiveDate::from_ymd_opt(2025, 1, 31).unwrap()), 1)),
        ("CASE WHEN x THEN 1 ELSE NULL END", case(x().is_true(), 1).or_null()),
        (
            "CASE WHEN x IS NULL THEN 1 WHEN x = 2 THEN 3 END",
            case(x().is_null(), 1).when(x().eq(2), 3).or_null(),
        ),
        ("'it''s'", lit("it's")),
        ("TRUE", lit(true)),
    ];
    for (text, expected) in cases {
        assert_eq!(parse_row_expr(text), Ok(expected), "{text}");
    }
}

#[test]
fn everything_else_is_refused_at_its_place() {
    let cases = [
        ("", "line 1, column 1: expected a value, found the end of the text"),
        ("  \n ", "line 2, column 2: expected a value, found the end of the text"),
        ("a +", "line 1, column 4: expected a value, found the end of the text"),
        ("a b", "line 1, column 3: expected an operator or the end of the text, found `b`"),
        ("a\n  ) ", "line 2, column 3: expected an operator or the end of the text, found `)`"),
        ("(a", "line 1, column 3: expected `)`, found the end of the text"),
        ("(a, b)", "line 1, column 3: expected `)`, found `,`"),
        ("+a", "line 1, column 1: expected a value, found `+`"),
        ("paid / due", "line 1, column 6: a row has no `/`; use DIV_ROUND(dividend, divisor, scale)"),
        ("a % 2", "line 1, column 3: `%` is not part of the language"),
        ("a || b", "line 1, column 3: `||`: texts are not joined in a row"),
        ("a == b", "line 1, column 3: `==` is not part of the language; write `=`"),
        (
            "a; DROP TABLE t",
            "line 1, column 2: `;`: the text is one expression; statements are not part of the language",
        ),
        ("DROP TABLE t", "line 1, column 6: `TABLE`: subqueries are not part of the language"),
        (
            "a::int",
            "line 1, column 2: `::`: casts are not part of the language; the contract fixes the type of each column",
        ),
        (
            "CAST(a AS int)",
            "line 1, column 1: `CAST` is not part of the language: the contract fixes the type of each column",
        ),
        (
            "(SELECT 1)",
            "line 1, column 2: `SELECT`: subqueries are not part of the language (a column so named needs double quotes)",
        ),
        ("a IN (SELECT b)", "line 1, column 7: `SELECT`: subqueries are not part of the language"),
        ("EXISTS (SELECT 1)", "line 1, column 1: `EXISTS`: subqueries are not part of the language"),
        (
            "1 + SUM(a)",
            "line 1, column 5: `SUM` is an aggregate: aggregates belong into a formula, this text sees one row at a time",
        ),
        (
            "count(*)",
            "line 1, column 1: `count` is an aggregate: aggregates belong into a formula, this text sees one row at a time",
        ),
        (
            "COALESCE(a, 0)",
            "line 1, column 1: `COALESCE` belongs into a formula, this text sees one row at a time",
        ),
        (
            "gretest(a, b)",
            "line 1, column 1: `gretest` is not a function of the language; did you mean `GREATEST`?",
        ),
        (
            "balance + median(dpd)",
            "line 1, column 11: `median` is not a function of the language; a row may call ADD_DAYS, DAYS_BETWEEN, \
             DIV_ROUND, FULL_MONTHS_BETWEEN, GREATEST, LEAST, MONTHS_BETWEEN",
        ),
        ("\"least\"(a)", "line 1, column 1: a name in double quotes is a column and cannot be called"),
        ("t.a", "line 1, column 2: a column has no table in front of it"),
        ("a LIKE 'x'", "line 1, column 3: `LIKE`: patterns are not part of the language; use `=` or `IN`"),
        (
            "a NOT ILIKE 'x'",
            "line 1, column 7: `ILIKE`: patterns are not part of the language; use `=` or `IN`",
        ),
        ("a NOT 1", "line 1, column 7: expected `BETWEEN` or `IN` after NOT, found `1`"),
        (
            "a -- b",
            "line 1, column 3: comments are not part of the language; the opposite of a negative is `-(-x)`",
        ),
        (
            "a /* b */",
            "line 1, column 3: comments are not part of the language; the opposite of a negative is `-(-x)`",
        ),
        ("'a", "line 1, column 1: unterminated string literal"),
        ("N'a'", "line 1, column 1: a text is written 'plain', without a letter in front"),
        ("10L", "line 1, column 1: expected a value, found `10L`"),
        ("1e-29", "line 1, column 1: `1e-29` has no exact decimal of 28 digits"),
        (
            "0.33333333333333333333333333333",
            "line 1, column 1: `0.33333333333333333333333333333` has no exact decimal of 28 digits",
        ),
        ("1.5.2", "line 1, column 4: expected an operator or the end of the text, found `.2`"),
        ("\"\"", "line 1, column 1: a column has a name"),
        ("größe", "line 1, column 3: expected an operator or the end of the text, found `ö`"),
        (
            "NULL",
            "line 1, column 1: NULL is no constant; IS NULL tests for it, and CASE without ELSE yields it",
        ),
        (
            "DATE '2025-02-30'",
            "line 1, column 1: a date is written DATE '2025-01-31'; a column called date needs double quotes",
        ),
        (
            "date",
            "line 1, column 1: a date is written DATE '2025-01-31'; a column called date needs double quotes",
        ),
        (
            "where",
            "line 1, column 1: `where`: aggregates belong into a formula (a column so named needs double quotes)",
        ),
        ("by", "line 1, column 1: `by` is a word of SQL (a column so named needs double quotes)"),
        ("a < b < c", "line 1, column 7: comparisons do not chain; join them with AND"),
        (
            "a = NOT b",
            "line 1, column 5: a condition stands where a value is expected; write CASE WHEN .. THEN 1 ELSE 0 END",
        ),
        (
            "(a = b) + 1",
            "line 1, column 1: a condition stands where a value is expected; write CASE WHEN .. THEN 1 ELSE 0 END",
        ),
        (
            "(a = b) IS TRUE",
            "line 1, column 1: a condition stands where a value is expected; write CASE WHEN .. THEN 1 ELSE 0 END",
        ),
        ("a + b IS TRUE", "line 1, column 1: IS TRUE and IS FALSE follow a column"),
        ("a IS UNKNOWN", "line 1, column 6: expected `NULL`, `TRUE` or `FALSE` after IS, found `UNKNOWN`"),
        (
            "a BETWEEN 1",
            "line 1, column 12: expected `AND` and the upper end of BETWEEN, found the end of the text",
        ),
        ("a IN ()", "line 1, column 7: expected a constant: an IN list takes nothing else, found `)`"),
        ("a IN (b)", "line 1, column 7: expected a constant: an IN list takes nothing else, found `b`"),
        (
            "a IN (1, NULL)",
            "line 1, column 10: expected a constant: an IN list takes nothing else, found `NULL`",
        ),
        ("a IN (-'x')", "line 1, column 7: only a number has a sign"),
        ("a IN (1 2)", "line 1, column 9: expected `,` or `)`, found `2`"),
        ("a IN (1,)", "line 1, column 9: expected a constant: an IN list takes nothing else, found `)`"),
        (
            "CASE a WHEN 1 THEN 2 END",
            "line 1, column 6: expected `WHEN`: compare inside it, as in CASE WHEN x = 1 THEN .. END, found `a`",
        ),
        ("CASE WHEN a THEN 2", "line 1, column 19: expected `END`, found the end of the text"),
        ("LEAST()", "line 1, column 7: expected a value, found `)`"),
        ("DIV_ROUND(a, b)", "line 1, column 1: DIV_ROUND takes 3 arguments, found 2"),
        ("DIV_ROUND(a, b, 19)", "line 1, column 17: DIV_ROUND takes a literal scale from 0 to 18"),
        ("DIV_ROUND(a, b, c)", "line 1, column 17: DIV_ROUND takes a literal scale from 0 to 18"),
        ("ADD_DAYS(a)", "line 1, column 1: ADD_DAYS takes 2 arguments, found 1"),
        (
            "ADD_DAYS(a, 36526)",
            "line 1, column 13: ADD_DAYS takes a literal whole number from -36525 to 36525",
        ),
        (
            "ADD_DAYS(a, -99999999999)",
            "line 1, column 13: ADD_DAYS takes a literal whole number from -36525 to 36525",
        ),
        ("ADD_DAYS(a, 1.5)", "line 1, column 13: ADD_DAYS takes a literal whole number from -36525 to 36525"),
        ("ADD_DAYS(a, b)", "line 1, column 13: ADD_DAYS takes a literal whole number from -36525 to 36525"),
        ("FULL_MONTHS_BETWEEN(a)", "line 1, column 1: FULL_MONTHS_BETWEEN takes 2 arguments, found 1"),
        ("DAYS_BETWEEN(a, b, c)", "line 1, column 1: DAYS_BETWEEN takes 2 arguments, found 3"),
    ];
    for (text, expected) in cases {
        let error = parse_predicate(text).expect_err(text);
        assert_eq!(error.to_string(), expected, "{text}");
    }
    let error = parse_row_expr("a > 1 AND b").unwrap_err();
    assert_eq!(error.column(), 1, "{error}");
}

#[test]
fn limits_hold_on_a_small_stack() {
    // What opens a level, what closes it, and how many levels it opens.
    let openers = [
        ("(", ")", 1),
        ("- ", "", 1),
        ("NOT ", "", 1),
        ("NOT (", ")", 2),
        ("LEAST(", ")", 1),
        ("a + LEAST(b, 1 * ", ")", 1),
        ("CASE WHEN a THEN ", " END", 1),
        ("CASE WHEN a OR b AND c = d + e * ", " THEN a END", 1),
    ];
    let check = move || {
        for (open, close, levels) in openers {
            let nested =
                |depth: usize, close: &str| format!("{}a{}", open.repeat(depth), close.repeat(depth));
            let allowed = parse_predicate(&nested(MAX_DEPTH / levels, close));
            assert!(allowed.is_ok(), "{open} {allowed:?}");
            // An unfinished text must be refused as quickly as a finished one.
            for close in [close, ""] {
                for depth in [MAX_DEPTH / levels + 1, 500, 1_000] {
                    let error = parse_predicate(&nested(depth, close)).expect_err(open);
                    assert_eq!(
                        error.message(),
                        "the text has more than 64 levels of nesting",
                        "{open} {depth}"
                    );
                }
            }
        }
        let sum = |terms: usize| vec!["a"; terms].join(" + ");
        let expr = parse_row_expr(&sum(MAX_CHAIN + 1)).unwrap();
        assert_eq!(parse_row_expr(&expr.to_string()), Ok(expr));
        let error = parse_row_expr(&sum(MAX_CHAIN + 2)).unwrap_err();
        assert_eq!(error.message(), "the text has more than 1000 operators");
    };
    std::thread::Builder::new().stack_size(1536 * 1024).spawn(check).unwrap().join().unwrap();
}

#[test]
fn long_lists_and_texts_are_bounded() {
    let list = |items: usize| format!("a IN ({})", vec!["1"; items].join(","));
    assert!(parse_predicate(&list(MAX_NODES - 2)).is_ok());
    let error = parse_predicate(&list(MAX_NODES)).unwrap_err();
    assert_eq!(error.message(), "the text has more than 16384 parts");
    let text = |bytes: usize| format!("'{}'", "x".repeat(bytes - 2));
    assert!(parse_row_expr(&text(MAX_TEXT_BYTES)).is_ok());
    let error = parse_row_expr(&text(MAX_TEXT_BYTES + 1)).unwrap_err();
    assert_eq!(error.to_string(), "line 1, column 1: the text has 65537 bytes; at most 65536 are allowed");
    let conjunction = vec!["a"; 8_000].join(" AND ");
    assert!(matches!(parse_predicate(&conjunction), Ok(Predicate::And(parts)) if parts.len() == 8_000));
}
