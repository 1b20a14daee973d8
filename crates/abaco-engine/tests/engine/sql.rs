//! The text of the SQL, construct by construct; that other engines compute the same is tested with the command.

use abaco_engine::{EngineError, ErrorKind, SqlType, Statement, StatementOptions, statement};
use abaco_kpi::{
    Column, ColumnType, Decimal, Formula, FormulaKpi, KeyTerm, Kpi, RowExpr, RowMeasure, by_key, case, col,
    count, count_distinct, count_of, lit, max, sum, total,
};
use rstest::rstest;

use crate::tape::kpi;

fn written(kpis: &[FormulaKpi]) -> Result<Statement, EngineError> {
    let kpis: Vec<&dyn Kpi> = kpis.iter().map(|kpi| kpi as &dyn Kpi).collect();
    statement(&kpis, &StatementOptions::default())
}

/// The expression behind a column.
fn column<'s>(statement: &'s Statement, alias: &str) -> &'s str {
    let ending = format!(" AS {alias}");
    let line = statement.text.lines().map(|line| line.trim().trim_end_matches(','));
    line.filter_map(|line| line.strip_suffix(&ending)).next().unwrap()
}

fn decimal(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn boxed(expr: RowExpr) -> Box<RowExpr> {
    Box::new(expr)
}

fn later(date: RowExpr, days: i32) -> RowExpr {
    RowExpr::AddDays { date: boxed(date), days }
}

fn key(name: &'static str) -> Formula<KeyTerm> {
    KeyTerm::Sum(name.into()).into()
}

#[rstest]
#[case(count(), "CAST(CASE WHEN COUNT(*) > 0 THEN COUNT(*) END AS DECIMAL(38, 0))")]
#[case(count().filter(col("dpd").ge(30)), "CAST(CASE WHEN COUNT(*) > 0 THEN COUNT(*) FILTER (WHERE dpd >= 30) END AS DECIMAL(38, 0))")]
#[case(count_of("segment"), "CAST(CASE WHEN COUNT(*) > 0 THEN COUNT(segment) END AS DECIMAL(38, 0))")]
#[case(count_distinct("borrower_id").filter(col("dpd").gt(0)), "CAST(CASE WHEN COUNT(*) > 0 THEN COUNT(DISTINCT borrower_id) FILTER (WHERE dpd > 0) END AS DECIMAL(38, 0))")]
#[case(max("ead").filter(col("dpd").gt(0)), "MAX(ead) FILTER (WHERE dpd > 0)")]
#[case(sum("ead"), "SUM(ead)")]
#[case(sum("ead").filter(col("dpd").gt(0)), "CASE WHEN COUNT(*) FILTER (WHERE dpd > 0) > 0 THEN SUM(ead) FILTER (WHERE dpd > 0) WHEN COUNT(*) > 0 THEN CAST(0 AS DECIMAL(38, 17)) END")]
#[case(sum(lit(7)), "SUM(CAST(7 AS DECIMAL(38, 0)))")]
#[case(sum(col("ead") - lit(-5)), "SUM(ead - (-5))")]
#[case(sum(-(-col("ead"))), "SUM(-(-ead))")]
#[case(sum(lit(2) * 3), "SUM(CAST(2 AS DECIMAL(38, 0)) * 3)")]
#[case(sum(col("ead") + col("pd")), "SUM(ead + CAST(pd AS DECIMAL(38, 17)))")]
#[case(sum(col("ead") * (col("pd") + decimal("0.5"))), "SUM(ead * (pd + 0.5))")]
#[case(sum(RowExpr::Least(vec![col("ead"), col("pd"), lit(1)])), "SUM(CASE WHEN ead IS NULL OR pd IS NULL THEN NULL ELSE LEAST(ead, CAST(pd AS DECIMAL(38, 17)), CAST(1 AS DECIMAL(38, 17))) END)")]
#[case(sum(case(col("dpd").ge(30), "pd").when(col("segment").is_null(), "ead").or_null()), "SUM(CASE WHEN dpd >= 30 THEN CAST(pd AS DECIMAL(38, 17)) WHEN segment IS NULL THEN ead END)")]
#[case(sum(RowExpr::DivRound { dividend: boxed(col("ead")), divisor: boxed(col("pd")), scale: 4 }), "SUM(CAST(CASE WHEN (ead < 0) <> (CAST(pd AS DECIMAL(38, 17)) < 0) THEN -CAST(ROUND(((20000 * ABS(ead) + NULLIF(ABS(CAST(pd AS DECIMAL(38, 17))), 0)) - (20000 * ABS(ead) + NULLIF(ABS(CAST(pd AS DECIMAL(38, 17))), 0)) % (2 * NULLIF(ABS(CAST(pd AS DECIMAL(38, 17))), 0))) / (2 * NULLIF(ABS(CAST(pd AS DECIMAL(38, 17))), 0))) AS DECIMAL(14, 0)) ELSE CAST(ROUND(((20000 * ABS(ead) + NULLIF(ABS(CAST(pd AS DECIMAL(38, 17))), 0)) - (20000 * ABS(ead) + NULLIF(ABS(CAST(pd AS DECIMAL(38, 17))), 0)) % (2 * NULLIF(ABS(CAST(pd AS DECIMAL(38, 17))), 0))) / (2 * NULLIF(ABS(CAST(pd AS DECIMAL(38, 17))), 0))) AS DECIMAL(14, 0)) END * 0.0001 AS DECIMAL(38, 4)))")]
#[case(sum(RowExpr::DaysBetween { from: boxed(col("origination_date")), to: boxed(col("as_of")) }), "SUM(CAST(as_of - origination_date AS DECIMAL(38, 0)))")]
#[case(sum(RowExpr::MonthsBetween { from: boxed(col("origination_date")), to: boxed(col("as_of")) }), "SUM(CAST((EXTRACT(YEAR FROM as_of) - EXTRACT(YEAR FROM origination_date)) * 12 + EXTRACT(MONTH FROM as_of) - EXTRACT(MONTH FROM origination_date) AS DECIMAL(38, 0)))")]
#[case(sum(RowExpr::FullMonthsBetween { from: boxed(col("origination_date")), to: boxed(col("as_of")) }), "SUM(CAST((EXTRACT(YEAR FROM as_of) - EXTRACT(YEAR FROM origination_date)) * 12 + EXTRACT(MONTH FROM as_of) - EXTRACT(MONTH FROM origination_date) - CASE WHEN origination_date <= as_of AND EXTRACT(DAY FROM as_of) < EXTRACT(DAY FROM origination_date) AND EXTRACT(DAY FROM as_of + 1) <> 1 THEN 1 WHEN origination_date > as_of AND EXTRACT(DAY FROM origination_date) < EXTRACT(DAY FROM as_of) AND EXTRACT(DAY FROM origination_date + 1) <> 1 THEN -1 ELSE 0 END AS DECIMAL(38, 0)))")]
#[case(sum(RowExpr::DaysBetween { from: boxed(later(col("as_of"), -7)), to: boxed(later(col("as_of"), 30)) }), "SUM(CAST((as_of + 30) - (as_of - 7) AS DECIMAL(38, 0)))")]
fn a_measure_over_rows(#[case] measure: RowMeasure, #[case] sql: &str) {
    let statement = written(&[kpi("k", measure.clone())]).unwrap();
    assert_eq!(column(&statement, "m1"), sql);
    let comment = format!("  -- m1 = {measure}");
    assert!(statement.text.lines().any(|line| line == comment), "{}", statement.text);
}

#[rstest]
#[case(col("dpd").ne(30), "dpd <> 30")]
#[case(col("dpd").ge(decimal("29.5")), "CAST(dpd AS DECIMAL(38, 1)) >= 29.5")]
#[case(col("ead").gt(col("pd")), "ead > CAST(pd AS DECIMAL(38, 17))")]
#[case((col("ead") - 1).between(1, col("dpd")), "(ead - 1) >= 1 AND (ead - 1) <= CAST(dpd AS DECIMAL(38, 17))")]
#[case(col("dpd").is_in([0, -1]).negated(), "NOT (dpd IN (0, (-1)))")]
#[case(col("segment").is_in(["sme", "o'neil"]), "segment IN ('sme', 'o''neil')")]
#[case(col("segment").lt(col("region")), "segment COLLATE \"C\" < region")]
#[case((col("ead") + 1).is_null(), "(ead + 1) IS NULL")]
#[case(col("is_written_off").is_true().negated(), "NOT (is_written_off)")]
#[case(col("is_written_off").eq(lit(false)), "is_written_off = FALSE")]
#[case(col("dpd").ge(1).or(col("dpd").between(3, 4).and(col("pd").le(1))), "dpd >= 1 OR ((dpd >= 3 AND dpd <= 4) AND pd <= 1)")]
fn a_predicate(#[case] predicate: abaco_kpi::Predicate, #[case] sql: &str) {
    let statement = written(&[kpi("k", max("ead").filter(predicate))]).unwrap();
    assert_eq!(column(&statement, "m1"), format!("MAX(ead) FILTER (WHERE {sql})"));
}

fn held() -> abaco_kpi::KeyedBuilder {
    by_key("borrower_id").sum("b", "ead").sum_where("late", "ead", col("dpd").ge(30))
}

#[rstest]
#[case(held().reduce(key("b").power(2)), "(SELECT SUM(keys.s1 * keys.s1) FROM keys)")]
#[case(held().top(5, key("b") - key("late")), "(SELECT SUM(v) FROM (SELECT keys.s1 - keys.s2 AS v FROM wide_keys ORDER BY v DESC NULLS LAST LIMIT 5) AS largest)")]
#[case(held().reduce((key("b") - total(sum("allowance")) * decimal("0.05")).at_least(0)), "(SELECT SUM(CASE WHEN (CAST(keys.s1 AS DECIMAL(38, 19)) - (totals.m1 * 0.05)) IS NULL THEN NULL ELSE GREATEST(CAST(keys.s1 AS DECIMAL(38, 19)) - (totals.m1 * 0.05), CAST(0 AS DECIMAL(38, 19))) END) FROM wide_keys CROSS JOIN totals)")]
#[case(held().reduce(key("b") / total(sum("allowance"))), "(SELECT SUM((keys.s1 / NULLIF(totals.m1, 0))) FROM wide_keys CROSS JOIN totals)")]
fn a_measure_over_keys(#[case] formula: Formula, #[case] sql: &str) {
    let statement = written(&[kpi("k", formula)]).unwrap();
    let alias = &statement.measures.last().unwrap().alias;
    let totals = "FROM (SELECT SUM(ead) AS s1, CASE WHEN COUNT(*) FILTER (WHERE dpd >= 30) > 0 \
                  THEN SUM(ead) FILTER (WHERE dpd >= 30) WHEN COUNT(*) > 0 THEN CAST(0 AS DECIMAL(38, SCALE)) END AS s2 \
                  FROM exact_rows GROUP BY borrower_id) AS keys";
    let wide = totals.replace("SCALE", "17");
    let narrow = totals.replace("SCALE", "2");
    let found = column(&statement, alias).replace(&wide, "FROM wide_keys").replace(&narrow, "FROM keys");
    assert_eq!(found, sql);
}

fn a() -> Formula {
    sum("ead").into()
}

fn b() -> Formula {
    sum("pd").into()
}

#[rstest]
#[case(a() + b() - -1, "(m1 + CAST(m2 AS DECIMAL(38, 17))) - (-1)")]
#[case(100 * a() / b(), "((100 * m1) / NULLIF(m2, 0))")]
#[case(a() * b(), "(CAST(m1 AS DOUBLE PRECISION) * m2)")]
#[case(a() / a(), "CASE WHEN m1 <> 0 THEN CAST(1 AS DECIMAL(38, 0)) END")]
#[case(a() / 12, "(m1 / 12)")]
#[case(Formula::from(1) / Formula::from(12), "(CAST(1 AS DOUBLE PRECISION) / 12)")]
#[case(a().at_most(b()), "CASE WHEN m1 IS NULL OR m2 IS NULL THEN NULL ELSE LEAST(m1, CAST(m2 AS DECIMAL(38, 17))) END")]
#[case((a() / b()).at_least(0), "CASE WHEN (m1 / NULLIF(m2, 0)) IS NULL THEN NULL ELSE GREATEST(CAST((m1 / NULLIF(m2, 0)) AS DOUBLE PRECISION), CAST(0 AS DOUBLE PRECISION)) END")]
#[case(a().or_else(b()).or_else(0), "COALESCE(COALESCE(m1, CAST(m2 AS DECIMAL(38, 17))), CAST(0 AS DECIMAL(38, 17)))")]
#[case((a() / b()).or_else(decimal("0.5")), "COALESCE(CAST((m1 / NULLIF(m2, 0)) AS DOUBLE PRECISION), CAST(0.5 AS DOUBLE PRECISION))")]
#[case(b().round(2), "ROUND(m2, 2)")]
#[case(a().round(4), "ROUND(m1, 4)")]
#[case((a() / b()).round(2), "ROUND(CAST((m1 / NULLIF(m2, 0)) AS DECIMAL(38, 12)), 2)")]
#[case(b().round_even(2), "CAST(CASE WHEN ABS((m2 * 100) - TRUNC((m2 * 100))) = 0.5 THEN 2 * ROUND((m2 * 100) * 0.5, 0) ELSE ROUND((m2 * 100), 0) END * 0.01 AS DECIMAL(38, 2))")]
#[case(a().power(12), "POWER(CAST(m1 AS DOUBLE PRECISION), 12)")]
fn a_formula(#[case] formula: Formula, #[case] sql: &str) {
    // Both are there, whatever the formula uses: m1 has 17 decimals, m2 has 6.
    let statement = written(&[kpi("a", a()), kpi("b", b()), kpi("k", formula)]).unwrap();
    assert_eq!(column(&statement, "k"), sql);
}

#[test]
fn a_whole_statement() {
    let kpis = [
        kpi("share", 100 * sum("ead").filter(col("segment").eq(lit("o'neil\n"))) / sum("ead")),
        kpi("growth", a() - a().lag(1)),
        kpi("squares", by_key("borrower_id").sum("b", "ead").reduce(key("b") * key("b")) / sum("ead")),
    ];
    let statement = written(&kpis).unwrap();
    assert_eq!(statement.kpis, ["share", "squares"]);
    let measures: Vec<(&str, &str, bool)> =
        statement.measures.iter().map(|m| (m.alias.as_str(), m.text.as_str(), m.exact)).collect();
    let squares = "(SELECT SUM(b * b) FROM (SELECT SUM(ead) AS b FROM tape GROUP BY borrower_id))";
    assert_eq!(
        measures,
        [
            ("m1", "SUM(ead) FILTER (WHERE segment = 'o''neil\n')", true),
            ("m2", "SUM(ead)", true),
            ("m3", squares, true)
        ]
    );
    assert_eq!(
        statement.text,
        r#"-- For DuckDB and PostgreSQL. A line `-- m1 = ..` gives the measure in column m1, exact to the last digit
-- (`~` where the engine is not); the columns of KPIs are approximate. NULL is undefined.
-- The table has every column that the KPIs read, and the rows of one snapshot: two would be added up.
-- left out: growth: LAG reads an earlier snapshot
WITH exact_rows AS (
  SELECT
  CAST(borrower_id AS TEXT) AS borrower_id,
  CASE WHEN CAST(CAST(ead AS TEXT) AS DECIMAL(38, 19)) <> CAST(CAST(ead AS TEXT) AS DECIMAL(38, 2)) THEN CAST('ead: more than 2 decimals: ' || CAST(ead AS TEXT) AS DECIMAL(38, 2)) ELSE CAST(CAST(ead AS TEXT) AS DECIMAL(38, 2)) END AS ead,
  CAST(segment AS TEXT) AS segment
  FROM tape
),
totals AS (
  SELECT
  -- m1 = SUM(ead) FILTER (WHERE segment = 'o''neil\n')
  CASE WHEN COUNT(*) FILTER (WHERE segment = 'o''neil
') > 0 THEN SUM(ead) FILTER (WHERE segment = 'o''neil
') WHEN COUNT(*) > 0 THEN CAST(0 AS DECIMAL(38, 2)) END AS m1,
  -- m2 = SUM(ead)
  SUM(ead) AS m2
  FROM exact_rows
),
measures AS (
  SELECT
  totals.*,
  -- m3 = (SELECT SUM(b * b) FROM (SELECT SUM(ead) AS b FROM tape GROUP BY borrower_id))
  (SELECT SUM(keys.s1 * keys.s1) FROM (SELECT SUM(ead) AS s1 FROM exact_rows GROUP BY borrower_id) AS keys) AS m3
  FROM totals
)
SELECT
  m1,
  m2,
  m3,
  ((100 * m1) / NULLIF(m2, 0)) AS share,
  (m3 / NULLIF(m2, 0)) AS squares
FROM measures;
"#
    );
}

/// An amount is read with all the decimals that fit: fewer if a KPI of the list multiplies it.
#[test]
fn amounts_are_as_fine_as_38_digits_allow() {
    let read_as = |kpis: &[FormulaKpi], name: &str| {
        let text = written(kpis).unwrap().text;
        let (ending, start) = (format!(" END AS {name},"), "ELSE CAST(CAST(");
        let line = text
            .lines()
            .filter(|line| line.contains(start))
            .find(|line| format!("{line},").contains(&ending));
        line.unwrap()
            .split(start)
            .nth(1)
            .unwrap()
            .split_once(" AS TEXT) AS ")
            .unwrap()
            .1
            .split(") END")
            .next()
            .unwrap()
            .to_owned()
    };
    let plain = || kpi("plain", sum("ead").filter(col("allowance").gt(0)));
    let product = || kpi("product", sum(col("ead") * col("annual_rate")));
    let quotient =
        |scale| RowExpr::DivRound { dividend: boxed(col("ead")), divisor: boxed(col("dpd")), scale };
    assert_eq!(read_as(&[plain()], "ead"), "DECIMAL(38, 17)");
    assert_eq!(read_as(&[plain(), product()], "ead"), "DECIMAL(38, 2)");
    assert_eq!(read_as(&[plain(), product()], "allowance"), "DECIMAL(38, 17)");
    assert_eq!(read_as(&[kpi("k", sum(col("ead") * col("dpd")))], "ead"), "DECIMAL(38, 17)");
    assert_eq!(read_as(&[kpi("k", sum(quotient(7)))], "ead"), "DECIMAL(38, 17)");
    assert_eq!(read_as(&[kpi("k", sum(quotient(8)))], "ead"), "DECIMAL(38, 2)");
    // What is left out anyway takes no decimals from the others.
    assert_eq!(read_as(&[plain(), kpi("growth", a() - a().lag(1))], "ead"), "DECIMAL(38, 17)");
}

/// A count reads no column, and totals per key need no row of other measures beside them.
#[rstest]
#[case(count().into(), "WITH exact_rows AS (\n  SELECT\n  1 AS one\n  FROM tape\n),\nmeasures AS (\n  SELECT\n  -- m1")]
#[case(by_key("segment").sum("b", "ead").reduce(key("b")), "),\nmeasures AS (\n  SELECT\n  -- m1")]
fn a_small_statement(#[case] formula: Formula, #[case] part: &str) {
    let statement = written(&[kpi("k", formula)]).unwrap();
    assert!(statement.text.contains(part) && !statement.text.contains("totals"), "{}", statement.text);
}

#[test]
fn tables_and_columns_of_ones_own() {
    let mut options = StatementOptions { table: "my \"tape\"".into(), ..StatementOptions::default() };
    options.types.insert(Column::new("user"), SqlType::Decimal(4));
    options.types.insert(Column::new("ead"), SqlType::Decimal(3));
    options.added.insert(Column::new("insured"), ColumnType::Money);
    let own = kpi("User's", sum(col("user") + col("ead")).filter(col("insured").gt(0)));
    let text = statement(&[&own as &dyn Kpi], &options).unwrap().text;
    for part in [
        "THEN CAST('user: more than 4 decimals: ' || CAST(\"user\" AS TEXT) AS DECIMAL(38, 4)) \
         ELSE CAST(CAST(\"user\" AS TEXT) AS DECIMAL(38, 4)) END AS \"user\"",
        "FROM \"my \"\"tape\"\"\"\n",
        "THEN SUM(\"user\" + CAST(ead AS DECIMAL(38, 4))) FILTER (WHERE \"insured\" > 0) WHEN",
        "ELSE CAST(CAST(\"insured\" AS TEXT) AS DECIMAL(38, 17)) END AS \"insured\"",
        "m1 AS \"User's\"\n",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
}

fn nested(depth: usize) -> Formula {
    (0..depth).fold(a() / b(), |inner, _| inner.at_least(0).at_most(10))
}

#[rstest]
#[case(a().lag(1), "LAG reads an earlier snapshot")]
#[case(sum("usr").into(), "column `usr` is neither canonical nor added")]
#[case(count_distinct("usr").into(), "column `usr` is neither canonical nor added")]
#[case(sum("segment").into(), "segment: expected a number, found a text")]
#[case(sum(RowExpr::DaysBetween { from: boxed(col("dpd")), to: boxed(col("as_of")) }).into(), "dpd: expected a date, found a number")]
#[case(count().filter(col("dpd").eq(lit("x"))).into(), "dpd = 'x': a number cannot be compared with a text")]
#[case(count().filter(col("dpd").is_in(["x"])).into(), "dpd: a number cannot be compared with a text")]
#[case(count().filter(col("dpd").is_true()).into(), "dpd: expected a truth value, found a number")]
#[case(count().filter(col("segment").eq(lit("\0"))).into(), "PostgreSQL has no texts with the character NUL")]
#[case(sum(col("pd") * col("pd") * col("pd") * col("pd") * col("ead")).into(), "it needs 26 decimals, and SQL gets at most 24")]
#[case(count().filter(later(col("as_of"), 36_526).eq(col("as_of"))).into(), "ADD_DAYS: expected at most 36525 days, found 36526")]
#[case(held().reduce(key("b") / key("late")), "it divides by a total per key, which SQL would skip where it is zero")]
#[case(held().reduce(key("none")), "`none` is not one of the totals per `borrower_id`")]
#[case(held().reduce(key("b") - total(held().reduce(key("b")))), "a total inside totals per key is itself per key")]
#[case(held().top(0, key("b")), "the 0 largest have no sum in SQL")]
#[case(nested(12), "its SQL is longer than 262144 bytes")]
fn left_out(#[case] formula: Formula, #[case] reason: &str) {
    let statement = written(&[kpi("k", formula.clone()), kpi("rows", count())]).unwrap();
    let left: Vec<(&str, &str)> =
        statement.left_out.iter().map(|left| (&*left.id, left.reason.as_str())).collect();
    assert_eq!(left, [("k", reason)]);
    assert!(statement.text.contains(&format!("-- left out: k: {reason}\n")));
    // What the refused KPI had begun is not in the statement.
    assert_eq!((statement.measures.len(), statement.kpis.len()), (1, 1));
    let error = written(&[kpi("k", formula)]).unwrap_err();
    assert_eq!(error.to_string(), format!("no KPI is left to select; `k`: {reason}"));
    assert_eq!(error.kind(), ErrorKind::Usage);
}

#[test]
fn ids_that_cannot_stand_beside_each_other() {
    let duplicate = written(&[kpi("k", a()), kpi("k", b())]).unwrap_err();
    assert_eq!(duplicate.to_string(), "two KPIs have the id `k`");
    let statement = written(&[kpi("m2", a()), kpi("m2x", b())]).unwrap();
    assert_eq!(statement.left_out[0].reason, "its id is the name of a measure's column");
    assert_eq!(statement.kpis, ["m2x"]);
    let nothing = written(&[]).unwrap_err();
    assert_eq!(nothing.to_string(), "no KPI is left to select");
}
