//! The run folder.

use std::path::Path;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::common::{Sandbox, entries, in_repository, root, runs, slices};

fn sha256(path: impl AsRef<Path>) -> String {
    let digest: [u8; 32] = Sha256::digest(std::fs::read(path).unwrap()).into();
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        entries(folder).iter().map(|path| path.file_name().unwrap().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

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

#[test]
fn the_folder_holds_what_was_printed_byte_for_byte() {
    let sandbox = Sandbox::new();
    let tape = in_repository("examples/data/rollout_1000.csv");
    let answer = sandbox.abaco(&["run", &tape, "--format", "json"]).silent();
    let folder = sandbox.published();
    assert_eq!(names(&folder), FILES);
    assert_eq!(std::fs::read_to_string(folder.join("kpis.json")).unwrap(), answer.stdout);
    assert_eq!(folder.file_name().unwrap().to_str(), answer.json()["run_id"].as_str());
}

#[test]
fn the_manifest_says_what_was_read_and_written() {
    let sandbox = Sandbox::new();
    let tape = in_repository("examples/data/rollout_1000.csv");
    let document = sandbox.abaco(&["run", &tape, "--format", "json"]).silent().json();
    let folder = sandbox.published();
    let manifest: Value =
        serde_json::from_slice(&std::fs::read(folder.join("manifest.json")).unwrap()).unwrap();
    for key in ["run_id", "identity", "portfolio", "as_of", "known_at", "rows"] {
        assert_eq!(manifest[key], document[key], "{key}");
    }
    let config = root().join("config");
    assert_eq!(manifest["contract_sha256"], sha256(config.join("contracts/factoring_slices.yml")));
    assert_eq!(manifest["definitions_sha256"], sha256(config.join("kpi_definitions.yml")));
    assert_eq!(
        manifest["settings"],
        json!({
            "version": 1,
            "portfolio": "factoring",
            "profile": "standard",
            "contract": "contracts/factoring_slices.yml",
            "definitions": "kpi_definitions.yml",
            "segments": [],
            "required": [],
            "tables": null,
            "dimensions": {},
            "rollups": [],
            "fiscal_year_starts": 1,
            "cohorts": null,
            "drill_down": [],
            "quality": {"mode": "strict"},
            "masking": null,
            "retention": {"keep_days": null, "raw_archive": "off"},
        })
    );
    let input = &manifest["inputs"][0];
    assert_eq!((&input["path"], &input["format"]), (&json!(tape), &json!("csv")));
    assert_eq!((&input["rows"], &input["bytes"]), (&json!(1000), &json!(110_093)));
    assert_eq!(input["sha256"], sha256(&tape));
    assert_eq!(manifest["inputs"].as_array().unwrap().len(), 1);
    // Everything but the manifest itself.
    let mut artefacts = serde_json::Map::new();
    for name in names(&folder).iter().filter(|name| *name != "manifest.json") {
        let path = folder.join(name);
        let bytes = std::fs::metadata(&path).unwrap().len();
        artefacts.insert(name.clone(), json!({ "sha256": sha256(&path), "bytes": bytes }));
    }
    assert_eq!(manifest["artefacts"], Value::Object(artefacts));
}

#[test]
fn each_run_has_its_own_folder_and_earlier_ones_stay() {
    let sandbox = Sandbox::with("tape.csv", slices(&["1,2,3,100,50,5"]));
    let first = sandbox.abaco(&["run", "tape.csv", "--format", "json"]).silent();
    let folder = sandbox.published();
    let second = sandbox.abaco(&["run", "tape.csv", "--format", "json"]).silent().json();
    assert_eq!(runs(&sandbox.path("runs")).len(), 2);
    assert_eq!(std::fs::read_to_string(folder.join("kpis.json")).unwrap(), first.stdout);
    let first = first.json();
    assert_ne!(first["run_id"], second["run_id"]);
    assert_eq!((&first["identity"], &first["kpis"]), (&second["identity"], &second["kpis"]));
}

#[test]
fn an_output_folder_is_made_with_its_parents() {
    let sandbox = Sandbox::with("tape.csv", slices(&["1,2,3,100,50,5"]));
    sandbox.abaco(&["run", "tape.csv", "--out", "a/b/c"]).silent();
    assert_eq!(runs(&sandbox.path("a/b/c")).len(), 1);
}
