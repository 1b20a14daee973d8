use std::fs;
use std::path::Path;
use std::sync::Arc;

use abaco_pipeline::canonical_json::sha256;
use abaco_pipeline::storage::{Disk, Failing, How};
use abaco_rollout::evidence::{Evidence, EvidenceStore, PerformanceRecord, Provenance, Sifted};

fn evidence(milliseconds: u64) -> Provenance {
    Provenance {
        at: "2026-03-02T08:00:00Z".parse().unwrap(),
        actor: "ana".to_owned(),
        candidate: "sha256:c".to_owned(),
        evidence: Evidence::Performance(PerformanceRecord { rows: 100_000, milliseconds }),
    }
}

fn store(folder: &Path) -> EvidenceStore {
    EvidenceStore::open(folder.join("state/evidence"), Arc::new(Disk))
}

#[test]
fn a_document_lies_under_its_digest_and_is_stored_once() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path());
    let digest = store.put(&evidence(9_999)).unwrap();
    assert_eq!(store.put(&evidence(9_999)).unwrap(), digest);
    let text = concat!(
        r#"{"actor":"ana","at":"2026-03-02T08:00:00Z","candidate":"sha256:c","evidence":"#,
        r#"{"kind":"performance","milliseconds":9999,"rows":100000}}"#,
        "\n"
    );
    assert_eq!(digest, sha256(text.as_bytes()));
    let names: Vec<_> = fs::read_dir(folder.path().join("state/evidence"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(names, [format!("{digest}.json")]);
    assert_eq!(store.get(&digest).unwrap(), evidence(9_999));
}

#[test]
fn a_damaged_document_is_named_and_not_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path());
    let whole = store.put(&evidence(1)).unwrap();
    let digest = store.put(&evidence(9_999)).unwrap();
    let path = folder.path().join(format!("state/evidence/{digest}.json"));
    let text = fs::read_to_string(&path).unwrap().replace("9999", "9998");
    fs::write(&path, &text).unwrap();
    let expected = format!(
        "{}: damaged: expected the digest {digest}, found {}",
        path.display(),
        sha256(text.as_bytes())
    );
    assert_eq!(store.get(&digest).unwrap_err().to_string(), expected);
    assert_eq!(store.put(&evidence(9_999)).unwrap_err().to_string(), expected);
    let Sifted { had, lost } = store.sift(&[whole.clone(), digest.clone()]);
    assert_eq!(had, [(whole, evidence(1))]);
    assert_eq!(lost, [(digest, expected)]);
}

#[test]
fn what_is_no_digest_leads_nowhere() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("secret.json"), "{}").unwrap();
    let error = store(folder.path()).get("../../secret").unwrap_err().to_string();
    assert!(error.ends_with("expected a SHA-256 in lower case, found `../../secret`"), "{error}");
}

#[test]
fn a_whole_document_that_is_no_evidence_is_refused_as_evidence() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path());
    let digest = store.put_document(&serde_json::json!({"keys": []})).unwrap();
    assert_eq!(store.document(&digest).unwrap(), b"{\"keys\":[]}\n");
    assert!(store.get(&digest).unwrap_err().to_string().contains("damaged: not evidence"));
}

/// Whatever step fails, nothing that is damaged lies under the digest, and the next attempt succeeds.
#[test]
fn every_step_of_writing_may_fail() {
    let never = tempfile::tempdir().unwrap();
    let counted = Arc::new(Failing::never());
    EvidenceStore::open(never.path().join("evidence"), counted.clone()).put(&evidence(1)).unwrap();
    assert!(counted.steps() > 4, "{}", counted.steps());
    let hows = [How::Error(std::io::ErrorKind::StorageFull), How::Killed, How::TornWrite];
    for (step, how) in (1..=counted.steps()).flat_map(|step| hows.map(|how| (step, how))) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("evidence");
        let failing = Arc::new(Failing::at(step, how));
        let outcome = EvidenceStore::open(&path, failing.clone()).put(&evidence(1));
        assert!(failing.has_failed() && outcome.is_err(), "step {step}, {how:?}");
        let store = EvidenceStore::open(&path, Arc::new(Disk));
        let digest = store.put(&evidence(1)).unwrap();
        assert_eq!(store.get(&digest).unwrap(), evidence(1), "step {step}, {how:?}");
    }
}
