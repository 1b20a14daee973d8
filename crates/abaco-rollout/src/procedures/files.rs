//! Files that are replaced as a whole.

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use abaco_pipeline::storage::{Access, Storage};

use crate::RolloutError;

/// The largest file that is copied.
const MAX_BYTES: u64 = 64 << 20;

/// Who may read, write and execute a new file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    Shared,
    OwnerOnly,
    /// The bits that another file has.
    Of(u32),
}

/// Writes a file durably; whoever reads it sees the old bytes or the new ones. A link is followed.
pub(super) fn replace(
    storage: &dyn Storage,
    path: &Path,
    bytes: &[u8],
    mode: Mode,
) -> Result<(), RolloutError> {
    let failed = |error| RolloutError::io(path, error);
    let path = if path.is_symlink() { fs::canonicalize(path).map_err(failed)? } else { path.to_path_buf() };
    let (folder, new) = beside(&path).map_err(failed)?;
    let write = || -> io::Result<()> {
        if new.symlink_metadata().is_ok() {
            storage.remove(&new)?;
        }
        let access = if mode == Mode::Shared { Access::Shared } else { Access::OwnerOnly };
        let mut sink = storage.create(&new, access)?;
        sink.write_all(bytes)?;
        sink.sync()?;
        drop(sink);
        give_mode(&new, mode)?;
        storage.rename(&new, &path)?;
        storage.sync_folder(&folder)
    };
    write().map_err(failed)
}

/// As [`replace`]; the file keeps the mode that it has.
pub(super) fn replace_alike(storage: &dyn Storage, path: &Path, bytes: &[u8]) -> Result<(), RolloutError> {
    let mode = read(path)?.map_or(Mode::Shared, |(_, bits)| Mode::Of(bits));
    replace(storage, path, bytes, mode)
}

/// Removes a file durably, if it is there.
pub(super) fn remove(storage: &dyn Storage, path: &Path) -> Result<(), RolloutError> {
    if path.symlink_metadata().is_err() {
        return Ok(());
    }
    let (folder, _) = beside(path).map_err(|error| RolloutError::io(path, error))?;
    let gone = storage.remove(path).and_then(|()| storage.sync_folder(&folder));
    gone.map_err(|error| RolloutError::io(path, error))
}

/// A file's bytes and mode; none if it is not there.
pub(super) fn read(path: &Path) -> Result<Option<(Vec<u8>, u32)>, RolloutError> {
    let failed = |error| RolloutError::io(path, error);
    let file = match fs::File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    let metadata = file.metadata().map_err(failed)?;
    if !metadata.is_file() {
        return Err(failed(io::Error::other("expected a file, found something else")));
    }
    let mut bytes = Vec::new();
    file.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > MAX_BYTES {
        let message = format!("expected at most {MAX_BYTES} bytes, found more");
        return Err(failed(io::Error::other(message)));
    }
    Ok(Some((bytes, mode_of(&metadata))))
}

/// The folder of a file, and the name of its next content.
fn beside(path: &Path) -> io::Result<(PathBuf, PathBuf)> {
    let name = path.file_name().ok_or_else(|| io::Error::other("expected a file's name, found none"))?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let new = folder.join(format!(".{}.new", name.to_string_lossy()));
    Ok((folder.to_path_buf(), new))
}

#[cfg(unix)]
fn give_mode(path: &Path, mode: Mode) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;

    match mode {
        Mode::Of(bits) => fs::set_permissions(path, fs::Permissions::from_mode(bits)),
        Mode::Shared | Mode::OwnerOnly => Ok(()),
    }
}

#[cfg(unix)]
fn mode_of(metadata: &fs::Metadata) -> u32 {
    use std::os::unix::fs::PermissionsExt;

    metadata.permissions().mode() & 0o777
}

#[cfg(not(unix))]
fn give_mode(_: &Path, _: Mode) -> io::Result<()> {
    Ok(())
}

#[cfg(not(unix))]
fn mode_of(_: &fs::Metadata) -> u32 {
    0o644
}
