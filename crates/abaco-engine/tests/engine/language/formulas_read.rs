//! Formulas as people write them.

use abaco_engine::{parse_formula, parse_formula_with};
use abaco_kpi::{
    Aggregate, Formula, KeyTerm, RowMeasure, by_key, case, col, count, count_distinct, count_of, max, min,
    sum, total,
};
use rust_decimal::Decimal;

fn a() -> Formula {
    sum("a").into()
}

fn b() -> Formula {
    sum("b").into()
}

fn of_key(name: &'static str) -> Formula<KeyTerm> {
    KeyTerm::Sum(name.into()).into()
}

#[test]
fn aggregates() {
    let overdue = || col("dpd").ge(30);
    let cases: [(&str, RowMeasure); 11] = [
        ("SUM(a)", sum("a")),
        ("sum( A )", sum("a")),
        ("COUNT(*)", count()),
        ("count(*) filter (where dpd >= 30)", count().filter(overdue())),
        ("COUNT(a)", count_of("a")),
        ("COUNT(DISTINCT Borrower_Id)", count_distinct("borrower_id")),
        ("MIN(a) FILTER(WHERE dpd >= 30)", min("a").filter(overdue())),
        ("MAX(a - b)", max(col("a") - col("b"))),
        ("SUM(a * b + 1)", sum(col("a") * col("b") + 1)),
        ("SUM(CASE WHEN dpd >= 30 THEN a ELSE 0 END)", sum(case(overdue(), "a").otherwise(0))),
        ("SUM(\"count\")", RowMeasure::new(Aggregate::Sum(col("count")))),
    ];
    for (text, expected) in cases {
        assert_eq!(parse_formula(text), Ok(expected.into()), "{text}");
    }
}

#[test]
fn an_average_is_a_quotient_with_the_filter_on_both() {
    let overdue = || col("dpd").ge(30);
    assert_eq!(parse_formula("AVG(a)"), Ok(sum("a") / count_of("a")));
    assert_eq!(
        parse_formula("2 * avg(a) FILTER (WHERE dpd >= 30)"),
        Ok(2 * (sum("a").filter(overdue()) / count_of("a").filter(overdue())))
    );
}

#[test]
fn arithmetic_binds_as_usual() {
    let cases = [
        ("SUM(a) + SUM(b) * 2", a() + b() * 2),
        ("(SUM(a) + SUM(b)) * 2", (a() + b()) * 2),
        ("SUM(a)/SUM(b)", a() / b()),
        ("SUM(a) / SUM(b) / 2", a() / b() / 2),
        ("SUM(a) / (SUM(b) / 2)", a() / (b() / 2)),
        ("SUM(a) - SUM(b) - 2", a() - b() - 2),
        ("SUM(a) - (SUM(b) - 2)", a() - (b() - 2)),
        ("100 * SUM(a) / SUM(b)", 100 * a() / b()),
        ("-SUM(a) * 2", (0 - a()) * 2),
        ("-(SUM(a) * 2)", 0 - a() * 2),
        ("SUM(a) - -SUM(b)", a() - (0 - b())),
        ("SUM(a) - -5", a() - -5),
        ("-5", Formula::from(-5)),
        ("-(5)", 0 - Formula::from(5)),
        ("((1.50))", Formula::from("1.5".parse::<Decimal>().unwrap())),
    ];
    for (text, expected) in cases {
        assert_eq!(parse_formula(text), Ok(expected), "{text}");
    }
}

#[test]
fn functions() {
    let cases = [
        ("LEAST(SUM(a))", Formula::Least(vec![a()])),
        ("least(SUM(a), 10)", a().at_most(10)),
        ("GREATEST(SUM(a), SUM(b), 0)", Formula::Greatest(vec![a(), b(), 0.into()])),
        ("COALESCE(SUM(a) / SUM(b), 0)", (a() / b()).or_else(0)),
        ("ROUND(SUM(a), 2)", a().round(2)),
        ("ROUND_EVEN(SUM(a), 28)", a().round_even(28)),
        ("POWER(1 - SUM(a), 480)", (1 - a()).power(480)),
        ("LAG(SUM(a), 12)", a().lag(12)),
        ("SUM(a) - LAG(SUM(a), 1e0)", a() - a().lag(1)),
    ];
    for (text, expected) in cases {
        assert_eq!(parse_formula(text), Ok(expected), "{text}");
    }
}

#[test]
fn totals_per_key() {
    let keyed = || by_key("borrower_id").sum("balance", "outstanding_balance");
    let cases = [
        (
            "(SELECT SUM(balance * balance) FROM (SELECT SUM(outstanding_balance) AS balance FROM tape GROUP BY borrower_id))",
            keyed().reduce(of_key("balance") * of_key("balance")),
        ),
        (
            "(select sum_top(5, Balance)\n from (select sum(outstanding_balance) as Balance\n from TAPE group by borrower_id)) / SUM(outstanding_balance)",
            keyed().top(5, of_key("balance")) / sum("outstanding_balance"),
        ),
        (
            "(SELECT SUM(GREATEST(balance - 0.25 * TOTAL(SUM(outstanding_balance)), 0)) FROM \
             (SELECT SUM(outstanding_balance) AS balance, SUM(dpd) FILTER (WHERE dpd > 0) AS late FROM tape GROUP BY borrower_id))",
            keyed().sum_where("late", "dpd", col("dpd").gt(0)).reduce(
                (of_key("balance")
                    - Formula::from("0.25".parse::<Decimal>().unwrap()) * total(sum("outstanding_balance")))
                .at_least(0),
            ),
        ),
        (
            "(SELECT SUM(x / TOTAL((SELECT SUM(x) FROM (SELECT SUM(b) AS x FROM tape GROUP BY h)))) FROM \
             (SELECT SUM(a) AS x FROM tape GROUP BY k))",
            by_key("k")
                .sum("x", "a")
                .reduce(of_key("x") / total(by_key("h").sum("x", "b").reduce(of_key("x")))),
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(parse_formula(text), Ok(expected), "{text}");
    }
}

#[test]
fn another_kpi_stands_for_its_formula() {
    let known = |id: &str| match id {
        "par" => Some(a() / b()),
        "loans" => Some(count().into()),
        _ => None,
    };
    let cases = [
        ("KPI(par)", a() / b()),
        ("100 * kpi(PAR)", 100 * (a() / b())),
        ("LAG(KPI(par), 1) - KPI(\"loans\")", (a() / b()).lag(1) - count()),
        (
            "(SELECT SUM(x / TOTAL(KPI(loans))) FROM (SELECT SUM(a) AS x FROM tape GROUP BY k))",
            by_key("k").sum("x", "a").reduce(of_key("x") / total(count())),
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(parse_formula_with(text, &known), Ok(expected), "{text}");
    }
    let error = parse_formula_with("1 + KPI(pra)", &known).unwrap_err();
    assert_eq!(error.to_string(), "line 1, column 9: no KPI has the id `pra`");
    let error = parse_formula("KPI(par)").unwrap_err();
    assert_eq!(error.to_string(), "line 1, column 5: no KPI `par` is known here");
}
