#![allow(clippy::unwrap_used, reason = "the helpers of a test stop the test")]

use std::fs;
use std::path::Path;
use std::time::Duration;

use super::{ProgramOutput, ProgramSettings};
use crate::RolloutError;

fn run(
    arguments: &[&str],
    timeout_seconds: u64,
    folder: &Path,
    given: &[(&str, &str)],
) -> Result<ProgramOutput, RolloutError> {
    let arguments = arguments.iter().map(|argument| (*argument).to_owned()).collect();
    let given: Vec<(&str, String)> = given.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
    ProgramSettings { arguments, timeout_seconds }.run(folder, &given)
}

fn refusal(arguments: &[&str], given: &[(&str, &str)]) -> String {
    run(arguments, 60, Path::new("."), given).unwrap_err().to_string()
}

#[test]
fn both_outputs_are_captured() {
    let output = run(&["sh", "-c", "echo out; echo err >&2"], 60, Path::new(""), &[]).unwrap();
    assert_eq!((output.stdout.as_slice(), output.stderr.as_slice()), (&b"out\n"[..], &b"err\n"[..]));
}

/// More than a pipe holds, to both sides at once.
#[test]
fn a_lot_of_output_is_captured_whole() {
    let script = "i=0; while [ $i -lt 4000 ]; do echo 0123456789012345678901234567890123456789; \
                  echo 0123456789012345678901234567890123456789 >&2; i=$((i+1)); done";
    let output = run(&["sh", "-c", script], 60, Path::new("."), &[]).unwrap();
    assert_eq!((output.stdout.len(), output.stderr.len()), (4000 * 41, 4000 * 41));
}

#[test]
fn it_runs_in_its_folder_with_what_it_is_given() {
    let folder = tempfile::tempdir().unwrap();
    run(&["sh", "-c", "printf %s \"$ABACO_VERSION\" > seen"], 60, folder.path(), &[("version", "v2")])
        .unwrap();
    assert_eq!(fs::read_to_string(folder.path().join("seen")).unwrap(), "v2");
}

#[test]
fn no_shell_reads_the_arguments() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("kept"), "x").unwrap();
    let given = [("version", "a; rm kept; $(rm kept) {folder}")];
    let output = run(&["printf", "%s|", "{version}", "; rm kept", "*"], 60, folder.path(), &given).unwrap();
    assert_eq!(output.stdout, b"a; rm kept; $(rm kept) {folder}|; rm kept|*|");
    assert!(folder.path().join("kept").exists());
}

#[test]
fn what_makes_no_sense_is_refused() {
    let given = [("version", "v2"), ("pointer", "p")];
    assert_eq!(refusal(&[], &[]), "program ``: expected a program and its arguments, found an empty list");
    assert_eq!(
        refusal(&["echo", "--to={versoin}"], &given),
        "program `echo`: `--to={versoin}`: expected one of version, pointer, found `versoin`"
    );
    assert_eq!(
        refusal(&["echo", "{version"], &given),
        "program `echo`: `{version`: expected a closing brace"
    );
    assert!(
        refusal(&["no-such-program-of-abaco"], &[]).contains("`no-such-program-of-abaco`: not started: ")
    );
}

#[test]
fn the_exit_status_comes_with_the_end_of_what_it_said() {
    let message = refusal(&["sh", "-c", "echo first >&2; echo it is broken >&2; exit 3"], &[]);
    assert_eq!(message, "program `sh`: exit status: 3: first\nit is broken");
    let long = "printf '%0600d' 0 >&2; printf end >&2; exit 1";
    let message = refusal(&["sh", "-c", long], &[]);
    assert_eq!(message, format!("program `sh`: exit status: 1: {}end", "0".repeat(397)));
}

/// The child of the child is ended too: it never writes.
#[test]
fn the_whole_group_ends_when_the_time_is_over() {
    let folder = tempfile::tempdir().unwrap();
    let script = "sh -c 'echo $$ > child; exec sleep 600' & echo waiting >&2; wait";
    let error = run(&["sh", "-c", script], 1, folder.path(), &[]).unwrap_err();
    assert_eq!(error.to_string(), "program `sh`: did not end within 1 s: waiting");
    let child: i32 = fs::read_to_string(folder.path().join("child")).unwrap().trim().parse().unwrap();
    let child = rustix::process::Pid::from_raw(child).unwrap();
    // Whoever adopts it may take a moment to bury it.
    let gone = (0..1000).any(|_| {
        std::thread::sleep(Duration::from_millis(5));
        let state = fs::read_to_string(format!("/proc/{}/stat", child.as_raw_nonzero()));
        let dead = |stat: String| stat.rsplit(") ").next().is_some_and(|rest| rest.starts_with('Z'));
        rustix::process::test_kill_process(child).is_err() || state.is_ok_and(dead)
    });
    assert!(gone, "the child of the program still runs");
}

/// A service that a hook starts keeps the hook's outputs open.
#[test]
fn what_is_left_running_does_not_hold_the_caller() {
    let folder = tempfile::tempdir().unwrap();
    let script =
        "sh -c 'echo $$ > child; exec sleep 600' & while [ ! -s child ]; do sleep 0.01; done; echo begun";
    let output = run(&["sh", "-c", script], 60, folder.path(), &[]).unwrap();
    assert_eq!(output.stdout, b"begun\n");
    let child: i32 = fs::read_to_string(folder.path().join("child")).unwrap().trim().parse().unwrap();
    let child = rustix::process::Pid::from_raw(child).unwrap();
    rustix::process::test_kill_process(child).unwrap();
    rustix::process::kill_process(child, rustix::process::Signal::KILL).unwrap();
}

#[test]
fn whoever_writes_without_end_is_ended() {
    assert_eq!(
        refusal(&["yes"], &[]),
        "program `yes`: expected at most 67108864 bytes of output, found more"
    );
}
