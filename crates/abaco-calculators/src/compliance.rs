//! Compliance: what the controls say about the data.

use abaco_kpi::{Direction, FormulaKpi, KpiSpec, Unit, sum};

const FAMILY: &str = "compliance";

/// Audit findings that are still open.
///
/// # What it measures
/// The number of findings not yet closed, as the ledger states it.
///
/// # Formula
/// `SUM(open_flags)`
///
/// # Unit and rounding
/// Count, no places.
///
/// # Undefined when
/// There are no rows, or the column is NULL on every row.
///
/// # Example
/// ```
/// use abaco_engine::Evaluate;
/// use abaco_testkit::{Tape, Width};
///
/// let tape = Tape::new()
///     .integers("open_flags", [3, 4])?;
/// let outcome = abaco_calculators::audit_flags().evaluate(&tape.to_batch(Width::Decimal64)?)?;
/// assert_eq!(outcome.value().map(|value| value.to_string()).as_deref(), Some("7"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// V2 rollout report, unified KPI definitions.
pub fn audit_flags() -> FormulaKpi {
    let spec = KpiSpec::new("audit_flags", "Open audit flags", Unit::Count)
        .direction(Direction::LowerIsBetter)
        .convention("findings not yet closed, summed over the ledger rows in scope")
        .family(FAMILY)
        .alias("compliance.audit_flags")
        .reference("V2 rollout report, unified KPI definitions");
    FormulaKpi::new(spec, sum("open_flags"))
}

/// Quality checks passed over quality checks made.
///
/// # What it measures
/// How much of the data the run's own checks accepted.
///
/// # Formula
/// `100 * SUM(checks_passed) / SUM(checks_total)`
///
/// # Unit and rounding
/// Percent, 2 places, half away from zero.
///
/// # Undefined when
/// There are no rows, a column is NULL on every row, or no check was made.
///
/// # Example
/// ```
/// use abaco_engine::Evaluate;
/// use abaco_testkit::{Tape, Width};
///
/// let tape = Tape::new()
///     .integers("checks_passed", [95, 100])?
///     .integers("checks_total", [100, 100])?;
/// let outcome = abaco_calculators::data_quality_score().evaluate(&tape.to_batch(Width::Decimal64)?)?;
/// assert_eq!(outcome.value().map(|value| value.to_string()).as_deref(), Some("97.50"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// V2 rollout report, unified KPI definitions.
pub fn data_quality_score() -> FormulaKpi {
    let spec = KpiSpec::new("data_quality_score", "Data quality score", Unit::Percent)
        .direction(Direction::HigherIsBetter)
        .convention("checks passed over checks made, each check of the same weight")
        .family(FAMILY)
        .alias("compliance.data_quality_score")
        .reference("V2 rollout report, unified KPI definitions");
    FormulaKpi::new(spec, 100 * sum("checks_passed") / sum("checks_total"))
}
