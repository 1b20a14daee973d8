//! The numbers in `docs/CONVENTIONS.md` are computed from the loans that stand above them, and this test keeps them so.
//!
//! The file is its own template. A table whose head begins with `KPI` is written here, from the rows of the table before
//! it; everything else is prose. To write the values anew after a change of rows, ids or formulas:
//! `ABACO_WRITE_DOCS=1 cargo test -p abaco-calculators --test conventions_md`.
#![allow(clippy::unwrap_used, clippy::panic, reason = "the helpers of a test are part of the test")]

use std::path::Path;

use abaco_calculators::STANDARD;
use abaco_engine::{AsOf, Bindings, Plan, PlanOptions, check_dimensions, parse_formula_with, parse_row_expr};
use abaco_kpi::{FormulaKpi, Kpi, KpiSpec, Outcome, RowExpr, Unit, canonical_column};
use abaco_testkit::oracle::{When, difference};
use abaco_testkit::{Cell, CellType, Oracle, Tape, Width};

/// The cells of a line of a table.
fn cells(line: &str) -> Vec<&str> {
    line.trim_matches('|').split('|').map(str::trim).collect()
}

/// The texts in backquotes.
fn quoted(text: &str) -> Vec<&str> {
    text.split('`').skip(1).step_by(2).collect()
}

/// A decimal as an integer without its point.
fn units(text: &str, scale: u8) -> i128 {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let places = usize::from(scale);
    assert!(part.len() <= places, "{text}: expected at most {places} places");
    format!("{whole}{part:0<places$}").parse().unwrap_or_else(|_| panic!("{text}: expected a number"))
}

fn cell(text: &str, cell_type: CellType) -> Cell {
    match cell_type {
        _ if text.is_empty() => Cell::Null,
        CellType::Number { scale } => Cell::Number(units(text, scale)),
        CellType::Integer => Cell::Integer(text.parse().unwrap()),
        CellType::Date => Cell::Date(text.parse().unwrap()),
        CellType::Boolean => Cell::Boolean(match text {
            "yes" => true,
            "no" => false,
            other => panic!("{other}: expected yes or no"),
        }),
        CellType::Text => Cell::Text(text.to_owned()),
    }
}

/// The rows of a table; a column whose head names several canonical columns stands for each of them.
fn tape(table: &[&str]) -> Tape {
    let rows: Vec<Vec<&str>> = table[2..].iter().map(|line| cells(line)).collect();
    let mut tape = Tape::new();
    for (index, head) in cells(table[0]).into_iter().enumerate() {
        let names = quoted(head);
        assert!(!names.is_empty(), "{head}: expected the names of columns");
        for name in names {
            let column = canonical_column(name).unwrap_or_else(|| panic!("{name} is not canonical"));
            let cell_type = column.column_type.into();
            tape = tape
                .column(column.name, cell_type, rows.iter().map(|row| cell(row[index], cell_type)))
                .unwrap();
        }
    }
    tape
}

/// A KPI of the list by its id, or a formula that the list has no KPI for.
fn kpi(text: &str) -> FormulaKpi {
    if let Some(kpi) = STANDARD.find(text) {
        return kpi;
    }
    let formula = parse_formula_with(text, &|id| STANDARD.find(id).map(|kpi| kpi.formula()));
    let formula = formula.unwrap_or_else(|error| panic!("{text}: {error}"));
    let unit =
        [Unit::Percent, Unit::Currency].into_iter().find(|unit| check_dimensions(&formula, *unit).is_ok());
    let unit = unit.unwrap_or_else(|| panic!("{text}: expected a percentage or an amount"));
    FormulaKpi::new(KpiSpec::new("formula", "Formula", unit), formula)
}

/// The value at the newest snapshot, in which engine and oracle agree.
fn value(kpi: &FormulaKpi, tape: &Tape, bound: Option<(&str, RowExpr)>) -> String {
    let name = |column: &str| canonical_column(column).unwrap().name;
    let (mut bindings, mut oracle) = (Bindings::new(), Oracle::new(tape));
    if let Some((column, expr)) = bound {
        bindings = bindings.bind(name(column), expr.clone());
        oracle = oracle.bind(name(column), expr);
    }
    let snapshot = tape.position("as_of").map(|_| "as_of".into());
    oracle = snapshot.iter().fold(oracle, |oracle, _| oracle.snapshot("as_of"));
    let options = PlanOptions { bindings, snapshot, ..PlanOptions::default() };
    let plan = Plan::new(&[kpi as &dyn Kpi], &tape.schema(Width::Decimal64), &options).unwrap();
    let mut state = plan.empty();
    plan.fold(&mut state, &tape.to_batch(Width::Decimal64).unwrap()).unwrap();
    let result = plan.finish(&state, AsOf::Latest).unwrap().groups.remove(0).kpis.remove(0);

    let when = oracle.snapshots().last().map_or(When::Always, |date| When::At(*date));
    assert_eq!(difference(&oracle.expect(kpi, when, &[]), &result), None, "{}", kpi.formula());
    match &result.outcome {
        Outcome::Value(value) if kpi.spec().unit == Unit::Percent => format!("{} %", value.rounded),
        Outcome::Value(value) => value.rounded.to_string(),
        other => panic!("{} has no value on\n{tape}: {other:?}", kpi.formula()),
    }
}

/// A table of values, with everything in it that follows from the rows and the list.
fn values(table: &[&str], tape: &Tape) -> Vec<String> {
    let head = cells(table[0]);
    let mut lines: Vec<String> = table[..2].iter().map(|line| (*line).to_owned()).collect();
    for line in &table[2..] {
        let row = cells(line);
        let [text] = quoted(row[0])[..] else { panic!("{line}: expected one KPI") };
        let kpi = kpi(text);
        let written = head.iter().enumerate().map(|(index, head)| match (*head, &quoted(head)[..]) {
            ("KPI", _) => format!("`{text}`"),
            // A formula has no convention but the one that the author writes beside it.
            ("what it reads", _) if kpi.spec().id == "formula" => row[index].to_owned(),
            ("what it reads", _) => kpi.spec().convention.to_string(),
            ("value", _) => value(&kpi, tape, None),
            (_, [column, expr]) => value(&kpi, tape, Some((column, parse_row_expr(expr).unwrap()))),
            (other, _) => panic!("{other}: expected a column of values"),
        });
        lines.push(format!("| {} |", written.collect::<Vec<_>>().join(" | ")));
    }
    lines
}

/// The file with its values computed, and the number of KPIs that each section compares.
fn computed(text: &str) -> (String, Vec<(String, usize)>) {
    let (mut out, mut sections, mut loans) = (Vec::new(), Vec::new(), None);
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        if let Some(title) = line.strip_prefix("## ") {
            sections.push((title.to_owned(), 0));
            loans = None;
        }
        if !line.starts_with('|') {
            out.push(line.to_owned());
            continue;
        }
        let mut table = vec![line];
        while let Some(next) = lines.next_if(|next| next.starts_with('|')) {
            table.push(next);
        }
        if cells(line)[0] == "KPI" {
            let loans = loans.as_ref().unwrap_or_else(|| panic!("{line}: expected rows above it"));
            out.extend(values(&table, loans));
            sections.last_mut().unwrap().1 += table.len() - 2;
        } else {
            loans = Some(tape(&table));
            out.extend(table.into_iter().map(str::to_owned));
        }
    }
    (out.join("\n") + "\n", sections)
}

#[test]
fn the_values_in_docs_are_those_of_the_rows_above_them() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/CONVENTIONS.md");
    let found = std::fs::read_to_string(&path).unwrap();
    let (expected, sections) = computed(&found);
    if std::env::var_os("ABACO_WRITE_DOCS").is_some() {
        std::fs::write(&path, &expected).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap();
    let differing = found.lines().zip(expected.lines()).find(|(found, expected)| found != expected);
    assert_eq!(differing, None, "docs/CONVENTIONS.md: found, expected; see the head of this test");
    assert_eq!(found, expected);
    assert_eq!(sections.len(), 11);
    for (title, kpis) in sections {
        assert!(kpis >= 2, "{title}: {kpis} KPIs are no comparison");
    }
}

#[test]
#[should_panic(expected = "balance_outstanding is not canonical")]
fn a_misspelt_column_is_no_column() {
    computed("## a\n| `balance_outstanding` |\n|---|\n| 1 |\n");
}

#[test]
fn a_drifted_value_is_put_right() {
    let text = |value| {
        format!(
            "## a\n| `outstanding_balance` | `dpd` |\n|---|---|\n| 1.50 | |\n\n| KPI | value |\n|---|---|\n| `glp` | {value} |\n"
        )
    };
    assert_eq!(computed(&text("7.00")).0, text("1.50"));
}
