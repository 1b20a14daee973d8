//! Paid over due, in the readings that practice uses.

use abaco_kpi::{Direction, Formula, FormulaKpi, KpiSpec, Predicate, RowExpr, Unit, col, sum};

use super::FAMILY;

const PAID: [&str; 4] = ["paid_principal", "paid_interest", "paid_fees", "paid_tax"];
const DUE: [&str; 4] = ["due_principal", "due_interest", "due_fees", "due_tax"];

/// Four sums, so that each part's exact total is a component of the value.
fn each(parts: [&'static str; 4], filter: Option<&Predicate>) -> Formula {
    let [first, rest @ ..] = parts.map(|part| match filter {
        Some(predicate) => sum(part).filter(predicate.clone()),
        None => sum(part),
    });
    rest.into_iter().fold(first.into(), |total, part| total + part)
}

/// The four parts of one loan.
fn together(parts: [&'static str; 4]) -> RowExpr {
    let [first, rest @ ..] = parts;
    rest.into_iter().fold(col(first), |total, part| total + col(part))
}

/// Everything paid in the period over everything due in it.
///
/// # What it measures
/// Principal, interest, fees and tax paid, prepayments, arrears and recoveries included, over those falling
/// due. Early money and late money both count, so it may pass 100 %.
///
/// # Formula
/// `100 * (SUM(paid_principal) + SUM(paid_interest) + SUM(paid_fees) + SUM(paid_tax)) / (SUM(due_principal) +
/// SUM(due_interest) + SUM(due_fees) + SUM(due_tax))`
///
/// # Unit and rounding
/// Percent, 2 places, half away from zero.
///
/// # Undefined when
/// There are no rows, one of the columns is NULL on every row, or nothing was due.
///
/// # Example
/// ```
/// use abaco_engine::Evaluate;
/// use abaco_testkit::{Tape, Width};
///
/// let tape = Tape::new()
///     .money("paid_principal", [95_00, 120_00])?
///     .money("paid_interest", [5_00, 10_00])?
///     .money("paid_fees", [0, 0])?
///     .money("paid_tax", [0, 0])?
///     .money("due_principal", [100_00, 100_00])?
///     .money("due_interest", [10_00, 10_00])?
///     .money("due_fees", [0, 0])?
///     .money("due_tax", [0, 0])?;
/// let outcome = abaco_calculators::collection_rate_total().evaluate(&tape.to_batch(Width::Decimal64)?)?;
/// assert_eq!(outcome.value().map(|value| value.to_string()).as_deref(), Some("104.55"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// abaco catalogue.
pub fn collection_rate_total() -> FormulaKpi {
    let spec = KpiSpec::new("collection_rate_total", "Collection rate, total", Unit::Percent)
        .direction(Direction::HigherIsBetter)
        .convention("everything paid over everything due in the period; may pass 100 %")
        .family(FAMILY)
        .reference("abaco catalogue");
    FormulaKpi::new(spec, 100 * each(PAID, None) / each(DUE, None))
}

/// What was paid over what was due, loan by loan no more than was due.
///
/// # What it measures
/// How much of the period's dues was met. A loan that pays more than is due in the period does not make up for
/// another that pays less, so it stays within 100 %.
///
/// # Formula
/// `100 * SUM(LEAST(paid_principal + paid_interest + paid_fees + paid_tax, due_principal + due_interest +
/// due_fees + due_tax)) / (SUM(due_principal) + SUM(due_interest) + SUM(due_fees) + SUM(due_tax))`
///
/// # Unit and rounding
/// Percent, 2 places, half away from zero.
///
/// # Undefined when
/// There are no rows, no row has all eight amounts, a due column is NULL on every row, or nothing was due.
///
/// # Example
/// ```
/// use abaco_engine::Evaluate;
/// use abaco_testkit::{Tape, Width};
///
/// let tape = Tape::new()
///     .money("paid_principal", [95_00, 120_00])?
///     .money("paid_interest", [5_00, 10_00])?
///     .money("paid_fees", [0, 0])?
///     .money("paid_tax", [0, 0])?
///     .money("due_principal", [100_00, 100_00])?
///     .money("due_interest", [10_00, 10_00])?
///     .money("due_fees", [0, 0])?
///     .money("due_tax", [0, 0])?;
/// let outcome = abaco_calculators::collection_rate_capped().evaluate(&tape.to_batch(Width::Decimal64)?)?;
/// assert_eq!(outcome.value().map(|value| value.to_string()).as_deref(), Some("95.45"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// abaco catalogue.
pub fn collection_rate_capped() -> FormulaKpi {
    let spec = KpiSpec::new("collection_rate_capped", "Collection rate, capped", Unit::Percent)
        .direction(Direction::HigherIsBetter)
        .convention("the smaller of paid and due of each loan, over everything due")
        .family(FAMILY)
        .reference("abaco catalogue");
    let met = RowExpr::Least(vec![together(PAID), together(DUE)]);
    FormulaKpi::new(spec, 100 * sum(met) / each(DUE, None))
}

/// What was paid on loans of which something is due by now, over what was due.
///
/// # What it measures
/// The collection rate without the cash of loans that have not reached their first due date. An early payment
/// on a loan that has already had an instalment stays in.
///
/// # Formula
/// `100 * (SUM(paid_principal) FILTER (WHERE cum_due > 0) + SUM(paid_interest) FILTER (WHERE cum_due > 0) +
/// SUM(paid_fees) FILTER (WHERE cum_due > 0) + SUM(paid_tax) FILTER (WHERE cum_due > 0)) / (SUM(due_principal)
/// + SUM(due_interest) + SUM(due_fees) + SUM(due_tax))`
///
/// # Unit and rounding
/// Percent, 2 places, half away from zero.
///
/// # Undefined when
/// There are no rows, a due column is NULL on every row, a paid one on every row that counts, or nothing was
/// due.
///
/// # Example
/// ```
/// use abaco_engine::Evaluate;
/// use abaco_testkit::{Tape, Width};
///
/// let tape = Tape::new()
///     .money("paid_principal", [95_00, 120_00])?
///     .money("paid_interest", [5_00, 10_00])?
///     .money("paid_fees", [0, 0])?
///     .money("paid_tax", [0, 0])?
///     .money("due_principal", [100_00, 100_00])?
///     .money("due_interest", [10_00, 10_00])?
///     .money("due_fees", [0, 0])?
///     .money("due_tax", [0, 0])?
///     .money("cum_due", [110_00, 0])?;
/// let outcome = abaco_calculators::collection_ex_prepayment().evaluate(&tape.to_batch(Width::Decimal64)?)?;
/// assert_eq!(outcome.value().map(|value| value.to_string()).as_deref(), Some("45.45"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// abaco catalogue.
pub fn collection_ex_prepayment() -> FormulaKpi {
    let spec =
        KpiSpec::new("collection_ex_prepayment", "Collection rate without prepaid loans", Unit::Percent)
            .direction(Direction::HigherIsBetter)
            .convention(
                "cash on loans with something due by the period's end (cum_due > 0), over everything due in \
             the period",
            )
            .family(FAMILY)
            .reference("abaco catalogue");
    let begun = col("cum_due").gt(0);
    FormulaKpi::new(spec, 100 * each(PAID, Some(&begun)) / each(DUE, None))
}

/// Everything paid so far over everything due so far.
///
/// # What it measures
/// The collection rate since the beginning, over every loan of the panel, repaid ones included.
///
/// # Formula
/// `100 * SUM(cum_paid) / SUM(cum_due)`
///
/// # Unit and rounding
/// Percent, 2 places, half away from zero.
///
/// # Undefined when
/// There are no rows, a column is NULL on every row, or nothing has fallen due.
///
/// # Example
/// ```
/// use abaco_engine::Evaluate;
/// use abaco_testkit::{Tape, Width};
///
/// let tape = Tape::new()
///     .money("cum_paid", [300_00, 150_00])?
///     .money("cum_due", [300_00, 200_00])?;
/// let outcome = abaco_calculators::cumulative_collection().evaluate(&tape.to_batch(Width::Decimal64)?)?;
/// assert_eq!(outcome.value().map(|value| value.to_string()).as_deref(), Some("90.00"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// abaco catalogue.
pub fn cumulative_collection() -> FormulaKpi {
    let spec = KpiSpec::new("cumulative_collection", "Cumulative collection rate", Unit::Percent)
        .direction(Direction::HigherIsBetter)
        .convention("paid to date over due to date: principal, interest, fees and tax")
        .family(FAMILY)
        .reference("abaco catalogue");
    FormulaKpi::new(spec, 100 * sum("cum_paid") / sum("cum_due"))
}

/// Principal paid in the period over the opening balance.
///
/// # What it measures
/// How fast the portfolio turns into cash. All principal paid counts, that of loans disbursed in the period and
/// recoveries on written-off loans included.
///
/// # Formula
/// `100 * SUM(paid_principal) / SUM(opening_balance)`
///
/// # Unit and rounding
/// Percent, 2 places, half away from zero.
///
/// # Undefined when
/// There are no rows, a column is NULL on every row (every loan is an entrant, say), or the opening balance
/// sums to zero.
///
/// # Example
/// ```
/// use abaco_engine::Evaluate;
/// use abaco_testkit::{Tape, Width};
///
/// let tape = Tape::new()
///     .money("paid_principal", [20_00, 5_00])?
///     .money("opening_balance", [100_00, 150_00])?;
/// let outcome = abaco_calculators::payment_rate().evaluate(&tape.to_batch(Width::Decimal64)?)?;
/// assert_eq!(outcome.value().map(|value| value.to_string()).as_deref(), Some("10.00"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// abaco catalogue.
pub fn payment_rate() -> FormulaKpi {
    let spec = KpiSpec::new("payment_rate", "Payment rate", Unit::Percent)
        .direction(Direction::Neutral)
        .convention("all principal paid in the period over the opening balance; not annualised")
        .family(FAMILY)
        .reference("abaco catalogue");
    FormulaKpi::new(spec, 100 * sum("paid_principal") / sum("opening_balance"))
}
