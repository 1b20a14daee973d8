//! The collection effectiveness index, over the sales of a mean month or of the whole period.

use abaco_kpi::{Direction, Formula, FormulaKpi, KpiSpec, Unit, col, sum};

use super::FAMILY;
use crate::panel::months;

fn effectiveness(sales: Formula) -> Formula {
    let receivables = sum("opening_balance") + sales;
    let balance = || sum("outstanding_balance");
    100 * (receivables.clone() - balance()) / (receivables - balance().filter(col("dpd").lt(1)))
}

/// How much of the collectable receivables was collected, with the sales of a mean month.
///
/// # What it measures
/// The opening balance and a month's sales, less what is still open, over the same less what is open and not
/// yet due. A balance of unknown `dpd` is open and not known to be current. For a tape without invoices a
/// contract binds `sales` to what was billed or disbursed.
///
/// # Formula
/// `100 * (SUM(opening_balance) + SUM(sales) * 12 / MAX(MONTHS_BETWEEN(opening_as_of, as_of)) / 12 -
/// SUM(outstanding_balance)) / (SUM(opening_balance) + SUM(sales) * 12 / MAX(MONTHS_BETWEEN(opening_as_of,
/// as_of)) / 12 - SUM(outstanding_balance) FILTER (WHERE dpd < 1))`; a mean month is a twelfth of a year at the
/// period's pace.
///
/// # Unit and rounding
/// Percent, 2 places, half away from zero.
///
/// # Undefined when
/// There are no rows, a column is NULL on every row that counts, the dates lie in one calendar month, or
/// nothing was collectable.
///
/// # Example
/// ```
/// use abaco_engine::Evaluate;
/// use abaco_testkit::{Tape, Width};
///
/// let tape = Tape::new()
///     .dates("opening_as_of", ["2025-09-30".parse()?, "2025-09-30".parse()?])?
///     .dates("as_of", ["2025-12-31".parse()?, "2025-12-31".parse()?])?
///     .money("opening_balance", [3_200_00, 3_000_00])?
///     .money("sales", [10_890_00, 0])?
///     .money("outstanding_balance", [3_590_00, 2_750_00])?
///     .integers("dpd", [0, 45])?;
/// let kpi = abaco_calculators::collection_effectiveness_index_monthly();
/// let outcome = kpi.evaluate(&tape.to_batch(Width::Decimal64)?)?;
/// assert_eq!(outcome.value().map(|value| value.to_string()).as_deref(), Some("55.93"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// Credit Research Foundation: collection effectiveness index.
pub fn collection_effectiveness_index_monthly() -> FormulaKpi {
    let spec = KpiSpec::new(
        "collection_effectiveness_index_monthly",
        "Collection effectiveness index, mean month",
        Unit::Percent,
    )
    .direction(Direction::HigherIsBetter)
    .convention(
        "(B + S - E) / (B + S - current E) with B the opening and E the closing balance, and S the \
             sales of a mean month of the period",
    )
    .family(FAMILY)
    .reference("Credit Research Foundation: collection effectiveness index");
    // Sales per month are no amount that a balance could be added to; those of a year, a twelfth of them, are.
    let mean_month = sum("sales") * 12 / months() / 12;
    FormulaKpi::new(spec, effectiveness(mean_month))
}

/// How much of the collectable receivables was collected, with all sales of the period.
///
/// # What it measures
/// The opening balance and the period's sales, less what is still open, over the same less what is open and not
/// yet due. Over one month it equals [`collection_effectiveness_index_monthly`].
///
/// # Formula
/// `100 * (SUM(opening_balance) + SUM(sales) - SUM(outstanding_balance)) / (SUM(opening_balance) + SUM(sales) -
/// SUM(outstanding_balance) FILTER (WHERE dpd < 1))`
///
/// # Unit and rounding
/// Percent, 2 places, half away from zero.
///
/// # Undefined when
/// There are no rows, a column is NULL on every row that counts, or nothing was collectable.
///
/// # Example
/// ```
/// use abaco_engine::Evaluate;
/// use abaco_testkit::{Tape, Width};
///
/// let tape = Tape::new()
///     .dates("opening_as_of", ["2025-09-30".parse()?, "2025-09-30".parse()?])?
///     .dates("as_of", ["2025-12-31".parse()?, "2025-12-31".parse()?])?
///     .money("opening_balance", [3_200_00, 3_000_00])?
///     .money("sales", [10_890_00, 0])?
///     .money("outstanding_balance", [3_590_00, 2_750_00])?
///     .integers("dpd", [0, 45])?;
/// let kpi = abaco_calculators::collection_effectiveness_index_total();
/// let outcome = kpi.evaluate(&tape.to_batch(Width::Decimal64)?)?;
/// assert_eq!(outcome.value().map(|value| value.to_string()).as_deref(), Some("79.63"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// Credit Research Foundation: collection effectiveness index.
pub fn collection_effectiveness_index_total() -> FormulaKpi {
    let spec = KpiSpec::new(
        "collection_effectiveness_index_total",
        "Collection effectiveness index, whole period",
        Unit::Percent,
    )
    .direction(Direction::HigherIsBetter)
    .convention(
        "(B + S - E) / (B + S - current E) with B the opening and E the closing balance, and S all \
             sales of the period",
    )
    .family(FAMILY)
    .reference("Credit Research Foundation: collection effectiveness index");
    FormulaKpi::new(spec, effectiveness(sum("sales").into()))
}
