//! Defaults of a period: loans that were performing and no longer are.

use abaco_kpi::{Direction, FormulaKpi, KpiSpec, RowMeasure, Unit, col, count, sum};

use super::FAMILY;
use crate::panel::{compounded, performing};

fn performing_balance() -> RowMeasure {
    sum("opening_balance").filter(performing())
}

/// Monthly default rate: balance that defaulted in the period over what was performing when it began.
///
/// # What it measures
/// The share of the opening performing balance that reached 90 days past due or was written off. It is monthly
/// where the period is a month; a balance of unknown `dpd` counts as performing.
///
/// # Formula
/// `100 * SUM(defaulted) / SUM(opening_balance) FILTER (WHERE opening_balance > 0 AND (opening_dpd < 90 OR
/// opening_dpd IS NULL))`
///
/// # Unit and rounding
/// Percent, 2 places, half away from zero.
///
/// # Undefined when
/// There are no rows, `defaulted` is NULL on every row, or no balance was performing.
///
/// # Example
/// ```
/// use abaco_engine::Evaluate;
/// use abaco_testkit::{Tape, Width};
///
/// let tape = Tape::new()
///     .money("defaulted", [0, 10_00, 0])?
///     .money("opening_balance", [990_00, 10_00, 50_00])?
///     .integers("opening_dpd", [0, 89, 90])?;
/// let outcome = abaco_calculators::mdr().evaluate(&tape.to_batch(Width::Decimal64)?)?;
/// assert_eq!(outcome.value().map(|value| value.to_string()).as_deref(), Some("1.00"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// SIFMA (formerly BMA), Standard Formulas for the Analysis of Mortgage-Backed Securities: MDR.
pub fn mdr() -> FormulaKpi {
    let spec = KpiSpec::new("mdr", "Monthly default rate", Unit::Percent)
        .direction(Direction::LowerIsBetter)
        .convention(
            "default is 90 days past due or written off; over the opening balance below 90 days past \
             due; periods of one month",
        )
        .family(FAMILY)
        .reference(
            "SIFMA (formerly BMA), Standard Formulas for the Analysis of Mortgage-Backed Securities: \
             MDR",
        );
    FormulaKpi::new(spec, 100 * sum("defaulted") / performing_balance())
}

/// Constant default rate: the monthly default rate, compounded to a year.
///
/// # What it measures
/// The share that defaults in a year if every month is like this one. It has its meaning on periods of one
/// month.
///
/// # Formula
/// `100 * (1 - POWER(1 - SUM(defaulted) / SUM(opening_balance) FILTER (WHERE opening_balance > 0 AND
/// (opening_dpd < 90 OR opening_dpd IS NULL)), 12))`; `1 - (1 - mdr)^12`, exact and rounded once.
///
/// # Unit and rounding
/// Percent, 2 places, half away from zero.
///
/// # Undefined when
/// [`mdr`] is.
///
/// # Example
/// ```
/// use abaco_engine::Evaluate;
/// use abaco_testkit::{Tape, Width};
///
/// let tape = Tape::new()
///     .money("defaulted", [10_00])?
///     .money("opening_balance", [1_000_00])?
///     .integers("opening_dpd", [0])?;
/// let outcome = abaco_calculators::cdr().evaluate(&tape.to_batch(Width::Decimal64)?)?;
/// assert_eq!(outcome.value().map(|value| value.to_string()).as_deref(), Some("11.36"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// SIFMA (formerly BMA), Standard Formulas for the Analysis of Mortgage-Backed Securities: CDR.
pub fn cdr() -> FormulaKpi {
    let spec = KpiSpec::new("cdr", "Constant default rate", Unit::Percent)
        .direction(Direction::LowerIsBetter)
        .convention("1 - (1 - mdr)^12, compounded; periods of one month")
        .family(FAMILY)
        .reference(
            "SIFMA (formerly BMA), Standard Formulas for the Analysis of Mortgage-Backed Securities: CDR",
        );
    let monthly = sum("defaulted") / performing_balance();
    FormulaKpi::new(spec.annualised(), 100 * compounded(monthly))
}

/// Loans that defaulted in the period over loans that were performing when it began.
///
/// # What it measures
/// The default rate by number of loans. A loan of unknown `dpd` counts as performing; a balance is needed to
/// default.
///
/// # Formula
/// `100 * COUNT(*) FILTER (WHERE opening_balance > 0 AND (opening_dpd < 90 OR opening_dpd IS NULL) AND
/// defaulted > 0) / COUNT(*) FILTER (WHERE opening_balance > 0 AND (opening_dpd < 90 OR opening_dpd IS NULL))`
///
/// # Unit and rounding
/// Percent, 2 places, half away from zero.
///
/// # Undefined when
/// There are no rows, or no loan was performing.
///
/// # Example
/// ```
/// use abaco_engine::Evaluate;
/// use abaco_testkit::{Tape, Width};
///
/// let tape = Tape::new()
///     .money("defaulted", [0, 10_00, 0, 0, 0])?
///     .money("opening_balance", [990_00, 10_00, 50_00, 1_00, 1_00])?
///     .integers("opening_dpd", [0, 89, 90, 0, 0])?;
/// let outcome = abaco_calculators::default_ratio().evaluate(&tape.to_batch(Width::Decimal64)?)?;
/// assert_eq!(outcome.value().map(|value| value.to_string()).as_deref(), Some("25.00"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// abaco catalogue.
pub fn default_ratio() -> FormulaKpi {
    let spec = KpiSpec::new("default_ratio", "Default ratio, by number of loans", Unit::Percent)
        .direction(Direction::LowerIsBetter)
        .convention(
            "loans, not balances; default is 90 days past due or written off; over loans below 90 days \
             past due at the opening",
        )
        .family(FAMILY)
        .reference("abaco catalogue");
    let defaulted = count().filter(performing()).filter(col("defaulted").gt(0));
    FormulaKpi::new(spec, 100 * defaulted / count().filter(performing()))
}
