//! What recovery takes for the leavings of a killed process, and what it does not.

use abaco_pipeline::storage::{Failing, How};

use crate::common::{Desk, Toy, holds, publish};

/// The first kill after which the run is visible and the ledger does not know it.
fn killed_before_the_ledger() -> Desk {
    (1..)
        .find_map(|step| {
            let desk = Desk::with_old();
            let _killed = publish(&desk.on(Failing::at(step, How::Killed)), &Toy::of("new", "2025-11-30"));
            (desk.visible().len() == 2).then_some(desk)
        })
        .unwrap()
}

#[test]
fn a_run_that_was_complete_is_adopted() {
    let desk = killed_before_the_ledger();
    assert_eq!(desk.listed(), ["old"]);
    let staging = desk.runs().begin("next").unwrap();
    assert_eq!(staging.recovery().adopted, ["new"]);
    assert_eq!(desk.listed(), ["old", "new"]);
    assert_eq!(desk.runs().current().unwrap().unwrap().portfolios["factoring"].run_id, "new");
    holds(&desk.path("new"));
}

#[test]
fn a_run_that_was_damaged_meanwhile_is_not() {
    let desk = killed_before_the_ledger();
    std::fs::write(desk.path("new/kpis.json"), "{}").unwrap();
    let recovery = desk.runs().recover().unwrap();
    let reason = "kpis.json: truncated: expected 17 bytes, found 2".to_owned();
    assert_eq!(recovery.damaged, [("new".to_owned(), reason)]);
    assert_eq!(recovery.unlisted, ["new"]);
    assert_eq!(desk.listed(), ["old"]);
    assert!(desk.path("new/kpis.json").exists());
}

/// Only what a killed process left is adopted; whatever else looks like a run is named and left alone.
#[test]
fn a_copy_from_elsewhere_is_named_and_not_adopted() {
    let (desk, other) = (Desk::with_old(), Desk::new());
    publish(&other.runs(), &Toy::of("copy", "2025-12-31")).unwrap();
    std::fs::rename(other.path("copy"), desk.path("copy")).unwrap();
    let recovery = desk.runs().recover().unwrap();
    assert_eq!((recovery.adopted, recovery.unlisted), (vec![], vec!["copy".to_owned()]));
    assert_eq!(desk.listed(), ["old"]);
    let report = crate::common::look(&desk.path("copy"));
    let found: Vec<String> = report.problems.iter().map(ToString::to_string).collect();
    assert_eq!(found, ["LEDGER.ndjson: missing: expected an entry of the run `copy`, found none"]);
}

#[test]
fn a_run_whose_process_lives_is_let_be() {
    let desk = Desk::new();
    let living = desk.runs().begin("living").unwrap();
    living.write("kpis.json", b"{}").unwrap();
    assert_eq!(publish(&desk.runs(), &Toy::of("other", "2025-11-30")).unwrap().entry.seq, 1);
    assert!(living.folder().join("kpis.json").exists());
    let taken = desk.runs().begin("living").unwrap_err().to_string();
    assert!(taken.starts_with(&living.folder().display().to_string()), "{taken}");
    drop(living);
    assert_eq!(desk.names().0, [".lock", ".outbox"]);
}

/// Hidden things of other people stay, and a folder of a killed process without its lock goes.
#[test]
fn what_else_is_hidden() {
    let desk = Desk::with_old();
    std::fs::write(desk.path(".staging-left"), "a file").unwrap();
    std::fs::write(desk.path(".hidden"), "mine").unwrap();
    std::fs::create_dir(desk.path(".staging-not ours")).unwrap();
    std::fs::create_dir(desk.path(".staging-killed")).unwrap();
    std::fs::write(desk.path(".staging-killed/kpis.json"), "{").unwrap();
    let recovery = desk.runs().recover().unwrap();
    assert_eq!(recovery.removed, ["killed"]);
    assert_eq!(desk.names().0, [".hidden", ".lock", ".outbox", ".staging-left", ".staging-not ours"]);
    assert!(desk.runs().recover().unwrap().is_empty());
}
