//! The numbers of the V2 pipeline, for those who must reproduce them before they leave it.
//!
//! The ids are those of the [`seed`] KPIs and mean what V2 meant: three ratios rounded half to even
//! to 2 places *before* the score, a score that is not rounded, and 0 where nothing defines a value. A value
//! that stands in for an undefined one still carries its reason, so that a report can tell both zeros apart.
//! What V2 got wrong by computing in floats is not reproduced.

use abaco_kpi::{Formula, FormulaKpi, Kpi, Rounding, sum};

use crate::seed;

/// The profile's KPIs, in the order of the seed list.
pub const ALL: &[fn() -> FormulaKpi] = &[par_30, par_90, collection_rate, portfolio_health];

const ZEROS: &str = "as V2: rounded half to even, 0 where undefined";

/// A sum as pandas takes it: 0 over no values.
fn pandas_sum(column: &'static str) -> Formula {
    Formula::from(sum(column)).or_else(0)
}

/// `100 * x / y`, rounded to 2 places half to even; 0 where `y` is.
fn rounded_percent(x: Formula, y: Formula) -> Formula {
    (100 * x / y).round_even(2).or_else(0)
}

/// V2's PAR30.
///
/// # What it measures
/// As [`seed::par_30`].
///
/// # Formula
/// `COALESCE(ROUND_EVEN(100 * x / y, 2), 0)`, where x sums the three buckets and y the receivable, and each
/// sum is 0 over no values.
///
/// # Unit and rounding
/// Percent, 2 places, half to even.
///
/// # Undefined when
/// Never: 0, with the reason.
///
/// # Example
/// ```
/// use abaco_calculators::legacy_v2;
/// use abaco_engine::Evaluate;
/// use abaco_kpi::Outcome;
/// use abaco_testkit::{Tape, Width};
///
/// let tape = Tape::new()
///     .money("dpd_30_60_usd", [100_00])?
///     .money("dpd_60_90_usd", [50_00])?
///     .money("dpd_90_plus_usd", [25_00])?
///     .money("total_receivable_usd", [0])?;
/// let outcome = legacy_v2::par_30().evaluate(&tape.to_batch(Width::Decimal64)?)?;
/// assert_eq!(outcome.value().map(|value| value.to_string()).as_deref(), Some("0.00"));
/// assert_eq!(outcome.reason().as_deref(), Some("zero_denominator"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// V2 rollout report, unified KPI definitions: `risk.par_30`.
pub fn par_30() -> FormulaKpi {
    let overdue = pandas_sum("dpd_30_60_usd") + pandas_sum("dpd_60_90_usd") + pandas_sum("dpd_90_plus_usd");
    FormulaKpi::new(
        seed::par_30_spec()
            .rounding(Rounding::half_even(2))
            .convention(format!("dpd >= 30, written-off excluded; {ZEROS}")),
        rounded_percent(overdue, pandas_sum("total_receivable_usd")),
    )
}

/// V2's PAR90.
///
/// # What it measures
/// As [`seed::par_90`].
///
/// # Formula
/// `COALESCE(ROUND_EVEN(100 * x / y, 2), 0)`, where x sums the last bucket and y the receivable, and each sum
/// is 0 over no values.
///
/// # Unit and rounding
/// Percent, 2 places, half to even.
///
/// # Undefined when
/// Never: 0, with the reason.
///
/// # Example
/// A tie goes to the even neighbour: 2.125 % is 2.12 here and 2.13 in the standard profile.
/// ```
/// use abaco_calculators::{legacy_v2, par_90};
/// use abaco_engine::Evaluate;
/// use abaco_testkit::{Tape, Width};
///
/// let tape =
///     Tape::new().money("dpd_90_plus_usd", [17_00])?.money("total_receivable_usd", [800_00])?;
/// let batch = tape.to_batch(Width::Decimal64)?;
/// assert_eq!(legacy_v2::par_90().evaluate(&batch)?.value().map(|v| v.to_string()).as_deref(), Some("2.12"));
/// assert_eq!(par_90().evaluate(&batch)?.value().map(|v| v.to_string()).as_deref(), Some("2.13"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// V2 rollout report, unified KPI definitions: `risk.par_90`.
pub fn par_90() -> FormulaKpi {
    FormulaKpi::new(
        seed::par_90_spec()
            .rounding(Rounding::half_even(2))
            .convention(format!("dpd >= 90, written-off excluded; {ZEROS}")),
        rounded_percent(pandas_sum("dpd_90_plus_usd"), pandas_sum("total_receivable_usd")),
    )
}

/// V2's collection rate.
///
/// # What it measures
/// As [`seed::collection_rate`].
///
/// # Formula
/// `COALESCE(ROUND_EVEN(100 * x / y, 2), 0)`, where x sums the cash and y the eligible balance, and each sum is
/// 0 over no values.
///
/// # Unit and rounding
/// Percent, 2 places, half to even.
///
/// # Undefined when
/// Never: 0, with the reason.
///
/// # Example
/// ```
/// use abaco_calculators::legacy_v2;
/// use abaco_engine::Evaluate;
/// use abaco_testkit::{Tape, Width};
///
/// let tape =
///     Tape::new().money("cash_available_usd", [8_750_00])?.money("total_eligible_usd", [140_000_00])?;
/// let outcome = legacy_v2::collection_rate().evaluate(&tape.to_batch(Width::Decimal64)?)?;
/// assert_eq!(outcome.value().map(|value| value.to_string()).as_deref(), Some("6.25"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// V2 rollout report, unified KPI definitions: `risk.collection_rate`.
pub fn collection_rate() -> FormulaKpi {
    FormulaKpi::new(
        seed::collection_rate_spec()
            .rounding(Rounding::half_even(2))
            .convention(format!("cash on hand over eligible balance, both at the snapshot; {ZEROS}")),
        rounded_percent(pandas_sum("cash_available_usd"), pandas_sum("total_eligible_usd")),
    )
}

/// V2's portfolio health.
///
/// # What it measures
/// As [`seed::portfolio_health`], from rounded inputs.
///
/// # Formula
/// clamp\[0, 10\](max(0, 10 - PAR30 / 10) * collection / 10), composed by value from [`par_30`] and
/// [`collection_rate`] of this profile, which are rounded.
///
/// # Unit and rounding
/// Score from 0 to 10, not rounded: two inputs of 2 places make at most 6, and 6 are kept.
///
/// # Undefined when
/// Never: both inputs have a value.
///
/// # Example
/// ```
/// use abaco_calculators::legacy_v2;
/// use abaco_engine::Evaluate;
/// use abaco_testkit::{Tape, Width};
///
/// let tape = Tape::new()
///     .money("dpd_30_60_usd", [1_234_56])?
///     .money("dpd_60_90_usd", [0])?
///     .money("dpd_90_plus_usd", [0])?
///     .money("total_receivable_usd", [100_000_00])?
///     .money("cash_available_usd", [9_870_00])?
///     .money("total_eligible_usd", [100_000_00])?;
/// // PAR30 is 1.23 here, not 1.23456, and the collection rate 9.87.
/// let outcome = legacy_v2::portfolio_health().evaluate(&tape.to_batch(Width::Decimal64)?)?;
/// assert_eq!(outcome.value().map(|value| value.to_string()).as_deref(), Some("9.748599"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// V2 rollout report, unified KPI definitions: `risk.portfolio_health`.
pub fn portfolio_health() -> FormulaKpi {
    FormulaKpi::new(
        seed::portfolio_health_spec().rounding(Rounding::half_even(6)).convention(
            "0 to 10 points, from par_30 and collection_rate after they are rounded; not rounded",
        ),
        seed::health(par_30().formula(), collection_rate().formula()),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sum_and_every_ratio_has_its_zero() {
        assert_eq!(
            par_90().formula().to_string(),
            "COALESCE(ROUND_EVEN(100 * COALESCE(SUM(dpd_90_plus_usd), 0) \
             / COALESCE(SUM(total_receivable_usd), 0), 2), 0)"
        );
    }

    #[test]
    fn health_takes_the_rounded_ratios() {
        let text = portfolio_health().formula().to_string();
        assert!(text.contains(&par_30().formula().to_string()), "{text}");
        assert!(text.contains(&collection_rate().formula().to_string()), "{text}");
    }
}
