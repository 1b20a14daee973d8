//! What is not allowed, and callers at the same time.

use std::fs;

use abaco_rollout::journal::Event;
use abaco_rollout::procedures::{CutoverRequest, GateVerdict};
use abaco_rollout::stage::Stage;
use abaco_rollout::{ErrorKind, RolloutConfig, RolloutError};

use crate::common::{World, open, request};

#[track_caller]
fn refused<T: std::fmt::Debug>(result: Result<T, RolloutError>) -> String {
    let error = result.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Refused, "{error}");
    error.to_string()
}

#[test]
fn another_stage_or_a_closed_gate_is_refused_and_nothing_is_written() {
    let world = World::new();
    let rollout = world.rollout();
    assert_eq!(refused(rollout.cutover(&request())), "cutover: expected the stage `ready`, found `staging`");
    assert_eq!(
        refused(rollout.rollback("x")),
        "rollback: expected the stage `cutover` or `monitoring`, found `staging`"
    );
    assert_eq!(
        refused(rollout.rehearse()),
        "rehearsal: expected the stage `shadow`, `ready` or `rolled_back`, found `staging`"
    );
    world.ready();
    let before = world.read("state/journal.ndjson");
    let closed = CutoverRequest { verdict: GateVerdict::closed(["a", "b"]), break_glass: None };
    assert_eq!(refused(rollout.cutover(&closed)), "the gate is closed: a; b");
    let silent = CutoverRequest { break_glass: Some(" ".to_owned()), ..closed };
    assert_eq!(refused(rollout.cutover(&silent)), "break-glass: expected a reason, found none");
    assert_eq!(
        refused(rollout.forward(&request())),
        "cutover: expected the stage `rolled_back`, found `ready`"
    );
    assert_eq!(refused(rollout.rollback("")), "rollback: expected a reason, found none");
    assert!(refused(rollout.staging()).ends_with("found `ready`"));
    assert_eq!(refused(rollout.advance(&open())), "`abaco rollout cutover` makes the candidate official");
    assert_eq!(world.read("state/journal.ndjson"), before);
}

#[test]
fn another_candidate_than_the_approved_one_does_not_take_over() {
    let world = World::new();
    world.ready();
    let approved = world.rollout().candidate().unwrap();
    let verdict = GateVerdict { candidate: Some(approved.clone()), ..open() };
    let request = CutoverRequest { verdict, break_glass: None };
    // A contract that the candidate's configuration names belongs to what it is.
    let contract = world.read("contracts/factoring_slices.yml");
    world.write("contracts/factoring_slices.yml", &format!("{contract}\n# changed\n"));
    let error = refused(world.rollout().cutover(&request));
    assert!(error.contains(&format!("expected the identity `{approved}`")), "{error}");
    assert!(error.ends_with("nothing was changed"), "{error}");
    world.is_at(Stage::Ready, "v1");
    assert!(!world.path("hooks.log").exists());
    world.write("contracts/factoring_slices.yml", &contract);
    world.rollout().cutover(&request).unwrap();
    world.is_at(Stage::Monitoring, "v2");
}

#[test]
fn a_pointer_that_somebody_else_changed_is_not_overwritten() {
    let world = World::new();
    world.ready();
    let other = r#"{"active":"v7","configuration":null,"journal":1,"previous":null}"#;
    world.write("active.json", other);
    let error = refused(world.rollout().cutover(&request()));
    assert!(error.contains("expected the baseline `v1` to be active, found `v7`"), "{error}");
    assert_eq!(world.read("active.json"), other);
    world.write("active.json", "{");
    let status = world.rollout().status().unwrap();
    assert_eq!((status.stage, status.active), (Stage::Ready, None));
    let trouble = status.trouble.unwrap();
    assert!(trouble.contains("active.json: damaged: expected a pointer"), "{trouble}");
}

#[test]
fn a_damaged_journal_stops_everything_and_names_the_line() {
    let world = World::new();
    world.ready();
    let text = world.read("state/journal.ndjson");
    world.write("state/journal.ndjson", &text.replacen("\"ana\"", "\"eve\"", 1));
    for error in [
        world.rollout().status().unwrap_err(),
        world.rollout().cutover(&request()).unwrap_err(),
        world.rollout().rollback("x").unwrap_err(),
    ] {
        assert!(error.to_string().contains("journal.ndjson: damaged: line 1: changed"), "{error}");
    }
    let error = world.rollout().status().unwrap_err().to_string();
    assert!(error.ends_with("; active by the pointer: `v1`"), "{error}");
}

/// The lock is the system's: whoever is second waits, and then sees what the first one did.
#[test]
fn of_eight_callers_one_performs_the_cutover() {
    let world = World::new();
    world.ready();
    let results: Vec<Result<Stage, String>> = std::thread::scope(|scope| {
        let callers: Vec<_> = (0..8)
            .map(|_| {
                let rollout = world.rollout();
                scope.spawn(move || {
                    let result = rollout.cutover(&request());
                    result.map(|report| report.stage).map_err(|error| error.to_string())
                })
            })
            .collect();
        callers.into_iter().map(|caller| caller.join().unwrap()).collect()
    });
    let performed = results.iter().filter(|result| result.is_ok()).count();
    assert_eq!(performed, 1, "{results:?}");
    let late = Err("cutover: expected the stage `ready`, found `monitoring`".to_owned());
    assert_eq!(results.iter().filter(|result| **result == late).count(), 7, "{results:?}");
    assert_eq!(world.read("hooks.log"), "stop v1\nstart v2\n");
    world.is_at(Stage::Monitoring, "v2");
}

#[test]
fn a_configuration_that_makes_no_sense_does_not_come_through_staging() {
    let settings = crate::common::SETTINGS.replace("configuration: pipeline.yml", "scale: 2");
    let world = World::with(&settings);
    let error = RolloutConfig::load(world.path("rollout.yml")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Usage);
    let expected = "version `v2`: expected one of configuration, program and figures, found none";
    assert!(error.to_string().ends_with(expected), "{error}");
    let world = World::new();
    fs::remove_file(world.path("kpi_definitions.yml")).unwrap();
    assert!(world.rollout().staging().unwrap_err().to_string().contains("kpi_definitions.yml"));
    assert_eq!(world.rollout().stage().unwrap(), Stage::Staging);
    assert!(!world.path("active.json").exists());
}

/// Somebody else's pointer is said, and a rollback puts it right.
#[test]
fn a_pointer_that_contradicts_the_journal_is_trouble() {
    let world = World::new();
    world.monitoring();
    assert_eq!(world.rollout().status().unwrap().trouble, None);
    for text in [r#"{"active":"v7","configuration":null,"journal":1,"previous":null}"#, "{"] {
        world.write("active.json", text);
        let status = world.rollout().status().unwrap();
        assert_eq!(status.active, (text != "{").then(|| "v7".to_owned()));
        let trouble = status.trouble.unwrap();
        let expected = if text == "{" {
            "damaged"
        } else {
            "expected `v2`, which the journal says is active, found `v7`"
        };
        assert!(trouble.contains(expected), "{trouble}");
        assert!(
            status.next.ends_with("`abaco rollout rollback` restores it with the baseline"),
            "{}",
            status.next
        );
    }
    world.rollout().rollback("test").unwrap();
    world.is_at(Stage::RolledBack, "v1");
    assert_eq!(world.rollout().status().unwrap().trouble, None);
}

/// A chain alone does not show that its last lines are gone.
#[test]
fn a_journal_whose_end_is_gone_is_damaged() {
    let world = World::new();
    world.monitoring();
    let text = world.read("state/journal.ndjson");
    let cut: String = text.split_inclusive('\n').take(5).collect();
    world.write("state/journal.ndjson", &cut);
    let error = world.rollout().status().unwrap_err().to_string();
    assert!(error.contains("lines, as `journal.heads` says, found 5: its end is gone; active"), "{error}");
    std::fs::remove_file(world.path("state/journal.ndjson")).unwrap();
    let error = world.rollout().status().unwrap_err().to_string();
    assert!(error.contains("found 0: its end is gone; active by the pointer: `v2`"), "{error}");
    world.write("state/journal.ndjson", &text);
    std::fs::remove_file(world.path("state/journal.heads")).unwrap();
    let error = world.rollout().rollback("x").unwrap_err().to_string();
    assert!(error.ends_with("expected `journal.heads` beside it, found none"), "{error}");
}

/// What somebody records between the weighing and the cutover was not weighed.
#[test]
fn evidence_that_came_while_the_gate_was_weighed_is_weighed_again() {
    let world = World::new();
    world.ready();
    let rollout = world.rollout();
    let lines = rollout.record().unwrap().entries.len();
    let recorded = Event::Recorded { kind: "comparison".to_owned(), digest: "d".to_owned() };
    world.rollout().journal().unwrap().append(recorded).unwrap();
    let late = CutoverRequest { verdict: GateVerdict { weighed: Some(lines), ..open() }, break_glass: None };
    let error = refused(rollout.cutover(&late));
    assert!(error.contains("recorded something while it was weighed"), "{error}");
    world.is_at(Stage::Ready, "v1");
    let verdict = GateVerdict { weighed: Some(lines + 1), ..open() };
    rollout.cutover(&CutoverRequest { verdict, break_glass: None }).unwrap();
    world.is_at(Stage::Monitoring, "v2");
}

/// A `rollout.yml` that names another pointer by now must not prove that one restored, and leave the other.
#[test]
fn what_was_cut_over_is_what_is_rolled_back() {
    let world = World::new();
    world.monitoring();
    let settings = world.read("rollout.yml");
    for (from, to, expected) in [
        ("pointer: active.json", "pointer: other.json", "`pointer` in "),
        ("name: v2", "name: v3", "`candidate` in "),
    ] {
        assert!(settings.contains(from), "{settings}");
        world.write("rollout.yml", &settings.replace(from, to));
        let error = refused(world.rollout().rollback("test"));
        assert!(error.contains(expected) && error.contains(", as when it was cut over, found "), "{error}");
        assert!(!world.path("other.json").exists());
        world.write("rollout.yml", &settings);
    }
    world.rollout().rollback("test").unwrap();
    world.is_at(Stage::RolledBack, "v1");
}
