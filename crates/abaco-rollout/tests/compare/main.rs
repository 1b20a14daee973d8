//! Sides as they are read, versions as they answer, and what comes of two of them beside each other.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "the helpers of a test stop the test"
)]

mod common;
mod laws;
mod outcomes;
mod reading;
mod rollout_1000;
mod versions;
