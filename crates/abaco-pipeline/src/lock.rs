//! Locks between processes. The system lets go of them when their owner ends, however it ends.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::Path;

/// Waits until nobody else has the file, which is made if it is not there.
pub fn wait(path: &Path) -> io::Result<File> {
    loop {
        let file = open(path, true)?;
        match file.lock() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            other => other?,
        }
        if is_still_there(&file, path)? {
            return Ok(file);
        }
    }
}

/// Whether the name still means the file: its last owner may have removed it, and then the lock is nobody else's lock.
#[cfg(unix)]
fn is_still_there(file: &File, path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt;

    let held = file.metadata()?;
    match path.metadata() {
        Ok(named) => Ok((named.dev(), named.ino()) == (held.dev(), held.ino())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// A file that is open has its name as long as it is open.
#[cfg(not(unix))]
fn is_still_there(_: &File, _: &Path) -> io::Result<bool> {
    Ok(true)
}

/// The lock of a file that is there, unless somebody has it.
pub fn attempt(path: &Path) -> io::Result<Option<File>> {
    let file = open(path, false)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

fn open(path: &Path, create: bool) -> io::Result<File> {
    OpenOptions::new().append(true).create(create).open(path)
}
