//! From staging to the end, there and back, by the command alone.

use serde_json::json;

use super::lender::{Lender, ROLES};

#[test]
fn from_staging_to_complete() {
    let lender = Lender::new();
    lender.evidence();
    let missing: Vec<String> = lender.json(&["status"])["gate"]["criteria"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|criterion| criterion["state"] != "met")
        .map(|criterion| criterion["missing"].as_str().unwrap().to_owned())
        .collect();
    let expected: Vec<String> =
        ROLES.iter().map(|role| format!("approval {role}: somebody must approve")).collect();
    assert_eq!(missing, expected);
    lender.approved_by_all();
    assert!(lender.done(&["advance"]).ends_with("shadow to ready: the gate is open\n"));
    let planned = lender.done(&["cutover", "--dry-run"]);
    assert!(planned.contains("name `v2` in config/../active.json"), "{planned}");
    assert_eq!(lender.active(), "v1");
    lender.done(&["cutover"]);
    assert_eq!(lender.active(), "v2");
    lender.done(&["rollback", "--reason", "drill"]);
    assert_eq!(lender.active(), "v1");
    lender.done(&["forward"]);
    assert_eq!(lender.active(), "v2");

    // Nobody has looked yet, and the status says so.
    let refused = lender.refused(&["advance"]);
    assert!(
        refused.starts_with("error: monitoring is not complete: hour 0: no reconciliation since it was due"),
        "{refused}"
    );
    let status = lender.json(&["status"]);
    assert_eq!(status["monitoring"].as_array().unwrap().len(), 1, "{status}");
    let run = lender.abaco(&["run", "day.csv", "--config", "config/pipeline.yml", "--as-of", "latest"]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert_eq!(lender.done(&["monitor"]), "1 runs since the cutover\nno trigger fired\n");
    let day = lender.done(&["reconcile"]);
    assert!(day.contains(": 1 runs published, 0 failed; 1 comparisons: 2 "), "{day}");
    assert!(day.ends_with("; nothing open\n"), "{day}");
    assert_eq!(lender.json(&["status"])["monitoring"], json!([]));
    lender.done(&["advance"]);
    let report = lender.done(&["report"]);
    for line in [
        "- Stage: complete",
        "- Gate: open, 18 of 18 criteria met",
        "- [ ] decommission: the old schedule is off",
        "- nothing: the baseline may be decommissioned",
    ] {
        assert!(report.lines().any(|found| found == line), "{line}: {report}");
    }
    lender.done(&[
        "check",
        "--list",
        "decommission",
        "--item",
        "the old schedule is off",
        "--note",
        "ticket 7",
    ]);
    assert!(lender.done(&["report", "--html"]).contains("ticket 7"));
    lender.refused(&["rollback"]);
}

/// The bytes are signed elsewhere, and only the signature comes back.
#[test]
fn an_approval_is_signed_elsewhere() {
    use abaco_loans::pipeline::signature::Signer;

    let lender = Lender::new();
    lender.evidence();
    let args =
        ["approve", "--role", "security", "--actor", "security-lead", "--expires", "2999-01-01T00:00:00Z"];
    let export = lender.abaco(&[&["rollout"][..], &args, &["--export", "a.json"]].concat());
    assert_eq!(export.status, 0, "{}", export.stderr);
    let signature = Signer::parse(&"04".repeat(32), "test")
        .unwrap()
        .sign(lender.read("a.json.tosign").as_bytes())
        .unwrap();
    lender.write("a.json.sig", &String::from_utf8(signature).unwrap());
    let other = lender.rollout(&["approve", "--role", "business", "--import", "a.json"]);
    assert_eq!(
        (other.status, other.stderr.as_str()),
        (2, "error: option `role`: a.json is about security\n")
    );
    lender.done(&["approve", "--role", "security", "--import", "a.json"]);
    assert_eq!(lender.criterion("approval security").0, "met");
}
