//! Migration: where the opening balance went.
//!
//! All of them run on the loan-period panel and follow the loans that had a balance when the period began.

mod bridge;
mod buckets;
mod exits;
mod matrix;
mod rolls;

pub use bridge::{balance_bridge, balance_bridge_with_written_off};
pub use buckets::{Bucket, Destination};
pub use exits::{entrants, exits_absent, exits_paid, exits_written_off};
pub use matrix::{roll_rate, roll_rate_count};
pub use rolls::{cure_rate, net_flow_to_loss, new_delinquency, re_default_rate, roll_back, roll_forward};

const FAMILY: &str = "migration";
