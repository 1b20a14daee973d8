//! Flows between buckets: forward, back, to current, and to loss.

use abaco_kpi::{Direction, Formula, FormulaKpi, KpiSpec, Predicate, RowMeasure, Unit, col, sum};

use super::FAMILY;
use super::buckets::{Bucket, still_open};
use crate::panel::{in_opening, performing};

fn past_due() -> Vec<Predicate> {
    vec![in_opening(), col("opening_dpd").ge(1)]
}

/// The opening balance of the loans `from` that `onward` holds for, and that of all of them.
fn moved(from: Vec<Predicate>, onward: impl IntoIterator<Item = Predicate>) -> (RowMeasure, RowMeasure) {
    let moved = from.iter().cloned().chain(onward).collect();
    let balance = |tests| sum("opening_balance").filter(Predicate::And(tests));
    (balance(moved), balance(from))
}

fn share(spec: KpiSpec, (moved, of): (RowMeasure, RowMeasure)) -> FormulaKpi {
    FormulaKpi::new(spec, 100 * moved / of)
}

/// The share of the balance past due that moved to a worse bucket or was written off.
///
/// # What it measures
/// Buckets are those of the migration matrix. Current loans that fall behind are [`new_delinquency`]; a loan
/// that ends with unknown days past due, paid or absent has not moved forward.
///
/// # Formula
/// `100 * SUM(opening_balance) FILTER (WHERE opening_balance > 0 AND opening_dpd >= 1 AND (is_written_off OR
/// outstanding_balance > 0 AND (opening_dpd < 30 AND dpd >= 30 OR opening_dpd < 60 AND dpd >= 60 OR opening_dpd
/// < 90 AND dpd >= 90))) / SUM(opening_balance) FILTER (WHERE opening_balance > 0 AND opening_dpd >= 1)`
///
/// # Unit and rounding
/// Percent, 2 places, half away from zero.
///
/// # Undefined when
/// There are no rows, or no balance was past due when the period began.
///
/// # Example
/// ```
/// use abaco_engine::Evaluate;
/// use abaco_testkit::{Tape, Width};
///
/// let tape = Tape::new()
///     .money("opening_balance", [50_00, 25_00, 25_00, 900_00])?
///     .integers("opening_dpd", [30, 30, 5, 0])?
///     .money("outstanding_balance", [50_00, 20_00, 25_00, 900_00])?
///     .integers("dpd", [61, 20, 0, 3])?
///     .booleans("is_written_off", [false, false, false, false])?;
/// let outcome = abaco_calculators::roll_forward().evaluate(&tape.to_batch(Width::Decimal64)?)?;
/// assert_eq!(outcome.value().map(|value| value.to_string()).as_deref(), Some("50.00"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// abaco catalogue.
pub fn roll_forward() -> FormulaKpi {
    let spec = KpiSpec::new("roll_forward", "Roll forward", Unit::Percent)
        .direction(Direction::LowerIsBetter)
        .convention(
            "opening balance past due that is now in a worse bucket or written off, over the opening \
             balance past due",
        )
        .family(FAMILY)
        .reference("abaco catalogue");
    let worse = |cut: i64| Predicate::And(vec![col("opening_dpd").lt(cut), col("dpd").ge(cut)]);
    let open_and_worse = col("outstanding_balance").gt(0).and(worse(30).or(worse(60)).or(worse(90)));
    share(spec, moved(past_due(), [col("is_written_off").is_true().or(open_and_worse)]))
}

/// The share of the balance past due that moved to a better bucket and is still open.
///
/// # What it measures
/// Buckets are those of the migration matrix; current is the best, so [`cure_rate`] is the part that went all
/// the way. Loans paid in full have left and are not in it.
///
/// # Formula
/// `100 * SUM(opening_balance) FILTER (WHERE opening_balance > 0 AND opening_dpd >= 1 AND (is_written_off IS
/// NULL OR NOT is_written_off) AND outstanding_balance > 0 AND (dpd < 1 OR opening_dpd >= 30 AND dpd < 30 OR
/// opening_dpd >= 60 AND dpd < 60 OR opening_dpd >= 90 AND dpd < 90)) / SUM(opening_balance) FILTER (WHERE
/// opening_balance > 0 AND opening_dpd >= 1)`
///
/// # Unit and rounding
/// Percent, 2 places, half away from zero.
///
/// # Undefined when
/// There are no rows, or no balance was past due when the period began.
///
/// # Example
/// ```
/// use abaco_engine::Evaluate;
/// use abaco_testkit::{Tape, Width};
///
/// let tape = Tape::new()
///     .money("opening_balance", [50_00, 25_00, 25_00, 900_00])?
///     .integers("opening_dpd", [30, 30, 5, 0])?
///     .money("outstanding_balance", [50_00, 20_00, 25_00, 900_00])?
///     .integers("dpd", [61, 20, 0, 3])?
///     .booleans("is_written_off", [false, false, false, false])?;
/// let outcome = abaco_calculators::roll_back().evaluate(&tape.to_batch(Width::Decimal64)?)?;
/// assert_eq!(outcome.value().map(|value| value.to_string()).as_deref(), Some("50.00"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// abaco catalogue.
pub fn roll_back() -> FormulaKpi {
    let spec = KpiSpec::new("roll_back", "Roll back", Unit::Percent)
        .direction(Direction::HigherIsBetter)
        .convention(
            "opening balance past due that is now in a better bucket, current included, over the \
             opening balance past due",
        )
        .family(FAMILY)
        .reference("abaco catalogue");
    let better = |cut: i64| Predicate::And(vec![col("opening_dpd").ge(cut), col("dpd").lt(cut)]);
    let better = col("dpd").lt(1).or(better(30)).or(better(60)).or(better(90));
    share(spec, moved(past_due(), still_open().into_iter().chain([better])))
}

/// The share of the balance past due that is current again.
///
/// # What it measures
/// Loans that were past due when the period began, and at its end are open and not past due. Loans paid in full
/// have left and are not in it.
///
/// # Formula
/// `100 * SUM(opening_balance) FILTER (WHERE opening_balance > 0 AND opening_dpd >= 1 AND (is_written_off IS
/// NULL OR NOT is_written_off) AND outstanding_balance > 0 AND dpd < 1) / SUM(opening_balance) FILTER (WHERE
/// opening_balance > 0 AND opening_dpd >= 1)`
///
/// # Unit and rounding
/// Percent, 2 places, half away from zero.
///
/// # Undefined when
/// There are no rows, or no balance was past due when the period began.
///
/// # Example
/// ```
/// use abaco_engine::Evaluate;
/// use abaco_testkit::{Tape, Width};
///
/// let tape = Tape::new()
///     .money("opening_balance", [50_00, 25_00, 25_00, 900_00])?
///     .integers("opening_dpd", [30, 30, 5, 0])?
///     .money("outstanding_balance", [50_00, 20_00, 25_00, 900_00])?
///     .integers("dpd", [61, 20, 0, 3])?
///     .booleans("is_written_off", [false, false, false, false])?;
/// let outcome = abaco_calculators::cure_rate().evaluate(&tape.to_batch(Width::Decimal64)?)?;
/// assert_eq!(outcome.value().map(|value| value.to_string()).as_deref(), Some("25.00"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// abaco catalogue.
pub fn cure_rate() -> FormulaKpi {
    let spec = KpiSpec::new("cure_rate", "Cure rate", Unit::Percent)
        .direction(Direction::HigherIsBetter)
        .convention(
            "opening balance past due that is now current, paid loans not counted, over the opening \
             balance past due",
        )
        .family(FAMILY)
        .reference("abaco catalogue");
    share(spec, moved(past_due(), still_open().into_iter().chain([col("dpd").lt(1)])))
}

/// Of the balance that had defaulted once and was performing again, the share that defaulted in the period.
///
/// # What it measures
/// Whether cures last. A loan had defaulted if it ever stood at 90 days past due or more at a snapshot up to
/// the opening one, which is what `opening_peak_90_balance` remembers.
///
/// # Formula
/// `100 * SUM(defaulted) FILTER (WHERE opening_balance > 0 AND (opening_dpd < 90 OR opening_dpd IS NULL) AND
/// opening_peak_90_balance > 0) / SUM(opening_balance) FILTER (WHERE opening_balance > 0 AND (opening_dpd < 90
/// OR opening_dpd IS NULL) AND opening_peak_90_balance > 0)`
///
/// # Unit and rounding
/// Percent, 2 places, half away from zero.
///
/// # Undefined when
/// There are no rows, `defaulted` is NULL on every row that counts, or no balance had been cured.
///
/// # Example
/// ```
/// use abaco_engine::Evaluate;
/// use abaco_testkit::{Tape, Width};
///
/// let tape = Tape::new()
///     .money("opening_balance", [60_00, 20_00, 500_00])?
///     .integers("opening_dpd", [0, 10, 0])?
///     .money("opening_peak_90_balance", [70_00, 25_00, 0])?
///     .money("defaulted", [0, 20_00, 500_00])?;
/// let outcome = abaco_calculators::re_default_rate().evaluate(&tape.to_batch(Width::Decimal64)?)?;
/// assert_eq!(outcome.value().map(|value| value.to_string()).as_deref(), Some("25.00"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// abaco catalogue.
pub fn re_default_rate() -> FormulaKpi {
    let spec = KpiSpec::new("re_default_rate", "Re-default rate", Unit::Percent)
        .direction(Direction::LowerIsBetter)
        .convention(
            "default is 90 days past due or written off; over the opening performing balance of loans \
             that had been 90 days past due before",
        )
        .family(FAMILY)
        .reference("abaco catalogue");
    let cured = performing().and(col("opening_peak_90_balance").gt(0));
    FormulaKpi::new(spec, 100 * sum("defaulted").filter(cured.clone()) / sum("opening_balance").filter(cured))
}

/// The share of the current balance that fell past due in the period.
///
/// # What it measures
/// Loans that were current when the period began, and at its end are open and at least one day past due. A loan
/// written off straight from current is in the matrix, not here.
///
/// # Formula
/// `100 * SUM(opening_balance) FILTER (WHERE opening_balance > 0 AND opening_dpd < 1 AND (is_written_off IS
/// NULL OR NOT is_written_off) AND outstanding_balance > 0 AND dpd >= 1) / SUM(opening_balance) FILTER (WHERE
/// opening_balance > 0 AND opening_dpd < 1)`
///
/// # Unit and rounding
/// Percent, 2 places, half away from zero.
///
/// # Undefined when
/// There are no rows, or no balance was current when the period began.
///
/// # Example
/// ```
/// use abaco_engine::Evaluate;
/// use abaco_testkit::{Tape, Width};
///
/// let tape = Tape::new()
///     .money("opening_balance", [60_00, 40_00])?
///     .integers("opening_dpd", [0, 0])?
///     .money("outstanding_balance", [60_00, 40_00])?
///     .integers("dpd", [0, 1])?
///     .booleans("is_written_off", [false, false])?;
/// let outcome = abaco_calculators::new_delinquency().evaluate(&tape.to_batch(Width::Decimal64)?)?;
/// assert_eq!(outcome.value().map(|value| value.to_string()).as_deref(), Some("40.00"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// abaco catalogue.
pub fn new_delinquency() -> FormulaKpi {
    let spec = KpiSpec::new("new_delinquency", "New delinquency", Unit::Percent)
        .direction(Direction::LowerIsBetter)
        .convention(
            "opening current balance that is now 1 day past due or more, over the opening current balance",
        )
        .family(FAMILY)
        .reference("abaco catalogue");
    let behind = still_open().into_iter().chain([col("dpd").ge(1)]);
    share(spec, moved(Bucket::Current.at_opening(), behind))
}

/// The chance that a current balance is lost, if every bucket flows on as it did in this period.
///
/// # What it measures
/// The product of the net flow rates along the buckets: of each bucket, the share of its opening balance that
/// is at the end in the next bucket, in a worse one or written off. What flows to loss directly in the period
/// is [`write_off_rate`](crate::write_off_rate).
///
/// # Formula
/// `100 * (SUM(opening_balance) FILTER (WHERE opening_balance > 0 AND opening_dpd < 1 AND (is_written_off OR
/// outstanding_balance > 0 AND dpd >= 1)) / SUM(opening_balance) FILTER (WHERE opening_balance > 0 AND
/// opening_dpd < 1)) * (SUM(opening_balance) FILTER (WHERE opening_balance > 0 AND opening_dpd >= 1 AND
/// opening_dpd < 30 AND (is_written_off OR outstanding_balance > 0 AND dpd >= 30)) / SUM(opening_balance)
/// FILTER (WHERE opening_balance > 0 AND opening_dpd >= 1 AND opening_dpd < 30)) * (SUM(opening_balance) FILTER
/// (WHERE opening_balance > 0 AND opening_dpd >= 30 AND opening_dpd < 60 AND (is_written_off OR
/// outstanding_balance > 0 AND dpd >= 60)) / SUM(opening_balance) FILTER (WHERE opening_balance > 0 AND
/// opening_dpd >= 30 AND opening_dpd < 60)) * (SUM(opening_balance) FILTER (WHERE opening_balance > 0 AND
/// opening_dpd >= 60 AND opening_dpd < 90 AND (is_written_off OR outstanding_balance > 0 AND dpd >= 90)) /
/// SUM(opening_balance) FILTER (WHERE opening_balance > 0 AND opening_dpd >= 60 AND opening_dpd < 90)) *
/// (SUM(opening_balance) FILTER (WHERE opening_balance > 0 AND opening_dpd >= 90 AND is_written_off) /
/// SUM(opening_balance) FILTER (WHERE opening_balance > 0 AND opening_dpd >= 90))`; the shares of current, 1 to
/// 29, 30 to 59, 60 to 89, and of 90 days or more that was written off.
///
/// # Unit and rounding
/// Percent, 2 places, half away from zero.
///
/// # Undefined when
/// There are no rows, or a bucket had no balance when the period began.
///
/// # Example
/// ```
/// use abaco_engine::Evaluate;
/// use abaco_testkit::{Tape, Width};
///
/// let tape = Tape::new()
///     .money("opening_balance", [800_00, 200_00, 100_00, 80_00, 40_00, 40_00])?
///     .integers("opening_dpd", [0, 0, 1, 30, 60, 90])?
///     .money("outstanding_balance", [800_00, 200_00, 100_00, 80_00, 40_00, 0])?
///     .integers("dpd", [0, 1, 30, 60, 90, 120])?
///     .booleans("is_written_off", [false, false, false, false, false, true])?;
/// let outcome = abaco_calculators::net_flow_to_loss().evaluate(&tape.to_batch(Width::Decimal64)?)?;
/// assert_eq!(outcome.value().map(|value| value.to_string()).as_deref(), Some("20.00"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// abaco catalogue.
pub fn net_flow_to_loss() -> FormulaKpi {
    let spec = KpiSpec::new("net_flow_to_loss", "Net flow to loss", Unit::Percent)
        .direction(Direction::LowerIsBetter)
        .convention(
            "product of the shares of each bucket that reach the next bucket or a worse one, up to \
             written off",
        )
        .family(FAMILY)
        .reference("abaco catalogue");
    let lost = || col("is_written_off").is_true();
    let reaches = |cut: i64| lost().or(col("outstanding_balance").gt(0).and(col("dpd").ge(cut)));
    let flows = [
        (Bucket::Current, reaches(1)),
        (Bucket::From1To29, reaches(30)),
        (Bucket::From30To59, reaches(60)),
        (Bucket::From60To89, reaches(90)),
        (Bucket::From90, lost()),
    ];
    let hundred = Formula::from(100);
    FormulaKpi::new(
        spec,
        flows.into_iter().fold(hundred, |product, (from, onward)| {
            let (onward, of) = moved(from.at_opening(), [onward]);
            product * (onward / of)
        }),
    )
}
