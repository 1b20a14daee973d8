//! What the configured KPIs are made of.

use abaco_pipeline::ErrorKind;

use crate::panel::{SETTINGS, desk, run_of};

#[test]
fn a_kpi_of_a_snapshot_and_one_of_a_period_are_taken_apart() {
    let desk = desk();
    let drill = "drill_down:\n  - { kpi: closing, by: [loan_id], top: 1 }\n  \
                 - { kpi: paid_principal, by: [borrower_id] }\n  - { kpi: vintage_balance, by: [product_type] }\n";
    desk.write("cfg/pipeline.yml", format!("{SETTINGS}{drill}"));
    let run = run_of(&desk, "2025-03-31").unwrap();
    let entries = serde_json::to_value(&run.document.drill_down).unwrap();
    let closing = &entries[0]["value"];
    assert_eq!(closing["total"]["value"], "150.000000");
    assert_eq!(closing["top"][0]["by"], serde_json::json!({"loan_id": "new"}));
    // `late` has a row with nothing left in it, and the row of the ledger is no loan's.
    assert_eq!((&closing["other_groups"], &closing["others"]["value"]), (&2.into(), &"0.000000".into()));
    let change = &entries[0]["change"];
    assert_eq!((&change["since"], &change["total"]["value"]), (&"2025-02-28".into(), &"-100.000000".into()));
    let paid = &entries[1]["value"];
    let parts: Vec<(&str, &str)> = paid["top"]
        .as_array()
        .unwrap()
        .iter()
        .map(|part| (part["by"]["borrower_id"].as_str().unwrap(), part["value"].as_str().unwrap()))
        .collect();
    assert_eq!(parts, [("z", "50.000000"), ("y", "2.000000")]);
    assert_eq!(entries[2]["value"]["total"]["exact"]["denominator"], "13"); // 150 of 390
}

#[test]
fn a_drill_down_that_cannot_be_meant_is_refused() {
    let cases = [
        ("{ kpi: closign, by: [loan_id] }", "`drill_down`: the profile `standard` has no KPI `closign`"),
        (
            "{ kpi: closing, by: [] }",
            "`drill_down`, `closing`: expected a list of columns, found an empty list",
        ),
        (
            "{ kpi: closing, by: [loan] }",
            "`drill_down`: neither the contract nor the catalogue has a column `loan`",
        ),
        (
            "{ kpi: days, by: [loan_id] }",
            "`drill_down`: kpi `days`: `MAX(DAYS_BETWEEN(opening_as_of, as_of))` does not add up over rows, so its \
             value is not a sum of contributions",
        ),
    ];
    for (drill, message) in cases {
        let desk = desk();
        desk.write("cfg/pipeline.yml", format!("{SETTINGS}drill_down: [{drill}]\n"));
        let error = run_of(&desk, "2025-03-31").unwrap_err();
        assert!(error.to_string().ends_with(message), "{error}");
        assert_eq!(error.kind(), ErrorKind::Configuration);
    }
}
