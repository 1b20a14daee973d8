//! Many publish into one folder at once, in threads and in processes.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use abaco_pipeline::ledger::Current;
use abaco_pipeline::seal::Runs;
use abaco_pipeline::storage::Disk;

use crate::common::{Desk, Toy, holds, is_complete, names, publish};

const THREADS: usize = 200;
const PROCESSES: usize = 4;
const RUNS_OF_A_PROCESS: usize = 10;
/// Says to a child where to publish, and as whom.
const CHILD: &str = "ABACO_TEST_PUBLISHER";

/// The snapshots come in no order.
fn as_of(number: usize) -> String {
    format!("2025-{:02}-15", 1 + number * 7 % 12)
}

fn publish_one(runs: &Runs, who: &str, number: usize) {
    let (run_id, as_of) = (format!("{who}-{number}"), as_of(number));
    let portfolio = format!("portfolio-{}", number % 3);
    let toy = Toy { portfolio: &portfolio, ..Toy::of(&run_id, &as_of) };
    let sealed = publish(runs, &toy).unwrap();
    assert!(sealed.unfinished.is_none());
}

/// Not a test by itself: what a child process does.
#[test]
#[ignore = "started by `all_at_once`"]
fn a_publisher() {
    let (out, who) =
        std::env::var(CHILD).unwrap().split_once('|').map(|(a, b)| (PathBuf::from(a), b.to_owned())).unwrap();
    for number in 0..RUNS_OF_A_PROCESS {
        publish_one(&Runs::open(&out, Arc::new(Disk)), &who, number);
    }
}

fn child(desk: &Desk, number: usize) -> std::process::Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "together::a_publisher"])
        .env(CHILD, format!("{}|process{number}", desk.out().display()))
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap()
}

/// Reads `CURRENT` until told to end; a portfolio's snapshot never goes back, and the ledger's end neither.
fn watch(desk: &Desk, end: &AtomicBool) -> usize {
    let (mut seq, mut looks) = (0, 0);
    let mut latest = BTreeMap::new();
    while !end.load(Ordering::SeqCst) {
        let Some(current) = Current::read(&desk.out()).unwrap() else { continue };
        assert!(current.ledger.seq >= seq);
        seq = current.ledger.seq;
        for (portfolio, run) in current.portfolios {
            let before = latest.insert(portfolio, run.as_of);
            assert!(before.is_none_or(|before| before <= run.as_of));
        }
        looks += 1;
    }
    looks
}

#[test]
fn all_at_once() {
    let (desk, end) = (Desk::new(), AtomicBool::new(false));
    let children: Vec<_> = (0..PROCESSES).map(|number| child(&desk, number)).collect();
    std::thread::scope(|scope| {
        let watcher = scope.spawn(|| watch(&desk, &end));
        std::thread::scope(|scope| {
            for number in 0..THREADS {
                let desk = &desk;
                scope.spawn(move || publish_one(&desk.runs(), "thread", number));
            }
        });
        for mut child in children {
            assert!(child.wait().unwrap().success());
        }
        end.store(true, Ordering::SeqCst);
        assert!(watcher.join().unwrap() > 0);
    });

    let entries = desk.runs().entries().unwrap();
    assert_eq!(entries.len(), THREADS + PROCESSES * RUNS_OF_A_PROCESS);
    let mut listed: Vec<&str> = entries.iter().map(|entry| entry.run_id.as_str()).collect();
    listed.sort_unstable();
    assert_eq!(desk.visible(), listed);
    for name in desk.visible() {
        is_complete(&desk.path(&name));
    }
    assert_eq!(names(&desk.path(".outbox")).len(), entries.len());
    assert_eq!(desk.names().0, [".lock", ".outbox"]);
    // The last run of December in the ledger, for each: no other month is later.
    let current = desk.runs().current().unwrap().unwrap();
    assert_eq!(current.portfolios.len(), 3);
    for (portfolio, run) in &current.portfolios {
        let of_it = entries.iter().filter(|entry| entry.portfolio == *portfolio);
        let latest = of_it.max_by_key(|entry| (entry.as_of, entry.seq)).unwrap();
        assert_eq!((&run.run_id, run.as_of), (&latest.run_id, latest.as_of));
        holds(&desk.path(&run.run_id));
    }
}
