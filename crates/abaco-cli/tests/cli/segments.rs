//! Results broken down by the columns that the configuration names.

use rstest::rstest;
use serde_json::{Value, json};

use crate::common::{SLICES, Sandbox, exact, outcome};

const RUN: &[&str] = &["run", "tape.csv", "--config", "cfg/pipeline.yml"];

fn tape(segments: &str, rows: &[&str]) -> Sandbox {
    let sandbox = Sandbox::with("tape.csv", format!("segment,region,{SLICES}\n{}\n", rows.join("\n")));
    sandbox.configure(&format!("segments: {segments}"));
    sandbox
}

const ROWS: &[&str] = &[
    "sme,north,1,0,0,100,50,5",
    "retail,north,9,0,0,100,50,5",
    "sme,south,2,0,0,100,50,5",
    ",south,4,0,0,100,0,0",
    "NA,north,0,0,0,100,0,0",
];

fn run(sandbox: &Sandbox) -> Value {
    sandbox.abaco(&[RUN, &["--format", "json"]].concat()).silent().json()
}

fn by(document: &Value) -> Vec<&Value> {
    document["segments"].as_array().unwrap().iter().map(|segment| &segment["by"]).collect()
}

#[test]
fn one_column() {
    let document = run(&tape("[[segment]]", ROWS));
    // NULL, written as an empty cell or `NA`, is a group of its own.
    assert_eq!(
        by(&document),
        [&json!({"segment": null}), &json!({"segment": "retail"}), &json!({"segment": "sme"})]
    );
    let segments = document["segments"].as_array().unwrap();
    assert_eq!(exact(&segments[0], "par_30"), ("100", "4", "200"));
    assert_eq!(exact(&segments[1], "par_30"), ("100", "9", "100"));
    assert_eq!(exact(&segments[2], "par_30"), ("100", "3", "200"));
    assert_eq!(
        outcome(&segments[0], "collection_rate"),
        (None, "undefined", Some("zero_denominator"), "none")
    );
    assert_eq!(segments[2]["kpis"][0]["rows"], 2);
    // The totals are those of the tape, not of one group.
    assert_eq!(exact(&document, "par_30"), ("100", "16", "500"));
    assert_eq!(document["rows"]["as_of"], 5);
}

#[test]
fn several_grouping_sets() {
    let document = run(&tape("[[region], [segment, region]]", ROWS));
    assert_eq!(
        by(&document),
        [
            &json!({"region": "north"}),
            &json!({"region": "south"}),
            &json!({"segment": null, "region": "north"}),
            &json!({"segment": null, "region": "south"}),
            &json!({"segment": "retail", "region": "north"}),
            &json!({"segment": "sme", "region": "north"}),
            &json!({"segment": "sme", "region": "south"}),
        ]
    );
    let rows: Vec<u64> = document["segments"]
        .as_array()
        .unwrap()
        .iter()
        .map(|segment| segment["kpis"][0]["rows"].as_u64().unwrap())
        .collect();
    assert_eq!(rows, [3, 2, 1, 1, 1, 1, 1]);
}

#[test]
fn a_crossed_threshold_in_a_group_counts() {
    let sandbox = tape("[[segment]]", ROWS);
    let args = [RUN, &["--fail-on", "critical", "--format", "json"]].concat();
    let answer = sandbox.abaco(&args).status(4);
    assert_eq!(answer.stderr, "a KPI is critical\n");
    assert_eq!(outcome(&answer.json(), "par_30").3, "ok");
    assert_eq!(outcome(&answer.json()["segments"][1], "par_30").3, "critical");
}

#[test]
fn a_person_sees_a_line_per_group() {
    let answer = tape("[[segment]]", &ROWS[..2]).abaco(RUN).silent();
    let block = "
by segment
segment  rows  par_30 (%)  par_90 (%)  collection_rate (%)  portfolio_health (score)
retail      1       !9.00        0.00                10.00                      9.10
sme         1        1.00        0.00                10.00                      9.90
! critical, * warning; ";
    assert!(answer.stdout.contains(block), "{}", answer.stdout);
}

/// A tape must not be able to write over a terminal, nor to turn a line round.
#[test]
fn a_group_stays_on_its_line() {
    let rows = &["\"a\u{1b}[2Jb\nc\u{202e}d\",x,9,0,0,100,50,5"];
    let answer = tape("[[segment]]", rows).abaco(RUN).silent();
    let group = "a\\u{1b}[2Jb\\nc\\u{202e}d";
    assert!(answer.stdout.contains(&format!("\n{group}     1       !9.00 ")), "{}", answer.stdout);
    let finding = format!("\ncritical  par_30  9.00  %  segment = {group}  level: ");
    assert!(answer.stdout.contains(&finding), "{}", answer.stdout);
}

#[test]
fn a_column_that_the_tape_lacks_is_refused() {
    let sandbox = tape("[[product_type]]", ROWS);
    sandbox.refuses_with(
        RUN,
        2,
        "tape.csv: column product_type is not on the tape; it has segment, region, ",
    );
}

/// The values of a pii column leave nowhere, so they cannot name groups, under no other name either.
#[rstest]
#[case("[[region, segment]]", "", "segment")]
#[case("[[company], [product_type]]", "derive: { product_type: company, company: segment }", "company")]
fn personal_data_is_no_grouping(#[case] segments: &str, #[case] derive: &str, #[case] named: &str) {
    let sandbox = tape(segments, ROWS);
    let contract = "cfg/contracts/factoring_slices.yml";
    for line in [
        "  product_type:     { type: text, roles: [dimension] }\n",
        "  company:          { type: text, roles: [dimension] }\n",
    ] {
        sandbox.replace(contract, line, "");
    }
    let plain = "segment:          { type: text, roles: [dimension] }";
    sandbox.replace(contract, plain, "segment: { type: text, roles: [dimension, pii] }");
    sandbox.replace(contract, "columns:", &format!("{derive}\ncolumns:"));
    let message = format!(
        "cfg/pipeline.yml: `segments`: column `{named}` would publish the values of `segment`, \
         which has the role pii"
    );
    sandbox.refuses(RUN, 2, &message);
}
