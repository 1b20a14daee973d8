//! The engine through its public API.

mod audit;
mod keyed;
mod plan;
mod snapshots;
mod state_bytes;
mod tape;
