//! What the laws are about: KPIs, and how a tape is read for them.

use std::fmt;

use abaco_engine::{AsOf, Bindings, EngineError, Finished, Plan, PlanOptions, State};
use abaco_kpi::{Column, Kpi, Outcome, RowExpr};
use arrow::array::RecordBatch;

use super::Violation;
use super::violation::Check;
use crate::oracle::{Verdict, When};
use crate::{Layout, Oracle, Tape};

/// KPIs with bindings, a snapshot column and grouping sets.
///
/// ```
/// use abaco_kpi::{FormulaKpi, KpiSpec, Unit, sum};
/// use abaco_testkit::laws::{Subject, any_batch_size};
/// use abaco_testkit::{Tape, Width};
///
/// let kpi = FormulaKpi::new(KpiSpec::new("balance", "Balance", Unit::Currency), sum("outstanding_balance"));
/// let tape = Tape::new()
///     .texts("segment", ["sme", "retail", "sme"])?
///     .money("outstanding_balance", [150_00, 25_00, 75_00])?;
/// let by_segment = Subject::new(&kpi).group_by(["segment"]);
/// any_batch_size(&by_segment, &tape, Width::Decimal64.into(), 2)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Subject<'k> {
    pub(super) kpis: Vec<&'k dyn Kpi>,
    pub(super) bindings: Vec<(Column, RowExpr)>,
    pub(super) snapshot: Option<Column>,
    pub(super) groups: Vec<Vec<Column>>,
}

impl<'k> Subject<'k> {
    /// One KPI over a tape that speaks canonical names.
    pub fn new(kpi: &'k dyn Kpi) -> Self {
        Self::of([kpi])
    }

    /// Several KPIs, planned together.
    pub fn of(kpis: impl IntoIterator<Item = &'k dyn Kpi>) -> Self {
        Self { kpis: kpis.into_iter().collect(), bindings: Vec::new(), snapshot: None, groups: Vec::new() }
    }

    /// Binds a canonical column to an expression over the tape's columns.
    #[must_use]
    pub fn bind(mut self, column: impl Into<Column>, expr: RowExpr) -> Self {
        self.bindings.push((column.into(), expr));
        self
    }

    /// Names the column that dates the snapshots.
    #[must_use]
    pub fn snapshot(mut self, column: impl Into<Column>) -> Self {
        self.snapshot = Some(column.into());
        self
    }

    /// Adds a grouping set.
    #[must_use]
    pub fn group_by<C: Into<Column>>(mut self, columns: impl IntoIterator<Item = C>) -> Self {
        self.groups.push(columns.into_iter().map(Into::into).collect());
        self
    }

    /// The same, for other KPIs.
    #[must_use]
    pub(super) fn with_kpis(&self, kpis: Vec<&'k dyn Kpi>) -> Self {
        Self { kpis, ..self.clone() }
    }

    /// The oracle that reads `tape` in the same way.
    pub fn oracle<'t>(&self, tape: &'t Tape) -> Oracle<'t> {
        let bindings = self.bindings.iter().cloned();
        let oracle = bindings.fold(Oracle::new(tape), |oracle, (column, expr)| oracle.bind(column, expr));
        match &self.snapshot {
            Some(column) => oracle.snapshot(column.clone()),
            None => oracle,
        }
    }

    pub(super) fn plan(&self, tape: &Tape, layout: Layout) -> Result<Plan, EngineError> {
        let bind = |bindings: Bindings, (column, expr): (Column, RowExpr)| bindings.bind(column, expr);
        let options = PlanOptions {
            bindings: self.bindings.iter().cloned().fold(Bindings::new(), bind),
            snapshot: self.snapshot.clone(),
            groups: self.groups.clone(),
        };
        Plan::new(&self.kpis, &tape.schema(layout), &options)
    }
}

impl fmt::Display for Subject<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut lines = Vec::new();
        for kpi in &self.kpis {
            lines.push(format!("kpi {} = {}", kpi.spec().id, kpi.formula()));
        }
        for (column, expr) in &self.bindings {
            lines.push(format!("bound {column} = {expr}"));
        }
        if let Some(column) = &self.snapshot {
            lines.push(format!("snapshots by {column}"));
        }
        for set in &self.groups {
            let names: Vec<&str> = set.iter().map(Column::name).collect();
            lines.push(format!("grouped by {}", names.join(", ")));
        }
        f.write_str(&lines.join("\n"))
    }
}

/// A planned subject on a tape, with the state of the whole tape in one batch.
pub(crate) struct Planned<'c> {
    pub(crate) check: Check<'c>,
    pub(crate) layout: Layout,
    pub(crate) plan: Plan,
    pub(crate) whole: State,
}

impl<'c> Planned<'c> {
    pub(crate) fn new(
        law: &'static str,
        subject: &'c Subject<'c>,
        tape: &'c Tape,
        layout: Layout,
    ) -> Result<Self, Violation> {
        let check = Check { law, subject, tape };
        let plan = check.fine("plan", subject.plan(tape, layout))?;
        let batch = check.fine("batch", tape.to_batch(layout))?;
        let whole = check.fine("fold", fold(&plan, &[batch]))?;
        Ok(Self { check, layout, plan, whole })
    }

    /// The state of a part of the tape.
    pub(crate) fn part(&self, rows: Vec<usize>) -> Result<State, Violation> {
        let batch = self.check.fine("batch", self.check.tape.select(rows).to_batch(self.layout))?;
        self.check.fine("fold", fold(&self.plan, &[batch]))
    }

    /// The tape in batches.
    pub(crate) fn batches(&self, rows_max: usize) -> Result<Vec<RecordBatch>, Violation> {
        self.check.fine("batches", self.check.tape.to_batches(self.layout, rows_max))
    }

    pub(crate) fn merged(&self, into: &State, other: &State) -> Result<State, Violation> {
        let mut merged = into.clone();
        self.check.fine("merge", self.plan.merge(&mut merged, other))?;
        Ok(merged)
    }

    /// `state` is, to the bit, the state of the whole tape, and finishes to the same outcomes.
    pub(crate) fn is_whole(&self, what: &str, state: &State) -> Result<(), Violation> {
        if self.whole.to_bytes() != state.to_bytes() {
            return Err(self.check.broken(format_args!("{what}: the state has other bytes")));
        }
        let expected = self.finish(&self.whole, AsOf::Pooled)?;
        self.check.same(what, &expected, &self.finish(state, AsOf::Pooled)?)
    }

    pub(crate) fn finish(&self, state: &State, as_of: AsOf) -> Result<Finished, Violation> {
        self.check.fine("finish", self.plan.finish(state, as_of))
    }
}

/// The state of these batches, one after the other.
pub(crate) fn fold(plan: &Plan, batches: &[RecordBatch]) -> Result<State, EngineError> {
    let mut state = plan.empty();
    for batch in batches {
        plan.fold(&mut state, batch)?;
    }
    Ok(state)
}

/// Why the engine does not compute the subject on such a tape although its description is right: decimals so
/// wide that a row's value might not sum exactly, or values beyond a precision that a bound relies on.
pub(crate) fn refusal(
    subject: &Subject<'_>,
    tape: &Tape,
    layout: Layout,
) -> Result<Option<String>, Violation> {
    let check = Check { law: "a description is planned", subject, tape };
    let plan = check.fine("plan", subject.plan(tape, layout))?;
    let empty = check.fine("finish", plan.finish(&plan.empty(), AsOf::Pooled))?;
    let without_rows = tape.select([]);
    let oracle = subject.oracle(&without_rows);
    for (kpi, result) in subject.kpis.iter().zip(empty.groups.iter().flat_map(|group| &group.kpis)) {
        let fails = matches!(oracle.expect(*kpi, When::Always, &[]).verdict, Verdict::Failed(_));
        if let (Outcome::Failed(reason), false) = (&result.outcome, fails) {
            return Ok(Some(reason.clone()));
        }
    }
    beyond_declared(&check, &plan, layout)
}

/// Why the tape is refused by a plan whose bounds rely on declared precisions that the tape does not keep.
pub(crate) fn beyond_declared(
    check: &Check<'_>,
    plan: &Plan,
    layout: Layout,
) -> Result<Option<String>, Violation> {
    let batch = check.fine("batch", check.tape.to_batch(layout))?;
    match fold(plan, &[batch]) {
        Err(error @ EngineError::Precision { .. }) if !check.tape.keeps_to_declared(layout.width) => {
            Ok(Some(error.to_string()))
        }
        _ => Ok(None),
    }
}
