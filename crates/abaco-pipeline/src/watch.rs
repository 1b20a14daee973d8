//! How far a run has come, and whether somebody wants it to end.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Shared between a run and whoever watches it.
///
/// ```
/// let watch = abaco_pipeline::Watch::default();
/// watch.add_rows(3);
/// assert_eq!((watch.rows(), watch.is_cancelled()), (3, false));
/// watch.cancel();
/// assert!(watch.is_cancelled());
/// ```
#[derive(Debug, Default)]
pub struct Watch {
    cancelled: AtomicBool,
    rows: AtomicU64,
}

impl Watch {
    /// Asks the run to end as soon as it can; what it has not published is then gone.
    pub fn cancel(&self) {
        self.cancelled.store(true, Ordering::Relaxed);
    }

    /// Whether the run was asked to end.
    pub fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }

    /// Takes note of rows that were read.
    pub fn add_rows(&self, rows: u64) {
        self.rows.fetch_add(rows, Ordering::Relaxed);
    }

    /// Rows read so far.
    pub fn rows(&self) -> u64 {
        self.rows.load(Ordering::Relaxed)
    }
}
