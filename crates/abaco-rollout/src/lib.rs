//! How one version of the numbers replaces another.
//!
//! The data's way is the order of the modules: a [`version`] gives [`figures`], two sides of which are compared, their
//! differences explained and taken apart, and become [`evidence`]; a gate weighs the evidence, and the [`journal`] holds
//! every step from [`stage`] to stage.

pub mod approval;
pub mod attribution;
pub mod causes;
pub mod comparison;
pub mod conduct;
pub mod config;
pub mod evidence;
pub mod exercise;
pub mod figures;
pub mod gate;
pub mod journal;
pub mod known;
pub mod monitor;
pub mod procedures;
pub mod program;
pub mod report;
pub mod shadow;
pub mod stage;
pub mod version;

mod error;
mod rollout;
mod status;

pub use config::RolloutConfig;
pub use error::{ErrorKind, RolloutError};
pub use rollout::{Advanced, Published, Rollout, RolloutOptions, Smoke};
pub use status::{Status, UnderWay};
