//! The baseline: the last published run of the same portfolio with an earlier snapshot.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use abaco_engine::{Baseline, Baselines, FindingKind, Status};
use abaco_kpi::{Column, Decimal};
use chrono::NaiveDate;
use serde::Deserialize;

use crate::PipelineError;
use crate::canonical_json::sha256;

/// The largest document of an earlier run that is read.
const MAX_BYTES: u64 = 1 << 28;

/// An earlier run, as far as it is held against a new one.
#[derive(Debug, Default)]
pub(super) struct Earlier {
    pub(super) baselines: Baselines,
    /// The run's identity and the digest of its document, where there is one.
    pub(super) history: Option<String>,
}

/// What an earlier document says, as far as it matters here.
#[derive(Deserialize)]
struct Document {
    run_id: String,
    portfolio: String,
    as_of: Option<NaiveDate>,
    known_at: String,
    kpis: Vec<Kpi>,
    #[serde(default)]
    segments: Vec<Segment>,
    #[serde(default)]
    findings: Vec<Finding>,
}

#[derive(Deserialize)]
struct Kpi {
    id: String,
    value: Option<Decimal>,
    status: Status,
}

#[derive(Deserialize)]
struct Segment {
    by: BTreeMap<String, Option<String>>,
    kpis: Vec<Kpi>,
}

#[derive(Deserialize)]
struct Finding {
    kpi: String,
    by: BTreeMap<String, Option<String>>,
    kind: String,
    severity: Status,
}

/// Reads the run in `out` of this portfolio with the latest snapshot before `as_of`; of several, the last known.
///
/// # Errors
/// [`PipelineError::InputUnreadable`] for a run that is there and cannot be read: a baseline is not passed over.
pub(super) fn earlier(out: &Path, portfolio: &str, as_of: NaiveDate) -> Result<Earlier, PipelineError> {
    let mut best: Option<((NaiveDate, String, String), Document, String)> = None;
    for path in documents(out)? {
        let text = read(&path)?;
        let document: Document =
            serde_json::from_str(&text).map_err(|error| PipelineError::input(&path, error.into()))?;
        let Some(date) = document.as_of.filter(|date| document.portfolio == portfolio && *date < as_of)
        else {
            continue;
        };
        let rank = (date, document.known_at.clone(), document.run_id.clone());
        if best.as_ref().is_none_or(|(best, ..)| rank > *best) {
            best = Some((rank, document, sha256(text.as_bytes())));
        }
    }
    Ok(match best {
        Some((_, document, digest)) => Earlier { baselines: baselines(document), history: Some(digest) },
        None => Earlier::default(),
    })
}

/// The documents of the published runs; hidden folders are not yet runs.
fn documents(out: &Path) -> Result<Vec<PathBuf>, PipelineError> {
    let entries = match fs::read_dir(out) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(PipelineError::input(out, error)),
    };
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry.map_err(|error| PipelineError::input(out, error))?;
        let document = entry.path().join("kpis.json");
        if !entry.file_name().to_string_lossy().starts_with('.') && document.is_file() {
            found.push(document);
        }
    }
    found.sort();
    Ok(found)
}

fn read(path: &Path) -> Result<String, PipelineError> {
    let unreadable = |error| PipelineError::input(path, error);
    let mut text = String::new();
    let file = fs::File::open(path).map_err(unreadable)?;
    file.take(MAX_BYTES + 1).read_to_string(&mut text).map_err(unreadable)?;
    if text.len() as u64 > MAX_BYTES {
        return Err(unreadable(std::io::ErrorKind::FileTooLarge.into()));
    }
    Ok(text)
}

fn baselines(document: Document) -> Baselines {
    let mut baselines = Baselines::none();
    let levels: Vec<&str> = vec![FindingKind::Level.as_str(), FindingKind::Held.as_str()];
    // Only the level has a memory; a covenant or a change is judged anew.
    let level = |by: &BTreeMap<String, Option<String>>, kpi: &Kpi| {
        let of_level = |finding: &&Finding| {
            finding.kpi == kpi.id && finding.by == *by && levels.contains(&finding.kind.as_str())
        };
        let found = document.findings.iter().filter(of_level).map(|finding| finding.severity).max();
        found.unwrap_or(kpi.status.min(Status::Ok))
    };
    let totals = (BTreeMap::new(), &document.kpis);
    let segments = document.segments.iter().map(|segment| (segment.by.clone(), &segment.kpis));
    for (by, kpis) in std::iter::once(totals).chain(segments) {
        for kpi in kpis {
            let key =
                by.iter().map(|(column, value)| (Column::from(column.clone()), value.clone())).collect();
            let baseline = Baseline { value: kpi.value, status: level(&by, kpi) };
            baselines.insert(key, kpi.id.clone(), baseline);
        }
    }
    baselines
}
