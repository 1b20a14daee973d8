//! Calls that make no sense, and outputs that cannot be written.

use rstest::rstest;

use crate::common::{Sandbox, slices};

fn tape() -> Sandbox {
    Sandbox::with("tape.csv", slices(&["1,2,3,100,50,5"]))
}

#[rstest]
#[case("tape.xlsx", "`.xlsx`")]
#[case("tape", "no extension")]
#[case(".csv", "no extension")]
#[case("tape.xlsx.gz", "`.xlsx.gz`")]
#[case("tape.gz", "`.gz`")]
fn an_unknown_extension(#[case] name: &str, #[case] found: &str) {
    Sandbox::with(name, slices(&["1,2,3,100,50,5"])).refuses(
        &["run", name],
        2,
        &format!("{name}: expected a file ending in .csv, .jsonl, .ndjson, .parquet, .arrow, .ipc or .feather, found {found}"),
    );
}

#[rstest]
#[case(&["run"], "the following required arguments were not provided:\n  <INPUT>...\n")]
#[case(&["run", "tape.csv", "--asof", "latest"], "unexpected argument '--asof' found\n")]
#[case(&["run", "tape.csv", "--format", "xml"], "invalid value 'xml' for '--format <FORMAT>'\n")]
#[case(&["run", "tape.csv", "--fail-on", "ok"], "invalid value 'ok' for '--fail-on <FAIL_ON>'\n")]
#[case(&["run", "tape.csv", "--out", ""], "a value is required for '--out <DIR>' but none was supplied\n")]
#[case(&["run", "tape.csv", "--out", "a", "--out", "b"], "the argument '--out <DIR>' cannot be used multiple times\n")]
#[case(&["run", ""], "a value is required for '<INPUT>...' but none was supplied\n")]
#[case(&["kpis", "tape.csv"], "unexpected argument 'tape.csv' found\n")]
#[case(&["runs"], "unrecognized subcommand 'runs'\n")]
fn arguments(#[case] args: &[&str], #[case] message: &str) {
    tape().refuses_with(args, 2, message);
}

#[test]
fn help_and_version_are_no_errors() {
    let sandbox = Sandbox::new();
    for args in [&["--help"][..], &["run", "--help"], &["kpis", "--help"], &["--version"]] {
        let answer = sandbox.abaco(args).silent();
        assert!(!answer.stdout.is_empty(), "{args:?}");
    }
    assert_eq!(sandbox.abaco(&["--version"]).stdout, format!("abaco {}\n", env!("CARGO_PKG_VERSION")));
}

/// The run is refused whole; neither the file in the way nor anything else changes.
#[rstest]
#[case("out", "File exists (os error 17)")]
#[case("out/runs", "Not a directory (os error 20)")]
fn a_file_in_place_of_the_output_folder(#[case] out: &str, #[case] reason: &str) {
    let sandbox = tape();
    sandbox.write("out", "mine");
    sandbox.refuses(&["run", "tape.csv", "--out", out], 1, &format!("{out}: {reason}"));
    assert_eq!(std::fs::read_to_string(sandbox.path("out")).unwrap(), "mine");
}

#[cfg(unix)]
#[test]
fn an_output_folder_that_leads_nowhere() {
    let sandbox = tape();
    std::os::unix::fs::symlink("nowhere", sandbox.path("out")).unwrap();
    sandbox.refuses(&["run", "tape.csv", "--out", "out"], 1, "out: File exists (os error 17)");
}
