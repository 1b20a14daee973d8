//! Publishing a run: complete or absent, never in between.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::PipelineError;

/// Prefix of the folders in which runs are put together; readers pass over names that begin with a point.
const STAGING: &str = ".staging-";

/// Writes the files into a hidden folder, makes them durable, and renames the folder to `out/run_id` in one step.
///
/// On any error the hidden folder is removed and `out` has no new run.
pub(crate) fn publish(out: &Path, run_id: &str, files: &[(&str, Vec<u8>)]) -> Result<PathBuf, PipelineError> {
    let failed = |path: &Path| {
        let path = path.to_path_buf();
        move |source: io::Error| PipelineError::Output { path, source }
    };
    fs::create_dir_all(out).map_err(failed(out))?;
    let staging = staging(out).map_err(failed(out))?;
    for (name, bytes) in files {
        let path = staging.path().join(name);
        write_durably(&path, bytes).map_err(failed(&path))?;
    }
    sync_folder(staging.path()).map_err(failed(staging.path()))?;
    let target = out.join(run_id);
    // A folder of this name can only be another run's: a rename onto an empty folder would succeed on Unix.
    if target.exists() {
        return Err(failed(&target)(io::ErrorKind::AlreadyExists.into()));
    }
    fs::rename(staging.path(), &target).map_err(failed(&target))?;
    // The folder has its final name now; nothing is left for the guard to remove.
    let _moved = staging.keep();
    sync_folder(out).map_err(failed(out))?;
    Ok(target)
}

/// A new hidden folder in `out`. Temporary folders are private to their owner; a run is as open as the process's mask
/// lets every other folder be.
fn staging(out: &Path) -> io::Result<tempfile::TempDir> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(STAGING);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;

        builder.permissions(fs::Permissions::from_mode(0o777));
    }
    builder.tempdir_in(out)
}

fn write_durably(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create_new(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Makes renames and new names in a folder durable; Windows has no such call and needs none.
fn sync_folder(path: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(path)?.sync_all() } else { Ok(()) }
}
