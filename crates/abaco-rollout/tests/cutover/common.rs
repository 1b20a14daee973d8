//! A folder with two versions, hooks that leave a trace, and a rollout.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use abaco_pipeline::storage::{Access, Disk, Sink, Storage};
use abaco_rollout::figures::{Figure, Figures, Key};
use abaco_rollout::procedures::{Active, CutoverRequest, GateVerdict, active};
use abaco_rollout::stage::Stage;
use abaco_rollout::version::VersionSettings;
use abaco_rollout::{Rollout, RolloutConfig, RolloutError, RolloutOptions};
use tempfile::TempDir;

/// Two versions; the start hook changes a file that is backed up, as a whole.
pub(crate) const SETTINGS: &str = r#"version: 1
pointer: active.json
baseline: {name: v1, configuration: legacy_v2.yml}
candidate: {name: v2, configuration: pipeline.yml}
procedures:
  stop: {arguments: [sh, -c, 'echo stop "$1" >> hooks.log; test ! -e "fail-stop-$1"', hook, "{version}"]}
  start:
    arguments:
      - sh
      - -c
      - 'echo start "$1" >> hooks.log; printf %s "$1" > s.tmp && mv s.tmp service.ini; test ! -e "fail-start-$1"'
      - hook
      - "{version}"
  backup: [service.ini, absent.ini]
"#;

/// What a smoke run of each version gives, by its name; none fails.
pub(crate) type Values = Arc<Mutex<BTreeMap<String, Option<String>>>>;

pub(crate) struct World {
    folder: TempDir,
    pub(crate) values: Values,
}

impl World {
    pub(crate) fn new() -> Self {
        Self::with(SETTINGS)
    }

    pub(crate) fn with(settings: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config");
        fs::create_dir(folder.path().join("contracts")).unwrap();
        for name in ["pipeline.yml", "legacy_v2.yml", "kpi_definitions.yml", "contracts/factoring_slices.yml"]
        {
            fs::copy(config.join(name), folder.path().join(name)).unwrap();
        }
        let values = ["v1", "v2"].map(|name| (name.to_owned(), Some("2.21".to_owned())));
        let world = Self { folder, values: Arc::new(Mutex::new(values.into())) };
        world.write("rollout.yml", settings);
        world.write("service.ini", "v1");
        world
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_default()
    }

    /// What a smoke run of a version gives from now on.
    pub(crate) fn gives(&self, version: &str, value: Option<&str>) {
        self.values.lock().unwrap().insert(version.to_owned(), value.map(str::to_owned));
    }

    pub(crate) fn rollout(&self) -> Rollout {
        self.rollout_on(Quick)
    }

    pub(crate) fn rollout_on(&self, storage: impl Storage + 'static) -> Rollout {
        let values = Arc::clone(&self.values);
        let smoke = move |version: &VersionSettings| figures(&values, version);
        let options = RolloutOptions {
            storage: Arc::new(storage),
            smoke: Some(Arc::new(smoke)),
            published: Some(Arc::new(|_| Ok(vec!["run-7".to_owned()]))),
            ..RolloutOptions::new("ana")
        };
        let config = RolloutConfig::load(self.path("rollout.yml")).unwrap();
        Rollout::open(config, self.path("state"), options)
    }

    /// Brings the rollout to the stage at which the gate is open.
    pub(crate) fn ready(&self) {
        let rollout = self.rollout();
        rollout.staging().unwrap();
        assert_eq!(rollout.advance(&open()).unwrap().to, Stage::Ready);
    }

    /// Brings the rollout behind a cutover.
    pub(crate) fn monitoring(&self) {
        self.ready();
        assert_eq!(self.rollout().cutover(&request()).unwrap().stage, Stage::Monitoring);
    }

    /// Brings the rollout behind a rollback.
    pub(crate) fn rolled_back(&self) {
        self.monitoring();
        assert_eq!(self.rollout().rollback("test").unwrap().stage, Stage::RolledBack);
    }

    /// The version that the pointer names, which must be one.
    pub(crate) fn active(&self) -> String {
        let found = active(&self.path("active.json")).unwrap();
        assert!(matches!(&found, Active::Pointer(_) | Active::Baseline));
        let name = found.name("v1").to_owned();
        assert!(["v1", "v2"].contains(&name.as_str()), "{name}");
        name
    }

    #[track_caller]
    pub(crate) fn is_at(&self, stage: Stage, active: &str) {
        let status = self.rollout().status().unwrap();
        assert_eq!((status.stage, status.active.as_deref(), status.procedure), (stage, Some(active), None));
        assert_eq!((self.active().as_str(), self.read("service.ini").as_str()), (active, active));
        assert!(!self.path("absent.ini").exists());
    }
}

fn figures(values: &Values, version: &VersionSettings) -> Result<Figures, RolloutError> {
    let Some(value) = values.lock().unwrap().get(&version.name).cloned().flatten() else {
        return Err(RolloutError::Failed(format!("`{}` has no values today", version.name)));
    };
    let key = Key { kpi: "par_30".to_owned(), as_of: None, segment: BTreeMap::new() };
    let figure = Figure {
        value: Ok(value.parse().unwrap()),
        scale: Some(2),
        exact: None,
        components: BTreeMap::new(),
        numerator: None,
    };
    let inputs = Some(vec!["abc".to_owned()]);
    Ok(Figures { inputs, values: [(key, figure)].into(), ..Figures::default() })
}

pub(crate) fn open() -> GateVerdict {
    GateVerdict { open: true, evidence: vec!["e1".to_owned()], ..GateVerdict::default() }
}

pub(crate) fn request() -> CutoverRequest {
    CutoverRequest { verdict: open(), break_glass: None }
}

/// The disk without waiting for it: what no fault is told to happen to need not outlive the machine.
#[derive(Clone, Copy, Debug)]
struct Quick;

struct QuickSink(Box<dyn Sink>);

impl Storage for Quick {
    fn create_folder(&self, path: &Path) -> io::Result<()> {
        Disk.create_folder(path)
    }

    fn create(&self, path: &Path, access: Access) -> io::Result<Box<dyn Sink>> {
        Ok(Box::new(QuickSink(Disk.create(path, access)?)))
    }

    fn append(&self, path: &Path) -> io::Result<Box<dyn Sink>> {
        Ok(Box::new(QuickSink(Disk.append(path)?)))
    }

    fn truncate(&self, path: &Path, bytes: u64) -> io::Result<()> {
        Disk.truncate(path, bytes)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        Disk.rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        Disk.remove(path)
    }

    fn remove_folder(&self, path: &Path) -> io::Result<()> {
        Disk.remove_folder(path)
    }

    fn sync_folder(&self, _: &Path) -> io::Result<()> {
        Ok(())
    }
}

impl Write for QuickSink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl Sink for QuickSink {
    fn sync(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}
