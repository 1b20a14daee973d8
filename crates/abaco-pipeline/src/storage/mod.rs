//! Everything that a run writes goes through here, so that a test can make any step of it fail.

mod disk;
mod failing;

use std::fmt;
use std::io::{self, Write};
use std::path::Path;

pub use self::disk::Disk;
pub use self::failing::{Failing, How};

/// Where runs are written. Reading needs no such trait: what fails to be read is reported and nothing is half-done.
///
/// Each method is one step: it has happened, or it has failed and a later look at the disk tells how far it came.
pub trait Storage: fmt::Debug + Send + Sync {
    /// Makes a folder whose parent is there; one that is there already is an error.
    fn create_folder(&self, path: &Path) -> io::Result<()>;

    /// Makes a file; one that is there already is an error.
    fn create(&self, path: &Path, access: Access) -> io::Result<Box<dyn Sink>>;

    /// Opens a file to write behind its end, and makes it if it is not there.
    fn append(&self, path: &Path) -> io::Result<Box<dyn Sink>>;

    /// Cuts a file off behind so many bytes, durably.
    fn truncate(&self, path: &Path, bytes: u64) -> io::Result<()>;

    /// Gives a file or a folder another name in the same file system; a file of that name is replaced.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Removes a file.
    fn remove(&self, path: &Path) -> io::Result<()>;

    /// Removes a folder with all that is in it.
    fn remove_folder(&self, path: &Path) -> io::Result<()>;

    /// Makes new names in a folder durable.
    fn sync_folder(&self, path: &Path) -> io::Result<()>;
}

/// A file that is being written.
pub trait Sink: Write + Send {
    /// Makes what was written durable.
    fn sync(&mut self) -> io::Result<()>;
}

/// Who may read a new file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Whoever the process's mask lets.
    Shared,
    /// The owner alone; on Windows the folder's own rules hold.
    OwnerOnly,
}
