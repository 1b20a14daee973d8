//! Prepayment: principal that comes back before it is due.
//!
//! The pool is what was outstanding when the period began; loans that entered in it are left out. The speeds are
//! monthly, so they have their meaning on periods of one month.

use abaco_kpi::{Direction, Formula, FormulaKpi, KpiSpec, RowExpr, RowMeasure, Unit, col, sum};

use crate::panel::{compounded, in_opening};

const FAMILY: &str = "prepayment";

fn prepaid() -> RowMeasure {
    sum("prepaid_principal").filter(in_opening())
}

/// The opening balance that the schedule leaves.
fn unscheduled() -> Formula {
    sum("opening_balance") - sum("due_principal").filter(in_opening())
}

/// Single monthly mortality as a fraction.
fn fraction() -> Formula {
    prepaid() / unscheduled()
}

fn mean_age() -> Formula {
    let months =
        RowExpr::MonthsBetween { from: Box::new(col("origination_date")), to: Box::new(col("as_of")) };
    let known = col("origination_date").is_null().negated();
    sum(col("opening_balance") * months) / sum("opening_balance").filter(known)
}

/// Single monthly mortality: principal prepaid in the period over what was left after the scheduled principal.
///
/// # What it measures
/// The share of the opening pool that was paid before it was due. Loans that entered in the period are not in
/// it. It is monthly where the period is a month.
///
/// # Formula
/// `100 * SUM(prepaid_principal) FILTER (WHERE opening_balance > 0) / (SUM(opening_balance) -
/// SUM(due_principal) FILTER (WHERE opening_balance > 0))`
///
/// # Unit and rounding
/// Percent, 2 places, half away from zero.
///
/// # Undefined when
/// There are no rows, a column is NULL on every row that counts, or the schedule takes the whole opening
/// balance.
///
/// # Example
/// ```
/// use abaco_engine::Evaluate;
/// use abaco_testkit::{Tape, Width};
///
/// let tape = Tape::new()
///     .money("prepaid_principal", [0, 3_80])?
///     .money("opening_balance", [100_00, 100_00])?
///     .money("due_principal", [5_00, 5_00])?;
/// let outcome = abaco_calculators::smm().evaluate(&tape.to_batch(Width::Decimal64)?)?;
/// assert_eq!(outcome.value().map(|value| value.to_string()).as_deref(), Some("2.00"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// SIFMA (formerly BMA), Standard Formulas for the Analysis of Mortgage-Backed Securities: SMM.
pub fn smm() -> FormulaKpi {
    let spec = KpiSpec::new("smm", "Single monthly mortality", Unit::Percent)
        .direction(Direction::Neutral)
        .convention(
            "prepaid over opening balance less scheduled principal, of loans with an opening balance; \
             periods of one month",
        )
        .family(FAMILY)
        .reference(
            "SIFMA (formerly BMA), Standard Formulas for the Analysis of Mortgage-Backed Securities: \
             SMM",
        );
    let prepaid = 100 * prepaid();
    FormulaKpi::new(spec, prepaid / unscheduled())
}

/// Conditional prepayment rate: single monthly mortality, compounded to a year.
///
/// # What it measures
/// The share that is prepaid in a year if every month is like this one. It has its meaning on periods of one
/// month.
///
/// # Formula
/// `100 * (1 - POWER(1 - SUM(prepaid_principal) FILTER (WHERE opening_balance > 0) / (SUM(opening_balance) -
/// SUM(due_principal) FILTER (WHERE opening_balance > 0)), 12))`; `1 - (1 - smm)^12`, exact and rounded once.
///
/// # Unit and rounding
/// Percent, 2 places, half away from zero.
///
/// # Undefined when
/// [`smm`] is.
///
/// # Example
/// ```
/// use abaco_engine::Evaluate;
/// use abaco_testkit::{Tape, Width};
///
/// let tape = Tape::new()
///     .money("prepaid_principal", [1_00])?
///     .money("opening_balance", [110_00])?
///     .money("due_principal", [10_00])?;
/// let outcome = abaco_calculators::cpr().evaluate(&tape.to_batch(Width::Decimal64)?)?;
/// assert_eq!(outcome.value().map(|value| value.to_string()).as_deref(), Some("11.36"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// SIFMA (formerly BMA), Standard Formulas for the Analysis of Mortgage-Backed Securities: CPR.
pub fn cpr() -> FormulaKpi {
    let spec = KpiSpec::new("cpr", "Conditional prepayment rate", Unit::Percent)
        .direction(Direction::Neutral)
        .convention("1 - (1 - smm)^12, compounded; periods of one month")
        .family(FAMILY)
        .reference(
            "SIFMA (formerly BMA), Standard Formulas for the Analysis of Mortgage-Backed Securities: CPR",
        );
    FormulaKpi::new(spec.annualised(), 100 * compounded(fraction()))
}

/// Absolute prepayment speed: prepayments of the period over the number of loans with which the pool began.
///
/// # What it measures
/// Single monthly mortality, restated as a share of the original pool. The age is the mean age of the opening
/// balance in calendar months at the period's end, over loans whose origination is known.
///
/// # Formula
/// `100 * (SUM(prepaid_principal) FILTER (WHERE opening_balance > 0) / (SUM(opening_balance) -
/// SUM(due_principal) FILTER (WHERE opening_balance > 0))) / (1 + SUM(prepaid_principal) FILTER (WHERE
/// opening_balance > 0) / (SUM(opening_balance) - SUM(due_principal) FILTER (WHERE opening_balance > 0)) *
/// (SUM(opening_balance * MONTHS_BETWEEN(origination_date, as_of)) / SUM(opening_balance) FILTER (WHERE NOT
/// (origination_date IS NULL)) - 1))`; `smm / (1 + smm * (age - 1))`.
///
/// # Unit and rounding
/// Percent, 2 places, half away from zero.
///
/// # Undefined when
/// [`smm`] is, no opening balance has a known origination, or the speed has no bound (`smm * (1 - age)` is 1).
///
/// # Example
/// ```
/// use abaco_engine::Evaluate;
/// use abaco_testkit::{Tape, Width};
///
/// let tape = Tape::new()
///     .money("prepaid_principal", [3_00])?
///     .money("opening_balance", [180_00])?
///     .money("due_principal", [10_00])?
///     .dates("origination_date", ["2025-01-20".parse()?])?
///     .dates("as_of", ["2025-12-31".parse()?])?;
/// let outcome = abaco_calculators::abs_speed().evaluate(&tape.to_batch(Width::Decimal64)?)?;
/// assert_eq!(outcome.value().map(|value| value.to_string()).as_deref(), Some("1.50"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// SIFMA (formerly BMA), Standard Formulas for the Analysis of Mortgage-Backed Securities: ABS.
pub fn abs_speed() -> FormulaKpi {
    let spec = KpiSpec::new("abs_speed", "Absolute prepayment speed (ABS)", Unit::Percent)
        .direction(Direction::Neutral)
        .convention(
            "smm / (1 + smm * (age - 1)), age in calendar months weighted by opening balance; periods \
             of one month",
        )
        .family(FAMILY)
        .reference(
            "SIFMA (formerly BMA), Standard Formulas for the Analysis of Mortgage-Backed Securities: \
             ABS",
        );
    let smm = fraction;
    FormulaKpi::new(spec, 100 * smm() / (1 + smm() * (mean_age() - 1)))
}
