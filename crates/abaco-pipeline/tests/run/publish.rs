//! A run is published whole or not at all.

use std::path::Path;

use abaco_pipeline::{ErrorKind, RunRequest};
use rstest::rstest;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::common::{Desk, names, runs};

/// What every run has.
const FILES: [&str; 15] = [
    "audit.ndjson",
    "compliance.json",
    "compliance.txt",
    "configuration.json",
    "kpis.csv",
    "kpis.json",
    "kpis.parquet",
    "manifest.json",
    "openlineage.ndjson",
    "quality.json",
    "quarantine.parquet",
    "segments.parquet",
    "series.parquet",
    "state.bin",
    "tape.parquet",
];

/// Every file is there, the document and the manifest are of the run, and the digest of the one in the other is right.
pub(crate) fn is_complete(folder: &Path) {
    assert_eq!(names(folder), FILES, "{}", folder.display());
    let kpis = std::fs::read(folder.join("kpis.json")).unwrap();
    let manifest = std::fs::read(folder.join("manifest.json")).unwrap();
    let document: Value = serde_json::from_slice(&kpis).unwrap();
    let manifest: Value = serde_json::from_slice(&manifest).unwrap();
    let name = folder.file_name().unwrap().to_str().unwrap();
    assert_eq!((document["run_id"].as_str(), manifest["run_id"].as_str()), (Some(name), Some(name)));
    let digest: [u8; 32] = Sha256::digest(&kpis).into();
    let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(manifest["artefacts"]["kpis.json"]["sha256"], digest, "{}", folder.display());
}

#[test]
fn the_folder_has_the_name_of_the_run() {
    let desk = Desk::new();
    let run = desk.run(&desk.request()).unwrap();
    assert_eq!(run.folder, Some(desk.path("runs").join(&run.document.run_id)));
    is_complete(&run.folder.unwrap());
    assert_eq!(runs(&desk.path("runs")), [run.document.run_id]);
}

/// Neither a new run nor the hidden folder in which it was put together.
#[rstest]
#[case("taken")]
#[case("taken/runs")]
#[case("runs\0")]
fn where_no_folder_can_be(#[case] out: &str) {
    let desk = Desk::new();
    desk.write("taken", "mine");
    let before = names(&desk.path(""));
    let error = desk.run(&RunRequest { out: Some(desk.path(out)), ..desk.request() }).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Io);
    assert!(error.to_string().starts_with(&format!("{}: ", desk.path(out).display())), "{error}");
    assert_eq!(names(&desk.path("")), before);
    assert_eq!(std::fs::read_to_string(desk.path("taken")).unwrap(), "mine");
}

/// A place in which even the superuser cannot make a folder.
#[cfg(target_os = "linux")]
#[test]
fn where_nobody_may_write() {
    let desk = Desk::new();
    let out = Path::new("/proc/abaco-runs");
    let error = desk.run(&RunRequest { out: Some(out.to_path_buf()), ..desk.request() }).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Io);
    assert!(error.to_string().starts_with("/proc/abaco-runs: "), "{error}");
}

#[test]
fn a_folder_that_disappears_is_made_again() {
    let desk = Desk::new();
    let pipeline = desk.pipeline();
    pipeline.run(&desk.request()).unwrap();
    std::fs::remove_dir_all(desk.path("runs")).unwrap();
    let run = pipeline.run(&desk.request()).unwrap();
    assert_eq!(runs(&desk.path("runs")), [run.document.run_id]);
}

/// What is in the folder already, other people's files included, is left alone.
#[test]
fn other_things_in_the_folder_stay() {
    let desk = Desk::new();
    desk.write("runs/notes.txt", "mine");
    desk.write("runs/.staging-left", "from a killed run");
    let run = desk.run(&desk.request()).unwrap();
    assert_eq!(runs(&desk.path("runs")), [run.document.run_id]);
    assert_eq!(std::fs::read_to_string(desk.path("runs/.staging-left")).unwrap(), "from a killed run");
    assert_eq!(std::fs::read_to_string(desk.path("runs/notes.txt")).unwrap(), "mine");
}

#[test]
fn a_refused_tape_leaves_a_record_and_no_run() {
    let desk = Desk::new();
    desk.write("tape.csv", crate::common::TAPE.replace("2.00", "two"));
    let error = desk.run(&desk.request()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Data);
    assert_eq!(names(&desk.path("runs")), [".failed", ".lock"]);
    let failed = names(&desk.path("runs/.failed"));
    let folder = desk.path("runs/.failed").join(&failed[0]);
    assert_eq!(
        (failed.len(), names(&folder)),
        (1, vec!["audit.ndjson".to_owned(), "manifest.json".to_owned()])
    );
    let manifest: Value =
        serde_json::from_slice(&std::fs::read(folder.join("manifest.json")).unwrap()).unwrap();
    assert_eq!(manifest["failure"]["phase"], "ingest");
    assert_eq!(manifest["failure"]["kind"], "data");
    assert_eq!(manifest["failure"]["error"], error.to_string());
}

/// Several snapshots and none named is a question about the request, not a run that failed.
#[test]
fn a_question_leaves_nothing() {
    let desk = Desk::new();
    let request = RunRequest { as_of: abaco_engine::AsOf::Single, ..desk.request() };
    assert_eq!(desk.run(&request).unwrap_err().kind(), ErrorKind::Usage);
    assert!(!desk.path("runs").exists());
}

/// The inputs as they are, for their owner alone; the manifest has their digests, and the compliance report names them.
#[test]
fn inputs_are_kept_where_somebody_asks_for_it() {
    let desk = Desk::new();
    let settings = format!("{}retention: {{ keep_days: 3650, raw_archive: on }}\n", crate::common::SETTINGS);
    desk.write("cfg/pipeline.yml", settings.replace("raw_archive: on", "raw_archive: 'on'"));
    let run = desk.run(&desk.request()).unwrap();
    let folder = run.folder.unwrap();
    let copy = folder.join("raw-0.csv");
    assert_eq!(std::fs::read_to_string(&copy).unwrap(), crate::common::TAPE);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;

        assert_eq!(std::fs::metadata(&copy).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let read =
        |name: &str| -> Value { serde_json::from_slice(&std::fs::read(folder.join(name)).unwrap()).unwrap() };
    let sha256 = run.inputs[0].sha256.clone().unwrap();
    assert_eq!(read("manifest.json")["artefacts"]["raw-0.csv"]["sha256"], sha256);
    assert_eq!(read("compliance.json")["raw_archive"][0]["sha256"], sha256);
    assert_eq!(read("compliance.json")["retention"]["keep_days"], 3650);
}
