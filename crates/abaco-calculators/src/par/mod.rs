//! Portfolio at risk over loan rows, in the conventions that practice uses.

mod amounts;
mod cuts;
mod wider;

pub use amounts::{arrears_rate, lar_gt, par_balance, par_obligor_30};
pub use cuts::{par_ge, par_gt};
pub use wider::{par_restructured_30, par_with_writeoffs_flow, par_with_writeoffs_stock};

const FAMILY: &str = "par";

fn plural(days: u16) -> &'static str {
    if days == 1 { "day" } else { "days" }
}
