//! Inputs that lie elsewhere and do not come.

use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;

use abaco_pipeline::fetch::{Fetch, FetchError};
use abaco_pipeline::{ErrorKind, RunOptions, RunRequest, Watch};

use crate::common::{Desk, names, runs};

struct Refusing;

impl Fetch for Refusing {
    fn fetch(&self, _: &str, into: &mut dyn Write, _: &Watch) -> Result<(), FetchError> {
        into.write_all(b"half a tape").map_err(|error| FetchError::lasting(error.to_string()))?;
        Err(FetchError::lasting("status 503"))
    }
}

#[test]
fn a_tape_that_does_not_come_is_a_recorded_failure_without_secrets() {
    let desk = Desk::new();
    let request = RunRequest {
        inputs: vec![PathBuf::from("https://user:hush@example.org/tape.csv?token=hush")],
        ..desk.request()
    };
    let options = RunOptions { fetch: Some(Arc::new(Refusing)), ..RunOptions::default() };
    let error = desk.pipeline().run_with(&request, &options).unwrap_err();
    assert_eq!(error.to_string(), "https://example.org/tape.csv: status 503");
    assert_eq!(error.kind(), ErrorKind::Data);
    assert_eq!(runs(&desk.path("runs")), Vec::<String>::new());

    let failed = names(&desk.path("runs/.failed"));
    assert_eq!(failed.len(), 1);
    let folder = desk.path("runs/.failed").join(&failed[0]);
    let mut all = String::new();
    for name in names(&folder) {
        all += &std::fs::read_to_string(folder.join(name)).unwrap();
    }
    assert!(all.contains("https://example.org/tape.csv: status 503"), "{all}");
    assert!(!all.contains("hush"), "{all}");
}

/// Whoever asks for what makes no sense has not failed a run.
#[test]
fn an_address_without_anybody_to_fetch_it_leaves_nothing() {
    let desk = Desk::new();
    let request =
        RunRequest { inputs: vec![PathBuf::from("https://example.org/tape.csv")], ..desk.request() };
    let error = desk.pipeline().run(&request).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Usage);
    assert!(!desk.path("runs").exists());
}
