//! `abaco deliver` from the outside.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "the helpers of a test stop the test"
)]

#[path = "../../../abaco-pipeline/tests/delivery/toy.rs"]
mod toy;

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::toy::Toy;

/// Status, standard output and standard error of the command in this folder.
fn abaco(folder: &Path, args: &[&str]) -> (i32, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_abaco"))
        .args(args)
        .current_dir(folder)
        .env("DATABASE_URL", "postgres://ana:hunter2@127.0.0.1:1/loans")
        .env_remove("NOT_SET")
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

/// A delivery that is due, as sealing writes it.
fn queue(folder: &Path, run_id: &str, output: &str, kind: &str) {
    let outbox = folder.join("runs/.outbox");
    fs::create_dir_all(&outbox).unwrap();
    let entry = format!(
        "{{\"schema_version\":1,\"run_id\":\"{run_id}\",\"output\":\"{output}\",\"kind\":\"{kind}\",\"attempts\":0,\
         \"last_error\":null,\"queued_at\":\"2025-12-01T03:00:00Z\",\"last_tried_at\":null}}"
    );
    fs::write(outbox.join(format!("{run_id}--{output}.json")), entry).unwrap();
}

fn configure(folder: &Path, outputs: &str) {
    fs::create_dir_all(folder.join("config")).unwrap();
    // A contract that is not there does not matter to what was published with it.
    let text = format!("version: 1\nportfolio: factoring\ncontract: none.yml\noutputs:\n{outputs}");
    fs::write(folder.join("config/pipeline.yml"), text).unwrap();
}

const DELIVER: &[&str] = &["deliver", "--config", "config/pipeline.yml"];

#[test]
fn what_is_due_is_sent_and_then_nothing_is() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    configure(folder, "- {name: copy, kind: folder, path: ../copies}\n");
    for run_id in ["run-1", "run-2"] {
        Toy { run_id, ..Toy::default() }.publish(&folder.join("runs"));
        queue(folder, run_id, "copy", "folder");
    }
    let expected = "run-1 to copy: delivered\nrun-2 to copy: delivered\n";
    assert_eq!(abaco(folder, DELIVER), (0, expected.to_owned(), String::new()));
    for run_id in ["run-1", "run-2"] {
        assert!(folder.join("copies").join(run_id).join("manifest.json").is_file());
    }
    assert_eq!(abaco(folder, DELIVER), (0, "nothing to deliver\n".to_owned(), String::new()));
    assert_eq!(abaco(folder, &["deliver"]), (0, "nothing to deliver\n".to_owned(), String::new()));
}

#[test]
fn one_output_that_fails_does_not_hold_up_the_others() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let outputs = "- {name: warehouse, kind: postgres, url: \"${DATABASE_URL}\", tls: disable}\n\
                   - {name: copy, kind: folder, path: copies}\n";
    configure(folder, outputs);
    fs::write(folder.join("config/copies"), "in the way").unwrap();
    Toy::default().publish(&folder.join("runs"));
    queue(folder, "run-1", "gone", "folder");
    queue(folder, "run-1", "copy", "folder");
    queue(folder, "run-9", "copy", "folder");
    fs::remove_file(folder.join("config/copies")).unwrap();
    let (status, stdout, stderr) = abaco(folder, &[DELIVER, &["--format", "json"]].concat());
    assert_eq!((status, stderr.as_str()), (1, "1 delivery is still due\n"));
    let document: Value = serde_json::from_str(&stdout).unwrap();
    let states: Vec<(&str, &str, &str)> = document["deliveries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|delivery| {
            let text = |key: &str| delivery[key].as_str().unwrap();
            (text("run_id"), text("output"), text("state"))
        })
        .collect();
    assert_eq!(
        states,
        [("run-1", "copy", "delivered"), ("run-1", "gone", "waiting"), ("run-9", "copy", "unpublished")]
    );
    assert_eq!(document["deliveries"][1]["reason"], "no output `gone` is configured");
    assert!(folder.join("config/copies/run-1/manifest.json").is_file());
}

#[test]
fn a_failure_has_its_reason_without_secrets_and_stays_due() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    // A certificate file that is no certificate: the output cannot even be made.
    configure(
        folder,
        "- {name: warehouse, kind: postgres, url: \"${DATABASE_URL}\", ca_file: pipeline.yml}\n",
    );
    Toy::default().publish(&folder.join("runs"));
    queue(folder, "run-1", "warehouse", "postgres");
    let (status, stdout, stderr) = abaco(folder, DELIVER);
    assert_eq!((status, stdout.as_str()), (2, ""));
    assert!(stderr.contains("output `warehouse`: ") && stderr.contains("found none"), "{stderr}");
    // A run that was changed is not sent, and says so.
    configure(folder, "- {name: warehouse, kind: postgres, url: \"${DATABASE_URL}\", tls: disable}\n");
    fs::write(folder.join("runs/run-1/kpis.csv"), "id,value\npar_30,0.01\n").unwrap();
    let (status, stdout, stderr) = abaco(folder, DELIVER);
    assert_eq!((status, stderr.as_str()), (1, "1 delivery is still due\n"));
    assert!(
        stdout.starts_with("run-1 to warehouse: waiting: not sent: `kpis.csv`: expected 21 bytes"),
        "{stdout}"
    );
    let entry = fs::read_to_string(folder.join("runs/.outbox/run-1--warehouse.json")).unwrap();
    assert!(entry.contains("not sent: `kpis.csv`") && !entry.contains("hunter2"), "{entry}");
}

#[test]
fn what_makes_no_sense_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let refused = |args: &[&str]| {
        let (status, stdout, stderr) = abaco(folder, args);
        assert_eq!((status, stdout.as_str()), (2, ""), "{stderr}");
        stderr
    };
    assert_eq!(refused(&["deliver"]), "error: runs: expected a folder of runs, found none\n");
    fs::create_dir(folder.join("runs")).unwrap();
    assert!(refused(DELIVER).contains("config/pipeline.yml: "));
    configure(folder, "- {name: a, kind: folder}\n");
    assert!(refused(DELIVER).contains("missing field `path`"));
    configure(folder, "- {name: a, kind: postgres, url: \"postgres://u:hunter2@h/${NOT_SET}\"}\n");
    let stderr = refused(DELIVER);
    assert!(
        stderr.contains("environment variable `NOT_SET` is not set") && !stderr.contains("hunter2"),
        "{stderr}"
    );
}
