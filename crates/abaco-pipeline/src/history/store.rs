//! From the ledger and the runs into the database.

use std::collections::BTreeMap;
use std::path::Path;

use abaco_engine::{FindingKind, Status};
use chrono::NaiveDate;
use rusqlite::{Connection, Transaction, TransactionBehavior, params};
use serde::Deserialize;

use super::read::{digest_of_rows, digest_of_run};
use super::{CaughtUp, sqlite};
use crate::PipelineError;
use crate::canonical_json::canonical;
use crate::published::{self, Fault, Listed};

/// What stops the catching up.
pub(super) enum StoreError {
    Sqlite(rusqlite::Error),
    Pipeline(PipelineError),
}

impl StoreError {
    pub(super) fn at(self, path: &Path) -> PipelineError {
        match self {
            Self::Sqlite(error) => sqlite(path, &error),
            Self::Pipeline(error) => error,
        }
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

/// What is taken over from a manifest.
#[derive(Deserialize)]
struct Manifest {
    settings: Profile,
}

#[derive(Deserialize)]
struct Profile {
    profile: String,
}

/// What is taken over from a document.
#[derive(Deserialize)]
struct Document {
    run_id: String,
    identity: String,
    portfolio: String,
    currency: String,
    as_of: Option<NaiveDate>,
    known_at: String,
    kpis: Vec<Kpi>,
    #[serde(default)]
    segments: Vec<Segment>,
    #[serde(default)]
    findings: Vec<Finding>,
}

type By = BTreeMap<String, Option<String>>;

#[derive(Deserialize)]
struct Segment {
    by: By,
    kpis: Vec<Kpi>,
}

#[derive(Deserialize)]
struct Kpi {
    id: String,
    state: String,
    status: Status,
    value: Option<String>,
    unit: Option<String>,
    reason: Option<String>,
}

#[derive(Deserialize)]
struct Finding {
    kpi: String,
    by: By,
    kind: String,
    severity: Status,
    #[serde(default)]
    message: String,
}

/// Takes over what the ledger has and the database has not, in one transaction.
pub(super) fn catch_up(connection: &mut Connection, out: &Path) -> Result<CaughtUp, StoreError> {
    let listed = published::listed(out).map_err(StoreError::Pipeline)?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let mut caught = CaughtUp::default();
    let known = known(&transaction, &listed)?;
    if known.is_none() {
        transaction.execute_batch("DELETE FROM findings; DELETE FROM kpi_values; DELETE FROM runs;")?;
        caught.rebuilt = true;
    }
    let known = known.unwrap_or(0);
    let looked_at: Vec<i64> = transaction
        .prepare("SELECT seq FROM runs WHERE state <> 'read' ORDER BY seq")?
        .query_map([], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    for run in &listed {
        let is_new = run.seq > known;
        if is_new || looked_at.binary_search(&run.seq).is_ok() {
            match taken_over(&transaction, out, run)? {
                Some(fault) => caught.problems.push((run.run_id.clone(), fault.to_string())),
                None => caught.added += 1,
            }
        }
    }
    transaction.commit()?;
    Ok(caught)
}

/// How many runs of the ledger the database has; `None` if it has others, or rows that were changed.
fn known(transaction: &Transaction<'_>, listed: &[Listed]) -> Result<Option<i64>, StoreError> {
    let mut statement = transaction
        .prepare("SELECT seq, run_id, portfolio, as_of, ledger_hash, row_sha256 FROM runs ORDER BY seq")?;
    let mut rows = statement.query([])?;
    let mut ledger = listed.iter();
    let mut known = 0;
    while let Some(row) = rows.next()? {
        let Some(run) = ledger.next() else { return Ok(None) };
        known = row.get(0)?;
        let text = |index| row.get::<_, Option<String>>(index);
        let as_listed = known == run.seq
            && text(1)?.as_ref() == Some(&run.run_id)
            && text(2)?.as_ref() == Some(&run.portfolio)
            && text(3)? == run.as_of.map(|date| date.to_string())
            && text(4)?.as_ref() == Some(&run.hash);
        if !as_listed || text(5)? != Some(digest_of_run(transaction, known)?) {
            return Ok(None);
        }
    }
    Ok(Some(known))
}

/// Takes over one run, or notes why that is not possible.
fn taken_over(transaction: &Transaction<'_>, out: &Path, run: &Listed) -> Result<Option<Fault>, StoreError> {
    transaction.execute("DELETE FROM runs WHERE seq = ?1", [run.seq])?;
    match read(out, run) {
        Ok((profile, sha256, document)) => {
            transaction.execute(
                "INSERT INTO runs (seq, run_id, portfolio, as_of, ledger_hash, state, profile, currency, known_at,
                 identity, document_sha256) VALUES (?1, ?2, ?3, ?4, ?5, 'read', ?6, ?7, ?8, ?9, ?10)",
                params![
                    run.seq,
                    run.run_id,
                    run.portfolio,
                    run.as_of.map(|date| date.to_string()),
                    run.hash,
                    profile,
                    document.currency,
                    document.known_at,
                    document.identity,
                    sha256,
                ],
            )?;
            insert(transaction, run.seq, &document)?;
            let rows = digest_of_rows(transaction, run.seq)?;
            transaction.execute("UPDATE runs SET rows_sha256 = ?2 WHERE seq = ?1", params![run.seq, rows])?;
            signed(transaction, run.seq)?;
            Ok(None)
        }
        Err(fault) => {
            let state = if fault == Fault::Missing { "missing" } else { "damaged" };
            transaction.execute(
                "INSERT INTO runs (seq, run_id, portfolio, as_of, ledger_hash, state, problem)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                params![
                    run.seq,
                    run.run_id,
                    run.portfolio,
                    run.as_of.map(|date| date.to_string()),
                    run.hash,
                    state,
                    fault.to_string(),
                ],
            )?;
            signed(transaction, run.seq)?;
            Ok(Some(fault))
        }
    }
}

fn signed(transaction: &Transaction<'_>, seq: i64) -> rusqlite::Result<()> {
    let run = digest_of_run(transaction, seq)?;
    transaction.execute("UPDATE runs SET row_sha256 = ?2 WHERE seq = ?1", params![seq, run]).map(drop)
}

fn read(out: &Path, run: &Listed) -> Result<(String, String, Document), Fault> {
    let opened = published::open(out, run)?;
    let damaged = |name: &str, error: serde_json::Error| Fault::Damaged(format!("`{name}`: {error}"));
    let manifest: Manifest =
        serde_json::from_value(opened.manifest).map_err(|error| damaged("manifest.json", error))?;
    let document: Document =
        serde_json::from_value(opened.document).map_err(|error| damaged("kpis.json", error))?;
    if (&document.run_id, &document.portfolio, document.as_of) != (&run.run_id, &run.portfolio, run.as_of) {
        return Err(Fault::Damaged(format!(
            "`kpis.json`: expected run `{}` of `{}`, found `{}` of `{}`, or another snapshot",
            run.run_id, run.portfolio, document.run_id, document.portfolio
        )));
    }
    Ok((manifest.settings.profile, opened.document_sha256, document))
}

fn insert(transaction: &Transaction<'_>, seq: i64, document: &Document) -> Result<(), StoreError> {
    let text = |by: &By| canonical(by).map_err(|error| StoreError::Pipeline(PipelineError::Json(error)));
    let mut findings =
        transaction.prepare_cached("INSERT INTO findings VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")?;
    for (position, finding) in (0i64..).zip(&document.findings) {
        findings.execute(params![
            seq,
            position,
            finding.kpi,
            text(&finding.by)?,
            finding.kind,
            finding.severity.as_str(),
            finding.message,
        ])?;
    }
    let totals = (By::new(), &document.kpis);
    let segments = document.segments.iter().map(|segment| (segment.by.clone(), &segment.kpis));
    let mut values = transaction
        .prepare_cached("INSERT INTO kpi_values VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)")?;
    let mut position = 0i64;
    for (by, kpis) in std::iter::once(totals).chain(segments) {
        let segment = text(&by)?;
        for kpi in kpis {
            values.execute(params![
                seq,
                position,
                kpi.id,
                segment,
                kpi.state,
                kpi.status.as_str(),
                level(document, &by, kpi).as_str(),
                kpi.value,
                kpi.unit,
                kpi.reason,
            ])?;
            position += 1;
        }
    }
    Ok(())
}

/// The status that has a memory: that of the level. A covenant or a change is judged anew.
fn level(document: &Document, by: &By, kpi: &Kpi) -> Status {
    let levels = [FindingKind::Level.as_str(), FindingKind::Held.as_str()];
    let of_level = |finding: &&Finding| {
        finding.kpi == kpi.id && finding.by == *by && levels.contains(&finding.kind.as_str())
    };
    let found = document.findings.iter().filter(of_level).map(|finding| finding.severity).max();
    found.unwrap_or(kpi.status.min(Status::Ok))
}
