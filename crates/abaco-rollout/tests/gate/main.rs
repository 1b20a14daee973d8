//! What is weighed, who approves, what the gate, the monitor and the report make of it.

#![allow(clippy::unwrap_used, reason = "the helpers of a test stop the test")]

mod approval;
mod gate;
mod gate_laws;
mod monitor;
mod observed;
mod pieces;
mod report;
mod store;
