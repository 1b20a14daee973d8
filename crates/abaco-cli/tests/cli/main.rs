//! The command `abaco` from the outside: arguments and files in, streams, exit status and run folders out.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "the helpers of a test stop the test"
)]

mod as_of;
mod common;
mod document;
mod exit_status;
mod factoring;
mod hostile;
mod kpis;
mod legacy_v2;
mod output;
mod partitions;
mod real_tape;
mod refused_config;
mod refused_tapes;
mod refused_usage;
mod report;
mod report_limits;
mod rollout;
mod segments;
mod sql;
mod sql_tapes;
mod sql_zoo;
mod streams;
mod verify;
