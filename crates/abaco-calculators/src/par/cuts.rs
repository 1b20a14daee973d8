//! Portfolio at risk over loan rows, in the two conventions that practice uses.
//!
//! [`par_ge`] counts a loan from its n-th day past due, [`par_gt`] only after it. On whole days `par_gt(n)`
//! equals `par_ge(n + 1)`, so the convention moves one day of balance: it belongs to the id.

use abaco_kpi::{Direction, FormulaKpi, KpiSpec, Predicate, Unit, col};

use super::{FAMILY, plural};
use crate::terms::share_of_balance;

fn at_risk(spec: KpiSpec, overdue: Predicate) -> FormulaKpi {
    FormulaKpi::new(spec.direction(Direction::LowerIsBetter).family(FAMILY), share_of_balance(overdue))
}

/// Portfolio at risk from `days` days past due; the catalogue has 1, 7, 30, 60, 90 and 180.
///
/// # What it measures
/// The share of the outstanding balance whose loans are `days` days past due or more. A loan with an unknown
/// `dpd` is not at risk here, but its balance stays in the denominator.
///
/// # Formula
/// `100 * SUM(outstanding_balance) FILTER (WHERE dpd >= 30) / SUM(outstanding_balance)`
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
/// let tape = Tape::new().integers("dpd", [0, 30, 31])?.money("outstanding_balance", [50_00, 30_00, 20_00])?;
/// let outcome = abaco_calculators::par_ge(30).evaluate(&tape.to_batch(Width::Decimal64)?)?;
/// assert_eq!(outcome.value().map(|value| value.to_string()).as_deref(), Some("50.00"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// Lender and marketplace tapes, such as dv01's, bucket delinquency from the n-th day on.
pub fn par_ge(days: u16) -> FormulaKpi {
    let spec = KpiSpec::new(
        format!("par_ge_{days}"),
        format!("Portfolio at risk, {days} {} or more", plural(days)),
        Unit::Percent,
    )
    .convention(format!("dpd >= {days}, written-off excluded"))
    .reference("lender loan tapes (dv01): a loan is delinquent from the n-th day past due");
    at_risk(spec, col("dpd").ge(i64::from(days)))
}

/// Portfolio at risk beyond `days` days past due; the catalogue has 0, 7, 30, 60, 90 and 180.
///
/// # What it measures
/// The share of the outstanding balance whose loans are more than `days` days past due. A loan with an unknown
/// `dpd` is not at risk here, but its balance stays in the denominator.
///
/// # Formula
/// `100 * SUM(outstanding_balance) FILTER (WHERE dpd > 30) / SUM(outstanding_balance)`
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
/// let tape = Tape::new().integers("dpd", [0, 30, 31])?.money("outstanding_balance", [50_00, 30_00, 20_00])?;
/// let outcome = abaco_calculators::par_gt(30).evaluate(&tape.to_batch(Width::Decimal64)?)?;
/// assert_eq!(outcome.value().map(|value| value.to_string()).as_deref(), Some("20.00"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// CGAP, *Microfinance Consensus Guidelines*: PAR over n days; GIIN IRIS+ FP2635 (over 30) and FP6373 (over 90).
pub fn par_gt(days: u16) -> FormulaKpi {
    let mut spec = KpiSpec::new(
        format!("par_gt_{days}"),
        format!("Portfolio at risk, more than {days} {}", plural(days)),
        Unit::Percent,
    )
    .convention(format!("dpd > {days}, written-off excluded"))
    .reference("CGAP, Microfinance Consensus Guidelines: portfolio at risk over n days");
    if let Some(indicator) = iris(days) {
        spec = spec.reference(indicator);
    }
    at_risk(spec, col("dpd").gt(i64::from(days)))
}

/// The IRIS+ indicator of this cut, where there is one.
fn iris(days: u16) -> Option<&'static str> {
    match days {
        30 => Some("GIIN IRIS+ FP2635: portfolio at risk over 30 days"),
        90 => Some("GIIN IRIS+ FP6373: portfolio at risk over 90 days"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use abaco_kpi::Kpi;

    use super::*;

    #[test]
    fn the_convention_is_in_id_title_text_and_formula() {
        let (from, beyond) = (par_ge(30), par_gt(30));
        assert_eq!((from.spec().id.as_ref(), beyond.spec().id.as_ref()), ("par_ge_30", "par_gt_30"));
        assert_eq!(from.spec().title, "Portfolio at risk, 30 days or more");
        assert_eq!(beyond.spec().title, "Portfolio at risk, more than 30 days");
        assert_eq!(from.spec().convention, "dpd >= 30, written-off excluded");
        assert_eq!(beyond.spec().convention, "dpd > 30, written-off excluded");
        assert_eq!(
            from.formula().to_string(),
            "100 * SUM(outstanding_balance) FILTER (WHERE dpd >= 30) / SUM(outstanding_balance)"
        );
        assert_eq!(
            beyond.formula().to_string(),
            "100 * SUM(outstanding_balance) FILTER (WHERE dpd > 30) / SUM(outstanding_balance)"
        );
    }

    #[test]
    fn one_day_is_singular() {
        assert_eq!(par_ge(1).spec().title, "Portfolio at risk, 1 day or more");
        assert_eq!(par_gt(0).spec().title, "Portfolio at risk, more than 0 days");
    }

    #[test]
    fn iris_indicators_stand_where_they_exist() {
        let references = |days| par_gt(days).spec().references.join("; ");
        assert!(references(30).contains("FP2635"));
        assert!(references(90).contains("FP6373"));
        assert!(!references(60).contains("IRIS"));
    }
}
