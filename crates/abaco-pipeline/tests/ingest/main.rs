//! Ingest from the outside: contracts as YAML, tapes as files, batches and errors as callers see them.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "the helpers of a test stop the test"
)]

mod byte_decimals;
mod chunks;
mod common;
mod contracts;
mod csv_good;
mod csv_refused;
mod damaged;
mod folded;
mod formats;
mod known_answers;
mod snapshots;
mod typed_columns;
mod whole_arrays;
