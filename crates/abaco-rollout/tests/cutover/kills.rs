//! A fault at every step that is written, of every procedure.

use std::io::ErrorKind;

use abaco_pipeline::storage::{Failing, How};
use abaco_rollout::stage::Stage;
use abaco_rollout::{Rollout, RolloutError};

use crate::common::{World, request};

type Act = fn(&Rollout) -> Result<Stage, RolloutError>;

const WAYS: [How; 3] = [How::Killed, How::TornWrite, How::Error(ErrorKind::StorageFull)];

fn staging(rollout: &Rollout) -> Result<Stage, RolloutError> {
    rollout.staging().map(|report| report.stage)
}

fn cutover(rollout: &Rollout) -> Result<Stage, RolloutError> {
    rollout.cutover(&request()).map(|report| report.stage)
}

fn forward(rollout: &Rollout) -> Result<Stage, RolloutError> {
    rollout.forward(&request()).map(|report| report.stage)
}

fn rollback(rollout: &Rollout) -> Result<Stage, RolloutError> {
    rollout.rollback("test").map(|report| report.stage)
}

fn rehearse(rollout: &Rollout) -> Result<Stage, RolloutError> {
    rollout.rehearse().map(|rehearsed| rehearsed.report.stage)
}

/// Lets every step of a procedure fail in every way, holds what is then there against what must always hold, and goes on
/// from there.
fn at_every_step(prepare: fn(&World), act: Act, go_on: impl Fn(&World)) {
    at_steps(prepare, act, 1, go_on);
}

/// As [`at_every_step`], of which only every so many are torn or answered with an error.
fn at_steps(prepare: fn(&World), act: Act, stride: usize, go_on: impl Fn(&World)) {
    let world = World::new();
    prepare(&world);
    let counting = Failing::never();
    act(&world.rollout_on(counting.clone())).unwrap();
    let steps = counting.steps();
    assert!(steps > 20, "{steps}");
    for how in WAYS {
        for step in (1..=steps).step_by(if how == How::Killed { 1 } else { stride }) {
            let world = World::new();
            prepare(&world);
            let storage = Failing::at(step, how);
            let result = act(&world.rollout_on(storage.clone()));
            assert!(storage.has_failed(), "{how:?} at {step}: not reached");
            let place = format!("{how:?} at {step} of {steps}: {result:?}");
            assert!(result.is_err(), "{place}");
            // Exactly one version is active, and the configured file is wholly the one or the other.
            let active = world.active();
            assert!(["v1", "v2"].contains(&world.read("service.ini").as_str()), "{place}");
            let status = world.rollout().status().unwrap_or_else(|error| panic!("{place}: {error}"));
            assert_eq!(status.active.as_deref(), Some(active.as_str()), "{place}");
            assert!(status.next.contains("abaco rollout "), "{place}: {}", status.next);
            println!("{place}: {} {active}: {}", status.stage, status.next);
            go_on(&world);
        }
    }
}

/// Asks for the candidate until it is official: by the same command, or forward if it was rolled back.
fn candidate_takes_over(world: &World) {
    let again = |act: Act| act(&world.rollout());
    let status = world.rollout().status().unwrap();
    if status.stage == Stage::Monitoring && status.procedure.is_none() {
        // The fault came behind the last byte.
        return world.is_at(Stage::Monitoring, "v2");
    }
    let first = if world.rollout().stage().unwrap() == Stage::RolledBack { forward } else { cutover };
    if let Err(error) = again(first) {
        // What had failed was undone, or was undone just now.
        assert_eq!(world.rollout().stage().unwrap(), Stage::RolledBack, "{error}");
        assert_eq!(world.rollout().status().unwrap().proven, Some(true), "{error}");
        world.is_at(Stage::RolledBack, "v1");
        again(forward).unwrap();
    }
    world.is_at(Stage::Monitoring, "v2");
}

/// Asks for the baseline; if nothing has changed yet, that is said.
fn baseline_is_back(world: &World) {
    let before = world.rollout().stage().unwrap();
    match rollback(&world.rollout()) {
        Ok(stage) => world.is_at(stage, "v1"),
        Err(RolloutError::Refused(message)) => {
            assert!(matches!(before, Stage::Ready | Stage::RolledBack), "{message}");
            world.is_at(before, "v1");
        }
        Err(error) => panic!("{error}"),
    }
    candidate_takes_over(world);
}

#[test]
fn of_a_cutover_then_repeated() {
    at_every_step(World::ready, cutover, candidate_takes_over);
}

#[test]
fn of_a_cutover_then_undone() {
    at_every_step(World::ready, cutover, baseline_is_back);
}

#[test]
fn of_going_forward() {
    // The steps of a cutover once more.
    at_steps(World::rolled_back, forward, 5, candidate_takes_over);
}

#[test]
fn of_a_rollback() {
    at_every_step(World::monitoring, rollback, |world| {
        if let Err(error) = rollback(&world.rollout()) {
            // It had come to its end.
            assert!(matches!(error, RolloutError::Refused(_)), "{error}");
        }
        world.is_at(Stage::RolledBack, "v1");
        assert_eq!(world.rollout().status().unwrap().proven, Some(true));
        forward(&world.rollout()).unwrap();
        world.is_at(Stage::Monitoring, "v2");
    });
}

#[test]
fn of_staging() {
    at_every_step(
        |_| {},
        staging,
        |world| {
            assert_eq!(world.active(), "v1");
            staging(&world.rollout()).unwrap();
            world.is_at(Stage::Shadow, "v1");
        },
    );
}

#[test]
fn of_a_rehearsal() {
    let prepare = |world: &World| {
        world.rollout().staging().unwrap();
    };
    // It consists of the procedures above, each of which fails in every way at every step of its own.
    at_steps(prepare, rehearse, 9, |world| {
        assert_eq!((world.active(), world.rollout().stage().unwrap()), ("v1".to_owned(), Stage::Shadow));
        rehearse(&world.rollout()).unwrap();
        world.is_at(Stage::Shadow, "v1");
    });
}
