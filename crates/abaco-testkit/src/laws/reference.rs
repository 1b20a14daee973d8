//! The engine agrees with the oracle.

use abaco_engine::{AsOf, Evaluate, Finished, Plan, PlanOptions};
use chrono::NaiveDate;

use super::Violation;
use super::subject::{Planned, Subject};
use crate::oracle::{Verdict, When, difference};
use crate::{Layout, Oracle, Tape};

/// Values, reasons, rows, NULLs, components and earlier values are those of the oracle, for the totals and every
/// group, at every snapshot, at the latest one and over all of them.
///
/// # Errors
/// The [`Violation`].
pub fn agrees_with_the_oracle(subject: &Subject<'_>, tape: &Tape, layout: Layout) -> Result<(), Violation> {
    let planned = Planned::new("the engine agrees with the oracle", subject, tape, layout)?;
    let oracle = subject.oracle(tape);
    let snapshots = oracle.snapshots();
    let agree = |as_of: AsOf, when: When, date: Option<NaiveDate>| -> Result<(), Violation> {
        let finished = planned.finish(&planned.whole, as_of)?;
        planned.check.same(&format!("{as_of:?}: as of"), &date, &finished.as_of)?;
        agrees(&planned, &oracle, as_of, when, &finished)
    };
    agree(AsOf::Pooled, When::Always, None)?;
    for date in &snapshots {
        agree(AsOf::Date(*date), When::At(*date), Some(*date))?;
    }
    let latest = snapshots.last().copied();
    agree(AsOf::Latest, latest.map_or(When::Always, When::At), latest)?;
    if snapshots.len() > 1 {
        let single = planned.plan.finish(&planned.whole, AsOf::Single);
        return planned.check.holds(single.is_err(), "several snapshots were taken for a single one");
    }
    agree(AsOf::Single, latest.map_or(When::Always, When::At), latest)
}

fn agrees(
    planned: &Planned<'_>,
    oracle: &Oracle<'_>,
    as_of: AsOf,
    when: When,
    finished: &Finished,
) -> Result<(), Violation> {
    let (check, subject) = (planned.check, planned.check.subject);
    let grouped = subject.groups.iter().flat_map(|columns| oracle.groups(when, columns));
    let expected: Vec<_> = std::iter::once(Vec::new()).chain(grouped).collect();
    let found: Vec<_> = finished.groups.iter().map(|group| group.by.clone()).collect();
    check.same(&format!("{as_of:?}: groups"), &expected, &found)?;
    for group in &finished.groups {
        check.same("number of results", &subject.kpis.len(), &group.kpis.len())?;
        for (kpi, result) in subject.kpis.iter().zip(&group.kpis) {
            let place = || format!("{as_of:?}, {:?}, {}", group.by, kpi.spec().id);
            check.same("id", &kpi.spec().id.as_ref(), &&*result.id)?;
            let expected = oracle.expect(*kpi, when, &group.by);
            if let Some(difference) = difference(&expected, result) {
                return Err(check.broken(format_args!("{}: {difference}", place())));
            }
            let earlier = oracle.expect_prior(*kpi, when, &group.by).and_then(|prior| match prior.verdict {
                Verdict::Value { rounded, .. } => Some(rounded),
                _ => None,
            });
            let found = result.prior.as_ref().and_then(|prior| prior.value).map(|value| value.to_string());
            check.same(&format!("{}: earlier value", place()), &earlier, &found)?;
        }
    }
    Ok(())
}

/// `kpi.evaluate(&batch)` is what the plan of that one KPI over that one batch gives.
///
/// # Errors
/// The [`Violation`].
pub fn evaluate_is_a_plan_of_one(
    subject: &Subject<'_>,
    tape: &Tape,
    layout: Layout,
) -> Result<(), Violation> {
    let planned = Planned::new("evaluate is a plan of one", subject, tape, layout)?;
    let batch = planned.check.fine("batch", tape.to_batch(layout))?;
    for kpi in &subject.kpis {
        let plan = Plan::new(&[*kpi], &batch.schema(), &PlanOptions::default());
        let plan = planned.check.fine("plan", plan)?;
        let mut state = plan.empty();
        planned.check.fine("fold", plan.fold(&mut state, &batch))?;
        let finished = planned.check.fine("finish", plan.finish(&state, AsOf::Single))?;
        let expected = &finished.groups[0].kpis[0].outcome;
        let found = planned.check.fine("evaluate", kpi.evaluate(&batch))?;
        planned.check.same("outcome", expected, &found)?;
    }
    Ok(())
}
