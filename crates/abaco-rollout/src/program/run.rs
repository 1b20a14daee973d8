//! Running a program with a limit of time.

use std::io::Read;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::ProgramSettings;
use crate::RolloutError;

/// How often a program is asked whether it has ended.
const PAUSE: Duration = Duration::from_millis(5);

/// How much is kept of what a program writes to either side; the rest is read and dropped.
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

impl ProgramSettings {
    /// Runs the program in a folder and waits for it; `given` are the names that its arguments may use, and come also as
    /// environment variables `ABACO_<NAME>`.
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
        let mut command = Command::new(program);
        command.args(rest).current_dir(folder).stdin(Stdio::null());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command.envs(given.iter().map(|(name, value)| (format!("ABACO_{}", name.to_uppercase()), value)));
        // A group of its own, so that what it starts can be ended with it.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let began = Instant::now();
        let mut child = command.spawn().map_err(|error| self.error(format!("not started: {error}")))?;
        let (stdout, stderr) = (reader(child.stdout.take()), reader(child.stderr.take()));
        let status = self.wait(&mut child, began)?;
        let (stdout, stderr) = (self.collect(stdout)?, self.collect(stderr)?);
        match status {
            None => {
                let seconds = self.timeout_seconds;
                Err(self.error(format!("did not end within {seconds} s{}", ending(&stderr))))
            }
            Some(status) if !status.success() => Err(self.error(format!("{status}{}", ending(&stderr)))),
            Some(_) => Ok(ProgramOutput { stdout, stderr, took: began.elapsed() }),
        }
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

    /// The status, or none if the time was over and the program was ended.
    fn wait(&self, child: &mut Child, began: Instant) -> Result<Option<ExitStatus>, RolloutError> {
        let failed = |error| self.error(format!("lost: {error}"));
        let limit = Duration::from_secs(self.timeout_seconds);
        loop {
            if let Some(status) = child.try_wait().map_err(failed)? {
                return Ok(Some(status));
            }
            if began.elapsed() >= limit {
                end(child).map_err(failed)?;
                child.wait().map_err(failed)?;
                return Ok(None);
            }
            thread::sleep(PAUSE);
        }
    }

    fn collect(&self, reader: JoinHandle<std::io::Result<Vec<u8>>>) -> Result<Vec<u8>, RolloutError> {
        let read = reader.join().map_err(|_| self.error("its output could not be read"))?;
        let bytes = read.map_err(|error| self.error(format!("its output could not be read: {error}")))?;
        if bytes.len() as u64 > MAX_OUTPUT {
            return Err(self.error(format!("expected at most {MAX_OUTPUT} bytes of output, found more")));
        }
        Ok(bytes)
    }

    fn error(&self, message: impl Into<String>) -> RolloutError {
        let program = self.arguments.first().cloned().unwrap_or_default();
        RolloutError::Program { program, message: message.into() }
    }
}

/// Ends a program and what it started.
#[cfg(unix)]
fn end(child: &mut Child) -> std::io::Result<()> {
    use rustix::process::{Pid, Signal, kill_process_group};

    match i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
        Some(group) => kill_process_group(group, Signal::KILL).map_err(std::io::Error::from),
        None => child.kill(),
    }
}

#[cfg(not(unix))]
fn end(child: &mut Child) -> std::io::Result<()> {
    child.kill()
}

fn reader<R: Read + Send + 'static>(pipe: Option<R>) -> JoinHandle<std::io::Result<Vec<u8>>> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut pipe) = pipe {
            pipe.by_ref().take(MAX_OUTPUT + 1).read_to_end(&mut bytes)?;
            // Whoever writes to a pipe that nobody reads waits for ever.
            std::io::copy(&mut pipe, &mut std::io::sink())?;
        }
        Ok(bytes)
    })
}

fn ending(stderr: &[u8]) -> String {
    let text = String::from_utf8_lossy(stderr);
    let text = text.trim();
    let begin = text.char_indices().rev().nth(SHOWN).map_or(0, |(index, _)| index);
    if text.is_empty() { String::new() } else { format!(": {}", &text[begin..]) }
}
