//! Yield: what the portfolio earns, by contract and in cash.

use abaco_kpi::{Direction, Formula, FormulaKpi, Kpi, KpiSpec, Unit, col, sum};

use crate::losses::net_chargeoff_annualised;
use crate::panel::per_year;

const FAMILY: &str = "yield";

/// A year's interest on the balance of each loan.
fn yearly_interest() -> Formula {
    sum(col("annual_rate") * col("outstanding_balance")).into()
}

/// The contractual rate of the portfolio: annual rates weighted by balance.
///
/// # What it measures
/// What the outstanding balance earns in a year by contract, over the loans whose rate is known.
///
/// # Formula
/// `100 * SUM(annual_rate * outstanding_balance) / SUM(outstanding_balance) FILTER (WHERE NOT (annual_rate IS
/// NULL))`
///
/// # Unit and rounding
/// Percent, 2 places, half away from zero.
///
/// # Undefined when
/// There are no rows, no loan has both a rate and a balance, or the balance with a known rate sums to zero.
///
/// # Example
/// ```
/// use abaco_engine::Evaluate;
/// use abaco_testkit::{Cell, CellType, Tape, Width};
///
/// let tape = Tape::new()
///     .column("annual_rate", CellType::RATE, [Cell::Number(360_000), Cell::Number(240_000), Cell::Null])?
///     .money("outstanding_balance", [100_00, 300_00, 50_00])?;
/// let outcome = abaco_calculators::portfolio_yield().evaluate(&tape.to_batch(Width::Decimal64)?)?;
/// assert_eq!(outcome.value().map(|value| value.to_string()).as_deref(), Some("27.00"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// abaco catalogue.
pub fn portfolio_yield() -> FormulaKpi {
    let spec = KpiSpec::new("portfolio_yield", "Portfolio yield, contractual", Unit::Percent)
        .direction(Direction::HigherIsBetter)
        .convention(
            "contractual annual rates weighted by outstanding balance; loans without a rate left out of \
             both sums",
        )
        .family(FAMILY)
        .reference("abaco catalogue");
    let known = col("annual_rate").is_null().negated();
    FormulaKpi::new(spec, 100 * yearly_interest() / sum("outstanding_balance").filter(known))
}

/// Interest and fees collected in the period over the average balance, per year.
///
/// # What it measures
/// What the portfolio really paid, whenever it was due.
///
/// # Formula
/// `100 * (SUM(paid_interest) + SUM(paid_fees)) * 365 / MAX(DAYS_BETWEEN(opening_as_of, as_of)) /
/// ((SUM(opening_balance) + SUM(outstanding_balance)) / 2)`
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
///     .money("paid_interest", [27_90])?
///     .money("paid_fees", [3_10])?
///     .money("opening_balance", [1_800_00])?
///     .money("outstanding_balance", [1_850_00])?
///     .dates("opening_as_of", ["2025-11-30".parse()?])?
///     .dates("as_of", ["2025-12-31".parse()?])?;
/// let outcome = abaco_calculators::cash_yield().evaluate(&tape.to_batch(Width::Decimal64)?)?;
/// assert_eq!(outcome.value().map(|value| value.to_string()).as_deref(), Some("20.00"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// CGAP, Microfinance Consensus Guidelines: yield on gross portfolio.
pub fn cash_yield() -> FormulaKpi {
    let spec = KpiSpec::new("cash_yield", "Cash yield, annualised", Unit::Percent)
        .direction(Direction::HigherIsBetter)
        .convention(
            "interest and fees paid; simple: times 365 over the days of the period, over the mean of \
             opening and closing balance",
        )
        .family(FAMILY)
        .reference("CGAP, Microfinance Consensus Guidelines: yield on gross portfolio");
    FormulaKpi::new(spec.annualised(), per_year(sum("paid_interest") + sum("paid_fees")))
}

/// Annual recurring revenue: a year's contractual interest on today's balance.
///
/// # What it measures
/// The annual rate of each loan times its balance. V2 took the rate for a monthly one and multiplied by twelve;
/// here `annual_rate` is a rate per year.
///
/// # Formula
/// `SUM(annual_rate * outstanding_balance)`
///
/// # Unit and rounding
/// Money in the contract's currency, 2 places, half away from zero.
///
/// # Undefined when
/// There are no rows, or no loan has both a rate and a balance.
///
/// # Example
/// ```
/// use abaco_engine::Evaluate;
/// use abaco_testkit::{Cell, CellType, Tape, Width};
///
/// let tape = Tape::new()
///     .column("annual_rate", CellType::RATE, [Cell::Number(360_000), Cell::Number(240_000)])?
///     .money("outstanding_balance", [100_00, 300_00])?;
/// let outcome = abaco_calculators::arr().evaluate(&tape.to_batch(Width::Decimal64)?)?;
/// assert_eq!(outcome.value().map(|value| value.to_string()).as_deref(), Some("108.00"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// V2 rollout report, unified KPI definitions.
pub fn arr() -> FormulaKpi {
    let spec = KpiSpec::new("arr", "Annual recurring revenue", Unit::Currency)
        .direction(Direction::HigherIsBetter)
        .convention(
            "annual rate times outstanding balance; the rate is yearly, not V2's monthly one times 12",
        )
        .family(FAMILY)
        .alias("finance.arr")
        .reference("V2 rollout report, unified KPI definitions");
    FormulaKpi::new(spec, yearly_interest())
}

/// What is left of the cash yield after losses, funding and servicing.
///
/// # What it measures
/// Cash yield less net charge-offs, cost of funds and cost of servicing, each per year over the same average
/// balance.
///
/// # Formula
/// `100 * (SUM(paid_interest) + SUM(paid_fees)) * 365 / MAX(DAYS_BETWEEN(opening_as_of, as_of)) /
/// ((SUM(opening_balance) + SUM(outstanding_balance)) / 2) - 100 * (SUM(written_off) - SUM(recovered)) * 365 /
/// MAX(DAYS_BETWEEN(opening_as_of, as_of)) / ((SUM(opening_balance) + SUM(outstanding_balance)) / 2) - 100 *
/// SUM(funding_cost) * 365 / MAX(DAYS_BETWEEN(opening_as_of, as_of)) / ((SUM(opening_balance) +
/// SUM(outstanding_balance)) / 2) - 100 * SUM(servicing_cost) * 365 / MAX(DAYS_BETWEEN(opening_as_of, as_of)) /
/// ((SUM(opening_balance) + SUM(outstanding_balance)) / 2)`; composed by value from the formulas of
/// [`cash_yield`] and [`net_chargeoff_annualised`].
///
/// # Unit and rounding
/// Percent, 2 places, half away from zero.
///
/// # Undefined when
/// One of the four parts is: there are no rows, a column is NULL on every row, the period has no days, or the
/// average balance is zero.
///
/// # Example
/// ```
/// use abaco_engine::Evaluate;
/// use abaco_testkit::{Tape, Width};
///
/// let tape = Tape::new()
///     .money("paid_interest", [27_90])?
///     .money("paid_fees", [3_10])?
///     .money("written_off", [12_40])?
///     .money("recovered", [3_10])?
///     .money("funding_cost", [7_75])?
///     .money("servicing_cost", [1_55])?
///     .money("opening_balance", [1_800_00])?
///     .money("outstanding_balance", [1_850_00])?
///     .dates("opening_as_of", ["2025-11-30".parse()?])?
///     .dates("as_of", ["2025-12-31".parse()?])?;
/// let outcome = abaco_calculators::excess_spread().evaluate(&tape.to_batch(Width::Decimal64)?)?;
/// assert_eq!(outcome.value().map(|value| value.to_string()).as_deref(), Some("8.00"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// abaco catalogue.
pub fn excess_spread() -> FormulaKpi {
    let spec = KpiSpec::new("excess_spread", "Excess spread, annualised", Unit::Percent)
        .direction(Direction::HigherIsBetter)
        .convention(
            "cash yield less net charge-offs, funding and servicing; simple, over the mean of opening \
             and closing balance",
        )
        .family(FAMILY)
        .reference("abaco catalogue");
    let cost = |amount| per_year(sum(amount).into());
    let losses = net_chargeoff_annualised().formula();
    FormulaKpi::new(
        spec.annualised(),
        cash_yield().formula() - losses - cost("funding_cost") - cost("servicing_cost"),
    )
}
