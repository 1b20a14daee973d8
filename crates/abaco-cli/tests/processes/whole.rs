//! What must hold of a folder of runs, whatever became of the processes that wrote into it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::Value;

use crate::common::Sandbox;

/// Files that are the same, byte for byte, whenever the same is computed.
const SAME: [&str; 7] = [
    "configuration.json",
    "kpis.csv",
    "kpis.parquet",
    "quarantine.parquet",
    "quality.json",
    "state.bin",
    "tape.parquet",
];

/// The published runs: folders that are not hidden.
pub(crate) fn visible(runs: &Path) -> BTreeSet<String> {
    let Ok(entries) = std::fs::read_dir(runs) else { return BTreeSet::new() };
    let folders = entries.map(Result::unwrap).filter(|entry| entry.file_type().unwrap().is_dir());
    let names = folders.map(|entry| entry.file_name().to_string_lossy().into_owned());
    names.filter(|name| !name.starts_with('.')).collect()
}

/// The runs of the ledger, in its order.
pub(crate) fn listed(runs: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(runs.join("LEDGER.ndjson")).unwrap_or_default();
    let entry = |line: &str| serde_json::from_str::<Value>(line).unwrap();
    text.lines().map(|line| entry(line)["run_id"].as_str().unwrap().to_owned()).collect()
}

/// Each visible run verifies.
pub(crate) fn all_verify(sandbox: &Sandbox) {
    for run in visible(&sandbox.path("runs")) {
        let verified = sandbox.command(&["verify", &format!("runs/{run}")]).output().unwrap();
        assert!(verified.status.success(), "{run}: {}", String::from_utf8_lossy(&verified.stdout));
    }
}

/// Each visible run is whole; `LEDGER.ndjson` and `CURRENT` may lack one whose process was killed before it came to that.
pub(crate) fn all_whole(sandbox: &Sandbox) {
    for run in visible(&sandbox.path("runs")) {
        let arguments = ["verify", &format!("runs/{run}"), "--format", "json"];
        let verified = sandbox.command(&arguments).output().unwrap();
        let report: Value = serde_json::from_slice(&verified.stdout).unwrap();
        let beside = |problem: &Value| {
            let place = problem["place"].as_str().unwrap();
            place.starts_with("LEDGER.ndjson") || place == "CURRENT"
        };
        assert!(report["problems"].as_array().unwrap().iter().all(beside), "{run}: {report}");
    }
}

/// The files of a run that do not depend on when it ran.
pub(crate) fn files(run: &Path) -> BTreeMap<&'static str, Vec<u8>> {
    SAME.iter().map(|name| (*name, std::fs::read(run.join(name)).unwrap())).collect()
}

/// Nothing hidden is left of a run that is being written.
pub(crate) fn nothing_half(runs: &Path) {
    let entries = std::fs::read_dir(runs).unwrap().map(|entry| entry.unwrap().file_name());
    let half: Vec<_> = entries.filter(|name| name.to_string_lossy().starts_with(".staging-")).collect();
    assert!(half.is_empty(), "{half:?}");
}
