//! Sealed runs from the outside: every step of a publication may fail or be the last, every byte may be changed afterwards,
//! and many may publish at once.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "the helpers of a test stop the test"
)]

mod common;
mod damage;
mod faults;
mod ledger_damage;
mod order;
mod recovered;
mod sealing;
mod together;
