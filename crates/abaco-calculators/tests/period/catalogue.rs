//! Every KPI is there, and its documentation prints the formula that runs.

use std::path::Path;

use abaco_calculators::STANDARD;
use abaco_kpi::{Basis, Kpi};

use super::{FAMILIES, kpi};

const IDS: &str = "
collection_rate_total collection_rate_capped collection_ex_prepayment cumulative_collection recovery_rate
current_recovery_rate payment_rate collection_effectiveness_index_monthly collection_effectiveness_index_total
write_off_rate loan_loss_rate gross_chargeoff_annualised net_chargeoff_annualised mdr cdr default_ratio
cumulative_gross_loss cumulative_net_loss loss_severity rdr_90 smm cpr abs_speed portfolio_yield cash_yield arr
excess_spread roll_forward roll_back cure_rate re_default_rate new_delinquency net_flow_to_loss entrants exits_paid
exits_written_off exits_absent balance_bridge balance_bridge_with_written_off vintage_par_30
vintage_par_30_ex_writeoffs vintage_par_30_ever vintage_cdr vintage_cnl dilution_ratio dso receivables_turnover
operational_self_sufficiency operating_expense_ratio borrowers_per_officer audit_flags data_quality_score";

const FROM: [&str; 6] = ["current", "1_29", "30_59", "60_89", "90_plus", "unknown"];
const TO: [&str; 9] =
    ["current", "1_29", "30_59", "60_89", "90_plus", "unknown", "written_off", "paid", "absent"];

pub(super) fn cells(from: &str, suffix: &str) -> Vec<String> {
    TO.iter().map(|to| format!("roll_rate_{from}_{to}{suffix}")).collect()
}

#[test]
fn the_families_have_exactly_the_ids_of_the_catalogue() {
    let mut expected: Vec<String> = IDS.split_whitespace().map(str::to_owned).collect();
    for from in FROM {
        expected.extend(cells(from, ""));
        expected.extend(cells(from, "_count"));
    }
    let kpis = STANDARD.kpis();
    let own = kpis.iter().filter(|kpi| FAMILIES.contains(&kpi.spec().family.as_ref()));
    let mut found: Vec<String> = own.map(|kpi| kpi.spec().id.to_string()).collect();
    expected.sort();
    found.sort();
    assert_eq!(found, expected);
}

/// The text of the documentation comments of the crate, with its lines joined.
fn documentation(directory: &Path) -> String {
    let mut text = String::new();
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            text.push_str(&documentation(&path));
        } else {
            for line in std::fs::read_to_string(&path).unwrap().lines() {
                if let Some(line) = line.strip_prefix("/// ") {
                    text.push_str(line);
                    text.push(' ');
                }
            }
        }
    }
    text
}

#[test]
fn formulas_print_as_documented() {
    let text = documentation(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
    let examples = ["roll_rate_30_59_60_89", "roll_rate_30_59_60_89_count"];
    for id in IDS.split_whitespace().chain(examples) {
        let formula = format!("`{}`", kpi(id).formula());
        assert!(text.contains(&formula), "the documentation of {id} does not print {formula}");
    }
}

#[test]
fn every_kpi_says_on_which_rows_it_has_its_meaning() {
    let basis = |id: &str| Basis::of_kpi(&kpi(id));
    for id in IDS.split_whitespace() {
        let expected = match id {
            "portfolio_yield" | "arr" | "borrowers_per_officer" | "audit_flags" | "data_quality_score" => {
                Basis::Snapshot
            }
            id if id.starts_with("vintage_") => Basis::Cohort,
            _ => Basis::Period,
        };
        assert_eq!(basis(id), expected, "{id}");
    }
    assert_eq!(basis("roll_rate_current_paid"), Basis::Period);
}
