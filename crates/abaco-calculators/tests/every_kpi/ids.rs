//! The ids of the catalogue, written out: an id that is gone or misspelt is noticed here.

pub(super) const IDS: &str = "
par_30 par_90 collection_rate portfolio_health
par_ge_1 par_ge_7 par_ge_30 par_ge_60 par_ge_90 par_ge_180
par_gt_0 par_gt_7 par_gt_30 par_gt_60 par_gt_90 par_gt_180
par_balance_1 par_balance_7 par_balance_30 par_balance_60 par_balance_90
par_restructured_30 par_with_writeoffs_30_stock par_with_writeoffs_90_stock par_with_writeoffs_30_flow
par_with_writeoffs_90_flow lar_gt_30 lar_gt_90 arrears_rate par_obligor_30
dq_share_current dq_share_1_29 dq_share_30_59 dq_share_60_89 dq_share_90_plus dq_share_90_119 dq_share_120_plus
dq_share_unknown dq_mba_30 dq_mba_60 dq_mba_90 dq_ots_30 dq_ots_60 dq_ots_90 wa_dpd npl_90 first_payment_default
restructured_share maturity_extension_share
ifrs_stage_share_1 ifrs_stage_share_2 ifrs_stage_share_3 risk_coverage npl_coverage expected_loss cost_of_risk
glp written_off_balance active_loans active_borrowers average_balance wac wam wala wa_tenor wa_ltv wa_dti mean_ltv
mean_dti pool_factor
collection_rate_total collection_rate_capped collection_ex_prepayment cumulative_collection recovery_rate
current_recovery_rate payment_rate collection_effectiveness_index_monthly collection_effectiveness_index_total
write_off_rate loan_loss_rate gross_chargeoff_annualised net_chargeoff_annualised mdr cdr default_ratio
cumulative_gross_loss cumulative_net_loss loss_severity rdr_90
smm cpr abs_speed
portfolio_yield cash_yield arr excess_spread
roll_forward roll_back cure_rate re_default_rate new_delinquency net_flow_to_loss balance_bridge
entrants exits_paid exits_written_off exits_absent balance_bridge_with_written_off
vintage_par_30 vintage_par_30_ex_writeoffs vintage_par_30_ever vintage_cdr vintage_cnl
hhi top_1_share top_5_share top_10_share top_20_share excess_concentration
eligible_balance borrowing_base availability effective_advance_rate utilisation dq_3m_avg dq_3m_pooled
cross_aged_eligible_balance_10 cross_aged_eligible_balance_50
origination_volume new_loans average_ticket active_clients active_clients_v2 client_retention repeat_borrower_rate
growth_mom growth_yoy
dilution_ratio dso receivables_turnover
operational_self_sufficiency operating_expense_ratio borrowers_per_officer
audit_flags data_quality_score";

/// The migration matrix is `roll_rate_{from}_{to}`, by balance and, with `_count`, by number of loans.
pub(super) fn matrix() -> Vec<String> {
    let from = ["current", "1_29", "30_59", "60_89", "90_plus", "unknown"];
    let to = from.into_iter().chain(["written_off", "paid", "absent"]);
    let cells = to.flat_map(|to| from.map(|from| format!("roll_rate_{from}_{to}")));
    cells.flat_map(|cell| [format!("{cell}_count"), cell]).collect()
}
