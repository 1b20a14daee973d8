//! What happens to runs after they are published: deliveries and the history.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "the helpers of a test stop the test"
)]

mod history;
mod outbox;
mod rebuild;
mod toy;
