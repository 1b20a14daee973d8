//! Walking through the snapshots, one panel at each.

use std::collections::BTreeSet;
use std::path::PathBuf;

use abaco_engine::Bindings;
use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;

use super::emit::Emitter;
use super::flows::FlowedSoFar;
use super::history::{Flow, Loan};
use super::loans::Loans;
use super::side::{Ledger, SideTables, Statics, Table, Timeline, refused};
use super::snapshots::Snapshots;
use super::step::Overflow;
use crate::PipelineError;

/// A period from one snapshot to the next, in days since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Period {
    /// The snapshot that begins it; none before the first.
    pub(crate) opening: Option<i32>,
    /// The snapshot that ends it.
    pub(crate) closing: i32,
}

/// The rows of a snapshot or a period, in two batches of one schema.
#[derive(Clone, Debug)]
pub(crate) struct Rows {
    /// Of loans.
    pub(crate) loans: RecordBatch,
    /// Of the ledger, which are no loan's and belong to no segment; none without one.
    pub(crate) ledger: Option<RecordBatch>,
}

/// A tape and the tables beside it, joined by loan.
#[derive(Debug)]
pub(crate) struct Panel {
    path: PathBuf,
    pub(super) snapshots: Snapshots,
    pub(super) side: SideTables,
    pub(super) loans: Loans,
    /// The decimal places of every amount.
    pub(super) scale: u8,
}

/// The tables that a panel may be made of.
#[derive(Debug, Default)]
pub(crate) struct Given {
    pub(crate) statics: Option<Table>,
    pub(crate) events: Option<Table>,
    pub(crate) schedule: Option<Table>,
    pub(crate) ledger: Option<Table>,
}

impl Panel {
    /// Joins a tape with the tables beside it.
    ///
    /// # Errors
    /// [`PipelineError::Table`] for a loan that stands twice where it may stand once, a row without loan or date, and a
    /// column that is in two tables.
    pub(crate) fn new(tape: &Table, bindings: &Bindings, given: &Given) -> Result<Self, PipelineError> {
        let timelines = [(&given.events, &Flow::EVENTS[..]), (&given.schedule, &Flow::SCHEDULE[..])];
        let scales = timelines
            .into_iter()
            .filter_map(|(table, flows)| table.as_ref().and_then(|table| Timeline::scale(table, flows)));
        let scale = scales.chain(Snapshots::scale(tape, bindings)).max().unwrap_or(2);
        let mut loans = Loans::default();
        let snapshots = Snapshots::new(tape, bindings, scale, &mut loans)?;
        let timeline = |table: &Option<Table>, flows: &[Flow], loans: &mut Loans| {
            table.as_ref().map(|table| Timeline::new(table, flows, scale, loans)).transpose()
        };
        let side = SideTables {
            statics: given.statics.as_ref().map(|table| Statics::new(table, &mut loans)).transpose()?,
            events: timeline(&given.events, &Flow::EVENTS, &mut loans)?,
            schedule: timeline(&given.schedule, &Flow::SCHEDULE, &mut loans)?,
            ledger: given.ledger.as_ref().map(Ledger::new).transpose()?,
        };
        for (table, role) in [(&given.statics, "static"), (&given.ledger, "ledger")] {
            let Some(table) = table else { continue };
            for field in table.batch.schema().fields() {
                let twice = field.name() != super::side::KEY
                    && Some(field.name()) != table.dated_by.as_ref()
                    && tape.batch.column_by_name(field.name()).is_some();
                if twice {
                    let message = format!(
                        "column `{}` is on the tape too; the {role} table must not repeat it",
                        field.name()
                    );
                    return Err(table.refused(message));
                }
            }
        }
        let panel = Self { path: tape.path.clone(), snapshots, side, loans, scale };
        // What the panel makes would stand in the place of what the tape says.
        let made = Emitter::new(&panel).made()?;
        match made.iter().find(|name| tape.batch.column_by_name(name).is_some()) {
            Some(name) => Err(panel.refused(format!(
                "column `{name}` is on the tape, and the tables beside it tell the same; one of them must go"
            ))),
            None => Ok(panel),
        }
    }

    pub(super) fn path(&self) -> &std::path::Path {
        &self.path
    }

    pub(super) fn refused(&self, message: String) -> PipelineError {
        refused(&self.path, message)
    }

    /// The snapshots of the tape, oldest first, in days since 1970.
    pub(crate) fn dates(&self) -> impl DoubleEndedIterator<Item = i32> + '_ {
        self.snapshots.dates.keys().copied()
    }

    /// How many rows the tape has at a snapshot.
    pub(crate) fn rows_at(&self, day: i32) -> u64 {
        self.snapshots.dates.get(&day).map_or(0, |rows| rows.len() as u64)
    }

    /// The schema of every panel.
    pub(crate) fn schema(&self) -> Result<SchemaRef, PipelineError> {
        let none = FlowedSoFar::new(&self.snapshots.flows, 0);
        Ok(Emitter::new(self).panel(&[], &none, Period { opening: None, closing: 0 })?.loans.schema())
    }

    /// The schema of every joined snapshot.
    pub(crate) fn snapshot_schema(&self) -> Result<SchemaRef, PipelineError> {
        Ok(Emitter::new(self).snapshot(&[], Period { opening: None, closing: 0 })?.loans.schema())
    }

    /// Hands over the rows of each snapshot, with the columns of the static table and the rows of the ledger.
    pub(crate) fn each_snapshot(
        &self,
        mut each: impl FnMut(Period, Rows) -> Result<(), PipelineError>,
    ) -> Result<(), PipelineError> {
        let emitter = Emitter::new(self);
        let mut opening = None;
        for (closing, rows) in &self.snapshots.dates {
            let period = Period { opening, closing: *closing };
            each(period, emitter.snapshot(rows, period)?)?;
            opening = Some(*closing);
        }
        Ok(())
    }

    /// Hands over the panel of each of the snapshots in `ends`, over the period since the one before it in `ends`.
    pub(crate) fn each_period(
        &self,
        ends: &BTreeSet<i32>,
        mut each: impl FnMut(Period, Rows) -> Result<(), PipelineError>,
    ) -> Result<(), PipelineError> {
        let emitter = Emitter::new(self);
        let flows = &self.snapshots.flows;
        let mut flowed = FlowedSoFar::new(flows, self.loans.len());
        let too_large =
            |Overflow| refused(&self.path, "the amounts of a loan add up to more than 128 bits hold");
        let mut loans = vec![Loan::default(); self.loans.len()];
        let (mut event, mut due) = (0, 0);
        let mut opening = None;
        let mut first = true;
        let Some(last) = ends.last() else { return Ok(()) };
        for (closing, rows) in self.snapshots.dates.range(..=last) {
            for (timeline, next) in [(&self.side.events, &mut event), (&self.side.schedule, &mut due)] {
                let Some(timeline) = timeline else { continue };
                let (happened, behind) = timeline.until(*next, *closing);
                for (loan, flow, amount) in happened {
                    loans[loan].known = true;
                    loans[loan].happened(flow, amount).map_err(too_large)?;
                }
                *next = behind;
            }
            for loan in &mut loans {
                loan.row = None;
            }
            for (row, loan) in rows {
                loans[*loan].row = Some(*row);
                loans[*loan].last_row = Some(*row);
                flowed.add(flows, *loan, *row).map_err(|name| {
                    self.refused(format!("column `{name}`: its amounts add up to more than 128 bits hold"))
                })?;
                loans[*loan].known = true;
            }
            for (number, loan) in loans.iter_mut().enumerate() {
                if !loan.known {
                    let statics = self.side.statics.as_ref();
                    loan.known = statics.is_some_and(|table| {
                        table.row(number).is_some_and(|row| table.originated_by(row, *closing))
                    });
                }
                let row = loan.row.map(|row| self.snapshots.standing[row]);
                loan.arrive(row, first).map_err(too_large)?;
            }
            first = false;
            if ends.contains(closing) {
                let period = Period { opening, closing: *closing };
                each(period, emitter.panel(&loans, &flowed, period)?)?;
                loans.iter_mut().for_each(Loan::begin_period);
                flowed.begin_period();
                opening = Some(*closing);
            }
        }
        Ok(())
    }
}
