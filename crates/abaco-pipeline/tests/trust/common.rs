//! A folder of runs with small files in them.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use abaco_pipeline::PipelineError;
use abaco_pipeline::audit::AuditLog;
use abaco_pipeline::ledger::LedgerFacts;
use abaco_pipeline::seal::{Runs, Sealed, Sealing};
use abaco_pipeline::signature::Signer;
use abaco_pipeline::storage::{Access, Disk, Storage};
use abaco_pipeline::verify::{Options, Report, verify};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use tempfile::TempDir;

/// A folder in which runs are published.
pub(crate) struct Desk(TempDir);

impl Desk {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// A folder with one run, `old`, of October.
    pub(crate) fn with_old() -> Self {
        let desk = Self::new();
        publish(&desk.runs(), &Toy::of("old", "2025-10-31")).unwrap();
        desk
    }

    pub(crate) fn out(&self) -> PathBuf {
        self.0.path().join("runs")
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.out().join(name)
    }

    pub(crate) fn runs(&self) -> Runs {
        self.on(Disk)
    }

    pub(crate) fn on(&self, storage: impl Storage + 'static) -> Runs {
        Runs::open(self.out(), Arc::new(storage))
    }

    /// The names of the runs in the ledger.
    pub(crate) fn listed(&self) -> Vec<String> {
        self.runs().entries().unwrap().into_iter().map(|entry| entry.run_id).collect()
    }

    /// The names that begin with a point, and those that do not, each sorted.
    pub(crate) fn names(&self) -> (Vec<String>, Vec<String>) {
        names(&self.out()).into_iter().partition(|name| name.starts_with('.'))
    }

    /// The visible folders.
    pub(crate) fn visible(&self) -> Vec<String> {
        let mut names = self.names().1;
        names.retain(|name| self.path(name).is_dir());
        names
    }
}

pub(crate) fn names(folder: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// A run to publish.
pub(crate) struct Toy<'t> {
    pub(crate) run_id: &'t str,
    pub(crate) portfolio: &'t str,
    pub(crate) as_of: Option<&'t str>,
    pub(crate) signer: Option<&'t Signer>,
    pub(crate) deliveries: usize,
}

impl<'t> Toy<'t> {
    /// Of the portfolio `factoring`, unsigned, with one delivery.
    pub(crate) fn of(run_id: &'t str, as_of: &'t str) -> Self {
        Self { run_id, portfolio: "factoring", as_of: Some(as_of), signer: None, deliveries: 1 }
    }

    pub(crate) fn facts(&self) -> LedgerFacts {
        LedgerFacts {
            run_id: self.run_id.to_owned(),
            portfolio: self.portfolio.to_owned(),
            as_of: self.as_of.map(|as_of| as_of.parse().unwrap()),
        }
    }

    pub(crate) fn outbox(&self) -> Vec<(String, Vec<u8>)> {
        let delivery = |number| {
            let name = format!("{}-{number}.json", self.run_id);
            let bytes = format!("to be delivered: {name}").into_bytes();
            (name, bytes)
        };
        (0..self.deliveries).map(delivery).collect()
    }
}

pub(crate) fn publish(runs: &Runs, toy: &Toy<'_>) -> Result<Sealed, PipelineError> {
    let mut audit = AuditLog::new("tester");
    audit.record("run", "started", "ok", Map::new())?;
    let staging = runs.begin(toy.run_id)?;
    staging.write("kpis.json", format!("{{\"run_id\":\"{}\"}}\n", toy.run_id).as_bytes())?;
    let mut tape = staging.create("tape.parquet", Access::Shared)?;
    for part in [&b"PAR1 some columns"[..], b" and a footer PAR1"] {
        let at = |source| PipelineError::Output { path: "tape.parquet".into(), source };
        tape.write_all(part).map_err(at)?;
    }
    tape.finish()?;
    staging.create("quarantine.parquet", Access::OwnerOnly)?.finish()?;
    audit.record("calculate", "completed", "ok", Map::new())?;
    let facts = toy.facts();
    let sealing = Sealing { facts: facts.clone(), audit, outbox: toy.outbox(), signer: toy.signer };
    staging.seal(sealing, |artefacts, head| {
        let manifest = json!({
            "run_id": facts.run_id, "portfolio": facts.portfolio, "as_of": facts.as_of,
            "artefacts": artefacts, "audit": head,
            "phases": [{
                "phase": "ingest", "rows_in": 3, "accepted": 2, "quarantined": 1, "duplicate": 0,
                "control_totals": { "balance":
                    { "in": "30.00", "accepted": "20.00", "quarantined": "10.00", "duplicate": "0.00" } },
            }],
        });
        Ok((manifest.to_string() + "\n").into_bytes())
    })
}

/// What `abaco verify` would say.
pub(crate) fn look(folder: &Path) -> Report {
    verify(folder, &Options::default()).unwrap()
}

#[track_caller]
pub(crate) fn holds(folder: &Path) {
    let report = look(folder);
    assert!(report.holds(), "{}: {:?}", folder.display(), report.problems);
}

/// The run has every file that its manifest names, byte by byte, and no other; found without the code under test.
#[track_caller]
pub(crate) fn is_complete(folder: &Path) {
    let manifest = std::fs::read(folder.join("manifest.json")).unwrap();
    let manifest: Value = serde_json::from_slice(&manifest).unwrap();
    let artefacts = manifest["artefacts"].as_object().unwrap();
    let mut expected: Vec<String> = artefacts.keys().cloned().collect();
    expected.push("manifest.json".to_owned());
    expected.sort();
    let mut found = names(folder);
    found.retain(|name| name != "manifest.sig");
    assert_eq!(found, expected, "{}", folder.display());
    assert_eq!(found.len(), 5);
    for (name, artefact) in artefacts {
        let bytes = std::fs::read(folder.join(name)).unwrap();
        let digest: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(artefact["sha256"], digest, "{name}");
        assert_eq!(artefact["bytes"], bytes.len(), "{name}");
    }
}
