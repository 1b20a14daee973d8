//! Concentration by borrower: each borrower's balance is added up first, over all its loans and all partitions.
//!
//! Loans without a borrower count as one borrower's, which can only overstate the concentration. For groups of
//! connected borrowers a contract binds `borrower_id` to the group.

use abaco_kpi::{Direction, Formula, FormulaKpi, KpiSpec, Unit, by_key, max, total};

use crate::terms::{balance, eligible, of_key};

const FAMILY: &str = "concentration";

/// The Herfindahl-Hirschman index of the balance by borrower.
///
/// # What it measures
/// The sum of the squared percentage shares of all borrowers: 10,000 for a single borrower, 10,000 / n for n
/// equal ones.
///
/// # Formula
/// `10000 * (SELECT SUM(balance * balance) FROM (SELECT SUM(outstanding_balance) AS balance FROM tape GROUP BY borrower_id)) / POWER(SUM(outstanding_balance), 2)`
///
/// # Unit and rounding
/// Score from 0 to 10,000, 2 places, half away from zero.
///
/// # Undefined when
/// There are no rows, the balance is NULL on every row, or it sums to zero.
///
/// # Example
/// ```
/// use abaco_engine::Evaluate;
/// use abaco_testkit::{Tape, Width};
///
/// let tape = Tape::new()
///     .texts("borrower_id", ["a", "b", "a"])?
///     .money("outstanding_balance", [30_00, 40_00, 30_00])?;
/// let outcome = abaco_calculators::hhi().evaluate(&tape.to_batch(Width::Decimal64)?)?;
/// assert_eq!(outcome.value().map(|value| value.to_string()).as_deref(), Some("5200.00"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// U.S. Department of Justice and Federal Trade Commission, *Merger Guidelines*: the index and its scale.
pub fn hhi() -> FormulaKpi {
    let squares: Formula = by_key("borrower_id")
        .sum("balance", "outstanding_balance")
        .reduce(of_key("balance") * of_key("balance"));
    FormulaKpi::new(
        KpiSpec::new("hhi", "Herfindahl-Hirschman index by borrower", Unit::Score)
            .direction(Direction::LowerIsBetter)
            .convention("0 to 10,000, by borrower, written-off excluded")
            .family(FAMILY)
            .reference("U.S. Department of Justice and Federal Trade Commission, Merger Guidelines"),
        10_000 * squares / Formula::from(balance()).power(2),
    )
}

/// The share of the balance that the largest borrowers owe; the catalogue has the largest 1, 5, 10 and 20.
///
/// # What it measures
/// The balances of the largest borrowers over the whole balance. A tape with fewer borrowers gives 100.
///
/// # Formula
/// `100 * (SELECT SUM_TOP(1, balance) FROM (SELECT SUM(outstanding_balance) AS balance FROM tape GROUP BY borrower_id)) / SUM(outstanding_balance)`
///
/// # Unit and rounding
/// Percent, 2 places, half away from zero.
///
/// # Undefined when
/// There are no rows, the balance is NULL on every row, or it sums to zero.
///
/// # Example
/// ```
/// use abaco_engine::Evaluate;
/// use abaco_testkit::{Tape, Width};
///
/// let tape = Tape::new()
///     .texts("borrower_id", ["a", "b", "a"])?
///     .money("outstanding_balance", [30_00, 40_00, 30_00])?;
/// let outcome = abaco_calculators::top_share(1).evaluate(&tape.to_batch(Width::Decimal64)?)?;
/// assert_eq!(outcome.value().map(|value| value.to_string()).as_deref(), Some("60.00"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// abaco catalogue: totals per borrower, merged before the largest are taken.
pub fn top_share(borrowers: u32) -> FormulaKpi {
    let largest =
        by_key("borrower_id").sum("balance", "outstanding_balance").top(borrowers, of_key("balance"));
    let title = match borrowers {
        1 => "Share of the largest borrower".to_owned(),
        n => format!("Share of the {n} largest borrowers"),
    };
    FormulaKpi::new(
        KpiSpec::new(format!("top_{borrowers}_share"), title, Unit::Percent)
            .direction(Direction::LowerIsBetter)
            .convention("by borrower, written-off excluded")
            .family(FAMILY)
            .reference("abaco catalogue: totals per borrower, merged before the largest are taken"),
        100 * largest / balance(),
    )
}

/// The eligible balance above the concentration cap, over all borrowers.
///
/// # What it measures
/// What each borrower owes beyond the cap, a share of the gross eligible balance before any excess is taken out
/// of it. This is what [`borrowing_base`](crate::borrowing_base) leaves out.
///
/// # Formula
/// `(SELECT SUM(GREATEST(eligible - TOTAL(MAX(concentration_cap) * SUM(eligible_balance)), 0)) FROM (SELECT SUM(eligible_balance) AS eligible FROM tape GROUP BY borrower_id))`
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
///     .column("concentration_cap", CellType::RATE, vec![Cell::Number(250_000); 4])?;
/// let outcome = abaco_calculators::excess_concentration().evaluate(&tape.to_batch(Width::Decimal64)?)?;
/// assert_eq!(outcome.value().map(|value| value.to_string()).as_deref(), Some("15.00"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// abaco catalogue: cap of the gross eligible balance before excess.
pub fn excess_concentration() -> FormulaKpi {
    FormulaKpi::new(
        KpiSpec::new("excess_concentration", "Excess concentration", Unit::Currency)
            .direction(Direction::LowerIsBetter)
            .convention("eligible balance of a borrower above cap x gross eligible balance before excess")
            .family(FAMILY)
            .reference("abaco catalogue: cap of the gross eligible balance before excess"),
        excess(),
    )
}

/// The eligible balance that the borrowers have above the cap.
pub(crate) fn excess() -> Formula {
    let cap = max("concentration_cap") * eligible();
    let above = (of_key("eligible") - total(cap)).at_least(0);
    by_key("borrower_id").sum("eligible", "eligible_balance").reduce(above)
}

#[cfg(test)]
mod tests {
    use abaco_kpi::Kpi;

    use super::*;

    #[test]
    fn formulas_print_as_documented() {
        let documented = [
            (
                hhi(),
                "10000 * (SELECT SUM(balance * balance) FROM (SELECT SUM(outstanding_balance) AS balance FROM tape GROUP BY borrower_id)) / POWER(SUM(outstanding_balance), 2)",
            ),
            (
                top_share(1),
                "100 * (SELECT SUM_TOP(1, balance) FROM (SELECT SUM(outstanding_balance) AS balance FROM tape GROUP BY borrower_id)) / SUM(outstanding_balance)",
            ),
            (
                excess_concentration(),
                "(SELECT SUM(GREATEST(eligible - TOTAL(MAX(concentration_cap) * SUM(eligible_balance)), 0)) FROM (SELECT SUM(eligible_balance) AS eligible FROM tape GROUP BY borrower_id))",
            ),
        ];
        for (kpi, formula) in documented {
            assert_eq!(kpi.formula().to_string(), formula, "{}", kpi.spec().id);
        }
    }
}
