//! The files of a run against the digests in its manifest.

use std::fs::{self, File};
use std::io::{ErrorKind, Read};
use std::path::Path;

use sha2::{Digest, Sha256};

use super::report::{Problem, ProblemKind};
use crate::PipelineError;
use crate::canonical_json::hex;
use crate::seal::{Artefact, MANIFEST, ManifestFacts, SIGNATURE};

const BUFFER_BYTES: usize = 1 << 18;

/// Every file that is not what the manifest says, and every one that it does not name.
pub(crate) fn damage(folder: &Path, facts: &ManifestFacts) -> Result<Vec<Problem>, PipelineError> {
    let mut problems = Vec::new();
    for (name, artefact) in &facts.artefacts {
        // A manifest that was tampered with must not send anybody to files elsewhere.
        let is_plain = Path::new(name).file_name().is_some_and(|plain| plain == name.as_str());
        if !is_plain {
            problems.push(problem(MANIFEST, ProblemKind::Changed, format!("no file's name: `{name}`")));
        } else if let Some((kind, message)) = compare(&folder.join(name), artefact)? {
            problems.push(problem(name, kind, message));
        }
    }
    let unreadable = |error| PipelineError::input(folder, error);
    let mut extra = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let name = entry.map_err(unreadable)?.file_name().to_string_lossy().into_owned();
        if ![MANIFEST, SIGNATURE].contains(&name.as_str()) && !facts.artefacts.contains_key(&name) {
            extra.push(name);
        }
    }
    extra.sort();
    let unnamed =
        |name: String| problem(&name, ProblemKind::Extra, "the manifest does not name it".to_owned());
    problems.extend(extra.into_iter().map(unnamed));
    Ok(problems)
}

fn compare(path: &Path, recorded: &Artefact) -> Result<Option<(ProblemKind, String)>, PipelineError> {
    let unreadable = |error| PipelineError::input(path, error);
    let found = match path.symlink_metadata() {
        Ok(found) => found,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let message = format!("expected {} bytes, found no file", recorded.bytes);
            return Ok(Some((ProblemKind::Missing, message)));
        }
        Err(error) => return Err(unreadable(error)),
    };
    if !found.is_file() {
        let what = if found.is_dir() { "a folder" } else { "a link or something else" };
        return Ok(Some((ProblemKind::Changed, format!("expected a file, found {what}"))));
    }
    let (sha256, bytes) = digest(path).map_err(unreadable)?;
    let lengths = format!("expected {} bytes, found {bytes}", recorded.bytes);
    Ok(match bytes.cmp(&recorded.bytes) {
        std::cmp::Ordering::Less => Some((ProblemKind::Truncated, lengths)),
        std::cmp::Ordering::Greater => Some((ProblemKind::Extended, lengths)),
        std::cmp::Ordering::Equal if sha256 != recorded.sha256 => {
            Some((ProblemKind::Changed, format!("expected sha256 {}, found {sha256}", recorded.sha256)))
        }
        std::cmp::Ordering::Equal => None,
    })
}

/// SHA-256 and length, from one reading.
fn digest(path: &Path) -> std::io::Result<(String, u64)> {
    let mut file = File::open(path)?;
    let (mut digest, mut bytes, mut buffer) = (Sha256::new(), 0, vec![0; BUFFER_BYTES]);
    loop {
        match file.read(&mut buffer) {
            Ok(0) => return Ok((hex(&digest.finalize()), bytes)),
            Ok(read) => {
                digest.update(&buffer[..read]);
                bytes += read as u64;
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

fn problem(place: &str, kind: ProblemKind, message: String) -> Problem {
    Problem { place: place.to_owned(), kind, message }
}
