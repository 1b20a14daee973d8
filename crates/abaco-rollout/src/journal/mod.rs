//! What happened, in order: the one truth about how far a rollout has come.

mod event;

pub use self::event::{Event, Outcome, Procedure};
