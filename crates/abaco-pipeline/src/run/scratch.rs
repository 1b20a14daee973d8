//! A private folder for what a run need not keep: it goes with the run, or with the next one if the process was killed.

use std::fs::File;
use std::io::{self, ErrorKind};
use std::path::Path;

use tempfile::TempDir;

use crate::lock;

const PREFIX: &str = "abaco-scratch-";
/// Held as long as the folder is used.
const LOCK: &str = ".lock";

/// A folder that only its owner may read.
#[derive(Debug)]
pub(super) struct Scratch {
    folder: TempDir,
    _lock: File,
}

impl Scratch {
    /// A new folder among the temporary ones, from which those of killed processes are removed first.
    pub(super) fn new(temporary: &Path) -> io::Result<Self> {
        sweep(temporary);
        let mut attempts = 3;
        loop {
            let folder = TempDir::with_prefix_in(PREFIX, temporary)?;
            match lock::wait(&folder.path().join(LOCK)) {
                Ok(lock) => return Ok(Self { folder, _lock: lock }),
                // Somebody's sweep came between the folder and its lock.
                Err(error) if error.kind() == ErrorKind::NotFound && attempts > 0 => attempts -= 1,
                Err(error) => return Err(error),
            }
        }
    }

    pub(super) fn path(&self) -> &Path {
        self.folder.path()
    }
}

/// Removes the folders that nobody holds. What cannot be removed is somebody else's, or the next run's concern.
fn sweep(temporary: &Path) {
    let Ok(entries) = std::fs::read_dir(temporary) else { return };
    for entry in entries.flatten() {
        let is_ours = entry.file_name().to_string_lossy().starts_with(PREFIX)
            && entry.file_type().is_ok_and(|kind| kind.is_dir());
        if !is_ours {
            continue;
        }
        if let Ok(Some(_lock)) = lock::attempt(&entry.path().join(LOCK))
            && let Err(error) = std::fs::remove_dir_all(entry.path())
        {
            tracing::debug!(%error, folder = %entry.path().display(), "a killed run's folder stays");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{LOCK, PREFIX, Scratch};

    #[test]
    fn what_a_killed_process_left_is_removed_and_what_is_held_stays() {
        let temporary = tempfile::tempdir().unwrap();
        let held = Scratch::new(temporary.path()).unwrap();
        let left = temporary.path().join(format!("{PREFIX}left"));
        fs::create_dir(&left).unwrap();
        fs::write(left.join(LOCK), "").unwrap();
        fs::write(left.join("fetched-tape.csv"), "secret").unwrap();
        let other = temporary.path().join("abaco-other");
        fs::create_dir(&other).unwrap();

        let next = Scratch::new(temporary.path()).unwrap();
        assert!(!left.exists());
        assert!(other.exists() && held.path().exists() && next.path().exists());
        let (first, second) = (held.path().to_path_buf(), next.path().to_path_buf());
        drop((held, next));
        assert!(!first.exists() && !second.exists());
    }
}
