//! Beyond the local disk: a server, a store, a database, each of them also when it misbehaves.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "the helpers of a test stop the test"
)]

mod common;
mod copies;
mod database;
mod http;
mod http_faults;
mod objects;
mod outputs;
mod postgres;
mod postgres_faults;
mod server;
#[path = "../../../abaco-pipeline/tests/delivery/toy.rs"]
mod toy;
mod webhook;
