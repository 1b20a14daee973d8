//! Recoveries: what came back after write-off.

use abaco_kpi::{Direction, FormulaKpi, KpiSpec, Unit, sum};

use super::FAMILY;

/// What has been recovered of everything ever written off.
///
/// # What it measures
/// The share of the write-offs to date that came back as cash, over every loan of the panel.
///
/// # Formula
/// `100 * SUM(cum_recovered) / SUM(cum_written_off)`
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
///     .money("cum_recovered", [0, 30_00])?
///     .money("cum_written_off", [80_00, 120_00])?;
/// let outcome = abaco_calculators::recovery_rate().evaluate(&tape.to_batch(Width::Decimal64)?)?;
/// assert_eq!(outcome.value().map(|value| value.to_string()).as_deref(), Some("15.00"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// abaco catalogue.
pub fn recovery_rate() -> FormulaKpi {
    let spec = KpiSpec::new("recovery_rate", "Recovery rate", Unit::Percent)
        .direction(Direction::HigherIsBetter)
        .convention("recovered to date over written off to date")
        .family(FAMILY)
        .reference("abaco catalogue");
    FormulaKpi::new(spec, 100 * sum("cum_recovered") / sum("cum_written_off"))
}

/// What the period recovered of the write-offs that were open when it began.
///
/// # What it measures
/// The yield of collecting on the written-off stock. Cash on loans that are back from write-off is no recovery.
///
/// # Formula
/// `100 * SUM(recovered) / SUM(opening_written_off_balance)`
///
/// # Unit and rounding
/// Percent, 2 places, half away from zero.
///
/// # Undefined when
/// There are no rows, a column is NULL on every row, or no written-off balance was open.
///
/// # Example
/// ```
/// use abaco_engine::Evaluate;
/// use abaco_testkit::{Tape, Width};
///
/// let tape = Tape::new()
///     .money("recovered", [0, 2_50])?
///     .money("opening_written_off_balance", [0, 50_00])?;
/// let outcome = abaco_calculators::current_recovery_rate().evaluate(&tape.to_batch(Width::Decimal64)?)?;
/// assert_eq!(outcome.value().map(|value| value.to_string()).as_deref(), Some("5.00"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// abaco catalogue.
pub fn current_recovery_rate() -> FormulaKpi {
    let spec = KpiSpec::new("current_recovery_rate", "Recovery rate of the period", Unit::Percent)
        .direction(Direction::HigherIsBetter)
        .convention("recovered in the period over the opening written-off balance; not annualised")
        .family(FAMILY)
        .reference("abaco catalogue");
    FormulaKpi::new(spec, 100 * sum("recovered") / sum("opening_written_off_balance"))
}
