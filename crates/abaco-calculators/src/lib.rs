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
use migration::Bucket::{Current, From1To29, From30To59, From60To89, From90, Unknown};
use migration::Destination::{Absent, Paid, WrittenOff};
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

/// Every standard KPI, family by family.
pub const ALL: &[fn() -> FormulaKpi] = &[
    // seed
    par_30,
    par_90,
    collection_rate,
    portfolio_health,
    // par
    || par_ge(1),
    || par_ge(7),
    || par_ge(30),
    || par_ge(60),
    || par_ge(90),
    || par_ge(180),
    || par_gt(0),
    || par_gt(7),
    || par_gt(30),
    || par_gt(60),
    || par_gt(90),
    || par_gt(180),
    || par_balance(1),
    || par_balance(7),
    || par_balance(30),
    || par_balance(60),
    || par_balance(90),
    par_restructured_30,
    || par_with_writeoffs_stock(30),
    || par_with_writeoffs_stock(90),
    || par_with_writeoffs_flow(30),
    || par_with_writeoffs_flow(90),
    || lar_gt(30),
    || lar_gt(90),
    arrears_rate,
    par_obligor_30,
    // delinquency
    dq_share_current,
    || dq_share(1, 30),
    || dq_share(30, 60),
    || dq_share(60, 90),
    || dq_share_from(90),
    || dq_share(90, 120),
    || dq_share_from(120),
    dq_share_unknown,
    || dq_mba(1),
    || dq_mba(2),
    || dq_mba(3),
    || dq_ots(1),
    || dq_ots(2),
    || dq_ots(3),
    wa_dpd,
    npl_90,
    first_payment_default,
    restructured_share,
    maturity_extension_share,
    // staging
    || ifrs_stage_share(Stage::One),
    || ifrs_stage_share(Stage::Two),
    || ifrs_stage_share(Stage::Three),
    risk_coverage,
    npl_coverage,
    expected_loss,
    cost_of_risk,
    // stock
    glp,
    written_off_balance,
    active_loans,
    active_borrowers,
    average_balance,
    wac,
    wam,
    wala,
    wa_tenor,
    wa_ltv,
    wa_dti,
    mean_ltv,
    mean_dti,
    pool_factor,
    // concentration
    hhi,
    || top_share(1),
    || top_share(5),
    || top_share(10),
    || top_share(20),
    excess_concentration,
    // facility
    eligible_balance,
    borrowing_base,
    availability,
    effective_advance_rate,
    utilisation,
    dq_3m_avg,
    dq_3m_pooled,
    || cross_aged_eligible_balance(10),
    || cross_aged_eligible_balance(50),
    // growth
    origination_volume,
    new_loans,
    average_ticket,
    active_clients,
    active_clients_v2,
    client_retention,
    repeat_borrower_rate,
    growth_mom,
    growth_yoy,
    // collections
    collection_rate_total,
    collection_rate_capped,
    collection_ex_prepayment,
    cumulative_collection,
    recovery_rate,
    current_recovery_rate,
    payment_rate,
    collection_effectiveness_index_monthly,
    collection_effectiveness_index_total,
    // losses
    write_off_rate,
    loan_loss_rate,
    gross_chargeoff_annualised,
    net_chargeoff_annualised,
    mdr,
    cdr,
    default_ratio,
    cumulative_gross_loss,
    cumulative_net_loss,
    loss_severity,
    rdr_90,
    // prepayment
    smm,
    cpr,
    abs_speed,
    // yield
    portfolio_yield,
    cash_yield,
    arr,
    excess_spread,
    // migration
    || roll_rate(Current, Current),
    || roll_rate(Current, From1To29),
    || roll_rate(Current, From30To59),
    || roll_rate(Current, From60To89),
    || roll_rate(Current, From90),
    || roll_rate(Current, Unknown),
    || roll_rate(Current, WrittenOff),
    || roll_rate(Current, Paid),
    || roll_rate(Current, Absent),
    || roll_rate(From1To29, Current),
    || roll_rate(From1To29, From1To29),
    || roll_rate(From1To29, From30To59),
    || roll_rate(From1To29, From60To89),
    || roll_rate(From1To29, From90),
    || roll_rate(From1To29, Unknown),
    || roll_rate(From1To29, WrittenOff),
    || roll_rate(From1To29, Paid),
    || roll_rate(From1To29, Absent),
    || roll_rate(From30To59, Current),
    || roll_rate(From30To59, From1To29),
    || roll_rate(From30To59, From30To59),
    || roll_rate(From30To59, From60To89),
    || roll_rate(From30To59, From90),
    || roll_rate(From30To59, Unknown),
    || roll_rate(From30To59, WrittenOff),
    || roll_rate(From30To59, Paid),
    || roll_rate(From30To59, Absent),
    || roll_rate(From60To89, Current),
    || roll_rate(From60To89, From1To29),
    || roll_rate(From60To89, From30To59),
    || roll_rate(From60To89, From60To89),
    || roll_rate(From60To89, From90),
    || roll_rate(From60To89, Unknown),
    || roll_rate(From60To89, WrittenOff),
    || roll_rate(From60To89, Paid),
    || roll_rate(From60To89, Absent),
    || roll_rate(From90, Current),
    || roll_rate(From90, From1To29),
    || roll_rate(From90, From30To59),
    || roll_rate(From90, From60To89),
    || roll_rate(From90, From90),
    || roll_rate(From90, Unknown),
    || roll_rate(From90, WrittenOff),
    || roll_rate(From90, Paid),
    || roll_rate(From90, Absent),
    || roll_rate(Unknown, Current),
    || roll_rate(Unknown, From1To29),
    || roll_rate(Unknown, From30To59),
    || roll_rate(Unknown, From60To89),
    || roll_rate(Unknown, From90),
    || roll_rate(Unknown, Unknown),
    || roll_rate(Unknown, WrittenOff),
    || roll_rate(Unknown, Paid),
    || roll_rate(Unknown, Absent),
    || roll_rate_count(Current, Current),
    || roll_rate_count(Current, From1To29),
    || roll_rate_count(Current, From30To59),
    || roll_rate_count(Current, From60To89),
    || roll_rate_count(Current, From90),
    || roll_rate_count(Current, Unknown),
    || roll_rate_count(Current, WrittenOff),
    || roll_rate_count(Current, Paid),
    || roll_rate_count(Current, Absent),
    || roll_rate_count(From1To29, Current),
    || roll_rate_count(From1To29, From1To29),
    || roll_rate_count(From1To29, From30To59),
    || roll_rate_count(From1To29, From60To89),
    || roll_rate_count(From1To29, From90),
    || roll_rate_count(From1To29, Unknown),
    || roll_rate_count(From1To29, WrittenOff),
    || roll_rate_count(From1To29, Paid),
    || roll_rate_count(From1To29, Absent),
    || roll_rate_count(From30To59, Current),
    || roll_rate_count(From30To59, From1To29),
    || roll_rate_count(From30To59, From30To59),
    || roll_rate_count(From30To59, From60To89),
    || roll_rate_count(From30To59, From90),
    || roll_rate_count(From30To59, Unknown),
    || roll_rate_count(From30To59, WrittenOff),
    || roll_rate_count(From30To59, Paid),
    || roll_rate_count(From30To59, Absent),
    || roll_rate_count(From60To89, Current),
    || roll_rate_count(From60To89, From1To29),
    || roll_rate_count(From60To89, From30To59),
    || roll_rate_count(From60To89, From60To89),
    || roll_rate_count(From60To89, From90),
    || roll_rate_count(From60To89, Unknown),
    || roll_rate_count(From60To89, WrittenOff),
    || roll_rate_count(From60To89, Paid),
    || roll_rate_count(From60To89, Absent),
    || roll_rate_count(From90, Current),
    || roll_rate_count(From90, From1To29),
    || roll_rate_count(From90, From30To59),
    || roll_rate_count(From90, From60To89),
    || roll_rate_count(From90, From90),
    || roll_rate_count(From90, Unknown),
    || roll_rate_count(From90, WrittenOff),
    || roll_rate_count(From90, Paid),
    || roll_rate_count(From90, Absent),
    || roll_rate_count(Unknown, Current),
    || roll_rate_count(Unknown, From1To29),
    || roll_rate_count(Unknown, From30To59),
    || roll_rate_count(Unknown, From60To89),
    || roll_rate_count(Unknown, From90),
    || roll_rate_count(Unknown, Unknown),
    || roll_rate_count(Unknown, WrittenOff),
    || roll_rate_count(Unknown, Paid),
    || roll_rate_count(Unknown, Absent),
    roll_forward,
    roll_back,
    cure_rate,
    re_default_rate,
    new_delinquency,
    net_flow_to_loss,
    entrants,
    exits_paid,
    exits_written_off,
    exits_absent,
    balance_bridge,
    balance_bridge_with_written_off,
    // vintage
    vintage_par_30,
    vintage_par_30_ex_writeoffs,
    vintage_par_30_ever,
    vintage_cdr,
    vintage_cnl,
    // factoring
    dilution_ratio,
    dso,
    receivables_turnover,
    // microfinance
    operational_self_sufficiency,
    operating_expense_ratio,
    borrowers_per_officer,
    // compliance
    audit_flags,
    data_quality_score,
];

/// The KPIs of [`ALL`].
///
/// ```
/// assert_eq!(abaco_calculators::all().len(), abaco_calculators::ALL.len());
/// ```
pub fn all() -> Vec<FormulaKpi> {
    STANDARD.kpis()
}
