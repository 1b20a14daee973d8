//! What the ledger and `CURRENT` beside a run say.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use super::ledger_line;
use super::report::{ProblemKind, Report};
use crate::PipelineError;
use crate::canonical_json::sha256;
use crate::ledger::{CURRENT, Current, LEDGER, Ledger, LedgerEntry};
use crate::seal::MANIFEST;

/// Checks the ledger and `CURRENT`, and gives the run's entry.
pub(super) fn read(
    folder: &Path,
    name: &str,
    report: &mut Report,
) -> Result<Option<LedgerEntry>, PipelineError> {
    let out = folder.parent().unwrap_or(folder);
    let current = match Current::read(out) {
        Ok(current) => current,
        Err(PipelineError::Damaged { message, .. }) => {
            report.problem(CURRENT, ProblemKind::Changed, message);
            None
        }
        Err(error) => return Err(error),
    };
    let path = out.join(LEDGER);
    let text = match fs::read(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            report.problem(LEDGER, ProblemKind::Missing, "expected it beside the run, found no file");
            return Ok(None);
        }
        Err(error) => return Err(PipelineError::input(&path, error)),
    };
    let mut ledger = Ledger::default();
    let tail = match ledger.extend(&text) {
        Ok(tail) => tail,
        Err(problem) => {
            report.problem(ledger_line(problem.line), (&problem.fault).into(), problem.fault.detail());
            // What is before the bad line stands, and the rest cannot be judged.
            return Ok(entry(&ledger, name));
        }
    };
    let entries = ledger.entries();
    report.check("ledger", format!("{} entries in one chain", entries.len()));
    match (&current, tail) {
        (Some(current), tail) if current.known_to(out, entries).is_err() => match tail {
            Some(tail) => report.problem(
                ledger_line(tail.line),
                ProblemKind::Truncated,
                "the entry is not whole, and `CURRENT` names it or one behind it",
            ),
            None if current.ledger.seq > entries.len() as u64 => report.problem(
                ledger_line(entries.len() as u64 + 1),
                ProblemKind::Truncated,
                format!("`CURRENT` names entry {}, found {} entries", current.ledger.seq, entries.len()),
            ),
            None => report.problem(
                CURRENT,
                ProblemKind::Changed,
                format!("its ledger hash is not that of entry {}", current.ledger.seq),
            ),
        },
        (_, Some(tail)) => report.check(
            "ledger",
            format!("line {} is not whole: it is being written, or the next run cuts it off", tail.line),
        ),
        _ => {}
    }
    follows(current.as_ref(), entries, report);
    Ok(entry(&ledger, name))
}

/// `CURRENT` says what follows from the ledger as far as it knows of it.
fn follows(current: Option<&Current>, entries: &[LedgerEntry], report: &mut Report) {
    let Some(current) = current else {
        if !entries.is_empty() && !report.problems.iter().any(|problem| problem.place == CURRENT) {
            report.problem(CURRENT, ProblemKind::Missing, "the ledger has runs, found no file");
        }
        return;
    };
    let known = usize::try_from(current.ledger.seq).ok().and_then(|known| entries.get(..known));
    // A ledger that is too short has been named already.
    let Some(known) = known else { return };
    let expected = Current::of(known);
    if expected.as_ref().map(|expected| &expected.portfolios) == Some(&current.portfolios) {
        let behind = entries.len() - known.len();
        let detail = match behind {
            0 => "follows from the ledger".to_owned(),
            _ => format!("behind the ledger by {behind}; the next run moves it"),
        };
        report.check(CURRENT, detail);
    } else {
        let message = format!("expected what follows from {} entries of the ledger", known.len());
        report.problem(CURRENT, ProblemKind::Changed, message);
    }
}

fn entry(ledger: &Ledger, name: &str) -> Option<LedgerEntry> {
    ledger.entries().iter().find(|entry| entry.run_id == name).cloned()
}

/// The manifest against the ledger.
pub(super) fn manifest(listed: Option<&LedgerEntry>, manifest: &[u8], name: &str, report: &mut Report) {
    let Some(entry) = listed else {
        report.problem(
            LEDGER,
            ProblemKind::Missing,
            format!("expected an entry of the run `{name}`, found none"),
        );
        return;
    };
    let found = sha256(manifest);
    if found == entry.manifest_sha256 {
        report.check("manifest", format!("is that of entry {} of the ledger", entry.seq));
    } else {
        let message = format!(
            "expected sha256 {} as entry {} of the ledger says, found {found}",
            entry.manifest_sha256, entry.seq
        );
        report.problem(MANIFEST, ProblemKind::Changed, message);
    }
}
