//! A tape's file: opened once, digested and read through the same descriptor.

use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use super::digest::Digest;
use super::part::Digested;
use crate::PipelineError;

/// How much is digested at a time.
const DIGEST_BYTES: usize = 1 << 20;

/// An open tape.
#[derive(Debug)]
pub(crate) struct Input {
    pub(crate) path: PathBuf,
    file: File,
    stamp: Stamp,
    /// Where a file cannot be read at an offset, its one position is everybody's.
    #[cfg(not(unix))]
    turn: std::sync::Mutex<()>,
}

/// What tells whether somebody wrote to the file while we read it, or put another in its place.
#[derive(Debug, PartialEq, Eq)]
struct Stamp {
    bytes: u64,
    modified: Option<SystemTime>,
    /// What a writer cannot set back: the file itself, and when anything about it changed last.
    #[cfg(unix)]
    inode: Option<Inode>,
}

/// Which file it is, and when its contents, its name or its rights changed last.
#[cfg(unix)]
#[derive(Debug, PartialEq, Eq)]
struct Inode {
    device: u64,
    number: u64,
    changed: (i64, i64),
}

impl Stamp {
    fn of(metadata: &Metadata) -> Self {
        Self {
            bytes: metadata.len(),
            modified: metadata.modified().ok(),
            #[cfg(unix)]
            inode: Inode::of(metadata),
        }
    }
}

#[cfg(unix)]
impl Inode {
    /// `None` for what is no file: a pipe changes as it is read.
    fn of(metadata: &Metadata) -> Option<Self> {
        use std::os::unix::fs::MetadataExt;
        metadata.is_file().then(|| Self {
            device: metadata.dev(),
            number: metadata.ino(),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        })
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
        Ok(Self {
            path: path.to_path_buf(),
            file,
            stamp: Stamp::of(&metadata),
            #[cfg(not(unix))]
            turn: std::sync::Mutex::new(()),
        })
    }

    /// The length of the file when it was opened.
    pub(crate) fn bytes(&self) -> u64 {
        self.stamp.bytes
    }

    /// The bytes from wherever the last such read ended, for a format that is read from its beginning to its end.
    pub(crate) fn sequential(&self) -> impl Read {
        &self.file
    }

    /// Reads at an offset; threads do not disturb each other.
    #[cfg(unix)]
    pub(crate) fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        std::os::unix::fs::FileExt::read_at(&self.file, buffer, offset)
    }

    /// Reads at an offset; threads take turns.
    #[cfg(not(unix))]
    pub(crate) fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let _turn = self.turn.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let mut file = &self.file;
        io::Seek::seek(&mut file, io::SeekFrom::Start(offset))?;
        file.read(buffer)
    }

    /// So many bytes at an offset; a length beyond the file's end makes no room for them.
    pub(crate) fn bytes_at(&self, offset: u64, length: usize) -> io::Result<Vec<u8>> {
        let end = u64::try_from(length).ok().and_then(|length| offset.checked_add(length));
        if end.is_none_or(|end| end > self.bytes()) {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let mut bytes = vec![0; length];
        Cursor { input: self, position: offset }.read_exact(&mut bytes)?;
        Ok(bytes)
    }

    /// Digests the whole file; `None` if it is stopped before.
    pub(crate) fn digest(&self, stop: impl Fn() -> bool) -> Result<Option<Digested>, PipelineError> {
        let mut digest = Digest::default();
        let mut buffer = vec![0; DIGEST_BYTES];
        let mut reader = Cursor { input: self, position: 0 };
        while !stop() {
            match reader.read(&mut buffer) {
                Ok(0) => return Ok(Some(Digested { sha256: Some(digest.hex()), bytes: reader.position })),
                Ok(count) => digest.update(&buffer[..count]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(PipelineError::input(&self.path, error)),
            }
        }
        Ok(None)
    }

    /// Refuses a file that was written to or replaced since it was opened.
    ///
    /// Times are as fine as the file system keeps them: a change in the same instant as the one before it is not seen.
    pub(crate) fn check_unchanged(&self) -> Result<(), PipelineError> {
        let metadata = self.file.metadata().map_err(|source| PipelineError::input(&self.path, source))?;
        if Stamp::of(&metadata) == self.stamp && self.is_in_place() {
            Ok(())
        } else {
            Err(PipelineError::ChangedWhileReading { path: self.path.clone() })
        }
    }

    /// Whether the path still leads to the file that was opened.
    #[cfg(unix)]
    fn is_in_place(&self) -> bool {
        let Some(opened) = &self.stamp.inode else { return true };
        let found = std::fs::metadata(&self.path).ok().and_then(|metadata| Inode::of(&metadata));
        found.is_some_and(|found| (found.device, found.number) == (opened.device, opened.number))
    }

    /// Elsewhere than on Unix an open file cannot be replaced.
    #[cfg(not(unix))]
    fn is_in_place(&self) -> bool {
        true
    }
}

/// SHA-256 of a file's bytes, as an ingest of it would report.
pub(crate) fn file_digest(path: &Path) -> Result<String, PipelineError> {
    let input = Input::open(path)?;
    let digested = input.digest(|| false)?;
    input.check_unchanged()?;
    let sha256 = digested.and_then(|digested| digested.sha256);
    sha256.ok_or_else(|| PipelineError::input(path, io::ErrorKind::Interrupted.into()))
}

/// A position of its own in a file that others read too.
#[derive(Debug)]
pub(crate) struct Cursor<I> {
    pub(crate) input: I,
    pub(crate) position: u64,
}

impl<I: std::borrow::Borrow<Input>> Read for Cursor<I> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.input.borrow().read_at(buffer, self.position)?;
        self.position += count as u64;
        Ok(count)
    }
}

/// For readers that take what is shared.
pub(crate) type SharedCursor = Cursor<Arc<Input>>;
