//! The four KPIs that V2 computed, over the columns of its slice tape, without its faults.
//!
//! Their names, formulas and columns are V2's. What differs: an exact value rounded once, and
//! [`Undefined`](abaco_kpi::Undefined) where V2 said 0.0. V2's own numbers are in [`legacy_v2`](crate::legacy_v2).

use abaco_kpi::{Direction, Formula, FormulaKpi, Kpi, KpiSpec, Unit, sum};

pub(crate) const FAMILY: &str = "seed";
pub(crate) const V2_DEFINITIONS: &str = "V2 rollout report, unified KPI definitions";

pub(crate) fn par_30_spec() -> KpiSpec {
    KpiSpec::new("par_30", "Portfolio at risk, 30 days or more", Unit::Percent)
        .direction(Direction::LowerIsBetter)
        .convention("dpd >= 30, written-off excluded")
        .family(FAMILY)
        .alias("risk.par_30")
        .alias("PAR30")
        .reference(V2_DEFINITIONS)
}

pub(crate) fn par_90_spec() -> KpiSpec {
    KpiSpec::new("par_90", "Portfolio at risk, 90 days or more", Unit::Percent)
        .direction(Direction::LowerIsBetter)
        .convention("dpd >= 90, written-off excluded")
        .family(FAMILY)
        .alias("risk.par_90")
        .alias("PAR90")
        .reference(V2_DEFINITIONS)
}

pub(crate) fn collection_rate_spec() -> KpiSpec {
    KpiSpec::new("collection_rate", "Cash to eligible (V2)", Unit::Percent)
        .direction(Direction::HigherIsBetter)
        .convention("cash on hand over eligible balance, both at the snapshot; no payments of a period")
        .family(FAMILY)
        .alias("risk.collection_rate")
        .alias("CollectionRate")
        .reference(V2_DEFINITIONS)
}

pub(crate) fn portfolio_health_spec() -> KpiSpec {
    KpiSpec::new("portfolio_health", "Portfolio health", Unit::Score)
        .direction(Direction::HigherIsBetter)
        .convention("0 to 10 points, from par_30 and collection_rate before they are rounded")
        .family(FAMILY)
        .alias("risk.portfolio_health")
        .alias("PortfolioHealth")
        .reference(V2_DEFINITIONS)
}

/// V2's score: `max(0, 10 - PAR30 / 10) * collection / 10`, clamped to 0..10.
pub(crate) fn health(par_30: Formula, collection_rate: Formula) -> Formula {
    let safety = (10 - par_30 / 10).at_least(0);
    (safety * collection_rate / 10).at_least(0).at_most(10)
}

/// Portfolio at risk from 30 days past due, over the slice tape's buckets.
///
/// # What it measures
/// The share of everything owed that is 30 days past due or more. On loan rows it equals
/// [`par_ge`](crate::par_ge)`(30)`, once a contract derives the buckets from `dpd` and the balance.
///
/// # Formula
/// `100 * (SUM(dpd_30_60_usd) + SUM(dpd_60_90_usd) + SUM(dpd_90_plus_usd)) / SUM(total_receivable_usd)`;
/// three sums, so that each bucket's exact total is a component of the value.
///
/// # Unit and rounding
/// Percent, 2 places, half away from zero.
///
/// # Undefined when
/// There are no rows, a column is NULL on every row, or the receivable sums to zero.
///
/// # Example
/// ```
/// use abaco_engine::Evaluate;
/// use abaco_testkit::{Tape, Width};
///
/// let tape = Tape::new()
///     .money("dpd_30_60_usd", [100_00, 200_00])?
///     .money("dpd_60_90_usd", [50_00, 100_00])?
///     .money("dpd_90_plus_usd", [25_00, 50_00])?
///     .money("total_receivable_usd", [1000_00, 2000_00])?;
/// let outcome = abaco_calculators::par_30().evaluate(&tape.to_batch(Width::Decimal64)?)?;
/// assert_eq!(outcome.value().map(|value| value.to_string()).as_deref(), Some("17.50"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// V2 rollout report, unified KPI definitions: `risk.par_30`.
pub fn par_30() -> FormulaKpi {
    let overdue = sum("dpd_30_60_usd") + sum("dpd_60_90_usd") + sum("dpd_90_plus_usd");
    FormulaKpi::new(par_30_spec(), 100 * overdue / sum("total_receivable_usd"))
}

/// Portfolio at risk from 90 days past due, over the slice tape's buckets.
///
/// # What it measures
/// The share of everything owed that is 90 days past due or more.
///
/// # Formula
/// `100 * SUM(dpd_90_plus_usd) / SUM(total_receivable_usd)`
///
/// # Unit and rounding
/// Percent, 2 places, half away from zero.
///
/// # Undefined when
/// There are no rows, a column is NULL on every row, or the receivable sums to zero.
///
/// # Example
/// ```
/// use abaco_engine::Evaluate;
/// use abaco_testkit::{Tape, Width};
///
/// let tape = Tape::new()
///     .money("dpd_90_plus_usd", [100_00, 200_00])?
///     .money("total_receivable_usd", [1000_00, 2000_00])?;
/// let outcome = abaco_calculators::par_90().evaluate(&tape.to_batch(Width::Decimal64)?)?;
/// assert_eq!(outcome.value().map(|value| value.to_string()).as_deref(), Some("10.00"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// V2 rollout report, unified KPI definitions: `risk.par_90`.
pub fn par_90() -> FormulaKpi {
    FormulaKpi::new(par_90_spec(), 100 * sum("dpd_90_plus_usd") / sum("total_receivable_usd"))
}

/// Cash on hand in relation to the eligible balance: what V2 called the collection rate.
///
/// # What it measures
/// A stock over a stock. It is no rate of collection in the usual sense, paid over due in a period; the id
/// keeps V2's meaning and the title says so.
///
/// # Formula
/// `100 * SUM(cash_available_usd) / SUM(total_eligible_usd)`
///
/// # Unit and rounding
/// Percent, 2 places, half away from zero.
///
/// # Undefined when
/// There are no rows, a column is NULL on every row, or the eligible balance sums to zero.
///
/// # Example
/// ```
/// use abaco_engine::Evaluate;
/// use abaco_testkit::{Tape, Width};
///
/// let tape = Tape::new()
///     .money("cash_available_usd", [100_00, 200_00])?
///     .money("total_eligible_usd", [1000_00, 2000_00])?;
/// let outcome = abaco_calculators::collection_rate().evaluate(&tape.to_batch(Width::Decimal64)?)?;
/// assert_eq!(outcome.value().map(|value| value.to_string()).as_deref(), Some("10.00"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// V2 rollout report, unified KPI definitions: `risk.collection_rate`.
pub fn collection_rate() -> FormulaKpi {
    FormulaKpi::new(collection_rate_spec(), 100 * sum("cash_available_usd") / sum("total_eligible_usd"))
}

/// V2's score of arrears and cash together.
///
/// # What it measures
/// 10 points for a portfolio without arrears and with cash for the whole eligible balance; each 10 % of
/// [`par_30`] takes a point, and [`collection_rate`] scales what is left.
///
/// # Formula
/// clamp\[0, 10\](max(0, 10 - PAR30 / 10) * collection / 10), composed by value from the formulas of [`par_30`]
/// and [`collection_rate`], exact and not rounded in between.
///
/// # Unit and rounding
/// Score from 0 to 10, 2 places, half away from zero.
///
/// # Undefined when
/// [`par_30`] or [`collection_rate`] is.
///
/// # Example
/// ```
/// use abaco_engine::Evaluate;
/// use abaco_testkit::{Tape, Width};
///
/// let tape = Tape::new()
///     .money("dpd_30_60_usd", [1_750_00])?
///     .money("dpd_60_90_usd", [1_400_00])?
///     .money("dpd_90_plus_usd", [1_050_00])?
///     .money("total_receivable_usd", [175_000_00])?
///     .money("cash_available_usd", [8_750_00])?
///     .money("total_eligible_usd", [140_000_00])?;
/// let outcome = abaco_calculators::portfolio_health().evaluate(&tape.to_batch(Width::Decimal64)?)?;
/// assert_eq!(outcome.value().map(|value| value.to_string()).as_deref(), Some("6.10"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// V2 rollout report, unified KPI definitions: `risk.portfolio_health`.
pub fn portfolio_health() -> FormulaKpi {
    FormulaKpi::new(portfolio_health_spec(), health(par_30().formula(), collection_rate().formula()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAR_30: &str =
        "100 * (SUM(dpd_30_60_usd) + SUM(dpd_60_90_usd) + SUM(dpd_90_plus_usd)) / SUM(total_receivable_usd)";
    const COLLECTION: &str = "100 * SUM(cash_available_usd) / SUM(total_eligible_usd)";

    #[test]
    fn formulas_print_as_documented() {
        assert_eq!(par_30().formula().to_string(), PAR_30);
        assert_eq!(par_90().formula().to_string(), "100 * SUM(dpd_90_plus_usd) / SUM(total_receivable_usd)");
        assert_eq!(collection_rate().formula().to_string(), COLLECTION);
    }

    #[test]
    fn health_contains_its_inputs_by_value() {
        assert_eq!(
            portfolio_health().formula().to_string(),
            format!("LEAST(GREATEST(GREATEST(10 - {PAR_30} / 10, 0) * ({COLLECTION}) / 10, 0), 10)")
        );
    }
}
