//! Mean terms of the portfolio, by balance and by loan.

use abaco_kpi::{Direction, Formula, FormulaKpi, KpiSpec, Rounding, Unit, count_of, days_between, sum};

use super::FAMILY;
use crate::terms::{is_active, weighted_by_balance};

/// The weighted average coupon: the mean annual rate, by balance.
///
/// # What it measures
/// The contractual rate that the outstanding balance earns.
///
/// # Formula
/// `100 * (SUM(annual_rate * outstanding_balance) / SUM(outstanding_balance) FILTER (WHERE NOT (annual_rate IS NULL)))`
///
/// # Unit and rounding
/// Percent a year, 4 places, half away from zero.
///
/// # Undefined when
/// There are no rows, no row has both a rate and a balance, or the balance of those that do sums to zero.
///
/// # Example
/// ```
/// use abaco_engine::Evaluate;
/// use abaco_testkit::{Cell, CellType, Tape, Width};
///
/// let tape = Tape::new()
///     .column("annual_rate", CellType::RATE, [Cell::Number(360_000), Cell::Number(240_000)])?
///     .money("outstanding_balance", [75_00, 25_00])?;
/// let outcome = abaco_calculators::wac().evaluate(&tape.to_batch(Width::Decimal64)?)?;
/// assert_eq!(outcome.value().map(|value| value.to_string()).as_deref(), Some("33.0000"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// abaco catalogue: annual rate weighted by outstanding balance.
pub fn wac() -> FormulaKpi {
    let spec = KpiSpec::new("wac", "Weighted average coupon", Unit::Percent)
        .rounding(Rounding::half_away(4))
        .convention("annual rate weighted by outstanding balance, over loans with a rate");
    by_balance(spec, 100 * weighted_by_balance("annual_rate"))
}

/// The weighted average maturity: the mean days from the snapshot to maturity, by balance.
///
/// # What it measures
/// How long the balance has still to run. A loan past its maturity counts with the days since, below zero.
///
/// # Formula
/// `SUM(DAYS_BETWEEN(as_of, maturity_date) * outstanding_balance) / SUM(outstanding_balance) FILTER (WHERE NOT (DAYS_BETWEEN(as_of, maturity_date) IS NULL))`
///
/// # Unit and rounding
/// Days, 2 places, half away from zero.
///
/// # Undefined when
/// There are no rows, no row has both a maturity and a balance, or the balance of those that do sums to zero.
///
/// # Example
/// ```
/// use abaco_engine::Evaluate;
/// use abaco_testkit::{Tape, Width};
///
/// let tape = Tape::new()
///     .dates("as_of", ["2025-11-30".parse()?, "2025-11-30".parse()?])?
///     .dates("maturity_date", ["2025-12-30".parse()?, "2025-11-20".parse()?])?
///     .money("outstanding_balance", [75_00, 25_00])?;
/// let outcome = abaco_calculators::wam().evaluate(&tape.to_batch(Width::Decimal64)?)?;
/// assert_eq!(outcome.value().map(|value| value.to_string()).as_deref(), Some("20.00"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// abaco catalogue: remaining days weighted by outstanding balance.
pub fn wam() -> FormulaKpi {
    let spec = KpiSpec::new("wam", "Weighted average maturity", Unit::Days)
        .rounding(Rounding::half_away(2))
        .convention(
            "days from as_of to maturity_date, below zero past maturity, weighted by outstanding balance",
        );
    by_balance(spec, weighted_by_balance(days_between("as_of", "maturity_date")))
}

/// The weighted average loan age: the mean days from disbursement to the snapshot, by balance.
///
/// # What it measures
/// How seasoned the balance is.
///
/// # Formula
/// `SUM(DAYS_BETWEEN(origination_date, as_of) * outstanding_balance) / SUM(outstanding_balance) FILTER (WHERE NOT (DAYS_BETWEEN(origination_date, as_of) IS NULL))`
///
/// # Unit and rounding
/// Days, 2 places, half away from zero.
///
/// # Undefined when
/// There are no rows, no row has both an origination date and a balance, or the balance of those that do sums
/// to zero.
///
/// # Example
/// ```
/// use abaco_engine::Evaluate;
/// use abaco_testkit::{Tape, Width};
///
/// let tape = Tape::new()
///     .dates("as_of", ["2025-11-30".parse()?, "2025-11-30".parse()?])?
///     .dates("origination_date", ["2025-11-20".parse()?, "2025-10-31".parse()?])?
///     .money("outstanding_balance", [75_00, 25_00])?;
/// let outcome = abaco_calculators::wala().evaluate(&tape.to_batch(Width::Decimal64)?)?;
/// assert_eq!(outcome.value().map(|value| value.to_string()).as_deref(), Some("15.00"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// abaco catalogue: age in days weighted by outstanding balance.
pub fn wala() -> FormulaKpi {
    let spec = KpiSpec::new("wala", "Weighted average loan age", Unit::Days)
        .rounding(Rounding::half_away(2))
        .convention("days from origination_date to as_of, weighted by outstanding balance");
    by_balance(spec, weighted_by_balance(days_between("origination_date", "as_of")))
}

/// The weighted average tenor: the mean contractual term, by balance.
///
/// # What it measures
/// The term as agreed, whatever of it is over.
///
/// # Formula
/// `SUM(term_days * outstanding_balance) / SUM(outstanding_balance) FILTER (WHERE NOT (term_days IS NULL))`
///
/// # Unit and rounding
/// Days, 2 places, half away from zero.
///
/// # Undefined when
/// There are no rows, no row has both a term and a balance, or the balance of those that do sums to zero.
///
/// # Example
/// ```
/// use abaco_engine::Evaluate;
/// use abaco_testkit::{Tape, Width};
///
/// let tape = Tape::new().integers("term_days", [30, 90])?.money("outstanding_balance", [75_00, 25_00])?;
/// let outcome = abaco_calculators::wa_tenor().evaluate(&tape.to_batch(Width::Decimal64)?)?;
/// assert_eq!(outcome.value().map(|value| value.to_string()).as_deref(), Some("45.00"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// abaco catalogue: contractual term weighted by outstanding balance.
pub fn wa_tenor() -> FormulaKpi {
    let spec = KpiSpec::new("wa_tenor", "Weighted average tenor", Unit::Days)
        .rounding(Rounding::half_away(2))
        .convention("contractual term in days weighted by outstanding balance");
    by_balance(spec, weighted_by_balance("term_days"))
}

/// The weighted average loan to value.
///
/// # What it measures
/// The mean of the loans' ratios of loan to collateral, by balance.
///
/// # Formula
/// `100 * (SUM(ltv * outstanding_balance) / SUM(outstanding_balance) FILTER (WHERE NOT (ltv IS NULL)))`
///
/// # Unit and rounding
/// Percent, 2 places, half away from zero.
///
/// # Undefined when
/// There are no rows, no row has both a loan to value and a balance, or the balance of those that do sums to
/// zero.
///
/// # Example
/// ```
/// use abaco_engine::Evaluate;
/// use abaco_testkit::{Cell, CellType, Tape, Width};
///
/// let tape = Tape::new()
///     .column("ltv", CellType::RATE, [Cell::Number(500_000), Cell::Number(900_000)])?
///     .money("outstanding_balance", [75_00, 25_00])?;
/// let outcome = abaco_calculators::wa_ltv().evaluate(&tape.to_batch(Width::Decimal64)?)?;
/// assert_eq!(outcome.value().map(|value| value.to_string()).as_deref(), Some("60.00"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// abaco catalogue: loan to value weighted by outstanding balance.
pub fn wa_ltv() -> FormulaKpi {
    let spec = KpiSpec::new("wa_ltv", "Weighted average loan to value", Unit::Percent)
        .direction(Direction::LowerIsBetter)
        .convention("ltv of the tape weighted by outstanding balance, over loans that have one");
    by_balance(spec, 100 * weighted_by_balance("ltv"))
}

/// The weighted average debt to income.
///
/// # What it measures
/// The mean of the borrowers' ratios of debt service to income, by balance.
///
/// # Formula
/// `100 * (SUM(dti * outstanding_balance) / SUM(outstanding_balance) FILTER (WHERE NOT (dti IS NULL)))`
///
/// # Unit and rounding
/// Percent, 2 places, half away from zero.
///
/// # Undefined when
/// There are no rows, no row has both a debt to income and a balance, or the balance of those that do sums to
/// zero.
///
/// # Example
/// ```
/// use abaco_engine::Evaluate;
/// use abaco_testkit::{Cell, CellType, Tape, Width};
///
/// let tape = Tape::new()
///     .column("dti", CellType::RATE, [Cell::Number(300_000), Cell::Number(500_000)])?
///     .money("outstanding_balance", [75_00, 25_00])?;
/// let outcome = abaco_calculators::wa_dti().evaluate(&tape.to_batch(Width::Decimal64)?)?;
/// assert_eq!(outcome.value().map(|value| value.to_string()).as_deref(), Some("35.00"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// abaco catalogue: debt to income weighted by outstanding balance.
pub fn wa_dti() -> FormulaKpi {
    let spec = KpiSpec::new("wa_dti", "Weighted average debt to income", Unit::Percent)
        .direction(Direction::LowerIsBetter)
        .convention("dti of the tape weighted by outstanding balance, over loans that have one");
    by_balance(spec, 100 * weighted_by_balance("dti"))
}

/// The mean loan to value, each active loan alike.
///
/// # What it measures
/// The average of ratios, which is not the ratio of sums: a small loan weighs as much as a large one. Each
/// ratio is taken as the tape gives it, a fraction of 6 places unless the contract says otherwise.
///
/// # Formula
/// `100 * SUM(ltv) FILTER (WHERE outstanding_balance > 0) / COUNT(ltv) FILTER (WHERE outstanding_balance > 0)`
///
/// # Unit and rounding
/// Percent, 2 places, half away from zero.
///
/// # Undefined when
/// There are no rows, or no active loan has a loan to value.
///
/// # Example
/// ```
/// use abaco_engine::Evaluate;
/// use abaco_testkit::{Cell, CellType, Tape, Width};
///
/// let tape = Tape::new()
///     .column("ltv", CellType::RATE, [Cell::Number(500_000), Cell::Number(900_000)])?
///     .money("outstanding_balance", [75_00, 25_00])?;
/// let outcome = abaco_calculators::mean_ltv().evaluate(&tape.to_batch(Width::Decimal64)?)?;
/// assert_eq!(outcome.value().map(|value| value.to_string()).as_deref(), Some("70.00"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// abaco catalogue: mean of the ratios of active loans.
pub fn mean_ltv() -> FormulaKpi {
    mean_of("ltv", KpiSpec::new("mean_ltv", "Mean loan to value", Unit::Percent))
}

/// The mean debt to income, each active loan alike.
///
/// # What it measures
/// The average of ratios, which is not the ratio of sums: a small loan weighs as much as a large one. Each
/// ratio is taken as the tape gives it, a fraction of 6 places unless the contract says otherwise.
///
/// # Formula
/// `100 * SUM(dti) FILTER (WHERE outstanding_balance > 0) / COUNT(dti) FILTER (WHERE outstanding_balance > 0)`
///
/// # Unit and rounding
/// Percent, 2 places, half away from zero.
///
/// # Undefined when
/// There are no rows, or no active loan has a debt to income.
///
/// # Example
/// ```
/// use abaco_engine::Evaluate;
/// use abaco_testkit::{Cell, CellType, Tape, Width};
///
/// let tape = Tape::new()
///     .column("dti", CellType::RATE, [Cell::Number(300_000), Cell::Number(500_000)])?
///     .money("outstanding_balance", [75_00, 0])?;
/// let outcome = abaco_calculators::mean_dti().evaluate(&tape.to_batch(Width::Decimal64)?)?;
/// assert_eq!(outcome.value().map(|value| value.to_string()).as_deref(), Some("30.00"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// abaco catalogue: mean of the ratios of active loans.
pub fn mean_dti() -> FormulaKpi {
    mean_of("dti", KpiSpec::new("mean_dti", "Mean debt to income", Unit::Percent))
}

fn by_balance(spec: KpiSpec, formula: Formula) -> FormulaKpi {
    FormulaKpi::new(
        spec.family(FAMILY).reference("abaco catalogue: weighted by outstanding balance"),
        formula,
    )
}

fn mean_of(column: &'static str, spec: KpiSpec) -> FormulaKpi {
    FormulaKpi::new(
        spec.direction(Direction::LowerIsBetter)
            .convention(format!(
                "mean of the tape's {column}, 6 places each, over active loans that have one"
            ))
            .family(FAMILY)
            .reference("abaco catalogue: mean of ratios, not ratio of sums"),
        100 * sum(column).filter(is_active()) / count_of(column).filter(is_active()),
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
                wac(),
                "100 * (SUM(annual_rate * outstanding_balance) / SUM(outstanding_balance) FILTER (WHERE NOT (annual_rate IS NULL)))",
            ),
            (
                wam(),
                "SUM(DAYS_BETWEEN(as_of, maturity_date) * outstanding_balance) / SUM(outstanding_balance) FILTER (WHERE NOT (DAYS_BETWEEN(as_of, maturity_date) IS NULL))",
            ),
            (
                wala(),
                "SUM(DAYS_BETWEEN(origination_date, as_of) * outstanding_balance) / SUM(outstanding_balance) FILTER (WHERE NOT (DAYS_BETWEEN(origination_date, as_of) IS NULL))",
            ),
            (
                wa_tenor(),
                "SUM(term_days * outstanding_balance) / SUM(outstanding_balance) FILTER (WHERE NOT (term_days IS NULL))",
            ),
            (
                wa_ltv(),
                "100 * (SUM(ltv * outstanding_balance) / SUM(outstanding_balance) FILTER (WHERE NOT (ltv IS NULL)))",
            ),
            (
                wa_dti(),
                "100 * (SUM(dti * outstanding_balance) / SUM(outstanding_balance) FILTER (WHERE NOT (dti IS NULL)))",
            ),
            (
                mean_ltv(),
                "100 * SUM(ltv) FILTER (WHERE outstanding_balance > 0) / COUNT(ltv) FILTER (WHERE outstanding_balance > 0)",
            ),
            (
                mean_dti(),
                "100 * SUM(dti) FILTER (WHERE outstanding_balance > 0) / COUNT(dti) FILTER (WHERE outstanding_balance > 0)",
            ),
        ];
        for (kpi, formula) in documented {
            assert_eq!(kpi.formula().to_string(), formula, "{}", kpi.spec().id);
        }
    }
}
