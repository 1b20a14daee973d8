//! Portfolio at risk that also counts what has left the plain one: restructured and written-off loans.

use abaco_kpi::{Direction, FormulaKpi, KpiSpec, RowMeasure, Unit, col, sum};

use super::FAMILY;
use crate::terms::{balance, share_of_balance};

/// Portfolio at risk beyond 30 days past due, restructured loans included.
///
/// # What it measures
/// The share of the balance whose loans are more than 30 days past due or were restructured, each loan counted
/// once: a loan that is current only because its terms were eased stays at risk.
///
/// # Formula
/// `100 * SUM(outstanding_balance) FILTER (WHERE dpd > 30 OR is_restructured) / SUM(outstanding_balance)`
///
/// # Unit and rounding
/// Percent, 2 places, half away from zero.
///
/// # Undefined when
/// There are no rows, the balance is NULL on every row or on every row at risk, or it sums to zero.
///
/// # Example
/// ```
/// use abaco_engine::Evaluate;
/// use abaco_testkit::{Tape, Width};
///
/// let tape = Tape::new()
///     .integers("dpd", [0, 31, 0, 45])?
///     .booleans("is_restructured", [false, false, true, true])?
///     .money("outstanding_balance", [70_00, 15_00, 10_00, 5_00])?;
/// let outcome = abaco_calculators::par_restructured_30().evaluate(&tape.to_batch(Width::Decimal64)?)?;
/// assert_eq!(outcome.value().map(|value| value.to_string()).as_deref(), Some("30.00"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// CGAP, *Microfinance Consensus Guidelines*: portfolio at risk includes the renegotiated portfolio.
pub fn par_restructured_30() -> FormulaKpi {
    FormulaKpi::new(
        KpiSpec::new(
            "par_restructured_30",
            "Portfolio at risk, more than 30 days or restructured",
            Unit::Percent,
        )
        .direction(Direction::LowerIsBetter)
        .convention("dpd > 30 or restructured, counted once, written-off excluded")
        .family(FAMILY)
        .reference("CGAP, Microfinance Consensus Guidelines: PAR with the renegotiated portfolio"),
        share_of_balance(col("dpd").gt(30).or(col("is_restructured").is_true())),
    )
}

/// Portfolio at risk from `days` days past due with everything written off and not recovered; the catalogue has
/// 30 and 90.
///
/// # What it measures
/// The share at risk as if nothing had been written off: the written-off stock stands in both terms, so that a
/// write-off cannot improve the figure.
///
/// # Formula
/// `100 * (SUM(outstanding_balance) FILTER (WHERE dpd >= 30) + SUM(written_off_balance)) / (SUM(outstanding_balance) + SUM(written_off_balance))`
///
/// # Unit and rounding
/// Percent, 2 places, half away from zero.
///
/// # Undefined when
/// There are no rows, one of the columns is NULL on every row that it is summed over, or the two amounts sum to
/// zero.
///
/// # Example
/// ```
/// use abaco_engine::Evaluate;
/// use abaco_testkit::{Tape, Width};
///
/// let tape = Tape::new()
///     .integers("dpd", [0, 40, 200])?
///     .money("outstanding_balance", [70_00, 20_00, 0])?
///     .money("written_off_balance", [0, 0, 10_00])?;
/// let outcome = abaco_calculators::par_with_writeoffs_stock(30).evaluate(&tape.to_batch(Width::Decimal64)?)?;
/// assert_eq!(outcome.value().map(|value| value.to_string()).as_deref(), Some("30.00"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// abaco catalogue; [`par_ge`](crate::par_ge) plus the unrecovered written-off balance.
pub fn par_with_writeoffs_stock(days: u16) -> FormulaKpi {
    with_writeoffs(days, "stock", "written_off_balance", "the written-off stock")
}

/// Portfolio at risk from `days` days past due with the write-offs of the period; the catalogue has 30 and 90.
///
/// # What it measures
/// The share at risk as if this period's write-offs had not happened: comparable with the opening figure,
/// whatever was written off in between.
///
/// # Formula
/// `100 * (SUM(outstanding_balance) FILTER (WHERE dpd >= 30) + SUM(written_off)) / (SUM(outstanding_balance) + SUM(written_off))`
///
/// # Unit and rounding
/// Percent, 2 places, half away from zero.
///
/// # Undefined when
/// There are no rows, one of the columns is NULL on every row that it is summed over, or the two amounts sum to
/// zero.
///
/// # Example
/// ```
/// use abaco_engine::Evaluate;
/// use abaco_testkit::{Tape, Width};
///
/// let tape = Tape::new()
///     .integers("dpd", [0, 40, 200])?
///     .money("outstanding_balance", [75_00, 20_00, 0])?
///     .money("written_off", [0, 0, 5_00])?;
/// let outcome = abaco_calculators::par_with_writeoffs_flow(30).evaluate(&tape.to_batch(Width::Decimal64)?)?;
/// assert_eq!(outcome.value().map(|value| value.to_string()).as_deref(), Some("25.00"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// abaco catalogue; [`par_ge`](crate::par_ge) plus the balance written off in the period.
pub fn par_with_writeoffs_flow(days: u16) -> FormulaKpi {
    with_writeoffs(days, "flow", "written_off", "the period's write-offs")
}

fn with_writeoffs(days: u16, basis: &str, column: &'static str, what: &str) -> FormulaKpi {
    let written_off = || -> RowMeasure { sum(column) };
    let at_risk = balance().filter(col("dpd").ge(i64::from(days)));
    FormulaKpi::new(
        KpiSpec::new(
            format!("par_with_writeoffs_{days}_{basis}"),
            format!("Portfolio at risk, {days} days or more, with {what}"),
            Unit::Percent,
        )
        .direction(Direction::LowerIsBetter)
        .convention(format!("dpd >= {days}; {what} in numerator and denominator"))
        .family(FAMILY)
        .reference("abaco catalogue: portfolio at risk that a write-off does not improve"),
        100 * (at_risk + written_off()) / (balance() + written_off()),
    )
}

#[cfg(test)]
mod tests {
    use abaco_kpi::Kpi;

    use super::*;

    #[test]
    fn formulas_print_as_documented() {
        let documented = [
            (
                par_restructured_30(),
                "100 * SUM(outstanding_balance) FILTER (WHERE dpd > 30 OR is_restructured) / SUM(outstanding_balance)",
            ),
            (
                par_with_writeoffs_stock(30),
                "100 * (SUM(outstanding_balance) FILTER (WHERE dpd >= 30) + SUM(written_off_balance)) / (SUM(outstanding_balance) + SUM(written_off_balance))",
            ),
            (
                par_with_writeoffs_flow(30),
                "100 * (SUM(outstanding_balance) FILTER (WHERE dpd >= 30) + SUM(written_off)) / (SUM(outstanding_balance) + SUM(written_off))",
            ),
        ];
        for (kpi, formula) in documented {
            assert_eq!(kpi.formula().to_string(), formula, "{}", kpi.spec().id);
        }
    }
}
