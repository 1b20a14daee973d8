//! Losses since the beginning, over everything lent or everything given up.

use abaco_kpi::{Direction, Formula, FormulaKpi, KpiSpec, Unit, sum};

use super::FAMILY;

fn net_to_date() -> Formula {
    sum("cum_written_off") - sum("cum_recovered")
}

/// Everything written off so far over everything lent.
///
/// # What it measures
/// The loss of the whole book since the beginning, before recoveries.
///
/// # Formula
/// `100 * SUM(cum_written_off) / SUM(original_principal)`
///
/// # Unit and rounding
/// Percent, 2 places, half away from zero.
///
/// # Undefined when
/// There are no rows, a column is NULL on every row, or the original principal sums to zero.
///
/// # Example
/// ```
/// use abaco_engine::Evaluate;
/// use abaco_testkit::{Tape, Width};
///
/// let tape = Tape::new()
///     .money("cum_written_off", [0, 30_00])?
///     .money("original_principal", [1_000_00, 500_00])?;
/// let outcome = abaco_calculators::cumulative_gross_loss().evaluate(&tape.to_batch(Width::Decimal64)?)?;
/// assert_eq!(outcome.value().map(|value| value.to_string()).as_deref(), Some("2.00"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// abaco catalogue.
pub fn cumulative_gross_loss() -> FormulaKpi {
    let spec = KpiSpec::new("cumulative_gross_loss", "Cumulative gross loss", Unit::Percent)
        .direction(Direction::LowerIsBetter)
        .convention(
            "written off to date over the original principal of every loan known, repaid ones included",
        )
        .family(FAMILY)
        .reference("abaco catalogue");
    FormulaKpi::new(spec, 100 * sum("cum_written_off") / sum("original_principal"))
}

/// Everything written off and not recovered so far over everything lent.
///
/// # What it measures
/// The loss of the whole book since the beginning, after recoveries.
///
/// # Formula
/// `100 * (SUM(cum_written_off) - SUM(cum_recovered)) / SUM(original_principal)`
///
/// # Unit and rounding
/// Percent, 2 places, half away from zero.
///
/// # Undefined when
/// There are no rows, a column is NULL on every row, or the original principal sums to zero.
///
/// # Example
/// ```
/// use abaco_engine::Evaluate;
/// use abaco_testkit::{Tape, Width};
///
/// let tape = Tape::new()
///     .money("cum_written_off", [0, 30_00])?
///     .money("cum_recovered", [0, 7_50])?
///     .money("original_principal", [1_000_00, 500_00])?;
/// let outcome = abaco_calculators::cumulative_net_loss().evaluate(&tape.to_batch(Width::Decimal64)?)?;
/// assert_eq!(outcome.value().map(|value| value.to_string()).as_deref(), Some("1.50"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// abaco catalogue.
pub fn cumulative_net_loss() -> FormulaKpi {
    let spec = KpiSpec::new("cumulative_net_loss", "Cumulative net loss", Unit::Percent)
        .direction(Direction::LowerIsBetter)
        .convention(
            "written off less recovered to date, over the original principal of every loan known, \
             repaid ones included",
        )
        .family(FAMILY)
        .reference("abaco catalogue");
    FormulaKpi::new(spec, 100 * net_to_date() / sum("original_principal"))
}

/// How much of what was written off was lost for good.
///
/// # What it measures
/// The net loss to date as a share of the write-offs to date; with [`recovery_rate`](crate::recovery_rate) it
/// makes 100 %.
///
/// # Formula
/// `100 * (SUM(cum_written_off) - SUM(cum_recovered)) / SUM(cum_written_off)`
///
/// # Unit and rounding
/// Percent, 2 places, half away from zero.
///
/// # Undefined when
/// There are no rows, a column is NULL on every row, or nothing has been written off.
///
/// # Example
/// ```
/// use abaco_engine::Evaluate;
/// use abaco_testkit::{Tape, Width};
///
/// let tape = Tape::new()
///     .money("cum_written_off", [0, 30_00])?
///     .money("cum_recovered", [0, 7_50])?;
/// let outcome = abaco_calculators::loss_severity().evaluate(&tape.to_batch(Width::Decimal64)?)?;
/// assert_eq!(outcome.value().map(|value| value.to_string()).as_deref(), Some("75.00"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// abaco catalogue.
pub fn loss_severity() -> FormulaKpi {
    let spec = KpiSpec::new("loss_severity", "Loss severity", Unit::Percent)
        .direction(Direction::LowerIsBetter)
        .convention(
            "written off less recovered to date, over written off to date; the balance at write-off is \
             the exposure",
        )
        .family(FAMILY)
        .reference("abaco catalogue");
    FormulaKpi::new(spec, 100 * net_to_date() / sum("cum_written_off"))
}

/// What has been recovered of the balances that reached 90 days past due.
///
/// # What it measures
/// Recoveries to date over the largest balance that each loan had at 90 days past due or more. Recoveries are
/// payments after write-off, as everywhere in this catalogue; payments that cure a loan are not in it.
///
/// # Formula
/// `100 * SUM(cum_recovered) / SUM(peak_90_balance)`
///
/// # Unit and rounding
/// Percent, 2 places, half away from zero.
///
/// # Undefined when
/// There are no rows, a column is NULL on every row, or no balance ever reached 90 days past due.
///
/// # Example
/// ```
/// use abaco_engine::Evaluate;
/// use abaco_testkit::{Tape, Width};
///
/// let tape = Tape::new()
///     .money("cum_recovered", [0, 30_00])?
///     .money("peak_90_balance", [20_00, 100_00])?;
/// let outcome = abaco_calculators::rdr_90().evaluate(&tape.to_batch(Width::Decimal64)?)?;
/// assert_eq!(outcome.value().map(|value| value.to_string()).as_deref(), Some("25.00"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// V2 rollout report, unified KPI definitions.
pub fn rdr_90() -> FormulaKpi {
    let spec = KpiSpec::new("rdr_90", "Recovery of balances past 90 days", Unit::Percent)
        .direction(Direction::HigherIsBetter)
        .convention("recovered after write-off to date, over the peak balance at 90 days past due or more")
        .family(FAMILY)
        .alias("risk.rdr_90")
        .reference("V2 rollout report, unified KPI definitions");
    FormulaKpi::new(spec, 100 * sum("cum_recovered") / sum("peak_90_balance"))
}
