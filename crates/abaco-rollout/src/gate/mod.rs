//! Whether the candidate may take over: the policy of `rollout.yml`, weighed against evidence and approvals.
//!
//! What was not shown counts as not so. Evidence that was recorded and cannot be read any more closes the gate: whatever it
//! said may have spoken against the candidate.

mod approvals;
mod comparisons;
mod criterion;
mod operation;
mod settings;
mod weigh;

pub use self::criterion::{Criterion, State, Verdict};
pub use self::settings::{
    ChecklistSettings, ConcurrencySettings, GateSettings, LiveSettings, PerformanceSettings,
    RehearsalSettings, ReplaySettings, SoakSettings,
};
pub use self::weigh::{Case, Policy, weigh, weighed};
