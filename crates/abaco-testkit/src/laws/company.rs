//! A KPI does not depend on those that it is planned with.

use abaco_engine::AsOf;
use abaco_kpi::Kpi;

use super::Violation;
use super::subject::{Planned, Subject, beyond_declared};
use super::violation::Check;
use crate::{Layout, Tape};

/// Planned together with `others`, before, between and behind them, each KPI of the subject has the same result,
/// components and exact form included, as alone.
///
/// # Errors
/// The [`Violation`].
pub fn fused_equals_alone(
    subject: &Subject<'_>,
    tape: &Tape,
    layout: Layout,
    others: &[&dyn Kpi],
) -> Result<(), Violation> {
    let law = "fused with others a KPI is as alone";
    let alone = Planned::new(law, subject, tape, layout)?;
    let expected = alone.finish(&alone.whole, AsOf::Pooled)?;
    let (before, behind) = others.split_at(others.len() / 2);
    let kpis = before.iter().chain(&subject.kpis).chain(behind).copied().collect();
    let company = subject.with_kpis(kpis);
    // One of the others may need the declared precisions, and then the whole batch must keep to them.
    let check = Check { law, subject: &company, tape };
    if beyond_declared(&check, &check.fine("plan", company.plan(tape, layout))?, layout)?.is_some() {
        return Ok(());
    }
    let fused = Planned::new(law, &company, tape, layout)?;
    let found = fused.finish(&fused.whole, AsOf::Pooled)?;
    alone.check.same("number of groups", &expected.groups.len(), &found.groups.len())?;
    for (expected, found) in expected.groups.iter().zip(&found.groups) {
        alone.check.same("group", &expected.by, &found.by)?;
        let own = &found.kpis[before.len()..before.len() + subject.kpis.len()];
        alone.check.same("results", &expected.kpis.as_slice(), &own)?;
    }
    Ok(())
}
