//! `abaco kpis --format sql`, and what DuckDB makes of it.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use abaco_loans::calculators::PROFILES;
use abaco_loans::engine::{StatementOptions, statement};
use abaco_loans::kpi::{Class, FormulaKpi, KpiSpec, Unit};
use abaco_loans::prelude::*;
use abaco_testkit::{Tape, Width};
use rstest::rstest;
use serde_json::{Value, json};

use crate::common::{Sandbox, in_repository, kpi};
use crate::sql_tapes::{cells_as_texts, random_tape, sql_type, tape_of_nulls};
use crate::sql_zoo::zoo;

/// A Python that has the package `duckdb`; without it these tests say so and check nothing.
fn python() -> Option<String> {
    let found = std::env::var("ABACO_PYTHON").ok().filter(|path| !path.is_empty());
    if found.is_none() {
        eprintln!("SKIPPED: ABACO_PYTHON does not name a Python with duckdb");
    }
    found
}

/// The tape and abaco's own totals, for the script to compare with.
fn case(kpis: &[&dyn Kpi], written: &BTreeSet<String>, tape: &Tape) -> Value {
    let batch = tape.to_batch(Width::Decimal64).unwrap();
    let plan = Plan::new(kpis, &batch.schema(), &PlanOptions::default()).unwrap();
    let finished = plan.finish(&plan.fold_all(&[batch]).unwrap(), AsOf::Single).unwrap();
    let (mut measures, mut values) = (serde_json::Map::new(), serde_json::Map::new());
    for result in &finished.groups[0].kpis {
        assert!(
            matches!(result.outcome.state(), "value" | "undefined"),
            "{}: {:?}",
            result.id,
            result.outcome
        );
        if !written.contains(&*result.id) {
            continue;
        }
        for (text, total) in &result.components {
            measures.insert(text.clone(), json!(total.as_ref().map(ToString::to_string)));
        }
        let exact = result.outcome.exact().map(|value| {
            let (numerator, denominator) = value.lowest_terms();
            format!("{numerator}/{denominator}")
        });
        values.insert(result.id.to_string(), json!(exact));
    }
    let columns: Vec<Value> =
        tape.columns().iter().map(|(column, cell)| json!([column.name(), sql_type(*cell)])).collect();
    json!({"columns": columns, "rows": cells_as_texts(tape), "measures": measures, "kpis": values})
}

#[track_caller]
fn agrees(python: &str, kpis: &[&dyn Kpi], written: &[&str], sql: &str, tape: &Tape) {
    let sandbox = Sandbox::with("statement.sql", sql);
    let written: BTreeSet<String> = written.iter().map(|id| (*id).to_owned()).collect();
    let case = case(kpis, &written, tape);
    check(python, &sandbox, &case);
}

/// Lets the script compare a case with what DuckDB makes of `statement.sql`.
#[track_caller]
fn check(python: &str, sandbox: &Sandbox, case: &Value) {
    assert!(!case["measures"].as_object().unwrap().is_empty());
    sandbox.write("case.json", case.to_string());
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sql/duckdb_check.py");
    let output = Command::new(python)
        .arg(script)
        .args([sandbox.path("case.json"), sandbox.path("statement.sql")])
        .output()
        .unwrap();
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{stdout}{stderr}");
    eprintln!("{}", stdout.trim());
}

fn tapes() -> [Tape; 3] {
    [random_tape(400), random_tape(0), tape_of_nulls(5)]
}

/// The statement that the command prints gives abaco's own measures, over every canonical column.
#[test]
fn duckdb_has_the_same_measures_of_every_profile() {
    let Some(python) = python() else { return };
    for profile in PROFILES {
        let sql = Sandbox::new().abaco(&["kpis", "--profile", profile.id, "--format", "sql"]).silent().stdout;
        let kpis = profile.kpis();
        let kpis: Vec<&dyn Kpi> = kpis.iter().map(|kpi| kpi as &dyn Kpi).collect();
        let left_out: Vec<&str> = sql.lines().filter_map(|line| line.strip_prefix("-- left out: ")).collect();
        let is_out = |id: &str| left_out.iter().any(|line| line.starts_with(&format!("{id}: ")));
        // Only what looks at another snapshot may be missing.
        for kpi in &kpis {
            let series = Class::of(&kpi.formula()) == Class::Series;
            assert_eq!(is_out(&kpi.spec().id), series, "{} in {left_out:?}", kpi.spec().id);
        }
        // Every measure of the catalogue is exact there, too.
        assert!(!sql.lines().any(|line| line.starts_with("  -- m") && line.contains(" ~ ")), "{sql}");
        let written: Vec<&str> = kpis.iter().map(|kpi| &*kpi.spec().id).filter(|id| !is_out(id)).collect();
        for tape in tapes() {
            agrees(&python, &kpis, &written, &sql, &tape);
        }
    }
}

/// Every construct of the algebra, whether or not a KPI of the catalogue uses it.
#[test]
fn duckdb_has_the_same_measures_of_every_construct() {
    let Some(python) = python() else { return };
    let kpis: Vec<FormulaKpi> = zoo()
        .into_iter()
        .map(|(id, formula)| FormulaKpi::new(KpiSpec::new(id, id, Unit::Ratio), formula))
        .collect();
    let kpis: Vec<&dyn Kpi> = kpis.iter().map(|kpi| kpi as &dyn Kpi).collect();
    let statement = statement(&kpis, &StatementOptions::default()).unwrap();
    assert_eq!(statement.left_out, []);
    let written: Vec<&str> = statement.kpis.iter().map(AsRef::as_ref).collect();
    for tape in tapes() {
        agrees(&python, &kpis, &written, &statement.text, &tape);
    }
}

/// V2's published tape has amounts of 17 digits; DuckDB reads them as doubles, as texts, or as decimals.
#[rstest]
#[case::as_it_likes("read_csv('TAPE')")]
#[case::as_texts("read_csv('TAPE', all_varchar = true)")]
#[case::as_decimals("read_csv('TAPE', types = {COLUMNS})")]
fn duckdb_has_the_same_measures_of_the_published_tape(#[case] source: &str) {
    let Some(python) = python() else { return };
    let tape = in_repository("examples/data/rollout_1000.csv");
    let seed = ["par_30", "par_90", "collection_rate", "portfolio_health"];
    let mut args = vec!["kpis", "--format", "sql"];
    seed.iter().for_each(|id| args.extend(["--only", id]));
    let sandbox = Sandbox::with("statement.sql", Sandbox::new().abaco(&args).silent().stdout);
    let document = Sandbox::new().abaco(&["run", &tape, "--format", "json"]).json();
    let mut measures = serde_json::Map::new();
    for id in seed {
        measures.extend(kpi(&document, id)["components"].as_object().unwrap().clone());
    }
    let columns: Vec<String> =
        crate::common::SLICES.split(',').map(|name| format!("'{name}': 'DECIMAL(38, 17)'")).collect();
    let source = source.replace("TAPE", &tape).replace("COLUMNS", &columns.join(", "));
    check(&python, &sandbox, &json!({"source": source, "measures": measures, "kpis": {}}));
}

/// A table of doubles gives exact sums, and a digit that the statement does not expect stops it.
#[test]
fn duckdb_rounds_no_amount_in_silence() {
    let Some(python) = python() else { return };
    // Of a square, because amounts that nobody multiplies may have 17 decimals.
    let square = sum(col("ead") * col("ead"));
    let amount = FormulaKpi::new(KpiSpec::new("amount", "Amount", Unit::Currency), square);
    let sql = statement(&[&amount as &dyn Kpi], &StatementOptions::default()).unwrap().text;
    let sandbox = Sandbox::with("statement.sql", sql);
    let run = |sql_type: &str, amounts: &str| {
        let script = format!(
            "import duckdb\nc = duckdb.connect()\nc.execute('CREATE TABLE tape (ead {sql_type})')\n\
             c.execute(\"INSERT INTO tape VALUES {amounts}\")\n\
             print(c.execute(open('statement.sql').read()).fetchall())"
        );
        let output =
            Command::new(&python).args(["-c", &script]).current_dir(sandbox.path("")).output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (output.status.success(), text(output.stdout), text(output.stderr))
    };
    // Added as doubles these are 0.30000000000000004.
    let (_, sums, errors) = run("DOUBLE", "(0.1), (0.2), (NULL)");
    assert_eq!(sums, "[(Decimal('0.0500'), Decimal('0.0500'))]\n", "{errors}");
    for (sql_type, amounts) in [("DECIMAL(18, 4)", "(0.1), (0.2001)"), ("DOUBLE", "(0.1), (0.2001)")] {
        let (worked, _, errors) = run(sql_type, amounts);
        assert!(!worked && errors.contains("ead: more than 2 decimals: 0.2001"), "{errors}");
    }
}

#[test]
fn only_the_kpis_that_were_named() {
    let sandbox = Sandbox::new();
    let sql = sandbox.abaco(&["kpis", "--format", "sql", "--only", "par_90"]).silent().stdout;
    assert!(
        sql.ends_with(
            "measures AS (\n  SELECT\n  -- m1 = SUM(dpd_90_plus_usd)\n  SUM(dpd_90_plus_usd) AS m1,\n  \
             -- m2 = SUM(total_receivable_usd)\n  SUM(total_receivable_usd) AS m2\n  FROM exact_rows\n)\n\
             SELECT\n  m1,\n  m2,\n  ((100 * m1) / NULLIF(m2, 0)) AS par_90\nFROM measures;\n"
        ),
        "{sql}"
    );
    // In the catalogue's order, for every format, and named twice is named once.
    let args = ["kpis", "--format", "json", "--only", "par_90", "--only", "par_30", "--only", "par_90"];
    let ids: Vec<Value> =
        sandbox.abaco(&args).silent().json().as_array().unwrap().iter().map(|e| e["id"].clone()).collect();
    assert_eq!(ids, ["par_30", "par_90"]);
    // A file of definitions adds KPIs and the columns that they read.
    sandbox.write(
        "mine.yml",
        "version: 1\ncolumns:\n  insured: { type: money, kind: stock, meaning: insured balance }\nkpis:\n  \
         - id: insured_total\n    name: Insured\n    unit: currency\n    formula: SUM(insured)\n",
    );
    let args = ["kpis", "--definitions", "mine.yml", "--format", "sql", "--only", "insured_total"];
    let sql = sandbox.abaco(&args).silent().stdout;
    assert!(sql.ends_with("SELECT\n  m1,\n  m1 AS insured_total\nFROM measures;\n"), "{sql}");
    sandbox.refuses(
        &["kpis", "--format", "sql", "--only", "PAR30"],
        2,
        "no KPI has the id `PAR30`; did you mean `par_30`?",
    );
    sandbox.refuses(&["kpis", "--only", "x"], 2, "no KPI has the id `x`");
}
