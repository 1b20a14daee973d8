//! Processes that are killed in the middle of a run, and many at once in one folder.
//!
//! Where `strace` is, it kills at each call that writes, makes durable or renames; where it may not be missing, the
//! environment says `ABACO_STRACE=required`. `ABACO_PROCESSES` says how many run at once in all, 100 if it does not.

#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "the helpers of a test stop the test"
)]

#[allow(dead_code, reason = "shared with other tests")]
#[path = "../cli/common.rs"]
mod common;
mod killed;
mod many;
mod whole;
