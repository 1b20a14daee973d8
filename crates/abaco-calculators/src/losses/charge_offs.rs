//! Write-offs of a period, gross and net of recoveries.

use abaco_kpi::{Direction, Formula, FormulaKpi, KpiSpec, Unit, sum};

use super::FAMILY;
use crate::panel::{average_balance, per_year};

fn net_of_recoveries() -> Formula {
    sum("written_off") - sum("recovered")
}

/// Written off in the period over the opening balance.
///
/// # What it measures
/// The share of the portfolio that the period gave up, before recoveries.
///
/// # Formula
/// `100 * SUM(written_off) / SUM(opening_balance)`
///
/// # Unit and rounding
/// Percent, 2 places, half away from zero.
///
/// # Undefined when
/// There are no rows, a column is NULL on every row, or the opening balance sums to zero.
///
/// # Example
/// ```
/// use abaco_engine::Evaluate;
/// use abaco_testkit::{Tape, Width};
///
/// let tape = Tape::new()
///     .money("written_off", [9_00, 0])?
///     .money("opening_balance", [800_00, 1_000_00])?;
/// let outcome = abaco_calculators::write_off_rate().evaluate(&tape.to_batch(Width::Decimal64)?)?;
/// assert_eq!(outcome.value().map(|value| value.to_string()).as_deref(), Some("0.50"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// V2 rollout report, unified KPI definitions.
pub fn write_off_rate() -> FormulaKpi {
    let spec = KpiSpec::new("write_off_rate", "Write-off rate", Unit::Percent)
        .direction(Direction::LowerIsBetter)
        .convention("written off in the period over the opening balance; gross, not annualised")
        .family(FAMILY)
        .alias("finance.write_off_rate")
        .reference("V2 rollout report, unified KPI definitions");
    FormulaKpi::new(spec, 100 * sum("written_off") / sum("opening_balance"))
}

/// Written off less recovered in the period, over the average balance.
///
/// # What it measures
/// The net loss of the period as a share of the portfolio. The average is that of the opening and the closing
/// balance.
///
/// # Formula
/// `100 * (SUM(written_off) - SUM(recovered)) / ((SUM(opening_balance) + SUM(outstanding_balance)) / 2)`
///
/// # Unit and rounding
/// Percent, 2 places, half away from zero.
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
///     .money("written_off", [9_00])?
///     .money("recovered", [1_80])?
///     .money("opening_balance", [800_00])?
///     .money("outstanding_balance", [1_000_00])?;
/// let outcome = abaco_calculators::loan_loss_rate().evaluate(&tape.to_batch(Width::Decimal64)?)?;
/// assert_eq!(outcome.value().map(|value| value.to_string()).as_deref(), Some("0.80"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// CGAP, Microfinance Consensus Guidelines: loan loss ratio.
pub fn loan_loss_rate() -> FormulaKpi {
    let spec = KpiSpec::new("loan_loss_rate", "Loan loss rate", Unit::Percent)
        .direction(Direction::LowerIsBetter)
        .convention(
            "written off less recovered, over the mean of opening and closing balance; not annualised",
        )
        .family(FAMILY)
        .reference("CGAP, Microfinance Consensus Guidelines: loan loss ratio");
    FormulaKpi::new(spec, 100 * net_of_recoveries() / average_balance())
}

/// Written off in the period over the average balance, per year.
///
/// # What it measures
/// The pace of write-offs before recoveries: what a year of such periods would take.
///
/// # Formula
/// `100 * SUM(written_off) * 365 / MAX(DAYS_BETWEEN(opening_as_of, as_of)) / ((SUM(opening_balance) +
/// SUM(outstanding_balance)) / 2)`
///
/// # Unit and rounding
/// Percent, 2 places, half away from zero.
///
/// # Undefined when
/// There are no rows, a column is NULL on every row, the period has no days, or the average balance is zero.
///
/// # Example
/// ```
/// use abaco_engine::Evaluate;
/// use abaco_testkit::{Tape, Width};
///
/// let tape = Tape::new()
///     .money("written_off", [12_40])?
///     .money("opening_balance", [1_800_00])?
///     .money("outstanding_balance", [1_850_00])?
///     .dates("opening_as_of", ["2025-11-30".parse()?])?
///     .dates("as_of", ["2025-12-31".parse()?])?;
/// let outcome = abaco_calculators::gross_chargeoff_annualised().evaluate(&tape.to_batch(Width::Decimal64)?)?;
/// assert_eq!(outcome.value().map(|value| value.to_string()).as_deref(), Some("8.00"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// US Federal Reserve, Charge-Off and Delinquency Rates: annualised, over average balances.
pub fn gross_chargeoff_annualised() -> FormulaKpi {
    let spec = KpiSpec::new("gross_chargeoff_annualised", "Gross charge-off rate, annualised", Unit::Percent)
        .direction(Direction::LowerIsBetter)
        .convention(
            "simple: times 365 over the days of the period, over the mean of opening and closing balance",
        )
        .family(FAMILY)
        .reference("US Federal Reserve, Charge-Off and Delinquency Rates: annualised, over average balances");
    FormulaKpi::new(spec.annualised(), per_year(sum("written_off").into()))
}

/// Written off less recovered in the period over the average balance, per year.
///
/// # What it measures
/// The pace of losses after recoveries: what a year of such periods would take.
///
/// # Formula
/// `100 * (SUM(written_off) - SUM(recovered)) * 365 / MAX(DAYS_BETWEEN(opening_as_of, as_of)) /
/// ((SUM(opening_balance) + SUM(outstanding_balance)) / 2)`
///
/// # Unit and rounding
/// Percent, 2 places, half away from zero.
///
/// # Undefined when
/// There are no rows, a column is NULL on every row, the period has no days, or the average balance is zero.
///
/// # Example
/// ```
/// use abaco_engine::Evaluate;
/// use abaco_testkit::{Tape, Width};
///
/// let tape = Tape::new()
///     .money("written_off", [12_40])?
///     .money("recovered", [3_10])?
///     .money("opening_balance", [1_800_00])?
///     .money("outstanding_balance", [1_850_00])?
///     .dates("opening_as_of", ["2025-11-30".parse()?])?
///     .dates("as_of", ["2025-12-31".parse()?])?;
/// let outcome = abaco_calculators::net_chargeoff_annualised().evaluate(&tape.to_batch(Width::Decimal64)?)?;
/// assert_eq!(outcome.value().map(|value| value.to_string()).as_deref(), Some("6.00"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// US Federal Reserve, Charge-Off and Delinquency Rates: annualised, over average balances, net of recoveries.
pub fn net_chargeoff_annualised() -> FormulaKpi {
    let spec = KpiSpec::new("net_chargeoff_annualised", "Net charge-off rate, annualised", Unit::Percent)
        .direction(Direction::LowerIsBetter)
        .convention(
            "net of recoveries; simple: times 365 over the days of the period, over the mean of opening \
             and closing balance",
        )
        .family(FAMILY)
        .reference(
            "US Federal Reserve, Charge-Off and Delinquency Rates: annualised, over average balances, \
             net of recoveries",
        );
    FormulaKpi::new(spec.annualised(), per_year(net_of_recoveries()))
}
