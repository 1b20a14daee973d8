//! Delivering a run the way the command does.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use abaco_pipeline::Retry;
use abaco_pipeline::outbox::{Deliver, Outbox, Sent, entry};
use abaco_pipeline::storage::Disk;

/// Queues a published run and sends it, with so many more tries; gives also how many there were in all.
pub(crate) fn deliver_trying(out: &Path, run_id: &str, to: &dyn Deliver, times: usize) -> (Sent, u64) {
    fs::create_dir_all(out.join(".outbox")).unwrap();
    let (name, bytes) = entry(run_id, "test", "test", chrono::DateTime::UNIX_EPOCH);
    fs::write(out.join(".outbox").join(name), bytes).unwrap();
    let outbox = Outbox::open(out, Arc::new(Disk));
    let pending = outbox.pending().unwrap();
    let entry = pending.iter().find(|entry| entry.run_id == run_id).unwrap();
    let sent = outbox.send(entry, to, &Retry::at_once(times)).unwrap();
    let waiting = outbox.pending().unwrap();
    let attempts = waiting.iter().find(|entry| entry.run_id == run_id).map_or(0, |entry| entry.attempts);
    (sent, attempts)
}

pub(crate) fn deliver(out: &Path, run_id: &str, to: &dyn Deliver) -> Sent {
    deliver_trying(out, run_id, to, 0).0
}

/// Why a run was not delivered.
#[track_caller]
pub(crate) fn reason(sent: Sent) -> String {
    match sent {
        Sent::Waiting { reason } => reason,
        other => panic!("expected a failure, found {other:?}"),
    }
}

/// Every file below a folder, by its path in it.
pub(crate) fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(at) = folders.pop() {
        for entry in fs::read_dir(&at).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().to_str().unwrap().replace('\\', "/");
                found.push((name, fs::read(&path).unwrap()));
            }
        }
    }
    found.sort();
    found
}
