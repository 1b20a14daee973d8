//! Collections: what was paid of what was due.
//!
//! All of them run on the loan-period panel. A payment counts in the period in which it was made, and an instalment
//! in the period in which it falls due.

mod effectiveness;
mod rates;
mod recovery;

pub use effectiveness::{collection_effectiveness_index_monthly, collection_effectiveness_index_total};
pub use rates::{
    collection_ex_prepayment, collection_rate_capped, collection_rate_total, cumulative_collection,
    payment_rate,
};
pub use recovery::{current_recovery_rate, recovery_rate};

const FAMILY: &str = "collections";
