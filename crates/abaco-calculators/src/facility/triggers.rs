//! Delinquency triggers over three snapshots, which smooth a single bad month.
//!
//! `LAG` counts the snapshots of the tape: on a tape of month ends these are months, whatever the day of the run.

use abaco_kpi::{Direction, Formula, FormulaKpi, KpiSpec, Unit, col};

use super::FAMILY;
use crate::terms::{balance, share_of_balance};

/// The mean of the delinquency ratios of three months.
///
/// # What it measures
/// The mean of [`par_ge`](crate::par_ge)`(30)` at this snapshot and the two before: each month weighs the same,
/// however large its balance.
///
/// # Formula
/// `(100 * SUM(outstanding_balance) FILTER (WHERE dpd >= 30) / SUM(outstanding_balance) + LAG(100 * SUM(outstanding_balance) FILTER (WHERE dpd >= 30) / SUM(outstanding_balance), 1) + LAG(100 * SUM(outstanding_balance) FILTER (WHERE dpd >= 30) / SUM(outstanding_balance), 2)) / 3`
///
/// # Unit and rounding
/// Percent, 2 places, half away from zero.
///
/// # Undefined when
/// There are fewer than three snapshots, or the ratio of one of them is undefined.
///
/// # Example
/// ```
/// use abaco_engine::{AsOf, Plan, PlanOptions};
/// use abaco_kpi::Kpi;
/// use abaco_testkit::{Tape, Width};
///
/// let tape = Tape::new()
///     .dates("as_of", ["2025-10-31".parse()?, "2025-11-30".parse()?, "2025-12-31".parse()?, "2025-12-31".parse()?])?
///     .integers("dpd", [30, 0, 30, 0])?
///     .money("outstanding_balance", [10_00, 30_00, 30_00, 30_00])?;
/// let kpi = abaco_calculators::dq_3m_avg();
/// let options = PlanOptions { snapshot: Some("as_of".into()), ..PlanOptions::default() };
/// let plan = Plan::new(&[&kpi as &dyn Kpi], &tape.schema(Width::Decimal64), &options)?;
/// let state = plan.fold_all(&tape.to_batches(Width::Decimal64, 2)?)?;
/// let outcome = &plan.finish(&state, AsOf::Latest)?.groups[0].kpis[0].outcome;
/// assert_eq!(outcome.value().map(|value| value.to_string()).as_deref(), Some("50.00"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// abaco catalogue: mean of three monthly ratios.
pub fn dq_3m_avg() -> FormulaKpi {
    FormulaKpi::new(
        trigger(
            "dq_3m_avg",
            "Delinquency, mean of three months",
            "mean of the ratios of three snapshots, dpd >= 30; month ends",
        )
        .monthly()
        .reference("abaco catalogue: mean of three monthly ratios"),
        of_three(&share_of_balance(col("dpd").ge(30))) / 3,
    )
}

/// The delinquency of three months together.
///
/// # What it measures
/// The delinquent balances of this snapshot and the two before over their whole balances: a month with a large
/// balance weighs more.
///
/// # Formula
/// `100 * (SUM(outstanding_balance) FILTER (WHERE dpd >= 30) + LAG(SUM(outstanding_balance) FILTER (WHERE dpd >= 30), 1) + LAG(SUM(outstanding_balance) FILTER (WHERE dpd >= 30), 2)) / (SUM(outstanding_balance) + LAG(SUM(outstanding_balance), 1) + LAG(SUM(outstanding_balance), 2))`
///
/// # Unit and rounding
/// Percent, 2 places, half away from zero.
///
/// # Undefined when
/// There are fewer than three snapshots, one of the sums is undefined, or the balances sum to zero.
///
/// # Example
/// ```
/// use abaco_engine::{AsOf, Plan, PlanOptions};
/// use abaco_kpi::Kpi;
/// use abaco_testkit::{Tape, Width};
///
/// let tape = Tape::new()
///     .dates("as_of", ["2025-10-31".parse()?, "2025-11-30".parse()?, "2025-12-31".parse()?, "2025-12-31".parse()?])?
///     .integers("dpd", [30, 0, 30, 0])?
///     .money("outstanding_balance", [10_00, 30_00, 30_00, 30_00])?;
/// let kpi = abaco_calculators::dq_3m_pooled();
/// let options = PlanOptions { snapshot: Some("as_of".into()), ..PlanOptions::default() };
/// let plan = Plan::new(&[&kpi as &dyn Kpi], &tape.schema(Width::Decimal64), &options)?;
/// let state = plan.fold_all(&tape.to_batches(Width::Decimal64, 2)?)?;
/// let outcome = &plan.finish(&state, AsOf::Latest)?.groups[0].kpis[0].outcome;
/// assert_eq!(outcome.value().map(|value| value.to_string()).as_deref(), Some("40.00"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// abaco catalogue: ratio of three months' sums.
pub fn dq_3m_pooled() -> FormulaKpi {
    let late: Formula = balance().filter(col("dpd").ge(30)).into();
    FormulaKpi::new(
        trigger(
            "dq_3m_pooled",
            "Delinquency, three months pooled",
            "ratio of the sums of three snapshots, dpd >= 30; month ends",
        )
        .monthly()
        .reference("abaco catalogue: ratio of the sums of three months"),
        100 * of_three(&late) / of_three(&balance().into()),
    )
}

/// The sum over a snapshot and the two before it.
fn of_three(formula: &Formula) -> Formula {
    formula.clone() + formula.clone().lag(1) + formula.clone().lag(2)
}

fn trigger(id: &'static str, title: &'static str, convention: &'static str) -> KpiSpec {
    KpiSpec::new(id, title, Unit::Percent)
        .direction(Direction::LowerIsBetter)
        .convention(convention)
        .family(FAMILY)
}

#[cfg(test)]
mod tests {
    use abaco_kpi::Kpi;

    use super::*;

    #[test]
    fn formulas_print_as_documented() {
        let documented = [
            (
                dq_3m_avg(),
                "(100 * SUM(outstanding_balance) FILTER (WHERE dpd >= 30) / SUM(outstanding_balance) + LAG(100 * SUM(outstanding_balance) FILTER (WHERE dpd >= 30) / SUM(outstanding_balance), 1) + LAG(100 * SUM(outstanding_balance) FILTER (WHERE dpd >= 30) / SUM(outstanding_balance), 2)) / 3",
            ),
            (
                dq_3m_pooled(),
                "100 * (SUM(outstanding_balance) FILTER (WHERE dpd >= 30) + LAG(SUM(outstanding_balance) FILTER (WHERE dpd >= 30), 1) + LAG(SUM(outstanding_balance) FILTER (WHERE dpd >= 30), 2)) / (SUM(outstanding_balance) + LAG(SUM(outstanding_balance), 1) + LAG(SUM(outstanding_balance), 2))",
            ),
        ];
        for (kpi, formula) in documented {
            assert_eq!(kpi.formula().to_string(), formula, "{}", kpi.spec().id);
        }
    }
}
