//! Losses: what was written off, what defaulted, and what became of it in the end.
//!
//! All of them run on the loan-period panel; the cumulative ones sum over every loan that it knows, repaid ones
//! included.

mod charge_offs;
mod cumulative;
mod defaults;

pub use charge_offs::{gross_chargeoff_annualised, loan_loss_rate, net_chargeoff_annualised, write_off_rate};
pub use cumulative::{cumulative_gross_loss, cumulative_net_loss, loss_severity, rdr_90};
pub use defaults::{cdr, default_ratio, mdr};

const FAMILY: &str = "losses";
