//! Many processes at once in one folder.

use std::collections::BTreeSet;
use std::process::Stdio;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use serde_json::Value;

use crate::common::{Sandbox, in_repository};
use crate::whole::{listed, nothing_half, visible};

/// How many run at the same time.
const AT_ONCE: usize = 16;

#[test]
fn no_run_is_lost_or_mixed() {
    let processes: usize = std::env::var("ABACO_PROCESSES").map_or(100, |number| number.parse().unwrap());
    let sandbox = Sandbox::new();
    let data = in_repository("examples/data/rollout_1000.csv");
    let text = std::fs::read_to_string(&data).unwrap();
    // Two tapes, so that a run that got another's rows is seen.
    let half: String = text.lines().take(501).map(|line| format!("{line}\n")).collect();
    sandbox.write("half.csv", half);
    let next = AtomicUsize::new(0);
    let said: Vec<(bool, Value)> = thread::scope(|scope| {
        let worker = || {
            let mut said = Vec::new();
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= processes {
                    return said;
                }
                let whole = number.is_multiple_of(2);
                let tape = if whole { data.as_str() } else { "half.csv" };
                let mut command = sandbox.command(&["run", tape, "--out", "runs", "--format", "json"]);
                let output = command.stdin(Stdio::null()).output().unwrap();
                assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
                said.push((whole, serde_json::from_slice(&output.stdout).unwrap()));
            }
        };
        let workers: Vec<_> = (0..AT_ONCE).map(|_| scope.spawn(worker)).collect();
        workers.into_iter().flat_map(|worker| worker.join().unwrap()).collect()
    });
    let runs = sandbox.path("runs");
    nothing_half(&runs);
    let ids: BTreeSet<String> =
        said.iter().map(|(_, document)| document["run_id"].as_str().unwrap().to_owned()).collect();
    assert_eq!(ids.len(), processes);
    assert_eq!(visible(&runs), ids);
    let listed = listed(&runs);
    assert_eq!(listed.len(), processes);
    assert_eq!(listed.into_iter().collect::<BTreeSet<_>>(), ids);
    for (whole, document) in &said {
        let run = runs.join(document["run_id"].as_str().unwrap());
        let published: Value =
            serde_json::from_slice(&std::fs::read(run.join("kpis.json")).unwrap()).unwrap();
        assert_eq!(&published, document);
        assert_eq!(document["rows"]["read"], if *whole { 1000 } else { 500 });
    }
    for (_, document) in said.iter().step_by(1 + processes / 20) {
        let run = format!("runs/{}", document["run_id"].as_str().unwrap());
        let verified = sandbox.command(&["verify", &run]).output().unwrap();
        assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stdout));
    }
}
