//! Cutting over, rolling back, going forward and rehearsing, with faults at every step.

#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "the helpers of a test stop the test"
)]

mod common;
mod failures;
mod kills;
mod procedures;
mod refusals;
