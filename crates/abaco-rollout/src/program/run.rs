//! Running a program with a limit of time.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::NamedTempFile;

use super::ProgramSettings;
use crate::RolloutError;

/// How often a program is asked whether it has ended.
const PAUSE: Duration = Duration::from_millis(5);

/// How much a program may write to either side.
const MAX_OUTPUT: u64 = 64 << 20;

/// How much of what it wrote stands in an error.
const SHOWN: usize = 400;

/// What a program that ended well wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProgramOutput {
    /// Standard output.
    pub stdout: Vec<u8>,
    /// Standard error.
    pub stderr: Vec<u8>,
    /// How long it ran.
    pub took: Duration,
}

/// Why the waiting was over.
enum End {
    Status(ExitStatus),
    Late,
    TooMuch,
}

/// Where a program's output goes: a file, since a pipe is open as long as anything that the program has left behind holds
/// it, and whoever reads it to its end waits for that too.
struct Spool(NamedTempFile);

impl Spool {
    fn new() -> io::Result<Self> {
        NamedTempFile::new().map(Self)
    }

    /// An end to write to; it has a place in the file of its own.
    fn stdio(&self) -> io::Result<Stdio> {
        std::fs::OpenOptions::new().append(true).open(self.0.path()).map(Stdio::from)
    }

    fn bytes(&self) -> io::Result<u64> {
        self.0.as_file().metadata().map(|metadata| metadata.len())
    }

    fn read(&self) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        File::open(self.0.path())?.take(MAX_OUTPUT).read_to_end(&mut bytes)?;
        Ok(bytes)
    }
}

impl ProgramSettings {
    /// Runs the program in a folder and waits for it; `given` are the names that its arguments may use, and come also as
    /// environment variables `ABACO_<NAME>`. What it leaves running when it ends in time goes on running.
    ///
    /// ```
    /// use abaco_rollout::program::ProgramSettings;
    ///
    /// let arguments = ["printf", "%s", "{version}; rm"].map(str::to_owned).to_vec();
    /// let program = ProgramSettings { arguments, timeout_seconds: 60 };
    /// let output = program.run(".".as_ref(), &[("version", "v2".to_owned())])?;
    /// assert_eq!(output.stdout, b"v2; rm");
    /// # Ok::<(), abaco_rollout::RolloutError>(())
    /// ```
    ///
    /// # Errors
    /// [`RolloutError::Program`] if an argument uses another name, if the program cannot be started, does not end in time,
    /// ends with an error, or writes more than 64 MiB.
    pub fn run(&self, folder: &Path, given: &[(&str, String)]) -> Result<ProgramOutput, RolloutError> {
        let arguments: Vec<String> =
            self.arguments.iter().map(|argument| self.filled(argument, given)).collect::<Result<_, _>>()?;
        let [program, rest @ ..] = &arguments[..] else {
            return Err(self.error("expected a program and its arguments, found an empty list"));
        };
        let spooled = |error: io::Error| self.error(format!("its output could not be kept: {error}"));
        let (stdout, stderr) = (Spool::new().map_err(spooled)?, Spool::new().map_err(spooled)?);
        let mut command = Command::new(program);
        // Relative to `rollout.yml` an empty folder is this one.
        command.args(rest).current_dir(if folder.as_os_str().is_empty() { Path::new(".") } else { folder });
        command.stdin(Stdio::null());
        command.stdout(stdout.stdio().map_err(spooled)?).stderr(stderr.stdio().map_err(spooled)?);
        command.envs(given.iter().map(|(name, value)| (format!("ABACO_{}", name.to_uppercase()), value)));
        // A group of its own, so that what it starts can be ended with it.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let began = Instant::now();
        let mut child = command.spawn().map_err(|error| self.error(format!("not started: {error}")))?;
        let end = self.wait(&mut child, began, [&stdout, &stderr])?;
        let (stdout, stderr) = (stdout.read().map_err(spooled)?, stderr.read().map_err(spooled)?);
        match end {
            End::Status(status) if status.success() => {
                Ok(ProgramOutput { stdout, stderr, took: began.elapsed() })
            }
            End::Status(status) => Err(self.error(format!("{status}{}", said(&stdout, &stderr)))),
            End::Late => {
                let seconds = self.timeout_seconds;
                Err(self.error(format!("did not end within {seconds} s{}", said(&stdout, &stderr))))
            }
            End::TooMuch => {
                Err(self.error(format!("expected at most {MAX_OUTPUT} bytes of output, found more")))
            }
        }
    }

    /// What is wrong with it; `names` are those that its arguments may use.
    pub(crate) fn check(&self, names: &[&str]) -> Result<(), String> {
        if self.arguments.first().is_none_or(|program| program.trim().is_empty()) {
            return Err("`arguments`: expected a program and its arguments, found none".to_owned());
        }
        if self.timeout_seconds == 0 {
            return Err("`timeout_seconds`: expected at least 1, found 0".to_owned());
        }
        let given: Vec<(&str, String)> = names.iter().map(|name| (*name, String::new())).collect();
        let filled = |argument: &String| self.filled(argument, &given).map(|_| ());
        self.arguments.iter().try_for_each(filled).map_err(|error| error.to_string())
    }

    fn filled(&self, argument: &str, given: &[(&str, String)]) -> Result<String, RolloutError> {
        let mut filled = String::new();
        let mut rest = argument;
        while let Some((before, after)) = rest.split_once('{') {
            let (name, after) = after
                .split_once('}')
                .ok_or_else(|| self.error(format!("`{argument}`: expected a closing brace")))?;
            let known = given.iter().find(|(known, _)| *known == name);
            let (_, value) = known.ok_or_else(|| {
                let names: Vec<&str> = given.iter().map(|(name, _)| *name).collect();
                self.error(format!("`{argument}`: expected one of {}, found `{name}`", names.join(", ")))
            })?;
            filled.push_str(before);
            filled.push_str(value);
            rest = after;
        }
        Ok(filled + rest)
    }

    fn wait(&self, child: &mut Child, began: Instant, outputs: [&Spool; 2]) -> Result<End, RolloutError> {
        let failed = |error| self.error(format!("lost: {error}"));
        let limit = Duration::from_secs(self.timeout_seconds);
        loop {
            let status = child.try_wait().map_err(failed)?;
            let mut written = 0;
            for output in outputs {
                written = output.bytes().map_err(failed)?.max(written);
            }
            let end = match status {
                _ if written > MAX_OUTPUT => End::TooMuch,
                Some(status) => return Ok(End::Status(status)),
                None if began.elapsed() >= limit => End::Late,
                None => {
                    thread::sleep(PAUSE);
                    continue;
                }
            };
            if status.is_none() {
                kill(child).map_err(failed)?;
                child.wait().map_err(failed)?;
            }
            return Ok(end);
        }
    }

    fn error(&self, message: impl Into<String>) -> RolloutError {
        let program = self.arguments.first().cloned().unwrap_or_default();
        RolloutError::Program { program, message: message.into() }
    }
}

/// Ends a program and what it started.
#[cfg(unix)]
fn kill(child: &mut Child) -> io::Result<()> {
    use rustix::process::{Pid, Signal, kill_process_group};

    match i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
        Some(group) => kill_process_group(group, Signal::KILL).map_err(io::Error::from),
        None => child.kill(),
    }
}

#[cfg(not(unix))]
fn kill(child: &mut Child) -> io::Result<()> {
    child.kill()
}

/// The end of what it said: many programs, such as those that run tests, say on standard output what went wrong.
fn said(stdout: &[u8], stderr: &[u8]) -> String {
    let (stdout, stderr) = (ending(stdout), ending(stderr));
    if stdout.is_empty() || stderr.is_empty() {
        stdout + &stderr
    } else {
        format!("{stderr}; output{stdout}")
    }
}

fn ending(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let text = text.trim();
    let begin = text.char_indices().rev().nth(SHOWN - 1).map_or(0, |(index, _)| index);
    if text.is_empty() { String::new() } else { format!(": {}", &text[begin..]) }
}
