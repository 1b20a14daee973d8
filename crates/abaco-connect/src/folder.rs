//! A copy of each run in another folder.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use abaco_pipeline::outbox::{Deliver, DeliveryError, PublishedRun};
use abaco_pipeline::storage::{Access, Disk, Storage};

use crate::digest::Hasher;

const MANIFEST: &str = "manifest.json";

/// Copies runs into a folder: staged under a hidden name, made durable, and renamed in one step.
///
/// A run that is there already with the same bytes is delivered; one with others is refused.
#[derive(Clone, Debug)]
pub struct FolderOutput {
    folder: PathBuf,
}

impl FolderOutput {
    /// The folder, which is made when it is needed.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    fn copy(
        &self,
        run: &PublishedRun,
        files: &BTreeMap<&str, &str>,
        staged: &Path,
    ) -> Result<(), DeliveryError> {
        Disk.create_folder(staged).map_err(|error| failed(staged, &error))?;
        for (name, sha256) in files {
            let to = staged.join(name);
            if let Some(parent) = to.parent() {
                fs::create_dir_all(parent).map_err(|error| failed(parent, &error))?;
            }
            let digest = copy(&run.folder.join(name), &to).map_err(|error| failed(&to, &error))?;
            if digest != *sha256 {
                return Err(DeliveryError::lasting(format!("`{name}` changed while it was copied")));
            }
        }
        sync_folders(staged).map_err(|error| failed(staged, &error))?;
        let target = self.folder.join(&run.run_id);
        Disk.rename(staged, &target).map_err(|error| failed(&target, &error))?;
        Disk.sync_folder(&self.folder).map_err(|error| failed(&self.folder, &error))
    }
}

impl Deliver for FolderOutput {
    fn deliver(&self, run: &PublishedRun) -> Result<(), DeliveryError> {
        let mut files: BTreeMap<&str, &str> =
            run.files.iter().map(|(name, file)| (name.as_str(), file.sha256.as_str())).collect();
        files.insert(MANIFEST, &run.manifest_sha256);
        let target = self.folder.join(&run.run_id);
        if target.exists() {
            return same(&target, &files);
        }
        fs::create_dir_all(&self.folder).map_err(|error| failed(&self.folder, &error))?;
        let staged = self.folder.join(format!(".staging-{}-{}", run.run_id, uuid::Uuid::now_v7()));
        let result = self.copy(run, &files, &staged);
        if result.is_err() {
            let _never_made_or_already_renamed = fs::remove_dir_all(&staged);
            // Somebody else may have brought the same run meanwhile.
            if target.exists() {
                return same(&target, &files);
            }
        }
        result
    }
}

/// Whether a run that is there is this one.
fn same(target: &Path, files: &BTreeMap<&str, &str>) -> Result<(), DeliveryError> {
    for (name, sha256) in files {
        let path = target.join(name);
        let found = digest(&path).map_err(|error| failed(&path, &error))?;
        if found != *sha256 {
            return Err(DeliveryError::lasting(format!(
                "{}: expected digest `{sha256}`, found `{found}`; a run is never overwritten",
                path.display()
            )));
        }
    }
    Ok(())
}

fn copy(from: &Path, to: &Path) -> io::Result<String> {
    let mut sink = Disk.create(to, Access::Shared)?;
    let digest = stream(from, |bytes| sink.write_all(bytes))?;
    sink.sync()?;
    Ok(digest)
}

fn digest(path: &Path) -> io::Result<String> {
    stream(path, |_| Ok(()))
}

fn stream(path: &Path, mut each: impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<String> {
    let (mut file, mut hasher, mut buffer) = (File::open(path)?, Hasher::default(), vec![0; 1 << 16]);
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(hasher.finish()),
            read => {
                hasher.update(&buffer[..read]);
                each(&buffer[..read])?;
            }
        }
    }
}

fn sync_folders(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            sync_folders(&entry.path())?;
        }
    }
    Disk.sync_folder(folder)
}

fn failed(path: &Path, error: &io::Error) -> DeliveryError {
    DeliveryError::passing(format!("{}: {error}", path.display()))
}
