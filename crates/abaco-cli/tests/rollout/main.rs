//! `abaco rollout` from the outside.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "the helpers of a test stop the test"
)]

mod hostile;
mod lender;
mod whole_way;

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

/// The repository's configuration with its tape.
fn repository() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    for name in [
        "config/rollout.yml",
        "config/pipeline.yml",
        "config/legacy_v2.yml",
        "config/kpi_definitions.yml",
        "config/contracts/factoring_slices.yml",
        "examples/data/rollout_1000.csv",
    ] {
        let to = folder.path().join(name);
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::copy(root.join(name), to).unwrap();
    }
    folder
}

/// Status, standard output and standard error of `abaco rollout`.
fn rollout(folder: &TempDir, args: &[&str]) -> (i32, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_abaco"))
        .arg("rollout")
        .args(args)
        .current_dir(folder.path())
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

#[track_caller]
fn json(folder: &TempDir, args: &[&str]) -> Value {
    let (status, stdout, stderr) = rollout(folder, &[args, &["--format", "json"]].concat());
    assert_eq!((status, stderr.as_str()), (0, ""), "{stdout}");
    serde_json::from_str(&stdout).unwrap()
}

#[track_caller]
fn refused(folder: &TempDir, args: &[&str], status: i32, message: &str) {
    let answer = rollout(folder, args);
    assert_eq!(answer, (status, String::new(), format!("error: {message}\n")));
}

/// The gate says what is missing, from the first criterion on.
#[track_caller]
fn closed(folder: &TempDir, command: &str) {
    let (status, stdout, stderr) = rollout(folder, &[command]);
    assert_eq!((status, stdout.as_str()), (5, ""), "{stderr}");
    let message = "error: the gate is closed: replay: 12 more snapshots must be compared; ";
    assert!(stderr.starts_with(message), "{stderr}");
}

fn active(folder: &TempDir) -> Value {
    serde_json::from_str(&fs::read_to_string(folder.path().join("active.json")).unwrap()).unwrap()
}

#[test]
fn there_and_back_and_there_again() {
    let folder = repository();
    let (status, stdout, stderr) = rollout(&folder, &["status"]);
    assert_eq!((status, stderr.as_str()), (0, ""));
    let expected = "stage    staging\nactive   v1 (there is no pointer)\njournal  0 entries\n\
                    next     `abaco rollout advance` sets the candidate up\n\nthe gate is closed\n";
    let criteria = stdout.strip_prefix(expected).unwrap_or_else(|| panic!("{stdout}"));
    // Nothing was shown yet but that nothing is lost.
    let met = criteria.lines().filter(|line| line.split_whitespace().nth(1) == Some("met"));
    assert_eq!((criteria.lines().count(), met.count()), (18, 1), "{criteria}");
    let advanced = json(&folder, &["advance", "--actor", "ana"]);
    assert_eq!(
        (&advanced["advanced"]["from"], &advanced["advanced"]["to"]),
        (&"staging".into(), &"shadow".into())
    );
    assert_eq!(active(&folder)["active"], "v1");
    // The gate is closed, and stays so.
    closed(&folder, "advance");
    refused(&folder, &["cutover"], 5, "cutover: expected the stage `ready`, found `shadow`");
    refused(
        &folder,
        &["rollback"],
        5,
        "rollback: expected the stage `cutover` or `monitoring`, found `shadow`",
    );
    let rehearsed = json(&folder, &["rehearse"]);
    assert_eq!(rehearsed["rehearsed"]["record"]["proven"], true);
    assert_eq!(active(&folder)["active"], "v1");
    let report = json(&folder, &["cutover", "--break-glass", "outage"]);
    assert_eq!(report["report"]["stage"], "monitoring");
    assert_eq!(
        (active(&folder)["active"].clone(), active(&folder)["previous"].clone()),
        ("v2".into(), "v1".into())
    );
    let (status, stdout, stderr) = rollout(&folder, &["rollback", "--reason", "variance"]);
    assert_eq!((status, stderr.as_str()), (0, ""));
    assert!(stdout.contains("rolled back: `v1` is active and proven, in "), "{stdout}");
    assert!(stdout.ends_with("stage rolled_back\n"), "{stdout}");
    assert_eq!(active(&folder)["active"], "v1");
    closed(&folder, "forward");
    json(&folder, &["forward", "--break-glass", "fixed"]);
    let status = json(&folder, &["status"]);
    assert_eq!(
        (&status["status"]["stage"], &status["status"]["active"]),
        (&"monitoring".into(), &"v2".into())
    );
    let journal = fs::read_to_string(folder.path().join("config/rollout/journal.ndjson")).unwrap();
    assert!(journal.lines().next().unwrap().contains(r#""actor":"ana""#));
}

#[test]
fn a_dry_run_says_what_would_be_done_and_does_nothing() {
    let folder = repository();
    for command in ["advance", "cutover", "rollback", "forward", "rehearse"] {
        let (status, stdout, stderr) = rollout(&folder, &[command, "--dry-run"]);
        assert_eq!((status, stderr.as_str()), (0, ""));
        assert!(stdout.ends_with("\nnothing was changed\n"), "{stdout}");
    }
    assert!(!folder.path().join("config/rollout").exists() && !folder.path().join("active.json").exists());
    let steps = json(&folder, &["rollback", "--dry-run"]);
    let names: Vec<&str> =
        steps["steps"].as_array().unwrap().iter().map(|step| step["step"].as_str().unwrap()).collect();
    let expected =
        ["stop_candidate", "restore_files", "restore_pointer", "start_baseline", "prove", "recall"];
    assert_eq!(names, expected);
    refused(&folder, &["status", "--dry-run"], 2, "option `dry-run`: this command takes no steps from here");
}

#[test]
fn what_makes_no_sense_is_refused() {
    let folder = repository();
    let (status, _, stderr) = rollout(&folder, &["status", "--config", "none.yml"]);
    assert_eq!(status, 2, "{stderr}");
    assert!(stderr.starts_with("error: none.yml: "), "{stderr}");
    let path = folder.path().join("config/rollout.yml");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replace("smoke: {", "smokes: {")).unwrap();
    let (status, _, stderr) = rollout(&folder, &["status"]);
    assert_eq!(status, 2, "{stderr}");
    assert!(stderr.contains("unknown field `smokes`"), "{stderr}");
    fs::write(&path, text.replace("smoke: {", "# smoke: {")).unwrap();
    let (status, _, stderr) = rollout(&folder, &["advance"]);
    assert_eq!(
        (status, stderr.as_str()),
        (2, "error: config/rollout.yml: `smoke`: expected inputs, found none\n")
    );
    assert_eq!(json(&folder, &["status"])["status"]["stage"], "staging");
    fs::write(folder.path().join("config/rollout/journal.ndjson"), "{}\n").unwrap();
    let (status, _, stderr) = rollout(&folder, &["status"]);
    assert_eq!(status, 1);
    assert!(stderr.contains("journal.ndjson: damaged: line 1: changed: expected a number `seq`"), "{stderr}");
}

/// Whoever mistypes an item reads which there are.
#[test]
fn an_item_that_no_checklist_has_is_refused_with_those_there_are() {
    let folder = repository();
    let check = |list: &str, item: &str, message: &str| {
        let args = ["check", "--list", list, "--item", item, "--note", "held"];
        refused(&folder, &args, 2, &format!("config/rollout.yml: {message}"));
    };
    let items = "`the schedule of the baseline is off`, `its folder is archived`";
    let message = format!("`checklists.decommission`: expected one of {items}, found `its folder`");
    check("decommission", "its folder", &message);
    let lists = "`contacts`, `decommission`, `monitoring`, `training`";
    check("course", "held", &format!("`checklists`: expected one of {lists}, found `course`"));
}

#[test]
fn amounts_of_two_files_tie_or_do_not() {
    let folder = repository();
    let contract = "contract: c\nversion: 1\ncurrency: USD\ncolumns:\n  loan_id: { type: text, roles: [key] }\n  \
                    balance: { type: 'decimal(18, 2)' }\n";
    fs::write(folder.path().join("config/c.yml"), contract).unwrap();
    fs::write(folder.path().join("config/a.csv"), "loan_id,balance\nL1,10.00\nL2,5.00\n").unwrap();
    fs::write(folder.path().join("config/b.csv"), "loan_id,balance\nL2,5.00\nL1,9.75\n").unwrap();
    let path = folder.path().join("config/rollout.yml");
    let side = |file: &str| format!("{{ contract: c.yml, inputs: [{file}], measure: SUM(balance) }}");
    let mut text = fs::read_to_string(&path).unwrap();
    for (name, right) in [("itself", "a.csv"), ("other", "b.csv")] {
        let head = if name == "itself" { "\nties:\n" } else { "" };
        let (left, right) = (side("a.csv"), side(right));
        text += &format!("{head}  - {{ name: {name}, key: [loan_id], left: {left}, right: {right} }}\n");
    }
    fs::write(&path, text).unwrap();
    let (status, stdout, stderr) = rollout(&folder, &["ties"]);
    assert_eq!((status, stderr.as_str()), (5, ""));
    let lines: Vec<Vec<&str>> = stdout.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(lines[0], ["itself", "ties", "15.00", "15.00", "0.00", "0", "keys", "differ"]);
    assert_eq!(lines[1], ["other", "does", "not", "tie", "15.00", "14.75", "-0.25", "1", "keys", "differ"]);
}
