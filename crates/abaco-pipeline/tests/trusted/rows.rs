//! Which rows count: refused ones are set aside with their reasons, copies are dropped, and the rest gives the KPIs.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use abaco_engine::AsOf;
use abaco_kpi::{FormulaKpi, KpiSpec, Unit, col, count, count_distinct, sum};
use abaco_pipeline::arrow::array::{Array, ArrayRef, AsArray, Date32Array, Int64Array, StringArray};
use abaco_pipeline::arrow::datatypes::UInt64Type;
use abaco_pipeline::arrow::record_batch::RecordBatch;
use abaco_pipeline::{Catalogue, ErrorKind, Pipeline, PipelineConfig, PipelineError, Run, RunRequest};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use rstest::rstest;
use serde_json::{Value, json};

use crate::common::{Desk, names, runs};

const SETTINGS: &str = "version: 1\nportfolio: p\ncontract: contract.yml\nquality: { mode: quarantine }\n";

const CONTRACT: &str = "\
contract: loans
version: 1
currency: USD
columns:
  loan_id: { type: text, roles: [key] }
  month: { type: date, roles: [snapshot] }
  branch: { type: text, allowed: [\"north\", \"south\"] }
  dpd: { type: int }
  balance: { type: 'decimal(18, 2)', roles: [amount] }
rules:
  - { id: owed, check: 'balance >= 0' }
";

pub(crate) const HEAD: &str = "loan_id,month,branch,dpd,balance\n";

/// Rows 1, 2 and 10 go on; 3 has a bad cell, 4 and 5 break a rule, 6 is ragged, 7 repeats 1, 8 and 9 contradict each
/// other, and 11 contradicts the second row of the other file.
const A: &str = "\
L1,2025-01-31,north,0,100.00
L2,2025-01-31,north,45,200.50
L3,2025-01-31,north,x,10.00
L4,2025-01-31,east,0,20.00
L5,2025-01-31,south,0,-5.00
L6,2025-01-31,south
L1,2025-01-31,north,0,100.00
L8,2025-01-31,south,10,40.00
L8,2025-01-31,south,11,40.00
L9,2025-01-31,south,90,300.25
L11,2025-01-31,north,5,70.00
";

/// Row 1 repeats a row of the first file, 2 contradicts one, 3 goes on, 4 has no amount.
const B: &str = "\
L2,2025-01-31,north,45,200.50
L11,2025-01-31,north,6,70.00
L12,2025-01-31,south,0,1.25
L13,2025-01-31,south,0,9x.00
";

fn kpis() -> Vec<FormulaKpi> {
    let kpi = |id: &'static str, unit: Unit| KpiSpec::new(id, id, unit);
    vec![
        FormulaKpi::new(kpi("balance", Unit::Currency), sum("balance")),
        FormulaKpi::new(kpi("late", Unit::Currency), sum("balance").filter(col("dpd").ge(30))),
        FormulaKpi::new(kpi("loans", Unit::Count), count_distinct("loan_id")),
        FormulaKpi::new(kpi("rows", Unit::Count), count()),
    ]
}

pub(crate) fn desk() -> Desk {
    let desk = Desk::new();
    desk.write("cfg/pipeline.yml", SETTINGS);
    desk.write("cfg/contract.yml", CONTRACT);
    desk.write("a.csv", format!("{HEAD}{A}"));
    desk.write("b.csv", format!("{HEAD}{B}"));
    desk
}

pub(crate) fn run_of(desk: &Desk, inputs: &[&str]) -> Result<Run, PipelineError> {
    let config = PipelineConfig::load(desk.path("cfg/pipeline.yml")).unwrap();
    let pipeline = Pipeline::new(config, &Catalogue::new().profile("standard", kpis())).unwrap();
    let inputs: Vec<PathBuf> = inputs.iter().map(|name| desk.path(name)).collect();
    pipeline.run(&RunRequest { inputs, as_of: AsOf::Single, ..desk.request() })
}

pub(crate) fn values(run: &Run) -> Vec<String> {
    run.document.kpis.iter().map(|kpi| kpi.value.clone().or(kpi.reason.clone()).unwrap()).collect()
}

fn document(folder: &Path, name: &str) -> Value {
    serde_json::from_slice(&std::fs::read(folder.join(name)).unwrap()).unwrap()
}

fn table(folder: &Path, name: &str) -> Vec<RecordBatch> {
    let file = std::fs::File::open(folder.join(name)).unwrap();
    ParquetRecordBatchReaderBuilder::try_new(file).unwrap().build().unwrap().map(Result::unwrap).collect()
}

/// A quarantined row: its file's name, its row, its line, its reasons as `rule: message`, its cells.
pub(crate) type Quarantined = (String, u64, Option<u64>, Vec<String>, Value);

pub(crate) fn quarantined(run: &Run) -> Vec<Quarantined> {
    let mut all = Vec::new();
    for batch in table(run.folder.as_deref().unwrap(), "quarantine.parquet") {
        let text = |name: &str| batch.column_by_name(name).unwrap().as_string::<i32>().clone();
        let number = |name: &str| batch.column_by_name(name).unwrap().as_primitive::<UInt64Type>().clone();
        let (tables, files, reasons, cells) = (text("table"), text("file"), text("reasons"), text("cells"));
        let (rows, lines) = (number("row"), number("line"));
        for at in 0..batch.num_rows() {
            assert_eq!(tables.value(at), "tape");
            let file = Path::new(files.value(at)).file_name().unwrap().to_str().unwrap().to_owned();
            let of_row: Vec<Value> = serde_json::from_str(reasons.value(at)).unwrap();
            let word = |reason: &Value, key: &str| reason[key].as_str().unwrap().to_owned();
            let of_row =
                of_row.iter().map(|reason| format!("{}: {}", word(reason, "rule"), word(reason, "message")));
            let line = lines.is_valid(at).then(|| lines.value(at));
            let cells = serde_json::from_str(cells.value(at)).unwrap();
            all.push((file, rows.value(at), line, of_row.collect(), cells));
        }
    }
    all
}

/// By hand: 100.00 + 200.50 + 300.25 + 1.25, of which 200.50 and 300.25 are late.
pub(crate) const VALUES: [&str; 4] = ["602.00", "500.75", "4", "4"];

#[test]
fn the_kpis_are_those_of_the_rows_that_go_on() {
    let desk = desk();
    let run = run_of(&desk, &["a.csv", "b.csv"]).unwrap();
    assert_eq!(values(&run), VALUES);
    let rows = serde_json::to_value(run.document.rows).unwrap();
    assert_eq!(rows, json!({ "read": 15, "quarantined": 9, "duplicate": 2, "as_of": 4 }));
    let folder = run.folder.as_deref().unwrap();
    assert_eq!(document(folder, "kpis.json")["rows"], rows);
    let quality = &document(folder, "quality.json")["rows"];
    assert_eq!(*quality, json!({ "read": 15, "accepted": 4, "quarantined": 9, "duplicate": 2 }));
    let written: Vec<String> = table(folder, "tape.parquet")
        .iter()
        .flat_map(|batch| {
            let ids = abaco_pipeline::arrow::compute::cast(
                batch.column_by_name("loan_id").unwrap(),
                &abaco_pipeline::arrow::datatypes::DataType::Utf8,
            );
            let ids = ids.unwrap();
            ids.as_string::<i32>().iter().map(|id| id.unwrap().to_owned()).collect::<Vec<_>>()
        })
        .collect();
    assert_eq!(written, ["L1", "L2", "L9", "L12"]);
}

/// L1's second row is refused by a rule and may be the true one all the same; L2's copies are refused one by one; nobody
/// can tell of which loan the row with the unreadable cell is.
#[test]
fn a_refused_row_contradicts_another_of_its_key() {
    let desk = desk();
    desk.write(
        "a.csv",
        format!(
            "{HEAD}L1,2025-01-31,north,0,100.00\nL1,2025-01-31,north,0,-100.00\nL2,2025-01-31,east,0,7.00\n\
             L2,2025-01-31,east,0,7.00\nL3,2025-01-31,north,0,1.00\nL3,2025-01-31,north,x,1.00\n"
        ),
    );
    let run = run_of(&desk, &["a.csv"]).unwrap();
    assert_eq!(values(&run), ["1.00", "0.00", "1", "1"]);
    let rows = serde_json::to_value(run.document.rows).unwrap();
    assert_eq!(rows, json!({ "read": 6, "quarantined": 5, "duplicate": 0, "as_of": 1 }));
    let rules: Vec<(u64, Vec<String>)> = quarantined(&run)
        .into_iter()
        .map(|(_, row, _, reasons, _)| {
            (row, reasons.iter().map(|reason| reason.split(": ").next().unwrap().to_owned()).collect())
        })
        .collect();
    let of = |rules: &[&str]| rules.iter().map(|rule| (*rule).to_owned()).collect::<Vec<_>>();
    let expected = [
        (1, of(&["tape.conflicts"])),
        (2, of(&["owed", "tape.conflicts"])),
        (3, of(&["branch.allowed"])),
        (4, of(&["branch.allowed"])),
        (6, of(&["dpd.type"])),
    ];
    assert_eq!(rules, expected);
}

/// The tape of the rows that go on, and of nothing else, is worth the same.
#[test]
fn as_if_the_other_rows_had_not_been_there() {
    let desk = desk();
    let all = run_of(&desk, &["a.csv", "b.csv"]).unwrap();
    let kept: String = A
        .lines()
        .chain(B.lines())
        .enumerate()
        .filter(|(at, _)| [0, 1, 9, 13].contains(at))
        .map(|(_, row)| format!("{row}\n"))
        .collect();
    desk.write("kept.csv", format!("{HEAD}{kept}"));
    let only = run_of(&desk, &["kept.csv"]).unwrap();
    assert_eq!(values(&only), VALUES);
    assert_eq!(only.quality.rows.quarantined + only.quality.rows.duplicate, 0);
    assert_eq!(crate::common::kpis(&only), crate::common::kpis(&all));
}

/// Rows and money by hand. `9x.00` is no amount, and the ragged row has none.
#[test]
fn the_phases_tie() {
    let desk = desk();
    let run = run_of(&desk, &["a.csv", "b.csv"]).unwrap();
    let manifest = document(run.folder.as_deref().unwrap(), "manifest.json");
    let phases = manifest["phases"].as_array().unwrap();
    let counts: Vec<Value> = phases
        .iter()
        .map(|phase| {
            json!([
                phase["phase"],
                phase["rows_in"],
                phase["accepted"],
                phase["quarantined"],
                phase["duplicate"]
            ])
        })
        .collect();
    assert_eq!(
        counts,
        [
            json!(["ingest", 15, 15, 0, 0]),
            json!(["validate", 15, 4, 9, 2]),
            json!(["transform", 4, 4, 0, 0]),
            json!(["calculate", 4, 4, 0, 0]),
            json!(["publish", 4, 4, 0, 0]),
        ]
    );
    let money = |at: usize| phases[at]["control_totals"]["balance"].clone();
    let passed = |amount: &str| json!({ "in": amount, "accepted": amount, "quarantined": "0", "duplicate": "0", "unreadable": 0 });
    assert_eq!(money(0), passed("1147.50"));
    // 10.00 + 20.00 - 5.00 + 40.00 + 40.00 + 70.00 + 70.00 are set aside, 100.00 + 200.50 are copies.
    assert_eq!(
        money(1),
        json!({ "in": "1147.50", "accepted": "602.00", "quarantined": "245.00", "duplicate": "300.50", "unreadable": 2 })
    );
    assert_eq!((money(2), money(4)), (passed("602.00"), passed("602.00")));
    assert_eq!(phases[3]["control_totals"], json!({}));
}

#[test]
fn the_rows_are_in_quarantine_with_their_reasons() {
    let desk = desk();
    let run = run_of(&desk, &["a.csv", "b.csv"]).unwrap();
    let found = quarantined(&run);
    let told: Vec<Value> =
        found.iter().map(|(file, row, _, reasons, _)| json!([file, row, reasons])).collect();
    let contradicts =
        |others: &str| format!("tape.conflicts: expected one content of a key, found others in {others}");
    assert_eq!(
        told,
        [
            json!(["a.csv", 3, ["dpd.type: expected int, found `x`"]]),
            json!(["a.csv", 4, ["branch.allowed: expected one of `north`, `south`, found `branch` east"]]),
            json!(["a.csv", 5, ["owed: expected `balance >= 0`, found `balance` -5.00"]]),
            json!(["a.csv", 6, ["tape.shape: expected 5 cells, found 3"]]),
            json!(["a.csv", 8, [contradicts("row 9")]]),
            json!(["a.csv", 9, [contradicts("row 8")]]),
            json!(["a.csv", 11, [contradicts("row 2 of input 2")]]),
            json!(["b.csv", 2, [contradicts("row 11 of input 1")]]),
            json!(["b.csv", 4, ["balance.type: expected decimal(18, 2), found `9x.00`"]]),
        ]
    );
    // The line is known where the row could not be read; the header is the first.
    let lines: Vec<Option<u64>> = found.iter().map(|(_, _, line, _, _)| *line).collect();
    assert_eq!(lines, [Some(4), None, None, Some(7), None, None, None, None, Some(5)]);
    let cells = &found[0].4;
    assert_eq!(
        *cells,
        json!({ "loan_id": "L3", "month": "2025-01-31", "branch": "north", "dpd": "x", "balance": "10.00" })
    );
    assert_eq!(found[7].4["dpd"], "6");
}

#[rstest]
#[case::cell(3, "row 1 (line 2), column `dpd`: expected int, found `x`")]
#[case::allowed(4, "row 1, rule `branch.allowed`: expected one of `north`, `south`, found `branch` east")]
#[case::rule(5, "row 1, rule `owed`: expected `balance >= 0`, found `balance` -5.00")]
#[case::ragged(6, "row 1 (line 2): expected 5 cells, found 3")]
fn strict_mode_refuses_the_tape(#[case] row: usize, #[case] message: &str) {
    let desk = desk();
    desk.write("cfg/pipeline.yml", SETTINGS.replace("quarantine }", "strict }"));
    let row = A.lines().nth(row - 1).unwrap();
    desk.write("one.csv", format!("{HEAD}{row}\nL9,2025-01-31,south,90,300.25\n"));
    let error = run_of(&desk, &["one.csv"]).unwrap_err();
    assert_eq!(error.to_string(), format!("{}: {message}", desk.path("one.csv").display()));
    assert_eq!(error.kind(), ErrorKind::Data);
    assert_eq!(runs(&desk.path("runs")), [] as [&str; 0]);
    assert_eq!(names(&desk.path("runs/.failed")).len(), 1);
}

/// `nulls: drop_row` sets a row aside in either mode, and is a warning; an amount that is not there is unreadable.
#[rstest]
fn a_row_may_be_dropped_for_a_null(#[values("strict", "quarantine")] mode: &str) {
    let desk = desk();
    desk.write("cfg/pipeline.yml", SETTINGS.replace("quarantine }", &format!("{mode} }}")));
    let dropping = CONTRACT
        .replace("dpd: { type: int }", "dpd: { type: int, nulls: drop_row }")
        .replace("type: 'decimal(18, 2)', roles", "type: 'decimal(18, 2)', nulls: drop_row, roles");
    desk.write("cfg/contract.yml", dropping);
    let rows = "L1,2025-01-31,north,,1.00\nL2,2025-01-31,north,45,\nL3,2025-01-31,north,0,3.00\nL3,2025-01-31,north,0,3.00\n";
    desk.write("a.csv", format!("{HEAD}{rows}"));
    let run = run_of(&desk, &["a.csv"]).unwrap();
    assert_eq!(values(&run), ["3.00", "0.00", "1", "1"]);
    let told: Vec<(u64, Vec<String>)> =
        quarantined(&run).into_iter().map(|(_, row, _, reasons, _)| (row, reasons)).collect();
    let reason = |text: &str| vec![text.to_owned()];
    assert_eq!(
        told,
        [
            (1, reason("dpd.nulls: expected int, found null")),
            (2, reason("balance.nulls: expected decimal(18, 2), found null")),
        ]
    );
    let quality = document(run.folder.as_deref().unwrap(), "quality.json");
    assert_eq!(quality["rows"], json!({ "read": 4, "accepted": 1, "quarantined": 2, "duplicate": 1 }));
    assert_eq!(
        quality["control_totals"]["balance"],
        json!({ "read": "7.00", "accepted": "3.00", "quarantined": "1.00", "duplicate": "3.00", "unreadable": 1 })
    );
    let checks = quality["checks"].as_array().unwrap();
    let nulls = checks.iter().find(|check| check["id"] == "dpd.nulls").unwrap();
    assert_eq!((&nulls["severity"], &nulls["violating"]), (&json!("warning"), &json!(1)));
    // In strict mode any other fault of a row still refuses the tape.
    desk.write("a.csv", format!("{HEAD}{rows}L4,2025-01-31,north,x,\n"));
    let refused = run_of(&desk, &["a.csv"]).err().map(|error| error.to_string());
    let expected =
        format!("{}: row 5 (line 6), column `dpd`: expected int, found `x`", desk.path("a.csv").display());
    assert_eq!(refused, (mode == "strict").then_some(expected));
}

/// What else is wrong with a row that is dropped for a null refuses the tape in strict mode, wherever it stands and whatever
/// the format is.
#[test]
fn a_dropped_row_hides_nothing_from_strict_mode() {
    let desk = desk();
    desk.write("cfg/pipeline.yml", SETTINGS.replace("quarantine }", "strict }"));
    desk.write(
        "cfg/contract.yml",
        CONTRACT.replace("dpd: { type: int }", "dpd: { type: int, nulls: drop_row }"),
    );
    desk.write("a.csv", format!("{HEAD}L1,2025-01-31,north,0,1.00\nL2,2025-01-31,north,,x\n"));
    let row = |loan: &str, dpd: Value, balance: &str| json!({ "loan_id": loan, "month": "2025-01-31", "branch": "north", "dpd": dpd, "balance": balance });
    desk.write("b.jsonl", format!("{}\n{}\n", row("L1", json!(0), "1.00"), row("L2", Value::Null, "x")));
    let texts = |values: [&'static str; 2]| Arc::new(StringArray::from(values.to_vec())) as ArrayRef;
    let batch = RecordBatch::try_from_iter([
        ("loan_id", texts(["L1", "L2"])),
        ("month", Arc::new(Date32Array::from(vec![20_119; 2])) as ArrayRef),
        ("branch", texts(["north"; 2])),
        ("dpd", Arc::new(Int64Array::from(vec![Some(0), None])) as ArrayRef),
        ("balance", texts(["1.00", "x"])),
    ])
    .unwrap();
    let mut parquet = ArrowWriter::try_new(Vec::new(), batch.schema(), None).unwrap();
    parquet.write(&batch).unwrap();
    desk.write("c.parquet", parquet.into_inner().unwrap());
    for (name, place) in [("a.csv", "row 2 (line 3)"), ("b.jsonl", "row 2 (line 2)"), ("c.parquet", "row 2")]
    {
        let path = desk.path(name);
        assert_eq!(
            run_of(&desk, &[name]).unwrap_err().to_string(),
            format!("{}: {place}, column `balance`: expected decimal(18, 2), found `x`", path.display())
        );
    }
}

/// An amount with text behind its closing quote is no amount, though another cell is refused for it first.
#[test]
fn an_amount_with_text_behind_its_quote() {
    let desk = desk();
    let rows =
        "L1,2025-01-31,north,0,1.00\n\"L2\"x,2025-01-31,north,0,\"3\"4\n\"L3\"x,2025-01-31,north,0,\"5\"\n";
    desk.write("a.csv", format!("{HEAD}{rows}"));
    let run = run_of(&desk, &["a.csv"]).unwrap();
    let quality = document(run.folder.as_deref().unwrap(), "quality.json");
    assert_eq!(
        quality["control_totals"]["balance"],
        json!({ "read": "6.00", "accepted": "1.00", "quarantined": "5.00", "duplicate": "0.00", "unreadable": 1 })
    );
}

/// Where copies and contradictions are noticed early, late, or only at the very end, what is left of the rows is the same.
#[rstest]
#[case::next_to_each_other(&[(0, 1), (7, 8)])]
#[case::far_apart(&[(0, 59_999)])]
#[case::in_the_middle(&[(29_000, 31_000), (30_000, 59_000)])]
fn copies_anywhere_in_a_long_tape(
    #[case] copies: &[(usize, usize)],
    #[values(false, true)] contradict: bool,
) {
    let desk = desk();
    desk.write("cfg/contract.yml", CONTRACT.replace("allowed: [\"north\", \"south\"]", "nulls: keep"));
    let filler = "a branch with a long name ".repeat(4);
    let row = |loan: usize, cents: usize| format!("M{loan},2025-01-31,{filler},0,{loan}.{cents:02}\n");
    let mut rows: Vec<String> = (0..60_000).map(|loan| row(loan, 0)).collect();
    let mut gone = std::collections::BTreeSet::new();
    for (of, at) in copies {
        rows[*at] = row(*of, usize::from(contradict));
        gone.insert(*at);
        if contradict {
            gone.insert(*of);
        }
    }
    desk.write("a.csv", format!("{HEAD}{}", rows.concat()));
    let all = run_of(&desk, &["a.csv"]).unwrap();
    let kept = rows.iter().enumerate().filter(|(at, _)| !gone.contains(at)).map(|(_, row)| row.as_str());
    desk.write("kept.csv", format!("{HEAD}{}", kept.collect::<String>()));
    let only = run_of(&desk, &["kept.csv"]).unwrap();
    // Rows were compared where there was nothing to find, too.
    let compared = |run: &Run| -> Vec<u64> {
        let of_copies = ["tape.duplicates", "tape.conflicts"];
        let checks = run.quality.checks.iter().filter(|check| of_copies.contains(&&*check.id));
        checks.map(|check| check.checked).collect()
    };
    assert_eq!((compared(&all), compared(&only)), (vec![60_000; 2], vec![60_000 - gone.len() as u64; 2]));
    assert_eq!(crate::common::kpis(&only), crate::common::kpis(&all));
    let rows = all.quality.rows;
    let left_out = (gone.len() as u64, if contradict { rows.quarantined } else { rows.duplicate });
    assert_eq!((rows.read, left_out.1, rows.accepted), (60_000, left_out.0, 60_000 - left_out.0));
    for name in ["tape.parquet", "state.bin", "kpis.parquet"] {
        let bytes = |run: &Run| std::fs::read(run.folder.as_deref().unwrap().join(name)).unwrap();
        assert!(bytes(&all) == bytes(&only), "{name}");
    }
}

/// The first of all bad rows is named, copies do not refuse a tape, and rows of two files contradict each other too.
#[test]
fn strict_mode_names_the_first() {
    let desk = desk();
    desk.write("cfg/pipeline.yml", SETTINGS.replace("quarantine }", "strict }"));
    let error = run_of(&desk, &["a.csv", "b.csv"]).unwrap_err().to_string();
    assert_eq!(
        error,
        format!("{}: row 3 (line 4), column `dpd`: expected int, found `x`", desk.path("a.csv").display())
    );
    let only = |text: &str, rows: &[usize]| {
        let kept = text.lines().enumerate().filter(|(at, _)| rows.contains(&(at + 1)));
        format!("{HEAD}{}", kept.map(|(_, row)| format!("{row}\n")).collect::<String>())
    };
    desk.write("a.csv", only(A, &[1, 2, 7, 10, 11]));
    desk.write("b.csv", only(B, &[1, 3]));
    let run = run_of(&desk, &["a.csv", "b.csv"]).unwrap();
    assert_eq!(
        (values(&run), run.quality.rows.duplicate),
        (["672.00", "500.75", "5", "5"].map(str::to_owned).to_vec(), 2)
    );
    desk.write("b.csv", only(B, &[1, 2, 3]));
    let error = run_of(&desk, &["a.csv", "b.csv"]).unwrap_err().to_string();
    let message =
        "row 5, rule `tape.conflicts`: expected one content of a key, found others in row 2 of input 2";
    assert_eq!(error, format!("{}: {message}", desk.path("a.csv").display()));
}

#[rstest]
#[case::bad_cells("L3,2025-01-31,north,x,10.00\nL4,2025-01-31,east,0,20.00\n", 2)]
#[case::conflicts("L8,2025-01-31,south,10,40.00\nL8,2025-01-31,south,11,40.00\n", 2)]
#[case::ragged("L6,2025-01-31,south\n", 1)]
fn nothing_is_left(#[case] rows: &str, #[case] count: u64) {
    let desk = desk();
    desk.write("none.csv", format!("{HEAD}{rows}"));
    let error = run_of(&desk, &["none.csv"]).unwrap_err();
    assert!(matches!(&error, PipelineError::AllQuarantined { rows, .. } if *rows == count), "{error}");
    assert!(error.to_string().starts_with(&desk.path("none.csv").display().to_string()), "{error}");
    assert_eq!(error.kind(), ErrorKind::Data);
    assert_eq!(runs(&desk.path("runs")), [] as [&str; 0]);
}
