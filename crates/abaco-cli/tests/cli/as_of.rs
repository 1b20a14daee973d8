//! Which snapshot a run is about.

use serde_json::{Value, json};

use crate::common::{SLICES, Sandbox, exact, kpi};

/// Three months, not in order; each has its own PAR30.
fn panel() -> Sandbox {
    let rows = [
        "2025-02-28,1,0,0,100,50,5",
        "2025-03-31,2,0,0,100,50,5",
        "2025-01-31,3,0,0,100,50,5",
        "2025-03-31,2,0,0,100,50,5",
    ];
    Sandbox::with("tape.csv", format!("measurement_date,{SLICES}\n{}\n", rows.join("\n")))
}

fn run(sandbox: &Sandbox, as_of: &str) -> Value {
    sandbox.abaco(&["run", "tape.csv", "--as-of", as_of, "--format", "json"]).silent().json()
}

#[test]
fn several_snapshots_need_an_as_of() {
    panel().refuses(
        &["run", "tape.csv"],
        2,
        "tape.csv: the tape has 3 snapshots and no as-of was named: 2025-01-31, 2025-02-28, 2025-03-31",
    );
}

#[test]
fn a_date_that_is_not_there_is_refused_with_those_that_are() {
    let sandbox = panel();
    for date in ["2025-02-27", "2024-12-31", "2025-04-30"] {
        sandbox.refuses(
            &["run", "tape.csv", "--as-of", date],
            2,
            &format!("tape.csv: the tape has no snapshot {date}; it has 2025-01-31, 2025-02-28, 2025-03-31"),
        );
    }
}

#[test]
fn a_date_takes_its_rows_and_the_prior_value_of_the_one_before() {
    let document = run(&panel(), "2025-02-28");
    assert_eq!(document["as_of"], "2025-02-28");
    assert_eq!(document["period"], json!({"from": "2025-01-31", "to": "2025-02-28"}));
    assert_eq!(document["rows"], json!({"read": 4, "quarantined": 0, "duplicate": 0, "as_of": 1}));
    assert_eq!(exact(&document, "par_30"), ("100", "1", "100"));
    assert_eq!(kpi(&document, "par_30")["prior"], json!({"as_of": "2025-01-31", "value": "3.00"}));
    assert_eq!(kpi(&document, "par_30")["rows"], 1);
}

#[test]
fn the_first_date_has_nothing_before_it() {
    let document = run(&panel(), "2025-01-31");
    assert_eq!(document["period"], json!({"from": null, "to": "2025-01-31"}));
    assert_eq!(kpi(&document, "par_30")["prior"], Value::Null);
}

#[test]
fn latest_is_the_newest_date_and_the_same_run() {
    let sandbox = panel();
    let (latest, named) = (run(&sandbox, "latest"), run(&sandbox, "2025-03-31"));
    assert_eq!(latest["as_of"], "2025-03-31");
    assert_eq!(latest["rows"]["as_of"], 2);
    assert_eq!(exact(&latest, "par_30"), ("100", "4", "200"));
    assert_eq!(latest["kpis"], named["kpis"]);
    assert_eq!(latest["identity"], named["identity"]);
    assert_ne!(latest["identity"], run(&sandbox, "2025-01-31")["identity"]);
}

#[test]
fn a_single_snapshot_needs_no_as_of() {
    let sandbox =
        Sandbox::with("tape.csv", format!("measurement_date,{SLICES}\n2025-01-31,1,2,3,100,50,5\n"));
    let document = sandbox.abaco(&["run", "tape.csv", "--format", "json"]).silent().json();
    assert_eq!(document["as_of"], "2025-01-31");
    assert_eq!(run(&sandbox, "latest")["identity"], document["identity"]);
}

#[test]
fn the_table_says_which_snapshot_it_shows() {
    let answer = panel().abaco(&["run", "tape.csv", "--as-of", "latest"]).silent();
    assert_eq!(answer.stdout.lines().next(), Some("factoring as of 2025-03-31  USD, 2 of 4 rows in scope"));
}

#[test]
fn a_date_asked_of_a_tape_without_dates_is_refused() {
    let sandbox = Sandbox::with("tape.csv", crate::common::slices(&["1,2,3,100,50,5"]));
    sandbox.refuses_with(
        &["run", "tape.csv", "--as-of", "2025-03-31"],
        2,
        "tape.csv: the tape has no snapshot column",
    );
    // There is only one snapshot, so it is the latest.
    let document =
        sandbox.abaco(&["run", "tape.csv", "--as-of", "latest", "--format", "json"]).silent().json();
    assert_eq!(document["as_of"], Value::Null);
}

#[test]
fn rows_without_a_date_belong_to_no_snapshot() {
    let sandbox = Sandbox::with(
        "tape.csv",
        format!("measurement_date,{SLICES}\n2025-01-31,1,2,3,100,50,5\n,1,2,3,100,50,5\nNA,1,2,3,100,50,5\n"),
    );
    sandbox.refuses(
        &["run", "tape.csv"],
        3,
        "tape.csv: row 2 (line 3), column `measurement_date`: expected date, found null",
    );
}

#[test]
fn what_is_no_date_is_a_usage_error() {
    let sandbox = panel();
    for text in ["31.12.2025", "2025-02-30", "2025-12", "Latest", "yesterday", "2025-03-31T00:00:00Z"] {
        sandbox.refuses_with(
            &["run", "tape.csv", "--as-of", text],
            2,
            &format!(
                "invalid value '{text}' for '--as-of <DATE|latest>': \
                 expected a date such as 2025-12-31, or `latest`\n"
            ),
        );
    }
}
