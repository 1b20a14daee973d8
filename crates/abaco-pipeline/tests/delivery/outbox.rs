//! The outbox sends what is due once, and loses nothing.

use std::fs;
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use abaco_pipeline::Retry;
use abaco_pipeline::outbox::{Deliver, DeliveryError, Entry, Outbox, PublishedRun, Sent, entry};
use abaco_pipeline::storage::{Access, Disk, Sink, Storage};
use chrono::DateTime;
use serde_json::Value;

use crate::toy::Toy;

/// Fails as its script says, then succeeds; remembers what it got.
#[derive(Default)]
struct Scripted {
    failures: Mutex<Vec<DeliveryError>>,
    calls: AtomicUsize,
    got: Mutex<Vec<String>>,
}

impl Scripted {
    fn failing(failures: &[DeliveryError]) -> Self {
        let failures = failures.iter().rev().cloned().collect();
        Self { failures: Mutex::new(failures), ..Self::default() }
    }
}

impl Deliver for Scripted {
    fn deliver(&self, run: &PublishedRun) -> Result<(), DeliveryError> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        if let Some(error) = self.failures.lock().unwrap().pop() {
            return Err(error);
        }
        assert_eq!(run.document["run_id"], run.run_id.as_str());
        assert_eq!(run.files.keys().collect::<Vec<_>>(), ["kpis.csv", "kpis.json"]);
        self.got.lock().unwrap().push(run.run_id.clone());
        Ok(())
    }
}

fn queue(out: &Path, run_id: &str, output: &str) -> Entry {
    fs::create_dir_all(out.join(".outbox")).unwrap();
    let (name, bytes) = entry(run_id, output, "folder", DateTime::UNIX_EPOCH);
    fs::write(out.join(".outbox").join(name), &bytes).unwrap();
    serde_json::from_slice(&bytes).unwrap()
}

fn outbox(out: &Path) -> Outbox {
    Outbox::open(out, Arc::new(Disk))
}

fn names(out: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(out.join(".outbox"))
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn what_is_delivered_leaves_the_outbox_and_is_written_down() {
    let out = tempfile::tempdir().unwrap();
    Toy::default().publish(out.path());
    let entry = queue(out.path(), "run-1", "copy");
    let deliver = Scripted::default();
    let outbox = outbox(out.path());
    assert_eq!(outbox.pending().unwrap(), std::slice::from_ref(&entry));
    assert_eq!(outbox.send(&entry, &deliver, &Retry::never()).unwrap(), Sent::Delivered);
    assert_eq!(*deliver.got.lock().unwrap(), ["run-1"]);
    assert_eq!(names(out.path()), ["DELIVERED.ndjson"]);
    let line = fs::read_to_string(out.path().join(".outbox/DELIVERED.ndjson")).unwrap();
    let line: Value = serde_json::from_str(&line).unwrap();
    assert_eq!(
        (&line["run_id"], &line["output"], &line["attempts"]),
        (&"run-1".into(), &"copy".into(), &1.into())
    );
    assert_eq!(outbox.send(&entry, &deliver, &Retry::never()).unwrap(), Sent::Gone);
    assert_eq!(deliver.calls.load(Ordering::SeqCst), 1);
    assert_eq!(outbox.pending().unwrap(), []);
}

#[test]
fn a_passing_failure_is_tried_again_and_a_lasting_one_is_not() {
    let (passing, lasting) = (DeliveryError::passing("down"), DeliveryError::lasting("refused"));
    let cases = [
        (vec![passing.clone(), passing.clone()], 3, 3, None),
        (vec![passing.clone(); 4], 3, 4, Some("down")),
        (vec![passing.clone(), lasting.clone()], 3, 2, Some("refused")),
        (vec![lasting], 3, 1, Some("refused")),
        (vec![passing], 0, 1, Some("down")),
    ];
    for (failures, times, calls, reason) in cases {
        let out = tempfile::tempdir().unwrap();
        Toy::default().publish(out.path());
        let entry = queue(out.path(), "run-1", "copy");
        let deliver = Scripted::failing(&failures);
        let outbox = outbox(out.path());
        let sent = outbox.send(&entry, &deliver, &Retry::at_once(times)).unwrap();
        assert_eq!(deliver.calls.load(Ordering::SeqCst), calls, "{failures:?}");
        match reason {
            None => assert_eq!(sent, Sent::Delivered),
            Some(reason) => {
                assert_eq!(sent, Sent::Waiting { reason: reason.to_owned() });
                let [waiting] = &outbox.pending().unwrap()[..] else { panic!() };
                assert_eq!(waiting.last_error.as_deref(), Some(reason));
                assert_eq!(waiting.attempts, calls as u64);
                assert_eq!(waiting.queued_at, DateTime::UNIX_EPOCH);
                assert!(waiting.last_tried_at.is_some());
                // The next time it goes on where it was.
                assert_eq!(
                    outbox.send(waiting, &Scripted::default(), &Retry::never()).unwrap(),
                    Sent::Delivered
                );
                let line = fs::read_to_string(out.path().join(".outbox/DELIVERED.ndjson")).unwrap();
                let line: Value = serde_json::from_str(&line).unwrap();
                assert_eq!(line["attempts"], calls as u64 + 1);
            }
        }
    }
}

#[test]
fn a_run_that_is_not_in_the_ledger_is_not_sent_and_its_entry_stays_as_it_is() {
    let out = tempfile::tempdir().unwrap();
    Toy::default().publish(out.path());
    let entry = queue(out.path(), "run-2", "copy");
    let before = fs::read(out.path().join(".outbox/run-2--copy.json")).unwrap();
    let deliver = Scripted::default();
    let outbox = outbox(out.path());
    assert_eq!(outbox.send(&entry, &deliver, &Retry::never()).unwrap(), Sent::NotPublished);
    // Nor is one whose line in the ledger is not whole.
    Toy { run_id: "run-2", ..Toy::default() }.publish(out.path());
    let ledger = out.path().join("LEDGER.ndjson");
    let text = fs::read(&ledger).unwrap();
    fs::write(&ledger, &text[..text.len() - 1]).unwrap();
    assert_eq!(outbox.send(&entry, &deliver, &Retry::never()).unwrap(), Sent::NotPublished);
    assert_eq!(deliver.calls.load(Ordering::SeqCst), 0);
    assert_eq!(fs::read(out.path().join(".outbox/run-2--copy.json")).unwrap(), before);
    fs::write(&ledger, text).unwrap();
    assert_eq!(outbox.send(&entry, &deliver, &Retry::never()).unwrap(), Sent::Delivered);
}

#[test]
fn a_run_that_is_not_what_was_published_is_not_sent() {
    for (name, expected) in [
        ("kpis.csv", "not sent: `kpis.csv`: expected 21 bytes with digest"),
        ("kpis.json", "not sent: `kpis.json`: expected digest"),
        ("manifest.json", "not sent: `manifest.json`: expected digest"),
    ] {
        let out = tempfile::tempdir().unwrap();
        let folder = Toy::default().publish(out.path());
        let entry = queue(out.path(), "run-1", "copy");
        let mut bytes = fs::read(folder.join(name)).unwrap();
        *bytes.last_mut().unwrap() ^= 1;
        fs::write(folder.join(name), bytes).unwrap();
        let deliver = Scripted::default();
        let sent = outbox(out.path()).send(&entry, &deliver, &Retry::at_once(3)).unwrap();
        let Sent::Waiting { reason } = sent else { panic!("{name}: {sent:?}") };
        assert!(reason.starts_with(expected), "{name}: {reason}");
        assert_eq!(deliver.calls.load(Ordering::SeqCst), 0, "{name}");
        assert_eq!(outbox(out.path()).pending().unwrap()[0].last_error, Some(reason));
    }
}

#[test]
fn many_at_once_send_each_entry_once() {
    let out = tempfile::tempdir().unwrap();
    let ids: Vec<String> = (0..8).map(|n| format!("run-{n}")).collect();
    for run_id in &ids {
        Toy { run_id, ..Toy::default() }.publish(out.path());
        queue(out.path(), run_id, "copy");
    }
    let deliver = Scripted::default();
    std::thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| {
                let outbox = outbox(out.path());
                for entry in outbox.pending().unwrap() {
                    let sent = outbox.send(&entry, &deliver, &Retry::never()).unwrap();
                    assert!(matches!(sent, Sent::Delivered | Sent::Gone), "{sent:?}");
                }
            });
        }
    });
    let mut got = deliver.got.into_inner().unwrap();
    got.sort();
    assert_eq!(got, ids);
    assert_eq!(names(out.path()), ["DELIVERED.ndjson"]);
    let delivered = fs::read_to_string(out.path().join(".outbox/DELIVERED.ndjson")).unwrap();
    assert_eq!(delivered.lines().count(), 8);
}

#[test]
fn an_entry_that_is_none_is_an_error_and_hidden_files_are_nothing() {
    let out = tempfile::tempdir().unwrap();
    queue(out.path(), "run-1", "copy");
    fs::write(out.path().join(".outbox/.new-1"), "half").unwrap();
    let outbox = outbox(out.path());
    assert_eq!(outbox.pending().unwrap().len(), 1);
    let path = out.path().join(".outbox/run-9--copy.json");
    for (text, expected) in [
        ("{", "EOF while parsing"),
        ("{\"schema_version\": 1}", "missing field `run_id`"),
        (
            &String::from_utf8(entry("run-8", "copy", "folder", DateTime::UNIX_EPOCH).1).unwrap(),
            "expected an entry of this name, found that of `run-8--copy.json`",
        ),
    ] {
        fs::write(&path, text).unwrap();
        let error = outbox.pending().unwrap_err().to_string();
        assert!(error.contains("run-9--copy.json: ") && error.contains(expected), "{error}");
    }
}

#[test]
fn a_torn_line_of_the_record_does_not_swallow_the_next() {
    let out = tempfile::tempdir().unwrap();
    Toy::default().publish(out.path());
    let entry = queue(out.path(), "run-1", "copy");
    let path = out.path().join(".outbox/DELIVERED.ndjson");
    fs::write(&path, "{\"run_id\":\"ru").unwrap();
    outbox(out.path()).send(&entry, &Scripted::default(), &Retry::never()).unwrap();
    let text = fs::read_to_string(path).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!((lines.len(), lines[0]), (2, "{\"run_id\":\"ru"));
    assert_eq!(serde_json::from_str::<Value>(lines[1]).unwrap()["run_id"], "run-1");
}

/// A disk that fails at one step, and from then on if it was killed.
#[derive(Debug)]
struct Faulty {
    steps: AtomicUsize,
    at: usize,
    killed: AtomicBool,
}

impl Faulty {
    fn step(&self) -> io::Result<()> {
        let step = self.steps.fetch_add(1, Ordering::SeqCst);
        if step >= self.at {
            self.killed.store(true, Ordering::SeqCst);
            return Err(io::ErrorKind::StorageFull.into());
        }
        Ok(())
    }
}

impl Storage for Faulty {
    fn create_folder(&self, path: &Path) -> io::Result<()> {
        self.step()?;
        Disk.create_folder(path)
    }
    fn create(&self, path: &Path, access: Access) -> io::Result<Box<dyn Sink>> {
        self.step()?;
        Disk.create(path, access)
    }
    fn append(&self, path: &Path) -> io::Result<Box<dyn Sink>> {
        self.step()?;
        Disk.append(path)
    }
    fn truncate(&self, path: &Path, bytes: u64) -> io::Result<()> {
        self.step()?;
        Disk.truncate(path, bytes)
    }
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.step()?;
        Disk.rename(from, to)
    }
    fn remove(&self, path: &Path) -> io::Result<()> {
        self.step()?;
        Disk.remove(path)
    }
    fn remove_folder(&self, path: &Path) -> io::Result<()> {
        self.step()?;
        Disk.remove_folder(path)
    }
    fn sync_folder(&self, path: &Path) -> io::Result<()> {
        self.step()?;
        Disk.sync_folder(path)
    }
}

#[test]
fn whichever_step_is_the_last_nothing_is_lost() {
    for fails in [false, true] {
        let mut survived = false;
        for at in 0..10 {
            let out = tempfile::tempdir().unwrap();
            Toy::default().publish(out.path());
            let entry = queue(out.path(), "run-1", "copy");
            let storage = Arc::new(Faulty { steps: 0.into(), at, killed: false.into() });
            let failures = if fails { vec![DeliveryError::passing("down")] } else { vec![] };
            let sent = Outbox::open(out.path(), storage.clone()).send(
                &entry,
                &Scripted::failing(&failures),
                &Retry::never(),
            );
            let killed = storage.killed.load(Ordering::SeqCst);
            assert_eq!(sent.is_err(), killed, "step {at}: {sent:?}");
            survived |= !killed;
            // Either it is delivered and said so, or it is still due.
            let outbox = outbox(out.path());
            let pending = outbox.pending().unwrap();
            let record = out.path().join(".outbox/DELIVERED.ndjson");
            assert!(!pending.is_empty() || record.exists(), "step {at}");
            for entry in pending {
                assert_eq!(
                    outbox.send(&entry, &Scripted::default(), &Retry::never()).unwrap(),
                    Sent::Delivered
                );
            }
            assert!(record.exists());
            assert_eq!(outbox.pending().unwrap(), []);
        }
        assert!(survived, "the last step was never reached");
    }
}
