//! Hooks and smoke runs that fail.

use std::fs;

use abaco_rollout::ErrorKind;
use abaco_rollout::stage::Stage;

use crate::common::{World, request};

/// The cutover fails with this, and the rollback that follows by itself is proven.
#[track_caller]
fn undone(world: &World, message: &str) {
    let error = world.rollout().cutover(&request()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Failed);
    let error = error.to_string();
    assert!(error.starts_with(&format!("cutover: {message}")), "{error}");
    assert!(error.contains("; rolled back: `v1` is active and proven, in "), "{error}");
    world.is_at(Stage::RolledBack, "v1");
    assert_eq!(world.rollout().status().unwrap().proven, Some(true));
}

#[test]
fn a_baseline_that_does_not_stop_is_started_again() {
    let world = World::new();
    world.ready();
    world.write("fail-stop-v1", "");
    undone(&world, "program `sh`: exit status: 1");
    assert_eq!(world.read("hooks.log"), "stop v1\nstart v1\n");
}

#[test]
fn a_candidate_that_does_not_start_is_stopped() {
    let world = World::new();
    world.ready();
    world.write("fail-start-v2", "");
    undone(&world, "program `sh`: exit status: 1");
    assert_eq!(world.read("hooks.log"), "stop v1\nstart v2\nstop v2\nstart v1\n");
    fs::remove_file(world.path("fail-start-v2")).unwrap();
    world.rollout().forward(&request()).unwrap();
    world.is_at(Stage::Monitoring, "v2");
}

#[test]
fn a_candidate_without_values_is_undone() {
    let world = World::new();
    world.ready();
    world.gives("v2", None);
    undone(&world, "`v2` has no values today");
}

#[test]
fn a_baseline_without_values_is_noticed_before_anything_changes() {
    let world = World::new();
    world.ready();
    world.gives("v1", None);
    let error = world.rollout().cutover(&request()).unwrap_err().to_string();
    assert_eq!(error, "cutover: `v1` has no values today; nothing was changed");
    world.is_at(Stage::Ready, "v1");
    world.gives("v1", Some("2.21"));
    world.rollout().cutover(&request()).unwrap();
}

/// Success is never claimed: the baseline is active, the proof failed, and both are said until the proof holds.
#[test]
fn a_rollback_whose_smoke_run_gives_other_values_is_not_proven() {
    let world = World::new();
    world.monitoring();
    world.gives("v1", Some("2.22"));
    let error = world.rollout().rollback("variance").unwrap_err().to_string();
    assert_eq!(
        error,
        "rolled back: `v1` is active, but not proven: smoke run: `par_30`: expected 2.21, as last good, found 2.22"
    );
    world.is_at(Stage::RolledBack, "v1");
    let status = world.rollout().status().unwrap();
    assert_eq!(status.proven, Some(false));
    assert_eq!(status.next, "the rollback is not proven: `abaco rollout rollback` tries again");
    let error = world.rollout().forward(&request()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Refused);
    assert_eq!(
        error.to_string(),
        "cutover: expected a rollback that is proven, found one that is not: repeat it"
    );
    world.gives("v1", Some("2.21"));
    world.rollout().rollback("again").unwrap();
    assert_eq!(world.rollout().status().unwrap().proven, Some(true));
    world.rollout().forward(&request()).unwrap();
}

#[test]
fn a_hook_that_fails_does_not_keep_the_baseline_from_being_restored() {
    let world = World::new();
    world.monitoring();
    world.write("fail-stop-v2", "");
    let error = world.rollout().rollback("variance").unwrap_err().to_string();
    assert!(
        error.starts_with("rolled back: `v1` is active, but not proven: program `sh`: exit status: 1"),
        "{error}"
    );
    world.is_at(Stage::RolledBack, "v1");
    fs::remove_file(world.path("fail-stop-v2")).unwrap();
    world.rollout().rollback("again").unwrap();
    assert_eq!(world.rollout().status().unwrap().proven, Some(true));
}

/// What the backup lost cannot be proven, but which version is active does not depend on it.
#[test]
fn a_damaged_backup_is_named_and_the_pointer_is_restored_all_the_same() {
    for name in ["file-0", "manifest.json"] {
        let world = World::new();
        world.monitoring();
        let began = world.rollout().record().unwrap().standing.cutover.unwrap().began;
        world.write(&format!("state/backups/{began}/{name}"), "something else");
        let error = world.rollout().rollback("variance").unwrap_err().to_string();
        assert!(error.contains("but not proven") && error.contains(name), "{error}");
        assert_eq!(world.active(), "v1");
        assert_eq!(world.rollout().status().unwrap().proven, Some(false));
    }
}

#[test]
fn a_file_that_loses_its_mode_is_not_what_it_was() {
    use std::os::unix::fs::PermissionsExt;

    let mode = |world: &World| fs::metadata(world.path("service.ini")).unwrap().permissions().mode() & 0o777;
    let world = World::new();
    fs::set_permissions(world.path("service.ini"), fs::Permissions::from_mode(0o640)).unwrap();
    world.monitoring();
    fs::set_permissions(world.path("service.ini"), fs::Permissions::from_mode(0o600)).unwrap();
    // The start hook replaces the file once more, with the mode of a new one.
    world.write(
        "rollout.yml",
        &crate::common::SETTINGS.replace("printf %s \"$1\" > s.tmp && mv s.tmp service.ini; ", ""),
    );
    world.rollout().rollback("test").unwrap();
    assert_eq!(mode(&world), 0o640);
}
