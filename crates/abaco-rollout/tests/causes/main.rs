//! The cause finder from the outside: a tape, a candidate and the values of a baseline in, hypotheses out.
//!
//! The baselines of these tests are made by loops over the rows, which know nothing of formulas.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "the helpers of a test stop the test"
)]

mod agree;
mod bounds;
mod common;
mod naive;
mod one_switch;
mod pairs;
mod real_tape;
mod same_here;
mod tape;
