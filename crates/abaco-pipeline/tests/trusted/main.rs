//! Runs one can trust: what is masked, what a fault leaves behind, which rows count, what is reused, many at once.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "the helpers of a test stop the test"
)]

#[allow(dead_code, reason = "shared with other tests")]
#[path = "../run/common.rs"]
mod common;
mod faults;
mod fetched;
mod further;
#[allow(dead_code, reason = "shared with other tests")]
#[path = "../artefacts/grep.rs"]
mod grep;
mod many;
mod masking;
mod reuse;
mod rows;
mod unchanged;
