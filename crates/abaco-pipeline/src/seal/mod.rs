//! From a hidden folder to a published run: complete or absent, never in between.
//!
//! A run is put together in `.staging-<run_id>/`. [`Staging::seal`] then goes this way, and no step changes what an earlier
//! one has made:
//!
//! 1. the artefacts are closed, the audit log gets its last entry and its file, then the manifest, then the signature;
//! 2. every file and the folder are made durable;
//! 3. under the lock of the folder of runs: one rename to `<run_id>/`, and the parent is made durable;
//! 4. what is to be delivered goes to `.outbox/`, the run to `LEDGER.ndjson`, and `CURRENT` moves.
//!
//! What a killed process leaves is told by `.staging-<run_id>.lock`, which its owner held: if nobody holds it, the next
//! [`Runs::begin`] removes the hidden folder, or, where the rename was done, checks the run's digests and finishes steps 3 and
//! 4. A step that answers with an error before the ledger has the run is undone, and the run is gone again.
//!
//! On Unix a rename is atomic, also for readers that have files of the folder open, and folders are synced. On Windows a
//! folder cannot be renamed while somebody has a file in it open: hidden folders are nobody else's business, and a virus scanner
//! that is in the way makes the step an error that is undone. There, names are durable with the file system's journal, and
//! `CURRENT` cannot be replaced while a reader holds it without sharing; it is then left behind and moved by the next run.
//! The locks are `flock` and `LockFileEx`; do not publish to file systems that have neither, such as some network shares.

mod facts;
mod failure;
mod finish;
mod recovery;
mod runs;
mod staged_file;
mod staging;

pub(crate) use self::facts::{AUDIT, MANIFEST, ManifestFacts, SIGNATURE};
pub use self::facts::{Artefact, Artefacts};
pub use self::finish::{Sealed, Sealing};
pub use self::recovery::Recovery;
pub use self::runs::Runs;
pub use self::staged_file::StagedFile;
pub use self::staging::Staging;

/// Where deliveries wait, beside the runs.
pub const OUTBOX: &str = ".outbox";
/// Where failed runs are recorded, beside the runs.
pub const FAILED: &str = ".failed";
/// Prefix of the folders in which runs are put together; readers pass over names that begin with a point.
const STAGING: &str = ".staging-";
