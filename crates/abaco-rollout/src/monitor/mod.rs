//! What is watched after the cutover, while the baseline still runs beside the candidate.

mod checkpoints;
mod judge;
mod observe;
mod reconcile;
mod runs;
mod settings;

pub use self::checkpoints::{Checkpoint, Checkpoints, checkpoints};
pub use self::judge::{Fired, NullShare, Observed, judge};
pub use self::observe::{Watched, observe};
pub use self::reconcile::{Day, line, reconcile};
pub use self::runs::{PublishedRun, published_since};
pub use self::settings::{Action, Limit, MonitorSettings, Seconds, Strict};
