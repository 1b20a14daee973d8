//! The engine through its public API.

mod audit;
mod definitions;
mod keyed;
mod language;
mod plan;
mod snapshots;
mod state_bytes;
mod tape;
