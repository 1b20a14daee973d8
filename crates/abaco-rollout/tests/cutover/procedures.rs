//! What the procedures do when nothing fails.

use abaco_rollout::RolloutError;
use abaco_rollout::evidence::Evidence;
use abaco_rollout::journal::{Event, Outcome, Procedure};
use abaco_rollout::procedures::{GateVerdict, PlannedStep, ProcedureReport};
use abaco_rollout::stage::Stage;
use rstest::rstest;

use crate::common::{World, open, request};

fn names(report: &ProcedureReport) -> Vec<&str> {
    report.steps.iter().map(|step| step.step.as_str()).collect()
}

fn planned(plan: &[PlannedStep]) -> Vec<&str> {
    plan.iter().map(|step| step.step.as_str()).collect()
}

#[test]
fn staging_ends_in_the_shadow_with_the_baseline_named() {
    let world = World::new();
    let rollout = world.rollout();
    assert_eq!(rollout.status().unwrap().next, "`abaco rollout advance` sets the candidate up");
    let report = rollout.staging().unwrap();
    assert_eq!(names(&report), planned(&rollout.plan(Procedure::Staging).unwrap()));
    let outcomes: Vec<Outcome> = report.steps.iter().map(|step| step.outcome).collect();
    use Outcome::{Passed, Skipped};
    assert_eq!(outcomes, [Passed, Passed, Passed, Skipped, Passed]);
    assert_eq!(report.steps[3].message, "the hook `tests` is not configured");
    assert_eq!(
        world.read("active.json"),
        r#"{"active":"v1","configuration":"legacy_v2.yml","journal":1,"previous":null}"#
    );
    world.is_at(Stage::Shadow, "v1");
}

#[test]
fn there_and_back_and_there_again() {
    let world = World::new();
    world.ready();
    let rollout = world.rollout();
    let plan = rollout.plan(Procedure::Cutover).unwrap();
    let report = rollout.cutover(&request()).unwrap();
    assert_eq!(names(&report), planned(&plan));
    assert_eq!((report.stage, report.message.as_str()), (Stage::Monitoring, "`v2` is active"));
    world.is_at(Stage::Monitoring, "v2");
    let began = rollout.record().unwrap().standing.cutover.unwrap().began;
    assert_eq!(
        world.read("active.json"),
        format!(r#"{{"active":"v2","configuration":"pipeline.yml","journal":{began},"previous":"v1"}}"#)
    );
    world.write("absent.ini", "made by the candidate");
    let report = rollout.rollback("variance").unwrap();
    assert_eq!(names(&report), planned(&rollout.plan(Procedure::Rollback).unwrap()));
    assert!(report.steps.iter().all(|step| step.outcome == Outcome::Passed), "{report:?}");
    assert_eq!(report.steps[1].message, "2 of 2 configured files had changed");
    assert_eq!(report.steps[4].message, "3 files and 1 values are what they were");
    assert_eq!(report.recall, ["run-7"]);
    assert!(report.message.starts_with("rolled back: `v1` is active and proven, in "));
    world.is_at(Stage::RolledBack, "v1");
    assert_eq!(rollout.status().unwrap().proven, Some(true));
    assert_eq!(rollout.forward(&request()).unwrap().stage, Stage::Monitoring);
    world.is_at(Stage::Monitoring, "v2");
    assert_eq!(rollout.advance(&open()).unwrap().to, Stage::Complete);
    assert_eq!(world.read("hooks.log"), "stop v1\nstart v2\nstop v2\nstart v1\nstop v1\nstart v2\n");
    // Every transition has its actor and its evidence.
    let record = rollout.record().unwrap();
    assert!(record.entries.iter().all(|entry| entry.actor == "ana"));
    let cutover = record.entries.iter().find_map(|entry| match &entry.event {
        Event::Moved { to: Stage::Cutover, reason, evidence, .. } => Some((reason.clone(), evidence.clone())),
        _ => None,
    });
    assert_eq!(cutover, Some(("the gate is open".to_owned(), vec!["e1".to_owned()])));
}

#[test]
fn a_plan_changes_nothing() {
    let world = World::new();
    world.ready();
    let before = (world.read("state/journal.ndjson"), world.read("active.json"));
    for procedure in [Procedure::Staging, Procedure::Cutover, Procedure::Rollback, Procedure::Rehearsal] {
        let plan = world.rollout().plan(procedure).unwrap();
        assert!(plan.iter().all(|step| !step.would.is_empty()));
    }
    assert_eq!((world.read("state/journal.ndjson"), world.read("active.json")), before);
    assert!(!world.path("hooks.log").exists() && !world.path("state/backups").exists());
    let stop = world.rollout().plan(Procedure::Rollback).unwrap().remove(0).would;
    assert!(stop.starts_with("run `sh -c ") && stop.ends_with("for `v2`"), "{stop}");
}

#[test]
fn a_rehearsal_touches_copies_only_and_measures_the_rollback() {
    let world = World::new();
    world.rollout().staging().unwrap();
    let before = (world.read("active.json"), world.read("service.ini"));
    let rehearsed = world.rollout().rehearse().unwrap();
    assert_eq!((world.read("active.json"), world.read("service.ini")), before);
    assert_eq!((rehearsed.record.proven, rehearsed.record.forward), (true, true));
    assert_eq!(rehearsed.candidate, world.rollout().candidate().unwrap());
    assert!(!world.path("hooks.log").exists(), "the real hooks ran");
    let rollback = &rehearsed.report.steps[2];
    assert!(
        rollback
            .message
            .contains("`stop_candidate` skipped: the hook `stop` is not configured for rehearsals"),
        "{}",
        rollback.message
    );
    assert!(rehearsed.record.rollback_milliseconds <= rollback.milliseconds);
    assert_eq!(world.rollout().stage().unwrap(), Stage::Shadow);
}

#[test]
fn a_rehearsal_runs_its_own_hooks_on_the_copies() {
    let hooks = "  rehearsal_hooks:\n    start: {arguments: [sh, -c, 'echo \"$1\" >> rehearsed; \
                 printf changed > \"$2/file-0\"', hook, \"{version}\", \"{folder}\"]}\n";
    let world = World::with(&format!("{}{hooks}", crate::common::SETTINGS));
    world.rollout().staging().unwrap();
    // The start hook changes the configured file behind the proof's back, and so the proof must fail.
    let error = world.rollout().rehearse().unwrap_err().to_string();
    assert_eq!(world.read("rehearsed"), "v2\nv1\n");
    assert!(
        error.contains("file-0: expected what it was before the cutover, found other bytes or another mode"),
        "{error}"
    );
    assert_eq!(world.read("service.ini"), "v1");
}

/// A rehearsal that fails says more about the next rollback than one that went well before it.
#[rstest]
#[case::the_way_there("v2", false)]
#[case::the_way_back("v1", false)]
#[case::forward_again("twice", true)]
fn a_rehearsal_that_fails_is_evidence_too(#[case] fails_for: &str, #[case] proven: bool) {
    let script = match fails_for {
        "twice" => "test \"$1\" != v2 && exit 0; test ! -e \"$2/once\" && touch \"$2/once\"".to_owned(),
        name => format!("[ \"$1\" != {name} ]"),
    };
    let hooks = format!(
        "  rehearsal_hooks:\n    stop: {{arguments: [\"true\"]}}\n    start: {{arguments: [sh, -c, '{script}', hook, \
         \"{{version}}\", \"{{folder}}\"]}}\n"
    );
    let world = World::with(&format!("{}{hooks}", crate::common::SETTINGS));
    world.rollout().staging().unwrap();
    let error = world.rollout().rehearsed().unwrap_err();
    assert!(matches!(error, RolloutError::Failed(_)), "{error:?}");
    let rollout = world.rollout();
    let record = rollout.record().unwrap();
    let Some(Event::Recorded { kind, digest }) = record.entries.last().map(|entry| &entry.event) else {
        panic!("{:?}", record.entries.last())
    };
    assert_eq!(kind, "rehearsal");
    let Evidence::Rehearsal(found) = rollout.evidence().get(digest).unwrap().evidence else {
        panic!("{kind}")
    };
    assert_eq!((found.proven, found.forward), (proven, false));
    assert_eq!(found.baseline, rollout.baseline().unwrap());
}

#[test]
fn the_gate_opens_and_closes_again() {
    let world = World::new();
    world.ready();
    let advanced = world.rollout().advance(&GateVerdict::closed(["an approval lapsed"])).unwrap();
    assert_eq!(
        (advanced.to, advanced.message.as_str()),
        (Stage::Shadow, "the gate has closed: an approval lapsed")
    );
    assert_eq!(world.rollout().advance(&open()).unwrap().to, Stage::Ready);
    world.rollout().cutover(&request()).unwrap();
    world.rollout().rollback("test").unwrap();
    assert_eq!(world.rollout().advance(&GateVerdict::closed(["x"])).unwrap().to, Stage::Shadow);
}

#[test]
fn breaking_the_glass_is_written_down() {
    let world = World::new();
    world.rollout().staging().unwrap();
    let verdict = GateVerdict::closed(["no tie-out", "no rehearsal"]);
    let request =
        abaco_rollout::procedures::CutoverRequest { verdict, break_glass: Some("outage".to_owned()) };
    world.rollout().cutover(&request).unwrap();
    world.is_at(Stage::Monitoring, "v2");
    let record = world.rollout().record().unwrap();
    let broke = record.entries.iter().find(|entry| matches!(entry.event, Event::BrokeGlass { .. })).unwrap();
    let missing = vec!["no tie-out".to_owned(), "no rehearsal".to_owned()];
    assert_eq!(broke.event, Event::BrokeGlass { reason: "outage".to_owned(), missing });
}
