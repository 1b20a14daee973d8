//! Cross-ageing: a borrower that is late with a part is not eligible with the rest.

use abaco_kpi::{Decimal, Direction, Formula, FormulaKpi, KeyTerm, KpiSpec, Unit, by_key, col};

use super::FAMILY;
use crate::terms::of_key;

/// The eligible balance of the borrowers that are late with at most `percent` % of their balance; the catalogue
/// has 10 and 50.
///
/// # What it measures
/// If more than that part of a borrower's balance is over 90 days past due, none of its loans is eligible. The
/// arrears of all its loans are added up first, over all partitions. Loans without a borrower count as one
/// borrower's, and a borrower whose balance is unknown is not late.
///
/// # Formula
/// `(SELECT SUM(eligible * (1 - COALESCE(GREATEST(late - 0.1 * balance, 0) / GREATEST(late - 0.1 * balance, 0), 0))) FROM (SELECT SUM(eligible_balance) AS eligible, SUM(outstanding_balance) AS balance, SUM(outstanding_balance) FILTER (WHERE dpd > 90) AS late FROM tape GROUP BY borrower_id))`
///
/// # Unit and rounding
/// Currency of the tape, 2 places, half away from zero.
///
/// # Undefined when
/// There are no rows, or the eligible balance is NULL on every row.
///
/// # Example
/// ```
/// use abaco_engine::Evaluate;
/// use abaco_testkit::{Tape, Width};
///
/// let tape = Tape::new()
///     .texts("borrower_id", ["a", "a", "b", "b"])?
///     .integers("dpd", [0, 91, 0, 91])?
///     .money("outstanding_balance", [90_00, 10_00, 80_00, 20_00])?
///     .money("eligible_balance", [90_00, 0, 80_00, 0])?;
/// let outcome = abaco_calculators::cross_aged_eligible_balance(10).evaluate(&tape.to_batch(Width::Decimal64)?)?;
/// assert_eq!(outcome.value().map(|value| value.to_string()).as_deref(), Some("90.00"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// Asset-based lending practice: the cross-age, or 10 %, rule.
pub fn cross_aged_eligible_balance(percent: u8) -> FormulaKpi {
    let allowed = || Decimal::new(i64::from(percent), 2) * of_key("balance");
    let beyond = || (of_key("late") - allowed()).at_least(0);
    // x / x is 1 for every excess and has no value without one.
    let is_beyond: Formula<KeyTerm> = (beyond() / beyond()).or_else(0);
    let eligible = by_key("borrower_id")
        .sum("eligible", "eligible_balance")
        .sum("balance", "outstanding_balance")
        .sum_where("late", "outstanding_balance", col("dpd").gt(90))
        .reduce(of_key("eligible") * (1 - is_beyond));
    FormulaKpi::new(
        KpiSpec::new(
            format!("cross_aged_eligible_balance_{percent}"),
            format!("Eligible balance, cross-aged at {percent} %"),
            Unit::Currency,
        )
        .direction(Direction::HigherIsBetter)
        .convention(format!("none of a borrower with more than {percent} % of its balance at dpd > 90"))
        .family(FAMILY)
        .reference("asset-based lending practice: the cross-age rule"),
        eligible,
    )
}

#[cfg(test)]
mod tests {
    use abaco_kpi::Kpi;

    use super::*;

    #[test]
    fn formulas_print_as_documented() {
        let documented = [(
            cross_aged_eligible_balance(10),
            "(SELECT SUM(eligible * (1 - COALESCE(GREATEST(late - 0.1 * balance, 0) / GREATEST(late - 0.1 * balance, 0), 0))) FROM (SELECT SUM(eligible_balance) AS eligible, SUM(outstanding_balance) AS balance, SUM(outstanding_balance) FILTER (WHERE dpd > 90) AS late FROM tape GROUP BY borrower_id))",
        )];
        for (kpi, formula) in documented {
            assert_eq!(kpi.formula().to_string(), formula, "{}", kpi.spec().id);
        }
    }
}
