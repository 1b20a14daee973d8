//! What a run is given by the program that it runs in.

use std::fmt;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::Watch;
use crate::fetch::Fetch;
use crate::storage::{Disk, Storage};

/// What a run is given by the program that it runs in; nothing here changes a number.
///
/// ```
/// use abaco_pipeline::RunOptions;
///
/// let options = RunOptions { reuse: true, ..RunOptions::default() };
/// assert!(!options.watch.is_cancelled());
/// ```
#[derive(Clone)]
pub struct RunOptions {
    /// Whether a published run of the same identity is verified and returned instead of computing it again.
    pub reuse: bool,
    /// Where runs are written.
    pub storage: Arc<dyn Storage>,
    /// What fetches inputs behind an address; without it they are refused.
    pub fetch: Option<Arc<dyn Fetch>>,
    /// How far the run has come, and whether it is to end.
    pub watch: Arc<Watch>,
    /// The time.
    pub clock: fn() -> DateTime<Utc>,
}

impl Default for RunOptions {
    fn default() -> Self {
        Self { reuse: false, storage: Arc::new(Disk), fetch: None, watch: Arc::default(), clock: Utc::now }
    }
}

impl fmt::Debug for RunOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RunOptions")
            .field("reuse", &self.reuse)
            .field("storage", &self.storage)
            .field("watch", &self.watch)
            .finish_non_exhaustive()
    }
}
