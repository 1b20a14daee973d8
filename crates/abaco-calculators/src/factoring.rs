//! Factoring: invoices instead of instalments.

use abaco_kpi::{Direction, FormulaKpi, KpiSpec, Rounding, Unit, sum};

use crate::panel::{average_balance, days};

const FAMILY: &str = "factoring";

/// Credit notes over sales of the period.
///
/// # What it measures
/// The share of the invoices that was taken back by credit notes instead of being paid.
///
/// # Formula
/// `100 * SUM(credit_notes) / SUM(sales)`
///
/// # Unit and rounding
/// Percent, 2 places, half away from zero.
///
/// # Undefined when
/// There are no rows, a column is NULL on every row, or there were no sales.
///
/// # Example
/// ```
/// use abaco_engine::Evaluate;
/// use abaco_testkit::{Tape, Width};
///
/// let tape = Tape::new()
///     .money("credit_notes", [0, 12_00])?
///     .money("sales", [500_00, 300_00])?;
/// let outcome = abaco_calculators::dilution_ratio().evaluate(&tape.to_batch(Width::Decimal64)?)?;
/// assert_eq!(outcome.value().map(|value| value.to_string()).as_deref(), Some("1.50"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// abaco catalogue.
pub fn dilution_ratio() -> FormulaKpi {
    let spec = KpiSpec::new("dilution_ratio", "Dilution ratio", Unit::Percent)
        .direction(Direction::LowerIsBetter)
        .convention("credit notes of the period over sales of the period")
        .family(FAMILY)
        .reference("abaco catalogue");
    FormulaKpi::new(spec, 100 * sum("credit_notes") / sum("sales"))
}

/// Days sales outstanding: for how many days of sales the closing receivables stand.
///
/// # What it measures
/// The closing balance over the sales of the period, times its days.
///
/// # Formula
/// `SUM(outstanding_balance) / SUM(sales) * MAX(DAYS_BETWEEN(opening_as_of, as_of))`
///
/// # Unit and rounding
/// Days, 1 place, half away from zero.
///
/// # Undefined when
/// There are no rows, a column is NULL on every row, or there were no sales.
///
/// # Example
/// ```
/// use abaco_engine::Evaluate;
/// use abaco_testkit::{Tape, Width};
///
/// let tape = Tape::new()
///     .money("outstanding_balance", [900_00])?
///     .money("sales", [600_00])?
///     .dates("opening_as_of", ["2025-11-30".parse()?])?
///     .dates("as_of", ["2025-12-31".parse()?])?;
/// let outcome = abaco_calculators::dso().evaluate(&tape.to_batch(Width::Decimal64)?)?;
/// assert_eq!(outcome.value().map(|value| value.to_string()).as_deref(), Some("46.5"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// Credit Research Foundation: days sales outstanding.
pub fn dso() -> FormulaKpi {
    let spec = KpiSpec::new("dso", "Days sales outstanding", Unit::Days)
        .rounding(Rounding::half_away(1))
        .direction(Direction::LowerIsBetter)
        .convention("closing balance over sales of the period, times the days of the period")
        .family(FAMILY)
        .reference("Credit Research Foundation: days sales outstanding");
    FormulaKpi::new(spec, sum("outstanding_balance") / sum("sales") * days())
}

/// How often the period's sales turned the average receivables over.
///
/// # What it measures
/// Sales of the period over the mean of opening and closing balance; of the period, not of a year.
///
/// # Formula
/// `SUM(sales) / ((SUM(opening_balance) + SUM(outstanding_balance)) / 2)`
///
/// # Unit and rounding
/// Ratio, 2 places, half away from zero.
///
/// # Undefined when
/// There are no rows, a column is NULL on every row, or the average balance is zero.
///
/// # Example
/// ```
/// use abaco_engine::Evaluate;
/// use abaco_testkit::{Tape, Width};
///
/// let tape = Tape::new()
///     .money("sales", [600_00])?
///     .money("opening_balance", [700_00])?
///     .money("outstanding_balance", [900_00])?;
/// let outcome = abaco_calculators::receivables_turnover().evaluate(&tape.to_batch(Width::Decimal64)?)?;
/// assert_eq!(outcome.value().map(|value| value.to_string()).as_deref(), Some("0.75"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// abaco catalogue.
pub fn receivables_turnover() -> FormulaKpi {
    let spec = KpiSpec::new("receivables_turnover", "Receivables turnover", Unit::Ratio)
        .direction(Direction::HigherIsBetter)
        .convention("sales of the period over the mean of opening and closing balance; not annualised")
        .family(FAMILY)
        .reference("abaco catalogue");
    FormulaKpi::new(spec, sum("sales") / average_balance())
}
