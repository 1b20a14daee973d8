//! The real month-end panel, where it lies beside the repository.

use rstest::rstest;
use serde_json::{Value, json};

use crate::common::{Sandbox, exact, in_repository, kpi, outcome, root};

/// The panel's path, or `None` with a word on why the test is skipped.
fn panel() -> Option<String> {
    let path = root().join("../shared/data/loan_par_balances.csv");
    if !path.exists() {
        eprintln!("SKIPPED: {} is not here; it may not be copied into the repository", path.display());
        return None;
    }
    Some(path.display().to_string())
}

fn run(tape: &str, as_of: &str) -> Value {
    let config = in_repository("config/par_balances.yml");
    let args = ["run", tape, "--config", &config, "--as-of", as_of, "--format", "json"];
    Sandbox::new().abaco(&args).silent().json()
}

/// The balances of the data's README, to the cent.
#[rstest]
#[case("2025-12-31", "6668167.81", [("par_ge_7", "424658.21"), ("par_ge_30", "233573.36"), ("par_ge_60", "107161.88"), ("par_ge_90", "77813.26")])]
#[case("2024-05-31", "1907880.47", [("par_30", "284713.45"), ("par_ge_30", "284713.45"), ("par_90", "79335.44"), ("par_ge_90", "79335.44")])]
#[case("2023-06-30", "773254.86", [("par_ge_1", "0.00"), ("par_gt_0", "0.00"), ("par_30", "0.00"), ("par_90", "0.00")])]
#[case("2025-11-30", "7813806.55", [("par_30", "258277.84"), ("par_ge_30", "258277.84"), ("par_90", "124553.50"), ("par_ge_90", "124553.50")])]
fn balances(#[case] as_of: &str, #[case] outstanding: &str, #[case] at_risk: [(&str, &str); 4]) {
    let Some(tape) = panel() else { return };
    let document = run(&tape, as_of);
    assert_eq!((&document["as_of"], &document["rows"]["read"]), (&json!(as_of), &json!(31_268)));
    for (id, balance) in at_risk {
        assert_eq!(exact(&document, id), ("100", balance, outstanding), "{id}");
    }
}

#[test]
fn december() {
    let Some(tape) = panel() else { return };
    let document = run(&tape, "2025-12-31");
    assert_eq!(document["rows"], json!({"read": 31_268, "quarantined": 0, "duplicate": 0, "as_of": 1_062}));
    assert_eq!(document["period"], json!({"from": "2025-11-30", "to": "2025-12-31"}));
    // par_30 over the derived buckets and par_ge_30 over the loans are one number.
    assert_eq!(exact(&document, "par_30"), ("100", "233573.36", "6668167.81"));
    assert_eq!(exact(&document, "par_90"), ("100", "77813.26", "6668167.81"));
    assert_eq!(outcome(&document, "par_30"), (Some("3.50"), "value", None, "ok"));
    assert_eq!(outcome(&document, "par_90"), (Some("1.17"), "value", None, "ok"));
    for (id, value) in
        [("par_ge_7", "6.37"), ("par_ge_30", "3.50"), ("par_ge_60", "1.61"), ("par_ge_90", "1.17")]
    {
        assert_eq!(outcome(&document, id), (Some(value), "value", None, "none"), "{id}");
    }
    assert_eq!(
        kpi(&document, "par_30")["components"],
        json!({
            "SUM(dpd_30_60_usd)": "126411.48",
            "SUM(dpd_60_90_usd)": "29348.62",
            "SUM(dpd_90_plus_usd)": "77813.26",
            "SUM(total_receivable_usd)": "6668167.81",
        })
    );
    assert_eq!(kpi(&document, "par_30")["prior"], json!({"as_of": "2025-11-30", "value": "3.31"}));
    assert_eq!(run(&tape, "latest")["identity"], document["identity"]);
}

/// The example of DESIGN section 6.
#[test]
fn november_after_october() {
    let Some(tape) = panel() else { return };
    let document = run(&tape, "2025-11-30");
    assert_eq!(document["period"], json!({"from": "2025-10-31", "to": "2025-11-30"}));
    assert_eq!(document["rows"]["as_of"], 1_322);
    assert_eq!(outcome(&document, "par_30"), (Some("3.31"), "value", None, "ok"));
    assert_eq!(kpi(&document, "par_30")["prior"], json!({"as_of": "2025-10-31", "value": "3.76"}));
}

#[test]
fn may_2024_is_past_its_limits() {
    let Some(tape) = panel() else { return };
    let document = run(&tape, "2024-05-31");
    assert_eq!(outcome(&document, "par_30"), (Some("14.92"), "value", None, "critical"));
    assert_eq!(outcome(&document, "par_90"), (Some("4.16"), "value", None, "warning"));
}

#[test]
fn what_the_panel_cannot_serve_is_unavailable_and_the_run_published() {
    let Some(tape) = panel() else { return };
    let config = in_repository("config/par_balances.yml");
    let sandbox = Sandbox::new();
    let args = ["run", &tape, "--config", &config, "--as-of", "2025-12-31"];
    let answer = sandbox.abaco(&args).silent();
    assert!(!answer.stdout.contains("collection_rate"), "{}", answer.stdout);
    let text = std::fs::read(sandbox.published().join("kpis.json")).unwrap();
    let document: Value = serde_json::from_slice(&text).unwrap();
    for id in ["collection_rate", "portfolio_health"] {
        assert_eq!(
            outcome(&document, id),
            (None, "unavailable", Some("missing columns: cash_available_usd, total_eligible_usd"), "none")
        );
    }
    let states = document["kpis"].as_array().unwrap().iter();
    let unavailable = states.filter(|kpi| kpi["state"] == "unavailable").count();
    let line = format!("\n{unavailable} KPIs are unavailable  for lack of columns; ");
    assert!(answer.stdout.contains(&line), "{}", answer.stdout);
}

#[test]
fn without_an_as_of_the_36_dates_are_named() {
    let Some(tape) = panel() else { return };
    let month_ends = [
        "2023-01-31, 2023-02-28, 2023-03-31, 2023-04-30, 2023-05-31, 2023-06-30",
        "2023-07-31, 2023-08-31, 2023-09-30, 2023-10-31, 2023-11-30, 2023-12-31",
        "2024-01-31, 2024-02-29, 2024-03-31, 2024-04-30, 2024-05-31, 2024-06-30",
        "2024-07-31, 2024-08-31, 2024-09-30, 2024-10-31, 2024-11-30, 2024-12-31",
        "2025-01-31, 2025-02-28, 2025-03-31, 2025-04-30, 2025-05-31, 2025-06-30",
        "2025-07-31, 2025-08-31, 2025-09-30, 2025-10-31, 2025-11-30, 2025-12-31",
    ]
    .join(", ");
    let config = in_repository("config/par_balances.yml");
    Sandbox::new().refuses(
        &["run", &tape, "--config", &config],
        2,
        &format!("{tape}: the tape has 36 snapshots and no as-of was named: {month_ends}"),
    );
    Sandbox::new().refuses(
        &["run", &tape, "--config", &config, "--as-of", "2025-12-10"],
        2,
        &format!("{tape}: the tape has no snapshot 2025-12-10; it has {month_ends}"),
    );
}

/// The default contract knows the column of the dates by its usual names, so that it never pools them.
#[test]
fn without_its_configuration_the_panel_is_not_pooled() {
    let Some(tape) = panel() else { return };
    let answer = Sandbox::new().abaco(&["run", &tape]);
    assert_eq!(answer.status, 2);
    assert!(
        answer.stderr.contains(": the tape has 36 snapshots and no as-of was named: "),
        "{}",
        answer.stderr
    );
}
