//! Vintages: cohorts by origination, compared at the same age.
//!
//! Every loan of the cohort is a row, repaid ones included, so that the denominator is what the cohort was lent.

use abaco_kpi::{Basis, Direction, FormulaKpi, KpiSpec, RowExpr, RowMeasure, Unit, col, sum};

const FAMILY: &str = "vintage";

fn past_30() -> RowMeasure {
    sum("outstanding_balance").filter(col("dpd").ge(30))
}

fn peak_or_written_off(peak: &'static str) -> RowMeasure {
    sum(RowExpr::Greatest(vec![col(peak), col("cum_written_off")]))
}

/// Balance 30 days past due or more, and the written-off balance, over the principal that the cohort was lent.
///
/// # What it measures
/// How bad a cohort is at its age. Repaid loans stay in the denominator; recoveries bring the written-off
/// balance down.
///
/// # Formula
/// `100 * (SUM(outstanding_balance) FILTER (WHERE dpd >= 30) + SUM(written_off_balance)) /
/// SUM(original_principal)`
///
/// # Unit and rounding
/// Percent, 2 places, half away from zero.
///
/// # Undefined when
/// There are no rows, a column is NULL on every row that counts, or the original principal sums to zero.
///
/// # Example
/// ```
/// use abaco_engine::Evaluate;
/// use abaco_testkit::{Tape, Width};
///
/// let tape = Tape::new()
///     .money("outstanding_balance", [300_00, 50_00, 0, 0])?
///     .integers("dpd", [0, 30, 0, 200])?
///     .money("written_off_balance", [0, 0, 0, 30_00])?
///     .money("original_principal", [400_00, 400_00, 400_00, 400_00])?;
/// let outcome = abaco_calculators::vintage_par_30().evaluate(&tape.to_batch(Width::Decimal64)?)?;
/// assert_eq!(outcome.value().map(|value| value.to_string()).as_deref(), Some("5.00"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// US SEC, Regulation AB, Item 1105: static pool information.
pub fn vintage_par_30() -> FormulaKpi {
    let spec =
        KpiSpec::new("vintage_par_30", "Vintage delinquency, 30 days or more and written off", Unit::Percent)
            .direction(Direction::LowerIsBetter)
            .convention("dpd >= 30 plus the written-off balance, over the original principal of the cohort")
            .over(Basis::Cohort)
            .family(FAMILY)
            .reference("US SEC, Regulation AB, Item 1105: static pool information");
    let bad = past_30() + sum("written_off_balance");
    FormulaKpi::new(spec, 100 * bad / sum("original_principal"))
}

/// Balance 30 days past due or more over the principal that the cohort was lent.
///
/// # What it measures
/// The delinquency of a cohort without its written-off loans; a write-off makes it look better.
///
/// # Formula
/// `100 * SUM(outstanding_balance) FILTER (WHERE dpd >= 30) / SUM(original_principal)`
///
/// # Unit and rounding
/// Percent, 2 places, half away from zero.
///
/// # Undefined when
/// There are no rows, a column is NULL on every row that counts, or the original principal sums to zero.
///
/// # Example
/// ```
/// use abaco_engine::Evaluate;
/// use abaco_testkit::{Tape, Width};
///
/// let tape = Tape::new()
///     .money("outstanding_balance", [300_00, 50_00, 0])?
///     .integers("dpd", [0, 30, 200])?
///     .money("original_principal", [400_00, 400_00, 450_00])?;
/// let outcome = abaco_calculators::vintage_par_30_ex_writeoffs().evaluate(&tape.to_batch(Width::Decimal64)?)?;
/// assert_eq!(outcome.value().map(|value| value.to_string()).as_deref(), Some("4.00"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// US SEC, Regulation AB, Item 1105: static pool information.
pub fn vintage_par_30_ex_writeoffs() -> FormulaKpi {
    let spec = KpiSpec::new(
        "vintage_par_30_ex_writeoffs",
        "Vintage delinquency, 30 days or more, without write-offs",
        Unit::Percent,
    )
    .direction(Direction::LowerIsBetter)
    .convention("dpd >= 30, written-off excluded, over the original principal of the cohort")
    .over(Basis::Cohort)
    .family(FAMILY)
    .reference("US SEC, Regulation AB, Item 1105: static pool information");
    FormulaKpi::new(spec, 100 * past_30() / sum("original_principal"))
}

/// Balances that were ever 30 days past due or written off, over the principal that the cohort was lent.
///
/// # What it measures
/// Of each loan the largest balance at 30 days past due or more, or what was written off if that is more. It
/// never falls as the cohort ages, whatever is cured or recovered.
///
/// # Formula
/// `100 * SUM(GREATEST(peak_30_balance, cum_written_off)) / SUM(original_principal)`
///
/// # Unit and rounding
/// Percent, 2 places, half away from zero.
///
/// # Undefined when
/// There are no rows, no row has both amounts, or the original principal is NULL on every row or sums to zero.
///
/// # Example
/// ```
/// use abaco_engine::Evaluate;
/// use abaco_testkit::{Tape, Width};
///
/// let tape = Tape::new()
///     .money("peak_30_balance", [0, 50_00, 60_00])?
///     .money("cum_written_off", [0, 0, 90_00])?
///     .money("original_principal", [1_000_00, 400_00, 600_00])?;
/// let outcome = abaco_calculators::vintage_par_30_ever().evaluate(&tape.to_batch(Width::Decimal64)?)?;
/// assert_eq!(outcome.value().map(|value| value.to_string()).as_deref(), Some("7.00"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// abaco catalogue.
pub fn vintage_par_30_ever() -> FormulaKpi {
    let spec = KpiSpec::new(
        "vintage_par_30_ever",
        "Vintage delinquency, ever 30 days or written off",
        Unit::Percent,
    )
    .direction(Direction::LowerIsBetter)
    .convention(
        "peak balance at dpd >= 30, or the amount written off if that is more, over the original \
             principal of the cohort",
    )
    .over(Basis::Cohort)
    .family(FAMILY)
    .reference("abaco catalogue");
    FormulaKpi::new(spec, 100 * peak_or_written_off("peak_30_balance") / sum("original_principal"))
}

/// Cumulative defaults of a cohort over the principal that it was lent.
///
/// # What it measures
/// Of each loan the largest balance at 90 days past due or more, or what was written off if that is more. It is
/// cumulative, not a yearly rate: for that see [`cdr`](crate::cdr).
///
/// # Formula
/// `100 * SUM(GREATEST(peak_90_balance, cum_written_off)) / SUM(original_principal)`
///
/// # Unit and rounding
/// Percent, 2 places, half away from zero.
///
/// # Undefined when
/// There are no rows, no row has both amounts, or the original principal is NULL on every row or sums to zero.
///
/// # Example
/// ```
/// use abaco_engine::Evaluate;
/// use abaco_testkit::{Tape, Width};
///
/// let tape = Tape::new()
///     .money("peak_90_balance", [0, 50_00, 60_00])?
///     .money("cum_written_off", [0, 0, 90_00])?
///     .money("original_principal", [1_000_00, 400_00, 600_00])?;
/// let outcome = abaco_calculators::vintage_cdr().evaluate(&tape.to_batch(Width::Decimal64)?)?;
/// assert_eq!(outcome.value().map(|value| value.to_string()).as_deref(), Some("7.00"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// US SEC, Regulation AB, Item 1105: static pool information.
pub fn vintage_cdr() -> FormulaKpi {
    let spec = KpiSpec::new("vintage_cdr", "Vintage cumulative default rate", Unit::Percent)
        .direction(Direction::LowerIsBetter)
        .convention(
            "peak balance at dpd >= 90, or the amount written off if that is more, over the original \
             principal of the cohort",
        )
        .over(Basis::Cohort)
        .family(FAMILY)
        .reference("US SEC, Regulation AB, Item 1105: static pool information");
    FormulaKpi::new(spec, 100 * peak_or_written_off("peak_90_balance") / sum("original_principal"))
}

/// Cumulative net loss of a cohort over the principal that it was lent.
///
/// # What it measures
/// What the cohort has lost at its age: written off less recovered.
///
/// # Formula
/// `100 * (SUM(cum_written_off) - SUM(cum_recovered)) / SUM(original_principal)`
///
/// # Unit and rounding
/// Percent, 2 places, half away from zero.
///
/// # Undefined when
/// There are no rows, a column is NULL on every row that counts, or the original principal sums to zero.
///
/// # Example
/// ```
/// use abaco_engine::Evaluate;
/// use abaco_testkit::{Tape, Width};
///
/// let tape = Tape::new()
///     .money("cum_written_off", [0, 90_00])?
///     .money("cum_recovered", [0, 10_00])?
///     .money("original_principal", [1_000_00, 600_00])?;
/// let outcome = abaco_calculators::vintage_cnl().evaluate(&tape.to_batch(Width::Decimal64)?)?;
/// assert_eq!(outcome.value().map(|value| value.to_string()).as_deref(), Some("5.00"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// US SEC, Regulation AB, Item 1105: static pool information.
pub fn vintage_cnl() -> FormulaKpi {
    let spec = KpiSpec::new("vintage_cnl", "Vintage cumulative net loss", Unit::Percent)
        .direction(Direction::LowerIsBetter)
        .convention("written off less recovered to date, over the original principal of the cohort")
        .over(Basis::Cohort)
        .family(FAMILY)
        .reference("US SEC, Regulation AB, Item 1105: static pool information");
    let net = sum("cum_written_off") - sum("cum_recovered");
    FormulaKpi::new(spec, 100 * net / sum("original_principal"))
}
