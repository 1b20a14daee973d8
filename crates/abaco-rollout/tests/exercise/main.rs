//! A small candidate under load.

#![allow(clippy::unwrap_used, reason = "the helpers of a test stop the test")]

use std::path::Path;

use abaco_engine::AsOf;
use abaco_pipeline::Catalogue;
use abaco_rollout::evidence::ConcurrencyRecord;
use abaco_rollout::exercise::Exercise;
use abaco_rollout::version::Asked;

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

fn catalogue() -> Catalogue {
    let profiles = abaco_calculators::PROFILES.iter();
    profiles.fold(Catalogue::new(), |catalogue, profile| catalogue.profile(profile.id, profile.kpis()))
}

fn asked() -> Asked {
    let inputs = vec![root().join("examples/data/rollout_1000.csv")];
    Asked { inputs, tables: Vec::new(), as_of: AsOf::Single }
}

#[test]
fn what_is_measured_is_what_was_run() {
    let (asked, catalogue) = (asked(), catalogue());
    let exercise = Exercise::new(&root().join("config/pipeline.yml"), &asked, &catalogue).unwrap();
    assert_eq!(exercise.performance().unwrap().rows, 1000);
    assert_eq!(exercise.concurrency(8).unwrap(), ConcurrencyRecord { runs: 8, failed: 0, damaged: 0 });
    let soak = exercise.soak(12).unwrap();
    assert_eq!((soak.runs, soak.failed), (12, 0));
    assert_eq!(soak.memory_early_kib.is_some(), soak.memory_late_kib.is_some());
}

/// A tape that does not come fails the one run, and is counted in the others.
#[test]
fn runs_that_fail_are_counted() {
    let (mut asked, catalogue) = (asked(), catalogue());
    asked.inputs = vec![root().join("examples/data/none.csv")];
    let exercise = Exercise::new(&root().join("config/pipeline.yml"), &asked, &catalogue).unwrap();
    assert!(exercise.performance().unwrap_err().to_string().contains("none.csv"));
    assert_eq!(exercise.concurrency(3).unwrap(), ConcurrencyRecord { runs: 3, failed: 3, damaged: 0 });
    assert_eq!(exercise.soak(2).unwrap().failed, 2);
}
