//! The size of the portfolio.

use abaco_kpi::{Basis, Direction, FormulaKpi, KpiSpec, Rounding, Unit, count, count_distinct, sum};

use super::FAMILY;
use crate::panel;
use crate::terms::{balance, is_active};

/// The gross loan portfolio.
///
/// # What it measures
/// The principal outstanding of all loans, performing or not, before any allowance; written-off loans are out
/// of it.
///
/// # Formula
/// `SUM(outstanding_balance)`
///
/// # Unit and rounding
/// Currency of the tape, 2 places, half away from zero.
///
/// # Undefined when
/// There are no rows, or the balance is NULL on every row.
///
/// # Example
/// ```
/// use abaco_engine::Evaluate;
/// use abaco_testkit::{Tape, Width};
///
/// let tape = Tape::new().money("outstanding_balance", [100_00, 250_50])?;
/// let outcome = abaco_calculators::glp().evaluate(&tape.to_batch(Width::Decimal64)?)?;
/// assert_eq!(outcome.value().map(|value| value.to_string()).as_deref(), Some("350.50"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// CGAP, *Microfinance Consensus Guidelines*: gross loan portfolio.
pub fn glp() -> FormulaKpi {
    FormulaKpi::new(
        KpiSpec::new("glp", "Gross loan portfolio", Unit::Currency)
            .convention("outstanding principal before allowance, written-off excluded")
            .family(FAMILY)
            .reference("CGAP, Microfinance Consensus Guidelines: gross loan portfolio"),
        balance(),
    )
}

/// The balance written off and not recovered.
///
/// # What it measures
/// The stock that write-offs have taken out of the portfolio, less what came back.
///
/// # Formula
/// `SUM(written_off_balance)`
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
/// let tape = Tape::new().money("written_off_balance", [0, 40_00])?;
/// let outcome = abaco_calculators::written_off_balance().evaluate(&tape.to_batch(Width::Decimal64)?)?;
/// assert_eq!(outcome.value().map(|value| value.to_string()).as_deref(), Some("40.00"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// abaco catalogue: the unrecovered written-off stock.
pub fn written_off_balance() -> FormulaKpi {
    FormulaKpi::new(
        KpiSpec::new("written_off_balance", "Written-off balance", Unit::Currency)
            .direction(Direction::LowerIsBetter)
            .convention("written off and not recovered, a stock at the snapshot")
            .family(FAMILY)
            .reference("abaco catalogue: the unrecovered written-off stock"),
        sum("written_off_balance"),
    )
}

/// The number of loans with a balance.
///
/// # What it measures
/// Rows whose outstanding balance is above zero: a loan that was repaid or written off is not active.
///
/// # Formula
/// `COUNT(*) FILTER (WHERE outstanding_balance > 0)`
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
/// let tape = Tape::new().money("outstanding_balance", [100_00, 0, 50_00])?;
/// let outcome = abaco_calculators::active_loans().evaluate(&tape.to_batch(Width::Decimal64)?)?;
/// assert_eq!(outcome.value().map(|value| value.to_string()).as_deref(), Some("2"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// CGAP, *Microfinance Consensus Guidelines*: number of loans outstanding.
pub fn active_loans() -> FormulaKpi {
    FormulaKpi::new(
        KpiSpec::new("active_loans", "Active loans", Unit::Count)
            .convention("rows with a balance above zero, one row a loan")
            .family(FAMILY)
            .reference("CGAP, Microfinance Consensus Guidelines: number of loans outstanding"),
        count().filter(is_active()),
    )
}

/// The number of borrowers with a balance.
///
/// # What it measures
/// Borrowers with at least one loan whose outstanding balance is above zero, each counted once however many
/// loans it has. A loan without a borrower counts for none.
///
/// # Formula
/// `COUNT(DISTINCT borrower_id) FILTER (WHERE outstanding_balance > 0)`
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
/// let tape = Tape::new()
///     .texts("borrower_id", ["a", "a", "b", "c"])?
///     .money("outstanding_balance", [100_00, 50_00, 10_00, 0])?;
/// let outcome = abaco_calculators::active_borrowers().evaluate(&tape.to_batch(Width::Decimal64)?)?;
/// assert_eq!(outcome.value().map(|value| value.to_string()).as_deref(), Some("2"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// CGAP, *Microfinance Consensus Guidelines*: number of active borrowers.
pub fn active_borrowers() -> FormulaKpi {
    FormulaKpi::new(
        KpiSpec::new("active_borrowers", "Active borrowers", Unit::Count)
            .convention("distinct borrowers of loans with a balance above zero")
            .family(FAMILY)
            .reference("CGAP, Microfinance Consensus Guidelines: number of active borrowers"),
        count_distinct("borrower_id").filter(is_active()),
    )
}

/// The average balance of the period: the mean of its opening and its closing balance.
///
/// # What it measures
/// The denominator of every rate of a period, such as [`cost_of_risk`](crate::cost_of_risk). It is not the mean
/// size of a loan.
///
/// # Formula
/// `(SUM(opening_balance) + SUM(outstanding_balance)) / 2`
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
/// use abaco_testkit::{Tape, Width};
///
/// let tape = Tape::new().money("opening_balance", [100_00])?.money("outstanding_balance", [50_00])?;
/// let outcome = abaco_calculators::average_balance().evaluate(&tape.to_batch(Width::Decimal64)?)?;
/// assert_eq!(outcome.value().map(|value| value.to_string()).as_deref(), Some("75.00"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// abaco catalogue: two-point average of the period.
pub fn average_balance() -> FormulaKpi {
    FormulaKpi::new(
        KpiSpec::new("average_balance", "Average balance of the period", Unit::Currency)
            .convention("the mean of opening and closing balance, written-off excluded")
            .family(FAMILY)
            .reference("abaco catalogue: two-point average of the period"),
        panel::average_balance(),
    )
}

/// The part of the original principal that is still outstanding.
///
/// # What it measures
/// How far a closed pool has run off: 1 at issue, 0 at the end. It needs the repaid loans too, without which it
/// is no factor of the pool.
///
/// # Formula
/// `SUM(outstanding_balance) / SUM(original_principal)`
///
/// # Unit and rounding
/// Ratio, 8 places, half away from zero.
///
/// # Undefined when
/// There are no rows, a column is NULL on every row, or the principal sums to zero.
///
/// # Example
/// ```
/// use abaco_engine::Evaluate;
/// use abaco_testkit::{Tape, Width};
///
/// let tape = Tape::new()
///     .money("outstanding_balance", [40_00, 0])?
///     .money("original_principal", [100_00, 20_00])?;
/// let outcome = abaco_calculators::pool_factor().evaluate(&tape.to_batch(Width::Decimal64)?)?;
/// assert_eq!(outcome.value().map(|value| value.to_string()).as_deref(), Some("0.33333333"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// abaco catalogue: outstanding balance over original principal of a closed pool.
pub fn pool_factor() -> FormulaKpi {
    FormulaKpi::new(
        KpiSpec::new("pool_factor", "Pool factor", Unit::Ratio)
            .rounding(Rounding::half_away(8))
            .convention(
                "outstanding balance over original principal of all loans of the pool, repaid ones too",
            )
            .over(Basis::Cohort)
            .family(FAMILY)
            .reference("abaco catalogue: pool factor of a closed pool"),
        balance() / sum("original_principal"),
    )
}

#[cfg(test)]
mod tests {
    use abaco_kpi::Kpi;

    use super::*;

    #[test]
    fn formulas_print_as_documented() {
        let documented = [
            (glp(), "SUM(outstanding_balance)"),
            (written_off_balance(), "SUM(written_off_balance)"),
            (active_loans(), "COUNT(*) FILTER (WHERE outstanding_balance > 0)"),
            (active_borrowers(), "COUNT(DISTINCT borrower_id) FILTER (WHERE outstanding_balance > 0)"),
            (average_balance(), "(SUM(opening_balance) + SUM(outstanding_balance)) / 2"),
            (pool_factor(), "SUM(outstanding_balance) / SUM(original_principal)"),
        ];
        for (kpi, formula) in documented {
            assert_eq!(kpi.formula().to_string(), formula, "{}", kpi.spec().id);
        }
    }
}
