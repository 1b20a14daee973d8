//! Two published runs.

use std::path::{Path, PathBuf};

use abaco_engine::AsOf;
use abaco_pipeline::mask::MaskingKey;
use abaco_pipeline::{Pipeline, PipelineConfig, RunRequest};
use abaco_rollout::RolloutError;
use abaco_rollout::attribution::{DiffRequest, KpiDifference, RunDifference, diff};

use crate::common::{Desk, catalogue};

const SETTINGS: &str =
    "version: 1\nportfolio: p\ncontract: contract.yml\ndefinitions: definitions.yml\nsegments: [[segment]]\n";
const CONTRACT: &str = "\
contract: loans
version: 1
currency: USD
columns:
  loan_id: { type: text, roles: [key] }
  month: { type: date, roles: [snapshot] }
  segment: { type: text }
  dpd: { type: int }
  outstanding_balance: { type: 'decimal(18, 2)', roles: [amount] }
";
const TAPE: &str = "\
loan_id,month,segment,dpd,outstanding_balance
L1,2025-01-31,a,0,100.00
L2,2025-01-31,a,40,200.00
L3,2025-01-31,b,0,50.00
L1,2025-02-28,a,0,90.00
L2,2025-02-28,a,40,200.00
L4,2025-02-28,b,60,110.00
";
const DEFINITIONS: &str = "version: 1\nkpis: []\n";

fn desk() -> Desk {
    let desk = Desk::new();
    desk.write("cfg/pipeline.yml", SETTINGS);
    desk.write("cfg/contract.yml", CONTRACT);
    desk.write("cfg/definitions.yml", DEFINITIONS);
    desk.write("tape.csv", TAPE);
    desk
}

fn run_with(desk: &Desk, month: &str, configure: impl Fn(PipelineConfig) -> PipelineConfig) -> PathBuf {
    let config = configure(PipelineConfig::load(desk.path("cfg/pipeline.yml")).unwrap());
    let request = RunRequest { as_of: AsOf::Date(month.parse().unwrap()), ..desk.request() };
    Pipeline::new(config, &catalogue()).unwrap().run(&request).unwrap().folder.unwrap()
}

fn run(desk: &Desk, month: &str) -> PathBuf {
    run_with(desk, month, |config| config)
}

fn request<'r>(left: &'r Path, right: &'r Path) -> DiffRequest<'r> {
    DiffRequest { left, right, kpis: &[], by: &[], top: 5 }
}

fn compared(left: &Path, right: &Path) -> Result<RunDifference, RolloutError> {
    diff(&request(left, right), &catalogue())
}

fn kpi<'d>(found: &'d RunDifference, id: &str) -> &'d KpiDifference {
    found.kpis.iter().find(|kpi| kpi.kpi == id).unwrap_or_else(|| panic!("no `{id}`"))
}

/// Two snapshots of one tape: each run is looked at on its own day.
#[test]
fn a_difference_over_time_comes_from_loans_and_segments() {
    let desk = desk();
    let (january, february) = (run(&desk, "2025-01-31"), run(&desk, "2025-02-28"));
    let found = compared(&january, &february).unwrap();
    assert_eq!(found.loan, ["loan_id"]);
    let facts: Vec<&str> = found.facts.iter().map(|fact| fact.fact.as_str()).collect();
    assert!(facts.contains(&"as_of"), "{facts:?}");
    assert!(!facts.contains(&"inputs") && !facts.contains(&"code"), "{facts:?}");
    let par = kpi(&found, "par_ge_30");
    assert_eq!((par.left.value.as_str(), par.right.value.as_str()), (Some("57.14"), Some("77.50")));
    assert_eq!((par.delta.as_deref(), par.formula_changed), (Some("20.36"), false));
    let effects = par.effects.as_ref().unwrap();
    assert_eq!((effects.numerator.exact.as_str(), effects.total.exact.as_str()), ("220/7", "285/14"));
    let below = &par.parts[1];
    assert_eq!((&*below.left, &*below.right, &*below.delta), ("350.00", "400.00", "50.00"));
    assert_eq!(below.groupings[0].by, ["loan_id"]);
    assert_eq!(below.groupings[1].by, ["segment"]);
    let loans: Vec<(Option<&str>, &str)> =
        below.groupings[0].top.iter().map(|loan| (loan.by["loan_id"].as_deref(), &*loan.delta)).collect();
    assert_eq!(loans, [(Some("L4"), "110.00"), (Some("L3"), "-50.00"), (Some("L1"), "-10.00")]);
    // Whatever is not attributed is said so, with its reason.
    let attributed = |id: &str| found.kpis.iter().any(|kpi| kpi.kpi == id && kpi.effects.is_some());
    for difference in &found.kpis {
        let said = found.not_attributed.iter().any(|not| not.kpi == difference.kpi && !not.reason.is_empty());
        assert!(attributed(&difference.kpi) || said, "{} is neither attributed nor named", difference.kpi);
    }
}

#[test]
fn a_run_does_not_differ_from_itself() {
    let desk = desk();
    let january = run(&desk, "2025-01-31");
    let found = compared(&january, &january).unwrap();
    assert_eq!((found.facts, found.kpis, found.only_left, found.only_right), Default::default());
    assert!(found.unchanged.contains(&"par_ge_30".to_owned()));
}

/// A corrected cell and another definition: the inputs differ, the definitions differ, one loan does.
#[test]
fn a_corrected_tape_differs_by_the_corrected_loan() {
    let desk = desk();
    let before = run(&desk, "2025-02-28");
    desk.write("tape.csv", TAPE.replace("60,110.00", "20,110.00"));
    let thresholds = "version: 1\nkpis: [{id: par_ge_30, thresholds: {warning: \"3\", critical: \"5\"}}]\n";
    desk.write("cfg/definitions.yml", thresholds);
    let after = run(&desk, "2025-02-28");
    let found = compared(&before, &after).unwrap();
    let facts: Vec<&str> = found.facts.iter().map(|fact| fact.fact.as_str()).collect();
    assert_eq!(facts, ["definitions_sha256", "inputs"]);
    let par = kpi(&found, "par_ge_30");
    assert_eq!(par.parts[0].delta, "-110.00");
    let loans = &par.parts[0].groupings[0];
    assert_eq!((loans.changed.groups, loans.unchanged, &*loans.changed.delta), (1, 2, "-110.00"));
    assert_eq!(loans.top[0].by["loan_id"].as_deref(), Some("L4"));
    assert_eq!(par.effects.as_ref().unwrap().denominator.as_ref().unwrap().exact, "0");
}

/// `dpd_90_plus_usd` is derived, of loans past due on the left and of loans 50 days past due on the right.
#[test]
fn a_column_that_is_derived_otherwise_is_said() {
    let desk = desk();
    let derive = |days: i64| {
        let balance = format!("\"CASE WHEN dpd > {days} THEN outstanding_balance ELSE 0 END\"");
        desk.write("cfg/contract.yml", format!("{CONTRACT}derive:\n  total_receivable_usd: outstanding_balance\n  dpd_90_plus_usd: {balance}\n"));
        run(&desk, "2025-02-28")
    };
    let (left, right) = (derive(0), derive(50));
    let found = compared(&left, &right).unwrap();
    let par = kpi(&found, "par_90");
    assert!(!par.formula_changed);
    let [derived] = &par.derived_changed[..] else { panic!("{:?}", par.derived_changed) };
    assert_eq!(derived.column, "dpd_90_plus_usd");
    assert_eq!(derived.left, "CASE WHEN dpd > 0 THEN outstanding_balance ELSE 0 END");
    assert_eq!(derived.right, "CASE WHEN dpd > 50 THEN outstanding_balance ELSE 0 END");
    // L2 is 40 days past due.
    assert_eq!((&*par.parts[0].delta, &*par.parts[0].groupings[0].top[0].delta), ("-200.00", "-200.00"));
    let facts: Vec<&str> = found.facts.iter().map(|fact| fact.fact.as_str()).collect();
    assert_eq!(facts, ["contract_sha256"]);
}

/// One profile after another over one tape: the formulas differ, and one loan makes the difference.
#[test]
fn another_formula_over_one_tape_comes_down_to_loans() {
    let desk = desk();
    let defined = |days: i64| {
        let formula =
            format!("100 * SUM(outstanding_balance) FILTER (WHERE dpd >= {days}) / SUM(outstanding_balance)");
        desk.write("cfg/definitions.yml", format!("version: 1\nkpis: [{{id: own_par, name: Own, unit: percent, direction: lower_is_better, formula: \"{formula}\"}}]\n"));
        run(&desk, "2025-02-28")
    };
    let (left, right) = (defined(30), defined(50));
    let found = compared(&left, &right).unwrap();
    let own = kpi(&found, "own_par");
    assert!(own.formula_changed);
    assert_eq!((own.left.value.as_str(), own.right.value.as_str()), (Some("77.50"), Some("27.50")));
    let effects = own.effects.as_ref().unwrap();
    assert_eq!(effects.formula.as_ref().map(|effect| &*effect.exact), Some("-50"));
    assert_eq!((&*effects.numerator.exact, &*effects.total.exact), ("0", "-50"));
    let above = &own.parts[0];
    assert_eq!((above.by_formula.as_deref(), above.by_rows.as_deref()), (Some("-200.00"), Some("0.00")));
    let loans = &above.groupings[0];
    assert_eq!((loans.changed.groups, loans.unchanged), (1, 2));
    assert_eq!(
        (loans.top[0].by["loan_id"].as_deref(), loans.top[0].by_formula.as_deref()),
        (Some("L2"), Some("-200.00"))
    );
}

#[test]
fn kpis_and_columns_can_be_chosen() {
    let desk = desk();
    let (january, february) = (run(&desk, "2025-01-31"), run(&desk, "2025-02-28"));
    let chosen = |kpis: &[String], by: &[String]| {
        diff(&DiffRequest { kpis, by, top: 1, ..request(&january, &february) }, &catalogue())
    };
    let (par, dpd) = (["par_ge_30".to_owned()], ["dpd".to_owned()]);
    let found = chosen(&par, &dpd).unwrap();
    let ids: Vec<&str> = found.kpis.iter().map(|kpi| kpi.kpi.as_str()).collect();
    assert_eq!(ids, ["par_ge_30"]);
    let by: Vec<&[String]> = found.kpis[0].parts[0].groupings.iter().map(|found| &found.by[..]).collect();
    assert_eq!(by, [["loan_id".to_owned()], dpd.clone()]);
    let error = |kpis: &[String], by: &[String]| chosen(kpis, by).unwrap_err().to_string();
    assert_eq!(
        error(&["par_31".to_owned()], &[]),
        "option `kpi`: expected the id of a KPI of either run, found `par_31`"
    );
    assert_eq!(
        error(&par, &["colour".to_owned()]),
        "option `by`: expected a column of the tape of both runs, found `colour`"
    );
}

#[test]
fn pseudonyms_are_joined_by_one_key_and_stay_pseudonyms() {
    let desk = desk();
    desk.write("cfg/contract.yml", CONTRACT.replace("roles: [key]", "roles: [key, pii]"));
    let masked = |id: &str, text: &str, month: &str| {
        desk.write("cfg/pipeline.yml", format!("{SETTINGS}masking: {{ key_id: {id} }}\n"));
        let key = MaskingKey::parse(id, text).unwrap();
        run_with(&desk, month, |config| config.with_masking_key(key.clone()))
    };
    let january = masked("one", "a key of at least sixteen bytes", "2025-01-31");
    let february = masked("one", "a key of at least sixteen bytes", "2025-02-28");
    let found = compared(&january, &february).unwrap();
    let loans = &kpi(&found, "par_ge_30").parts[1].groupings[0];
    assert_eq!((loans.only_left.groups, loans.only_right.groups, loans.changed.groups), (1, 1, 1));
    for loan in &loans.top {
        let shown = loan.by["loan_id"].as_deref().unwrap();
        assert!(shown.len() > 8 && !shown.starts_with('L'), "{shown}");
    }
    let other = masked("two", "another key of at least sixteen", "2025-02-28");
    let error = compared(&january, &other).unwrap_err();
    assert!(matches!(error, RolloutError::Figures { .. }));
    let text = error.to_string();
    assert!(
        text.contains(
            "column `loan_id`: values cannot be joined: expected pseudonyms of `loan_id` by the key `one`"
        ) && text.ends_with("found pseudonyms of `loan_id` by the key `two`"),
        "{text}"
    );
    desk.write("cfg/contract.yml", CONTRACT);
    desk.write("cfg/pipeline.yml", SETTINGS);
    let plain = run(&desk, "2025-02-28");
    let text = compared(&january, &plain).unwrap_err().to_string();
    assert!(text.ends_with("found plain values"), "{text}");
}

#[test]
fn a_damaged_run_is_not_compared() {
    let desk = desk();
    let (january, february) = (run(&desk, "2025-01-31"), run(&desk, "2025-02-28"));
    let tape = february.join("tape.parquet");
    let mut bytes = std::fs::read(&tape).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::remove_file(&tape).unwrap();
    std::fs::write(&tape, bytes).unwrap();
    for (left, right) in [(&january, &february), (&february, &january)] {
        let error = compared(left, right).unwrap_err();
        assert!(matches!(error, RolloutError::Damaged { .. }), "{error}");
        assert!(error.to_string().contains("tape.parquet: changed: "), "{error}");
    }
    assert!(compared(&january, &desk.path("nothing")).is_err());
}

/// Flows over the panel cannot be found in the tape.
#[test]
fn what_needs_the_panel_says_so() {
    let desk = desk();
    desk.write(
        "cfg/pipeline.yml",
        format!("{SETTINGS}tables: {{ static: {{ contract: static.yml, paths: [../static.csv] }} }}\n"),
    );
    let columns = "columns: { loan_id: { type: text, roles: [key] }, origination_date: { type: date } }";
    desk.write("cfg/static.yml", format!("contract: s\nversion: 1\ncurrency: USD\n{columns}\n"));
    let rows = ["L1", "L2", "L3", "L4"].map(|loan| format!("{loan},2024-06-01\n")).concat();
    desk.write("static.csv", format!("loan_id,origination_date\n{rows}"));
    let (january, february) = (run(&desk, "2025-01-31"), run(&desk, "2025-02-28"));
    let found = compared(&january, &february).unwrap();
    assert!(kpi(&found, "par_ge_30").effects.is_some());
    let panel: Vec<&str> = found
        .not_attributed
        .iter()
        .filter(|not| not.reason == "needs the panel, which a run does not keep")
        .map(|not| not.kpi.as_str())
        .collect();
    assert_eq!(panel, ["average_balance", "entrants"]);
}
