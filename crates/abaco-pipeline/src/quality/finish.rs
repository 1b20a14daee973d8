//! From what was counted to what is said about a table.

use abaco_engine::{Bindings, EngineError, Projection};
use abaco_kpi::{Column as Name, Scaled};
use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{Date32Type, i256};
use chrono::NaiveDate;

use super::check::{Check, CheckKind};
use super::counters::{Counters, MAX_EXAMPLES, PartRows, Tally};
use super::document::{CheckResult, CheckState, ControlTotals, Counted, Example, TableQuality, TableTotals};
use super::outliers::far;
use super::screen::Screen;
use super::totals::{add, sum};
use super::tracked::{Kept, Reconciled, Sum, scale_of};
use crate::contract::TableRole;
use crate::contract::{Contract, Totals};
use crate::duplicates::Verdicts;
use crate::ingest::RowId;
use crate::source::date_text::days_since_1970;

/// What is known of a run besides a table's rows.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// `tape`, or the role of a table beside it.
    pub table: &'a str,
    /// The snapshot that the run is about, if the tape has snapshots.
    pub as_of: Option<NaiveDate>,
    /// The day of the run.
    pub today: NaiveDate,
    /// The tables beside the tape.
    pub tables: &'a [SideTable<'a>],
    /// What comparing the rows found; `None` if they have no key or were not compared.
    pub verdicts: Option<&'a Verdicts>,
}

/// A table beside the tape, with the columns that its contract derives.
#[derive(Clone, Copy, Debug)]
pub struct SideTable<'a> {
    /// What it holds.
    pub role: TableRole,
    /// What it looks like.
    pub contract: &'a Contract,
    /// All its rows.
    pub batch: &'a RecordBatch,
    /// Its column of dates, if it has one.
    pub dated_by: Option<&'a str>,
}

/// What one check found.
struct Found {
    counted: Counted,
    tally: Tally,
    found: Option<String>,
    /// Why there is no result: skipped, or failed.
    without: Option<(CheckState, String)>,
}

impl Found {
    fn counted(counted: Counted, tally: Tally) -> Self {
        Self { counted, tally, found: None, without: None }
    }

    /// Of the table as a whole.
    fn whole(found: String, violated: bool) -> Self {
        let tally = Tally { checked: 1, violating: violated.into(), ..Tally::default() };
        Self { counted: Counted::Tables, tally, found: Some(found), without: None }
    }

    fn without(counted: Counted, state: CheckState, reason: impl Into<String>) -> Self {
        Self { counted, tally: Tally::default(), found: None, without: Some((state, reason.into())) }
    }
}

impl Counters {
    /// What is said about the table, once all its rows have been looked at by this screen.
    ///
    /// After a second pass they are the second pass's counters and the first one's verdicts.
    pub fn finish(&self, screen: &Screen, facts: &Facts<'_>) -> TableQuality {
        let rows = self.part_rows();
        let checks = screen.checks.iter().enumerate().map(|(index, check)| {
            let found = match &check.skipped {
                Some(reason) => Found::without(counted(check.kind), CheckState::Skipped, reason),
                None => self.found(screen, index, check, facts),
            };
            result(check, found, facts.table, &rows)
        });
        let amounts = screen.amounts.iter().zip(&self.totals);
        let control_totals = amounts.map(|(amount, totals)| {
            let said = |total: i256| Scaled::from_total(total, amount.scale).to_string();
            let said = ControlTotals {
                read: said(totals.read),
                accepted: said(totals.accepted),
                quarantined: said(totals.quarantined),
                duplicate: said(totals.duplicate),
                unreadable: totals.unreadable,
            };
            (amount.name.clone(), said)
        });
        let totals = TableTotals {
            table: facts.table.to_owned(),
            rows: self.rows,
            control_totals: control_totals.collect(),
        };
        TableQuality { totals, checks: checks.collect() }
    }

    fn found(&self, screen: &Screen, index: usize, check: &Check, facts: &Facts<'_>) -> Found {
        let tally = || self.tallies[index].clone();
        match check.kind {
            // What was read of these is what could be read.
            CheckKind::Shape | CheckKind::Type | CheckKind::Nulls => {
                Found::counted(Counted::Rows, Tally { checked: self.rows.read, ..tally() })
            }
            CheckKind::Range | CheckKind::Allowed | CheckKind::Check => {
                Found::counted(Counted::Rows, tally())
            }
            CheckKind::Header => {
                let (required, missing) = screen.header;
                let tally = Tally { checked: required, violating: missing, ..Tally::default() };
                Found::counted(Counted::Columns, tally)
            }
            CheckKind::Unique => self.unique(screen, index),
            CheckKind::Outliers => self.outliers(screen, index, facts),
            CheckKind::NeverReverts => self.never_reverts(screen, index),
            CheckKind::Rows => {
                let rule = screen.tracked.rows.iter().find(|rule| rule.0 == index);
                let read = self.rows.read;
                let violated = rule.is_some_and(|(_, min, max)| {
                    min.is_some_and(|min| read < min) || max.is_some_and(|max| read > max)
                });
                Found::whole(format!("{read} rows"), violated)
            }
            CheckKind::Freshness => {
                let rule = screen.tracked.freshness.iter().find(|rule| rule.0 == index);
                match (rule, facts.as_of) {
                    (Some((_, most)), Some(as_of)) => {
                        let age = (facts.today - as_of).num_days();
                        Found::whole(format!("one of {age} days"), age > i64::from(*most))
                    }
                    _ => Found::without(Counted::Tables, CheckState::Skipped, "the tape has no snapshot"),
                }
            }
            CheckKind::Reconcile => {
                let rules = screen.tracked.reconciles.iter().zip(&self.kept.sums);
                let Some((rule, sums)) = rules.into_iter().find(|(rule, _)| rule.check == index) else {
                    return Found::without(Counted::Tables, CheckState::Failed, "no total was taken");
                };
                let of_day =
                    sums.iter().filter(|(day, _)| facts.as_of.is_none_or(|as_of| is_on(**day, as_of)));
                let of_day: Vec<Sum> = of_day.map(|(_, sum)| *sum).collect();
                reconciled(rule, &of_day, facts)
            }
            CheckKind::Duplicates | CheckKind::Conflicts => match facts.verdicts {
                None => Found::without(
                    Counted::Rows,
                    CheckState::Skipped,
                    "the rows have no key by which to compare them",
                ),
                Some(verdicts) => {
                    let is_duplicates = check.kind == CheckKind::Duplicates;
                    let (mut tally, rows): (_, Box<dyn Iterator<Item = &RowId>>) = match is_duplicates {
                        true => (Tally::default(), Box::new(verdicts.duplicates.iter())),
                        false => (Tally::default(), Box::new(verdicts.conflicts.keys())),
                    };
                    for row in rows {
                        tally.violating += 1;
                        tally.show(*row);
                    }
                    tally.checked = verdicts.compared;
                    Found::counted(Counted::Rows, tally)
                }
            },
            CheckKind::Totals => {
                let untied = screen.amounts.iter().zip(&self.totals).find(|(_, totals)| !totals.ties());
                match untied {
                    _ if !self.rows.ties() => Found::whole("another number of rows".to_owned(), true),
                    Some((amount, _)) => Found::whole(format!("another total of `{}`", amount.name), true),
                    None => Found::whole("that they tie".to_owned(), false),
                }
            }
        }
    }

    fn unique(&self, screen: &Screen, index: usize) -> Found {
        let position = Kept::unique_checks(&screen.tracked).position(|check| check == index);
        let Some(seen) = position.and_then(|position| self.kept.uniques.get(position)) else {
            return Found::without(Counted::Rows, CheckState::Failed, "no value was kept");
        };
        let mut tally = Tally::default();
        for (rows, first) in seen.values() {
            tally.checked += rows;
            if *rows > 1 {
                tally.violating += rows;
                tally.show(*first);
            }
        }
        Found::counted(Counted::Rows, tally)
    }

    /// Of the tape's rows at the as-of date, because values of other snapshots are no measure of these; of a table beside it
    /// those up to then.
    fn outliers(&self, screen: &Screen, index: usize, facts: &Facts<'_>) -> Found {
        let mut rules = screen.tracked.outliers.iter().zip(&self.kept.values);
        let Some((rule, values)) = rules.find(|(rule, _)| rule.check == index) else {
            return Found::without(Counted::Rows, CheckState::Failed, "no value was kept");
        };
        let until = |day: Option<i32>, as_of: NaiveDate| {
            day.is_none_or(|day| i64::from(day) <= days_since_1970(as_of))
        };
        let on_day = |day: Option<i32>| {
            facts.as_of.is_none_or(|as_of| match facts.table {
                "tape" => is_on(day, as_of),
                _ => until(day, as_of),
            })
        };
        let values = values.iter().filter(|((day, _), _)| on_day(*day));
        let values: Vec<_> = values.map(|((_, value), rows)| (*value, *rows)).collect();
        Found::counted(Counted::Rows, far(&values, rule.beyond))
    }

    fn never_reverts(&self, screen: &Screen, index: usize) -> Found {
        let position = screen.tracked.reverts.iter().position(|rule| rule.check == index);
        let Some(histories) = position.and_then(|position| self.kept.reverts.get(position)) else {
            return Found::without(Counted::Keys, CheckState::Failed, "no key was kept");
        };
        let mut tally = Tally { checked: histories.len() as u64, ..Tally::default() };
        for row in histories.values().filter_map(|history| history.reverted()) {
            tally.violating += 1;
            tally.show(row);
        }
        Found::counted(Counted::Keys, tally)
    }
}

/// What a check counts when it is not executed.
fn counted(kind: CheckKind) -> Counted {
    match kind {
        CheckKind::Header => Counted::Columns,
        CheckKind::NeverReverts => Counted::Keys,
        CheckKind::Rows | CheckKind::Freshness | CheckKind::Reconcile | CheckKind::Totals => Counted::Tables,
        _ => Counted::Rows,
    }
}

fn result(check: &Check, found: Found, table: &str, rows: &PartRows) -> CheckResult {
    let Found { counted, tally, found, without } = found;
    let examples = tally
        .examples
        .iter()
        .take(MAX_EXAMPLES)
        .map(|row| Example { input: row.file + 1, row: rows.tape_row(*row) });
    let state = without.as_ref().map_or(CheckState::Executed, |(state, _)| *state);
    CheckResult {
        id: check.id.clone(),
        table: table.to_owned(),
        kind: check.kind,
        severity: check.severity,
        column: check.column.clone(),
        expected: check.expected.clone(),
        message: check.message.clone(),
        state,
        reason: without.map(|(_, reason)| reason),
        counted,
        checked: tally.checked,
        violating: tally.violating,
        examples: examples.collect(),
        found,
        passed: match state {
            CheckState::Skipped => None,
            CheckState::Failed => Some(false),
            CheckState::Executed => Some(tally.violating == 0),
        },
    }
}

fn is_on(day: Option<i32>, as_of: NaiveDate) -> bool {
    // A tape without snapshots is one, of whatever date.
    day.is_none_or(|day| i64::from(day) == days_since_1970(as_of))
}

fn reconciled(rule: &Reconciled, of_tape: &[Sum], facts: &Facts<'_>) -> Found {
    let failed = |reason: String| Found::without(Counted::Tables, CheckState::Failed, reason);
    let role = rule.rule.table;
    let tables: Vec<&SideTable<'_>> = facts.tables.iter().filter(|table| table.role == role).collect();
    if tables.is_empty() {
        let reason = format!("there is no table `{role}`");
        return Found::without(Counted::Tables, CheckState::Skipped, reason);
    }
    let mut tape = Sum::default();
    for sum in of_tape {
        tape.rows += sum.rows;
        if let Err(error) = add(&mut tape.total, sum.total, "reconcile") {
            return failed(error.to_string());
        }
    }
    let mut beside = Scaled::new(0, 0);
    for table in tables {
        match total(rule, table, facts.as_of) {
            Ok(total) => beside = beside.plus(&total),
            Err(reason) => return failed(reason),
        }
    }
    let tape = match &rule.rule.totals {
        Totals::Rows => Scaled::new(tape.rows, 0),
        Totals::Sums { .. } => Scaled::from_total(tape.total, rule.scale()),
    };
    let difference = tape.minus(&beside);
    let within = Scaled::from(rule.rule.within);
    let exceeds = within.minus(&absolute(&difference)).units() < Scaled::new(0, 0).units();
    Found::whole(format!("{tape} and {beside}, a difference of {difference}"), exceeds)
}

fn absolute(value: &Scaled) -> Scaled {
    let zero = Scaled::new(0, value.scale());
    if value.units() < zero.units() { zero.minus(value) } else { value.clone() }
}

/// A table's total: of its rows up to the as-of date where they are events, of that date where they are figures of the
/// portfolio, of all rows where they have no date.
fn total(rule: &Reconciled, table: &SideTable<'_>, as_of: Option<NaiveDate>) -> Result<Scaled, String> {
    let array = match &rule.rule.totals {
        Totals::Rows => None,
        Totals::Sums { table: expr, .. } => {
            if let Some(secret) = table.contract.secret_behind(expr) {
                return Err(format!("it would publish the values of `{secret}`, which has the role pii"));
            }
            let asked = [(Name::from("with"), expr.clone())];
            let schema = table.batch.schema();
            let project = Projection::new(&asked, &schema, &Bindings::new())
                .and_then(|projection| projection.project(table.batch));
            let projected = project.map_err(|error| match error {
                EngineError::Binding { reason, .. } => reason,
                other => other.to_string(),
            })?;
            Some(projected.column(0).clone())
        }
    };
    let dates = table.dated_by.and_then(|name| table.batch.column_by_name(name));
    let dates = dates.and_then(|dates| dates.as_primitive_opt::<Date32Type>());
    let counts = |row: &usize| match (dates, as_of.map(days_since_1970)) {
        (Some(dates), Some(as_of)) => {
            dates.is_valid(*row) && {
                let day = i64::from(dates.value(*row));
                if table.role == TableRole::Ledger { day == as_of } else { day <= as_of }
            }
        }
        _ => true,
    };
    let rows: Vec<usize> = (0..table.batch.num_rows()).filter(counts).collect();
    Ok(match &array {
        None => Scaled::new(rows.len(), 0),
        Some(array) => {
            let total = sum(array, Some(&rows));
            let total = total.ok_or_else(|| format!("expected a number, found {}", array.data_type()))?;
            Scaled::from_total(total, scale_of(array.data_type()))
        }
    })
}
