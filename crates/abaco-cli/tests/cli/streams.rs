//! Standard output, standard error and colours.

use std::io::pipe;
use std::process::Stdio;

use crate::common::{Answer, Sandbox, slices};

fn tape() -> Sandbox {
    Sandbox::with("tape.csv", slices(&["1,2,3,100,50,5"]))
}

/// The writing end of a pipe whose reader is gone, as after `| head -1`.
fn gone() -> Stdio {
    let (reader, writer) = pipe().unwrap();
    drop(reader);
    writer.into()
}

#[test]
fn a_reader_that_went_away_is_no_error() {
    let sandbox = tape();
    for args in [
        &["run", "tape.csv"][..],
        &["run", "tape.csv", "--format", "json"],
        &["kpis"],
        &["kpis", "--format", "json"],
    ] {
        let output = sandbox.command(args).stdout(gone()).output().unwrap();
        let answer = Answer::from(output);
        assert_eq!((answer.status, answer.stderr.as_str()), (0, ""), "{args:?}");
    }
}

#[test]
fn a_reader_that_went_away_does_not_change_the_exit_status() {
    let sandbox = Sandbox::with("tape.csv", slices(&["8,0,0,100,50,5"]));
    let output =
        sandbox.command(&["run", "tape.csv", "--fail-on", "critical"]).stdout(gone()).output().unwrap();
    assert_eq!(output.status.code(), Some(4));
    sandbox.published();
}

/// Whoever does not take what is said still gets the exit status.
fn unsaid(stderr: impl Fn() -> Stdio) {
    let sandbox = tape();
    for (args, status) in [
        (&["run", "nowhere.csv"][..], 3),
        (&["run", "tape.xlsx"], 2),
        (&["run", "tape.csv", "--fail-on", "warning"], 4),
        (&["kpis", "--profile", "v3"], 2),
    ] {
        let output = sandbox.command(args).stderr(stderr()).output().unwrap();
        assert_eq!(output.status.code(), Some(status), "{args:?}");
    }
}

#[test]
fn an_error_that_nobody_reads() {
    unsaid(gone);
}

#[cfg(target_os = "linux")]
#[test]
fn an_error_that_finds_no_room() {
    unsaid(|| std::fs::File::options().write(true).open("/dev/full").unwrap().into());
}

#[cfg(target_os = "linux")]
#[test]
fn a_standard_output_that_is_full_is_an_error() {
    let sandbox = tape();
    for args in [&["run", "tape.csv"][..], &["kpis", "--format", "json"]] {
        let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
        let answer = Answer::from(sandbox.command(args).stdout(full).output().unwrap()).status(1);
        assert_eq!(answer.stderr, "error: standard output: No space left on device (os error 28)\n");
    }
    // The result was published before it was printed.
    sandbox.published();
}

#[test]
fn colours_only_where_they_are_shown() {
    let sandbox = tape();
    let plain = sandbox.abaco(&["run", "tape.csv"]).silent().stdout;
    assert!(!plain.contains('\u{1b}'), "{plain}");
    let forced = sandbox.command(&["run", "tape.csv"]).env("CLICOLOR_FORCE", "1").output().unwrap();
    let forced = String::from_utf8(forced.stdout).unwrap();
    // Yellow for the warning of PAR30, green for the collection rate.
    assert!(forced.contains("\u{1b}[33mwarning\u{1b}[0m"), "{forced}");
    assert!(forced.contains("\u{1b}[32mok\u{1b}[0m"), "{forced}");
}

#[test]
fn json_has_no_colours_even_where_they_are_forced() {
    let sandbox = tape();
    let args = ["run", "tape.csv", "--format", "json", "--fail-on", "warning"];
    let forced = Answer::from(sandbox.command(&args).env("CLICOLOR_FORCE", "1").output().unwrap()).status(4);
    assert!(!forced.stdout.contains('\u{1b}'), "{}", forced.stdout);
    assert_eq!(forced.json()["schema_version"], 1);
    // The word about the threshold stands on the other stream.
    assert_eq!(forced.stderr, "a KPI is warning\n");
}
