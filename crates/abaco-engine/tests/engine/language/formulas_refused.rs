//! What a formula is not, and where.

use abaco_engine::parse_formula;

#[test]
fn everything_else_is_refused_at_its_place() {
    let cases = [
        ("", "line 1, column 1: expected a number, an aggregate or a function, found the end of the text"),
        (
            "SUM(a) +",
            "line 1, column 9: expected a number, an aggregate or a function, found the end of the text",
        ),
        ("SUM(a) SUM(b)", "line 1, column 8: `SUM`: an aggregate has an argument in parentheses"),
        (
            "SUM(a)/SUM(b); DROP TABLE loans",
            "line 1, column 14: `;`: the text is one expression; statements are not part of the language",
        ),
        ("DROP TABLE loans", "line 1, column 1: `DROP`: statements are not part of the language"),
        (
            "SELECT SUM(a) FROM tape",
            "line 1, column 1: `SELECT`: the only subquery is `(SELECT SUM(..) FROM (SELECT SUM(..) AS name FROM tape GROUP BY key))`",
        ),
        (
            "SUM(a) / balance",
            "line 1, column 10: column balance stands outside of an aggregate; write SUM(balance) or the like",
        ),
        (
            "select",
            "line 1, column 1: `select`: the only subquery is `(SELECT SUM(..) FROM (SELECT SUM(..) AS name FROM tape GROUP BY key))`",
        ),
        (
            "SUM(a) WHERE dpd > 30",
            "line 1, column 8: `WHERE`: a filter is written FILTER (WHERE condition), behind an aggregate",
        ),
        (
            "SUM(a WHERE dpd > 30)",
            "line 1, column 7: `WHERE`: a filter is written FILTER (WHERE condition), behind an aggregate",
        ),
        ("SUM(a) FILTER (dpd > 30)", "line 1, column 16: expected `WHERE`, found `dpd`"),
        ("SUM(a) FILTER (WHERE dpd > 30", "line 1, column 30: expected `)`, found the end of the text"),
        (
            "SUM(a) FILTER (WHERE COUNT(*) > 30)",
            "line 1, column 22: `COUNT` does not stand inside an aggregate, which sees one row at a time",
        ),
        (
            "SUM(a) OVER (PARTITION BY b)",
            "line 1, column 8: `OVER`: windows are not part of the language; LAG(f, n) looks at an earlier snapshot",
        ),
        (
            "SUM(a) > 3",
            "line 1, column 8: a formula is a number; a condition stands in FILTER (WHERE ..) or CASE WHEN",
        ),
        (
            "SUM(a) AND SUM(b)",
            "line 1, column 8: `AND`: a formula is a number; a condition stands in FILTER (WHERE ..) or CASE WHEN",
        ),
        (
            "CASE WHEN SUM(a) > 1 THEN 1 END",
            "line 1, column 1: `CASE`: it looks at one row and belongs inside an aggregate, as in SUM(CASE ..)",
        ),
        (
            "SUM(SUM(a))",
            "line 1, column 5: `SUM` does not stand inside an aggregate, which sees one row at a time",
        ),
        (
            "SUM(COALESCE(a, 0))",
            "line 1, column 5: `COALESCE` does not stand inside an aggregate, which sees one row at a time",
        ),
        ("SUM(a / b)", "line 1, column 7: a row has no `/`; use DIV_ROUND(dividend, divisor, scale)"),
        (
            "SUM(a > b)",
            "line 1, column 5: a condition stands where a value is expected; write CASE WHEN .. THEN 1 ELSE 0 END",
        ),
        (
            "SUM(DISTINCT a)",
            "line 1, column 5: `DISTINCT`: an aggregate sees one row at a time (a column so named needs double quotes)",
        ),
        ("SUM(*)", "line 1, column 5: expected a value, found `*`"),
        ("SUM()", "line 1, column 5: expected a value, found `)`"),
        ("SUM", "line 1, column 1: `SUM`: an aggregate has an argument in parentheses"),
        ("COUNT()", "line 1, column 7: expected a value, found `)`"),
        ("COUNT(DISTINCT a + b)", "line 1, column 18: expected `)`, found `+`"),
        ("COUNT(DISTINCT 1)", "line 1, column 16: expected a column as the key, found `1`"),
        ("AVRG(a)", "line 1, column 1: `AVRG` is not a function of the language; did you mean `AVG`?"),
        (
            "MEDIAN(a)",
            "line 1, column 1: `MEDIAN` is not a function of the language; a formula may call AVG, COALESCE, COUNT, GREATEST, KPI, LAG, LEAST, MAX, MIN, POWER, ROUND, ROUND_EVEN, SUM, SUM_TOP, TOTAL",
        ),
        (
            "DAYS_BETWEEN(a, b)",
            "line 1, column 1: `DAYS_BETWEEN` looks at one row: it belongs inside an aggregate, as in SUM(DAYS_BETWEEN(..))",
        ),
        (
            "CAST(SUM(a) AS int)",
            "line 1, column 1: `CAST` is not part of the language: the contract fixes the type of each column",
        ),
        (
            "SUM(a)::int",
            "line 1, column 7: `::`: casts are not part of the language; the contract fixes the type of each column",
        ),
        (
            "NULL",
            "line 1, column 1: `NULL`: there is no such constant; COALESCE(f, g) stands in for what is undefined",
        ),
        ("'a'", "line 1, column 1: a formula is a number; a text stands in a condition"),
        ("SUM(a) % 2", "line 1, column 8: `%` is not part of the language"),
        ("\"sum\"(a)", "line 1, column 1: a name in double quotes is a column and cannot be called"),
        ("1e-29", "line 1, column 1: `1e-29` has no exact decimal of 28 digits"),
        ("ROUND(SUM(a))", "line 1, column 13: expected `,` and the scale of ROUND, found `)`"),
        ("ROUND(SUM(a), 29)", "line 1, column 15: ROUND takes a literal scale from 0 to 28"),
        ("ROUND(SUM(a), -1)", "line 1, column 15: ROUND takes a literal scale from 0 to 28"),
        ("POWER(SUM(a), 0)", "line 1, column 15: POWER takes a literal exponent from 1 to 480"),
        ("POWER(SUM(a), 481)", "line 1, column 15: POWER takes a literal exponent from 1 to 480"),
        ("POWER(SUM(a), 0.5)", "line 1, column 15: POWER takes a literal exponent from 1 to 480"),
        ("POWER(SUM(a), COUNT(*))", "line 1, column 15: POWER takes a literal exponent from 1 to 480"),
        ("LAG(SUM(a), 0)", "line 1, column 13: LAG takes a literal number of snapshots from 1 to 4294967295"),
        (
            "LAG(SUM(a), 4294967296)",
            "line 1, column 13: LAG takes a literal number of snapshots from 1 to 4294967295",
        ),
        ("LEAST()", "line 1, column 7: expected a number, an aggregate or a function, found `)`"),
        (
            "SUM_TOP(5, SUM(a))",
            "line 1, column 1: SUM_TOP stands in `(SELECT SUM_TOP(n, ..) FROM (SELECT SUM(..) AS name FROM tape GROUP BY key))`",
        ),
        (
            "TOTAL(SUM(a))",
            "line 1, column 1: TOTAL stands inside a reduction; outside of one, its argument is enough",
        ),
        ("KPI()", "line 1, column 5: expected the id of a KPI, found `)`"),
        ("KPI(risk.par_30)", "line 1, column 5: an id has no dots; other names of a KPI do not stand here"),
        (
            "(SELECT MAX(x) FROM (SELECT SUM(a) AS x FROM tape GROUP BY k))",
            "line 1, column 9: expected `SUM` or `SUM_TOP` over the totals, found `MAX`",
        ),
        (
            "(SELECT SUM(y) FROM (SELECT SUM(a) AS x FROM tape GROUP BY k))",
            "line 1, column 13: no total is called `y`; there is x",
        ),
        (
            "(SELECT SUM(balanse) FROM (SELECT SUM(a) AS balance FROM tape GROUP BY k))",
            "line 1, column 13: no total is called `balanse`; did you mean `balance`?",
        ),
        (
            "(SELECT SUM(x) FROM (SELECT SUM(a) AS x, SUM(b) AS x FROM tape GROUP BY k))",
            "line 1, column 52: two totals are called `x`",
        ),
        (
            "(SELECT SUM(SUM(x)) FROM (SELECT SUM(a) AS x FROM tape GROUP BY k))",
            "line 1, column 13: a reduction names the totals of its key; a figure of the whole tape is TOTAL(..)",
        ),
        (
            "(SELECT SUM(LAG(x, 1)) FROM (SELECT SUM(a) AS x FROM tape GROUP BY k))",
            "line 1, column 13: LAG cannot look at a total of one key: at another snapshot the key may not be there",
        ),
        ("(SELECT SUM(x) FROM loans)", "line 1, column 21: expected `(`, found `loans`"),
        (
            "(SELECT SUM(x) FROM (SELECT MAX(a) AS x FROM tape GROUP BY k))",
            "line 1, column 29: expected `SUM`: a key has sums only, found `MAX`",
        ),
        (
            "(SELECT SUM(x) FROM (SELECT SUM(a) FROM tape GROUP BY k))",
            "line 1, column 36: expected `AS` and a name for the total, found `FROM`",
        ),
        (
            "(SELECT SUM(x) FROM (SELECT SUM(a) AS x FROM loans GROUP BY k))",
            "line 1, column 46: expected `tape`, the only table, found `loans`",
        ),
        (
            "(SELECT SUM(x) FROM (SELECT SUM(a) AS x FROM tape GROUP BY k, h))",
            "line 1, column 61: expected `)`, found `,`",
        ),
        (
            "(SELECT SUM(x) FROM (SELECT SUM(a) AS x FROM tape WHERE a > 1 GROUP BY k))",
            "line 1, column 51: `WHERE`: a filter is written FILTER (WHERE condition), behind an aggregate",
        ),
        (
            "(SELECT SUM_TOP(0, x) FROM (SELECT SUM(a) AS x FROM tape GROUP BY k))",
            "line 1, column 17: SUM_TOP takes a literal number of keys from 1 to 4294967295",
        ),
    ];
    for (text, expected) in cases {
        let error = parse_formula(text).expect_err(text);
        assert_eq!(error.to_string(), expected, "{text}");
    }
}
