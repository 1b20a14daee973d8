//! `abaco verify` on runs that the library has sealed.

use std::sync::Arc;

use abaco_loans::pipeline::audit::AuditLog;
use abaco_loans::pipeline::ledger::LedgerFacts;
use abaco_loans::pipeline::seal::{Runs, Sealing};
use abaco_loans::pipeline::signature::Signer;
use abaco_loans::pipeline::storage::Disk;
use serde_json::json;

use crate::common::{Sandbox, entries, in_repository};

/// A sandbox with a sealed run `runs/one`.
fn sealed(signer: Option<&Signer>) -> Sandbox {
    let sandbox = Sandbox::new();
    let staging = Runs::open(sandbox.path("runs"), Arc::new(Disk)).begin("one").unwrap();
    staging.write("kpis.csv", b"id,value\npar_30,3.31\n").unwrap();
    let facts = LedgerFacts { run_id: "one".to_owned(), portfolio: "factoring".to_owned(), as_of: None };
    let sealing = Sealing { facts, audit: AuditLog::new("tester"), outbox: Vec::new(), signer };
    let sealed = staging.seal(sealing, |artefacts, audit| {
        let manifest = json!({ "run_id": "one", "portfolio": "factoring", "as_of": null,
            "artefacts": artefacts, "audit": audit, "phases": [] });
        Ok(manifest.to_string().into_bytes())
    });
    assert!(sealed.unwrap().moved_current);
    sandbox
}

#[test]
fn a_run_that_holds() {
    let answer = sealed(None).abaco(&["verify", "runs/one"]).silent();
    let expected = "run             one\n\
                    signature       unsigned: accidental damage only\n\
                    ledger          1 entries in one chain\n\
                    CURRENT         follows from the ledger\n\
                    manifest        is that of entry 1 of the ledger\n\
                    files           2 digests recomputed\n\
                    audit log       1 entries in one chain\n\
                    control totals  0 of 0 phases\n\
                    kpis            not recomputed: the run has no state.bin\n\
                    \n\
                    everything holds\n";
    assert_eq!(answer.stdout, expected);
}

#[test]
fn what_was_found_is_listed_line_by_line() {
    let sandbox = sealed(None);
    sandbox.replace("runs/one/kpis.csv", "3.31", "3.1");
    sandbox.write("runs/one/notes\u{1b}[2J.txt", "");
    let answer = sandbox.abaco(&["verify", "runs/one"]).status(1);
    let found: Vec<&str> = answer.stdout.lines().rev().take(4).collect();
    assert_eq!(
        found,
        [
            "2 problems",
            "notes\\u{1b}[2J.txt: extra: the manifest does not name it",
            "kpis.csv: truncated: expected 21 bytes, found 20",
            "",
        ]
    );
    let document = sandbox.abaco(&["verify", "runs/one", "--format", "json"]).status(1).json();
    assert_eq!((&document["run_id"], &document["holds"]), (&json!("one"), &json!(false)));
    assert_eq!(document["signature"], "unsigned: accidental damage only");
    assert_eq!(
        document["problems"][0],
        json!({ "place": "kpis.csv", "kind": "truncated", "message": "expected 21 bytes, found 20" })
    );
}

#[test]
fn the_key_is_a_file_or_hexadecimal() {
    let signer = Signer::parse(&"07".repeat(32), "test").unwrap();
    let sandbox = sealed(Some(&signer));
    let key = signer.public_key().to_string();
    sandbox.write("key.pub", format!("{key}\n"));
    for key in [&key, "key.pub"] {
        sandbox.abaco(&["verify", "runs/one", "--public-key", key]).silent();
    }
    let other = Signer::parse(&"08".repeat(32), "test").unwrap().public_key().to_string();
    let answer = sandbox.abaco(&["verify", "runs/one", "--public-key", &other]).status(1);
    let message = format!("manifest.sig: signature: signed by another key: expected {other}, found {key}\n");
    assert!(answer.stdout.contains(&message), "{}", answer.stdout);
}

#[test]
fn what_cannot_be_looked_at_is_a_usage_error() {
    let sandbox = sealed(None);
    sandbox.write("empty/notes.txt", "");
    sandbox.refuses(&["verify", "empty"], 2, "empty: expected the folder of a run, found no manifest.json");
    sandbox.refuses_with(&["verify", "nothing"], 2, "nothing: expected the folder of a run, found ");
    sandbox.write("key.pub", "not a key");
    sandbox.refuses(
        &["verify", "runs/one", "--public-key", "key.pub"],
        2,
        "key.pub: expected an ed25519 public key: 32 bytes as hexadecimal or base64, or PEM",
    );
    sandbox.refuses_with(&["verify", "runs/one", "--public-key", "no.pub"], 2, "no.pub: ");
}

/// A real run, and one byte of each of its files in turn.
#[test]
fn every_file_of_a_run_is_watched_over() {
    let sandbox = Sandbox::new();
    sandbox.abaco(&["run", &in_repository("examples/data/rollout_1000.csv")]).silent();
    let folder = sandbox.published();
    let verify = || sandbox.abaco(&["verify", folder.to_str().unwrap()]);
    let held = verify().silent().stdout;
    assert!(held.contains("control totals  "), "{held}");
    assert!(held.contains(" results recomputed from state.bin, digit for digit\n"), "{held}");
    assert!(held.ends_with("everything holds\n"), "{held}");
    for path in entries(&folder) {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let bytes = std::fs::read(&path).unwrap();
        let mut flipped = bytes.clone();
        flipped[bytes.len() / 2] ^= 1;
        for (changed, what) in [(&flipped[..], "a byte"), (&bytes[..bytes.len() - 1], "its end")] {
            std::fs::write(&path, changed).unwrap();
            let answer = verify().status(1);
            assert!(answer.stdout.contains(&format!("\n{name}")), "{name}, {what}: {}", answer.stdout);
        }
        std::fs::write(&path, &bytes).unwrap();
    }
    sandbox.replace("runs/LEDGER.ndjson", "factoring", "factorinG");
    assert!(verify().status(1).stdout.contains("LEDGER.ndjson line 1"));
}

/// What a person or a program would notice only by computing again: the document and its digest were both replaced.
#[test]
fn a_value_that_does_not_follow_from_the_state_is_found() {
    let sandbox = Sandbox::new();
    sandbox.abaco(&["run", &in_repository("examples/data/rollout_1000.csv")]).silent();
    let folder = sandbox.published();
    let path = folder.join("kpis.json");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replacen("\"2.21\"", "\"2.12\"", 1)).unwrap();
    let catalogue = abaco_loans::catalogue();
    let mut report = abaco_loans::pipeline::verify::Report::of("run");
    abaco_loans::pipeline::run::verify_kpis(&mut report, &folder, &catalogue).unwrap();
    assert_eq!(
        report.problems[0].to_string(),
        "kpis.json: changed: kpis[par_30].value: the document says \"2.12\", its state \"2.21\""
    );
}
