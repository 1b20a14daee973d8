//! A run over a tape and the tables beside it: snapshots joined with static data, and the loan-period panel.

use std::collections::BTreeSet;

use abaco_engine::{AsOf, EngineError, Plan, State};
use chrono::NaiveDate;

use super::bindings::bindings;
use super::drill::{Drill, DrillEntry};
use super::effective::{Effective, LagPlan};
use super::folded::Folded;
use super::intake::NoFolding;
use super::money::Money;
use super::part::{Calculator, Part, Parts};
use super::planned::{Planned, Rows as Over};
use super::session::Session;
use super::taken::{Beside, TakenIn};
use super::tape_rows::TapeRows;
use super::{Measured, Pipeline, RunRequest, Split, TableReport, observed_scales, read};
use crate::PipelineError;
use crate::calendar::Point;
use crate::config::TableRole;
use crate::ingest::IngestReport;
use crate::panel::{Given, Panel, Period, Rows};
use crate::source::date_text::{date_of, days_since_1970};
use crate::transform::PlannedDimensions;

impl Pipeline {
    /// Reads all tables, joins them, and folds the KPIs of each basis over its rows.
    pub(super) fn joined<'p>(
        &'p self,
        split: &'p Split,
        request: &RunRequest,
        session: &Session<'_>,
    ) -> Result<Measured<'p>, PipelineError> {
        let first = &request.inputs[0];
        let of_tape = |source| PipelineError::Engine { path: first.clone(), source };
        let intake = self.tape_intake(request, session);
        let opened = intake.open()?;
        let schema = opened.schema();
        let mut out = self.tape_rows(&intake, &schema, session, true)?;
        let taken = intake.take(opened, &NoFolding, &mut out)?.rows;
        let (written, rows) = out.finish()?;
        let tape = intake.table_of(&schema, &rows)?;
        let inputs = taken.reports.clone();
        let (given, beside) = self.read_tables(request, session)?;
        let tables: Vec<TableReport> = beside
            .iter()
            .flat_map(|beside| {
                let of = |input: &IngestReport| TableReport { role: beside.role, input: input.clone() };
                beside.rows.reports.iter().map(of)
            })
            .collect();
        let panel = Panel::new(&tape, &self.bindings, &given)?;
        let folded_rows = tape.batch.num_rows() as u64;
        let taken = TakenIn { tape: taken, beside, folded_rows, written };

        let snapshots = self.snapshots(&split.snapshot, &panel, first)?;
        let lag = self.lag(&panel, first)?;
        let mut parts = Parts {
            parts: vec![snapshots],
            observed: observed_scales(inputs.iter().chain(reports(&tables))),
            sums_flows: true,
        };
        let as_of = parts.finished_as_of(request.as_of).map_err(of_tape)?;
        let as_of = as_of.ok_or_else(|| PipelineError::NoRows { path: first.clone() })?;

        let upto = i32::try_from(days_since_1970(as_of)).unwrap_or(i32::MAX);
        let ends: BTreeSet<i32> = panel.dates().filter(|day| *day <= upto).collect();
        let walked = Walked::new(self, &split.period, &panel, first)?;
        let snapshots = parts.parts[0].clone();
        parts.parts.push(walked.part(&ends)?);

        let mut series = Vec::new();
        let dates: Vec<NaiveDate> = ends.iter().map(|day| date_of(*day)).collect();
        for rollup in &self.config.settings.rollups {
            let mut points = rollup.points(&dates, self.config.settings.fiscal_year_starts);
            for point in &mut points {
                point.look_behind_the_label(effective_of(&lag, point.as_of).map_err(of_tape)?.latest());
            }
            let of_period: BTreeSet<i32> = points.iter().map(end).collect();
            // A month of a monthly tape is what the totals already cover.
            let period = if of_period == ends { parts.parts[1].clone() } else { walked.part(&of_period)? };
            let parts = Parts { parts: vec![snapshots.clone(), period], ..parts.clone() };
            series.push((*rollup, points, parts));
        }
        let cohorts = match &self.config.settings.cohorts {
            Some(settings) => Some(self.cohorts(split, settings, &panel, &ends, first)?),
            None => None,
        };
        let mut drill_down = self.drill_snapshots(&split.snapshot, &panel, as_of, &dates, first)?;
        drill_down.extend(self.drill_periods(&walked, &ends, as_of, &dates)?);
        let effective = effective_of(&lag, as_of).map_err(of_tape)?;
        let folded = Folded { parts, as_of: AsOf::Date(as_of), snapshots: dates, series, cohorts };
        Ok(Measured {
            folded,
            inputs,
            tables,
            effective,
            rows_as_of: Some(panel.rows_at(upto)),
            drill_down,
            taken,
        })
    }

    fn read_tables(
        &self,
        request: &RunRequest,
        session: &Session<'_>,
    ) -> Result<(Given, Vec<Beside>), PipelineError> {
        let mut given = Given::default();
        let mut tables = Vec::new();
        for table in &self.config.tables {
            let paths = self.paths_of(table, request);
            if paths.is_empty() {
                continue;
            }
            let own = bindings(&table.contract, &table.contract_path, &self.config.definitions)?;
            let intake = self.side_intake(table, &own, &paths, session);
            let opened = intake.open()?;
            let schema = opened.schema();
            let mut out = TapeRows::kept(Money::of(&table.contract, &schema));
            let rows = intake.take(opened, &NoFolding, &mut out)?.rows;
            let read = intake.table_of(&schema, &out.finish()?.1)?;
            let read = read::with_derived(read, &table.contract, &own)?;
            tables.push(Beside { role: table.role, rows, table: read.clone() });
            *match table.role {
                TableRole::Static => &mut given.statics,
                TableRole::Event => &mut given.events,
                TableRole::Schedule => &mut given.schedule,
                TableRole::Ledger => &mut given.ledger,
            } = Some(read);
        }
        Ok((given, tables))
    }

    /// The KPIs of one snapshot, over the tape's rows.
    fn snapshots<'p>(
        &self,
        calculator: &'p Calculator,
        panel: &Panel,
        path: &std::path::Path,
    ) -> Result<Part<'p>, PipelineError> {
        let of_tape = |source| PipelineError::Engine { path: path.to_path_buf(), source };
        let planned = self.planned(calculator, Over::Snapshots, panel.snapshot_schema()?).map_err(of_tape)?;
        let mut state = planned.plan.empty();
        panel.each_snapshot(|_, rows| {
            fold(&planned.plan, &planned.dimensions, &mut state, &rows).map_err(of_tape)
        })?;
        Ok(Part::new(Over::Snapshots, calculator, &planned, state))
    }

    /// What KPIs of a snapshot are made of.
    fn drill_snapshots(
        &self,
        calculator: &Calculator,
        panel: &Panel,
        as_of: NaiveDate,
        dates: &[NaiveDate],
        path: &std::path::Path,
    ) -> Result<Vec<DrillEntry>, PipelineError> {
        let of_tape = |source| PipelineError::Engine { path: path.to_path_buf(), source };
        let dimensions = self.dimensions.plan(&panel.snapshot_schema()?, &self.bindings).map_err(of_tape)?;
        let schema = dimensions.schema();
        let snapshot = self.options(&schema, &self.bindings).snapshot;
        let settings = &self.config.settings.drill_down;
        let drill =
            Drill::new(&calculator.engine, settings, &schema, &self.bindings, snapshot).map_err(of_tape)?;
        let Some(drill) = drill else { return Ok(Vec::new()) };
        let prior = dates.iter().rev().nth(1).copied();
        let mut state = drill.plan().empty();
        panel.each_snapshot(|period, rows| {
            if is_compared(period, as_of, prior) {
                fold_parts(drill.plan(), &dimensions, &mut state, &rows).map_err(of_tape)?;
            }
            Ok(())
        })?;
        drill.entries(&state, AsOf::Date(as_of), prior, &self.config.path)
    }

    /// What KPIs of a period are made of.
    fn drill_periods(
        &self,
        walked: &Walked<'_, '_>,
        ends: &BTreeSet<i32>,
        as_of: NaiveDate,
        dates: &[NaiveDate],
    ) -> Result<Vec<DrillEntry>, PipelineError> {
        let schema = walked.planned.dimensions.schema();
        let snapshot = self.options(&schema, &walked.planned.bindings).snapshot;
        let settings = &self.config.settings.drill_down;
        let drill =
            Drill::new(&walked.calculator.engine, settings, &schema, &walked.planned.bindings, snapshot);
        let Some(drill) = drill.map_err(|error| walked.of_tape(error))? else { return Ok(Vec::new()) };
        let prior = dates.iter().rev().nth(1).copied();
        let mut state = drill.plan().empty();
        walked.panel.each_period(ends, |period, rows| {
            if is_compared(period, as_of, prior) {
                fold_parts(drill.plan(), &walked.planned.dimensions, &mut state, &rows)
                    .map_err(|error| walked.of_tape(error))?;
            }
            Ok(())
        })?;
        drill.entries(&state, AsOf::Date(as_of), prior, &self.config.path)
    }

    fn lag(&self, panel: &Panel, path: &std::path::Path) -> Result<Option<(LagPlan, State)>, PipelineError> {
        let of_tape = |source| PipelineError::Engine { path: path.to_path_buf(), source };
        let Some(lag) = &self.label_lag else { return Ok(None) };
        let schema = panel.snapshot_schema()?;
        let snapshot = self.options(&schema, &self.bindings).snapshot;
        let lag = LagPlan::new(lag, &schema, &self.bindings, snapshot).map_err(of_tape)?;
        let mut state = lag.plan().empty();
        panel.each_snapshot(|_, rows| lag.plan().fold(&mut state, &rows.loans).map_err(of_tape))?;
        Ok(Some((lag, state)))
    }
}

/// The KPIs of a period, planned over the panel; each rollup has its own ends of periods.
struct Walked<'p, 'w> {
    calculator: &'p Calculator,
    panel: &'w Panel,
    planned: Planned,
    path: &'w std::path::Path,
}

impl<'p, 'w> Walked<'p, 'w> {
    fn new(
        pipeline: &Pipeline,
        calculator: &'p Calculator,
        panel: &'w Panel,
        path: &'w std::path::Path,
    ) -> Result<Self, PipelineError> {
        let of_tape = |source| PipelineError::Engine { path: path.to_path_buf(), source };
        let planned = pipeline.planned(calculator, Over::Periods, panel.schema()?).map_err(of_tape)?;
        Ok(Self { calculator, panel, planned, path })
    }

    fn of_tape(&self, source: EngineError) -> PipelineError {
        PipelineError::Engine { path: self.path.to_path_buf(), source }
    }

    fn part(&self, ends: &BTreeSet<i32>) -> Result<Part<'p>, PipelineError> {
        let Planned { plan, dimensions, .. } = &self.planned;
        let mut state = plan.empty();
        self.panel.each_period(ends, |_: Period, rows| {
            fold(plan, dimensions, &mut state, &rows).map_err(|error| self.of_tape(error))
        })?;
        Ok(Part::new(Over::Periods, self.calculator, &self.planned, state))
    }
}

/// The day for which the rows of a snapshot hold.
fn effective_of(lag: &Option<(LagPlan, State)>, as_of: NaiveDate) -> Result<Effective, EngineError> {
    match lag {
        Some((lag, state)) => lag.effective(state, as_of),
        None => Ok(Effective::Unknown),
    }
}

/// Whether a period ends at one of the two snapshots that a drill-down looks at.
fn is_compared(period: Period, as_of: NaiveDate, prior: Option<NaiveDate>) -> bool {
    let closing = date_of(period.closing);
    closing == as_of || Some(closing) == prior
}

/// Folds loans by group, and what is no loan's into the totals.
fn fold(
    plan: &Plan,
    dimensions: &PlannedDimensions,
    state: &mut State,
    rows: &Rows,
) -> Result<(), EngineError> {
    plan.fold(state, &dimensions.apply(&rows.loans)?)?;
    match &rows.ledger {
        Some(ledger) => plan.fold_totals(state, &dimensions.apply(ledger)?),
        None => Ok(()),
    }
}

/// Folds all rows by group: a whole that is taken apart is the sum of its parts, the ledger's among them.
fn fold_parts(
    plan: &Plan,
    dimensions: &PlannedDimensions,
    state: &mut State,
    rows: &Rows,
) -> Result<(), EngineError> {
    for batch in std::iter::once(&rows.loans).chain(&rows.ledger) {
        plan.fold(state, &dimensions.apply(batch)?)?;
    }
    Ok(())
}

fn end(point: &Point) -> i32 {
    i32::try_from(days_since_1970(point.as_of)).unwrap_or(i32::MAX)
}

fn reports(tables: &[TableReport]) -> impl Iterator<Item = &crate::ingest::IngestReport> {
    tables.iter().map(|table| &table.input)
}
