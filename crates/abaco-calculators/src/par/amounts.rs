//! Amounts, loans and obligors at risk: what stands beside the shares of the balance.

use abaco_kpi::{Direction, Formula, FormulaKpi, KpiSpec, Unit, by_key, case, col, count, sum};

use super::FAMILY;
use crate::terms::{balance, is_active, of_key};

/// The balance at risk from `days` days past due; the catalogue has 1, 7, 30, 60 and 90.
///
/// # What it measures
/// The numerator of [`par_ge`](crate::par_ge)`(days)`, as an amount.
///
/// # Formula
/// `SUM(outstanding_balance) FILTER (WHERE dpd >= 30)`
///
/// # Unit and rounding
/// Currency of the tape, 2 places, half away from zero.
///
/// # Undefined when
/// There are no rows, or the balance is NULL on every row at risk. Without a row at risk it is 0.
///
/// # Example
/// ```
/// use abaco_engine::Evaluate;
/// use abaco_testkit::{Tape, Width};
///
/// let tape = Tape::new()
///     .integers("dpd", [0, 30, 31])?
///     .money("outstanding_balance", [50_00, 30_00, 20_00])?;
/// let outcome = abaco_calculators::par_balance(30).evaluate(&tape.to_batch(Width::Decimal64)?)?;
/// assert_eq!(outcome.value().map(|value| value.to_string()).as_deref(), Some("50.00"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// The numerator of [`par_ge`](crate::par_ge): lender and marketplace tapes, such as dv01's.
pub fn par_balance(days: u16) -> FormulaKpi {
    FormulaKpi::new(
        KpiSpec::new(
            format!("par_balance_{days}"),
            format!("Balance at risk, {days} {} or more", super::plural(days)),
            Unit::Currency,
        )
        .direction(Direction::LowerIsBetter)
        .convention(format!("dpd >= {days}, written-off excluded"))
        .family(FAMILY)
        .reference("lender loan tapes (dv01): a loan is delinquent from the n-th day past due"),
        balance().filter(col("dpd").ge(i64::from(days))),
    )
}

/// Loans at risk beyond `days` days past due; the catalogue has 30 and 90.
///
/// # What it measures
/// The share of the active loans, by number, that are more than `days` days past due: a risk that sits in many
/// small loans shows here before it shows in the balance.
///
/// # Formula
/// `100 * COUNT(*) FILTER (WHERE dpd > 30 AND outstanding_balance > 0) / COUNT(*) FILTER (WHERE outstanding_balance > 0)`
///
/// # Unit and rounding
/// Percent, 2 places, half away from zero.
///
/// # Undefined when
/// There are no rows, or no loan has a balance.
///
/// # Example
/// ```
/// use abaco_engine::Evaluate;
/// use abaco_testkit::{Tape, Width};
///
/// let tape = Tape::new()
///     .integers("dpd", [0, 30, 31, 95])?
///     .money("outstanding_balance", [50_00, 30_00, 20_00, 0])?;
/// let outcome = abaco_calculators::lar_gt(30).evaluate(&tape.to_batch(Width::Decimal64)?)?;
/// assert_eq!(outcome.value().map(|value| value.to_string()).as_deref(), Some("33.33"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// CGAP, *Measuring Results of Microfinance Institutions: Minimum Indicators*: loans at risk.
pub fn lar_gt(days: u16) -> FormulaKpi {
    let at_risk = col("dpd").gt(i64::from(days)).and(is_active());
    FormulaKpi::new(
        KpiSpec::new(
            format!("lar_gt_{days}"),
            format!("Loans at risk, more than {days} {}", super::plural(days)),
            Unit::Percent,
        )
        .direction(Direction::LowerIsBetter)
        .convention(format!("loans with dpd > {days} of loans with a balance, by number"))
        .family(FAMILY)
        .reference("CGAP, Measuring Results of Microfinance Institutions: Minimum Indicators: loans at risk"),
        100 * count().filter(at_risk) / count().filter(is_active()),
    )
}

/// Overdue instalments in relation to the outstanding balance.
///
/// # What it measures
/// The overdue part of the balance, not the whole balance of the loans that are overdue: always at most the
/// portfolio at risk, and far below it where instalments are many.
///
/// # Formula
/// `100 * SUM(past_due_amount) / SUM(outstanding_balance)`
///
/// # Unit and rounding
/// Percent, 2 places, half away from zero.
///
/// # Undefined when
/// There are no rows, a column is NULL on every row, or the balance sums to zero.
///
/// # Example
/// ```
/// use abaco_engine::Evaluate;
/// use abaco_testkit::{Tape, Width};
///
/// let tape = Tape::new()
///     .money("past_due_amount", [0, 5_00])?
///     .money("outstanding_balance", [60_00, 40_00])?;
/// let outcome = abaco_calculators::arrears_rate().evaluate(&tape.to_batch(Width::Decimal64)?)?;
/// assert_eq!(outcome.value().map(|value| value.to_string()).as_deref(), Some("5.00"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// CGAP Occasional Paper 3, *Measuring Microcredit Delinquency: Ratios Can Be Harmful to Your Health*.
pub fn arrears_rate() -> FormulaKpi {
    FormulaKpi::new(
        KpiSpec::new("arrears_rate", "Arrears rate", Unit::Percent)
            .direction(Direction::LowerIsBetter)
            .convention("the overdue part of the balance over the balance; some systems call it PAR")
            .family(FAMILY)
            .reference("CGAP Occasional Paper 3, Measuring Microcredit Delinquency: arrears rate"),
        100 * sum("past_due_amount") / balance(),
    )
}

/// Portfolio at risk from 30 days past due, each borrower at the worst of its loans.
///
/// # What it measures
/// The share of the balance that is owed by borrowers with any loan 30 days past due or more, a written-off one
/// included. Loans without a borrower count as one borrower's.
///
/// # Formula
/// `100 * (SELECT SUM(LEAST(overdue, 1) * balance) FROM (SELECT SUM(CASE WHEN dpd >= 30 THEN 1 ELSE 0 END) AS overdue, SUM(outstanding_balance) AS balance FROM tape GROUP BY borrower_id)) / SUM(outstanding_balance)`
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
///     .texts("borrower_id", ["a", "a", "b"])?
///     .integers("dpd", [0, 30, 29])?
///     .money("outstanding_balance", [50_00, 10_00, 40_00])?;
/// let outcome = abaco_calculators::par_obligor_30().evaluate(&tape.to_batch(Width::Decimal64)?)?;
/// assert_eq!(outcome.value().map(|value| value.to_string()).as_deref(), Some("60.00"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// abaco catalogue; [`par_ge`](crate::par_ge)`(30)` with the arrears of one loan drawn over its borrower.
pub fn par_obligor_30() -> FormulaKpi {
    let overdue = case(col("dpd").ge(30), 1).otherwise(0);
    let at_risk: Formula = by_key("borrower_id")
        .sum("overdue", overdue)
        .sum("balance", "outstanding_balance")
        .reduce(of_key("overdue").at_most(1) * of_key("balance"));
    FormulaKpi::new(
        KpiSpec::new("par_obligor_30", "Portfolio at risk by borrower, 30 days or more", Unit::Percent)
            .direction(Direction::LowerIsBetter)
            .convention("all loans of a borrower with any loan at dpd >= 30, written-off excluded")
            .family(FAMILY)
            .reference("abaco catalogue: par_ge_30 with every loan at its borrower's worst dpd"),
        100 * at_risk / balance(),
    )
}

#[cfg(test)]
mod tests {
    use abaco_kpi::Kpi;

    use super::*;

    #[test]
    fn formulas_print_as_documented() {
        let documented = [
            (par_balance(30), "SUM(outstanding_balance) FILTER (WHERE dpd >= 30)"),
            (
                lar_gt(30),
                "100 * COUNT(*) FILTER (WHERE dpd > 30 AND outstanding_balance > 0) / COUNT(*) FILTER (WHERE outstanding_balance > 0)",
            ),
            (arrears_rate(), "100 * SUM(past_due_amount) / SUM(outstanding_balance)"),
            (
                par_obligor_30(),
                "100 * (SELECT SUM(LEAST(overdue, 1) * balance) FROM (SELECT SUM(CASE WHEN dpd >= 30 THEN 1 ELSE 0 END) AS overdue, SUM(outstanding_balance) AS balance FROM tape GROUP BY borrower_id)) / SUM(outstanding_balance)",
            ),
        ];
        for (kpi, formula) in documented {
            assert_eq!(kpi.formula().to_string(), formula, "{}", kpi.spec().id);
        }
    }
}
