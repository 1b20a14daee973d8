//! Several publishers and readers in one folder.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use crate::common::{Desk, runs};
use crate::publish::is_complete;

#[test]
fn two_publishers_get_two_complete_runs() {
    let desk = Desk::new();
    let (pipeline, request) = (desk.pipeline(), desk.request());
    let barrier = std::sync::Barrier::new(2);
    let folders: Vec<_> = thread::scope(|scope| {
        let publish = || {
            barrier.wait();
            pipeline.run(&request).unwrap().folder.unwrap()
        };
        let publishers = [scope.spawn(publish), scope.spawn(publish)];
        publishers.into_iter().map(|publisher| publisher.join().unwrap()).collect()
    });
    assert_ne!(folders[0], folders[1]);
    assert_eq!(runs(&desk.path("runs")).len(), 2);
    folders.iter().for_each(|folder| is_complete(folder));
}

/// A name that a reader sees is a whole run, from the first moment on.
#[test]
fn readers_never_see_half_a_run() {
    const RUNS: usize = 200;
    let desk = Desk::new();
    let (pipeline, request) = (desk.pipeline(), desk.request());
    std::fs::create_dir(desk.path("runs")).unwrap();
    let published = AtomicUsize::new(0);
    let mut seen = BTreeSet::new();
    thread::scope(|scope| {
        let publisher = scope.spawn(|| {
            for _ in 0..RUNS {
                pipeline.run(&request).unwrap();
                published.fetch_add(1, Ordering::SeqCst);
            }
        });
        loop {
            // Read before looking, so that the last look comes after the last run, or after the publisher's panic.
            let done = publisher.is_finished();
            let count = published.load(Ordering::SeqCst);
            let visible = runs(&desk.path("runs"));
            assert!(visible.len() >= count, "{} visible after {count} were published", visible.len());
            for name in visible {
                if !seen.contains(&name) {
                    is_complete(&desk.path("runs").join(&name));
                    seen.insert(name);
                }
            }
            if done {
                break;
            }
        }
    });
    assert_eq!(seen.len(), RUNS);
    // Nothing hidden is left either.
    assert_eq!(runs(&desk.path("runs")).len(), RUNS);
}
