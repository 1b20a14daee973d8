//! A shell in a prepared folder.

use std::collections::BTreeMap;
use std::process::{Command as Process, Stdio};

use chrono::{Days, NaiveDate, Utc};
use tempfile::TempDir;

use crate::block::Command;
use crate::mask::mask;
use crate::situation::Situation;

/// The day on which the documents were written.
const WRITTEN: &str = "2026-02-02";

/// The day on which what they sign and accept expires.
const EXPIRES: &str = "2026-03-31";

/// A line that stands for any lines.
const ANY: &str = "..";

pub(crate) struct Session {
    folder: TempDir,
    /// Names in the document, with those of this run.
    names: BTreeMap<String, String>,
    began: NaiveDate,
}

impl Session {
    pub(crate) fn new(situation: Situation) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let session = Self { folder, names: BTreeMap::new(), began: Utc::now().date_naive() };
        situation.prepare(&session);
        session
    }

    pub(crate) fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    /// Text of a document as it holds here and now.
    pub(crate) fn now(&self, text: &str) -> String {
        let later = self.began.checked_add_days(Days::new(90)).unwrap().to_string();
        let text = text.replace(EXPIRES, &later);
        self.names.iter().fold(text, |text, (written, found)| text.replace(written, found))
    }

    /// Standard output and error together, and the status, of what a shell is given here.
    pub(crate) fn shell(&self, text: &str) -> (String, i32) {
        let abaco = std::path::Path::new(env!("CARGO_BIN_EXE_abaco"));
        let path = format!("{}:{}", abaco.parent().unwrap().display(), std::env::var("PATH").unwrap());
        let mut process = Process::new("sh");
        for name in ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "ABACO_LOG"] {
            process.env_remove(name);
        }
        let output = process
            .args(["-c", &format!("{{ {text}\n}} 2>&1")])
            .current_dir(self.folder.path())
            .env("PATH", path)
            .env("USER", "omar")
            .env("LC_ALL", "C")
            .stdin(Stdio::null())
            .output()
            .unwrap();
        (String::from_utf8(output.stdout).unwrap(), output.status.code().unwrap_or(-1))
    }

    /// What a situation does; it must succeed, unless it says how it ends.
    #[track_caller]
    pub(crate) fn prepared(&self, text: &str, status: i32) {
        let (output, found) = self.shell(&self.now(text));
        assert_eq!(found, status, "`{text}`: {output}");
    }

    /// Runs a command and holds what it gives against what the document states.
    pub(crate) fn run(&mut self, command: &Command) -> Result<(), String> {
        let (output, status) = self.shell(&self.now(&command.text));
        let found: Vec<&str> = output.lines().collect();
        let expected: Vec<String> = command.output.iter().map(|line| self.now(line)).collect();
        let expected: Vec<&str> = expected.iter().map(String::as_str).collect();
        let pairs = self.matched(&expected, &found);
        if status != command.status || pairs.is_none() {
            let expected = expected.join("\n");
            return Err(format!(
                "expected status {}, found {status}\n--- expected\n{expected}\n--- found\n{output}---\n",
                command.status
            ));
        }
        for (written, found) in pairs.into_iter().flatten() {
            self.names.entry(written).or_insert(found);
        }
        Ok(())
    }

    /// The names of both sides if they match line by line.
    fn matched(&self, expected: &[&str], found: &[&str]) -> Option<Vec<(String, String)>> {
        let Some((first, rest)) = expected.split_first() else {
            return found.is_empty().then(Vec::new);
        };
        if *first == ANY {
            return (0..=found.len()).find_map(|skipped| self.matched(rest, &found[skipped..]));
        }
        let (line, others) = found.split_first()?;
        let days = [self.began, Utc::now().date_naive()].map(|day| day.to_string());
        let written = mask(first.trim_end(), WRITTEN);
        let seen =
            days.iter().map(|day| mask(line.trim_end(), day)).find(|seen| seen.text == written.text)?;
        let mut names: Vec<(String, String)> = written.names.into_iter().zip(seen.names).collect();
        names.extend(self.matched(rest, others)?);
        Some(names)
    }
}

/// The commands that `abaco` says it has.
pub(crate) fn subcommands(of: &[&str]) -> Vec<String> {
    let output =
        Process::new(env!("CARGO_BIN_EXE_abaco")).args(of).arg("--help").output().expect("the command");
    let help = String::from_utf8(output.stdout).unwrap();
    let (_, commands) = help.split_once("Commands:\n").expect("a list of commands");
    let listed = commands.lines().take_while(|line| !line.trim().is_empty());
    let names = listed.filter_map(|line| line.split_whitespace().next()).map(str::to_owned);
    names.filter(|name| name != "help").collect()
}
