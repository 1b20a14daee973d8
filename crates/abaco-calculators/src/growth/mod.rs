//! How the portfolio grows: new loans, its clients, and the balance from period to period.
//!
//! A period is that between two snapshots of the tape, never one of the clock at which somebody looks.

mod balance;
mod clients;
mod lending;

pub use balance::{growth_mom, growth_yoy};
pub use clients::{active_clients, active_clients_v2, client_retention, repeat_borrower_rate};
pub use lending::{average_ticket, new_loans, origination_volume};

const FAMILY: &str = "growth";
