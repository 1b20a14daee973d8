//! Impairment: IFRS 9 stages by the backstop of days, and what stands behind the arrears.
//!
//! The stages here are those that days past due alone would give. A lender's own staging also looks at a significant
//! increase of credit risk and at the likelihood of payment; it is never below this one unless the backstop was rebutted.

use abaco_kpi::{Direction, FormulaKpi, KpiSpec, Unit, col, sum};

use crate::panel::{average_balance, days};
use crate::terms::{balance, non_performing, share_of_balance};

const FAMILY: &str = "staging";

/// A stage of IFRS 9.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stage {
    /// Performing.
    One,
    /// A significant increase of credit risk.
    Two,
    /// Credit-impaired.
    Three,
}

/// The share of the balance in an IFRS 9 stage by the days-past-due backstop alone.
///
/// # What it measures
/// Stage 1 up to 30 days past due, stage 2 from 31 to 90, stage 3 beyond 90. A loan with an unknown `dpd` is in
/// no stage, so that the three shares of a tape with unknown days add up to less than 100.
///
/// # Formula
/// `100 * SUM(outstanding_balance) FILTER (WHERE dpd > 30 AND dpd <= 90) / SUM(outstanding_balance)`
///
/// # Unit and rounding
/// Percent, 2 places, half away from zero.
///
/// # Undefined when
/// There are no rows, the balance is NULL on every row or on every row of the stage, or it sums to zero.
///
/// # Example
/// ```
/// use abaco_calculators::{Stage, ifrs_stage_share};
/// use abaco_engine::Evaluate;
/// use abaco_testkit::{Tape, Width};
///
/// let tape = Tape::new()
///     .integers("dpd", [30, 31, 90, 91])?
///     .money("outstanding_balance", [70_00, 10_00, 15_00, 5_00])?;
/// let outcome = ifrs_stage_share(Stage::Two).evaluate(&tape.to_batch(Width::Decimal64)?)?;
/// assert_eq!(outcome.value().map(|value| value.to_string()).as_deref(), Some("25.00"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// IFRS 9, 5.5.11: the presumption at 30 days; B5.5.37: the presumption at 90 days.
pub fn ifrs_stage_share(stage: Stage) -> FormulaKpi {
    let dpd = || col("dpd");
    let (number, within, convention, direction) = match stage {
        Stage::One => (1, dpd().le(30), "dpd <= 30", Direction::HigherIsBetter),
        Stage::Two => (2, dpd().gt(30).and(dpd().le(90)), "30 < dpd <= 90", Direction::LowerIsBetter),
        Stage::Three => (3, dpd().gt(90), "dpd > 90", Direction::LowerIsBetter),
    };
    FormulaKpi::new(
        KpiSpec::new(
            format!("ifrs_stage_share_{number}"),
            format!("IFRS 9 stage {number}, days-past-due backstop only"),
            Unit::Percent,
        )
        .direction(direction)
        .convention(format!("{convention}; no other sign of credit risk; written-off excluded"))
        .family(FAMILY)
        .reference("IFRS 9, 5.5.11: significant increase of credit risk presumed beyond 30 days")
        .reference("IFRS 9, B5.5.37: default presumed no later than 90 days"),
        share_of_balance(within),
    )
}

/// The loss allowance in relation to the portfolio at risk beyond 30 days.
///
/// # What it measures
/// How much of the balance at risk has already been provided for. The allowance is that of the whole portfolio.
///
/// # Formula
/// `100 * SUM(allowance) / SUM(outstanding_balance) FILTER (WHERE dpd > 30)`
///
/// # Unit and rounding
/// Percent, 2 places, half away from zero.
///
/// # Undefined when
/// There are no rows, the allowance is NULL on every row, the balance is NULL on every row at risk, or nothing
/// is at risk.
///
/// # Example
/// ```
/// use abaco_engine::Evaluate;
/// use abaco_testkit::{Tape, Width};
///
/// let tape = Tape::new()
///     .integers("dpd", [0, 31])?
///     .money("outstanding_balance", [90_00, 10_00])?
///     .money("allowance", [1_00, 7_00])?;
/// let outcome = abaco_calculators::risk_coverage().evaluate(&tape.to_batch(Width::Decimal64)?)?;
/// assert_eq!(outcome.value().map(|value| value.to_string()).as_deref(), Some("80.00"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// CGAP, *Microfinance Consensus Guidelines*: risk coverage ratio.
pub fn risk_coverage() -> FormulaKpi {
    FormulaKpi::new(
        KpiSpec::new("risk_coverage", "Risk coverage", Unit::Percent)
            .direction(Direction::HigherIsBetter)
            .convention("allowance of the whole portfolio over balance at dpd > 30")
            .family(FAMILY)
            .reference("CGAP, Microfinance Consensus Guidelines: risk coverage ratio"),
        100 * sum("allowance") / balance().filter(col("dpd").gt(30)),
    )
}

/// The loss allowance in relation to the non-performing balance.
///
/// # What it measures
/// How much of the non-performing loans of [`npl_90`](crate::npl_90) has been provided for. The allowance is
/// that of the whole portfolio, so the ratio may pass 100.
///
/// # Formula
/// `100 * SUM(allowance) / SUM(outstanding_balance) FILTER (WHERE dpd > 90 OR is_unlikely_to_pay)`
///
/// # Unit and rounding
/// Percent, 2 places, half away from zero.
///
/// # Undefined when
/// There are no rows, the allowance is NULL on every row, the balance is NULL on every non-performing row, or
/// nothing is non-performing.
///
/// # Example
/// ```
/// use abaco_engine::Evaluate;
/// use abaco_testkit::{Tape, Width};
///
/// let tape = Tape::new()
///     .integers("dpd", [0, 91])?
///     .booleans("is_unlikely_to_pay", [false, false])?
///     .money("outstanding_balance", [90_00, 10_00])?
///     .money("allowance", [1_00, 5_00])?;
/// let outcome = abaco_calculators::npl_coverage().evaluate(&tape.to_batch(Width::Decimal64)?)?;
/// assert_eq!(outcome.value().map(|value| value.to_string()).as_deref(), Some("60.00"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// abaco catalogue: allowance of the whole portfolio over the balance of [`npl_90`](crate::npl_90).
pub fn npl_coverage() -> FormulaKpi {
    FormulaKpi::new(
        KpiSpec::new("npl_coverage", "Coverage of non-performing loans", Unit::Percent)
            .direction(Direction::HigherIsBetter)
            .convention("allowance of the whole portfolio over balance at dpd > 90 or unlikely to pay")
            .family(FAMILY)
            .reference("abaco catalogue: allowance over the balance of npl_90"),
        100 * sum("allowance") / balance().filter(non_performing()),
    )
}

/// The expected loss: probability of default, loss given default and exposure, multiplied loan by loan.
///
/// # What it measures
/// The loss to be expected over the horizon of `pd`. A loan without one of the three adds nothing.
///
/// # Formula
/// `SUM(pd * lgd * ead)`
///
/// # Unit and rounding
/// Currency of the tape, 2 places, half away from zero.
///
/// # Undefined when
/// There are no rows, or no row has all three.
///
/// # Example
/// ```
/// use abaco_engine::Evaluate;
/// use abaco_testkit::{Cell, CellType, Tape, Width};
///
/// let tape = Tape::new()
///     .column("pd", CellType::RATE, [Cell::Number(20_000), Cell::Number(500_000)])?
///     .column("lgd", CellType::RATE, [Cell::Number(450_000), Cell::Number(450_000)])?
///     .money("ead", [1_000_00, 100_00])?;
/// let outcome = abaco_calculators::expected_loss().evaluate(&tape.to_batch(Width::Decimal64)?)?;
/// assert_eq!(outcome.value().map(|value| value.to_string()).as_deref(), Some("31.50"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// Basel Committee on Banking Supervision: expected loss as PD x LGD x EAD.
pub fn expected_loss() -> FormulaKpi {
    FormulaKpi::new(
        KpiSpec::new("expected_loss", "Expected loss", Unit::Currency)
            .direction(Direction::LowerIsBetter)
            .convention("pd x lgd x ead of each loan, summed; not discounted")
            .family(FAMILY)
            .reference("Basel Committee on Banking Supervision: expected loss as PD x LGD x EAD"),
        sum(col("pd") * col("lgd") * col("ead")),
    )
}

/// The impairment charge of the period in relation to the average balance, per year.
///
/// # What it measures
/// What the period's new impairment would cost in a year, for each unit lent. Simple annualisation over the
/// days of the period; the average is that of opening and closing balance.
///
/// # Formula
/// `100 * SUM(impairment) / ((SUM(opening_balance) + SUM(outstanding_balance)) / 2) * 365 / MAX(DAYS_BETWEEN(opening_as_of, as_of))`
///
/// # Unit and rounding
/// Percent, 2 places, half away from zero.
///
/// # Undefined when
/// There are no rows, one of the columns is NULL on every row, the average balance is zero, or the period has
/// no days.
///
/// # Example
/// ```
/// use abaco_engine::Evaluate;
/// use abaco_testkit::{Tape, Width};
///
/// let tape = Tape::new()
///     .dates("opening_as_of", ["2024-12-31".parse()?])?
///     .dates("as_of", ["2025-03-14".parse()?])?
///     .money("opening_balance", [900_00])?
///     .money("outstanding_balance", [1_100_00])?
///     .money("impairment", [4_00])?;
/// let outcome = abaco_calculators::cost_of_risk().evaluate(&tape.to_batch(Width::Decimal64)?)?;
/// assert_eq!(outcome.value().map(|value| value.to_string()).as_deref(), Some("2.00"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// abaco catalogue: impairment over average balance, times 365 over the days of the period.
pub fn cost_of_risk() -> FormulaKpi {
    FormulaKpi::new(
        KpiSpec::new("cost_of_risk", "Cost of risk, per year", Unit::Percent)
            .direction(Direction::LowerIsBetter)
            .convention("impairment over the mean of opening and closing balance, simple * 365 / days")
            .family(FAMILY)
            .annualised()
            .reference("abaco catalogue: impairment over average balance, annualised"),
        100 * sum("impairment") / average_balance() * 365 / days(),
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
                ifrs_stage_share(Stage::Two),
                "100 * SUM(outstanding_balance) FILTER (WHERE dpd > 30 AND dpd <= 90) / SUM(outstanding_balance)",
            ),
            (risk_coverage(), "100 * SUM(allowance) / SUM(outstanding_balance) FILTER (WHERE dpd > 30)"),
            (
                npl_coverage(),
                "100 * SUM(allowance) / SUM(outstanding_balance) FILTER (WHERE dpd > 90 OR is_unlikely_to_pay)",
            ),
            (expected_loss(), "SUM(pd * lgd * ead)"),
            (
                cost_of_risk(),
                "100 * SUM(impairment) / ((SUM(opening_balance) + SUM(outstanding_balance)) / 2) * 365 / MAX(DAYS_BETWEEN(opening_as_of, as_of))",
            ),
        ];
        for (kpi, formula) in documented {
            assert_eq!(kpi.formula().to_string(), formula, "{}", kpi.spec().id);
        }
    }
}
