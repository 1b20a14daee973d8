//! What somebody tries who would rather not do it properly, and what goes wrong by itself.

use std::fs;

use serde_json::Value;

use super::lender::{Answer, Lender};

const LATER: &str = "2999-01-01T00:00:00Z";

#[test]
fn an_approval_that_would_not_stand_is_refused_at_once() {
    let lender = Lender::new();
    lender.evidence();
    let refused = |actor: &str, role: &str, key: &str, expires: &str, why: &str| {
        let Answer { status, stdout, stderr } = lender.approve(actor, role, key, expires);
        let expected = format!("error: approval {role}: that of `{actor}` does not stand: {why}\n");
        assert_eq!((status, stdout, stderr), (5, String::new(), expected));
    };
    let other_key = "signed by another key than the public key that was given";
    let answer = lender.approve("engineering-lead", "engineering", "security", LATER);
    assert_eq!((answer.status, answer.stdout.as_str()), (5, ""), "{other_key}");
    refused("ana", "engineering", "engineering", LATER, "`ana` is the author");
    refused("omar", "operations", "operations", LATER, "`omar` is an operator");
    refused("eve", "engineering", "engineering", LATER, "`people` has `eve` 0 times");
    refused("business-lead", "security", "business", LATER, "`business-lead` does not approve as security");
    refused(
        "business-lead",
        "business",
        "business",
        "2020-01-01T00:00:00Z",
        "expired at 2020-01-01 00:00:00 UTC",
    );
    assert!(!lender.read("config/rollout/journal.ndjson").contains(r#""event":"approved""#));
}

#[test]
fn whoever_approved_does_not_carry_it_out() {
    let lender = Lender::new();
    lender.evidence();
    lender.approved_by_all();
    lender.done(&["advance"]);
    let answer = lender.abaco(&["rollout", "cutover", "--actor", "business-lead"]);
    assert_eq!(answer.status, 5, "{}", answer.stdout);
    assert!(answer.stderr.contains("`business-lead` is an operator"), "{}", answer.stderr);
    assert_eq!(lender.active(), "v1");
}

/// What was shown of one version says nothing about another, nor by other rules.
#[test]
fn evidence_goes_stale_and_says_so() {
    let lender = Lender::new();
    lender.evidence();
    lender.approved_by_all();
    assert_eq!(lender.criterion("replay").0, "met");
    let stale = |name: &str, from: &str, to: &str| {
        let before = lender.read(name);
        lender.replace(name, from, to);
        assert_eq!(lender.criterion("replay").1, "replay: 12 more snapshots must be compared", "{name}");
        assert_eq!(lender.criterion("live comparisons").0, "inconclusive", "{name}");
        lender.refused(&["advance"]);
        lender.write(name, &before);
        assert_eq!(lender.criterion("replay").0, "met", "{name}");
    };
    stale("config/legacy_v2.yml", "portfolio: factoring", "portfolio: other");
    stale("config/pipeline.yml", "portfolio: factoring", "portfolio: other");
    stale("config/rollout.yml", "comparison: {", "comparison: {tolerance: {relative: '0.5'}, ");
    // Anything else that is configured makes the approvals void.
    lender.replace("config/rollout.yml", "author: ana", "author: eva");
    assert_eq!(lender.criterion("replay").0, "met");
    assert!(
        lender.criterion("approval security").1.contains("the configuration changed"),
        "{:?}",
        lender.criterion("approval security")
    );
}

#[test]
fn evidence_that_somebody_edits_or_removes_closes_the_gate() {
    let lender = Lender::new();
    lender.evidence();
    let file = fs::read_dir(lender.path("config/rollout/evidence"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| fs::read_to_string(path).unwrap().contains(r#""kind":"tie_out""#))
        .unwrap();
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.replace("general ledger", "general lodger")).unwrap();
    let (state, missing) = lender.criterion("evidence");
    assert_eq!(state, "unmet");
    assert!(missing.starts_with("evidence: 1 pieces cannot be read, the first: "), "{missing}");
    fs::remove_file(&file).unwrap();
    assert_eq!(lender.criterion("evidence").0, "unmet");
}

/// Which version is active is said even where nothing else can be.
#[test]
fn the_status_without_the_candidates_files() {
    let lender = Lender::new();
    lender.monitoring();
    fs::remove_file(lender.path("config/pipeline.yml")).unwrap();
    let Answer { status, stdout, stderr } = lender.rollout(&["status"]);
    assert_eq!(status, 2, "{stderr}");
    assert!(stdout.starts_with("stage    monitoring since "), "{stdout}");
    assert!(stdout.contains("\nactive   v2\n"), "{stdout}");
    assert!(stderr.starts_with("error: config/pipeline.yml: "), "{stderr}");
    let json = lender.rollout(&["status", "--format", "json"]);
    let document: Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(
        (json.status, &document["status"]["active"], &document["gate"]),
        (2, &"v2".into(), &Value::Null)
    );
    // And the way back is open.
    lender.done(&["rollback", "--reason", "its files are gone"]);
    assert_eq!(lender.active(), "v1");
}

/// The monitor fired and rolled back.
#[track_caller]
fn rolled_back(lender: &Lender, trigger: &str) {
    let Answer { status, stdout, stderr } = lender.rollout(&["monitor"]);
    assert_eq!((status, stderr.as_str()), (5, ""), "{stdout}");
    assert!(stdout.contains(trigger), "{stdout}");
    assert!(stdout.ends_with("stage rolled_back\n"), "{stdout}");
    assert_eq!(lender.active(), "v1");
}

#[test]
fn a_candidate_that_is_changed_while_it_is_official() {
    let lender = Lender::new();
    lender.monitoring();
    lender.replace("config/pipeline.yml", "portfolio: factoring", "portfolio: other");
    let refused = lender.refused(&["advance"]);
    assert!(refused.contains("`v2` is not what took over: expected the identity "), "{refused}");
    rolled_back(&lender, "audit_failure: `v2` is not what took over: expected the identity ");
}

#[test]
fn a_pointer_that_somebody_else_changes() {
    let lender = Lender::new();
    lender.monitoring();
    lender.write("active.json", r#"{"active":"v3","configuration":null,"journal":1,"previous":null}"#);
    let status = lender.done(&["status"]);
    assert!(
        status.contains(
            "trouble  config/../active.json: expected `v2`, which the journal says is active, found `v3`"
        ),
        "{status}"
    );
    rolled_back(&lender, "audit_failure: config/../active.json: expected `v2`");
}

#[test]
fn a_ledger_that_is_not_whole() {
    let lender = Lender::new();
    lender.monitoring();
    let run = lender.abaco(&["run", "day.csv", "--config", "config/pipeline.yml", "--as-of", "latest"]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    lender.replace("runs/LEDGER.ndjson", "factoring", "fictoring");
    // The baseline is back; but nobody can say which runs must be recalled, and that is not hidden.
    let Answer { status, stderr, .. } = lender.rollout(&["monitor"]);
    assert_eq!(status, 1, "{stderr}");
    assert!(stderr.starts_with("error: audit_failure: config/../runs: "), "{stderr}");
    assert!(stderr.contains(": rolled back: `v1` is active, but not proven: "), "{stderr}");
    assert_eq!(lender.active(), "v1");
}

#[test]
fn a_tie_out_that_accepts_less_than_nothing_is_a_wrong_call() {
    let lender = Lender::new();
    let figure =
        ["tie-out", "--figure", "par_30", "--source", "ledger", "--expected", "1", "--tolerance", "-1"];
    let Answer { status, stdout, stderr } = lender.rollout(&figure);
    assert_eq!((status, stdout.as_str()), (2, ""));
    assert!(stderr.contains("expected 0 or more, found -1"), "{stderr}");
}

/// Runs that are gone are not runs that never were.
#[test]
fn runs_that_vanish_after_they_were_counted() {
    let lender = Lender::new();
    lender.monitoring();
    let run = lender.abaco(&["run", "day.csv", "--config", "config/pipeline.yml", "--as-of", "latest"]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    lender.done(&["monitor"]);
    lender.done(&["reconcile"]);
    fs::rename(lender.path("runs"), lender.path("elsewhere")).unwrap();
    rolled_back(&lender, "data_loss: run ");
}

/// A candidate that fails is an error of the candidate's, not a reason to look away.
#[test]
fn a_candidate_that_fails_on_the_tape_of_the_day() {
    let lender = Lender::new();
    lender.replace(
        "config/rollout.yml",
        "monitor: {",
        "monitor: {error_rate: {limit: '0.001', action: roll_back}, ",
    );
    lender.monitoring();
    lender.write("day.csv", "loan_id,measurement_date,total_receivable_usd\nL1,2025-12-31,many\n");
    rolled_back(&lender, "error_rate: 1 of 1 runs failed, the last: ");
}

#[test]
fn monitoring_is_not_complete_while_something_is_open() {
    let lender = Lender::new();
    lender.monitoring();
    lender.done(&["monitor"]);
    lender.done(&["reconcile"]);
    let file = fs::read_dir(lender.path("config/rollout/evidence"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| fs::read_to_string(path).unwrap().contains(r#""kind":"reconciliation""#))
        .unwrap();
    let text = fs::read(&file).unwrap();
    fs::remove_file(&file).unwrap();
    let refused = lender.refused(&["advance"]);
    assert!(refused.starts_with("error: monitoring is not complete: evidence "), "{refused}");
    fs::write(&file, text).unwrap();
    lender.done(&["advance"]);
}
