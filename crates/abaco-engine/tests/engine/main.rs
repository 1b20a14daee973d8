//! The engine through its public API.

#![allow(clippy::unwrap_used, clippy::panic)] // helpers of tests, which may stop

mod audit;
mod conditions;
mod contributions;
mod definitions;
mod definitions_documented;
mod definitions_kpis;
mod definitions_refused;
mod group_totals;
mod keyed;
mod language;
mod many_groups;
mod plan;
mod segments;
mod snapshots;
mod sql;
mod state_bytes;
mod tape;
