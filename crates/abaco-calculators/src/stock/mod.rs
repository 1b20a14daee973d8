//! What the portfolio is: its size, its terms and its age.
//!
//! Weighted means are over the loans that have the attribute: an unknown rate or term weighs nothing, and is no zero.

mod means;
mod size;

pub use means::{mean_dti, mean_ltv, wa_dti, wa_ltv, wa_tenor, wac, wala, wam};
pub use size::{active_borrowers, active_loans, average_balance, glp, pool_factor, written_off_balance};

const FAMILY: &str = "stock";
