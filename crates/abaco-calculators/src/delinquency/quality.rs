//! Loans that are impaired, eased or that never began to pay.

use abaco_kpi::{Basis, Direction, FormulaKpi, KpiSpec, Unit, col, days_between, sum};

use super::FAMILY;
use crate::terms::{non_performing, share_of_balance};

/// The share of the balance in non-performing loans.
///
/// # What it measures
/// Loans more than 90 days past due, or whose full payment is judged unlikely, each counted once.
///
/// # Formula
/// `100 * SUM(outstanding_balance) FILTER (WHERE dpd > 90 OR is_unlikely_to_pay) / SUM(outstanding_balance)`
///
/// # Unit and rounding
/// Percent, 2 places, half away from zero.
///
/// # Undefined when
/// There are no rows, the balance is NULL on every row or on every non-performing row, or it sums to zero.
///
/// # Example
/// ```
/// use abaco_engine::Evaluate;
/// use abaco_testkit::{Tape, Width};
///
/// let tape = Tape::new()
///     .integers("dpd", [90, 91, 0])?
///     .booleans("is_unlikely_to_pay", [false, false, true])?
///     .money("outstanding_balance", [80_00, 15_00, 5_00])?;
/// let outcome = abaco_calculators::npl_90().evaluate(&tape.to_batch(Width::Decimal64)?)?;
/// assert_eq!(outcome.value().map(|value| value.to_string()).as_deref(), Some("20.00"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// Regulation (EU) No 575/2013 (CRR), Article 47a; EBA/GL/2016/07 on the definition of default.
pub fn npl_90() -> FormulaKpi {
    FormulaKpi::new(
        percent(
            "npl_90",
            "Non-performing loans",
            "dpd > 90 or unlikely to pay, counted once; written-off excluded",
        )
        .reference("Regulation (EU) No 575/2013 (CRR), Article 47a: non-performing exposures")
        .reference("EBA/GL/2016/07: definition of default"),
        share_of_balance(non_performing()),
    )
}

/// The share of a cohort's principal whose first instalment is unpaid 30 days after it was due.
///
/// # What it measures
/// Loans that never began to pay, a sign of fraud or of careless underwriting. A loan counts while its first
/// instalment is the oldest unpaid one, from 30 days after the due date on; read it at an age at which every
/// loan of the cohort is past that day.
///
/// # Formula
/// `100 * SUM(original_principal) FILTER (WHERE oldest_due_date = first_due_date AND DAYS_BETWEEN(first_due_date, as_of) >= 30) / SUM(original_principal)`
///
/// # Unit and rounding
/// Percent, 2 places, half away from zero.
///
/// # Undefined when
/// There are no rows, the principal is NULL on every row or on every defaulted row, or it sums to zero.
///
/// # Example
/// ```
/// use abaco_engine::Evaluate;
/// use abaco_testkit::{Tape, Width};
///
/// let tape = Tape::new()
///     .dates("first_due_date", ["2025-10-31".parse()?, "2025-10-31".parse()?])?
///     .dates("oldest_due_date", ["2025-10-31".parse()?, "2025-11-30".parse()?])?
///     .dates("as_of", ["2025-11-30".parse()?, "2025-11-30".parse()?])?
///     .money("original_principal", [10_00, 90_00])?;
/// let outcome = abaco_calculators::first_payment_default().evaluate(&tape.to_batch(Width::Decimal64)?)?;
/// assert_eq!(outcome.value().map(|value| value.to_string()).as_deref(), Some("10.00"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// abaco catalogue: 30 days, by principal of the cohort.
pub fn first_payment_default() -> FormulaKpi {
    let unpaid = col("oldest_due_date").eq("first_due_date");
    let late = days_between("first_due_date", "as_of").ge(30);
    let principal = || sum("original_principal");
    FormulaKpi::new(
        percent(
            "first_payment_default",
            "First payment default",
            "first instalment unpaid 30 days after it was due, by principal",
        )
        .over(Basis::Cohort)
        .reference("abaco catalogue: 30 days, by principal of the cohort"),
        100 * principal().filter(unpaid.and(late)) / principal(),
    )
}

/// The share of the balance whose terms were eased.
///
/// # What it measures
/// Restructured loans of any arrears: what the portfolio's punctuality may owe to concessions.
///
/// # Formula
/// `100 * SUM(outstanding_balance) FILTER (WHERE is_restructured) / SUM(outstanding_balance)`
///
/// # Unit and rounding
/// Percent, 2 places, half away from zero.
///
/// # Undefined when
/// There are no rows, the balance is NULL on every row or on every restructured row, or it sums to zero.
///
/// # Example
/// ```
/// use abaco_engine::Evaluate;
/// use abaco_testkit::{Tape, Width};
///
/// let tape = Tape::new()
///     .booleans("is_restructured", [true, false])?
///     .money("outstanding_balance", [12_00, 88_00])?;
/// let outcome = abaco_calculators::restructured_share().evaluate(&tape.to_batch(Width::Decimal64)?)?;
/// assert_eq!(outcome.value().map(|value| value.to_string()).as_deref(), Some("12.00"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// CGAP, *Microfinance Consensus Guidelines*: renegotiated portfolio.
pub fn restructured_share() -> FormulaKpi {
    FormulaKpi::new(
        percent(
            "restructured_share",
            "Restructured share",
            "restructured loans of any dpd; written-off excluded",
        )
        .reference("CGAP, Microfinance Consensus Guidelines: renegotiated portfolio"),
        share_of_balance(col("is_restructured").is_true()),
    )
}

/// The share of the balance whose maturity lies beyond the contractual term.
///
/// # What it measures
/// Loans whose maturity date is later than the origination date and the term in days: extended, whether anyone
/// called it a restructuring or not.
///
/// # Formula
/// `100 * SUM(outstanding_balance) FILTER (WHERE DAYS_BETWEEN(origination_date, maturity_date) > term_days) / SUM(outstanding_balance)`
///
/// # Unit and rounding
/// Percent, 2 places, half away from zero.
///
/// # Undefined when
/// There are no rows, the balance is NULL on every row or on every extended row, or it sums to zero.
///
/// # Example
/// ```
/// use abaco_engine::Evaluate;
/// use abaco_testkit::{Tape, Width};
///
/// let tape = Tape::new()
///     .dates("origination_date", ["2025-10-01".parse()?, "2025-10-01".parse()?])?
///     .dates("maturity_date", ["2025-10-31".parse()?, "2025-11-30".parse()?])?
///     .integers("term_days", [30, 30])?
///     .money("outstanding_balance", [80_00, 20_00])?;
/// let outcome = abaco_calculators::maturity_extension_share().evaluate(&tape.to_batch(Width::Decimal64)?)?;
/// assert_eq!(outcome.value().map(|value| value.to_string()).as_deref(), Some("20.00"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// abaco catalogue: maturity beyond origination plus term.
pub fn maturity_extension_share() -> FormulaKpi {
    let extended = days_between("origination_date", "maturity_date").gt("term_days");
    FormulaKpi::new(
        percent(
            "maturity_extension_share",
            "Extended maturities",
            "maturity later than origination plus term in days; written-off excluded",
        )
        .reference("abaco catalogue: maturity beyond origination plus term"),
        share_of_balance(extended),
    )
}

fn percent(id: &'static str, title: &'static str, convention: &'static str) -> KpiSpec {
    KpiSpec::new(id, title, Unit::Percent)
        .direction(Direction::LowerIsBetter)
        .convention(convention)
        .family(FAMILY)
}

#[cfg(test)]
mod tests {
    use abaco_kpi::Kpi;

    use super::*;

    #[test]
    fn formulas_print_as_documented() {
        let documented = [
            (
                npl_90(),
                "100 * SUM(outstanding_balance) FILTER (WHERE dpd > 90 OR is_unlikely_to_pay) / SUM(outstanding_balance)",
            ),
            (
                first_payment_default(),
                "100 * SUM(original_principal) FILTER (WHERE oldest_due_date = first_due_date AND DAYS_BETWEEN(first_due_date, as_of) >= 30) / SUM(original_principal)",
            ),
            (
                restructured_share(),
                "100 * SUM(outstanding_balance) FILTER (WHERE is_restructured) / SUM(outstanding_balance)",
            ),
            (
                maturity_extension_share(),
                "100 * SUM(outstanding_balance) FILTER (WHERE DAYS_BETWEEN(origination_date, maturity_date) > term_days) / SUM(outstanding_balance)",
            ),
        ];
        for (kpi, formula) in documented {
            assert_eq!(kpi.formula().to_string(), formula, "{}", kpi.spec().id);
        }
    }
}
