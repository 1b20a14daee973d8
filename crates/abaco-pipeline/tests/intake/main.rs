//! Screening from the outside: which rows are admitted and which are refused, in which order, and what ends a tape.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "the helpers of a test stop the test"
)]

mod changed;
mod common;
mod expanded;
mod in_order;
mod json_lines;
mod packed;
mod pieces;
mod refused;
