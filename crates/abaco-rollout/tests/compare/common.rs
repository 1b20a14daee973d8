//! Sides of a few lines, and the repository's own files.

use std::path::{Path, PathBuf};

use abaco_pipeline::{Catalogue, Pipeline, PipelineConfig, Run, RunRequest};
use abaco_rollout::comparison::{Comparison, ComparisonSettings, Outcome, compare};
use abaco_rollout::figures::{Figures, ReadOptions, parse};
use chrono::NaiveDate;

/// The day on which the tests compare.
pub(crate) fn today() -> NaiveDate {
    "2026-01-15".parse().unwrap()
}

pub(crate) fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}

pub(crate) fn catalogue() -> Catalogue {
    let profiles = abaco_calculators::PROFILES.iter();
    profiles.fold(Catalogue::new(), |catalogue, profile| catalogue.profile(profile.id, profile.kpis()))
}

/// A side of `kpi,value` rows.
pub(crate) fn side(rows: &[&str]) -> Figures {
    side_at(rows, None)
}

pub(crate) fn side_at(rows: &[&str], scale: Option<u32>) -> Figures {
    let text = format!("kpi,value\n{}\n", rows.join("\n"));
    parse(text.as_bytes(), Path::new("side.csv"), &ReadOptions { scale, ..ReadOptions::default() }).unwrap()
}

/// The outcomes under settings of YAML, in the order of the keys.
pub(crate) fn outcomes(baseline: &Figures, candidate: &Figures, settings: &str) -> Vec<Outcome> {
    let comparison = compare(baseline, candidate, &rules(settings), today());
    of(&comparison)
}

pub(crate) fn of(comparison: &Comparison) -> Vec<Outcome> {
    comparison.keys.iter().map(|key| key.outcome).collect()
}

pub(crate) fn rules(settings: &str) -> ComparisonSettings {
    abaco_pipeline::yaml::from_str(settings, Path::new("rollout.yml")).unwrap()
}

/// A run of a configuration of the repository, published to `out` if there is one.
pub(crate) fn run(config: &str, tape: &Path, out: Option<&Path>) -> Run {
    let config = PipelineConfig::load(repository(config)).unwrap();
    let request = RunRequest {
        inputs: vec![tape.to_path_buf()],
        tables: Vec::new(),
        as_of: abaco_engine::AsOf::Single,
        out: out.map(Path::to_path_buf),
        actor: "test".to_owned(),
    };
    Pipeline::new(config, &catalogue()).unwrap().run(&request).unwrap()
}
