//! `abaco diff` from the outside.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "the helpers of a test stop the test"
)]

#[allow(dead_code, reason = "shared with other tests")]
#[path = "../cli/common.rs"]
mod common;

use std::path::Path;

use serde_json::json;

use crate::common::{Sandbox, runs};

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

/// A sandbox with a run of January and one of February, and their folders.
fn two_runs() -> (Sandbox, String, String) {
    let sandbox = Sandbox::new();
    sandbox.write(
        "cfg/pipeline.yml",
        "version: 1\nportfolio: p\ncontract: contract.yml\nsegments: [[segment]]\n",
    );
    sandbox.write("cfg/contract.yml", CONTRACT);
    sandbox.write("tape.csv", TAPE);
    let run = |month: &str, out: &str| {
        let args = ["run", "tape.csv", "--config", "cfg/pipeline.yml", "--as-of", month, "--out", out];
        sandbox.abaco(&args).status(0);
        let folder = runs(&sandbox.path(out)).remove(0);
        Path::new(out).join(folder.file_name().unwrap()).display().to_string()
    };
    let (january, february) = (run("2025-01-31", "january"), run("2025-02-28", "february"));
    (sandbox, january, february)
}

#[test]
fn the_document_says_what_changed_down_to_the_loan() {
    let (sandbox, january, february) = two_runs();
    let args = ["diff", &january, &february, "--kpi", "par_ge_30", "--top", "1", "--format", "json"];
    let document = sandbox.abaco(&args).silent().json();
    assert_eq!(document["schema_version"], 1);
    assert_eq!(
        (&document["left"]["as_of"], &document["right"]["as_of"]),
        (&json!("2025-01-31"), &json!("2025-02-28"))
    );
    let par = &document["kpis"][0];
    assert_eq!((&par["kpi"], &par["delta"]), (&json!("par_ge_30"), &json!("20.36")));
    assert_eq!(
        par["effects"],
        json!({
            "formula": null,
            "numerator": { "value": "31.428571", "exact": "220/7" },
            "denominator": { "value": "-11.071429", "exact": "-155/14" },
            "total": { "value": "20.357143", "exact": "285/14" },
        })
    );
    assert_eq!(
        par["parts"][1]["groupings"][0],
        json!({
            "by": ["loan_id"],
            "only_left": { "groups": 1, "delta": "-50.00" },
            "only_right": { "groups": 1, "delta": "110.00" },
            "changed": { "groups": 1, "delta": "-10.00" },
            "unchanged": 1,
            "top": [{ "by": { "loan_id": "L4" }, "found": "only_right", "left": null, "right": "110.00",
                      "delta": "110.00", "by_formula": null }],
            "others": { "groups": 2, "delta": "-60.00" },
        })
    );
}

#[test]
fn the_table_lists_the_loans() {
    let (sandbox, january, february) = two_runs();
    let args = ["diff", &january, &february, "--kpi", "par_ge_30", "--top", "2"];
    let table = sandbox.abaco(&args).silent().stdout;
    let below = "\
350.00 -> 400.00: 50.00
by loan_id: 1 on the left alone -50.00, 1 on the right alone 110.00, 1 changed -10.00, 1 unchanged
  L4            -  110.00  110.00  right alone
  L3        50.00       -  -50.00  left alone
  1 others                 -10.00
by segment: 2 changed 50.00, 0 unchanged
  b   50.00  110.00   60.00
  a  300.00  290.00  -10.00
";
    assert!(table.contains(below), "{table}");
    assert!(table.contains("57.14  77.50   20.36"), "{table}");
    assert!(table.ends_with("\n1 KPIs differ, 0 do not\n"), "{table}");
}

#[test]
fn a_run_does_not_differ_from_itself() {
    let (sandbox, january, _) = two_runs();
    let document = sandbox.abaco(&["diff", &january, &january, "--format", "json"]).silent().json();
    assert_eq!((&document["kpis"], &document["facts"]), (&json!([]), &json!([])));
    let table = sandbox.abaco(&["diff", &january, &january, "--kpi", "par_ge_30"]).silent().stdout;
    assert!(table.ends_with("\n0 KPIs differ, 1 do not\n"), "{table}");
}

#[test]
fn what_cannot_be_compared_is_refused() {
    let (sandbox, january, february) = two_runs();
    let refused = |args: &[&str], status: i32, beginning: &str| {
        let answer = sandbox.abaco(args).status(status);
        assert_eq!(answer.stdout, "");
        assert!(answer.stderr.starts_with(&format!("error: {beginning}")), "{}", answer.stderr);
    };
    refused(
        &["diff", &january, &february, "--kpi", "par_31"],
        2,
        "option `kpi`: expected the id of a KPI of either run",
    );
    refused(
        &["diff", &january, &february, "--by", "colour"],
        2,
        "option `by`: expected a column of the tape of both runs",
    );
    refused(&["diff", &january, "nothing"], 2, "nothing: expected the folder of a run, found ");
    let file = format!("{february}/kpis.csv");
    sandbox.write(&file, "id,value\n");
    let damaged = format!("{february}: damaged: kpis.csv: truncated: ");
    refused(&["diff", &january, &february], 1, &damaged);
}
