//! The panel where tables contradict each other, say too much, or say things at odd times.

use abaco_engine::AsOf;
use abaco_kpi::{Basis, FormulaKpi, KpiSpec, Unit, by_key, col, count, max, sum, total};
use abaco_pipeline::mask::MaskingKey;
use abaco_pipeline::{Catalogue, ErrorKind, Pipeline, PipelineConfig, PipelineError, Run, RunRequest};
use rstest::rstest;

use crate::common::Desk;
use crate::panel::{CONTRACT, LEDGER, SETTINGS, desk, kpi, value};

fn run_kpis(desk: &Desk, kpis: Vec<FormulaKpi>, as_of: &str) -> Result<Run, PipelineError> {
    let key = MaskingKey::parse("test", "no secret, a test's").unwrap();
    let config = PipelineConfig::load(desk.path("cfg/pipeline.yml"))?.with_masking_key(key);
    let pipeline = Pipeline::new(config, &Catalogue::new().profile("standard", kpis))?;
    pipeline.run(&RunRequest { as_of: AsOf::Date(as_of.parse().unwrap()), ..desk.dry() })
}

fn edit(desk: &Desk, file: &str, from: &str, to: &str) {
    let text = std::fs::read_to_string(desk.path(file)).unwrap();
    assert!(text.contains(from), "{file} has no {from}");
    desk.write(file, text.replace(from, to));
}

/// The tape with a flow of its own: what was sold since the month before.
fn with_sales() -> Desk {
    let desk = desk();
    edit(&desk, "cfg/contract.yml", CONTRACT, &format!("{CONTRACT}  sales: {{ type: 'decimal(18, 2)' }}\n"));
    let text = std::fs::read_to_string(desk.path("tape.csv")).unwrap();
    let rows = text.lines().enumerate().map(|(row, line)| match row {
        0 => format!("{line},sales\n"),
        _ => format!("{line},{row}.00\n"),
    });
    desk.write("tape.csv", rows.collect::<String>());
    desk
}

#[test]
fn flows_of_the_tape_are_added_up_over_a_long_period() {
    let run = run_kpis(&with_sales(), vec![kpi("sales", sum("sales"))], "2025-04-30").unwrap();
    let of = |period: &str| run.document.series.iter().find(|point| point.period == period).unwrap();
    // Rows 8 and 9 are of April, 6 and 7 of March, 4 and 5 of February, 1 to 3 of January.
    assert_eq!(value(&of("2025-04").kpis, "sales"), "17.00");
    assert_eq!(value(&of("2025-Q2").kpis, "sales"), "17.00");
    assert_eq!(value(&of("2025-Q1").kpis, "sales"), "28.00");
    assert_eq!(of("2025-Q2").from, Some("2025-03-31".parse().unwrap()));
    assert_eq!(of("2025-Q1").from, None);
}

#[test]
fn one_flow_does_not_come_from_two_tables() {
    let desk = with_sales();
    edit(&desk, "cfg/contract.yml", "  sales:", "  disbursed:");
    edit(&desk, "tape.csv", ",sales", ",disbursed");
    let error = run_kpis(&desk, vec![kpi("disbursed", sum("disbursed"))], "2025-04-30").unwrap_err();
    let message =
        "column `disbursed` is on the tape, and the tables beside it tell the same; one of them must go";
    assert!(error.to_string().ends_with(message), "{error}");
    assert_eq!(error.kind(), ErrorKind::Data);
}

/// Amounts of the ledger are added up, levels are the last ones, and neither counts as a loan's.
#[test]
fn a_ledger_has_amounts_and_levels() {
    let desk = desk();
    let columns = "revenue: { type: 'decimal(18, 2)' }";
    edit(&desk, "cfg/ledger.yml", columns, &format!("{columns}\n  drawn: {{ type: 'decimal(18, 2)' }}"));
    desk.write(
        "ledger.csv",
        "day,revenue,drawn\n2025-01-10,1,90\n2025-01-31,2,80\n2025-02-10,3,70\n2025-02-20,4,60\n",
    );
    assert!(LEDGER.starts_with("day,revenue\n"));
    let kpis = || vec![kpi("revenue", sum("revenue")), kpi("drawn", sum("drawn"))];
    for (as_of, revenue, drawn) in [("2025-02-28", "7.00", "60.00"), ("2025-01-31", "2.00", "80.00")] {
        let run = run_kpis(&desk, kpis(), as_of).unwrap();
        assert_eq!(value(&run.document.kpis, "revenue"), revenue, "{as_of}");
        assert_eq!(value(&run.document.kpis, "drawn"), drawn, "{as_of}");
        assert_eq!(run.document.rows.as_of, if as_of == "2025-01-31" { 3 } else { 2 }, "{as_of}");
    }
}

#[rstest]
#[case::flag_without_amount(
    "late,2025-03-31,126,0.00,true,48.00",
    "late,2025-03-31,126,0.00,true,",
    "row 6: columns `is_written_off` and `written_off_balance`: expected the written-off balance of a loan that is written off, found null"
)]
#[case::amount_without_flag(
    "late,2025-03-31,126,0.00,true,48.00",
    "late,2025-03-31,126,0.00,false,48.00",
    "row 6: columns `is_written_off` and `written_off_balance`: expected no written-off balance of a loan that is not written off, found one"
)]
fn a_write_off_that_contradicts_itself_is_refused(
    #[case] from: &str,
    #[case] to: &str,
    #[case] message: &str,
) {
    let desk = desk();
    edit(&desk, "tape.csv", from, to);
    let error = run_kpis(&desk, vec![kpi("written_off", sum("written_off"))], "2025-04-30").unwrap_err();
    assert!(error.to_string().ends_with(message), "{error}");
}

#[test]
fn without_the_flag_the_balance_tells() {
    let desk = desk();
    edit(&desk, "tape.csv", "late,2025-03-31,126,0.00,true,48.00", "late,2025-03-31,126,0.00,,48.00");
    let run = run_kpis(&desk, vec![kpi("written_off", sum("written_off"))], "2025-03-31").unwrap();
    assert_eq!(value(&run.document.kpis, "written_off"), "48.00");
}

#[test]
fn a_derived_flag_stays_derived() {
    let desk = desk();
    edit(
        &desk,
        "cfg/contract.yml",
        "is_written_off: { type: bool }",
        "wo: { type: bool, source: is_written_off }",
    );
    let contract = std::fs::read_to_string(desk.path("cfg/contract.yml")).unwrap();
    desk.write("cfg/contract.yml", format!("{contract}derive:\n  is_written_off: wo\n"));
    let off = count().filter(col("is_written_off").is_true().and(col("opening_balance").gt(0)));
    let off = FormulaKpi::new(KpiSpec::new("off", "off", Unit::Count).over(Basis::Period), off);
    let run = run_kpis(&desk, vec![off], "2025-03-31").unwrap();
    assert_eq!(value(&run.document.kpis, "off"), "1");
}

#[test]
fn personal_data_is_published_neither_by_a_group_nor_by_a_measure() {
    let desk = desk();
    edit(&desk, "cfg/static.yml", "borrower_id: { type: text }", "borrower_id: { type: text, roles: [pii] }");
    let with = |derive: &str, segments: &str| {
        let contract = std::fs::read_to_string(desk.path("cfg/static.yml")).unwrap();
        desk.write("cfg/static.yml", format!("{}{derive}", contract.split("derive:").next().unwrap()));
        let settings =
            SETTINGS.replace("segments: [[product_type], [age]]", &format!("segments: {segments}"));
        desk.write("cfg/pipeline.yml", settings);
        run_kpis(&desk, vec![kpi("closing", sum("outstanding_balance"))], "2025-03-31")
            .unwrap_err()
            .to_string()
    };
    let refused = "would publish the values of `borrower_id`, which has the role pii";
    assert!(with("", "[[borrower_id]]").ends_with(&format!("`segments`: column `borrower_id` {refused}")));
    let derived = with("derive:\n  region: borrower_id\n", "[[region]]");
    assert!(derived.ends_with(&format!("`segments`: column `region` {refused}")), "{derived}");

    let desk = self::desk();
    edit(&desk, "cfg/contract.yml", "dpd: { type: int }", "dpd: { type: int, roles: [pii] }");
    let error = run_kpis(&desk, vec![kpi("worst", max("dpd"))], "2025-03-31").unwrap_err().to_string();
    let refused = "kpi `worst`: MAX(dpd) would publish the values of `dpd`, which has the role pii";
    assert!(error.ends_with(refused), "{error}");
    let hidden = by_key("loan_id").sum("balance", "outstanding_balance").reduce(total(max("dpd")));
    let error = run_kpis(&desk, vec![kpi("hidden", hidden)], "2025-03-31").unwrap_err().to_string();
    let refused = "kpi `hidden`: MAX(dpd) would publish the values of `dpd`, which has the role pii";
    assert!(error.ends_with(refused), "{error}");
    // To look at a secret is not to publish it; but there must be something to put in its place.
    let late = || kpi("late", sum("outstanding_balance").filter(col("dpd").gt(90)));
    let error = run_kpis(&desk, vec![late()], "2025-02-28").unwrap_err().to_string();
    assert!(error.contains("the role pii; expected `masking: { key_id: .. }`"), "{error}");
    desk.write("cfg/pipeline.yml", format!("{SETTINGS}masking: {{ key_id: test }}\n"));
    let run = run_kpis(&desk, vec![late()], "2025-02-28").unwrap();
    assert_eq!(value(&run.document.kpis, "late"), "50.00");
}

#[rstest]
#[case("borrower_id", "a column has this name already")]
#[case("dpd", "a column has this name already")]
#[case("vintage", "cohorts are told apart by this name")]
fn a_dimension_takes_no_name_that_means_something(#[case] name: &str, #[case] message: &str) {
    let desk = desk();
    let settings = SETTINGS.replace("{ age:", &format!("{{ {name}:")).replace(", [age]]", "]");
    desk.write("cfg/pipeline.yml", settings);
    let error = run_kpis(&desk, vec![kpi("closing", sum("outstanding_balance"))], "2025-03-31").unwrap_err();
    assert!(error.to_string().ends_with(&format!("`dimensions`, `{name}`: {message}")), "{error}");
    assert_eq!(error.kind(), ErrorKind::Configuration);
}

#[test]
fn a_kpi_that_counts_months_has_no_meaning_over_a_quarter() {
    let of_months = |id: &'static str, formula: abaco_kpi::Formula| {
        FormulaKpi::new(KpiSpec::new(id, id, Unit::Currency).monthly(), formula)
    };
    let balance = || abaco_kpi::Formula::from(sum("outstanding_balance"));
    let kpis = vec![
        of_months("paid", sum("paid_principal").into()),
        of_months("grown", balance() - balance().lag(1)),
    ];
    let run = run_kpis(&desk(), kpis, "2025-04-30").unwrap();
    let of = |period: &str| run.document.series.iter().find(|point| point.period == period).unwrap();
    assert_eq!(value(&run.document.kpis, "paid"), "58.00");
    assert_eq!(value(&of("2025-03").kpis, "paid"), "52.00");
    assert_eq!(value(&of("2025-Q2").kpis, "paid"), "58.00"); // its only month so far
    assert_eq!(value(&of("2025-Q2").kpis, "grown"), "-50.00"); // since March, whatever the rollup
    // March is missing: February to April is no month.
    let desk = desk();
    let tape = std::fs::read_to_string(desk.path("tape.csv")).unwrap();
    let rows: Vec<&str> = tape.lines().filter(|line| !line.contains("2025-03-31")).collect();
    desk.write("tape.csv", rows.join("\n"));
    let kpis = vec![
        of_months("paid", sum("paid_principal").into()),
        of_months("grown", balance() - balance().lag(1)),
    ];
    let run = run_kpis(&desk, kpis, "2025-04-30").unwrap();
    assert_eq!(value(&run.document.kpis, "paid"), "not_monthly");
    assert_eq!(value(&run.document.kpis, "grown"), "not_monthly");
}

#[test]
fn a_loan_that_is_gone_stays_in_its_segment_and_a_ledger_is_in_none() {
    let desk = desk();
    edit(
        &desk,
        "cfg/contract.yml",
        CONTRACT,
        &format!("{CONTRACT}  region: {{ type: text, roles: [dimension] }}\n"),
    );
    let text = std::fs::read_to_string(desk.path("tape.csv")).unwrap();
    let rows = text.lines().enumerate().map(|(row, line)| match row {
        0 => format!("{line},region\n"),
        _ if line.starts_with("paid") => format!("{line},north\n"),
        _ => format!("{line},south\n"),
    });
    desk.write("tape.csv", rows.collect::<String>());
    desk.write("cfg/pipeline.yml", SETTINGS.replace("[[product_type], [age]]", "[[region]]"));
    let run = run_kpis(
        &desk,
        vec![kpi("paid", sum("paid_principal")), kpi("revenue", sum("revenue"))],
        "2025-02-28",
    );
    let run = run.unwrap();
    let mut regions: Vec<(Option<&str>, &str)> = run
        .document
        .segments
        .iter()
        .filter(|segment| segment.by.contains_key("region"))
        .map(|segment| (segment.by["region"].as_str(), value(&segment.kpis, "paid")))
        .collect();
    regions.sort_unstable();
    // `later`, which has not begun, is no loan of February; `paid` was repaid in it.
    assert_eq!(regions, [(Some("north"), "100.00"), (Some("south"), "0.00")]);
    assert_eq!(value(&run.document.kpis, "revenue"), "5.00");
}

/// Pseudonyms join as the values did; where they could not, the configuration is refused.
#[test]
fn tables_are_joined_by_pseudonyms() {
    let closing =
        || vec![kpi("closing", sum("outstanding_balance")), kpi("originated", sum("original_principal"))];
    let desk = self::desk();
    let plain = run_kpis(&desk, closing(), "2025-03-31").unwrap();
    desk.write("cfg/pipeline.yml", format!("{SETTINGS}masking: {{ key_id: test }}\n"));
    edit(
        &desk,
        "cfg/contract.yml",
        "loan_id: { type: text, roles: [key] }",
        "loan_id: { type: text, roles: [key, pii] }",
    );
    for file in ["cfg/static.yml", "cfg/event.yml", "cfg/schedule.yml"] {
        edit(&desk, file, "loan_id: { type: text }", "loan_id: { type: text, roles: [pii] }");
    }
    let masked = run_kpis(&desk, closing(), "2025-03-31").unwrap();
    for id in ["closing", "originated"] {
        assert_eq!(value(&masked.document.kpis, id), value(&plain.document.kpis, id), "{id}");
    }
    assert_eq!(value(&plain.document.kpis, "originated"), "260.00");

    std::fs::write(
        desk.path("cfg/static.yml"),
        std::fs::read_to_string(desk.path("cfg/static.yml")).unwrap()
            + "derive:\n  region: \"CASE WHEN loan_id = 'late' THEN 'l' ELSE 'o' END\"\n",
    )
    .unwrap();
    let error = run_kpis(&desk, closing(), "2025-03-31").unwrap_err().to_string();
    assert!(error.contains("column `loan_id` has the role pii; KPIs tell rows apart by it"), "{error}");
}

#[test]
fn the_files_of_configured_tables_may_be_patterns() {
    let desk = self::desk();
    let closing = || vec![kpi("revenue", sum("revenue"))];
    let expected = run_kpis(&desk, closing(), "2025-03-31").unwrap();
    std::fs::rename(desk.path("ledger.csv"), desk.path("ledger-1.csv")).unwrap();
    edit(&desk, "cfg/pipeline.yml", "../ledger.csv", "../ledger-*.csv");
    let found = run_kpis(&desk, closing(), "2025-03-31").unwrap();
    assert_eq!(value(&found.document.kpis, "revenue"), value(&expected.document.kpis, "revenue"));
    assert_eq!(found.document.identity, expected.document.identity);
}
