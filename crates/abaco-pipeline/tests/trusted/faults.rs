//! Every step of a run fails once, and is its process's last once: readers see whole runs, and the next run goes well.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use abaco_engine::AsOf;
use abaco_kpi::{FormulaKpi, KpiSpec, Unit, col, count, sum};
use abaco_pipeline::seal::Runs;
use abaco_pipeline::storage::{Disk, Failing, How, Storage};
use abaco_pipeline::verify::{Options, verify};
use abaco_pipeline::{Catalogue, Pipeline, PipelineConfig, PipelineError, Run, RunOptions, RunRequest};
use rstest::rstest;
use serde_json::Value;

use crate::common::{Desk, names, runs};

const SETTINGS: &str = "\
version: 1
portfolio: p
contract: contract.yml
quality: { mode: quarantine }
segments: [[branch]]
rollups: [monthly]
retention: { raw_archive: on }
outputs: [{ kind: folder, name: copies, path: copies }]
";

const CONTRACT: &str = "\
contract: loans
version: 1
currency: USD
columns:
  loan_id: { type: text, roles: [key] }
  month: { type: date, roles: [snapshot] }
  branch: { type: text }
  dpd: { type: int }
  balance: { type: 'decimal(18, 2)', roles: [amount] }
";

/// A refused row, and one that is there twice: the tape is read, and its rows are written, a second time.
const TAPE: &str = "\
loan_id,month,branch,dpd,balance
a,2025-01-31,north,0,10.00
a,2025-02-28,north,45,30.50
b,2025-02-28,south,0,20.00
c,2025-02-28,south,late,7.00
b,2025-02-28,south,0,20.00
";

/// What does not tell when and under which name it was made.
const SAME: [&str; 10] = [
    "configuration.json",
    "kpis.csv",
    "kpis.parquet",
    "quality.json",
    "quarantine.parquet",
    "raw-0.csv",
    "segments.parquet",
    "series.parquet",
    "state.bin",
    "tape.parquet",
];

fn kpis() -> Vec<FormulaKpi> {
    vec![
        FormulaKpi::new(KpiSpec::new("balance", "balance", Unit::Currency), sum("balance")),
        FormulaKpi::new(
            KpiSpec::new("late_share", "late share", Unit::Percent),
            100 * sum("balance").filter(col("dpd").ge(30)) / sum("balance"),
        ),
        FormulaKpi::new(KpiSpec::new("rows", "rows", Unit::Count), count()),
    ]
}

fn desk() -> (Desk, Pipeline) {
    let desk = Desk::new();
    desk.write("cfg/pipeline.yml", SETTINGS);
    desk.write("cfg/contract.yml", CONTRACT);
    desk.write("tape.csv", TAPE);
    let config = PipelineConfig::load(desk.path("cfg/pipeline.yml")).unwrap();
    let pipeline = Pipeline::new(config, &Catalogue::new().profile("standard", kpis())).unwrap();
    (desk, pipeline)
}

/// A run of a snapshot into a folder of its own; the input stays where it is, so that its path is the same in each.
fn run_in(
    (desk, pipeline): &(Desk, Pipeline),
    out: &Path,
    as_of: &str,
    storage: Arc<dyn Storage>,
) -> Result<Run, PipelineError> {
    let as_of = AsOf::Date(as_of.parse().unwrap());
    let request = RunRequest { as_of, out: Some(out.to_path_buf()), ..desk.request() };
    pipeline.run_with(&request, &RunOptions { storage, ..RunOptions::default() })
}

const OLD: &str = "2025-01-31";
const NEW: &str = "2025-02-28";

/// An empty place, or one in which an earlier run is published already.
fn place(desk: &(Desk, Pipeline), name: &str, has_old: bool) -> PathBuf {
    let out = desk.0.path(name);
    if has_old {
        run_in(desk, &out, OLD, Arc::new(Disk)).unwrap();
    }
    out
}

fn visible(out: &Path) -> Vec<String> {
    if out.exists() { runs(out) } else { Vec::new() }
}

fn listed(out: &Path) -> Vec<String> {
    let entries = Runs::open(out, Arc::new(Disk)).entries().unwrap();
    let mut listed: Vec<String> = entries.into_iter().map(|entry| entry.run_id).collect();
    listed.sort();
    listed
}

const NO_CURRENT: &str = "CURRENT: missing: the ledger has runs, found no file";

fn problems(folder: &Path) -> Vec<String> {
    let report = verify(folder, &Options::default()).unwrap();
    assert_eq!(report.holds(), report.problems.is_empty());
    report.problems.iter().map(ToString::to_string).collect()
}

fn holds(folder: &Path, told: &str) {
    assert_eq!(problems(folder), [] as [&str; 0], "{told}");
}

/// What was put beside the runs, without what tells that the process lives: nothing half-made.
fn beside(out: &Path) -> Vec<String> {
    let mut names = names(out);
    names.retain(|name| name.starts_with('.') || !out.join(name).is_dir());
    names
}

/// The same numbers in the same bytes.
fn is_the_same(folder: &Path, reference: &Path, told: &str) {
    for name in SAME {
        let [found, expected] = [folder, reference].map(|folder| std::fs::read(folder.join(name)).unwrap());
        assert!(found == expected, "{told}: {name} differs");
    }
    assert_eq!(names(folder), names(reference), "{told}");
}

/// By hand: 30.50 of 50.50 is late.
#[test]
fn the_run_that_the_others_are_held_against() {
    let desk = desk();
    let run = run_in(&desk, &desk.0.path("runs"), NEW, Arc::new(Disk)).unwrap();
    let kpis = serde_json::to_value(&run.document.kpis).unwrap();
    let values: Vec<&str> = (0..3).map(|at| kpis[at]["value"].as_str().unwrap()).collect();
    assert_eq!(values, ["50.50", "60.40", "2"]);
    let rows = run.document.rows;
    assert_eq!((rows.read, rows.quarantined, rows.duplicate, rows.as_of), (5, 1, 1, 2));
    let again = run_in(&desk, &desk.0.path("others"), NEW, Arc::new(Disk)).unwrap();
    is_the_same(&again.folder.unwrap(), &run.folder.unwrap(), "a second healthy run");
}

/// Errors of these kinds take turns; what the kinds are matters to no step.
const KINDS: [ErrorKind; 3] = [ErrorKind::StorageFull, ErrorKind::Other, ErrorKind::PermissionDenied];

/// `None` is an error.
#[rstest]
fn every_step(
    #[values(false, true)] has_old: bool,
    #[values(None, Some(How::Killed), Some(How::TornWrite))] ends: Option<How>,
) {
    let desk = desk();
    let reference = run_in(&desk, &desk.0.path("reference"), NEW, Arc::new(Disk)).unwrap();
    let reference_folder = reference.folder.clone().unwrap();
    let counting = Failing::never();
    run_in(&desk, &place(&desk, "counted", has_old), NEW, Arc::new(counting.clone())).unwrap();
    // Fewer would mean that something is written past the trait.
    assert!(counting.steps() > 80, "{}", counting.steps());
    let (mut failed, mut published, mut records) = (0, 0, 0);
    let (mut unlisted, mut without_current) = (0, 0);
    for step in 1..=counting.steps() {
        let turn = step as usize + usize::from(has_old);
        let how = ends.unwrap_or(How::Error(KINDS[turn % KINDS.len()]));
        let told = format!("step {step}, {how:?}");
        let out = place(&desk, &format!("runs-{step}"), has_old);
        let before = visible(&out);
        let disk = Failing::at(step, how);
        let result = run_in(&desk, &out, NEW, Arc::new(disk.clone()));
        assert!(disk.has_failed(), "{told}");

        // Readers see whole runs and a ledger that they can read; an error leaves no run, and its record is whole.
        let (seen, known) = (visible(&out), listed(&out));
        assert!(before.iter().all(|name| seen.contains(name)), "{told}");
        assert!(known.iter().all(|name| seen.contains(name)), "{told}: {known:?}, {seen:?}");
        assert!(seen.len() <= before.len() + 1, "{told}");
        for name in &seen {
            if known.contains(name) && !out.join("CURRENT").exists() {
                // The first run of all, published without it: the next one writes it.
                without_current += 1;
                assert_eq!(problems(&out.join(name)), [NO_CURRENT], "{told}");
            } else if known.contains(name) {
                holds(&out.join(name), &told);
            } else {
                unlisted += 1;
                is_whole_but_unlisted(&out.join(name), &told);
            }
        }
        match &result {
            Ok(run) => {
                published += 1;
                assert!(known.contains(&run.document.run_id), "{told}");
                is_the_same(run.folder.as_deref().unwrap(), &reference_folder, &told);
            }
            Err(error) => {
                failed += 1;
                assert_eq!(error.kind(), abaco_pipeline::ErrorKind::Io, "{told}: {error}");
                assert!(error.to_string().contains(&out.display().to_string()), "{told}: {error}");
                assert!(ends.is_some() || seen == before, "{told}: {error}");
                records += recorded(&out, &error.to_string(), &told);
            }
        }

        // And the next run goes well.
        let again =
            run_in(&desk, &out, NEW, Arc::new(Disk)).unwrap_or_else(|error| panic!("{told}: {error}"));
        let (seen_again, known_again) = (visible(&out), listed(&out));
        assert_eq!(seen_again, known_again, "{told}");
        assert_eq!(seen_again.len(), seen.len() + 1, "{told}");
        seen_again.iter().for_each(|name| holds(&out.join(name), &told));
        is_the_same(again.folder.as_deref().unwrap(), &reference_folder, &told);
        let current = Runs::open(&out, Arc::new(Disk)).current().unwrap().unwrap();
        assert_eq!(current.portfolios["p"].run_id, again.document.run_id, "{told}");
        assert_eq!(current.ledger.seq, known_again.len() as u64, "{told}");
        let mut left = beside(&out);
        left.retain(|name| name != ".failed");
        assert_eq!(
            left,
            [".history.lock", ".lock", ".outbox", "CURRENT", "LEDGER.ndjson", "history.db"],
            "{told}"
        );
        // One delivery of each run, no more and no less.
        let waiting = names(&out.join(".outbox")).len();
        assert_eq!(waiting, known_again.len(), "{told}");
        std::fs::remove_dir_all(&out).unwrap();
    }
    assert!(failed > 60 && published > 0, "{failed}, {published}");
    assert_eq!(without_current > 0, !has_old, "{without_current}");
    match ends {
        // What failed is undone and told of, but where the run had no name yet.
        None => assert!(unlisted == 0 && failed - records < 12, "{unlisted}, {failed}, {records}"),
        Some(_) => assert!(unlisted > 0 && records == 0, "{unlisted}, {records}"),
    }
}

/// A process was killed between the two: nothing is wrong with the run but that the ledger does not have it.
fn is_whole_but_unlisted(folder: &Path, told: &str) {
    let problems = problems(folder);
    assert!(!problems.is_empty(), "{told}");
    let of_ledger = |problem: &String| problem.starts_with("LEDGER.ndjson: missing: ");
    assert!(problems.iter().all(of_ledger), "{told}: {problems:?}");
}

/// How many failures are recorded: none or this one.
fn recorded(out: &Path, error: &str, told: &str) -> usize {
    let folder = out.join(".failed");
    if !folder.exists() {
        return 0;
    }
    let records = names(&folder);
    assert!(records.len() <= 1, "{told}: {records:?}");
    for name in &records {
        assert_eq!(names(&folder.join(name)), ["audit.ndjson", "manifest.json"], "{told}");
        let manifest = std::fs::read(folder.join(name).join("manifest.json")).unwrap();
        let manifest: Value = serde_json::from_slice(&manifest).unwrap();
        assert_eq!(manifest["failure"]["error"], error, "{told}");
        assert_eq!(manifest["run_id"], name.as_str(), "{told}");
    }
    records.len()
}
