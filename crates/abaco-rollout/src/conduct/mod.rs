//! Conducting a rollout: what is tried becomes evidence, evidence is weighed, what was found after the cutover is acted on.
//!
//! Each of these is a method of [`Rollout`](crate::Rollout): it computes first, and then holds the journal as long as it takes to store what
//! it found and to write that down.

mod approving;
mod computing;
mod evidence;
mod settings;
mod showing;
mod trying;
mod watching;
mod weighing;

pub use self::approving::ApprovalRequest;
pub use self::settings::TrialSettings;
pub use self::trying::{Compared, Exercised, Replayed, TieOutRequest, explain};
pub use self::watching::Watch;

/// Where pieces of evidence and whole comparisons lie in the state folder.
const EVIDENCE: &str = "evidence";

/// Where approvals lie.
const APPROVALS: &str = "approvals";
