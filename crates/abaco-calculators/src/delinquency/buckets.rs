//! Shares of the balance by day buckets, and the mean of the days.
//!
//! The buckets are half-open: a loan of 30 days is in `30_59` and in no other. `current`, `1_29`, `30_59`, `60_89`,
//! `90_plus` and `unknown` together are the whole balance; `90_119` and `120_plus` divide `90_plus`.

use abaco_kpi::{Direction, FormulaKpi, KpiSpec, Rounding, Unit, col};

use super::FAMILY;
use crate::terms::{share_of_balance, weighted_by_balance};

/// The share of the balance that is not past due.
///
/// # What it measures
/// Loans with `dpd` 0 or below, which is paid ahead. A loan with an unknown `dpd` is not current: see
/// [`dq_share_unknown`].
///
/// # Formula
/// `100 * SUM(outstanding_balance) FILTER (WHERE dpd < 1) / SUM(outstanding_balance)`
///
/// # Unit and rounding
/// Percent, 2 places, half away from zero.
///
/// # Undefined when
/// There are no rows, the balance is NULL on every row or on every row of the bucket, or it sums to zero.
///
/// # Example
/// ```
/// use abaco_engine::Evaluate;
/// use abaco_testkit::{Tape, Width};
///
/// let tape = Tape::new().integers("dpd", [0, 1])?.money("outstanding_balance", [90_00, 10_00])?;
/// let outcome = abaco_calculators::dq_share_current().evaluate(&tape.to_batch(Width::Decimal64)?)?;
/// assert_eq!(outcome.value().map(|value| value.to_string()).as_deref(), Some("90.00"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// abaco catalogue: half-open day buckets.
pub fn dq_share_current() -> FormulaKpi {
    let spec = bucket("current", "current", "dpd < 1; an unknown dpd is not current");
    FormulaKpi::new(spec.direction(Direction::HigherIsBetter), share_of_balance(col("dpd").lt(1)))
}

/// The share of the balance from `from` days past due up to and without `to`; the catalogue has `1_29`,
/// `30_59`, `60_89` and `90_119`.
///
/// # What it measures
/// The balance in one bucket of days. The id names the last whole day in it, so that `dq_share(30, 60)` is
/// `dq_share_30_59`.
///
/// # Formula
/// `100 * SUM(outstanding_balance) FILTER (WHERE dpd >= 30 AND dpd < 60) / SUM(outstanding_balance)`
///
/// # Unit and rounding
/// Percent, 2 places, half away from zero.
///
/// # Undefined when
/// There are no rows, the balance is NULL on every row or on every row of the bucket, or it sums to zero.
///
/// # Example
/// ```
/// use abaco_engine::Evaluate;
/// use abaco_testkit::{Tape, Width};
///
/// let tape = Tape::new()
///     .integers("dpd", [29, 30, 59, 60])?
///     .money("outstanding_balance", [40_00, 20_00, 10_00, 30_00])?;
/// let outcome = abaco_calculators::dq_share(30, 60).evaluate(&tape.to_batch(Width::Decimal64)?)?;
/// assert_eq!(outcome.value().map(|value| value.to_string()).as_deref(), Some("30.00"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// abaco catalogue: half-open day buckets.
pub fn dq_share(from: u16, to: u16) -> FormulaKpi {
    let last = to.saturating_sub(1);
    let spec = bucket(
        &format!("{from}_{last}"),
        &format!("{from} to {last} days past due"),
        &format!("dpd >= {from} and dpd < {to}"),
    );
    let within = col("dpd").ge(i64::from(from)).and(col("dpd").lt(i64::from(to)));
    FormulaKpi::new(spec, share_of_balance(within))
}

/// The share of the balance from `days` days past due on, without an end; the catalogue has `90_plus` and
/// `120_plus`.
///
/// # What it measures
/// The last bucket of a ladder. It equals [`par_ge`](crate::par_ge)`(days)`; the id says that it closes the
/// buckets.
///
/// # Formula
/// `100 * SUM(outstanding_balance) FILTER (WHERE dpd >= 90) / SUM(outstanding_balance)`
///
/// # Unit and rounding
/// Percent, 2 places, half away from zero.
///
/// # Undefined when
/// There are no rows, the balance is NULL on every row or on every row of the bucket, or it sums to zero.
///
/// # Example
/// ```
/// use abaco_engine::Evaluate;
/// use abaco_testkit::{Tape, Width};
///
/// let tape = Tape::new()
///     .integers("dpd", [89, 90, 400])?
///     .money("outstanding_balance", [80_00, 15_00, 5_00])?;
/// let outcome = abaco_calculators::dq_share_from(90).evaluate(&tape.to_batch(Width::Decimal64)?)?;
/// assert_eq!(outcome.value().map(|value| value.to_string()).as_deref(), Some("20.00"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// abaco catalogue: half-open day buckets.
pub fn dq_share_from(days: u16) -> FormulaKpi {
    let spec =
        bucket(&format!("{days}_plus"), &format!("{days} days past due or more"), &format!("dpd >= {days}"));
    FormulaKpi::new(spec, share_of_balance(col("dpd").ge(i64::from(days))))
}

/// The share of the balance whose days past due are unknown.
///
/// # What it measures
/// What no other bucket can count. Above zero, every delinquency figure of the tape is a lower bound.
///
/// # Formula
/// `100 * SUM(outstanding_balance) FILTER (WHERE dpd IS NULL) / SUM(outstanding_balance)`
///
/// # Unit and rounding
/// Percent, 2 places, half away from zero.
///
/// # Undefined when
/// There are no rows, the balance is NULL on every row or on every row of the bucket, or it sums to zero.
///
/// # Example
/// ```
/// use abaco_engine::Evaluate;
/// use abaco_testkit::{Cell, CellType, Tape, Width};
///
/// let tape = Tape::new()
///     .column("dpd", CellType::Integer, [Cell::Integer(0), Cell::Null])?
///     .money("outstanding_balance", [95_00, 5_00])?;
/// let outcome = abaco_calculators::dq_share_unknown().evaluate(&tape.to_batch(Width::Decimal64)?)?;
/// assert_eq!(outcome.value().map(|value| value.to_string()).as_deref(), Some("5.00"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// abaco catalogue: an unknown dpd is never current.
pub fn dq_share_unknown() -> FormulaKpi {
    FormulaKpi::new(
        bucket("unknown", "days past due unknown", "dpd is null"),
        share_of_balance(col("dpd").is_null()),
    )
}

/// The mean days past due, by balance.
///
/// # What it measures
/// How late the balance is on average, over the loans whose `dpd` is known; current loans count with their 0
/// days.
///
/// # Formula
/// `SUM(dpd * outstanding_balance) / SUM(outstanding_balance) FILTER (WHERE NOT (dpd IS NULL))`
///
/// # Unit and rounding
/// Days, 2 places, half away from zero.
///
/// # Undefined when
/// There are no rows, no row has both a `dpd` and a balance, or the balance with a known `dpd` sums to zero.
///
/// # Example
/// ```
/// use abaco_engine::Evaluate;
/// use abaco_testkit::{Tape, Width};
///
/// let tape = Tape::new().integers("dpd", [0, 45])?.money("outstanding_balance", [90_00, 10_00])?;
/// let outcome = abaco_calculators::wa_dpd().evaluate(&tape.to_batch(Width::Decimal64)?)?;
/// assert_eq!(outcome.value().map(|value| value.to_string()).as_deref(), Some("4.50"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// abaco catalogue: weighted by the outstanding balance.
pub fn wa_dpd() -> FormulaKpi {
    FormulaKpi::new(
        KpiSpec::new("wa_dpd", "Weighted average days past due", Unit::Days)
            .rounding(Rounding::half_away(2))
            .direction(Direction::LowerIsBetter)
            .convention("weighted by outstanding balance, over loans with a known dpd")
            .family(FAMILY)
            .reference("abaco catalogue: weighted by the outstanding balance"),
        weighted_by_balance("dpd"),
    )
}

fn bucket(name: &str, title: &str, convention: &str) -> KpiSpec {
    KpiSpec::new(format!("dq_share_{name}"), format!("Share of balance, {title}"), Unit::Percent)
        .direction(Direction::LowerIsBetter)
        .convention(format!("{convention}; written-off excluded"))
        .family(FAMILY)
        .reference("abaco catalogue: half-open day buckets, an unknown dpd in its own")
}

#[cfg(test)]
mod tests {
    use abaco_kpi::Kpi;

    use super::*;

    #[test]
    fn formulas_print_as_documented() {
        let documented = [
            (
                dq_share_current(),
                "100 * SUM(outstanding_balance) FILTER (WHERE dpd < 1) / SUM(outstanding_balance)",
            ),
            (
                dq_share(30, 60),
                "100 * SUM(outstanding_balance) FILTER (WHERE dpd >= 30 AND dpd < 60) / SUM(outstanding_balance)",
            ),
            (
                dq_share_from(90),
                "100 * SUM(outstanding_balance) FILTER (WHERE dpd >= 90) / SUM(outstanding_balance)",
            ),
            (
                dq_share_unknown(),
                "100 * SUM(outstanding_balance) FILTER (WHERE dpd IS NULL) / SUM(outstanding_balance)",
            ),
            (
                wa_dpd(),
                "SUM(dpd * outstanding_balance) / SUM(outstanding_balance) FILTER (WHERE NOT (dpd IS NULL))",
            ),
        ];
        for (kpi, formula) in documented {
            assert_eq!(kpi.formula().to_string(), formula, "{}", kpi.spec().id);
        }
    }
}
