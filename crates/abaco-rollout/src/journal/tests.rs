#![allow(clippy::unwrap_used, reason = "the helpers of a test stop the test")]

use std::fs;
use std::path::Path;
use std::sync::Arc;

use abaco_pipeline::storage::{Disk, Failing, How, Storage};
use chrono::{DateTime, Utc};
use serde_json::json;

use super::*;
use crate::RolloutError;
use crate::stage::Stage;

fn noon() -> DateTime<Utc> {
    "2025-12-01T12:00:00.25Z".parse().unwrap()
}

fn open(state: &Path, storage: impl Storage + 'static) -> Result<Journal, RolloutError> {
    Journal::open(state, Arc::new(storage), noon, "ana")
}

fn moved(from: Stage, to: Stage) -> Event {
    Event::Moved { from, to, reason: "test".to_owned(), evidence: Vec::new() }
}

fn began(procedure: Procedure) -> Event {
    Event::Began { procedure, target: Some("v2".to_owned()) }
}

fn taking(step: &str) -> Event {
    Event::Taking { step: step.to_owned() }
}

fn step(step: &str, outcome: Outcome) -> Event {
    let details = json!({"digest": "abc"});
    Event::Step { step: step.to_owned(), outcome, message: String::new(), milliseconds: 0, details }
}

fn ended(procedure: Procedure, outcome: Outcome) -> Event {
    Event::Ended { procedure, outcome, message: "why".to_owned(), milliseconds: 0 }
}

/// The text is written out by hand, and its digest is what the command `sha256sum` says.
#[test]
fn a_line_to_the_letter() {
    let folder = tempfile::tempdir().unwrap();
    open(folder.path(), Disk).unwrap().append(moved(Stage::Staging, Stage::Shadow)).unwrap();
    let text = fs::read_to_string(folder.path().join(JOURNAL)).unwrap();
    let unsealed = concat!(
        r#"{"actor":"ana","at":"2025-12-01T12:00:00.250000Z","event":"moved","evidence":[],"from":"staging","#,
        r#""HASH""prev":"0000000000000000000000000000000000000000000000000000000000000000","reason":"test","#,
        r#""seq":1,"to":"shadow"}"#
    );
    let hash = "1606302bc6ec81659000357fe6dad315f45a2fe02e7e97eebc6ff37640a59b25";
    assert_eq!(text, unsealed.replace(r#""HASH""#, &format!(r#""hash":"{hash}","#)) + "\n");
}

#[test]
fn what_was_written_is_read_again() {
    let folder = tempfile::tempdir().unwrap();
    let mut journal = open(folder.path(), Disk).unwrap();
    for event in [
        began(Procedure::Staging),
        taking("tests"),
        step("tests", Outcome::Passed),
        moved(Stage::Staging, Stage::Shadow),
        ended(Procedure::Staging, Outcome::Passed),
        Event::BrokeGlass { reason: "r".to_owned(), missing: vec!["m".to_owned()] },
        began(Procedure::Rehearsal),
        taking("copy"),
        step("copy", Outcome::Failed),
        taking("copy"),
    ] {
        journal.append(event).unwrap();
    }
    let record = Record::read(folder.path()).unwrap();
    assert_eq!(&record, journal.record());
    let standing = &record.standing;
    assert_eq!((standing.stage, standing.since), (Stage::Shadow, Some(noon())));
    let active = standing.active.as_ref().unwrap();
    assert_eq!((active.procedure, active.began), (Procedure::Rehearsal, 7));
    assert_eq!((active.taking.as_deref(), active.passed.len()), (Some("copy"), 0));
    assert_eq!(record.events()[5].1, "ana");
}

#[test]
fn what_may_not_follow_is_refused_and_not_written() {
    let folder = tempfile::tempdir().unwrap();
    let mut journal = open(folder.path(), Disk).unwrap();
    let mut refused = |event: Event| {
        let before = journal.record().clone();
        let error = journal.append(event).unwrap_err();
        assert_eq!(journal.record(), &before);
        assert!(matches!(error, RolloutError::Refused(_)));
        error.to_string()
    };
    assert_eq!(
        refused(moved(Stage::Staging, Stage::Cutover)),
        "stage: expected one that `staging` may become, found `cutover`"
    );
    assert_eq!(
        refused(moved(Stage::Shadow, Stage::Ready)),
        "stage: expected to leave `staging`, found `shadow`"
    );
    assert_eq!(
        refused(taking("stop")),
        "step `stop`: expected to be taken in a procedure, found none that has begun"
    );
    assert_eq!(refused(ended(Procedure::Cutover, Outcome::Passed)), "`cutover`: ended but had not begun");
    journal.append(began(Procedure::Rollback)).unwrap();
    let mut refused = |event: Event| journal.append(event).unwrap_err().to_string();
    assert_eq!(
        refused(began(Procedure::Cutover)),
        "`cutover`: expected to begin after the end of `rollback`"
    );
    assert_eq!(
        refused(step("stop", Outcome::Passed)),
        "expected the end of the step `none`, found that of `stop`"
    );
    assert_eq!(refused(ended(Procedure::Cutover, Outcome::Passed)), "`cutover`: ended but had not begun");
    assert_eq!(Record::read(folder.path()).unwrap().entries.len(), 1);
}

#[test]
fn a_torn_end_is_seen_by_readers_and_cut_by_writers() {
    let folder = tempfile::tempdir().unwrap();
    open(folder.path(), Disk).unwrap().append(moved(Stage::Staging, Stage::Shadow)).unwrap();
    let path = folder.path().join(JOURNAL);
    let whole = fs::read(&path).unwrap();
    for cut in 1..whole.len() {
        fs::write(&path, [&whole[..], &whole[..cut]].concat()).unwrap();
        assert_eq!(Record::read(folder.path()).unwrap().tail, cut as u64);
        let journal = open(folder.path(), Disk).unwrap();
        assert_eq!((journal.record().entries.len(), journal.record().tail), (1, 0));
        assert_eq!(fs::read(&path).unwrap(), whole);
    }
}

#[test]
fn damage_is_refused_and_names_the_line() {
    let folder = tempfile::tempdir().unwrap();
    let mut journal = open(folder.path(), Disk).unwrap();
    journal.append(moved(Stage::Staging, Stage::Shadow)).unwrap();
    journal.append(moved(Stage::Shadow, Stage::Ready)).unwrap();
    journal.append(moved(Stage::Ready, Stage::Shadow)).unwrap();
    drop(journal);
    let path = folder.path().join(JOURNAL);
    let whole = fs::read_to_string(&path).unwrap();
    let lines: Vec<&str> = whole.split_inclusive('\n').collect();
    let refusal = |text: String| {
        fs::write(&path, &text).unwrap();
        let (read, written) =
            (Record::read(folder.path()).unwrap_err(), open(folder.path(), Disk).unwrap_err());
        assert_eq!(read.to_string(), written.to_string());
        assert_eq!(fs::read_to_string(&path).unwrap(), text, "a damaged journal is left as it is");
        read.to_string().rsplit_once("damaged: ").unwrap().1.to_owned()
    };
    assert_eq!(
        refusal(whole.replacen("\"ana\"", "\"eve\"", 1)),
        "line 1: changed: it is not what its `hash` says"
    );
    assert_eq!(refusal(lines[0].to_owned() + lines[2]), "line 2: removed: expected entry 2, found 3");
    assert_eq!(
        refusal([lines[0], lines[2], lines[1]].concat()),
        "line 2: reordered: expected entry 2, found 3"
    );
    // Sound by its digests, and still nothing that may happen.
    let (line, _) = abaco_pipeline::chain::link(
        Entry::fields("2025-12-01T12:00:00Z", "eve", &moved(Stage::Staging, Stage::Complete)).unwrap(),
        1,
        abaco_pipeline::chain::BEGINNING,
    )
    .unwrap();
    assert_eq!(refusal(line), "line 1: stage: expected one that `staging` may become, found `complete`");
}

/// A step that fails while the process lives on leaves no half line before the next one.
#[test]
fn after_a_failed_write_the_next_line_follows_the_last_whole_one() {
    for step in 1..=16 {
        let folder = tempfile::tempdir().unwrap();
        let storage = Failing::at(step, How::Error(std::io::ErrorKind::StorageFull));
        let state = folder.path().join("state");
        let mut failures = 0;
        let mut journal = loop {
            match open(&state, storage.clone()) {
                Ok(journal) => break journal,
                Err(_) => failures += 1,
            }
        };
        for (from, to) in [(Stage::Staging, Stage::Shadow), (Stage::Shadow, Stage::Ready)] {
            if journal.append(moved(from, to)).is_err() {
                failures += 1;
                journal.append(moved(from, to)).unwrap();
            }
        }
        assert_eq!(failures, 1, "step {step}");
        let record = Record::read(&state).unwrap();
        assert_eq!((record.entries.len(), record.tail), (2, 0));
        assert_eq!(record.standing.stage, Stage::Ready);
    }
}

/// Whatever the step at which the process ends, the lines that were acknowledged are there, and at most one more.
#[test]
fn a_kill_at_every_step_keeps_what_was_acknowledged() {
    for how in [How::Killed, How::TornWrite] {
        for step in 1..=17 {
            let folder = tempfile::tempdir().unwrap();
            let state = folder.path().join("state");
            let storage = Failing::at(step, how);
            let mut acknowledged = 0;
            if let Ok(mut journal) = open(&state, storage.clone()) {
                for (from, to) in [(Stage::Staging, Stage::Shadow), (Stage::Shadow, Stage::Ready)] {
                    acknowledged += usize::from(journal.append(moved(from, to)).is_ok());
                }
            }
            assert_eq!(storage.has_failed(), step < 17);
            let found = open(&state, Disk).unwrap().record().entries.len();
            assert!(found == acknowledged || found == acknowledged + 1, "{how:?} at {step}: {found}");
        }
    }
}

#[test]
fn only_one_writes_at_a_time() {
    let folder = tempfile::tempdir().unwrap();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let mut journal = open(folder.path(), Disk).unwrap();
                let event = Event::Recorded { kind: "soak".to_owned(), digest: "d".to_owned() };
                journal.append(event).unwrap();
            });
        }
    });
    assert_eq!(Record::read(folder.path()).unwrap().entries.len(), 8);
}

/// The second line of a journal whose first head was lost must not make it look as if somebody had taken the heads away.
#[test]
fn kills_one_after_another_between_a_line_and_its_head_do_no_harm() {
    for step in 1..=14 {
        for second in 1..=14 {
            let folder = tempfile::tempdir().unwrap();
            let state = folder.path().join("state");
            for step in [step, second] {
                let killed = Failing::at(step, How::Killed);
                if let Ok(mut journal) = open(&state, killed) {
                    let _killed = journal.append(Event::Recorded { kind: "soak".into(), digest: "d".into() });
                }
            }
            let found = Record::read(&state).map(|record| record.entries.len());
            assert!(matches!(found, Ok(0..=2)), "{step}, {second}: {found:?}");
            let mut journal = open(&state, Disk).unwrap();
            journal.append(moved(Stage::Staging, Stage::Shadow)).unwrap();
        }
    }
}

/// A machine that loses its power may lose what was not synced: the content of the heads, never their file.
#[test]
fn heads_may_lag_by_any_number_of_lines_and_catch_up() {
    let folder = tempfile::tempdir().unwrap();
    let mut journal = open(folder.path(), Disk).unwrap();
    journal.append(moved(Stage::Staging, Stage::Shadow)).unwrap();
    journal.append(moved(Stage::Shadow, Stage::Ready)).unwrap();
    drop(journal);
    let heads = folder.path().join("journal.heads");
    let whole = fs::read_to_string(&heads).unwrap();
    let second = whole.lines().nth(1).unwrap().to_owned() + "\n";
    fs::write(&heads, "").unwrap();
    assert_eq!(Record::read(folder.path()).unwrap().entries.len(), 2);
    drop(open(folder.path(), Disk).unwrap());
    assert_eq!(fs::read_to_string(&heads).unwrap(), second);
    fs::write(&heads, b"\xff\n").unwrap();
    let error = Record::read(folder.path()).unwrap_err().to_string();
    assert!(error.ends_with("damaged: expected a number and a digest, found `\u{fffd}`"), "{error}");
    fs::remove_file(&heads).unwrap();
    let error = Record::read(folder.path()).unwrap_err().to_string();
    assert!(error.ends_with("damaged: expected `journal.heads` beside it, found none"), "{error}");
}

/// Whoever looks while the first lines are written sees some of them, and no damage.
#[test]
fn the_first_lines_are_read_while_they_are_written() {
    for _ in 0..200 {
        let folder = tempfile::tempdir().unwrap();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let mut journal = open(folder.path(), Disk).unwrap();
                journal.append(moved(Stage::Staging, Stage::Shadow)).unwrap();
                journal.append(moved(Stage::Shadow, Stage::Ready)).unwrap();
            });
            while Record::read(folder.path()).unwrap().entries.len() < 2 {}
        });
    }
}
