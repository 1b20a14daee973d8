//! What killed processes have left, and what becomes of it.

use std::collections::{BTreeSet, HashSet};
use std::io::{self, ErrorKind};
use std::path::Path;

use super::finish::move_outbox;
use super::runs::{Locked, check_id};
use super::staging::{Places, clear};
use super::{AUDIT, MANIFEST, ManifestFacts, SIGNATURE, STAGING};
use crate::PipelineError;
use crate::audit;
use crate::canonical_json::sha256;
use crate::ledger::{Current, LEDGER};
use crate::lock;
use crate::signature::{self, PublicKey};
use crate::verify::damage;

/// What killed processes had left in a folder of runs, and what became of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recovery {
    /// Bytes of an unfinished last line that were cut off the ledger.
    pub cut: Option<u64>,
    /// Runs that were complete and had their place but were not in the ledger: they are now.
    pub adopted: Vec<String>,
    /// Runs that were not complete: what there was of them is removed.
    pub removed: Vec<String>,
    /// Runs that had their place and are not what their manifest says; they stay as they are, outside the ledger.
    pub damaged: Vec<(String, String)>,
    /// Folders with a manifest that the ledger does not know, such as copies from elsewhere.
    pub unlisted: Vec<String>,
}

impl Recovery {
    /// Whether there was nothing to find.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// The names in a folder of runs that matter here.
struct Names {
    /// Runs that are being put together or were, by name.
    staged: BTreeSet<String>,
    /// Visible folders.
    visible: Vec<String>,
}

impl Locked<'_> {
    /// Reads the ledger to its end and cuts an unfinished line off.
    pub(super) fn sound_ledger(&mut self) -> Result<Option<u64>, PipelineError> {
        let out = self.runs.out();
        let tail = self.ledger.catch_up(out)?;
        if let Some(current) = Current::read(out)? {
            let known = current.known_to(out, self.ledger.entries());
            // If the entry was there, its line lost its end afterwards: nobody was killed while writing it.
            known.map_err(|error| match tail {
                Some(tail) => PipelineError::Damaged {
                    path: out.join(LEDGER),
                    message: format!("line {}: truncated or changed: `CURRENT` names this entry", tail.line),
                },
                None => error,
            })?;
        }
        if tail.is_some() {
            self.ledger.cut(out, self.runs.storage())?;
        }
        Ok(tail.map(|tail| tail.bytes))
    }

    pub(super) fn recover(&mut self) -> Result<Recovery, PipelineError> {
        let mut recovery = Recovery { cut: self.sound_ledger()?, ..Recovery::default() };
        let out = self.runs.out().to_path_buf();
        let names = names(&out).map_err(|error| PipelineError::input(&out, error))?;
        for run_id in &names.staged {
            let places = Places::of(&out, run_id);
            // Held until all is cleared away.
            let _lock = match lock::attempt(&places.lock) {
                Ok(Some(lock)) => Some(lock),
                Ok(None) => continue,
                // Its owner removes this last, and makes it first.
                Err(error) if error.kind() == ErrorKind::NotFound => None,
                Err(error) => return Err(PipelineError::output(&places.lock, error)),
            };
            self.settle(run_id, &places, &mut recovery)?;
        }
        Current::tidy(&out, self.runs.storage())?;
        self.write_current()?;
        let listed: HashSet<&str> = self.ledger.entries().iter().map(|entry| entry.run_id.as_str()).collect();
        let is_run = |name: &String| out.join(name).join(MANIFEST).is_file();
        recovery.unlisted = names
            .visible
            .into_iter()
            .filter(|name| !listed.contains(name.as_str()) && is_run(name))
            .collect();
        Ok(recovery)
    }

    /// Finishes or removes a run whose process is gone.
    fn settle(
        &mut self,
        run_id: &str,
        places: &Places,
        recovery: &mut Recovery,
    ) -> Result<(), PipelineError> {
        let folder = self.runs.out().join(run_id);
        if !places.folder.is_dir() && folder.is_dir() && !self.ledger.has(run_id) {
            match complete(run_id, &folder, self.runs.signed_by())? {
                Ok((facts, manifest_sha256)) => {
                    // The rename may not have reached the disk when the process ended.
                    let out = self.runs.out();
                    let synced = self.runs.storage().sync_folder(out);
                    synced.map_err(|error| PipelineError::output(out, error))?;
                    move_outbox(self.runs, &places.outbox, &mut Vec::new())?;
                    self.enter(&facts.ledger(), manifest_sha256, facts.audit).map_err(|(error, _)| error)?;
                    recovery.adopted.push(run_id.to_owned());
                }
                Err(why) => recovery.damaged.push((run_id.to_owned(), why)),
            }
        } else if places.folder.is_dir() {
            recovery.removed.push(run_id.to_owned());
        }
        clear(self.runs, places)
    }
}

/// The manifest's facts and digest if the folder is a whole run of this name, or else why it is not.
///
/// Where runs are signed, one without our signature is not ours, whatever its digests say.
fn complete(
    run_id: &str,
    folder: &Path,
    signed_by: Option<&PublicKey>,
) -> Result<Result<(ManifestFacts, String), String>, PipelineError> {
    let path = folder.join(MANIFEST);
    let bytes = match std::fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Err("no manifest.json".to_owned())),
        Err(error) => return Err(PipelineError::input(&path, error)),
    };
    let facts: ManifestFacts = match serde_json::from_slice(&bytes) {
        Ok(facts) => facts,
        Err(error) => return Ok(Err(format!("manifest.json: {error}"))),
    };
    if facts.run_id != run_id {
        return Ok(Err(format!("manifest.json: expected the run `{run_id}`, found `{}`", facts.run_id)));
    }
    let read = |name: &str| {
        let path = folder.join(name);
        match std::fs::read(&path) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(PipelineError::input(&path, error)),
        }
    };
    if let Some(key) = signed_by {
        let signature = read(SIGNATURE)?.unwrap_or_default();
        if let Err(problem) = signature::check(&bytes, &signature, Some(key)) {
            return Ok(Err(format!("{SIGNATURE}: {problem}")));
        }
    }
    if let Some(problem) = damage(folder, &facts)?.into_iter().next() {
        return Ok(Err(problem.to_string()));
    }
    Ok(match audit::check(&read(AUDIT)?.unwrap_or_default()) {
        Ok(head) if head == facts.audit => Ok((facts, sha256(&bytes))),
        Ok(_) => Err(format!("{AUDIT}: expected the end that the manifest names, found another")),
        Err(problem) => Err(format!("{AUDIT} line {}: {}", problem.line, problem.fault)),
    })
}

fn names(out: &Path) -> io::Result<Names> {
    let mut staged = BTreeSet::new();
    let mut visible = Vec::new();
    for entry in std::fs::read_dir(out)? {
        let entry = entry?;
        let name = entry.file_name();
        let Some(name) = name.to_str() else { continue };
        let is_folder = entry.file_type()?.is_dir();
        match name.strip_prefix(STAGING) {
            // What else begins like this is not ours: a file without the ending, a folder with a strange name.
            Some(rest) => {
                let run_id = match (rest.strip_suffix(".lock"), rest.strip_suffix(".outbox")) {
                    (Some(run_id), _) if !is_folder => run_id,
                    (_, Some(run_id)) if is_folder => run_id,
                    (None, None) if is_folder => rest,
                    _ => continue,
                };
                if check_id(run_id.strip_prefix("failed-").unwrap_or(run_id)).is_ok() {
                    staged.insert(run_id.to_owned());
                }
            }
            None if is_folder && !name.starts_with('.') => visible.push(name.to_owned()),
            None => {}
        }
    }
    visible.sort();
    Ok(Names { staged, visible })
}
