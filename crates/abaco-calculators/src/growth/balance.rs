//! How the balance grew from one snapshot to another.
//!
//! `LAG` counts the snapshots of the tape: a tape of month ends has a month between two of them and a year between twelve.
//! On any other tape these are other periods, and the KPIs do not apply.

use abaco_kpi::{Formula, FormulaKpi, KpiSpec, Unit};

use super::FAMILY;
use crate::terms::balance;

/// The growth of the balance since the month before.
///
/// # What it measures
/// The outstanding balance at this month end over that of the one before, less one.
///
/// # Formula
/// `100 * (SUM(outstanding_balance) - LAG(SUM(outstanding_balance), 1)) / LAG(SUM(outstanding_balance), 1)`
///
/// # Unit and rounding
/// Percent, 2 places, half away from zero.
///
/// # Undefined when
/// There is no snapshot before this one, the balance of one of the two is NULL on every row, or the earlier one
/// is zero.
///
/// # Example
/// ```
/// use abaco_engine::{AsOf, Plan, PlanOptions};
/// use abaco_kpi::Kpi;
/// use abaco_testkit::{Tape, Width};
///
/// let tape = Tape::new()
///     .dates("as_of", ["2025-11-30".parse()?, "2025-12-31".parse()?])?
///     .money("outstanding_balance", [100_00, 110_00])?;
/// let kpi = abaco_calculators::growth_mom();
/// let options = PlanOptions { snapshot: Some("as_of".into()), ..PlanOptions::default() };
/// let plan = Plan::new(&[&kpi as &dyn Kpi], &tape.schema(Width::Decimal64), &options)?;
/// let state = plan.fold_all(&tape.to_batches(Width::Decimal64, 2)?)?;
/// let outcome = &plan.finish(&state, AsOf::Latest)?.groups[0].kpis[0].outcome;
/// assert_eq!(outcome.value().map(|value| value.to_string()).as_deref(), Some("10.00"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// abaco catalogue: month on month, by month-end snapshots.
pub fn growth_mom() -> FormulaKpi {
    growth("growth_mom", "Growth of the balance, month on month", 1, "the month end before")
}

/// The growth of the balance since the same month a year before.
///
/// # What it measures
/// The outstanding balance at this month end over that of the twelfth before, less one.
///
/// # Formula
/// `100 * (SUM(outstanding_balance) - LAG(SUM(outstanding_balance), 12)) / LAG(SUM(outstanding_balance), 12)`
///
/// # Unit and rounding
/// Percent, 2 places, half away from zero.
///
/// # Undefined when
/// There are fewer than twelve snapshots before this one, the balance of one of the two is NULL on every row,
/// or the earlier one is zero.
///
/// # Example
/// ```
/// use abaco_engine::{AsOf, Plan, PlanOptions};
/// use abaco_kpi::Kpi;
/// use abaco_testkit::{Tape, Width};
///
/// let month_ends = (1..=12).map(|month| format!("2025-{month:02}-28"));
/// let days = ["2024-12-28".to_owned()].into_iter().chain(month_ends);
/// let balances = (0..=12).map(|month| if month == 12 { 150_00 } else { 100_00 });
/// let tape = Tape::new()
///     .dates("as_of", days.map(|day| day.parse()).collect::<Result<Vec<_>, _>>()?)?
///     .money("outstanding_balance", balances)?;
/// let kpi = abaco_calculators::growth_yoy();
/// let options = PlanOptions { snapshot: Some("as_of".into()), ..PlanOptions::default() };
/// let plan = Plan::new(&[&kpi as &dyn Kpi], &tape.schema(Width::Decimal64), &options)?;
/// let state = plan.fold_all(&tape.to_batches(Width::Decimal64, 5)?)?;
/// let outcome = &plan.finish(&state, AsOf::Latest)?.groups[0].kpis[0].outcome;
/// assert_eq!(outcome.value().map(|value| value.to_string()).as_deref(), Some("50.00"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// abaco catalogue: year on year, by month-end snapshots.
pub fn growth_yoy() -> FormulaKpi {
    growth("growth_yoy", "Growth of the balance, year on year", 12, "the twelfth month end before")
}

fn growth(id: &'static str, title: &'static str, snapshots: u32, since: &str) -> FormulaKpi {
    let then = || Formula::from(balance()).lag(snapshots);
    FormulaKpi::new(
        KpiSpec::new(id, title, Unit::Percent)
            .convention(format!("change since {since}; the tape's snapshots are month ends"))
            .family(FAMILY)
            .monthly()
            .reference("abaco catalogue: growth by month-end snapshots"),
        100 * (balance() - then()) / then(),
    )
}

#[cfg(test)]
mod tests {
    use abaco_kpi::Kpi;

    use super::*;

    #[test]
    fn formulas_print_as_documented() {
        let documented = [
            (
                growth_mom(),
                "100 * (SUM(outstanding_balance) - LAG(SUM(outstanding_balance), 1)) / LAG(SUM(outstanding_balance), 1)",
            ),
            (
                growth_yoy(),
                "100 * (SUM(outstanding_balance) - LAG(SUM(outstanding_balance), 12)) / LAG(SUM(outstanding_balance), 12)",
            ),
        ];
        for (kpi, formula) in documented {
            assert_eq!(kpi.formula().to_string(), formula, "{}", kpi.spec().id);
        }
    }
}
