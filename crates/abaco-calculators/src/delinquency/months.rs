//! Delinquency by missed months, in the two methods of mortgage servicing.
//!
//! Both ask how many due dates have come since the oldest unpaid one. Under OTS a month is missed on the same day
//! of the next month, under MBA already the day before it: at a month end, loans due on the first differ by a whole
//! bucket.

use abaco_kpi::{Direction, FormulaKpi, KpiSpec, RowExpr, Unit, add_days, col, full_months_between};

use super::FAMILY;
use crate::terms::share_of_balance;

/// The share of the balance that is `months` or more months delinquent by the MBA method; 1, 2 and 3 are
/// `dq_mba_30`, `_60` and `_90`.
///
/// # What it measures
/// A loan is a month delinquent if an instalment is still unpaid at the end of the day before the next due
/// date. A loan without an `oldest_due_date` is not delinquent.
///
/// # Formula
/// `100 * SUM(outstanding_balance) FILTER (WHERE FULL_MONTHS_BETWEEN(oldest_due_date, ADD_DAYS(as_of, 1)) >= 1) / SUM(outstanding_balance)`
///
/// # Unit and rounding
/// Percent, 2 places, half away from zero.
///
/// # Undefined when
/// There are no rows, the balance is NULL on every row or on every delinquent row, or it sums to zero.
///
/// # Example
/// ```
/// use abaco_engine::Evaluate;
/// use abaco_testkit::{Tape, Width};
///
/// let tape = Tape::new()
///     .dates("oldest_due_date", ["2025-11-01".parse()?, "2025-12-01".parse()?])?
///     .dates("as_of", ["2025-11-30".parse()?, "2025-11-30".parse()?])?
///     .money("outstanding_balance", [25_00, 75_00])?;
/// let outcome = abaco_calculators::dq_mba(1).evaluate(&tape.to_batch(Width::Decimal64)?)?;
/// assert_eq!(outcome.value().map(|value| value.to_string()).as_deref(), Some("25.00"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// Mortgage Bankers Association method, as securitisations of mortgages describe it.
pub fn dq_mba(months: u16) -> FormulaKpi {
    by_months(
        ("mba", "MBA"),
        months,
        add_days("as_of", 1),
        "missed at the end of the day before the due date of the next month",
        "Mortgage Bankers Association method of delinquency",
    )
}

/// The share of the balance that is `months` or more months delinquent by the OTS method; 1, 2 and 3 are
/// `dq_ots_30`, `_60` and `_90`.
///
/// # What it measures
/// A loan is a month delinquent if an instalment is still unpaid at the close of the corresponding day of the
/// next month, which in a shorter month is its last day. A loan without an `oldest_due_date` is not delinquent.
///
/// # Formula
/// `100 * SUM(outstanding_balance) FILTER (WHERE FULL_MONTHS_BETWEEN(oldest_due_date, as_of) >= 1) / SUM(outstanding_balance)`
///
/// # Unit and rounding
/// Percent, 2 places, half away from zero.
///
/// # Undefined when
/// There are no rows, the balance is NULL on every row or on every delinquent row, or it sums to zero.
///
/// # Example
/// ```
/// use abaco_engine::Evaluate;
/// use abaco_testkit::{Tape, Width};
///
/// let tape = Tape::new()
///     .dates("oldest_due_date", ["2025-11-01".parse()?, "2025-10-30".parse()?])?
///     .dates("as_of", ["2025-11-30".parse()?, "2025-11-30".parse()?])?
///     .money("outstanding_balance", [25_00, 75_00])?;
/// let outcome = abaco_calculators::dq_ots(1).evaluate(&tape.to_batch(Width::Decimal64)?)?;
/// assert_eq!(outcome.value().map(|value| value.to_string()).as_deref(), Some("75.00"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// Office of Thrift Supervision method, as securitisations of mortgages describe it.
pub fn dq_ots(months: u16) -> FormulaKpi {
    by_months(
        ("ots", "OTS"),
        months,
        col("as_of"),
        "missed on the due date of the next month",
        "Office of Thrift Supervision method of delinquency",
    )
}

fn by_months(
    (name, title): (&str, &str),
    months: u16,
    until: RowExpr,
    convention: &str,
    reference: &'static str,
) -> FormulaKpi {
    let days = 30 * u32::from(months);
    let missed = full_months_between("oldest_due_date", until).ge(i64::from(months));
    FormulaKpi::new(
        KpiSpec::new(
            format!("dq_{name}_{days}"),
            format!("Share of balance, {days} days delinquent or more by the {title} method"),
            Unit::Percent,
        )
        .direction(Direction::LowerIsBetter)
        .convention(format!("calendar months, one {convention}; written-off excluded"))
        .family(FAMILY)
        .reference(reference),
        share_of_balance(missed),
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
                dq_mba(1),
                "100 * SUM(outstanding_balance) FILTER (WHERE FULL_MONTHS_BETWEEN(oldest_due_date, ADD_DAYS(as_of, 1)) >= 1) / SUM(outstanding_balance)",
            ),
            (
                dq_ots(1),
                "100 * SUM(outstanding_balance) FILTER (WHERE FULL_MONTHS_BETWEEN(oldest_due_date, as_of) >= 1) / SUM(outstanding_balance)",
            ),
        ];
        for (kpi, formula) in documented {
            assert_eq!(kpi.formula().to_string(), formula, "{}", kpi.spec().id);
        }
    }
}
