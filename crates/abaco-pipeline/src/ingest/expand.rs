//! From the paths that a person writes to the files that they mean.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use crate::PipelineError;

/// The files that paths and patterns mean, in their order; those of one pattern are sorted.
///
/// A path is a pattern if it has one of `*`, `?` and `[` and no file has just that name. A file that a pattern matches and
/// that is there already, or comes again, is listed once. Text with `://` is no path, and stays as it is.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// # let folder = folder.path();
/// for name in ["2025-11.csv", "2025-10.csv", "notes.txt"] {
///     std::fs::write(folder.join(name), "x\n1\n")?;
/// }
/// let paths = abaco_pipeline::ingest::expand(&[folder.join("2025-*.csv")])?;
/// assert_eq!(paths, [folder.join("2025-10.csv"), folder.join("2025-11.csv")]);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// [`PipelineError::NoMatch`] for a pattern that no file matches, [`PipelineError::Option`] for one that is none, and
/// [`PipelineError::InputUnreadable`] for a folder that cannot be read.
pub fn expand(paths: &[PathBuf]) -> Result<Vec<PathBuf>, PipelineError> {
    let mut listed: Vec<PathBuf> = Vec::new();
    let mut by_pattern = HashSet::new();
    let mut known = HashSet::new();
    for path in paths {
        let Some(pattern) = pattern(path) else {
            // Who names a file twice is told so later; a pattern may well match a file that was named.
            let file = identity(path);
            if !by_pattern.contains(&file) {
                known.insert(file);
                listed.push(path.clone());
            }
            continue;
        };
        let mut any = false;
        for file in matches(path, pattern)? {
            any = true;
            let same = identity(&file);
            if known.insert(same.clone()) {
                by_pattern.insert(same);
                listed.push(file);
            }
        }
        if !any {
            return Err(PipelineError::NoMatch { pattern: path.clone() });
        }
    }
    Ok(listed)
}

/// The path as a pattern, if it is one.
fn pattern(path: &Path) -> Option<&str> {
    let text = path.to_str()?;
    let is_pattern = text.contains(['*', '?', '[']) && !text.contains("://") && !path.exists();
    is_pattern.then_some(text)
}

/// The files that a pattern matches, sorted.
fn matches(path: &Path, pattern: &str) -> Result<Vec<PathBuf>, PipelineError> {
    let found = glob::glob(pattern).map_err(|error| PipelineError::Option {
        name: "input",
        expected: "a path or a pattern".to_owned(),
        found: format!("`{}`, in which at character {}: {}", path.display(), error.pos + 1, error.msg),
    })?;
    let mut files = Vec::new();
    for file in found {
        let file = file.map_err(|error| {
            let folder = error.path().to_path_buf();
            PipelineError::InputUnreadable { path: folder, source: error.into() }
        })?;
        if !file.is_dir() {
            files.push(file);
        }
    }
    files.sort();
    Ok(files)
}

/// What two names of one file have in common.
fn identity(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_path_buf())
}
