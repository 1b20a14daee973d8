//! The oracle against answers worked out by hand, the laws over formulas of every kind, and the laws' own
//! ability to fail.
#![allow(clippy::unwrap_used, clippy::panic, reason = "the helpers of a test are part of the test")]

mod bounds;
mod families;
mod laws_can_fail;
mod oracle_by_hand;
mod oracle_keys;
mod oracle_rows;
mod strategies;
mod tape;
mod zoo;
