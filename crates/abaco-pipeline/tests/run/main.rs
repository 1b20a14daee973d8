//! Runs from the outside: a configuration, tapes and a catalogue in, outcomes, identity and a published folder out.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "the helpers of a test stop the test"
)]

mod canonical;
mod common;
mod concurrent;
mod definitions;
mod drill_down;
mod embedded;
mod formats;
mod hostile;
mod identity;
mod judged;
mod layouts;
mod library;
mod measure;
mod panel;
mod panel_edges;
mod publish;
mod real_tape;
mod recompute;
