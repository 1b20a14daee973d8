//! The stages of a rollout.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How far a rollout has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// The candidate is set up: configuration, folders, tests, a smoke run.
    Staging,
    /// The candidate runs beside the baseline, which is official.
    Shadow,
    /// The gate is open.
    Ready,
    /// The candidate is taking over.
    Cutover,
    /// The candidate is official, and the baseline runs beside it.
    Monitoring,
    /// The candidate is official, and the baseline may go.
    Complete,
    /// The baseline is official again.
    RolledBack,
}

impl Stage {
    /// The stage in snake case.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Staging => "staging",
            Self::Shadow => "shadow",
            Self::Ready => "ready",
            Self::Cutover => "cutover",
            Self::Monitoring => "monitoring",
            Self::Complete => "complete",
            Self::RolledBack => "rolled_back",
        }
    }

    /// Whether a rollout may go from this stage to another.
    ///
    /// ```
    /// use abaco_rollout::stage::Stage;
    ///
    /// assert!(Stage::Ready.may_become(Stage::Cutover));
    /// assert!(!Stage::Shadow.may_become(Stage::Cutover));
    /// ```
    pub const fn may_become(self, next: Self) -> bool {
        use Stage::{Complete, Cutover, Monitoring, Ready, RolledBack, Shadow, Staging};
        matches!(
            (self, next),
            (Staging, Shadow)
                | (Shadow, Ready | Staging)
                // Evidence or an approval that lapses closes the gate again.
                | (Ready, Cutover | Shadow)
                | (Cutover, Monitoring | RolledBack)
                | (Monitoring, Complete | RolledBack)
                // Forward again at once while the gate is still open, or by way of the shadow.
                | (RolledBack, Cutover | Shadow | Staging)
        )
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
