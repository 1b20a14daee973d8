//! The order of the steps, to the letter: what a later step names is durable before it.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use abaco_pipeline::storage::{Access, Disk, Sink, Storage};

use crate::common::{Desk, Toy, publish};

/// The local disk, and a list of what was done to it.
#[derive(Clone, Debug)]
struct Recorder {
    out: PathBuf,
    steps: Arc<Mutex<Vec<String>>>,
}

impl Recorder {
    fn note(&self, what: &str, path: &Path) {
        let path = path.strip_prefix(&self.out).unwrap().display().to_string();
        let step = format!("{what} {}", if path.is_empty() { "." } else { &path });
        self.steps.lock().unwrap().push(step);
    }

    fn sink(&self, path: &Path, inner: Box<dyn Sink>) -> Box<dyn Sink> {
        Box::new(Recorded { recorder: self.clone(), path: path.to_path_buf(), inner })
    }
}

impl Storage for Recorder {
    fn create_folder(&self, path: &Path) -> io::Result<()> {
        self.note("folder", path);
        Disk.create_folder(path)
    }

    fn create(&self, path: &Path, access: Access) -> io::Result<Box<dyn Sink>> {
        Disk.create(path, access).map(|inner| self.sink(path, inner))
    }

    fn append(&self, path: &Path) -> io::Result<Box<dyn Sink>> {
        Disk.append(path).map(|inner| self.sink(path, inner))
    }

    fn truncate(&self, path: &Path, bytes: u64) -> io::Result<()> {
        self.note("truncate", path);
        Disk.truncate(path, bytes)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.note(&format!("rename {} to", from.strip_prefix(&self.out).unwrap().display()), to);
        Disk.rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.note("remove", path);
        Disk.remove(path)
    }

    fn remove_folder(&self, path: &Path) -> io::Result<()> {
        self.note("remove folder", path);
        Disk.remove_folder(path)
    }

    fn sync_folder(&self, path: &Path) -> io::Result<()> {
        self.note("sync folder", path);
        Disk.sync_folder(path)
    }
}

struct Recorded {
    recorder: Recorder,
    path: PathBuf,
    inner: Box<dyn Sink>,
}

impl Write for Recorded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.recorder.note("write", &self.path);
        self.inner.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

impl Sink for Recorded {
    fn sync(&mut self) -> io::Result<()> {
        self.recorder.note("sync", &self.path);
        self.inner.sync()
    }
}

#[test]
fn of_a_publication() {
    let desk = Desk::with_old();
    let recorder = Recorder { out: desk.out(), steps: Arc::default() };
    publish(&desk.on(recorder.clone()), &Toy::of("new", "2025-11-30")).unwrap();
    let steps = recorder.steps.lock().unwrap().clone();
    assert_eq!(
        steps,
        [
            "folder .staging-new",
            "write .staging-new/kpis.json",
            "write .staging-new/tape.parquet",
            "write .staging-new/tape.parquet",
            "write .staging-new/audit.ndjson",
            "write .staging-new/manifest.json",
            "folder .staging-new.outbox",
            "write .staging-new.outbox/new-0.json",
            "sync .staging-new.outbox/new-0.json",
            "sync folder .staging-new.outbox",
            "sync .staging-new/audit.ndjson",
            "sync .staging-new/kpis.json",
            "sync .staging-new/manifest.json",
            "sync .staging-new/quarantine.parquet",
            "sync .staging-new/tape.parquet",
            "sync folder .staging-new",
            "rename .staging-new to new",
            "sync folder .",
            "rename .staging-new.outbox/new-0.json to .outbox/new-0.json",
            "sync folder .outbox",
            "write LEDGER.ndjson",
            "sync LEDGER.ndjson",
            "write .CURRENT.new",
            "sync .CURRENT.new",
            "rename .CURRENT.new to CURRENT",
            "sync folder .",
            "remove folder .staging-new.outbox",
            "remove .staging-new.lock",
        ]
    );
}
