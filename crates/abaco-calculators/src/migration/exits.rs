//! Loans that entered and loans that left.

use abaco_kpi::{Direction, FormulaKpi, KpiSpec, Predicate, RowMeasure, Unit, col, count};

use super::FAMILY;
use super::buckets::Destination;
use crate::panel::in_opening;

fn exits(to: Destination) -> RowMeasure {
    count().filter(Predicate::And([vec![in_opening()], to.at_closing()].concat()))
}

/// Loans that entered in the period.
///
/// # What it measures
/// Loans that have a state at the end and had none when the period began: new ones, and those that come back
/// after being absent.
///
/// # Formula
/// `COUNT(*) FILTER (WHERE opening_balance IS NULL AND NOT (outstanding_balance IS NULL))`
///
/// # Unit and rounding
/// Count, no places.
///
/// # Undefined when
/// There are no rows.
///
/// # Example
/// ```
/// use abaco_engine::Evaluate;
/// use abaco_testkit::{Cell, CellType, Tape, Width};
///
/// let tape = Tape::new()
///     .column("opening_balance", CellType::MONEY, [Cell::Number(10_00), Cell::Null, Cell::Null])?
///     .column("outstanding_balance", CellType::MONEY, [Cell::Number(10_00), Cell::Number(20_00), Cell::Null])?;
/// let outcome = abaco_calculators::entrants().evaluate(&tape.to_batch(Width::Decimal64)?)?;
/// assert_eq!(outcome.value().map(|value| value.to_string()).as_deref(), Some("1"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// abaco catalogue.
pub fn entrants() -> FormulaKpi {
    let spec = KpiSpec::new("entrants", "Entrants", Unit::Count)
        .direction(Direction::Neutral)
        .convention("loans without an opening balance and with a closing one, zero included")
        .family(FAMILY)
        .reference("abaco catalogue");
    let entered = col("opening_balance").is_null().and(col("outstanding_balance").is_null().negated());
    FormulaKpi::new(spec, count().filter(entered))
}

/// Loans that were paid in full in the period.
///
/// # What it measures
/// Loans that had a balance and have none left, without being written off.
///
/// # Formula
/// `COUNT(*) FILTER (WHERE opening_balance > 0 AND (is_written_off IS NULL OR NOT is_written_off) AND
/// outstanding_balance <= 0)`
///
/// # Unit and rounding
/// Count, no places.
///
/// # Undefined when
/// There are no rows.
///
/// # Example
/// ```
/// use abaco_engine::Evaluate;
/// use abaco_testkit::{Cell, CellType, Tape, Width};
///
/// let tape = Tape::new()
///     .money("opening_balance", [10_00, 20_00, 30_00, 0])?
///     .column("outstanding_balance", CellType::MONEY, [Cell::Number(0), Cell::Number(0), Cell::Null, Cell::Number(0)])?
///     .booleans("is_written_off", [false, true, false, false])?;
/// let outcome = abaco_calculators::exits_paid().evaluate(&tape.to_batch(Width::Decimal64)?)?;
/// assert_eq!(outcome.value().map(|value| value.to_string()).as_deref(), Some("1"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// abaco catalogue.
pub fn exits_paid() -> FormulaKpi {
    let spec = KpiSpec::new("exits_paid", "Exits by payment", Unit::Count)
        .direction(Direction::Neutral)
        .convention("loans with an opening balance; the tests are those of the migration matrix")
        .family(FAMILY)
        .reference("abaco catalogue");
    FormulaKpi::new(spec, exits(Destination::Paid))
}

/// Loans that were written off in the period.
///
/// # What it measures
/// Loans that had a balance and are now written off.
///
/// # Formula
/// `COUNT(*) FILTER (WHERE opening_balance > 0 AND is_written_off)`
///
/// # Unit and rounding
/// Count, no places.
///
/// # Undefined when
/// There are no rows.
///
/// # Example
/// ```
/// use abaco_engine::Evaluate;
/// use abaco_testkit::{Cell, CellType, Tape, Width};
///
/// let tape = Tape::new()
///     .money("opening_balance", [10_00, 20_00, 30_00, 0])?
///     .column("outstanding_balance", CellType::MONEY, [Cell::Number(0), Cell::Number(0), Cell::Null, Cell::Number(0)])?
///     .booleans("is_written_off", [false, true, false, false])?;
/// let outcome = abaco_calculators::exits_written_off().evaluate(&tape.to_batch(Width::Decimal64)?)?;
/// assert_eq!(outcome.value().map(|value| value.to_string()).as_deref(), Some("1"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// abaco catalogue.
pub fn exits_written_off() -> FormulaKpi {
    let spec = KpiSpec::new("exits_written_off", "Exits by write-off", Unit::Count)
        .direction(Direction::LowerIsBetter)
        .convention("loans with an opening balance; the tests are those of the migration matrix")
        .family(FAMILY)
        .reference("abaco catalogue");
    FormulaKpi::new(spec, exits(Destination::WrittenOff))
}

/// Loans that vanished from the tape without being paid.
///
/// # What it measures
/// Loans that had a balance, have no row any more and are not known to be paid: sold, moved, or lost by the
/// tape.
///
/// # Formula
/// `COUNT(*) FILTER (WHERE opening_balance > 0 AND (is_written_off IS NULL OR NOT is_written_off) AND
/// outstanding_balance IS NULL)`
///
/// # Unit and rounding
/// Count, no places.
///
/// # Undefined when
/// There are no rows.
///
/// # Example
/// ```
/// use abaco_engine::Evaluate;
/// use abaco_testkit::{Cell, CellType, Tape, Width};
///
/// let tape = Tape::new()
///     .money("opening_balance", [10_00, 20_00, 30_00, 0])?
///     .column("outstanding_balance", CellType::MONEY, [Cell::Number(0), Cell::Number(0), Cell::Null, Cell::Number(0)])?
///     .booleans("is_written_off", [false, true, false, false])?;
/// let outcome = abaco_calculators::exits_absent().evaluate(&tape.to_batch(Width::Decimal64)?)?;
/// assert_eq!(outcome.value().map(|value| value.to_string()).as_deref(), Some("1"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// abaco catalogue.
pub fn exits_absent() -> FormulaKpi {
    let spec = KpiSpec::new("exits_absent", "Exits without a reason", Unit::Count)
        .direction(Direction::LowerIsBetter)
        .convention("loans with an opening balance; the tests are those of the migration matrix")
        .family(FAMILY)
        .reference("abaco catalogue");
    FormulaKpi::new(spec, exits(Destination::Absent))
}
