//! Families of KPIs that differ only in their thresholds of days past due.

use abaco_loans::kpi::{Formula, RowExpr, col, count, sum};
use abaco_loans::prelude::*;

/// Six shares at or above a number of days.
const AT_LEAST: [i64; 6] = [1, 7, 30, 60, 90, 180];
/// Buckets of days past due: from, and below.
const BUCKETS: [(i64, i64); 7] = [(0, 1), (1, 30), (30, 60), (60, 90), (90, 120), (120, 180), (180, 10_000)];

/// Portfolio at risk and delinquency shares over `dpd` and one balance: 26 KPIs.
pub fn arrears(balance: &'static str) -> Vec<FormulaKpi> {
    let at_risk = |days: i64| sum(balance).filter(col("dpd").ge(days));
    let above = |days: i64| sum(balance).filter(col("dpd").gt(days));
    let mut kpis = Vec::new();
    for days in AT_LEAST {
        kpis.push(kpi(format!("{balance}_par_ge_{days}"), 100 * at_risk(days) / sum(balance)));
        kpis.push(kpi(format!("{balance}_par_gt_{days}"), 100 * above(days) / sum(balance)));
        kpis.push(kpi(format!("{balance}_par_balance_{days}"), at_risk(days).into()));
    }
    for (from, below) in BUCKETS {
        let bucket = sum(balance).filter(col("dpd").ge(from).and(col("dpd").lt(below)));
        kpis.push(kpi(format!("{balance}_dq_{from}_{below}"), 100 * bucket / sum(balance)));
    }
    kpis.push(kpi(format!("{balance}_late_loans"), 100 * count().filter(col("dpd").gt(30)) / count()));
    kpis
}

/// One of them alone.
pub fn par_ge_30(balance: &'static str) -> FormulaKpi {
    let balance_of = || RowExpr::from(balance);
    kpi("par_ge_30".to_owned(), 100 * sum(balance_of()).filter(col("dpd").ge(30)) / sum(balance_of()))
}

/// Eighty KPIs: three families and the two of V2 that ask for other columns.
pub fn eighty() -> Vec<FormulaKpi> {
    let balances = ["total_receivable_usd", "total_eligible_usd", "cash_available_usd"];
    let mut kpis: Vec<FormulaKpi> = balances.into_iter().flat_map(arrears).collect();
    kpis.push(abaco_loans::calculators::collection_rate());
    kpis.push(abaco_loans::calculators::portfolio_health());
    kpis
}

/// The four KPIs of V2.
pub fn seed() -> Vec<FormulaKpi> {
    use abaco_loans::calculators::{collection_rate, par_30, par_90, portfolio_health};
    vec![par_30(), par_90(), collection_rate(), portfolio_health()]
}

/// As plans take them.
pub fn erased(kpis: &[FormulaKpi]) -> Vec<&dyn Kpi> {
    kpis.iter().map(|kpi| kpi as &dyn Kpi).collect()
}

fn kpi(id: String, formula: Formula) -> FormulaKpi {
    let title = id.clone();
    FormulaKpi::new(KpiSpec::new(id, title, Unit::Percent), formula)
}
