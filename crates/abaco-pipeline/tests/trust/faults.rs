//! Every step of a publication fails once, and is the last once.

use std::collections::BTreeSet;
use std::io::ErrorKind;

use abaco_pipeline::storage::{Failing, How};
use rstest::rstest;
use serde_json::json;

use crate::common::{Desk, Toy, holds, is_complete, names, publish};

const NEW: &str = "2025-11-30";

fn steps(desk: &Desk) -> u64 {
    let counting = Failing::never();
    let sealed = publish(&desk.on(counting.clone()), &Toy::of("new", NEW)).unwrap();
    assert!(sealed.moved_current && sealed.unfinished.is_none());
    counting.steps()
}

/// What the folder looks like afterwards, to readers and to the next run; and how the next run found it.
#[rstest]
fn every_step(
    #[values(false, true)] has_old: bool,
    #[values(
        How::Error(ErrorKind::StorageFull),
        How::Error(ErrorKind::Other),
        How::Error(ErrorKind::PermissionDenied),
        How::Killed,
        How::TornWrite
    )]
    how: How,
) {
    let desk = || if has_old { Desk::with_old() } else { Desk::new() };
    let old: &[&str] = if has_old { &["old"] } else { &[] };
    let steps = steps(&desk());
    // Fewer would mean that something is written past the trait.
    assert!(steps > 30, "{steps}");
    let (mut adopted, mut removed, mut cut, mut published) = (0, 0, 0, 0);
    for step in 1..=steps {
        let desk = desk();
        let disk = Failing::at(step, how);
        let toy = Toy::of("new", NEW);
        let result = publish(&desk.on(disk.clone()), &toy);
        assert!(disk.has_failed(), "step {step}");

        // Readers see whole runs, and a ledger and a `CURRENT` that they can read.
        let visible = desk.visible();
        visible.iter().for_each(|name| is_complete(&desk.path(name)));
        assert!(visible.iter().map(String::as_str).filter(|name| *name != "new").eq(old.iter().copied()));
        let listed = desk.listed();
        assert!(listed.iter().all(|name| visible.contains(name)), "step {step}: {listed:?}, {visible:?}");
        let current = desk.runs().current().unwrap();
        let current = current.map(|current| current.portfolios["factoring"].run_id.clone());
        assert!(current.as_deref().is_none_or(|run| listed.iter().any(|listed| listed == run)));

        let is_visible = visible.contains(&"new".to_owned());
        let error = matches!(how, How::Error(_));
        match &result {
            Ok(sealed) => {
                published += 1;
                assert!(listed.contains(&"new".to_owned()), "step {step}");
                assert_eq!(sealed.moved_current, sealed.unfinished.is_none(), "step {step}");
            }
            Err(told) => {
                assert!(!(error && is_visible), "step {step} was not undone: {told}");
                assert!(
                    told.to_string().starts_with(&desk.out().display().to_string())
                        || told.to_string().starts_with("tape.parquet: "),
                    "{told}"
                );
            }
        }

        // The next one recovers, and loses nothing.
        let recovery = desk.runs().recover().unwrap();
        assert_eq!((&recovery.damaged, &recovery.unlisted), (&vec![], &vec![]), "step {step}");
        adopted += recovery.adopted.len();
        removed += recovery.removed.len();
        cut += usize::from(recovery.cut.is_some());
        assert_eq!(desk.visible(), visible, "step {step}: a recovery neither shows nor hides a run");
        let listed: BTreeSet<String> = desk.listed().into_iter().collect();
        assert!(listed.iter().eq(&visible), "step {step}");
        visible.iter().for_each(|name| holds(&desk.path(name)));
        let waiting: Vec<String> = names(&desk.path(".outbox"));
        let expected = visible.iter().map(|name| format!("{name}-0.json"));
        assert!(waiting.iter().cloned().eq(sorted(expected)), "step {step}: {waiting:?}");
        for name in &waiting {
            let text = std::fs::read_to_string(desk.path(".outbox").join(name)).unwrap();
            assert_eq!(text, format!("to be delivered: {name}"));
        }

        // And a rerun completes.
        let again = if is_visible { "again" } else { "new" };
        let sealed = publish(&desk.runs(), &Toy::of(again, NEW)).unwrap();
        assert!(sealed.moved_current && sealed.unfinished.is_none());
        assert_eq!(desk.listed().last().map(String::as_str), Some(again));
        assert_eq!(desk.listed().len(), desk.visible().len());
        desk.visible().iter().for_each(|name| holds(&desk.path(name)));
        assert_eq!(desk.names().0, [".lock", ".outbox"], "step {step}");
    }
    match how {
        How::Error(_) => assert_eq!((adopted, cut), (0, 0), "what failed is undone at once"),
        How::Killed => {
            assert!(adopted > 3 && removed > 20 && published > 1, "{adopted}, {removed}, {published}")
        }
        How::TornWrite => assert!(adopted > 3 && removed > 20 && cut == 1, "{adopted}, {removed}, {cut}"),
    }
}

fn sorted(names: impl Iterator<Item = String>) -> Vec<String> {
    let mut names: Vec<String> = names.collect();
    names.sort();
    names
}

/// The process that finishes what a killed one left may be killed as well, at any step.
#[test]
fn every_step_of_a_recovery() {
    let steps = steps(&Desk::with_old());
    let mut finished = 0;
    for step in 1..=steps {
        for how in [How::Killed, How::TornWrite, How::Error(ErrorKind::StorageFull)] {
            for of_recovery in 1.. {
                let desk = Desk::with_old();
                let _killed = publish(&desk.on(Failing::at(step, How::TornWrite)), &Toy::of("new", NEW));
                let disk = Failing::at(of_recovery, how);
                let result = desk.on(disk.clone()).recover();
                if !disk.has_failed() {
                    break;
                }
                result.unwrap_err();
                let visible = desk.visible();
                visible.iter().for_each(|name| is_complete(&desk.path(name)));
                desk.runs().recover().unwrap();
                assert_eq!(desk.visible(), visible);
                assert_eq!(desk.listed().len(), visible.len(), "step {step}, then {of_recovery}");
                visible.iter().for_each(|name| holds(&desk.path(name)));
                assert_eq!(
                    names(&desk.path(".outbox")).len(),
                    visible.len(),
                    "step {step}, then {of_recovery}"
                );
                assert_eq!(desk.names().0, [".lock", ".outbox"]);
                finished += usize::from(visible.len() == 2);
            }
        }
    }
    assert!(finished > 20, "{finished}");
}

/// The record of a failure is whole or not there, and never in anybody's way.
#[rstest]
fn every_step_of_a_failure(
    #[values(How::Error(ErrorKind::StorageFull), How::Killed, How::TornWrite)] how: How,
) {
    let record = |desk: &Desk, disk: Failing| {
        let mut audit = abaco_pipeline::audit::AuditLog::new("tester");
        audit.record("run", "failed", "failed", serde_json::Map::new()).unwrap();
        desk.on(disk).record_failure("run-1", &json!({ "message": "row 3 was refused" }), &audit)
    };
    let counting = Failing::never();
    record(&Desk::new(), counting.clone()).unwrap();
    for step in 1..=counting.steps() {
        let desk = Desk::new();
        let result = record(&desk, Failing::at(step, how));
        let folder = desk.path(".failed/run-1");
        if result.is_err() && !folder.exists() {
            desk.runs().recover().unwrap();
            record(&desk, Failing::never()).unwrap();
        }
        assert_eq!(names(&folder), ["audit.ndjson", "manifest.json"], "step {step}");
        let manifest = std::fs::read(folder.join("manifest.json")).unwrap();
        let manifest: serde_json::Value = serde_json::from_slice(&manifest).unwrap();
        assert_eq!(manifest["failure"]["message"], "row 3 was refused");
        let audit = std::fs::read(folder.join("audit.ndjson")).unwrap();
        let head = abaco_pipeline::audit::check(&audit).unwrap();
        assert_eq!(manifest["audit"]["hash"], head.hash);
        desk.runs().recover().unwrap();
        let hidden = desk.names().0;
        assert_eq!(hidden, [".failed", ".lock"], "step {step}");
        assert_eq!(desk.listed(), [""; 0]);
    }
}
