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
use crate::config::PipelineConfig;

/// The largest document of an earlier run that is read.
const MAX_BYTES: u64 = 1 << 28;

/// An earlier run, as far as it is held against a new one.
#[derive(Debug, Default)]
pub(super) struct Earlier {
    pub(super) baselines: Baselines,
    /// The run's identity and the digest of its document, where there is one.
    pub(super) history: Option<String>,
}

/// What the manifest of an earlier run says, as far as it decides whether it is the baseline.
#[derive(Deserialize)]
struct Manifest {
    run_id: String,
    portfolio: String,
    as_of: Option<NaiveDate>,
    known_at: String,
    settings: Profile,
}

#[derive(Deserialize)]
struct Profile {
    profile: String,
}

/// What an earlier document says, as far as it matters here.
#[derive(Deserialize)]
struct Document {
    currency: String,
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

/// Reads the run in `out` of this portfolio and profile with the latest snapshot before `as_of`; of several, the last
/// known.
///
/// # Errors
/// [`PipelineError::InputUnreadable`] for a run that is there and cannot be read: a baseline is not passed over.
pub(super) fn earlier(
    out: &Path,
    config: &PipelineConfig,
    as_of: NaiveDate,
) -> Result<Earlier, PipelineError> {
    let mut best: Option<((NaiveDate, String, String), PathBuf)> = None;
    for folder in runs(out)? {
        let path = folder.join("manifest.json");
        let manifest: Manifest = parse(&path, &read(&path)?)?;
        let of_this = manifest.portfolio == config.settings.portfolio
            && manifest.settings.profile == config.settings.profile;
        let Some(date) = manifest.as_of.filter(|date| of_this && *date < as_of) else { continue };
        let rank = (date, manifest.known_at, manifest.run_id);
        if best.as_ref().is_none_or(|(best, _)| rank > *best) {
            best = Some((rank, folder.join("kpis.json")));
        }
    }
    let Some((_, path)) = best else { return Ok(Earlier::default()) };
    let text = read(&path)?;
    let document: Document = parse(&path, &text)?;
    if document.currency != config.contract.currency() {
        // Amounts in another currency are no measure of these.
        return Ok(Earlier::default());
    }
    Ok(Earlier { baselines: baselines(document), history: Some(sha256(text.as_bytes())) })
}

/// The folders of the published runs: those with a manifest. Hidden folders are not yet runs.
fn runs(out: &Path) -> Result<Vec<PathBuf>, PipelineError> {
    let entries = match fs::read_dir(out) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(PipelineError::input(out, error)),
    };
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry.map_err(|error| PipelineError::input(out, error))?;
        let is_hidden = entry.file_name().to_string_lossy().starts_with('.');
        if !is_hidden && entry.path().join("manifest.json").is_file() {
            found.push(entry.path());
        }
    }
    found.sort();
    Ok(found)
}

fn parse<'t, T: Deserialize<'t>>(path: &Path, text: &'t str) -> Result<T, PipelineError> {
    serde_json::from_str(text).map_err(|error| PipelineError::input(path, error.into()))
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
