//! Whether a published run is still what was published.
//!
//! Everything is computed anew: the digest of each file, the chain of the audit log and its end against the ledger, which lies
//! outside the run, the chain of the ledger, what `CURRENT` says, the control totals, and the signature. Nothing is
//! locked and nothing is changed.

mod files;
mod listed;
mod report;
mod totals;

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use serde_json::Value;

pub(crate) use self::files::damage;
pub use self::report::{Check, Problem, ProblemKind, Report};
use crate::PipelineError;
use crate::audit::{self, Head};
use crate::ledger::LEDGER;
use crate::seal::{AUDIT, FAILED, MANIFEST, ManifestFacts, SIGNATURE};
use crate::signature::{self, PublicKey, SignatureProblem};

/// What is said of a run without a signature.
pub const UNSIGNED: &str = "unsigned: accidental damage only";

/// What a run is held against besides itself.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The key that must have signed the manifest.
    pub public_key: Option<PublicKey>,
}

/// Computes anew all that a run and the ledger beside it say of each other.
///
/// What is wrong is in the [`Report`]; more findings, such as those of recomputed KPIs, are added with [`Report::merge`].
///
/// # Errors
/// [`PipelineError::NotARun`] for a folder that is no run and that no ledger names; [`PipelineError::InputUnreadable`] for a
/// file that is there and cannot be read.
pub fn verify(run: &Path, options: &Options) -> Result<Report, PipelineError> {
    let not_a_run = |found: &str| PipelineError::NotARun { path: run.to_path_buf(), found: found.to_owned() };
    let folder = match run.canonicalize() {
        Ok(folder) if folder.is_dir() => folder,
        Ok(_) => return Err(not_a_run("a file")),
        Err(error) => return Err(not_a_run(&error.to_string())),
    };
    let name = folder.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
    if folder.parent().and_then(Path::file_name).is_some_and(|parent| parent == FAILED) {
        return Err(not_a_run("the record of a run that failed"));
    }
    let mut report = Report::of(&name);
    // Before the run's own files, and `CURRENT` before the ledger: what is published meanwhile is then no contradiction.
    let listed = listed::read(&folder, &name, &mut report)?;
    let path = folder.join(MANIFEST);
    let manifest = match fs::read(&path) {
        Ok(manifest) => manifest,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            if listed.is_none() {
                return Err(not_a_run("no manifest.json"));
            }
            report.problem(MANIFEST, ProblemKind::Missing, "expected the manifest of the run, found no file");
            return Ok(report);
        }
        Err(error) => return Err(PipelineError::input(&path, error)),
    };
    listed::manifest(listed.as_ref(), &manifest, &name, &mut report);
    sign(&folder, &manifest, options, &mut report)?;
    let facts: ManifestFacts = match serde_json::from_slice(&manifest) {
        Ok(facts) => facts,
        Err(error) => {
            let kind = if error.is_eof() { ProblemKind::Truncated } else { ProblemKind::Changed };
            report.problem(MANIFEST, kind, format!("{error}; without it no other file can be checked"));
            return Ok(report);
        }
    };
    if facts.run_id != name {
        let message =
            format!("`run_id`: expected `{name}` as the folder is called, found `{}`", facts.run_id);
        report.problem(MANIFEST, ProblemKind::Changed, message);
    }
    let problems = damage(&folder, &facts)?;
    let of = facts.artefacts.len();
    report.check("files", format!("{of} digests recomputed"));
    report.problems.extend(problems);
    if let Some(entry) = &listed {
        for (key, same) in [
            ("run_id", entry.run_id == facts.run_id),
            ("portfolio", entry.portfolio == facts.portfolio),
            ("as_of", entry.as_of == facts.as_of),
            ("audit", entry.audit == facts.audit),
        ] {
            if !same {
                let message = format!("`{key}`: expected what entry {} of the ledger says", entry.seq);
                report.problem(MANIFEST, ProblemKind::Changed, message);
            }
        }
    }
    audit_log(&folder, listed.as_ref().map_or(&facts.audit, |entry| &entry.audit), &mut report)?;
    // It was an object a moment ago.
    let document: Value = serde_json::from_slice(&manifest).map_err(PipelineError::Json)?;
    totals::check(&document, &mut report);
    Ok(report)
}

/// The first of the control totals of some phases that does not tie.
pub(crate) fn untied(phases: &Value) -> Option<String> {
    let mut report = Report::of("");
    totals::check(&serde_json::json!({ "phases": phases }), &mut report);
    report.problems.into_iter().next().map(|problem| problem.message)
}

/// The chain, and its end against the one that was kept outside.
fn audit_log(folder: &Path, kept: &Head, report: &mut Report) -> Result<(), PipelineError> {
    let path = folder.join(AUDIT);
    let bytes = match fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let message = format!("expected {} entries, found no file", kept.count);
            report.problem(AUDIT, ProblemKind::Missing, message);
            return Ok(());
        }
        Err(error) => return Err(PipelineError::input(&path, error)),
    };
    match audit::check(&bytes) {
        Ok(head) if head == *kept => {
            report.check("audit log", format!("{} entries in one chain", head.count));
        }
        Ok(head) => {
            let (kind, message) = if head.count < kept.count {
                let message =
                    format!("expected {} entries, found {}: the end is missing", kept.count, head.count);
                (ProblemKind::Truncated, message)
            } else if head.count > kept.count {
                let message = format!("expected {} entries, found {}", kept.count, head.count);
                (ProblemKind::Extended, message)
            } else {
                let message = format!("expected the end {}, found {}", kept.hash, head.hash);
                (ProblemKind::Changed, message)
            };
            let place = format!("{AUDIT} line {}", head.count.min(kept.count) + 1);
            let place = if kind == ProblemKind::Changed { AUDIT.to_owned() } else { place };
            report.problem(place, kind, message);
        }
        Err(problem) => {
            let place = format!("{AUDIT} line {}", problem.line);
            report.problem(place, (&problem.fault).into(), problem.fault.detail());
        }
    }
    Ok(())
}

fn sign(folder: &Path, manifest: &[u8], options: &Options, report: &mut Report) -> Result<(), PipelineError> {
    let path = folder.join(SIGNATURE);
    let expected = options.public_key.as_ref();
    let signature = match fs::read(&path) {
        Ok(signature) => signature,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            match expected {
                Some(key) => {
                    report.signature = "missing".to_owned();
                    let message = format!("expected a signature by {key}, found no file");
                    report.problem(SIGNATURE, ProblemKind::Missing, message);
                }
                None => report.signature = UNSIGNED.to_owned(),
            }
            return Ok(());
        }
        Err(error) => return Err(PipelineError::input(&path, error)),
    };
    match signature::check(manifest, &signature, expected) {
        Ok(key) if expected.is_some() => report.signature = format!("signed by {key}"),
        Ok(key) => {
            report.signature =
                format!("signed by {key}, but no public key was given: accidental damage only");
        }
        Err(problem) => {
            report.signature = "does not stand".to_owned();
            let kind = match problem {
                SignatureProblem::NotASignature(_) => ProblemKind::Changed,
                _ => ProblemKind::Signature,
            };
            report.problem(SIGNATURE, kind, problem.to_string());
        }
    }
    report.check("signature", report.signature.clone());
    Ok(())
}

/// The ledger's path as problems name it.
fn ledger_line(line: u64) -> String {
    format!("{LEDGER} line {line}")
}
