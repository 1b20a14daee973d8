//! The length of a batch does not count.
//!
//! Engines work in blocks of a thousand rows and segments of many thousands. The oracle is too slow for such
//! tapes, but a tape that repeats its rows has the state of the short tape merged with itself.

use abaco_engine::State;

use super::Violation;
use super::subject::{Planned, Subject};
use crate::{Layout, Tape};

/// The tape with its rows repeated until there are at least `rows_min`, in one batch, has the state of the tape
/// merged with itself as often; with the copies of a row side by side, and with the copies of the tape one after
/// the other.
///
/// # Errors
/// The [`Violation`].
pub fn any_length(
    subject: &Subject<'_>,
    tape: &Tape,
    layout: Layout,
    rows_min: usize,
) -> Result<(), Violation> {
    if tape.is_empty() {
        return Ok(());
    }
    let planned = Planned::new("any length of a batch gives the same state", subject, tape, layout)?;
    let copies = rows_min.div_ceil(tape.len());
    let expected = repeated(&planned, copies)?.to_bytes();
    let rows = || 0..tape.len() * copies;
    let side_by_side = planned.part(rows().map(|row| row / copies).collect())?;
    let one_after_another = planned.part(rows().map(|row| row % tape.len()).collect())?;
    for (what, found) in [("side by side", side_by_side), ("one after another", one_after_another)] {
        planned.check.holds(
            found.to_bytes() == expected,
            format_args!("{copies} copies {what}: the state is not that of {copies} merged states"),
        )?;
    }
    Ok(())
}

/// The state of the whole tape merged `copies` times, by doubling.
fn repeated(planned: &Planned<'_>, copies: usize) -> Result<State, Violation> {
    let (mut result, mut power, mut rest) = (planned.plan.empty(), planned.whole.clone(), copies);
    while rest > 0 {
        if rest % 2 == 1 {
            result = planned.merged(&result, &power)?;
        }
        power = planned.merged(&power, &power)?;
        rest /= 2;
    }
    Ok(result)
}
