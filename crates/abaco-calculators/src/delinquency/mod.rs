//! How late the portfolio is: shares of the balance by days and by missed months, and the quality of its terms.

mod buckets;
mod months;
mod quality;

pub use buckets::{dq_share, dq_share_current, dq_share_from, dq_share_unknown, wa_dpd};
pub use months::{dq_mba, dq_ots};
pub use quality::{first_payment_default, maturity_extension_share, npl_90, restructured_share};

const FAMILY: &str = "delinquency";
