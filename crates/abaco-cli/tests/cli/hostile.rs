//! Input that nobody means well.

use rstest::rstest;

use crate::common::{SLICES, Sandbox, exact, outcome, slices};

fn exact_par_30(bytes: impl AsRef<[u8]>) -> (String, String) {
    let sandbox = Sandbox::with("tape.csv", bytes);
    let document = sandbox.abaco(&["run", "tape.csv", "--format", "json"]).silent().json();
    let (_, numerator, denominator) = exact(&document, "par_30");
    (numerator.to_owned(), denominator.to_owned())
}

/// Line ends, a byte order mark, quotes, blank lines and odd headers do not change a number.
#[rstest]
#[case(format!("{SLICES}\r\n1,2,3,100,50,5\r\n"))]
#[case(format!("\u{feff}{SLICES}\r\n1,2,3,100,50,5"))]
#[case(format!("{SLICES}\n\n\n1,2,3,100,50,5\n\n"))]
#[case(format!("{SLICES},note\n1,2,3,100,50,5,\"a\nb,\"\"c\"\"\n\"\n"))]
#[case(format!("{},größe,名前,\n1,2,3,100,50,5,x,y,z\n", SLICES.to_uppercase()))]
#[case(format!("\"{}\"\n\" 1 \",\"2\",\t3,100,50,5\n", SLICES.replace(',', "\",\"")))]
#[case(format!("{SLICES}\n1e0,2E+0,+3,1e2,50.000,5\n"))]
fn the_same_tape(#[case] text: String) {
    assert_eq!(exact_par_30(text), ("6".to_owned(), "100".to_owned()));
}

#[test]
fn a_negative_zero_is_zero() {
    let sandbox = Sandbox::with("tape.csv", slices(&["-0,-0.0,-0e5,100,50,5"]));
    let document = sandbox.abaco(&["run", "tape.csv", "--format", "json"]).silent().json();
    assert_eq!(outcome(&document, "par_30"), (Some("0.00"), "value", None, "ok"));
    assert!(!document.to_string().contains("\"-0"), "{document}");
}

/// Separated by tabs or semicolons, the whole header is one name: nothing can be computed, and nothing is.
#[rstest]
#[case("\t")]
#[case(";")]
fn another_separator_gives_no_numbers(#[case] separator: &str) {
    let sandbox = Sandbox::with("tape.csv", slices(&["1,2,3,100,50,5"]).replace(',', separator));
    let answer = sandbox.abaco(&["run", "tape.csv", "--format", "json"]);
    assert_eq!(answer.status, 0);
    assert!(answer.stderr.starts_with("no KPI is available on this tape; "), "{}", answer.stderr);
    assert_eq!(outcome(&answer.json(), "par_30").1, "unavailable");
}

#[test]
fn too_many_columns() {
    let header = (0..100_000).map(|index| format!("c{index}")).collect::<Vec<_>>().join(",");
    Sandbox::with("tape.csv", header).refuses(
        &["run", "tape.csv"],
        3,
        "tape.csv: header: expected at most 16384 columns, found 100000",
    );
}

#[rstest]
#[case("", 0, 1)]
#[case("dpd_90_plus_usd\n1\n", 2, 3)]
fn a_line_without_end(#[case] before: &str, #[case] row: u64, #[case] line: u64) {
    let mut text = before.as_bytes().to_vec();
    text.resize(text.len() + (17 << 20), b'1');
    Sandbox::with("tape.csv", text).refuses(
        &["run", "tape.csv"],
        3,
        &format!(
            "tape.csv: row {row} (line {line}): expected at most 16777216 bytes, found more; \
             is a quote left open?"
        ),
    );
}

/// A header is as little allowed to write over a terminal as a cell is.
#[test]
fn a_header_stays_on_its_line() {
    Sandbox::with("tape.csv", "\"a\u{1b}[2J\nerror: b\",\"A\u{1b}[2J\nerror: b\"\n1,2\n").refuses(
        &["run", "tape.csv"],
        3,
        "tape.csv: header `a\\u{1b}[2j\\nerror: b`: expected once, found in columns 1 and 2",
    );
}

#[cfg(unix)]
mod unix {
    use std::io::Write;
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;
    use crate::common::Answer;

    #[test]
    fn a_loop_of_links() {
        let sandbox = Sandbox::new();
        symlink("tape.csv", sandbox.path("tape.csv")).unwrap();
        let message = "tape.csv: Too many levels of symbolic links (os error 40)";
        sandbox.refuses(&["run", "tape.csv"], 3, message);
    }

    #[test]
    fn a_link_to_a_tape_is_a_tape() {
        let sandbox = Sandbox::with("real", slices(&["1,2,3,100,50,5"]));
        symlink("real", sandbox.path("tape.csv")).unwrap();
        sandbox.abaco(&["run", "tape.csv"]).silent();
    }

    /// A tape is opened more than once: what gives its bytes only once would be read in part.
    #[rstest]
    #[case("/dev/zero")]
    #[case("/dev/null")]
    fn a_device(#[case] device: &str) {
        let sandbox = Sandbox::new();
        symlink(device, sandbox.path("tape.csv")).unwrap();
        let message = "tape.csv: expected a regular file, found something else";
        sandbox.refuses(&["run", "tape.csv"], 3, message);
    }

    #[test]
    fn a_pipe() {
        let sandbox = Sandbox::new();
        symlink("/dev/stdin", sandbox.path("tape.csv")).unwrap();
        let (reader, mut writer) = std::io::pipe().unwrap();
        writer.write_all(slices(&["1,2,3,100,50,5"]).as_bytes()).unwrap();
        drop(writer);
        let answer = Answer::from(sandbox.command(&["run", "tape.csv"]).stdin(reader).output().unwrap());
        assert_eq!(answer.stderr, "error: tape.csv: expected a regular file, found something else\n");
        assert_eq!(answer.status, 3);
        assert_eq!(crate::common::runs(&sandbox.path("runs")), Vec::<std::path::PathBuf>::new());
    }

    /// A run is as open as the process's own mask allows, and no wider.
    #[rstest]
    #[case("077", 0o700)]
    #[case("027", 0o750)]
    #[case("022", 0o755)]
    #[case("002", 0o775)]
    fn the_mask_of_the_process(#[case] mask: &str, #[case] mode: u32) {
        let sandbox = Sandbox::with("tape.csv", slices(&["1,2,3,100,50,5"]));
        shell(&sandbox, &format!("umask {mask}; exec \"$0\" run tape.csv")).silent();
        let folder = sandbox.published();
        let found = std::fs::metadata(&folder).unwrap().permissions().mode() & 0o7777;
        assert_eq!(format!("{found:o}"), format!("{mode:o}"));
    }

    fn shell(sandbox: &Sandbox, script: &str) -> Answer {
        Answer::from(started(sandbox, script))
    }

    /// `sh` with the command as `$0`, in the sandbox.
    fn started(sandbox: &Sandbox, script: &str) -> std::process::Output {
        std::process::Command::new("sh")
            .args(["-c", script, env!("CARGO_BIN_EXE_abaco")])
            .current_dir(sandbox.path(""))
            .output()
            .unwrap()
    }

    /// A file may grow to 4 KiB only, so writing the result fails in its middle.
    #[test]
    fn a_write_that_fails_in_its_middle_leaves_nothing() {
        let sandbox = Sandbox::with("tape.csv", slices(&["1,2,3,100,50,5"]));
        let answer =
            shell(&sandbox, "trap '' XFSZ; ulimit -f 8; exec \"$0\" run tape.csv --format json").status(1);
        assert_eq!(answer.stdout, "");
        assert!(answer.stderr.contains("runs/.staging-"), "{}", answer.stderr);
        assert!(answer.stderr.ends_with("/kpis.json: File too large (os error 27)\n"), "{}", answer.stderr);
        assert_eq!(crate::common::runs(&sandbox.path("runs")), Vec::<std::path::PathBuf>::new());
    }

    /// The same limit, and the signal kills the process.
    #[test]
    fn a_killed_run_is_not_visible_and_a_rerun_finishes() {
        use std::os::unix::process::ExitStatusExt;

        let sandbox = Sandbox::with("tape.csv", slices(&["1,2,3,100,50,5"]));
        let output = started(&sandbox, "ulimit -c 0; ulimit -f 8; exec \"$0\" run tape.csv");
        assert!(output.status.signal().is_some(), "{output:?}");
        let visible = || -> Vec<_> {
            let names = crate::common::runs(&sandbox.path("runs")).into_iter();
            names.filter(|path| !path.file_name().unwrap().to_string_lossy().starts_with('.')).collect()
        };
        assert_eq!(visible(), Vec::<std::path::PathBuf>::new());
        sandbox.abaco(&["run", "tape.csv"]).silent();
        assert_eq!(visible().len(), 1);
    }
}
