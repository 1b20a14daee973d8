//! What the difference of two runs or tapes comes from.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "the helpers of a test stop the test"
)]

#[allow(dead_code, reason = "shared with the pipeline's tests")]
#[path = "../../../abaco-pipeline/tests/run/common.rs"]
mod common;
mod exact;
mod properties;
mod real_tape;
mod runs;
mod tape;
mod ties;
