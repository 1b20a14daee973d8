//! The tables of a run as they were taken in, and what is said about them.

use std::collections::BTreeMap;
use std::time::Duration;

use abaco_engine::Bindings;
use arrow::datatypes::SchemaRef;
use chrono::{DateTime, NaiveDate, Utc};
use serde_json::{Value, json};

use super::intake::Intake;
use super::measure::Duplicates;
use super::money::Money;
use super::phases::{ControlTotal, Phase, PhaseEntry, RowCounts, Timing};
use super::session::Session;
use super::tape_rows::TapeRows;
use super::{Pipeline, RunRequest};
use crate::PipelineError;
use crate::config::{ConfiguredTable, PipelineConfig, QualityMode, TableRole};
use crate::duplicates::Verdicts;
use crate::ingest::IngestReport;
use crate::panel::Table;
use crate::quality::{Counters, Facts, QualityDocument, Screen, SideTable, TableQuality, TableTotals};
use crate::quarantine::Spooled;

/// The name of the tape among the tables.
pub(super) const TAPE: &str = "tape";

/// What was taken in of one table.
pub(super) struct TakenRows {
    pub(super) reports: Vec<IngestReport>,
    pub(super) screen: Screen,
    pub(super) counters: Counters,
    /// What comparing the rows found, where they were compared.
    pub(super) verdicts: Option<Verdicts>,
    pub(super) quarantined: Spooled,
    /// What the rows add up to that were handed on.
    pub(super) money: Money,
    pub(super) clocks: Clocks,
}

/// When a table was taken in and what took how long.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clocks {
    pub(super) began_at: DateTime<Utc>,
    pub(super) read: Duration,
    /// Summed over the threads.
    pub(super) validated: Duration,
    /// Likewise.
    pub(super) transformed: Duration,
}

/// A table beside the tape.
pub(super) struct Beside {
    pub(super) role: TableRole,
    pub(super) rows: TakenRows,
    pub(super) table: Table,
}

/// All tables of a run.
pub(super) struct TakenIn {
    pub(super) tape: TakenRows,
    pub(super) beside: Vec<Beside>,
    /// Rows of the tape that KPIs were computed from.
    pub(super) folded_rows: u64,
    /// The rows that were handed to `tape.parquet`.
    pub(super) written: Money,
}

impl TakenIn {
    /// What the checks of all tables found.
    ///
    /// # Errors
    /// [`PipelineError::TableRule`] where a table as a whole breaks a rule of severity `error`.
    pub(super) fn quality<'s>(
        &'s self,
        config: &'s PipelineConfig,
        as_of: Option<NaiveDate>,
        today: NaiveDate,
    ) -> Result<QualityDocument, PipelineError> {
        let side = |beside: &'s Beside| {
            let table = config.tables.iter().find(|table| table.role == beside.role)?;
            let Table { batch, dated_by, .. } = &beside.table;
            Some(SideTable {
                role: beside.role,
                contract: &table.contract,
                batch,
                dated_by: dated_by.as_deref(),
            })
        };
        let tables: Vec<SideTable<'_>> = self.beside.iter().filter_map(side).collect();
        let of = |table: &str, rows: &TakenRows| -> Result<TableQuality, PipelineError> {
            let verdicts = rows.verdicts.as_ref();
            let quality =
                rows.counters.finish(&rows.screen, &Facts { table, as_of, today, tables: &tables, verdicts });
            let path = rows.reports.first().map_or(table, |report| report.path.as_str());
            quality.refuse(path.as_ref())?;
            Ok(quality)
        };
        let mut all = vec![of(TAPE, &self.tape)?];
        for beside in &self.beside {
            all.push(of(beside.role.as_str(), &beside.rows)?);
        }
        Ok(QualityDocument::new(all))
    }

    /// The quarantined rows of all tables.
    pub(super) fn quarantined(&self) -> impl Iterator<Item = &Spooled> {
        std::iter::once(&self.tape.quarantined)
            .chain(self.beside.iter().map(|beside| &beside.rows.quarantined))
    }

    /// What the audit says of the rows.
    pub(super) fn about(&self, quality: &QualityDocument) -> Value {
        let beside = self.beside.iter().flat_map(|beside| &beside.rows.reports);
        let read: Vec<Value> = self
            .tape
            .reports
            .iter()
            .chain(beside)
            .map(|report| json!({ "sha256": report.sha256, "bytes": report.bytes, "rows": report.rows }))
            .collect();
        json!({
            "read": read,
            "rows": quality.rows,
            "checks": { "executed": quality.checks_executed, "passed": quality.checks_passed },
        })
    }

    /// The phases up to the calculation: what each did with the tape's rows.
    pub(super) fn phases(
        &self,
        run_id: &str,
        quality: &QualityDocument,
        calculated: Timing,
    ) -> Vec<PhaseEntry> {
        let handed_on = self.tape.money.rows();
        let mut phases =
            of_table(quality, TAPE).map(|totals| self.tape.phases(run_id, totals)).unwrap_or_default();
        let rows = RowCounts { rows_in: handed_on, accepted: self.folded_rows, ..RowCounts::default() };
        phases.push(PhaseEntry::new(Phase::Calculate, run_id, calculated, rows, BTreeMap::new()));
        phases
    }

    /// What became of the rows of each table beside the tape until they were joined with it.
    pub(super) fn table_phases(
        &self,
        run_id: &str,
        quality: &QualityDocument,
    ) -> BTreeMap<String, Vec<PhaseEntry>> {
        let of = |beside: &Beside| {
            let table = beside.role.as_str();
            let sub_run = format!("{run_id}/{table}");
            Some((table.to_owned(), beside.rows.phases(&sub_run, of_table(quality, table)?)))
        };
        self.beside.iter().filter_map(of).collect()
    }

    /// The phase that writes: the rows that were folded are those of `tape.parquet`.
    pub(super) fn published(&self, run_id: &str, timing: Timing) -> PhaseEntry {
        let rows =
            RowCounts { rows_in: self.folded_rows, accepted: self.written.rows(), ..RowCounts::default() };
        let amounts = self.tape.money.amounts().zip(self.written.amounts());
        let amounts = amounts
            .map(|((name, folded), (_, written))| (name.clone(), ControlTotal::passed(&folded, &written)));
        PhaseEntry::new(Phase::Publish, run_id, timing, rows, amounts.collect())
    }
}

impl TakenRows {
    /// Reading, checking, transforming: what each did with the rows of the table.
    fn phases(&self, run_id: &str, totals: &TableTotals) -> Vec<PhaseEntry> {
        let (counts, clocks) = (totals.rows, &self.clocks);
        let all = |rows: u64| RowCounts { rows_in: rows, accepted: rows, ..RowCounts::default() };
        let timing = |took: Duration| Timing { began_at: clocks.began_at, took };
        let totals = &totals.control_totals;
        let read_in = totals
            .iter()
            .map(|(name, totals)| (name.clone(), ControlTotal::passed(&totals.read, &totals.read)));
        let checked = totals.iter().map(|(name, totals)| {
            let total = ControlTotal {
                total: totals.read.clone(),
                accepted: totals.accepted.clone(),
                quarantined: totals.quarantined.clone(),
                duplicate: totals.duplicate.clone(),
                unreadable: totals.unreadable,
            };
            (name.clone(), total)
        });
        let transformed = self.money.amounts().filter_map(|(name, amount)| {
            let accepted = &totals.get(name)?.accepted;
            Some((name.clone(), ControlTotal::passed(accepted, &amount)))
        });
        let rows_read = self.reports.iter().map(|report| report.rows).sum();
        let entry = |phase, took, rows, amounts| PhaseEntry::new(phase, run_id, took, rows, amounts);
        let checked_rows = RowCounts {
            rows_in: counts.read,
            accepted: counts.accepted,
            quarantined: counts.quarantined,
            duplicate: counts.duplicate,
        };
        let transformed_rows =
            RowCounts { rows_in: counts.accepted, accepted: self.money.rows(), ..RowCounts::default() };
        vec![
            entry(Phase::Ingest, timing(clocks.read), all(rows_read), read_in.collect()),
            entry(Phase::Validate, timing(clocks.validated), checked_rows, checked.collect()),
            entry(Phase::Transform, timing(clocks.transformed), transformed_rows, transformed.collect()),
        ]
    }
}

fn of_table<'q>(quality: &'q QualityDocument, table: &str) -> Option<&'q TableTotals> {
    quality.tables.iter().find(|totals| totals.table == table)
}

impl Pipeline {
    /// How the tape is taken in.
    pub(super) fn tape_intake<'i>(&'i self, request: &'i RunRequest, session: &'i Session<'_>) -> Intake<'i> {
        Intake {
            table: TAPE,
            contract: &self.config.contract,
            bindings: &self.bindings,
            paths: &request.inputs,
            strict: self.is_strict(),
            duplicates: Duplicates::Collapsed,
            masks: session.masks.of(None),
            inputs: &session.inputs,
            watch: &session.options.watch,
            scratch: session.scratch(),
            clock: session.options.clock,
            step: session.step(TAPE),
        }
    }

    /// How a table beside it is taken in.
    pub(super) fn side_intake<'i>(
        &self,
        table: &'i ConfiguredTable,
        bindings: &'i Bindings,
        paths: &'i [std::path::PathBuf],
        session: &'i Session<'_>,
    ) -> Intake<'i> {
        Intake {
            table: table.role.as_str(),
            contract: &table.contract,
            bindings,
            paths,
            strict: self.is_strict(),
            // Two payments of one loan on one day are two payments.
            duplicates: match table.role {
                TableRole::Static => Duplicates::Collapsed,
                _ => Duplicates::Kept,
            },
            masks: session.masks.of(Some(table.role)),
            inputs: &session.inputs,
            watch: &session.options.watch,
            scratch: session.scratch(),
            clock: session.options.clock,
            step: session.step(table.role.as_str()),
        }
    }

    fn is_strict(&self) -> bool {
        self.config.settings.quality.mode == QualityMode::Strict
    }

    /// Where the tape's rows go.
    pub(super) fn tape_rows<'s>(
        &self,
        intake: &Intake<'_>,
        schema: &SchemaRef,
        session: &'s Session<'_>,
        is_joined: bool,
    ) -> Result<TapeRows<'s>, PipelineError> {
        let money = Money::of(intake.contract, schema);
        TapeRows::written(session.staging.as_ref(), intake.written_schema(schema), money, is_joined)
    }
}
