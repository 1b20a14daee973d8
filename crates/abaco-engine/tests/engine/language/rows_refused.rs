//! What a row expression or a predicate is not, and where.

use abaco_engine::{parse_predicate, parse_row_expr};

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
