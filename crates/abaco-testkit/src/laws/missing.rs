//! What a tape lacks is said, and does not touch the other KPIs.

use std::collections::BTreeSet;

use abaco_kpi::{Column, Outcome};

use super::Violation;
use super::subject::{Planned, Subject};
use crate::strategy::columns_of;
use crate::{Layout, Tape};

/// Without some of the columns that a KPI reads it is unavailable and names exactly those.
///
/// `leave_out` says, by turns, which of the columns that the subject's KPIs read are taken away.
///
/// # Errors
/// The [`Violation`].
pub fn missing_columns_are_named(
    subject: &Subject<'_>,
    tape: &Tape,
    layout: Layout,
    leave_out: &[bool],
) -> Result<(), Violation> {
    let needed: BTreeSet<Column> =
        subject.groups.iter().flatten().chain(&subject.snapshot).cloned().collect();
    let reads: BTreeSet<Column> = subject.kpis.iter().flat_map(|kpi| columns_of(*kpi)).collect();
    let missing: BTreeSet<Column> = reads
        .into_iter()
        .zip(leave_out.iter().cycle())
        .filter(|(column, out)| **out && !needed.contains(column))
        .map(|(column, _)| column)
        .collect();
    let rest = tape.without(|column| missing.contains(column));
    let law = "missing columns are named";
    let planned = Planned::new(law, subject, &rest, layout)?;
    let finished = planned.finish(&planned.whole, abaco_engine::AsOf::Pooled)?;
    for (kpi, result) in subject.kpis.iter().zip(finished.groups.iter().flat_map(|group| &group.kpis)) {
        let own: Vec<Column> = columns_of(*kpi).intersection(&missing).cloned().collect();
        let named = match &result.outcome {
            Outcome::Unavailable(named) => named.clone(),
            _ => Vec::new(),
        };
        planned.check.same(&kpi.spec().id, &own, &named)?;
    }
    Ok(())
}
