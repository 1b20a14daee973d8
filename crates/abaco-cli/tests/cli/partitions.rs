//! Several inputs are partitions of one tape.

use serde_json::{Value, json};

use crate::common::{SLICES, Sandbox, exact, in_repository, outcome, slices};

fn run(sandbox: &Sandbox, inputs: &[&str]) -> Value {
    let args: Vec<&str> = ["run", "--format", "json"].iter().chain(inputs).copied().collect();
    sandbox.abaco(&args).silent().json()
}

#[test]
fn any_split_in_any_order_gives_the_same_kpis() {
    let tape = std::fs::read_to_string(in_repository("examples/data/rollout_1000.csv")).unwrap();
    let (header, rows) = tape.split_once('\n').unwrap();
    let rows: Vec<&str> = rows.lines().collect();
    let part = |rows: &[&str]| format!("{header}\n{}\n", rows.join("\n"));
    let sandbox = Sandbox::with("whole.csv", &tape);
    sandbox.write("a.csv", part(&rows[..1]));
    sandbox.write("b.csv", part(&rows[1..700]));
    sandbox.write("c.csv", part(&rows[700..]));
    let whole = run(&sandbox, &["whole.csv"]);
    for inputs in [["a.csv", "b.csv", "c.csv"], ["c.csv", "a.csv", "b.csv"], ["b.csv", "c.csv", "a.csv"]] {
        let parts = run(&sandbox, &inputs);
        assert_eq!(parts["kpis"], whole["kpis"], "{inputs:?}");
        assert_eq!(parts["rows"], json!({"read": 1000, "quarantined": 0, "duplicate": 0, "as_of": 1000}));
        // Other bytes were read.
        assert_ne!(parts["identity"], whole["identity"], "{inputs:?}");
    }
}

#[test]
fn columns_may_stand_in_another_order() {
    let sandbox = Sandbox::with("a.csv", "dpd_90_plus_usd,total_receivable_usd\n1,100\n");
    sandbox.write("b.csv", " Total_Receivable_USD ,note,dpd_90_plus_usd\n300,x,3\n");
    let document = run(&sandbox, &["a.csv", "b.csv"]);
    assert_eq!(exact(&document, "par_90"), ("100", "4", "400"));
}

#[test]
fn partitions_hold_months_of_one_panel() {
    let sandbox = Sandbox::with("jan.csv", format!("measurement_date,{SLICES}\n2025-01-31,1,2,3,100,50,5\n"));
    sandbox.write("feb.csv", format!("measurement_date,{SLICES}\n2025-02-28,0,0,4,100,50,5\n"));
    sandbox.refuses(
        &["run", "feb.csv", "jan.csv"],
        2,
        "feb.csv: the tape has 2 snapshots and no as-of was named: 2025-01-31, 2025-02-28",
    );
    let document = run(&sandbox, &["feb.csv", "jan.csv", "--as-of", "2025-02-28"]);
    assert_eq!(outcome(&document, "par_90"), (Some("4.00"), "value", None, "warning"));
    assert_eq!(document["kpis"][1]["prior"], json!({"as_of": "2025-01-31", "value": "3.00"}));
}

#[test]
fn other_columns_are_refused() {
    let sandbox = Sandbox::with("a.csv", "dpd_90_plus_usd,total_receivable_usd\n1,100\n");
    sandbox.write("more.csv", "dpd_90_plus_usd,total_receivable_usd,cash_available_usd\n1,100,1\n");
    sandbox.write("less.csv", "dpd_90_plus_usd\n1\n");
    let refused = |inputs: [&str; 2], expected: &str, found: &str| {
        sandbox.refuses(
            &["run", inputs[0], inputs[1]],
            3,
            &format!(
                "{}: expected the columns of the first partition ({expected}), found {found}",
                inputs[1]
            ),
        );
    };
    let both = "dpd_90_plus_usd, total_receivable_usd";
    refused(["a.csv", "more.csv"], both, &format!("{both}, cash_available_usd"));
    refused(["a.csv", "less.csv"], both, "dpd_90_plus_usd");
    refused(["less.csv", "a.csv"], "dpd_90_plus_usd", both);
}

#[test]
fn a_fault_in_a_later_partition_refuses_all() {
    let sandbox = Sandbox::with("a.csv", slices(&["1,2,3,100,50,5"]));
    sandbox.write("b.csv", slices(&["1,2,3,100,50,5", "1,2,3,100,50,-"]));
    sandbox.refuses(
        &["run", "a.csv", "b.csv"],
        3,
        "b.csv: row 2 (line 3), column `cash_available_usd`: expected decimal(38, 17), found `-`",
    );
    sandbox.refuses(&["run", "a.csv", "c.csv"], 3, "c.csv: No such file or directory (os error 2)");
}

/// A month without business is a header without rows.
#[test]
fn a_partition_may_be_empty_but_not_all_of_them() {
    let sandbox = Sandbox::with("a.csv", slices(&[]));
    sandbox.write("b.csv", slices(&["1,2,3,100,50,5"]));
    for inputs in [["a.csv", "b.csv"], ["b.csv", "a.csv"]] {
        assert_eq!(outcome(&run(&sandbox, &inputs), "par_30").0, Some("6.00"));
    }
    sandbox.write("b.csv", slices(&[]));
    sandbox.refuses_with(
        &["run", "a.csv", "b.csv"],
        3,
        "a.csv: expected at least one row, found only a header",
    );
}

#[test]
fn a_tape_with_nothing_that_the_contract_knows() {
    let sandbox = Sandbox::with("tape.csv", "id,amount\n1,10\n2,20\n3,30\n");
    let answer = sandbox.abaco(&["run", "tape.csv", "--format", "json"]);
    let word = "no KPI is available on this tape; the contract does not name its columns id, amount\n";
    assert_eq!((answer.status, answer.stderr.as_str()), (0, word));
    let document = answer.json();
    assert_eq!(document["rows"], json!({"read": 3, "quarantined": 0, "duplicate": 0, "as_of": 3}));
    let kpis = document["kpis"].as_array().unwrap();
    assert!(kpis.iter().all(|kpi| kpi["state"] == "unavailable"), "{document}");
    assert_eq!(kpis.len(), abaco_loans::calculators::STANDARD.len());
    assert_eq!(
        outcome(&document, "par_90").2,
        Some("missing columns: dpd_90_plus_usd, total_receivable_usd")
    );
    sandbox.published();
}

/// Counted twice, a partition would double every total and leave every ratio as it was.
#[test]
fn the_same_bytes_twice_are_refused() {
    let sandbox = Sandbox::with("a.csv", slices(&["1,2,3,100,50,5"]));
    sandbox.write("b.csv", slices(&["1,2,3,100,50,5"]));
    for second in ["a.csv", "./a.csv", "b.csv"] {
        let expected = format!("{second}: expected another partition, found the same bytes as a.csv");
        sandbox.refuses(&["run", "a.csv", second], 3, &expected);
    }
}
