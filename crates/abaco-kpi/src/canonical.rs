//! The canonical columns: one list, which contracts bind tapes to and KPIs speak.

use crate::{ColumnKind, ColumnSpec, ColumnType};

use ColumnKind::{Cumulative, Flow, Key, Ledger, Static, Stock};
use ColumnType::{Boolean, Date, Integer, Money, Rate, Share, Text};

const fn column(
    name: &'static str,
    column_type: ColumnType,
    kind: ColumnKind,
    meaning: &'static str,
) -> ColumnSpec {
    ColumnSpec { name, column_type, kind, meaning }
}

/// Every canonical column. The `_usd` names are those of V2's slice tape, which the seed KPIs keep.
pub const CANONICAL_COLUMNS: &[ColumnSpec] = &[
    column("loan_id", Text, Static, "identifies the loan"),
    column("borrower_id", Text, Static, "identifies the borrower"),
    column("obligor_group_id", Text, Static, "identifies the group of connected borrowers"),
    column("as_of", Date, Key, "the snapshot's label"),
    column("opening_as_of", Date, Key, "the previous snapshot's label: where the period begins"),
    column("effective_as_of", Date, Key, "the snapshot's true date"),
    column("segment", Text, Static, "business segment"),
    column("product_type", Text, Static, "product"),
    column("company", Text, Static, "originating or servicing company"),
    column("region", Text, Static, "region"),
    column("officer_id", Text, Static, "identifies the loan officer"),
    column("origination_date", Date, Static, "day of disbursement"),
    column("maturity_date", Date, Static, "day of the last contractual payment"),
    column("first_due_date", Date, Static, "day of the first contractual payment"),
    column("original_principal", Money, Static, "principal disbursed"),
    column("annual_rate", Rate, Static, "contractual interest per year: 0.36 is 36 %"),
    column("term_days", Integer, Static, "contractual term in days"),
    column("outstanding_balance", Money, Stock, "outstanding principal, written-off loans excluded"),
    column("total_receivable", Money, Stock, "everything owed: principal, interest and fees"),
    column("accrued_interest", Money, Stock, "interest earned and not yet due"),
    column("eligible_balance", Money, Stock, "balance that a facility accepts"),
    column("cash_available", Money, Stock, "cash on hand for the portfolio"),
    column("dpd", Integer, Stock, "days past due of the oldest unpaid instalment"),
    column("oldest_due_date", Date, Stock, "due date of the oldest unpaid instalment"),
    column("past_due_amount", Money, Stock, "the overdue part of the balance"),
    column("is_written_off", Boolean, Stock, "whether the loan is written off"),
    column("written_off_balance", Money, Stock, "written off and not recovered"),
    column("is_restructured", Boolean, Stock, "whether the terms were eased"),
    column("is_unlikely_to_pay", Boolean, Stock, "whether full payment is judged unlikely"),
    column("allowance", Money, Stock, "loss allowance"),
    column("ead", Money, Stock, "exposure at default"),
    column("collateral_value", Money, Stock, "value of the collateral"),
    column("pd", Share, Stock, "probability of default"),
    column("lgd", Share, Stock, "loss given default"),
    column("ltv", Share, Stock, "loan to value"),
    column("dti", Share, Stock, "debt to income"),
    column("opening_balance", Money, Stock, "outstanding balance at the previous snapshot"),
    column("opening_dpd", Integer, Stock, "days past due at the previous snapshot"),
    column("opening_written_off_balance", Money, Stock, "written-off balance at the previous snapshot"),
    column("disbursed", Money, Flow, "principal paid out in the period"),
    column("due_principal", Money, Flow, "principal falling due in the period"),
    column("due_interest", Money, Flow, "interest falling due in the period"),
    column("due_fees", Money, Flow, "fees falling due in the period"),
    column("due_tax", Money, Flow, "tax falling due in the period"),
    column("paid_principal", Money, Flow, "principal paid in the period"),
    column("paid_interest", Money, Flow, "interest paid in the period"),
    column("paid_fees", Money, Flow, "fees paid in the period"),
    column("paid_tax", Money, Flow, "tax paid in the period"),
    column("prepaid_principal", Money, Flow, "principal paid in the period before it was due"),
    column("written_off", Money, Flow, "written off in the period"),
    column("recovered", Money, Flow, "recovered in the period after write-off"),
    column("reinstated", Money, Flow, "taken back from write-off in the period"),
    column("defaulted", Money, Flow, "balance that defaulted in the period"),
    column("sales", Money, Flow, "invoices of the period"),
    column("credit_notes", Money, Flow, "credit notes of the period"),
    column("cum_written_off", Money, Cumulative, "written off to date"),
    column("cum_recovered", Money, Cumulative, "recovered to date"),
    column("cum_paid", Money, Cumulative, "paid to date"),
    column("cum_due", Money, Cumulative, "fallen due to date"),
    column("peak_30_balance", Money, Cumulative, "largest balance reached at 30 days past due or more"),
    column("peak_90_balance", Money, Cumulative, "largest balance reached at 90 days past due or more"),
    column("opening_peak_90_balance", Money, Cumulative, "the same up to the previous snapshot"),
    column("revenue", Money, Ledger, "income of the period"),
    column("funding_cost", Money, Ledger, "cost of funds of the period"),
    column("servicing_cost", Money, Ledger, "cost of servicing of the period"),
    column("impairment", Money, Ledger, "impairment charge of the period"),
    column("opex", Money, Ledger, "operating expense of the period"),
    column("drawn", Money, Ledger, "amount drawn on the facility"),
    column("facility_limit", Money, Ledger, "limit of the facility"),
    column("advance_rate", Share, Ledger, "share of the eligible balance that may be drawn"),
    column("concentration_cap", Share, Ledger, "largest share of one obligor"),
    column("officers", Integer, Ledger, "number of loan officers"),
    column("checks_passed", Integer, Ledger, "quality checks passed"),
    column("checks_total", Integer, Ledger, "quality checks made"),
    column("open_flags", Integer, Ledger, "audit findings not yet closed"),
    column("dpd_0_7_usd", Money, Stock, "V2 slice: balance at 0 to 6 days past due"),
    column("dpd_7_30_usd", Money, Stock, "V2 slice: balance at 7 to 29 days past due"),
    column("dpd_30_60_usd", Money, Stock, "V2 slice: balance at 30 to 59 days past due"),
    column("dpd_60_90_usd", Money, Stock, "V2 slice: balance at 60 to 89 days past due"),
    column("dpd_90_plus_usd", Money, Stock, "V2 slice: balance at 90 days past due or more"),
    column("total_receivable_usd", Money, Stock, "V2 slice: everything owed"),
    column("total_eligible_usd", Money, Stock, "V2 slice: balance that is eligible for collection"),
    column("cash_available_usd", Money, Stock, "V2 slice: cash on hand"),
    column("discounted_balance_usd", Money, Stock, "V2 slice: balance after discount"),
];

/// The canonical column of this name.
///
/// ```
/// use abaco_kpi::{canonical_column, ColumnKind};
///
/// assert_eq!(canonical_column("outstanding_balance").map(|column| column.kind), Some(ColumnKind::Stock));
/// assert_eq!(canonical_column("balance_outstanding"), None);
/// ```
pub fn canonical_column(name: &str) -> Option<&'static ColumnSpec> {
    CANONICAL_COLUMNS.iter().find(|column| column.name == name)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_are_unique_and_explained() {
        let names: BTreeSet<&str> = CANONICAL_COLUMNS.iter().map(|column| column.name).collect();
        assert_eq!(names.len(), CANONICAL_COLUMNS.len());
        assert!(CANONICAL_COLUMNS.iter().all(|column| !column.meaning.is_empty()));
    }
}
