//! What a run writes beside its document, and that none of it holds what must not be seen.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "the helpers of a test stop the test"
)]

mod compliance;
mod csv_cells;
mod grep;
mod grep_finds;
mod lineage;
mod masking;
mod tables;
mod writer;
