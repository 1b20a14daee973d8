//! The borrowing base: what the lender advances on, and how much of it is used.

use abaco_kpi::{Direction, Formula, FormulaKpi, KpiSpec, Unit, max, sum};

use super::FAMILY;
use crate::concentration::excess;
use crate::terms::{balance, eligible};

/// The gross eligible balance, before concentrations.
///
/// # What it measures
/// The balance that meets the facility's criteria loan by loan, as the contract derives it.
///
/// # Formula
/// `SUM(eligible_balance)`
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
/// let tape = Tape::new().money("eligible_balance", [40_00, 0, 20_00])?;
/// let outcome = abaco_calculators::eligible_balance().evaluate(&tape.to_batch(Width::Decimal64)?)?;
/// assert_eq!(outcome.value().map(|value| value.to_string()).as_deref(), Some("60.00"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// abaco catalogue: eligible loan by loan, before excess concentration.
pub fn eligible_balance() -> FormulaKpi {
    FormulaKpi::new(
        KpiSpec::new("eligible_balance", "Eligible balance", Unit::Currency)
            .convention("eligible loan by loan, before excess concentration")
            .family(FAMILY)
            .reference("abaco catalogue: gross eligible balance"),
        eligible(),
    )
}

/// The borrowing base: the advance rate on the eligible balance without its excess concentrations.
///
/// # What it measures
/// The most that may be drawn against the portfolio. The cap on one borrower is a share of the gross eligible
/// balance before any excess; a cap of what remains after the excess is another convention, and gives less: of
/// 100 with a borrower of 40 at a cap of 25 % and an advance rate of 85 %, 68.00 instead of 72.25.
///
/// # Formula
/// `MAX(advance_rate) * (SUM(eligible_balance) - (SELECT SUM(GREATEST(eligible - TOTAL(MAX(concentration_cap) * SUM(eligible_balance)), 0)) FROM (SELECT SUM(eligible_balance) AS eligible FROM tape GROUP BY borrower_id)))`
///
/// # Unit and rounding
/// Currency of the tape, 2 places, half away from zero.
///
/// # Undefined when
/// There are no rows, or one of the columns is NULL on every row.
///
/// # Example
/// ```
/// use abaco_engine::Evaluate;
/// use abaco_testkit::{Cell, CellType, Tape, Width};
///
/// let tape = Tape::new()
///     .texts("borrower_id", ["a", "b", "c", "d"])?
///     .money("eligible_balance", [40_00, 20_00, 20_00, 20_00])?
///     .column("concentration_cap", CellType::RATE, vec![Cell::Number(250_000); 4])?
///     .column("advance_rate", CellType::RATE, vec![Cell::Number(850_000); 4])?;
/// let outcome = abaco_calculators::borrowing_base().evaluate(&tape.to_batch(Width::Decimal64)?)?;
/// assert_eq!(outcome.value().map(|value| value.to_string()).as_deref(), Some("72.25"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// abaco catalogue: cap of the gross eligible balance before excess.
pub fn borrowing_base() -> FormulaKpi {
    FormulaKpi::new(
        KpiSpec::new("borrowing_base", "Borrowing base", Unit::Currency)
            .direction(Direction::HigherIsBetter)
            .convention("advance rate x (eligible - excess); cap of gross eligible before excess")
            .family(FAMILY)
            .reference("abaco catalogue: cap of the gross eligible balance before excess"),
        base(),
    )
}

/// What may still be drawn: the borrowing base less what is drawn.
///
/// # What it measures
/// Below zero it is a deficiency that must be paid down. The limit of the facility does not enter it.
///
/// # Formula
/// `MAX(advance_rate) * (SUM(eligible_balance) - (SELECT SUM(GREATEST(eligible - TOTAL(MAX(concentration_cap) * SUM(eligible_balance)), 0)) FROM (SELECT SUM(eligible_balance) AS eligible FROM tape GROUP BY borrower_id))) - SUM(drawn)`
///
/// # Unit and rounding
/// Currency of the tape, 2 places, half away from zero.
///
/// # Undefined when
/// There are no rows, or one of the columns is NULL on every row.
///
/// # Example
/// ```
/// use abaco_engine::Evaluate;
/// use abaco_testkit::{Cell, CellType, Tape, Width};
///
/// let tape = Tape::new()
///     .texts("borrower_id", ["a", "b", "c", "d"])?
///     .money("eligible_balance", [40_00, 20_00, 20_00, 20_00])?
///     .column("concentration_cap", CellType::RATE, vec![Cell::Number(250_000); 4])?
///     .column("advance_rate", CellType::RATE, vec![Cell::Number(850_000); 4])?
///     .money("drawn", [70_00, 0, 0, 0])?;
/// let outcome = abaco_calculators::availability().evaluate(&tape.to_batch(Width::Decimal64)?)?;
/// assert_eq!(outcome.value().map(|value| value.to_string()).as_deref(), Some("2.25"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// abaco catalogue: borrowing base less drawn.
pub fn availability() -> FormulaKpi {
    FormulaKpi::new(
        KpiSpec::new("availability", "Availability", Unit::Currency)
            .direction(Direction::HigherIsBetter)
            .convention("borrowing base less drawn, below zero a deficiency; facility limit not considered")
            .family(FAMILY)
            .reference("abaco catalogue: borrowing base less drawn"),
        base() - sum("drawn"),
    )
}

/// The borrowing base in relation to the whole balance.
///
/// # What it measures
/// What the lender in effect advances on each unit of receivables, once ineligible loans and excess
/// concentrations are out; always at most the advance rate of the contract. What is drawn of it is
/// [`utilisation`].
///
/// # Formula
/// `100 * (MAX(advance_rate) * (SUM(eligible_balance) - (SELECT SUM(GREATEST(eligible - TOTAL(MAX(concentration_cap) * SUM(eligible_balance)), 0)) FROM (SELECT SUM(eligible_balance) AS eligible FROM tape GROUP BY borrower_id)))) / SUM(outstanding_balance)`
///
/// # Unit and rounding
/// Percent, 2 places, half away from zero.
///
/// # Undefined when
/// There are no rows, one of the columns is NULL on every row, or the balance sums to zero.
///
/// # Example
/// ```
/// use abaco_engine::Evaluate;
/// use abaco_testkit::{Cell, CellType, Tape, Width};
///
/// let tape = Tape::new()
///     .texts("borrower_id", ["a", "b", "c", "d"])?
///     .money("eligible_balance", [40_00, 20_00, 20_00, 20_00])?
///     .column("concentration_cap", CellType::RATE, vec![Cell::Number(250_000); 4])?
///     .column("advance_rate", CellType::RATE, vec![Cell::Number(850_000); 4])?
///     .money("outstanding_balance", [45_00, 30_00, 30_00, 20_00])?;
/// let outcome = abaco_calculators::effective_advance_rate().evaluate(&tape.to_batch(Width::Decimal64)?)?;
/// assert_eq!(outcome.value().map(|value| value.to_string()).as_deref(), Some("57.80"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// abaco catalogue: borrowing base over gross balance.
pub fn effective_advance_rate() -> FormulaKpi {
    FormulaKpi::new(
        KpiSpec::new("effective_advance_rate", "Effective advance rate", Unit::Percent)
            .direction(Direction::HigherIsBetter)
            .convention("borrowing base over outstanding balance, drawn or not")
            .family(FAMILY)
            .reference("abaco catalogue: borrowing base over gross balance"),
        100 * base() / balance(),
    )
}

/// What is drawn of the facility's limit.
///
/// # What it measures
/// How much of the commitment is in use.
///
/// # Formula
/// `100 * SUM(drawn) / SUM(facility_limit)`
///
/// # Unit and rounding
/// Percent, 2 places, half away from zero.
///
/// # Undefined when
/// There are no rows, one of the columns is NULL on every row, or the limit sums to zero.
///
/// # Example
/// ```
/// use abaco_engine::Evaluate;
/// use abaco_testkit::{Tape, Width};
///
/// let tape = Tape::new().money("drawn", [70_00])?.money("facility_limit", [100_00])?;
/// let outcome = abaco_calculators::utilisation().evaluate(&tape.to_batch(Width::Decimal64)?)?;
/// assert_eq!(outcome.value().map(|value| value.to_string()).as_deref(), Some("70.00"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// abaco catalogue: drawn over limit.
pub fn utilisation() -> FormulaKpi {
    FormulaKpi::new(
        KpiSpec::new("utilisation", "Utilisation of the facility", Unit::Percent)
            .convention("drawn over limit of the facility")
            .family(FAMILY)
            .reference("abaco catalogue: drawn over limit"),
        100 * sum("drawn") / sum("facility_limit"),
    )
}

fn base() -> Formula {
    max("advance_rate") * (eligible() - excess())
}

#[cfg(test)]
mod tests {
    use abaco_kpi::Kpi;

    use super::*;

    #[test]
    fn formulas_print_as_documented() {
        let documented = [
            (eligible_balance(), "SUM(eligible_balance)"),
            (
                borrowing_base(),
                "MAX(advance_rate) * (SUM(eligible_balance) - (SELECT SUM(GREATEST(eligible - TOTAL(MAX(concentration_cap) * SUM(eligible_balance)), 0)) FROM (SELECT SUM(eligible_balance) AS eligible FROM tape GROUP BY borrower_id)))",
            ),
            (
                availability(),
                "MAX(advance_rate) * (SUM(eligible_balance) - (SELECT SUM(GREATEST(eligible - TOTAL(MAX(concentration_cap) * SUM(eligible_balance)), 0)) FROM (SELECT SUM(eligible_balance) AS eligible FROM tape GROUP BY borrower_id))) - SUM(drawn)",
            ),
            (
                effective_advance_rate(),
                "100 * (MAX(advance_rate) * (SUM(eligible_balance) - (SELECT SUM(GREATEST(eligible - TOTAL(MAX(concentration_cap) * SUM(eligible_balance)), 0)) FROM (SELECT SUM(eligible_balance) AS eligible FROM tape GROUP BY borrower_id)))) / SUM(outstanding_balance)",
            ),
            (utilisation(), "100 * SUM(drawn) / SUM(facility_limit)"),
        ];
        for (kpi, formula) in documented {
            assert_eq!(kpi.formula().to_string(), formula, "{}", kpi.spec().id);
        }
    }
}
