//! The covenants of a facility that the portfolio secures: its borrowing base and its triggers.
//!
//! Parameters (`advance_rate`, `concentration_cap`) are the same wherever they stand and are read once; ledger amounts
//! (`drawn`, `facility_limit`) stand on rows of their own and are summed.

mod base;
mod cross_age;
mod triggers;

pub use base::{availability, borrowing_base, effective_advance_rate, eligible_balance, utilisation};
pub use cross_age::cross_aged_eligible_balance;
pub use triggers::{dq_3m_avg, dq_3m_pooled};

const FAMILY: &str = "facility";
