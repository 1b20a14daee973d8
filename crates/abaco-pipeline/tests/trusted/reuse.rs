//! A published run of the same identity stands for a new one, as long as it holds.

use abaco_engine::AsOf;
use abaco_pipeline::seal::Runs;
use abaco_pipeline::storage::Disk;
use abaco_pipeline::verify::{Options, verify};
use abaco_pipeline::{Run, RunOptions, RunRequest};
use rstest::rstest;

use crate::common::{CONTRACT, DEFINITIONS, Desk, SETTINGS, TAPE, names, runs};

fn asked(desk: &Desk, request: &RunRequest) -> Run {
    let options = RunOptions { reuse: true, ..RunOptions::default() };
    desk.pipeline().run_with(request, &options).unwrap()
}

fn of(desk: &Desk, as_of: &str) -> RunRequest {
    RunRequest { as_of: AsOf::Date(as_of.parse().unwrap()), ..desk.request() }
}

fn entries(desk: &Desk) -> Vec<String> {
    let entries = Runs::open(desk.path("runs"), std::sync::Arc::new(Disk)).entries().unwrap();
    entries.into_iter().map(|entry| entry.run_id).collect()
}

/// Asked for again, it is the run; no other has been published.
fn is_reused(desk: &Desk, request: &RunRequest, earlier: &Run) {
    let (before, folders) = (entries(desk), runs(&desk.path("runs")));
    let again = asked(desk, request);
    assert!(again.reused);
    assert_eq!(again.document.run_id, earlier.document.run_id);
    assert_eq!(entries(desk), before);
    assert_eq!(runs(&desk.path("runs")), folders);
}

/// It is another run, published after the others, and it holds.
fn is_anew(desk: &Desk, request: &RunRequest) -> Run {
    let before = entries(desk);
    let run = asked(desk, request);
    assert!(!run.reused);
    let after = entries(desk);
    assert_eq!((&after[..before.len()], after.len()), (&before[..], before.len() + 1));
    assert_eq!(after.last(), Some(&run.document.run_id));
    assert!(verify(run.folder.as_deref().unwrap(), &Options::default()).unwrap().holds());
    run
}

#[test]
fn the_same_is_given_again() {
    let desk = Desk::new();
    let first = is_anew(&desk, &desk.request());
    let ledger = std::fs::read(desk.path("runs/LEDGER.ndjson")).unwrap();
    let around = names(&desk.path("runs"));
    let again = asked(&desk, &desk.request());
    assert!(again.reused && !first.reused);
    let json = |run: &Run| serde_json::to_value(&run.document).unwrap();
    assert_eq!(json(&again), json(&first));
    assert_eq!((&again.finished, &again.folder), (&first.finished, &first.folder));
    assert_eq!((&again.quality, &again.inputs), (&first.quality, &first.inputs));
    assert_eq!((again.worst_status(), again.any_failed()), (first.worst_status(), first.any_failed()));
    assert_eq!(std::fs::read(desk.path("runs/LEDGER.ndjson")).unwrap(), ledger);
    assert_eq!(names(&desk.path("runs")), around);
}

/// It is asked for, or it does not happen.
#[test]
fn nothing_is_reused_unasked() {
    let desk = Desk::new();
    let first = is_anew(&desk, &desk.request());
    let second = desk.run(&desk.request()).unwrap();
    assert!(!second.reused);
    assert_eq!(entries(&desk), [&first.document.run_id, &second.document.run_id].map(Clone::clone));
    assert!(!asked(&desk, &desk.dry()).reused);
    // Of two, the last.
    is_reused(&desk, &desk.request(), &second);
}

#[test]
fn the_same_bytes_under_another_name_are_the_same() {
    let desk = Desk::new();
    let first = is_anew(&desk, &desk.request());
    desk.write("elsewhere/other.csv", TAPE);
    let request = RunRequest { inputs: vec![desk.path("elsewhere/other.csv")], ..desk.request() };
    is_reused(&desk, &request, &first);
}

#[rstest]
#[case::a_cell("tape.csv", TAPE.replace("2.00", "2.01"))]
#[case::a_byte_that_means_nothing("tape.csv", format!("{TAPE}\n"))]
#[case::definitions("cfg/definitions.yml", DEFINITIONS.replace("\"3\"", "\"1\""))]
#[case::contract("cfg/contract.yml", CONTRACT.replace("version: 1", "version: 2"))]
#[case::settings("cfg/pipeline.yml", format!("{SETTINGS}segments: [[segment]]\n"))]
#[case::portfolio("cfg/pipeline.yml", SETTINGS.replace("portfolio: p", "portfolio: q"))]
#[case::quality("cfg/pipeline.yml", format!("{SETTINGS}quality: {{ mode: quarantine }}\n"))]
fn what_differs_is_run_anew(#[case] file: &str, #[case] text: String) {
    let desk = Desk::new();
    let before = std::fs::read_to_string(desk.path(file)).unwrap();
    assert_ne!(before, text);
    let first = is_anew(&desk, &desk.request());
    desk.write(file, &text);
    let other = is_anew(&desk, &desk.request());
    assert_ne!(other.document.identity, first.document.identity);
    is_reused(&desk, &desk.request(), &other);
    desk.write(file, before);
    is_reused(&desk, &desk.request(), &first);
}

#[test]
fn another_date_is_another_run() {
    let desk = Desk::new();
    let february = is_anew(&desk, &of(&desk, "2025-02-28"));
    let january = is_anew(&desk, &of(&desk, "2025-01-31"));
    is_reused(&desk, &of(&desk, "2025-02-28"), &february);
    is_reused(&desk, &of(&desk, "2025-01-31"), &january);
}

/// What `latest` means is known once the tape is read: it answers for its date, and the date does not answer for it.
#[test]
fn latest_and_its_date() {
    let desk = Desk::new();
    let latest = is_anew(&desk, &desk.request());
    is_reused(&desk, &of(&desk, "2025-02-28"), &latest);
    is_anew(&desk, &of(&desk, "2025-01-31"));
    is_reused(&desk, &desk.request(), &latest);

    let other = Desk::new();
    let date = is_anew(&other, &of(&other, "2025-02-28"));
    let latest = is_anew(&other, &other.request());
    assert_eq!(latest.document.identity, date.document.identity);
    is_reused(&other, &other.request(), &latest);
}

/// A rule looks at the run of an earlier snapshot: when there comes one, the result may be another.
#[test]
fn an_earlier_run_that_comes_later() {
    let desk = Desk::new();
    let rules = "version: 1\nkpis: [{ id: par_90, anomaly: \"0.2\" }]\n";
    desk.write("cfg/definitions.yml", rules);
    desk.write("tape.csv", format!("{TAPE}2025-03-31,a,9.00,100.00\n"));
    let alone = is_anew(&desk, &of(&desk, "2025-02-28"));
    assert_eq!(alone.document.findings.len(), 0);
    is_reused(&desk, &of(&desk, "2025-02-28"), &alone);
    // A later snapshot is no history.
    is_anew(&desk, &of(&desk, "2025-03-31"));
    is_reused(&desk, &of(&desk, "2025-02-28"), &alone);
    // 1.00 of 100.00 then, 2.00 of 150.00 now: a third more.
    is_anew(&desk, &of(&desk, "2025-01-31"));
    let with_history = is_anew(&desk, &of(&desk, "2025-02-28"));
    assert_eq!(with_history.document.findings.len(), 1);
    assert_ne!(with_history.document.identity, alone.document.identity);
    is_reused(&desk, &of(&desk, "2025-02-28"), &with_history);
}

/// Without a rule that looks at them, earlier runs change nothing.
#[test]
fn an_earlier_run_that_nobody_looks_at() {
    let desk = Desk::new();
    let february = is_anew(&desk, &of(&desk, "2025-02-28"));
    is_anew(&desk, &of(&desk, "2025-01-31"));
    is_reused(&desk, &of(&desk, "2025-02-28"), &february);
}

#[rstest]
fn a_damaged_run_is_not_reused(
    #[values(
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
        "tape.parquet"
    )]
    file: &str,
) {
    let desk = Desk::new();
    let older = is_anew(&desk, &desk.request());
    let damaged = desk.run(&desk.request()).unwrap();
    let path = damaged.folder.as_deref().unwrap().join(file);
    let sound = std::fs::read(&path).unwrap();
    let mut bytes = sound.clone();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&path, &bytes).unwrap();
    // The older one still holds.
    is_reused(&desk, &desk.request(), &older);
    std::fs::remove_file(&path).unwrap();
    is_reused(&desk, &desk.request(), &older);
    std::fs::write(&path, sound).unwrap();
    is_reused(&desk, &desk.request(), &damaged);
}

#[test]
fn where_none_holds_it_is_run_anew() {
    let desk = Desk::new();
    let first = is_anew(&desk, &desk.request());
    let folder = first.folder.as_deref().unwrap();
    let text = std::fs::read_to_string(folder.join("kpis.csv")).unwrap();
    std::fs::write(folder.join("kpis.csv"), text.replace("1.33", "1.34")).unwrap();
    let second = is_anew(&desk, &desk.request());
    std::fs::remove_dir_all(second.folder.as_deref().unwrap()).unwrap();
    let third = is_anew(&desk, &desk.request());
    is_reused(&desk, &desk.request(), &third);
}
