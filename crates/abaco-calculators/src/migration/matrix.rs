//! The migration matrix: from each bucket to each place, by balance and by number of loans.

use abaco_kpi::{Direction, FormulaKpi, KpiSpec, Predicate, RowMeasure, Unit, count, sum};

use super::FAMILY;
use super::buckets::{Bucket, Destination};

fn rate(spec: KpiSpec, measure: RowMeasure, from: Bucket, to: Destination) -> FormulaKpi {
    let stays = measure.clone().filter(Predicate::And(from.at_opening()));
    let moves = measure.filter(Predicate::And([from.at_opening(), to.at_closing()].concat()));
    let spec = spec.direction(direction(from, to)).family(FAMILY).reference("abaco catalogue");
    FormulaKpi::new(spec, 100 * moves / stays)
}

/// Towards loss is worse, towards current or paid is better; what is unknown or absent, or stays, is neither.
fn direction(from: Bucket, to: Destination) -> Direction {
    match to {
        Destination::WrittenOff => Direction::LowerIsBetter,
        Destination::Paid => Direction::HigherIsBetter,
        Destination::Absent | Destination::Open(Bucket::Unknown) => Direction::Neutral,
        Destination::Open(_) if from == Bucket::Unknown => Direction::Neutral,
        Destination::Open(to) if (to as u8) > (from as u8) => Direction::LowerIsBetter,
        Destination::Open(to) if (to as u8) < (from as u8) => Direction::HigherIsBetter,
        Destination::Open(_) => Direction::Neutral,
    }
}

/// The share of a bucket's opening balance that ended the period in a given place.
///
/// # What it measures
/// One cell of the migration matrix by balance. A loan is weighed by its opening balance and stands at the end
/// where the first of these holds: written off, absent, paid, or its bucket of days past due.
///
/// # Formula
/// `100 * SUM(opening_balance) FILTER (WHERE opening_balance > 0 AND opening_dpd >= 30 AND opening_dpd < 60 AND
/// (is_written_off IS NULL OR NOT is_written_off) AND outstanding_balance > 0 AND dpd >= 60 AND dpd < 90) /
/// SUM(opening_balance) FILTER (WHERE opening_balance > 0 AND opening_dpd >= 30 AND opening_dpd < 60)` for
/// `roll_rate_30_59_60_89`.
///
/// # Unit and rounding
/// Percent, 2 places, half away from zero.
///
/// # Undefined when
/// There are no rows, or no balance was in the bucket when the period began.
///
/// # Example
/// ```
/// use abaco_calculators::migration::Bucket;
/// use abaco_engine::Evaluate;
/// use abaco_testkit::{Tape, Width};
///
/// let tape = Tape::new()
///     .money("opening_balance", [60_00, 30_00, 10_00])?
///     .integers("opening_dpd", [30, 59, 45])?
///     .money("outstanding_balance", [58_00, 30_00, 0])?
///     .integers("dpd", [31, 60, 200])?
///     .booleans("is_written_off", [false, false, true])?;
/// let kpi = abaco_calculators::roll_rate(Bucket::From30To59, Bucket::From60To89);
/// let outcome = kpi.evaluate(&tape.to_batch(Width::Decimal64)?)?;
/// assert_eq!(outcome.value().map(|value| value.to_string()).as_deref(), Some("30.00"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// abaco catalogue.
pub fn roll_rate(from: Bucket, to: impl Into<Destination>) -> FormulaKpi {
    let to = to.into();
    let spec = KpiSpec::new(
        format!("roll_rate_{}_{}", from.name(), to.name()),
        format!("Roll rate, {} to {}", from.words(), to.words()),
        Unit::Percent,
    );
    rate(
        spec.convention("share of the opening balance of the bucket; a row of the matrix sums to 100 %"),
        sum("opening_balance"),
        from,
        to,
    )
}

/// The share of a bucket's loans that ended the period in a given place.
///
/// # What it measures
/// One cell of the migration matrix by number of loans; the places are those of [`roll_rate`].
///
/// # Formula
/// `100 * COUNT(*) FILTER (WHERE opening_balance > 0 AND opening_dpd >= 30 AND opening_dpd < 60 AND
/// (is_written_off IS NULL OR NOT is_written_off) AND outstanding_balance > 0 AND dpd >= 60 AND dpd < 90) /
/// COUNT(*) FILTER (WHERE opening_balance > 0 AND opening_dpd >= 30 AND opening_dpd < 60)` for
/// `roll_rate_30_59_60_89_count`.
///
/// # Unit and rounding
/// Percent, 2 places, half away from zero.
///
/// # Undefined when
/// There are no rows, or no loan was in the bucket when the period began.
///
/// # Example
/// ```
/// use abaco_calculators::migration::Bucket;
/// use abaco_engine::Evaluate;
/// use abaco_testkit::{Tape, Width};
///
/// let tape = Tape::new()
///     .money("opening_balance", [60_00, 30_00, 10_00])?
///     .integers("opening_dpd", [30, 59, 45])?
///     .money("outstanding_balance", [58_00, 30_00, 0])?
///     .integers("dpd", [31, 60, 200])?
///     .booleans("is_written_off", [false, false, true])?;
/// let kpi = abaco_calculators::roll_rate_count(Bucket::From30To59, Bucket::From60To89);
/// let outcome = kpi.evaluate(&tape.to_batch(Width::Decimal64)?)?;
/// assert_eq!(outcome.value().map(|value| value.to_string()).as_deref(), Some("33.33"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// abaco catalogue.
pub fn roll_rate_count(from: Bucket, to: impl Into<Destination>) -> FormulaKpi {
    let to = to.into();
    let spec = KpiSpec::new(
        format!("roll_rate_{}_{}_count", from.name(), to.name()),
        format!("Roll rate by number of loans, {} to {}", from.words(), to.words()),
        Unit::Percent,
    );
    rate(
        spec.convention("share of the loans of the bucket; a row of the matrix sums to 100 %"),
        count(),
        from,
        to,
    )
}
