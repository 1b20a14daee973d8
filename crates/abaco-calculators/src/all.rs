//! *The* list: every standard KPI, family by family.

use abaco_kpi::FormulaKpi;

use crate::migration::Bucket::{Current, From1To29, From30To59, From60To89, From90, Unknown};
use crate::migration::Destination::{Absent, Paid, WrittenOff};
use crate::*;

type Make = fn() -> FormulaKpi;

/// A row of the migration matrix: one bucket, and every place where its loans may end.
macro_rules! row {
    ($cell:ident, $from:ident) => {
        &[
            || $cell($from, Current),
            || $cell($from, From1To29),
            || $cell($from, From30To59),
            || $cell($from, From60To89),
            || $cell($from, From90),
            || $cell($from, Unknown),
            || $cell($from, WrittenOff),
            || $cell($from, Paid),
            || $cell($from, Absent),
        ]
    };
}

const PARTS: &[&[Make]] = &[
    // seed
    &[par_30, par_90, collection_rate, portfolio_health],
    // par
    &[
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
    ],
    // delinquency
    &[
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
    ],
    // staging
    &[
        || ifrs_stage_share(Stage::One),
        || ifrs_stage_share(Stage::Two),
        || ifrs_stage_share(Stage::Three),
        risk_coverage,
        npl_coverage,
        expected_loss,
        cost_of_risk,
    ],
    // stock
    &[
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
    ],
    // concentration
    &[hhi, || top_share(1), || top_share(5), || top_share(10), || top_share(20), excess_concentration],
    // facility
    &[
        eligible_balance,
        borrowing_base,
        availability,
        effective_advance_rate,
        utilisation,
        dq_3m_avg,
        dq_3m_pooled,
        || cross_aged_eligible_balance(10),
        || cross_aged_eligible_balance(50),
    ],
    // growth
    &[
        origination_volume,
        new_loans,
        average_ticket,
        active_clients,
        active_clients_v2,
        client_retention,
        repeat_borrower_rate,
        growth_mom,
        growth_yoy,
    ],
    // collections
    &[
        collection_rate_total,
        collection_rate_capped,
        collection_ex_prepayment,
        cumulative_collection,
        recovery_rate,
        current_recovery_rate,
        payment_rate,
        collection_effectiveness_index_monthly,
        collection_effectiveness_index_total,
    ],
    // losses
    &[
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
    ],
    // prepayment
    &[smm, cpr, abs_speed],
    // yield
    &[portfolio_yield, cash_yield, arr, excess_spread],
    // migration
    row!(roll_rate, Current),
    row!(roll_rate, From1To29),
    row!(roll_rate, From30To59),
    row!(roll_rate, From60To89),
    row!(roll_rate, From90),
    row!(roll_rate, Unknown),
    row!(roll_rate_count, Current),
    row!(roll_rate_count, From1To29),
    row!(roll_rate_count, From30To59),
    row!(roll_rate_count, From60To89),
    row!(roll_rate_count, From90),
    row!(roll_rate_count, Unknown),
    &[
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
    ],
    // vintage
    &[vintage_par_30, vintage_par_30_ex_writeoffs, vintage_par_30_ever, vintage_cdr, vintage_cnl],
    // factoring
    &[dilution_ratio, dso, receivables_turnover],
    // microfinance
    &[operational_self_sufficiency, operating_expense_ratio, borrowers_per_officer],
    // compliance
    &[audit_flags, data_quality_score],
];

/// Every standard KPI, family by family.
pub const ALL: &[fn() -> FormulaKpi] = &joined::<{ length(PARTS) }>(PARTS);

const fn length(mut parts: &[&[Make]]) -> usize {
    let mut length = 0;
    while let [part, rest @ ..] = parts {
        length += part.len();
        parts = rest;
    }
    length
}

/// The parts one after the other, while compiling; too small an `N` does not compile.
const fn joined<const N: usize>(mut parts: &[&[Make]]) -> [Make; N] {
    let mut all = [par_30 as Make; N];
    let mut next = 0;
    while let [part, others @ ..] = parts {
        let mut part = *part;
        while let [kpi, rest @ ..] = part {
            all[next] = *kpi;
            next += 1;
            part = rest;
        }
        parts = others;
    }
    all
}
