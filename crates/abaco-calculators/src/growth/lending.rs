//! What was lent in the period.

use abaco_kpi::{Direction, FormulaKpi, KpiSpec, Predicate, Unit, col, count, sum};

use super::FAMILY;

/// The principal disbursed in the period.
///
/// # What it measures
/// New lending by the date of disbursement. V2 meant the date of approval, which no canonical column holds.
///
/// # Formula
/// `SUM(disbursed)`
///
/// # Unit and rounding
/// Currency of the tape, 2 places, half away from zero.
///
/// # Undefined when
/// There are no rows, or the column is NULL on every row.
///
/// # Example
/// ```
/// use abaco_engine::Evaluate;
/// use abaco_testkit::{Tape, Width};
///
/// let tape = Tape::new().money("disbursed", [100_00, 0, 250_00])?;
/// let outcome = abaco_calculators::origination_volume().evaluate(&tape.to_batch(Width::Decimal64)?)?;
/// assert_eq!(outcome.value().map(|value| value.to_string()).as_deref(), Some("350.00"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// abaco catalogue: principal by date of disbursement.
pub fn origination_volume() -> FormulaKpi {
    FormulaKpi::new(
        KpiSpec::new("origination_volume", "Origination volume", Unit::Currency)
            .direction(Direction::HigherIsBetter)
            .convention("principal by date of disbursement, not of approval")
            .family(FAMILY)
            .reference("abaco catalogue: principal disbursed in the period"),
        sum("disbursed"),
    )
}

/// The number of loans disbursed in the period.
///
/// # What it measures
/// Rows of the panel with a disbursement; a loan paid out in several parts of the period counts once.
///
/// # Formula
/// `COUNT(*) FILTER (WHERE disbursed > 0)`
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
/// use abaco_testkit::{Tape, Width};
///
/// let tape = Tape::new().money("disbursed", [100_00, 0, 250_00])?;
/// let outcome = abaco_calculators::new_loans().evaluate(&tape.to_batch(Width::Decimal64)?)?;
/// assert_eq!(outcome.value().map(|value| value.to_string()).as_deref(), Some("2"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// abaco catalogue: loans with a disbursement in the period.
pub fn new_loans() -> FormulaKpi {
    FormulaKpi::new(
        KpiSpec::new("new_loans", "New loans", Unit::Count)
            .direction(Direction::HigherIsBetter)
            .convention("loans with a disbursement in the period")
            .family(FAMILY)
            .reference("abaco catalogue: loans with a disbursement in the period"),
        count().filter(disbursed()),
    )
}

/// The mean principal of the loans disbursed in the period.
///
/// # What it measures
/// [`origination_volume`] over [`new_loans`].
///
/// # Formula
/// `SUM(disbursed) / COUNT(*) FILTER (WHERE disbursed > 0)`
///
/// # Unit and rounding
/// Currency of the tape, 2 places, half away from zero.
///
/// # Undefined when
/// There are no rows, the column is NULL on every row, or nothing was disbursed.
///
/// # Example
/// ```
/// use abaco_engine::Evaluate;
/// use abaco_testkit::{Tape, Width};
///
/// let tape = Tape::new().money("disbursed", [100_00, 0, 250_00])?;
/// let outcome = abaco_calculators::average_ticket().evaluate(&tape.to_batch(Width::Decimal64)?)?;
/// assert_eq!(outcome.value().map(|value| value.to_string()).as_deref(), Some("175.00"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// abaco catalogue: disbursed principal over disbursed loans.
pub fn average_ticket() -> FormulaKpi {
    FormulaKpi::new(
        KpiSpec::new("average_ticket", "Average ticket", Unit::Currency)
            .convention("disbursed principal over loans with a disbursement in the period")
            .family(FAMILY)
            .reference("abaco catalogue: disbursed principal over disbursed loans"),
        sum("disbursed") / count().filter(disbursed()),
    )
}

fn disbursed() -> Predicate {
    col("disbursed").gt(0)
}

#[cfg(test)]
mod tests {
    use abaco_kpi::Kpi;

    use super::*;

    #[test]
    fn formulas_print_as_documented() {
        let documented = [
            (origination_volume(), "SUM(disbursed)"),
            (new_loans(), "COUNT(*) FILTER (WHERE disbursed > 0)"),
            (average_ticket(), "SUM(disbursed) / COUNT(*) FILTER (WHERE disbursed > 0)"),
        ];
        for (kpi, formula) in documented {
            assert_eq!(kpi.formula().to_string(), formula, "{}", kpi.spec().id);
        }
    }
}
