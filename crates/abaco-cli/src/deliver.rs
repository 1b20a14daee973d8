//! `abaco deliver`: what an output did not get when its run was published, it gets now.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use abaco_connect::{Named, outputs};
use abaco_loans::pipeline::Retry;
use abaco_loans::pipeline::outbox::{Entry, Outbox, Sent, load};
use abaco_loans::pipeline::storage::Disk;
use clap::Args;
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::table::on_one_line;
use crate::{Format, print, print_json, say};

/// Something is still to be delivered.
const LEFT: u8 = 1;

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The folder of the published runs.
    #[arg(long, value_name = "DIR", default_value = "runs")]
    runs: PathBuf,
    /// The configuration, whose `outputs` say where runs go.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// How the result is printed.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    if !arguments.runs.is_dir() {
        return Err(Failure::usage(format!(
            "{}: expected a folder of runs, found none",
            arguments.runs.display()
        )));
    }
    let outbox = Outbox::open(&arguments.runs, Arc::new(Disk));
    let pending = outbox.pending()?;
    let outputs = match &arguments.config {
        Some(path) => configured(path)?,
        None => Vec::new(),
    };
    let results = send(&outbox, pending, &outputs)?;
    match arguments.format {
        Format::Json => print_json(&document(&results))?,
        Format::Table => print(&lines(&results))?,
    }
    let left = results.iter().filter(|(_, sent)| matches!(sent, Sent::Waiting { .. })).count();
    if left > 0 {
        let plural = if left == 1 { "y is" } else { "ies are" };
        say(&format!("{left} deliver{plural} still due"));
        return Ok(ExitCode::from(LEFT));
    }
    Ok(ExitCode::SUCCESS)
}

/// Sends what a run has left in the outbox; what does not go stays there, and is said.
pub(crate) fn after_run(runs: &Path, run_id: &str, outputs: &[Named]) -> Result<ExitCode, Failure> {
    let outbox = Outbox::open(runs, Arc::new(Disk));
    let mut pending = outbox.pending()?;
    pending.retain(|entry| entry.run_id == run_id);
    let results = send(&outbox, pending, outputs)?;
    let waiting: Vec<_> =
        results.into_iter().filter(|(_, sent)| matches!(sent, Sent::Waiting { .. })).collect();
    if waiting.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    say(lines(&waiting).trim_end());
    say("the run is published; `abaco deliver` sends what is still due");
    Ok(ExitCode::from(LEFT))
}

fn send(outbox: &Outbox, entries: Vec<Entry>, outputs: &[Named]) -> Result<Vec<(Entry, Sent)>, Failure> {
    let mut down = HashSet::new();
    let mut results = Vec::new();
    for entry in entries {
        let sent = match outputs.iter().find(|(name, _)| *name == entry.output) {
            Some((_, output)) => {
                // An output that is down is not waited for with each run again.
                let retry = if down.contains(&entry.output) { Retry::never() } else { Retry::default() };
                outbox.send(&entry, &**output, &retry)?
            }
            None => Sent::Waiting { reason: format!("no output `{}` is configured", entry.output) },
        };
        if matches!(sent, Sent::Waiting { .. }) {
            down.insert(entry.output.clone());
        }
        results.push((entry, sent));
    }
    Ok(results)
}

/// The outputs that a configuration lists.
pub(crate) fn configured(path: &Path) -> Result<Vec<Named>, Failure> {
    let settings = load(path)?;
    let base = path.parent().unwrap_or(Path::new(""));
    outputs(&settings, &|name| std::env::var(name).ok(), base)
        .map_err(|message| Failure::usage(format!("{}: {message}", path.display())))
}

/// The state of a delivery, and why.
fn state(sent: &Sent) -> (&'static str, Option<&str>) {
    match sent {
        Sent::Delivered => ("delivered", None),
        Sent::Waiting { reason } => ("waiting", Some(reason)),
        Sent::NotPublished => {
            ("unpublished", Some("the run is not in the ledger; the next run settles that"))
        }
        // Others are those that somebody else has sent.
        _ => ("delivered", Some("by another process")),
    }
}

fn document(results: &[(Entry, Sent)]) -> Value {
    let delivery = |(entry, sent): &(Entry, Sent)| {
        let (state, reason) = state(sent);
        json!({"run_id": entry.run_id, "output": entry.output, "kind": entry.kind, "state": state, "reason": reason})
    };
    json!({"schema_version": 1, "deliveries": results.iter().map(delivery).collect::<Vec<_>>()})
}

fn lines(results: &[(Entry, Sent)]) -> String {
    if results.is_empty() {
        return "nothing to deliver\n".to_owned();
    }
    let line = |(entry, sent): &(Entry, Sent)| {
        let (state, reason) = state(sent);
        let reason = reason.map(|reason| format!(": {}", on_one_line(reason))).unwrap_or_default();
        format!("{} to {}: {state}{reason}\n", entry.run_id, entry.output)
    };
    results.iter().map(line).collect()
}
