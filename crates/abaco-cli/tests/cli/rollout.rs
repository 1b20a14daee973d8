//! The acceptance of the main job: `abaco run examples/data/rollout_1000.csv`, for people and for programs.

use serde_json::json;

use crate::common::{Sandbox, exact, in_repository, kpi, outcome};

const TAPE: &str = "examples/data/rollout_1000.csv";

const HEAD: &str = "\
factoring  USD, 1000 of 1000 rows in scope

findings
remark  portfolio_health  10.00  score    saturated: lies at an end of its valid range 0 to 10

kpi               name                                value  unit   status  exact
seed
par_30            Portfolio at risk, 30 days or more   2.21  %      ok      100 * 17387332.74871265806387687 / 786525066.90245260735
par_90            Portfolio at risk, 90 days or more   0.32  %      ok      100 * 2512028.63051794943929187 / 786525066.90245260735
collection_rate   Cash to eligible (V2)               11.97  %      ok      100 * 74621693.0616964327438 / 623234162.566862826777
portfolio_health  Portfolio health                    10.00  score  ok      as shown

";

#[test]
fn a_person_sees_four_kpis_with_their_status() {
    let sandbox = Sandbox::new();
    let answer = sandbox.abaco(&["run", &in_repository(TAPE)]).silent();
    let rest = answer.stdout.strip_prefix(HEAD).unwrap_or_else(|| panic!("{}", answer.stdout));
    let folder = sandbox.published();
    let id = folder.file_name().unwrap().to_str().unwrap();
    assert!(rest.ends_with(&format!("\n\npublished runs/{id}\n")), "{rest}");
    // Between them what is unavailable, and nothing else.
    let paragraphs: Vec<&str> = rest.split("\n\n").collect();
    assert_eq!(paragraphs.len(), 2, "{rest}");
    let (count, remark) = paragraphs[0].lines().next().unwrap().split_once(' ').unwrap();
    assert_eq!(remark, "KPIs are unavailable  for lack of columns; --format json says of each which");
    assert!(count.parse::<usize>().unwrap() > 0);
}

/// The README's sample is what is printed, but for the numbers and the columns that a longer catalogue changes.
#[test]
fn the_sample_of_the_readme() {
    let readme = std::fs::read_to_string(in_repository("README.md")).unwrap();
    let (_, sample) = readme.split_once("```text\nfactoring  USD").expect("the sample");
    let (sample, _) = sample.split_once("```").expect("its end");
    let sample = format!("factoring  USD{sample}");
    let rest = sample.strip_prefix(HEAD).unwrap_or_else(|| panic!("{sample}"));
    assert!(rest.contains(" KPIs are unavailable  for lack of columns; "), "{rest}");
    assert!(rest.contains("\nmissing  "), "{rest}");
    assert!(rest.contains("\n\npublished runs/"), "{rest}");
}

#[test]
fn a_program_sees_the_same_values() {
    let document = Sandbox::new().abaco(&["run", &in_repository(TAPE), "--format", "json"]).silent().json();
    let ok = |value| (Some(value), "value", None, "ok");
    assert_eq!(outcome(&document, "par_30"), ok("2.21"));
    assert_eq!(outcome(&document, "par_90"), ok("0.32"));
    assert_eq!(outcome(&document, "collection_rate"), ok("11.97"));
    assert_eq!(outcome(&document, "portfolio_health"), ok("10.00"));
    assert_eq!(
        outcome(&document, "par_ge_30"),
        (None, "unavailable", Some("missing columns: dpd, outstanding_balance"), "none")
    );
    assert_eq!(document["rows"], json!({"read": 1000, "quarantined": 0, "duplicate": 0, "as_of": 1000}));
    for id in ["par_30", "par_90", "collection_rate", "portfolio_health"] {
        assert_eq!((&kpi(&document, id)["rows"], &kpi(&document, id)["nulls"]), (&json!(1000), &json!(0)));
    }
}

/// The sums of the data's README, digit for digit.
#[test]
fn the_components_are_the_exact_sums() {
    let document = Sandbox::new().abaco(&["run", &in_repository(TAPE), "--format", "json"]).silent().json();
    let (a, b, c) = ("9805131.06640267245580", "5070173.051792036168785", "2512028.63051794943929187");
    let (receivable, cash, eligible) =
        ("786525066.90245260735", "74621693.0616964327438", "623234162.566862826777");
    assert_eq!(
        kpi(&document, "par_30")["components"],
        json!({
            "SUM(dpd_30_60_usd)": a,
            "SUM(dpd_60_90_usd)": b,
            "SUM(dpd_90_plus_usd)": c,
            "SUM(total_receivable_usd)": receivable,
        })
    );
    assert_eq!(
        kpi(&document, "par_90")["components"],
        json!({"SUM(dpd_90_plus_usd)": c, "SUM(total_receivable_usd)": receivable})
    );
    assert_eq!(
        kpi(&document, "collection_rate")["components"],
        json!({"SUM(cash_available_usd)": cash, "SUM(total_eligible_usd)": eligible})
    );
    assert_eq!(
        kpi(&document, "portfolio_health")["components"],
        json!({
            "SUM(dpd_30_60_usd)": a,
            "SUM(dpd_60_90_usd)": b,
            "SUM(dpd_90_plus_usd)": c,
            "SUM(total_receivable_usd)": receivable,
            "SUM(cash_available_usd)": cash,
            "SUM(total_eligible_usd)": eligible,
        })
    );
    assert_eq!(exact(&document, "par_30"), ("100", "17387332.74871265806387687", receivable));
    assert_eq!(exact(&document, "par_90"), ("100", c, receivable));
    assert_eq!(exact(&document, "collection_rate"), ("100", cash, eligible));
    // Clamped: 11.7086.. is not a quotient of two sums any more.
    assert_eq!(exact(&document, "portfolio_health"), ("1", "10", "1"));
}

#[test]
fn the_embedded_configuration_is_the_one_in_config() {
    let sandbox = Sandbox::new();
    let config = in_repository("config/pipeline.yml");
    let embedded = sandbox.abaco(&["run", &in_repository(TAPE), "--format", "json"]).silent().json();
    let named = sandbox
        .abaco(&["run", &in_repository(TAPE), "--format", "json", "--config", &config])
        .silent()
        .json();
    assert_eq!(embedded["kpis"], named["kpis"]);
    assert_eq!(embedded["identity"], named["identity"]);
    assert_ne!(embedded["run_id"], named["run_id"]);
}
