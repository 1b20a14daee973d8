//! A tape's file: opened once, digested and read through the same descriptor.

use std::fs::{File, Metadata};
use std::io::{self, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::hashing::HashingReader;
use crate::PipelineError;

/// An open tape.
#[derive(Debug)]
pub(crate) struct Input {
    pub(crate) path: PathBuf,
    pub(crate) file: File,
    stamp: Stamp,
}

/// What tells whether somebody wrote to the file while we read it.
#[derive(Debug, PartialEq, Eq)]
struct Stamp {
    bytes: u64,
    modified: Option<SystemTime>,
}

impl Stamp {
    fn of(metadata: &Metadata) -> Self {
        Self { bytes: metadata.len(), modified: metadata.modified().ok() }
    }
}

impl Input {
    pub(crate) fn open(path: &Path) -> Result<Self, PipelineError> {
        let failed = |source| PipelineError::input(path, source);
        let file = File::open(path).map_err(failed)?;
        let metadata = file.metadata().map_err(failed)?;
        if metadata.is_dir() {
            return Err(failed(io::ErrorKind::IsADirectory.into()));
        }
        if metadata.is_file() && metadata.len() == 0 {
            return Err(PipelineError::EmptyFile { path: path.to_path_buf() });
        }
        Ok(Self { path: path.to_path_buf(), file, stamp: Stamp::of(&metadata) })
    }

    /// Another handle on the same descriptor; the two share their position.
    pub(crate) fn handle(&self) -> Result<File, PipelineError> {
        self.file.try_clone().map_err(|source| PipelineError::input(&self.path, source))
    }

    /// Digests the whole file and returns to its beginning: the digest in hex and the length.
    pub(crate) fn digest(&mut self) -> Result<(String, u64), PipelineError> {
        let failed = |source| PipelineError::input(&self.path, source);
        // Whoever read the metadata before left the shared position somewhere else.
        (&self.file).seek(SeekFrom::Start(0)).map_err(failed)?;
        let mut reader = HashingReader::new(&self.file);
        io::copy(&mut reader, &mut io::sink()).map_err(failed)?;
        let digest = (reader.sha256(), reader.bytes());
        (&self.file).seek(SeekFrom::Start(0)).map_err(failed)?;
        Ok(digest)
    }

    /// Refuses a file that was written to since it was opened.
    pub(crate) fn check_unchanged(&self) -> Result<(), PipelineError> {
        let metadata = self.file.metadata().map_err(|source| PipelineError::input(&self.path, source))?;
        if Stamp::of(&metadata) == self.stamp {
            Ok(())
        } else {
            Err(PipelineError::ChangedWhileReading { path: self.path.clone() })
        }
    }
}
