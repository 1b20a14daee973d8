//! Row expressions and predicates as people write them.

use abaco_engine::{parse_predicate, parse_row_expr};
use abaco_kpi::{Column, Predicate, RowExpr, add_days, case, col, full_months_between, lit};
use chrono::NaiveDate;
use rust_decimal::Decimal;

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
