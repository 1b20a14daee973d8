//! A run over a tape alone: streamed, whatever its length.

use std::sync::Arc;

use abaco_engine::{AsOf, EngineError, State};
use arrow::array::RecordBatch;
use chrono::NaiveDate;

use super::drill::Drill;
use super::effective::{Effective, LagPlan};
use super::folded::Folded;
use super::intake::{Folding, Taken};
use super::part::{Part, Parts};
use super::planned::{Planned, Rows};
use super::session::Session;
use super::taken::TakenIn;
use super::{Measured, Pipeline, RunRequest, observed_scales};
use crate::PipelineError;

/// What is folded in one pass.
struct Plans<'p> {
    planned: Planned,
    lag: Option<LagPlan>,
    drill: Option<Drill<'p>>,
}

/// Their states.
struct States {
    kpis: State,
    lag: Option<State>,
    drill: Option<State>,
}

impl Folding for Plans<'_> {
    type State = States;

    fn empty(&self) -> States {
        States {
            kpis: self.planned.plan.empty(),
            lag: self.lag.as_ref().map(|lag| lag.plan().empty()),
            drill: self.drill.as_ref().map(|drill| drill.plan().empty()),
        }
    }

    fn fold(&self, states: &mut States, batch: &RecordBatch) -> Result<(), EngineError> {
        if let (Some(lag), Some(state)) = (&self.lag, &mut states.lag) {
            lag.plan().fold(state, batch)?;
        }
        let batch = self.planned.dimensions.apply(batch)?;
        if let (Some(drill), Some(state)) = (&self.drill, &mut states.drill) {
            drill.plan().fold(state, &batch)?;
        }
        self.planned.plan.fold(&mut states.kpis, &batch)
    }

    fn merge(&self, into: &mut States, other: States) -> Result<(), EngineError> {
        if let (Some(lag), Some(into), Some(other)) = (&self.lag, &mut into.lag, &other.lag) {
            lag.plan().merge(into, other)?;
        }
        if let (Some(drill), Some(into), Some(other)) = (&self.drill, &mut into.drill, &other.drill) {
            drill.plan().merge(into, other)?;
        }
        self.planned.plan.merge(&mut into.kpis, &other.kpis)
    }
}

impl Pipeline {
    /// Folds all KPIs over the rows of the tape.
    pub(super) fn plain(
        &self,
        request: &RunRequest,
        session: &Session<'_>,
    ) -> Result<Measured<'_>, PipelineError> {
        let first = &request.inputs[0];
        let of_tape = |source| PipelineError::Engine { path: first.clone(), source };
        let intake = self.tape_intake(request, session);
        let tape = intake.open()?;
        let schema = intake.folded_schema(&tape.schema());
        let planned = self.planned(&self.calculator, Rows::Tape, Arc::clone(&schema)).map_err(of_tape)?;
        let with_dimensions = planned.dimensions.schema();
        let options = self.options(&with_dimensions, &self.bindings);
        let lag = match (&self.label_lag, &options.snapshot) {
            (Some(lag), Some(snapshot)) => {
                Some(LagPlan::new(lag, &schema, &self.bindings, Some(snapshot.clone())).map_err(of_tape)?)
            }
            _ => None,
        };
        let drill = Drill::new(
            &self.calculator.engine,
            &self.config.settings.drill_down,
            &with_dimensions,
            &self.bindings,
            options.snapshot.clone(),
        );
        let plans = Plans { planned, lag, drill: drill.map_err(of_tape)? };
        let mut out = self.tape_rows(&intake, &tape.schema(), session, false)?;
        let taken = intake.take(tape, &plans, &mut out)?;
        let (written, _) = out.finish()?;
        let Taken { state: states, rows: taken } = taken;
        let inputs = taken.reports.clone();
        let part = Part::new(Rows::Tape, &self.calculator, &plans.planned, states.kpis);
        let snapshots = part.plan.snapshots(&part.state);
        let parts = Parts { parts: vec![part], observed: observed_scales(inputs.iter()), sums_flows: false };
        if taken.counters.rows().accepted == 0 {
            if taken.counters.rows().read > 0 {
                return Err(PipelineError::AllQuarantined {
                    path: first.clone(),
                    rows: taken.counters.rows().read,
                });
            }
            return Err(PipelineError::NoRows { path: first.clone() });
        }
        // A tape without dates, and pooled snapshots, have no date.
        let chosen = parts.finished_as_of(request.as_of).map_err(of_tape)?;
        let effective_of = |as_of: NaiveDate| match (&plans.lag, &states.lag) {
            (Some(lag), Some(state)) => lag.effective(state, as_of),
            _ => Ok(Effective::Unknown),
        };
        let effective = chosen.map(effective_of).transpose().map_err(of_tape)?.unwrap_or(Effective::Unknown);
        let snapshots: Vec<NaiveDate> =
            snapshots.into_iter().filter(|date| chosen.is_some_and(|chosen| *date <= chosen)).collect();
        let settings = &self.config.settings;
        let drill_down = match (&plans.drill, &states.drill) {
            (Some(drill), Some(state)) => {
                let prior = snapshots.iter().rev().nth(1).copied();
                drill.entries(state, chosen.map_or(request.as_of, AsOf::Date), prior, &self.config.path)?
            }
            _ => Vec::new(),
        };
        let mut series = Vec::new();
        for rollup in &settings.rollups {
            let mut points = rollup.points(&snapshots, settings.fiscal_year_starts);
            for point in &mut points {
                point.look_behind_the_label(effective_of(point.as_of).map_err(of_tape)?.latest());
            }
            series.push((*rollup, points, parts.clone()));
        }
        let as_of = chosen.map_or(request.as_of, AsOf::Date);
        let folded = Folded { parts, as_of, snapshots, series, cohorts: None };
        let folded_rows = folded.parts.parts.iter().map(|part| part.state.rows()).sum();
        let taken = TakenIn { tape: taken, beside: Vec::new(), folded_rows, written };
        Ok(Measured { folded, inputs, tables: Vec::new(), effective, rows_as_of: None, drill_down, taken })
    }
}
