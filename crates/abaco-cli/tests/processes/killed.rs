//! A process that is killed, and the run after it.

use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use crate::common::{Sandbox, in_repository};
use crate::whole::{all_verify, all_whole, files, listed, nothing_half, visible};

const KILL: i32 = 9;

fn arguments() -> [String; 4] {
    ["run".to_owned(), in_repository("examples/data/rollout_1000.csv"), "--out".to_owned(), "runs".to_owned()]
}

fn run(sandbox: &Sandbox) -> Command {
    let arguments = arguments();
    let mut command = sandbox.command(&arguments.each_ref().map(String::as_str));
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// After a kill every visible run is whole; the next run ends well, clears away what was left, and has the same bytes.
fn recovers(sandbox: &Sandbox, reference: &Sandbox, when: &str) {
    all_whole(sandbox);
    let before = visible(&sandbox.path("runs"));
    let status = run(sandbox).status().unwrap();
    assert!(status.success(), "{when}: {status}");
    let runs = sandbox.path("runs");
    nothing_half(&runs);
    let after = visible(&runs);
    assert!(after.len() > before.len() && after.is_superset(&before), "{when}: {before:?}, {after:?}");
    let mut listed = listed(&runs);
    listed.sort();
    assert_eq!(listed, after.iter().cloned().collect::<Vec<_>>(), "{when}");
    let of_reference = visible(&reference.path("runs")).pop_first().unwrap();
    let expected = files(&reference.path("runs").join(of_reference));
    for run in &after {
        assert!(files(&runs.join(run)) == expected, "{when}: {run} has other bytes");
    }
    all_verify(sandbox);
}

fn reference() -> Sandbox {
    let reference = Sandbox::new();
    assert!(run(&reference).status().unwrap().success());
    reference
}

#[test]
fn at_any_moment() {
    let reference = reference();
    let mut killed = 0;
    for milliseconds in (0..120).step_by(8) {
        let sandbox = Sandbox::new();
        let mut child = run(&sandbox).spawn().unwrap();
        thread::sleep(Duration::from_millis(milliseconds));
        child.kill().unwrap();
        killed += usize::from(child.wait().unwrap().signal() == Some(KILL));
        recovers(&sandbox, &reference, &format!("killed after {milliseconds} ms"));
    }
    assert!(killed > 0, "every process ended before it was killed");
}

/// Whether calls can be tampered with here.
fn has_strace() -> bool {
    let traced =
        Command::new("strace").args(["-f", "-o", "/dev/null", "true"]).stderr(Stdio::null()).status();
    let works = traced.is_ok_and(|status| status.success());
    assert!(
        works || std::env::var("ABACO_STRACE").as_deref() != Ok("required"),
        "expected a strace that works, found none"
    );
    works
}

/// The system calls by which a run comes to be on the disk, each at its every occurrence until the process ends by itself.
#[test]
fn at_each_call() {
    if !has_strace() {
        eprintln!("skipped: no strace that works");
        return;
    }
    let reference = reference();
    let data = in_repository("examples/data/rollout_1000.csv");
    for (calls, step) in [
        ("fsync,fdatasync", 1),
        ("rename,renameat,renameat2", 1),
        ("write,pwrite64", 7),
        ("mkdir,mkdirat", 1),
        ("ftruncate", 1),
    ] {
        for when in (1..).step_by(step) {
            let sandbox = Sandbox::new();
            let mut command = Command::new("strace");
            command.args(["-f", "-qq", "-o", "/dev/null", "-e", &format!("trace={calls}")]);
            command.args(["-e", &format!("inject={calls}:signal=SIGKILL:when={when}")]);
            command.args([env!("CARGO_BIN_EXE_abaco"), "run", &data, "--out", "runs"]);
            command.current_dir(sandbox.path(".")).stdout(Stdio::null()).stderr(Stdio::null());
            let status = command.status().unwrap();
            recovers(&sandbox, &reference, &format!("killed at {calls} number {when}"));
            if status.signal() != Some(KILL) {
                assert!(status.success(), "{calls} number {when}: {status}");
                // One that does not occur at all has nothing to be killed at.
                assert!(when > 1 || calls == "ftruncate", "no {calls} was seen");
                break;
            }
        }
    }
}
