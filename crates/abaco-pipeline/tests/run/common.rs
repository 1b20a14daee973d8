//! A folder with a small configuration and tapes, and runs in it.

use std::path::{Path, PathBuf};

use abaco_engine::AsOf;
use abaco_pipeline::{Catalogue, Pipeline, PipelineConfig, PipelineError, Run, RunRequest};
use serde_json::Value;
use tempfile::TempDir;

/// The root of the repository.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Every profile of the calculators.
pub(crate) fn catalogue() -> Catalogue {
    abaco_calculators::PROFILES
        .iter()
        .fold(Catalogue::new(), |catalogue, profile| catalogue.profile(profile.id, profile.kpis()))
        .pooling("legacy_v2")
}

pub(crate) const SETTINGS: &str =
    "version: 1\nportfolio: p\ncontract: contract.yml\ndefinitions: definitions.yml\n";

pub(crate) const CONTRACT: &str = "\
contract: slices
version: 1
currency: USD
columns:
  month: { type: date, roles: [snapshot] }
  segment: { type: text }
  dpd_90_plus_usd: { type: 'decimal(18, 2)' }
  total_receivable_usd: { type: 'decimal(18, 2)' }
";

pub(crate) const DEFINITIONS: &str =
    "version: 1\nkpis: [{id: par_90, thresholds: {warning: \"3\", critical: \"5\"}}]\n";

pub(crate) const TAPE: &str = "\
month,segment,dpd_90_plus_usd,total_receivable_usd
2025-01-31,a,1.00,100.00
2025-02-28,a,2.00,100.00
2025-02-28,b,,50.00
";

/// A folder with the configuration above in `cfg`, its tape as `tape.csv`, and `runs` for what is published.
pub(crate) struct Desk(TempDir);

impl Desk {
    pub(crate) fn new() -> Self {
        let desk = Self(tempfile::tempdir().unwrap());
        desk.write("cfg/pipeline.yml", SETTINGS);
        desk.write("cfg/contract.yml", CONTRACT);
        desk.write("cfg/definitions.yml", DEFINITIONS);
        desk.write("tape.csv", TAPE);
        desk
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }

    pub(crate) fn pipeline(&self) -> Pipeline {
        let config = PipelineConfig::load(self.path("cfg/pipeline.yml")).unwrap();
        Pipeline::new(config, &catalogue()).unwrap()
    }

    /// A request for the latest snapshot of `tape.csv`, published in `runs`.
    pub(crate) fn request(&self) -> RunRequest {
        RunRequest {
            inputs: vec![self.path("tape.csv")],
            tables: Vec::new(),
            as_of: AsOf::Latest,
            out: Some(self.path("runs")),
            actor: "test".to_owned(),
        }
    }

    /// The same request without publishing.
    pub(crate) fn dry(&self) -> RunRequest {
        RunRequest { out: None, ..self.request() }
    }

    pub(crate) fn run(&self, request: &RunRequest) -> Result<Run, PipelineError> {
        self.pipeline().run(request)
    }
}

/// The names in a folder, hidden ones included, in order.
pub(crate) fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

/// The names of the published runs in a folder: what is neither hidden nor a file.
pub(crate) fn runs(folder: &Path) -> Vec<String> {
    let mut names = names(folder);
    names.retain(|name| !name.starts_with('.') && folder.join(name).is_dir());
    names
}

/// What the run says about its KPIs, as programs see it.
pub(crate) fn kpis(run: &Run) -> Value {
    serde_json::to_value(&run.document.kpis).unwrap()
}
