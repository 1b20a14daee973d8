//! The profile that reproduces V2: rounded twice, half to even, and 0 where V2 had no number.

use rstest::rstest;
use serde_json::Value;

use crate::common::{Sandbox, exact, in_repository, outcome, slices};

const IDS: [&str; 4] = ["par_30", "par_90", "collection_rate", "portfolio_health"];

fn run(tape: &str) -> Value {
    let config = in_repository("config/legacy_v2.yml");
    Sandbox::with("tape.csv", tape)
        .abaco(&["run", "tape.csv", "--config", &config, "--format", "json"])
        .silent()
        .json()
}

fn values(document: &Value) -> [&str; 4] {
    IDS.map(|id| outcome(document, id).0.unwrap())
}

#[test]
fn the_rollout_report() {
    let tape = std::fs::read_to_string(in_repository("examples/data/rollout_1000.csv")).unwrap();
    let document = run(&tape);
    assert_eq!(values(&document), ["2.21", "0.32", "11.97", "10.000000"]);
    assert_eq!(document["kpis"].as_array().unwrap().len(), IDS.len());
    // The ratios are rounded in the formula already.
    assert_eq!(exact(&document, "par_30"), ("1", "221", "100"));
}

#[test]
fn the_three_slices_of_the_report() {
    let rows =
        ["500,400,300,50000,40000,2500", "600,500,350,60000,48000,3000", "650,500,400,65000,52000,3250"];
    let document = run(&slices(&rows));
    assert_eq!(values(&document), ["2.40", "0.60", "6.25", "6.100000"]);
}

/// Ties go to the even neighbour, and the score takes the rounded ratios.
#[test]
fn rounded_half_to_even_before_the_score() {
    // PAR30 and PAR90 are 2.125 %, the collection rate 4.375 %.
    let tape = slices(&["0,0,17,800,800,35"]);
    assert_eq!(values(&run(&tape)), ["2.12", "2.12", "4.38", "4.287144"]);
    let standard = Sandbox::with("tape.csv", &tape).abaco(&["run", "tape.csv", "--format", "json"]).json();
    assert_eq!(values(&standard), ["2.13", "2.13", "4.38", "4.28"]);
}

#[rstest]
#[case("0,0,0,0,0,0", "zero_denominator")]
#[case(",,,,,", "all_null")]
fn a_zero_in_place_of_nothing_says_so(#[case] row: &str, #[case] reason: &str) {
    let document = run(&slices(&[row]));
    let zero = |value, status| (Some(value), "value", Some(reason), status);
    assert_eq!(outcome(&document, "par_30"), zero("0.00", "ok"));
    assert_eq!(outcome(&document, "par_90"), zero("0.00", "ok"));
    // V2's thresholds take its zero for a bad one.
    assert_eq!(outcome(&document, "collection_rate"), zero("0.00", "critical"));
    assert_eq!(outcome(&document, "portfolio_health"), zero("0.000000", "critical"));
}

#[test]
fn a_person_sees_what_the_zero_replaced() {
    let config = in_repository("config/legacy_v2.yml");
    let sandbox = Sandbox::with("tape.csv", slices(&["0,0,0,0,0,0"]));
    let answer = sandbox.abaco(&["run", "tape.csv", "--config", &config]).silent();
    let line = answer.stdout.lines().find(|line| line.starts_with("par_30 ")).unwrap();
    assert!(line.ends_with("  0.00  %      ok        in place of zero_denominator"), "{line}");
}

/// V2 counted a missing column as 0 and said success; this is not reproduced.
#[test]
fn a_missing_column_is_unavailable_here_too() {
    let document = run("dpd_90_plus_usd\n5\n");
    assert_eq!(
        outcome(&document, "par_90"),
        (None, "unavailable", Some("missing columns: total_receivable_usd"), "none")
    );
}
