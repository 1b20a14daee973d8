//! A folder of one's own, the command in it, and what came out.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

/// The header of a slice tape that serves the four KPIs of the seed.
pub(crate) const SLICES: &str =
    "dpd_30_60_usd,dpd_60_90_usd,dpd_90_plus_usd,total_receivable_usd,total_eligible_usd,cash_available_usd";

/// A slice tape of these rows.
pub(crate) fn slices(rows: &[&str]) -> String {
    std::iter::once(&SLICES).chain(rows).map(|line| format!("{line}\n")).collect()
}

/// The root of the repository.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// A file of the repository as an argument.
pub(crate) fn in_repository(path: &str) -> String {
    root().join(path).display().to_string()
}

/// The temporary folder in which one test runs the command; runs go to `runs` in it.
pub(crate) struct Sandbox(TempDir);

impl Sandbox {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// A sandbox with one file.
    pub(crate) fn with(name: &str, bytes: impl AsRef<[u8]>) -> Self {
        let sandbox = Self::new();
        sandbox.write(name, bytes);
        sandbox
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Writes a file and the folders that it needs.
    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }

    /// Copies the configuration for slice tapes to `cfg/`, with more lines in `cfg/pipeline.yml`.
    pub(crate) fn configure(&self, more: &str) {
        for name in ["kpi_definitions.yml", "contracts/factoring_slices.yml"] {
            self.write(&format!("cfg/{name}"), std::fs::read(root().join("config").join(name)).unwrap());
        }
        self.write(
            "cfg/pipeline.yml",
            format!(
                "version: 1\nportfolio: factoring\ncontract: contracts/factoring_slices.yml\n\
                 definitions: kpi_definitions.yml\n{more}\n"
            ),
        );
    }

    /// Replaces text in a file that has it.
    pub(crate) fn replace(&self, name: &str, from: &str, to: &str) {
        let text = std::fs::read_to_string(self.path(name)).unwrap();
        assert!(text.contains(from), "{name} has no `{from}`");
        self.write(name, text.replace(from, to));
    }

    /// The command in this folder, away from what the environment says about colours and threads.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_abaco"));
        command.args(args).current_dir(self.0.path());
        for name in ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "RAYON_NUM_THREADS", "RUST_BACKTRACE"] {
            command.env_remove(name);
        }
        command
    }

    pub(crate) fn abaco(&self, args: &[&str]) -> Answer {
        Answer::from(self.command(args).output().unwrap())
    }

    /// The one run that was published, after a check that nothing else lies in `runs`.
    pub(crate) fn published(&self) -> PathBuf {
        let found = runs(&self.path("runs"));
        assert_eq!(found.len(), 1, "{found:?}");
        found.into_iter().next().unwrap()
    }

    /// Every path below this folder, hidden ones included.
    pub(crate) fn everything(&self) -> BTreeSet<PathBuf> {
        let mut found = BTreeSet::new();
        let mut folders = vec![self.0.path().to_path_buf()];
        while let Some(folder) = folders.pop() {
            for path in entries(&folder) {
                if path.is_dir() && !path.is_symlink() {
                    folders.push(path.clone());
                }
                found.insert(path);
            }
        }
        found
    }

    /// The command ends with this status and this error, prints nothing else and leaves nothing behind.
    #[track_caller]
    pub(crate) fn refuses(&self, args: &[&str], status: i32, message: &str) {
        let stderr = self.refusal(args, status);
        assert_eq!(stderr, format!("error: {message}\n"));
    }

    /// As `refuses`, for messages whose end lists what later versions may add to.
    #[track_caller]
    pub(crate) fn refuses_with(&self, args: &[&str], status: i32, beginning: &str) {
        let stderr = self.refusal(args, status);
        assert!(stderr.starts_with(&format!("error: {beginning}")), "{stderr}");
    }

    #[track_caller]
    fn refusal(&self, args: &[&str], status: i32) -> String {
        let before = self.everything();
        let answer = self.abaco(args);
        assert_eq!((answer.status, answer.stdout.as_str()), (status, ""), "{}", answer.stderr);
        let mut after = self.everything();
        if [1, 3].contains(&status) {
            // The record of a failed run, and the lock of those who write there.
            let of_failures = |path: &PathBuf| {
                let hidden = path.strip_prefix(self.path("runs"));
                hidden.is_ok_and(|path| {
                    ["", ".lock"].map(Path::new).contains(&path) || path.starts_with(".failed")
                })
            };
            after.retain(|path| before.contains(path) || !of_failures(path));
        }
        assert_eq!(after, before, "something was left behind");
        answer.stderr
    }
}

/// The paths in a folder.
pub(crate) fn entries(folder: &Path) -> Vec<PathBuf> {
    std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect()
}

/// The published runs in a folder: what is neither hidden nor a file.
pub(crate) fn runs(folder: &Path) -> Vec<PathBuf> {
    let is_hidden =
        |path: &Path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
    entries(folder).into_iter().filter(|path| path.is_dir() && !is_hidden(path)).collect()
}

/// How the command ended.
#[derive(Debug)]
pub(crate) struct Answer {
    /// Its exit status; a signal stops the test.
    pub(crate) status: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl From<Output> for Answer {
    fn from(output: Output) -> Self {
        Self {
            status: output.status.code().unwrap(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

impl Answer {
    /// Requires an exit status.
    #[track_caller]
    pub(crate) fn status(self, expected: i32) -> Self {
        assert_eq!(self.status, expected, "{}{}", self.stdout, self.stderr);
        self
    }

    /// Requires success and an empty standard error.
    #[track_caller]
    pub(crate) fn silent(self) -> Self {
        assert_eq!((self.status, self.stderr.as_str()), (0, ""), "{}", self.stdout);
        self
    }

    /// Standard output as exactly one JSON document: text behind it is an error.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        match serde_json::from_str(&self.stdout) {
            Ok(document) => document,
            Err(error) => panic!("{error}: {}{}", self.stdout, self.stderr),
        }
    }
}

/// The entry of a KPI.
#[track_caller]
pub(crate) fn kpi<'d>(document: &'d Value, id: &str) -> &'d Value {
    let found = document["kpis"].as_array().unwrap().iter().find(|entry| entry["id"] == id);
    found.unwrap_or_else(|| panic!("no `{id}` in {document}"))
}

/// Value, state, reason and status of a KPI.
#[track_caller]
pub(crate) fn outcome<'d>(
    document: &'d Value,
    id: &str,
) -> (Option<&'d str>, &'d str, Option<&'d str>, &'d str) {
    let entry = kpi(document, id);
    let text = |key: &str| entry[key].as_str();
    (text("value"), text("state").unwrap(), text("reason"), text("status").unwrap())
}

/// `multiplier * numerator / denominator` of a KPI.
#[track_caller]
pub(crate) fn exact<'d>(document: &'d Value, id: &str) -> (&'d str, &'d str, &'d str) {
    let exact = &kpi(document, id)["exact"];
    let part = |key: &str| exact[key].as_str().unwrap_or_else(|| panic!("`{id}` has no {key}"));
    (part("multiplier"), part("numerator"), part("denominator"))
}
