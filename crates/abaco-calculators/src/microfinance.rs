//! Microfinance: whether the institution carries itself.
//!
//! Revenue, costs and officers are ledger amounts, which stand on rows of their own and are summed.

use abaco_kpi::{Basis, Direction, FormulaKpi, KpiSpec, Unit, col, count_distinct, sum};

use crate::panel::per_year;

const FAMILY: &str = "microfinance";

/// Operating revenue over the cost of funds, impairment and operating expense.
///
/// # What it measures
/// Whether the institution covers its costs: above 100 % it does.
///
/// # Formula
/// `100 * SUM(revenue) / (SUM(funding_cost) + SUM(impairment) + SUM(opex))`
///
/// # Unit and rounding
/// Percent, 2 places, half away from zero.
///
/// # Undefined when
/// There are no rows, a column is NULL on every row, or there were no costs.
///
/// # Example
/// ```
/// use abaco_engine::Evaluate;
/// use abaco_testkit::{Tape, Width};
///
/// let tape = Tape::new()
///     .money("revenue", [120_00])?
///     .money("funding_cost", [30_00])?
///     .money("impairment", [10_00])?
///     .money("opex", [60_00])?;
/// let outcome = abaco_calculators::operational_self_sufficiency().evaluate(&tape.to_batch(Width::Decimal64)?)?;
/// assert_eq!(outcome.value().map(|value| value.to_string()).as_deref(), Some("120.00"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// CGAP, Microfinance Consensus Guidelines: operational self-sufficiency.
pub fn operational_self_sufficiency() -> FormulaKpi {
    let spec = KpiSpec::new("operational_self_sufficiency", "Operational self-sufficiency", Unit::Percent)
        .direction(Direction::HigherIsBetter)
        .convention(
            "revenue over funding cost, impairment and operating expense of the period; no adjustments",
        )
        .over(Basis::Period)
        .family(FAMILY)
        .reference("CGAP, Microfinance Consensus Guidelines: operational self-sufficiency");
    let costs = sum("funding_cost") + sum("impairment") + sum("opex");
    FormulaKpi::new(spec, 100 * sum("revenue") / costs)
}

/// Operating expense of the period over the average balance, per year.
///
/// # What it measures
/// What it costs to run the portfolio.
///
/// # Formula
/// `100 * SUM(opex) * 365 / MAX(DAYS_BETWEEN(opening_as_of, as_of)) / ((SUM(opening_balance) +
/// SUM(outstanding_balance)) / 2)`
///
/// # Unit and rounding
/// Percent, 2 places, half away from zero.
///
/// # Undefined when
/// There are no rows, a column is NULL on every row, the period has no days, or the average balance is zero.
///
/// # Example
/// ```
/// use abaco_engine::Evaluate;
/// use abaco_testkit::{Tape, Width};
///
/// let tape = Tape::new()
///     .money("opex", [15_50])?
///     .money("opening_balance", [1_800_00])?
///     .money("outstanding_balance", [1_850_00])?
///     .dates("opening_as_of", ["2025-11-30".parse()?])?
///     .dates("as_of", ["2025-12-31".parse()?])?;
/// let outcome = abaco_calculators::operating_expense_ratio().evaluate(&tape.to_batch(Width::Decimal64)?)?;
/// assert_eq!(outcome.value().map(|value| value.to_string()).as_deref(), Some("10.00"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// CGAP, Microfinance Consensus Guidelines: operating expense ratio.
pub fn operating_expense_ratio() -> FormulaKpi {
    let spec = KpiSpec::new("operating_expense_ratio", "Operating expense ratio, annualised", Unit::Percent)
        .direction(Direction::LowerIsBetter)
        .convention(
            "simple: times 365 over the days of the period, over the mean of opening and closing balance",
        )
        .family(FAMILY)
        .reference("CGAP, Microfinance Consensus Guidelines: operating expense ratio");
    FormulaKpi::new(spec.annualised(), per_year(sum("opex").into()))
}

/// Active borrowers per loan officer.
///
/// # What it measures
/// How many borrowers with a balance each loan officer looks after. A borrower with several loans is counted
/// once.
///
/// # Formula
/// `COUNT(DISTINCT borrower_id) FILTER (WHERE outstanding_balance > 0) / SUM(officers)`
///
/// # Unit and rounding
/// Ratio, 2 places, half away from zero.
///
/// # Undefined when
/// There are no rows, `officers` is NULL on every row, or there are none.
///
/// # Example
/// ```
/// use abaco_engine::Evaluate;
/// use abaco_testkit::{Tape, Width};
///
/// let tape = Tape::new()
///     .texts("borrower_id", ["a", "a", "b", "c"])?
///     .money("outstanding_balance", [10_00, 5_00, 20_00, 0])?
///     .integers("officers", [1, 0, 0, 0])?;
/// let outcome = abaco_calculators::borrowers_per_officer().evaluate(&tape.to_batch(Width::Decimal64)?)?;
/// assert_eq!(outcome.value().map(|value| value.to_string()).as_deref(), Some("2.00"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// CGAP, Microfinance Consensus Guidelines: borrowers per loan officer.
pub fn borrowers_per_officer() -> FormulaKpi {
    let spec = KpiSpec::new("borrowers_per_officer", "Borrowers per loan officer", Unit::Ratio)
        .direction(Direction::HigherIsBetter)
        .convention("borrowers with a balance above zero, each once, over loan officers")
        .family(FAMILY)
        .reference("CGAP, Microfinance Consensus Guidelines: borrowers per loan officer");
    let active = count_distinct("borrower_id").filter(col("outstanding_balance").gt(0));
    FormulaKpi::new(spec, active / sum("officers"))
}
