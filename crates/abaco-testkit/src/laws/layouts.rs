//! How values lie in memory does not count.

use abaco_engine::AsOf;

use super::Violation;
use super::subject::{Planned, Subject, refusal};
use crate::{CellType, Layout, Tape, Width};

/// The same tape in another layout gives the same outcomes.
///
/// Nothing is compared where the other width cannot hold the tape, or where the engine refuses the KPI at it.
///
/// # Errors
/// The [`Violation`].
pub fn any_layout(
    subject: &Subject<'_>,
    tape: &Tape,
    layout: Layout,
    other: Layout,
) -> Result<(), Violation> {
    let law = "any layout gives the same outcomes";
    if !scales_fit(tape, other.width) || !tape.fits(other.width) || refusal(subject, tape, other)?.is_some() {
        return Ok(());
    }
    let (planned, found) =
        (Planned::new(law, subject, tape, layout)?, Planned::new(law, subject, tape, other)?);
    let expected = planned.finish(&planned.whole, AsOf::Pooled)?;
    let finished = found.finish(&found.whole, AsOf::Pooled)?;
    planned.check.same(&format!("{other:?} instead of {layout:?}"), &expected, &finished)
}

fn scales_fit(tape: &Tape, width: Width) -> bool {
    tape.columns().iter().all(|(_, kind)| match kind {
        CellType::Number { scale } => *scale <= width.digits(),
        _ => true,
    })
}
