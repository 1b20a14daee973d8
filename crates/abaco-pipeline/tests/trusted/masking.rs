//! Personal data of the tape and of a table beside it is in no file of a run, whatever became of the run.

use std::path::Path;
use std::sync::Arc;

use abaco_engine::AsOf;
use abaco_kpi::{
    Formula, FormulaKpi, KeyTerm, Kpi, KpiSpec, Unit, by_key, case, col, count, count_distinct, lit, sum,
};
use abaco_pipeline::mask::MaskingKey;
use abaco_pipeline::storage::{Failing, How};
use abaco_pipeline::{Catalogue, Pipeline, PipelineConfig, PipelineError, Run, RunOptions, RunRequest};
use rstest::rstest;
use serde_json::Value;

use crate::common::{Desk, names, runs};
use crate::grep::{Found, files, plain_values};

const SETTINGS: &str = "\
version: 1
portfolio: p
contract: contract.yml
quality: { mode: quarantine }
masking: { key_id: test }
";

const JOINED: &str = "tables: { static: { contract: static.yml, paths: [../static.csv] } }\n";

const CONTRACT: &str = "\
contract: loans
version: 1
currency: USD
columns:
  loan_id: { type: text, roles: [key, pii] }
  month: { type: date, roles: [snapshot] }
  borrower_id: { type: text, roles: [pii] }
  name: { type: text, roles: [pii] }
  tax_number: { type: int, roles: [pii], range: { min: \"900000000000\" } }
  born: { type: date, roles: [pii] }
  dpd: { type: int }
  outstanding_balance: { type: 'decimal(18, 2)', roles: [amount] }
rules:
  - { id: owed, check: 'outstanding_balance >= 0' }
";

const STATIC_CONTRACT: &str = "\
contract: static
version: 1
currency: USD
columns:
  loan_id: { type: text, roles: [key, pii] }
  guarantor: { type: text, roles: [pii] }
  agent: { type: text, roles: [pii] }
  phone: { type: int, roles: [pii] }
  signed: { type: date, roles: [pii] }
  origination_date: { type: date }
";

/// Four rows go on. The others are refused beside personal data (5, 9, 10), because of it (6, 7, 8), are there twice (11)
/// or contradict each other (12, 13).
const TAPE: &str = "\
loan_id,month,borrower_id,name,tax_number,born,dpd,outstanding_balance
loan-A01,2025-01-31,borrower-Xq1,Wilhelmina Quartz,918273645501,1961-03-11,0,100.00
loan-A02,2025-01-31,borrower-Xq1,Wilhelmina Quartz,918273645501,1961-03-11,40,200.00
loan-A03,2025-01-31,borrower-Yr2,Ann,918273645503,1963-04-13,0,50.00
loan-A04,2025-01-31,borrower-Zs3,Ann,981273645504,1964-05-14,100,150.00
loan-A05,2025-01-31,borrower-Bd5,Beside Badcell,918273645505,1965-07-15,late,999.00
loan-A06,2025-01-31,borrower-Bd6,Because Ofint,9182736x5506,1966-08-16,0,999.00
loan-A07,2025-01-31,borrower-Bd7,Because Ofdate,918273645507,1967-99-17,0,999.00
loan-A08,2025-01-31,borrower-Bd8,Beyond Range,817263540908,1968-10-18,0,999.00
loan-A09,2025-01-31,borrower-Bd9,Beside Rule,918273645509,1969-11-19,0,-1.00
loan-A10,2025-01-31,borrower-Bd10,Ragged Row
loan-A01,2025-01-31,borrower-Xq1,Wilhelmina Quartz,918273645501,1961-03-11,0,100.00
loan-A12,2025-01-31,borrower-Cf12,Zeno Conflict,918273645512,1952-12-22,0,999.00
loan-A12,2025-01-31,borrower-Cf13,Zora Conflict,918273645513,1953-12-23,0,999.00
";

const STATIC: &str = "\
loan_id,guarantor,agent,phone,signed,origination_date
loan-A01,guarantor-Kk1,Eve,447700900101,2001-02-03,2024-01-10
loan-A02,guarantor-Kk2,Otto Vermittler,447700900102,2002-03-04,2024-01-11
loan-A03,guarantor-Kk1,Eve,447700900103,2003-04-05,2024-01-12
loan-A04,guarantor-Kk4,Eve,4477009bad04,2004-05-06,2024-01-13
loan-A05,guarantor-Kk5,Olga Vermittler,447700900105,2005-66-07,2024-01-14
loan-A06,guarantor-Kk6,Oleg Vermittler,447700900106,2006-07-08,never
loan-A07,guarantor-Kk7,Olaf Vermittler,447700900107,2007-08-09,2024-01-16
loan-A07,guarantor-Kk8,Olaf Vermittler,447700900107,2007-08-09,2024-01-16
";

/// Conditions of KPIs name `Ann` and `Eve`, and the label of the range its bound; whatever else is in a pii cell is here.
const OF_TAPE: [&str; 45] = [
    "loan-A01",
    "loan-A02",
    "loan-A03",
    "loan-A04",
    "loan-A05",
    "loan-A06",
    "loan-A07",
    "loan-A08",
    "loan-A09",
    "loan-A10",
    "loan-A12",
    "borrower-Xq1",
    "borrower-Yr2",
    "borrower-Zs3",
    "borrower-Bd",
    "borrower-Cf",
    "Wilhelmina",
    "Quartz",
    "Beside Badcell",
    "Because Of",
    "Beyond Range",
    "Beside Rule",
    "Ragged Row",
    "Zeno Conflict",
    "Zora Conflict",
    "9182736",
    "9182736x5506",
    "918273645501",
    "918273645503",
    "981273645504",
    "817263540908",
    "918273645513",
    "1961-03-11",
    "1963-04-13",
    "1964-05-14",
    "1965-07-15",
    "1966-08-16",
    "1967-99-17",
    "1968-10-18",
    "1969-11-19",
    "1952-12-22",
    "1953-12-23",
    "918273645505",
    "918273645509",
    "918273645512",
];
const OF_STATIC: [&str; 10] = [
    "guarantor-Kk",
    "Vermittler",
    "447700900",
    "4477009bad04",
    "2001-02-03",
    "2002-03-04",
    "2004-05-06",
    "2005-66-07",
    "2006-07-08",
    "2007-08-09",
];

fn values(joined: bool) -> Vec<&'static str> {
    OF_TAPE.iter().chain(OF_STATIC.iter().filter(|_| joined)).copied().collect()
}

fn kpis(joined: bool) -> Vec<FormulaKpi> {
    let kpi =
        |id: &'static str, unit: Unit, formula: Formula| FormulaKpi::new(KpiSpec::new(id, id, unit), formula);
    let by_borrower = || by_key("borrower_id").sum("b", "outstanding_balance");
    let mut kpis = vec![
        kpi("obligors", Unit::Count, count_distinct("borrower_id").into()),
        kpi("loans", Unit::Count, count_distinct("loan_id").into()),
        kpi(
            "top_1_share",
            Unit::Percent,
            100 * by_borrower().top(1, Formula::from(KeyTerm::Sum("b".into()))) / sum("outstanding_balance"),
        ),
        kpi("of_ann", Unit::Currency, sum("outstanding_balance").filter(col("name").eq(lit("Ann"))).into()),
        kpi("low_numbers", Unit::Count, count().filter(col("tax_number").lt(950_000_000_000_i64)).into()),
        kpi("known_birth", Unit::Count, count().filter(col("born").is_null().negated()).into()),
        kpi("balance", Unit::Currency, sum("outstanding_balance").into()),
    ];
    if joined {
        kpis.push(kpi("guarantors", Unit::Count, count_distinct("guarantor").into()));
        let of_eve = sum("outstanding_balance").filter(col("agent").eq(lit("Eve")));
        kpis.push(kpi("of_eve", Unit::Currency, of_eve.into()));
    }
    kpis
}

fn desk(joined: bool) -> Desk {
    let desk = Desk::new();
    desk.write("cfg/pipeline.yml", format!("{SETTINGS}{}", if joined { JOINED } else { "" }));
    desk.write("cfg/contract.yml", CONTRACT);
    desk.write("cfg/static.yml", STATIC_CONTRACT);
    desk.write("tape.csv", TAPE);
    desk.write("static.csv", STATIC);
    desk
}

/// The same contracts, of which no column is personal.
fn without_role(desk: &Desk) {
    for (name, text) in [("cfg/contract.yml", CONTRACT), ("cfg/static.yml", STATIC_CONTRACT)] {
        desk.write(name, text.replace(", pii]", "]").replace("roles: [pii]", "roles: []"));
    }
}

fn run_with(desk: &Desk, joined: bool, options: &RunOptions) -> Result<Run, PipelineError> {
    run_kpis(desk, kpis(joined), options)
}

fn run_kpis(desk: &Desk, kpis: Vec<FormulaKpi>, options: &RunOptions) -> Result<Run, PipelineError> {
    let key = MaskingKey::parse("test", "a key of at least sixteen bytes").unwrap();
    let config = PipelineConfig::load(desk.path("cfg/pipeline.yml"))?.with_masking_key(key);
    let pipeline = Pipeline::new(config, &Catalogue::new().profile("standard", kpis))?;
    let as_of = AsOf::Date("2025-01-31".parse().unwrap());
    pipeline.run_with(&RunRequest { as_of, ..desk.request() }, options)
}

fn run(desk: &Desk, joined: bool) -> Result<Run, PipelineError> {
    run_with(desk, joined, &RunOptions::default())
}

fn value(run: &Run, id: &str) -> String {
    let kpi = run.document.kpis.iter().find(|kpi| kpi.id == id).unwrap();
    kpi.value.clone().or(kpi.reason.clone()).unwrap()
}

fn is_clean(folder: &Path, joined: bool) {
    let found = plain_values(folder, &values(joined));
    let found: Vec<String> = found.iter().map(Found::to_string).collect();
    assert!(found.is_empty(), "{}", found.join("\n"));
}

fn says_nothing(text: &str, joined: bool) {
    let told: Vec<&str> = values(joined).into_iter().filter(|value| text.contains(value)).collect();
    assert!(told.is_empty(), "{told:?} in {text}");
}

#[rstest]
fn nothing_plain_is_left(#[values(false, true)] joined: bool) {
    let desk = desk(joined);
    let run = run(&desk, joined).unwrap();
    let rows = run.quality.rows;
    assert_eq!((rows.read, rows.accepted, rows.quarantined, rows.duplicate), (13, 4, 8, 1));
    // All that a run leaves is there to be searched.
    let folder = run.folder.clone().unwrap();
    for name in ["state.bin", "audit.ndjson", "quarantine.parquet", "tape.parquet", "openlineage.ndjson"] {
        assert!(folder.join(name).exists(), "{name}");
    }
    assert!(!names(&folder).iter().any(|name| name.starts_with("raw-")));
    let beside = names(&desk.path("runs"));
    assert!(
        ["LEDGER.ndjson", "CURRENT", "history.db"].iter().all(|name| beside.contains(&(*name).to_owned()))
    );
    assert!(files(&desk.path("runs")).len() >= 18);
    is_clean(&desk.path("runs"), joined);
    says_nothing(&format!("{run:?}"), joined);
}

/// By hand, from the four rows that go on; masked or not.
#[rstest]
fn the_kpis_are_those_of_plain_data(#[values(false, true)] joined: bool) {
    let (masked, plain) = (desk(joined), desk(joined));
    without_role(&plain);
    let runs = [run(&masked, joined).unwrap(), run(&plain, joined).unwrap()];
    for run in &runs {
        let values: Vec<String> = kpis(false).iter().map(|kpi| value(run, &kpi.spec().id)).collect();
        assert_eq!(values, ["3", "4", "60.00", "200.00", "3", "4", "500.00"]);
        if joined {
            // The static rows of A04 and A07 are refused: one guarantor of A01 and A03, another of A02.
            assert_eq!(
                (value(run, "guarantors"), value(run, "of_eve")),
                ("2".to_owned(), "150.00".to_owned())
            );
        }
    }
    let [masked, plain] = runs.map(|run| serde_json::to_value(&run.document.kpis).unwrap());
    assert_eq!(masked, plain);
}

/// As `client_retention` of the catalogue does: a key, of which a condition asks only whether it is there. The parts of a
/// value by such a key are those of plain data, under pseudonyms.
#[rstest]
fn a_key_may_be_asked_for_its_presence_and_taken_apart(#[values(false, true)] joined: bool) {
    let (masked, plain) = (desk(joined), desk(joined));
    without_role(&plain);
    let drill = "drill_down: [{ kpi: balance, by: [borrower_id], top: 5 }]\n";
    let documents = [masked, plain].map(|desk| {
        let settings = std::fs::read_to_string(desk.path("cfg/pipeline.yml")).unwrap();
        desk.write("cfg/pipeline.yml", format!("{settings}{drill}"));
        let present = case(col("borrower_id").is_null().negated(), lit(1)).otherwise(lit(0));
        let active = by_key("borrower_id").sum("n", present).reduce(Formula::from(KeyTerm::Sum("n".into())));
        let mut kpis = kpis(joined);
        kpis.push(FormulaKpi::new(KpiSpec::new("named_rows", "named_rows", Unit::Count), active));
        let run = run_kpis(&desk, kpis, &RunOptions::default()).unwrap();
        assert_eq!(value(&run, "named_rows"), "4");
        (serde_json::to_value(&run.document).unwrap(), desk)
    });
    is_clean(&documents[0].1.path("runs"), joined);
    let parts = |at: usize| -> Vec<(String, String)> {
        let top = documents[at].0["drill_down"][0]["value"]["top"].as_array().unwrap();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        top.iter().map(|part| (text(&part["by"]["borrower_id"]), text(&part["value"]))).collect()
    };
    let (masked, plain) = (parts(0), parts(1));
    let amounts = |parts: &[(String, String)]| -> Vec<String> {
        parts.iter().map(|(_, amount)| amount.clone()).collect()
    };
    assert_eq!(amounts(&plain), ["300.000000", "150.000000", "50.000000"]);
    assert_eq!(amounts(&masked), amounts(&plain));
    assert_eq!(plain[0].0, "borrower-Xq1");
    assert!(masked.iter().all(|(name, _)| name.len() == 32), "{masked:?}");
}

/// The bands of a number have no pseudonyms: a narrow one is the number itself.
#[rstest]
fn the_bands_of_personal_data_are_no_parts(#[values("drill_down", "segments")] key: &str) {
    let desk = desk(false);
    let settings = std::fs::read_to_string(desk.path("cfg/pipeline.yml")).unwrap();
    let band = "dimensions: { band: { of: tax_number, from: ['918273645501', '918273645502'] } }\n";
    let by = match key {
        "segments" => "segments: [[band]]\n",
        _ => "drill_down: [{ kpi: balance, by: [band] }]\n",
    };
    desk.write("cfg/pipeline.yml", format!("{settings}{band}{by}"));
    let error = run(&desk, false).unwrap_err().to_string();
    let refused =
        format!("`{key}`: column `band` would publish the values of `tax_number`, which has the role pii");
    assert!(error.ends_with(&refused), "{error}");
}

/// The day for which a tape's rows hold is published: one that is told by personal data is refused.
#[test]
fn the_day_of_the_rows_is_no_personal_data() {
    let desk = desk(false);
    let lag = "effective_as_of: { lag_days: 'DAYS_BETWEEN(born, month)' }\n";
    desk.write("cfg/contract.yml", format!("{CONTRACT}{lag}"));
    let error = run(&desk, false).unwrap_err().to_string();
    let refused =
        "contract.yml: `effective_as_of`: the day would publish the values of `born`, which has the role pii";
    assert!(error.ends_with(refused), "{error}");
}

/// The search finds what is there: without the role every value that a run keeps is in some file.
#[rstest]
fn without_the_role_the_values_are_found(#[values(false, true)] joined: bool) {
    let desk = desk(joined);
    without_role(&desk);
    let run = run(&desk, joined).unwrap();
    let found = plain_values(&desk.path("runs"), &values(joined));
    let missing: Vec<&str> = values(joined)
        .into_iter()
        .filter(|value| !found.iter().any(|found| found.value == **value))
        .collect();
    // Of the static rows that go on, nothing is kept that no KPI asks for.
    let unused: &[&str] = if joined { &["2001-02-03", "2002-03-04"] } else { &[] };
    assert_eq!(missing, unused);
    let folder = run.folder.unwrap();
    for name in ["tape.parquet", "quarantine.parquet", "state.bin"] {
        assert!(found.iter().any(|found| found.path == folder.join(name)), "{name}");
    }
}

/// In the record of the failure, its message, and what `Debug` says of it.
#[rstest]
#[case::int("loan-A06", "tape.csv: row 1 (line 2)")]
#[case::date("loan-A07", "tape.csv: row 1 (line 2)")]
#[case::range("loan-A08", "tape.csv: row 1, rule `tax_number.range`")]
#[case::beside("loan-A05", "tape.csv: row 1 (line 2)")]
#[case::rule("loan-A09", "tape.csv: row 1, rule `owed`")]
#[case::ragged("loan-A10", "tape.csv: row 1 (line 2)")]
#[case::conflict("loan-A12", "tape.csv: row 1, rule `tape.conflicts`")]
fn a_refused_tape(#[case] loan: &str, #[case] place: &str, #[values(false, true)] joined: bool) {
    let desk = desk(joined);
    let settings = std::fs::read_to_string(desk.path("cfg/pipeline.yml")).unwrap();
    desk.write("cfg/pipeline.yml", settings.replace("mode: quarantine", "mode: strict"));
    let (head, rows) = TAPE.split_once('\n').unwrap();
    let rows: Vec<&str> = rows.lines().filter(|row| row.starts_with(loan)).collect();
    desk.write("tape.csv", format!("{head}\n{}\n{}", rows.join("\n"), rows_of("loan-A03")));
    desk.write("static.csv", STATIC.lines().take(4).map(|line| format!("{line}\n")).collect::<String>());
    let error = run(&desk, joined).unwrap_err();
    assert!(error.to_string().contains(place), "{error}");
    says_nothing(&format!("{error} {error:?} {:?}", std::error::Error::source(&error)), joined);
    assert_eq!(names(&desk.path("runs/.failed")).len(), 1);
    is_clean(&desk.path("runs"), joined);
}

fn rows_of(loan: &str) -> String {
    TAPE.lines().filter(|row| row.starts_with(loan)).map(|row| format!("{row}\n")).collect()
}

/// Everything is read and written when the table as a whole is refused.
#[rstest]
fn a_run_that_fails_late(#[values(false, true)] joined: bool) {
    let desk = desk(joined);
    desk.write("cfg/contract.yml", format!("{CONTRACT}  - {{ id: few, rows: {{ max: 3 }} }}\n"));
    let error = run(&desk, joined).unwrap_err();
    assert!(error.to_string().contains("rule `few`"), "{error}");
    says_nothing(&format!("{error} {error:?}"), joined);
    let failed = names(&desk.path("runs/.failed"));
    let manifest = desk.path("runs/.failed").join(&failed[0]).join("manifest.json");
    let manifest: Value = serde_json::from_slice(&std::fs::read(manifest).unwrap()).unwrap();
    assert_eq!(manifest["failure"]["error"], error.to_string());
    is_clean(&desk.path("runs"), joined);
}

/// A killed process leaves its hidden folder; there is nothing plain in it either.
#[rstest]
fn a_run_that_is_killed(#[values(false, true)] joined: bool) {
    let counting = Failing::never();
    let storage = |disk: &Failing| RunOptions { storage: Arc::new(disk.clone()), ..RunOptions::default() };
    run_with(&desk(joined), joined, &storage(&counting)).unwrap();
    let mut left = 0;
    for step in (1..=counting.steps()).step_by(5) {
        let desk = desk(joined);
        let disk = Failing::at(step, How::Killed);
        if let Err(error) = run_with(&desk, joined, &storage(&disk)) {
            says_nothing(&format!("{error} {error:?}"), joined);
        }
        assert!(disk.has_failed());
        if desk.path("runs").exists() {
            left += names(&desk.path("runs")).iter().filter(|name| name.starts_with(".staging-")).count();
            set_torn_tables_aside(&desk.path("runs"), joined);
            is_clean(&desk.path("runs"), joined);
        }
    }
    assert!(left > 3, "{left}");
}

/// A table without its end cannot be read as one: its bytes are searched, and it makes room for the search of the others.
fn set_torn_tables_aside(folder: &Path, joined: bool) {
    for path in files(folder) {
        let bytes = std::fs::read(&path).unwrap();
        if bytes.starts_with(b"PAR1") && (bytes.len() < 12 || !bytes.ends_with(b"PAR1")) {
            says_nothing(&String::from_utf8_lossy(&bytes), joined);
            std::fs::remove_file(&path).unwrap();
        }
    }
}

#[test]
fn a_static_table_that_is_refused() {
    let desk = desk(true);
    desk.write("tape.csv", TAPE.lines().take(5).map(|line| format!("{line}\n")).collect::<String>());
    desk.write("cfg/pipeline.yml", format!("{SETTINGS}{JOINED}").replace("mode: quarantine", "mode: strict"));
    let error = run(&desk, true).unwrap_err();
    assert!(error.to_string().contains("static.csv: row 4 (line 5), column `phone`"), "{error}");
    says_nothing(&format!("{error} {error:?}"), true);
    is_clean(&desk.path("runs"), true);
    assert_eq!(runs(&desk.path("runs")), [] as [&str; 0]);
}
