//! A tape with tables beside it: the loan-period panel, its controls, series, cohorts and refusals.

use abaco_engine::AsOf;
use abaco_kpi::{Basis, Formula, FormulaKpi, KpiSpec, RowMeasure, Unit, col, count, max, sum};
use abaco_pipeline::config::TableRole;
use abaco_pipeline::run::KpiEntry;
use abaco_pipeline::{Catalogue, ErrorKind, Pipeline, PipelineConfig, PipelineError, Run, RunRequest};
use rstest::rstest;

use crate::common::Desk;

pub(crate) const SETTINGS: &str = "\
version: 1
portfolio: p
contract: contract.yml
tables:
  static: { contract: static.yml, paths: [../static.csv] }
  event: { contract: event.yml, paths: [../event.csv] }
  schedule: { contract: schedule.yml, paths: [../schedule.csv] }
  ledger: { contract: ledger.yml, paths: [../ledger.csv] }
rollups: [monthly, quarterly]
cohorts: { by: quarterly, months_on_book: [1] }
dimensions: { age: { of: \"DAYS_BETWEEN(origination_date, as_of)\", from: [\"60\"] } }
segments: [[product_type], [age]]
";

pub(crate) const CONTRACT: &str = "\
contract: c
version: 1
currency: USD
columns:
  loan_id: { type: text, roles: [key] }
  month: { type: date, roles: [snapshot] }
  dpd: { type: int }
  outstanding_balance: { type: 'decimal(18, 2)' }
  is_written_off: { type: bool }
  written_off_balance: { type: 'decimal(18, 2)' }
";

/// `paid` is repaid in February, `late` is written off in March and pays a little afterwards, `gone` vanishes with a
/// balance, `new` comes in February.
const TAPE: &str = "\
loan_id,month,dpd,outstanding_balance,is_written_off,written_off_balance
paid,2025-01-31,0,100.00,false,0
late,2025-01-31,60,50.00,false,0
gone,2025-01-31,0,30.00,false,0
late,2025-02-28,95,50.00,false,0
new,2025-02-28,0,200.00,false,0
late,2025-03-31,126,0.00,true,48.00
new,2025-03-31,10,150.00,false,0
late,2025-04-30,156,0.00,true,40.00
new,2025-04-30,0,100.00,false,0
";

const STATIC: &str = "\
loan_id,borrower_id,product_type,origination_date,original_principal
paid,x,a,2025-01-10,100.00
late,y,a,2024-11-05,60.00
gone,x,b,2025-01-20,30.00
new,z,b,2025-02-15,200.00
later,z,b,2025-07-01,1000.00
";

const EVENT: &str = "\
loan_id,day,kind,amount,interest
late,2024-11-05,out,60.00,0
late,2024-12-31,in,10.00,1.00
paid,2025-01-10,out,100.00,0
gone,2025-01-20,out,30.00,0
new,2025-02-15,out,200.00,0
paid,2025-02-28,in,100.00,2.50
late,2025-03-01,in,2.00,0
new,2025-03-31,in,50.00,1.25
late,2025-04-15,in,8.00,0
new,2025-04-30,in,50.00,1.00
";

const SCHEDULE: &str = "\
loan_id,day,principal
paid,2025-02-28,60.00
paid,2025-03-31,40.00
new,2025-03-31,50.00
new,2025-04-30,50.00
";

pub(crate) const LEDGER: &str = "day,revenue\n2025-02-10,5.00\n2025-03-31,7.00\n2025-04-01,9.00\n";

pub(crate) fn desk() -> Desk {
    let desk = Desk::new();
    let files = [
        ("cfg/pipeline.yml", SETTINGS),
        ("cfg/contract.yml", CONTRACT),
        (
            "cfg/static.yml",
            "contract: s\nversion: 1\ncurrency: USD\ncolumns:\n  loan_id: { type: text }\n  borrower_id: { type: text }\n  \
             product_type: { type: text }\n  origination_date: { type: date }\n  \
             original_principal: { type: 'decimal(18, 2)' }\n",
        ),
        (
            "cfg/event.yml",
            "contract: e\nversion: 1\ncurrency: USD\ncolumns:\n  loan_id: { type: text }\n  \
             day: { type: date, roles: [snapshot] }\n  kind: { type: text }\n  amount: { type: 'decimal(18, 2)' }\n  \
             interest: { type: 'decimal(18, 2)' }\nderive:\n  \
             disbursed: \"CASE WHEN kind = 'out' THEN amount ELSE 0 END\"\n  \
             paid_principal: \"CASE WHEN kind = 'in' THEN amount ELSE 0 END\"\n  paid_interest: interest\n",
        ),
        (
            "cfg/schedule.yml",
            "contract: d\nversion: 1\ncurrency: USD\ncolumns:\n  loan_id: { type: text }\n  \
             day: { type: date, roles: [snapshot] }\n  due_principal: { type: 'decimal(18, 2)', source: principal }\n",
        ),
        (
            "cfg/ledger.yml",
            "contract: l\nversion: 1\ncurrency: USD\ncolumns:\n  day: { type: date, roles: [snapshot] }\n  \
             revenue: { type: 'decimal(18, 2)' }\n",
        ),
        ("tape.csv", TAPE),
        ("static.csv", STATIC),
        ("event.csv", EVENT),
        ("schedule.csv", SCHEDULE),
        ("ledger.csv", LEDGER),
    ];
    for (name, text) in files {
        desk.write(name, text);
    }
    desk
}

pub(crate) fn kpi(id: &'static str, formula: impl Into<Formula>) -> FormulaKpi {
    FormulaKpi::new(KpiSpec::new(id, id, Unit::Currency), formula)
}

/// The panel's columns one by one, so that a test sees each of them.
fn kpis() -> Vec<FormulaKpi> {
    let entered = col("opening_balance").is_null().and(col("outstanding_balance").is_null().negated());
    let absent = col("opening_balance").gt(0).and(col("outstanding_balance").is_null());
    let repaid = col("opening_balance")
        .gt(0)
        .and(col("outstanding_balance").eq(0))
        .and(col("is_written_off").is_null());
    let of_period = |measure: RowMeasure, id: &'static str| {
        FormulaKpi::new(KpiSpec::new(id, id, Unit::Currency).over(Basis::Period), measure)
    };
    let vintage = KpiSpec::new("vintage_balance", "vintage_balance", Unit::Percent).over(Basis::Cohort);
    let mut kpis = vec![
        kpi("closing", sum("outstanding_balance")),
        kpi("originated", sum("original_principal")),
        kpi("revenue", sum("revenue")),
        of_period(sum("outstanding_balance"), "panel_closing"),
        of_period(count().filter(entered), "entrants"),
        of_period(count().filter(absent), "absent"),
        of_period(count().filter(repaid), "repaid"),
        of_period(
            max(abaco_kpi::RowExpr::DaysBetween {
                from: Box::new(col("opening_as_of")),
                to: Box::new(col("as_of")),
            }),
            "days",
        ),
        FormulaKpi::new(vintage, 100 * sum("outstanding_balance") / sum("original_principal")),
    ];
    let yearly = KpiSpec::new("yearly", "yearly", Unit::Currency).annualised();
    kpis.push(FormulaKpi::new(yearly, sum("paid_interest") * 4));
    for name in [
        "opening_balance",
        "opening_written_off_balance",
        "disbursed",
        "paid_principal",
        "paid_interest",
        "due_principal",
        "prepaid_principal",
        "written_off",
        "recovered",
        "reinstated",
        "defaulted",
        "cum_paid",
        "cum_due",
        "cum_written_off",
        "cum_recovered",
        "peak_30_balance",
        "peak_90_balance",
        "opening_peak_90_balance",
    ] {
        kpis.push(kpi(name, sum(name)));
    }
    kpis
}

/// A run published in `runs`, with the catalogue that it used.
pub(crate) fn published(desk: &Desk, as_of: &str) -> (Run, Catalogue) {
    let catalogue = Catalogue::new().profile("standard", kpis());
    let config = PipelineConfig::load(desk.path("cfg/pipeline.yml")).unwrap();
    let request = RunRequest { as_of: AsOf::Date(as_of.parse().unwrap()), ..desk.request() };
    (Pipeline::new(config, &catalogue).unwrap().run(&request).unwrap(), catalogue)
}

pub(crate) fn run_of(desk: &Desk, as_of: &str) -> Result<Run, PipelineError> {
    let config = PipelineConfig::load(desk.path("cfg/pipeline.yml"))?;
    let pipeline = Pipeline::new(config, &Catalogue::new().profile("standard", kpis()))?;
    pipeline.run(&RunRequest { as_of: AsOf::Date(as_of.parse().unwrap()), ..desk.dry() })
}

pub(crate) fn value<'r>(kpis: &'r [KpiEntry], id: &str) -> &'r str {
    let kpi = kpis.iter().find(|kpi| kpi.id == id).unwrap_or_else(|| panic!("no {id}"));
    kpi.value.as_deref().or(kpi.reason.as_deref()).unwrap_or("nothing")
}

/// By hand, from the tables above.
#[rstest]
#[case::opening("opening_balance", ["180.00", "250.00", "150.00"])]
#[case::closing("panel_closing", ["250.00", "150.00", "100.00"])]
#[case::snapshot("closing", ["250.00", "150.00", "100.00"])]
#[case::opening_written_off("opening_written_off_balance", ["0.00", "0.00", "48.00"])]
#[case::disbursed("disbursed", ["200.00", "0.00", "0.00"])]
#[case::paid("paid_principal", ["100.00", "52.00", "58.00"])]
#[case::interest("paid_interest", ["2.50", "1.25", "1.00"])]
#[case::due("due_principal", ["60.00", "90.00", "50.00"])]
#[case::prepaid("prepaid_principal", ["40.00", "2.00", "8.00"])]
#[case::written_off("written_off", ["0.00", "48.00", "0.00"])]
#[case::recovered("recovered", ["0.00", "0.00", "8.00"])]
#[case::reinstated("reinstated", ["0.00", "0.00", "0.00"])]
#[case::defaulted("defaulted", ["50.00", "0.00", "0.00"])]
#[case::cumulative("cum_paid", ["113.50", "166.75", "225.75"])]
#[case::cumulative_due("cum_due", ["60.00", "150.00", "200.00"])]
#[case::cumulative_loss("cum_written_off", ["0.00", "48.00", "48.00"])]
#[case::cumulative_recovery("cum_recovered", ["0.00", "0.00", "8.00"])]
#[case::peak("peak_90_balance", ["50.00", "50.00", "50.00"])]
#[case::peak_at_the_opening("opening_peak_90_balance", ["0.00", "50.00", "50.00"])]
#[case::entrants("entrants", ["1", "0", "0"])]
#[case::absent("absent", ["1", "0", "0"])]
#[case::repaid("repaid", ["1", "0", "0"])]
#[case::days("days", ["28", "31", "30"])]
#[case::ledger("revenue", ["5.00", "7.00", "9.00"])]
fn every_column_of_the_panel(#[case] id: &str, #[case] expected: [&str; 3]) {
    let desk = desk();
    for (as_of, expected) in ["2025-02-28", "2025-03-31", "2025-04-30"].into_iter().zip(expected) {
        let run = run_of(&desk, as_of).unwrap();
        let found = value(&run.document.kpis, id);
        let found = found.strip_suffix(".00").filter(|_| !expected.contains('.')).unwrap_or(found);
        assert_eq!(found, expected, "{id} at {as_of}");
    }
}

#[test]
fn before_the_first_snapshot_there_is_no_period() {
    let run = run_of(&desk(), "2025-01-31").unwrap();
    for id in
        ["opening_balance", "disbursed", "paid_principal", "written_off", "opening_peak_90_balance", "days"]
    {
        assert_eq!(value(&run.document.kpis, id), "all_null", "{id}");
    }
    // What had happened by then is known all the same.
    assert_eq!(value(&run.document.kpis, "cum_paid"), "11.00");
    // 60 days past due is past 30 and not past 90.
    assert_eq!(value(&run.document.kpis, "peak_30_balance"), "50.00");
    assert_eq!(value(&run.document.kpis, "peak_90_balance"), "0.00");
    assert_eq!(value(&run.document.kpis, "closing"), "180.00");
}

#[test]
fn a_quarter_of_a_monthly_tape_adds_up_its_months() {
    let run = run_of(&desk(), "2025-04-30").unwrap();
    let of = |rollup: &str, period: &str| {
        run.document.series.iter().find(|entry| entry.rollup == rollup && entry.period == period).unwrap()
    };
    let quarter = of("quarterly", "2025-Q2");
    assert_eq!((quarter.as_of, quarter.partial), ("2025-04-30".parse().unwrap(), true));
    assert_eq!(value(&quarter.kpis, "opening_balance"), "150.00");
    assert_eq!(value(&quarter.kpis, "paid_principal"), "58.00");
    // Four of these quarters would not make a year: this one is not over.
    assert_eq!(value(&quarter.kpis, "yearly"), "partial_period");
    assert_eq!(value(&of("monthly", "2025-04").kpis, "yearly"), "4.00");
    assert!(!of("quarterly", "2025-Q1").partial);
    assert_eq!(value(&of("quarterly", "2025-Q1").kpis, "closing"), "150.00");
    assert_eq!(value(&of("quarterly", "2025-Q1").kpis, "paid_principal"), "all_null");
    let months: Vec<&str> = run
        .document
        .series
        .iter()
        .filter(|entry| entry.rollup == "monthly")
        .map(|entry| entry.period.as_str())
        .collect();
    assert_eq!(months, ["2025-01", "2025-02", "2025-03", "2025-04"]);
    assert_eq!(value(&of("monthly", "2025-03").kpis, "paid_principal"), "52.00");
}

/// Loans of the first quarter one month after their month: `paid` and `gone` in February, `new` in March.
#[test]
fn a_cohort_has_its_repaid_loans_and_is_left_out_until_it_is_complete() {
    let cohort = |as_of| {
        let run = run_of(&desk(), as_of).unwrap();
        let of_q1 = run
            .document
            .segments
            .into_iter()
            .find(|segment| segment.by.get("vintage").is_some_and(|vintage| vintage == "2025-Q1"));
        of_q1.map(|segment| {
            assert_eq!(segment.by["months_on_book"], "1");
            value(&segment.kpis, "vintage_balance").to_owned()
        })
    };
    // 150 of 100 + 30 + 200.
    assert_eq!(cohort("2025-04-30").as_deref(), Some("45.45"));
    // A loan of March could still come, and would be a month old in April.
    assert_eq!(cohort("2025-03-31"), None);
}

#[test]
fn segments_are_of_the_static_table_and_of_derived_dimensions() {
    let run = run_of(&desk(), "2025-03-31").unwrap();
    let of = |column: &str, name: &str| {
        let segments = &run.document.segments;
        segments.iter().find(|segment| segment.by.get(column).is_some_and(|found| found == name)).unwrap()
    };
    assert_eq!(value(&of("product_type", "b").kpis, "closing"), "150.00");
    assert_eq!(value(&of("product_type", "b").kpis, "disbursed"), "0.00");
    assert_eq!(value(&of("product_type", "a").kpis, "written_off"), "48.00");
    assert_eq!(value(&of("age", "< 60").kpis, "closing"), "150.00");
    assert_eq!(value(&of("age", ">= 60").kpis, "closing"), "0.00");
}

#[test]
fn a_table_that_is_not_given_leaves_its_kpis_unavailable() {
    let desk = desk();
    desk.write("cfg/pipeline.yml", SETTINGS.replace(", paths: [../event.csv]", ""));
    let run = run_of(&desk, "2025-03-31").unwrap();
    assert_eq!(value(&run.document.kpis, "paid_principal"), "missing columns: paid_principal");
    assert_eq!(value(&run.document.kpis, "written_off"), "48.00");
    // Without payments nothing tells that a loan was repaid.
    let february = run_of(&desk, "2025-02-28").unwrap();
    assert_eq!(value(&february.document.kpis, "absent"), "2.00");
}

#[test]
fn a_table_named_in_the_request_takes_the_place_of_the_configured_one() {
    let desk = desk();
    desk.write("other.csv", "loan_id,day,kind,amount,interest\nnew,2025-03-15,in,1.00,0\n");
    let config = PipelineConfig::load(desk.path("cfg/pipeline.yml")).unwrap();
    let pipeline = Pipeline::new(config, &Catalogue::new().profile("standard", kpis())).unwrap();
    let request = RunRequest {
        tables: vec![(TableRole::Event, desk.path("other.csv"))],
        as_of: AsOf::Date("2025-03-31".parse().unwrap()),
        ..desk.dry()
    };
    let run = pipeline.run(&request).unwrap();
    assert_eq!(value(&run.document.kpis, "paid_principal"), "1.00");
    assert_ne!(run.document.identity, run_of(&desk, "2025-03-31").unwrap().document.identity);
}

#[test]
fn the_order_of_the_rows_of_any_table_changes_nothing() {
    let reversed = |text: &str| {
        let (head, rows) = text.split_once('\n').unwrap();
        let rows: Vec<&str> = rows.lines().rev().collect();
        format!("{head}\n{}\n", rows.join("\n"))
    };
    let (first, second) = (desk(), desk());
    for (name, text) in
        [("tape", TAPE), ("static", STATIC), ("event", EVENT), ("schedule", SCHEDULE), ("ledger", LEDGER)]
    {
        second.write(&format!("{name}.csv"), reversed(text));
    }
    let [first, second] = [first, second].map(|desk| run_of(&desk, "2025-04-30").unwrap());
    assert_eq!(first.finished, second.finished);
    assert_eq!(
        serde_json::to_value(&first.document.series).unwrap(),
        serde_json::to_value(&second.document.series).unwrap()
    );
}

#[rstest]
#[case::twice_on_the_tape(
    "tape.csv",
    "gone,2025-01-31,0,30.00,false,0\n",
    "gone,2025-01-31,0,30.00,false,0\ngone,2025-01-31,0,1.00,false,0\n",
    "tape.csv: row 3, rule `tape.conflicts`: expected one content of a key, found others in row 4",
    ErrorKind::Data
)]
#[case::twice_static(
    "static.csv",
    "later,z",
    "new,z",
    "static.csv: row 5: expected one row per loan, found the loan of row 4 again",
    ErrorKind::Data
)]
#[case::event_without_loan(
    "event.csv",
    "new,2025-02-15",
    ",2025-02-15",
    "event.csv: row 5: column `loan_id`: expected a loan, found null",
    ErrorKind::Data
)]
#[case::event_without_day(
    "event.csv",
    "new,2025-02-15",
    "new,",
    "event.csv: row 5: column `day`: expected a date, found null",
    ErrorKind::Data
)]
#[case::loan_without_date(
    "tape.csv",
    "new,2025-02-28",
    "new,",
    "tape.csv: row 5: column `month`: expected a date, found null",
    ErrorKind::Data
)]
#[case::in_both(
    "cfg/static.yml",
    "columns:\n",
    "columns:\n  dpd: { type: int, source: other }\n",
    "column `dpd` holds for a day; a static table has only what never changes of a loan",
    ErrorKind::Configuration
)]
#[case::unknown_rollup(
    "cfg/pipeline.yml",
    "quarterly]",
    "fortnightly]",
    "unknown variant `fortnightly`",
    ErrorKind::Configuration
)]
#[case::fiscal(
    "cfg/pipeline.yml",
    "rollups:",
    "fiscal_year_starts: 13\nrollups:",
    "expected a month from 1 to 12, found 13",
    ErrorKind::Configuration
)]
#[case::dimension(
    "cfg/pipeline.yml",
    "from: [\"60\"]",
    "by: monthly, from: [\"60\"]",
    "expected `by`, for a period, or `from`, for bands",
    ErrorKind::Configuration
)]
fn what_cannot_be_joined_is_refused(
    #[case] file: &str,
    #[case] from: &str,
    #[case] to: &str,
    #[case] message: &str,
    #[case] kind: ErrorKind,
) {
    let desk = desk();
    let text = std::fs::read_to_string(desk.path(file)).unwrap();
    assert!(text.contains(from), "{file} has no {from}");
    desk.write(file, text.replacen(from, to, 1));
    let error = run_of(&desk, "2025-04-30").unwrap_err();
    assert!(error.to_string().contains(message), "{error}");
    assert_eq!(error.kind(), kind, "{error}");
}

#[test]
fn cohorts_need_to_know_when_a_loan_began() {
    let desk = desk();
    let text = std::fs::read_to_string(desk.path("cfg/static.yml")).unwrap();
    desk.write("cfg/static.yml", text.replace("  origination_date: { type: date }\n", ""));
    let settings =
        SETTINGS.lines().filter(|line| !line.starts_with("dimensions") && !line.starts_with("segments"));
    desk.write("cfg/pipeline.yml", settings.collect::<Vec<_>>().join("\n"));
    let error = run_of(&desk, "2025-04-30").unwrap_err();
    let message = "cohorts need the date column `origination_date`, on the tape or in the static table";
    assert!(error.to_string().ends_with(message), "{error}");
}

#[test]
fn a_role_without_a_contract_is_refused() {
    let desk = Desk::new();
    let request = RunRequest { tables: vec![(TableRole::Static, desk.path("tape.csv"))], ..desk.dry() };
    let error = desk.run(&request).unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("option `table`: expected a role for which the configuration has a contract")
    );
    assert_eq!(error.kind(), ErrorKind::Usage);
}
