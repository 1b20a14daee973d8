//! The bridge from the opening to the closing balance, and what it leaves unexplained.

use abaco_kpi::{Direction, FormulaKpi, KpiSpec, Unit, sum};

use super::FAMILY;

/// What the movements of the period do not explain of the closing balance.
///
/// # What it measures
/// Opening balance, plus disbursed, less principal collected, less written off, plus reinstated, plus this
/// remainder, is the closing balance. Recoveries are paid on balances already written off, so they are taken
/// out of the principal collected. Zero is a balance fully explained; each sum is a component of the value.
///
/// # Formula
/// `SUM(outstanding_balance) - (SUM(opening_balance) + SUM(disbursed) - (SUM(paid_principal) - SUM(recovered))
/// - SUM(written_off) + SUM(reinstated))`
///
/// # Unit and rounding
/// Money in the contract's currency, 2 places, half away from zero.
///
/// # Undefined when
/// There are no rows, or a column is NULL on every row (every loan is an entrant, say).
///
/// # Example
/// ```
/// use abaco_engine::Evaluate;
/// use abaco_testkit::{Tape, Width};
///
/// let tape = Tape::new()
///     .money("outstanding_balance", [95_00, 0, 40_00])?
///     .money("opening_balance", [100_00, 30_00, 0])?
///     .money("disbursed", [0, 0, 40_00])?
///     .money("paid_principal", [4_00, 0, 0])?
///     .money("recovered", [0, 0, 0])?
///     .money("written_off", [0, 30_00, 0])?
///     .money("reinstated", [0, 0, 0])?;
/// let outcome = abaco_calculators::balance_bridge().evaluate(&tape.to_batch(Width::Decimal64)?)?;
/// assert_eq!(outcome.value().map(|value| value.to_string()).as_deref(), Some("-1.00"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// abaco catalogue.
pub fn balance_bridge() -> FormulaKpi {
    let spec = KpiSpec::new("balance_bridge", "Balance bridge, unexplained remainder", Unit::Currency)
        .direction(Direction::Neutral)
        .convention(
            "closing less (opening + disbursed - principal collected without recoveries - written off + \
             reinstated)",
        )
        .family(FAMILY)
        .reference("abaco catalogue");
    let collected = sum("paid_principal") - sum("recovered");
    let opening = sum("opening_balance") + sum("disbursed");
    let explained = opening - collected - sum("written_off") + sum("reinstated");
    FormulaKpi::new(spec, sum("outstanding_balance") - explained)
}

/// What the movements of the period do not explain of the closing balance, written-off loans included.
///
/// # What it measures
/// The bridge over everything still owed: a write-off or a return from it moves a balance within it, so
/// disbursements and principal paid are its only movements.
///
/// # Formula
/// `SUM(outstanding_balance) + SUM(written_off_balance) - (SUM(opening_balance) +
/// SUM(opening_written_off_balance) + SUM(disbursed) - SUM(paid_principal))`
///
/// # Unit and rounding
/// Money in the contract's currency, 2 places, half away from zero.
///
/// # Undefined when
/// There are no rows, or a column is NULL on every row (every loan is an entrant, say).
///
/// # Example
/// ```
/// use abaco_engine::Evaluate;
/// use abaco_testkit::{Tape, Width};
///
/// let tape = Tape::new()
///     .money("outstanding_balance", [95_00, 0])?
///     .money("written_off_balance", [0, 27_00])?
///     .money("opening_balance", [100_00, 0])?
///     .money("opening_written_off_balance", [0, 30_00])?
///     .money("disbursed", [0, 0])?
///     .money("paid_principal", [4_00, 3_00])?;
/// let outcome = abaco_calculators::balance_bridge_with_written_off().evaluate(&tape.to_batch(Width::Decimal64)?)?;
/// assert_eq!(outcome.value().map(|value| value.to_string()).as_deref(), Some("-1.00"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// abaco catalogue.
pub fn balance_bridge_with_written_off() -> FormulaKpi {
    let spec = KpiSpec::new(
        "balance_bridge_with_written_off",
        "Balance bridge with written-off loans, unexplained remainder",
        Unit::Currency,
    )
    .direction(Direction::Neutral)
    .convention(
        "closing and written-off balance, less (the same at the opening + disbursed - principal paid)",
    )
    .family(FAMILY)
    .reference("abaco catalogue");
    let opening = sum("opening_balance") + sum("opening_written_off_balance");
    let explained = opening + sum("disbursed") - sum("paid_principal");
    FormulaKpi::new(spec, sum("outstanding_balance") + sum("written_off_balance") - explained)
}
