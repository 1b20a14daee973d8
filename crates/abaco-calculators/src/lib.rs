//! The portfolio KPIs: one file per family, each KPI a spec and a formula.
//!
//! This crate describes and computes nothing: an engine executes the formulas. [`ALL`] is *the* list of the
//! standard KPIs; catalogue, documentation and law tests iterate it. A [`Profile`] is such a list with a name:
//! [`STANDARD`], and [`LEGACY_V2`] for those who must first reproduce the numbers of the system they leave.
//!
//! ```
//! use abaco_calculators::{Profile, all, profile};
//! use abaco_kpi::Kpi;
//!
//! let ids: Vec<String> = all().iter().map(|kpi| kpi.spec().id.to_string()).collect();
//! assert_eq!(ids[..4], ["par_30", "par_90", "collection_rate", "portfolio_health"]);
//! assert_eq!(profile("legacy_v2").map(Profile::len), Some(4));
//! ```

mod all;
pub mod collections;
pub mod compliance;
pub mod concentration;
pub mod delinquency;
pub mod facility;
pub mod factoring;
pub mod growth;
pub mod legacy_v2;
pub mod losses;
pub mod microfinance;
pub mod migration;
mod panel;
pub mod par;
pub mod prepayment;
mod profile;
pub mod seed;
pub mod staging;
pub mod stock;
mod terms;
pub mod vintage;
pub mod yields;

use abaco_kpi::FormulaKpi;

pub use all::ALL;
pub use collections::{
    collection_effectiveness_index_monthly, collection_effectiveness_index_total, collection_ex_prepayment,
    collection_rate_capped, collection_rate_total, cumulative_collection, current_recovery_rate,
    payment_rate, recovery_rate,
};
pub use compliance::{audit_flags, data_quality_score};
pub use concentration::{excess_concentration, hhi, top_share};
pub use delinquency::{
    dq_mba, dq_ots, dq_share, dq_share_current, dq_share_from, dq_share_unknown, first_payment_default,
    maturity_extension_share, npl_90, restructured_share, wa_dpd,
};
pub use facility::{
    availability, borrowing_base, cross_aged_eligible_balance, dq_3m_avg, dq_3m_pooled,
    effective_advance_rate, eligible_balance, utilisation,
};
pub use factoring::{dilution_ratio, dso, receivables_turnover};
pub use growth::{
    active_clients, active_clients_v2, average_ticket, client_retention, growth_mom, growth_yoy, new_loans,
    origination_volume, repeat_borrower_rate,
};
pub use losses::{
    cdr, cumulative_gross_loss, cumulative_net_loss, default_ratio, gross_chargeoff_annualised,
    loan_loss_rate, loss_severity, mdr, net_chargeoff_annualised, rdr_90, write_off_rate,
};
pub use microfinance::{borrowers_per_officer, operating_expense_ratio, operational_self_sufficiency};
pub use migration::{
    balance_bridge, balance_bridge_with_written_off, cure_rate, entrants, exits_absent, exits_paid,
    exits_written_off, net_flow_to_loss, new_delinquency, re_default_rate, roll_back, roll_forward,
    roll_rate, roll_rate_count,
};
pub use par::{
    arrears_rate, lar_gt, par_balance, par_ge, par_gt, par_obligor_30, par_restructured_30,
    par_with_writeoffs_flow, par_with_writeoffs_stock,
};
pub use prepayment::{abs_speed, cpr, smm};
pub use profile::{LEGACY_V2, PROFILES, Profile, STANDARD, profile};
pub use seed::{collection_rate, par_30, par_90, portfolio_health};
pub use staging::{Stage, cost_of_risk, expected_loss, ifrs_stage_share, npl_coverage, risk_coverage};
pub use stock::{
    active_borrowers, active_loans, average_balance, glp, mean_dti, mean_ltv, pool_factor, wa_dti, wa_ltv,
    wa_tenor, wac, wala, wam, written_off_balance,
};
pub use vintage::{
    vintage_cdr, vintage_cnl, vintage_par_30, vintage_par_30_ever, vintage_par_30_ex_writeoffs,
};
pub use yields::{arr, cash_yield, excess_spread, portfolio_yield};

/// The KPIs of [`ALL`].
///
/// ```
/// assert_eq!(abaco_calculators::all().len(), abaco_calculators::ALL.len());
/// ```
pub fn all() -> Vec<FormulaKpi> {
    STANDARD.kpis()
}
