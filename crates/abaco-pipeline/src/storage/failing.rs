//! A disk that fails when it is told to. For tests.

use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::{Access, Disk, Sink, Storage};

/// How [`Failing`] fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// One step answers with an error and has not happened; those behind it work.
    Error(io::ErrorKind),
    /// The process ends before the step: neither it nor any later one happens, so nothing is cleaned up.
    Killed,
    /// The process ends within the step: a write leaves the first half of its bytes, any other step does not happen.
    TornWrite,
}

/// The local disk, of which one step fails. For tests.
///
/// Every change is a step: making a file or a folder, each write, sync, rename, append, truncate, remove. Clones share
/// their count.
///
/// ```
/// use abaco_pipeline::storage::{Failing, How, Storage};
///
/// let folder = tempfile::tempdir()?;
/// let disk = Failing::at(2, How::Killed);
/// assert!(disk.create_folder(&folder.path().join("a")).is_ok());
/// assert!(disk.create_folder(&folder.path().join("b")).is_err());
/// assert!(disk.create_folder(&folder.path().join("c")).is_err());
/// assert!(disk.has_failed());
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Failing(Arc<Plan>);

#[derive(Debug)]
struct Plan {
    /// The step that fails, from 1; 0 for none.
    step: u64,
    how: How,
    steps: AtomicU64,
    failed: AtomicBool,
}

/// What is to become of a step.
enum Verdict {
    Go,
    Half,
}

impl Failing {
    /// Fails at this step, counted from 1.
    pub fn at(step: u64, how: How) -> Self {
        let (steps, failed) = (AtomicU64::new(0), AtomicBool::new(false));
        Self(Arc::new(Plan { step, how, steps, failed }))
    }

    /// Fails never: counts the steps.
    pub fn never() -> Self {
        Self::at(0, How::Killed)
    }

    /// The steps so far.
    pub fn steps(&self) -> u64 {
        self.0.steps.load(Ordering::SeqCst)
    }

    /// Whether the step has come.
    pub fn has_failed(&self) -> bool {
        self.0.failed.load(Ordering::SeqCst)
    }

    fn step(&self) -> io::Result<Verdict> {
        let plan = &self.0;
        let step = plan.steps.fetch_add(1, Ordering::SeqCst) + 1;
        if step == plan.step {
            plan.failed.store(true, Ordering::SeqCst);
            return match plan.how {
                How::Error(kind) => Err(io::Error::new(kind, format!("step {step} was told to fail"))),
                How::Killed => Err(dead()),
                How::TornWrite => Ok(Verdict::Half),
            };
        }
        let gone = self.has_failed() && !matches!(plan.how, How::Error(_));
        if gone { Err(dead()) } else { Ok(Verdict::Go) }
    }

    fn whole<T>(&self, act: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
        match self.step()? {
            Verdict::Go => act(),
            Verdict::Half => Err(dead()),
        }
    }

    fn sink(&self, inner: Box<dyn Sink>) -> Box<dyn Sink> {
        Box::new(FailingSink { disk: self.clone(), inner })
    }
}

fn dead() -> io::Error {
    io::Error::other("the process was told to end")
}

impl Storage for Failing {
    fn create_folder(&self, path: &Path) -> io::Result<()> {
        self.whole(|| Disk.create_folder(path))
    }

    fn create(&self, path: &Path, access: Access) -> io::Result<Box<dyn Sink>> {
        self.whole(|| Disk.create(path, access)).map(|inner| self.sink(inner))
    }

    fn append(&self, path: &Path) -> io::Result<Box<dyn Sink>> {
        self.whole(|| Disk.append(path)).map(|inner| self.sink(inner))
    }

    fn truncate(&self, path: &Path, bytes: u64) -> io::Result<()> {
        self.whole(|| Disk.truncate(path, bytes))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.whole(|| Disk.rename(from, to))
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.whole(|| Disk.remove(path))
    }

    fn remove_folder(&self, path: &Path) -> io::Result<()> {
        self.whole(|| Disk.remove_folder(path))
    }

    fn sync_folder(&self, path: &Path) -> io::Result<()> {
        self.whole(|| Disk.sync_folder(path))
    }
}

struct FailingSink {
    disk: Failing,
    inner: Box<dyn Sink>,
}

impl Write for FailingSink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.disk.step()? {
            Verdict::Go => self.inner.write(bytes),
            Verdict::Half => {
                self.inner.write_all(&bytes[..bytes.len() / 2])?;
                Err(dead())
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

impl Sink for FailingSink {
    fn sync(&mut self) -> io::Result<()> {
        self.disk.whole(|| self.inner.sync())
    }
}
