//! The caller of a shadow gets the baseline's answer, whatever the candidate does.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test's candidate panics on purpose")]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use abaco_rollout::shadow::{Answer, First, Observation, Shadow, Verdict};
use rstest::rstest;

fn plus_one(x: &i64) -> Result<i64, String> {
    Ok(x + 1)
}

fn no_rows(_: &i64) -> Result<i64, String> {
    Err("no rows".to_owned())
}

fn panics(x: &i64) -> Result<i64, String> {
    panic!("at {x}")
}

type Seen = Arc<Mutex<Vec<Observation<i64, String>>>>;

/// Longer than anything here takes.
const LONG: Duration = Duration::from_secs(60);

fn double(x: &i64) -> Result<i64, String> {
    Ok(2 * x)
}

fn seen() -> (Seen, impl Fn(&Observation<i64, String>) + Send + Sync + 'static) {
    let seen = Seen::default();
    let sink = Arc::clone(&seen);
    (seen, move |observation: &Observation<i64, String>| sink.lock().unwrap().push(observation.clone()))
}

type Candidate = fn(&i64) -> Result<i64, String>;

#[rstest]
#[case(double, Verdict::Match, Answer::Value(42))]
#[case(plus_one, Verdict::Mismatch, Answer::Value(22))]
#[case(no_rows, Verdict::CandidateFailed, Answer::Error("no rows".to_owned()))]
#[case(panics, Verdict::CandidateFailed, Answer::Panicked("at 21".to_owned()))]
fn the_candidate_never_reaches_the_caller(
    #[case] candidate: Candidate,
    #[case] verdict: Verdict,
    #[case] answer: Answer<i64, String>,
    #[values(None, Some(LONG))] timeout: Option<Duration>,
    #[values(0, 1, 2, 3)] seed: u64,
) {
    let (seen, sink) = seen();
    let mut shadow = Shadow::new(double, candidate).order_seed(seed).publish_to(sink);
    if let Some(timeout) = timeout {
        shadow = shadow.timeout(timeout);
    }
    assert_eq!(shadow.run(&21), Ok(42));
    let seen = seen.lock().unwrap();
    assert_eq!(seen.len(), 1);
    assert_eq!((seen[0].verdict, &seen[0].candidate.answer), (verdict, &answer));
    assert_eq!(seen[0].baseline.answer, Answer::Value(42));
}

#[test]
fn errors_and_panics_of_the_baseline_are_the_callers() {
    let (seen, sink) = seen();
    let fails = |x: &i64| if *x < 0 { panic!("below 0") } else { Err(format!("{x}")) };
    let shadow = Shadow::new(fails, double).publish_to(sink);
    assert_eq!(shadow.run(&3), Err("3".to_owned()));
    let panic = catch_unwind(AssertUnwindSafe(|| shadow.run(&-1))).unwrap_err();
    assert_eq!(panic.downcast_ref::<&str>(), Some(&"below 0"));
    let seen = seen.lock().unwrap();
    assert_eq!(seen[0].baseline.answer, Answer::Error("3".to_owned()));
    assert_eq!(seen[1].baseline.answer, Answer::Panicked("below 0".to_owned()));
    assert_eq!([seen[0].verdict, seen[1].verdict], [Verdict::BaselineFailed; 2]);
}

/// The candidate waits for a word that comes only after the caller has the answer.
#[test]
fn a_candidate_that_hangs_is_left_behind() {
    let (seen, sink) = seen();
    let (sender, receiver): (Sender<()>, Receiver<()>) = channel();
    let receiver = Mutex::new(receiver);
    let (done, ended) = channel();
    let done = Mutex::new(done);
    let hangs = move |x: &i64| {
        receiver.lock().unwrap().recv().unwrap();
        done.lock().unwrap().send(()).unwrap();
        Ok(2 * x)
    };
    let shadow = Shadow::new(double, hangs).timeout(Duration::from_millis(20)).publish_to(sink);
    assert_eq!(shadow.run(&21), Ok(42));
    let observed = seen.lock().unwrap()[0].clone();
    assert_eq!((observed.candidate.answer, observed.verdict), (Answer::TimedOut, Verdict::CandidateFailed));
    assert!(observed.candidate.duration >= Duration::from_millis(20));
    // It was really running, and what it says now changes nothing.
    sender.send(()).unwrap();
    ended.recv().unwrap();
    assert_eq!(seen.lock().unwrap().len(), 1);
}

#[test]
fn only_the_sample_is_shadowed() {
    let (seen, sink) = seen();
    let shadow = Shadow::new(double, double).sampled(3, 10).unwrap().publish_to(sink);
    for x in 0..100 {
        assert_eq!(shadow.run(&x), Ok(2 * x));
    }
    let calls: Vec<u64> = seen.lock().unwrap().iter().map(|observation| observation.call).collect();
    assert_eq!(calls.len(), 30);
    assert_eq!(calls[..3], [3, 6, 9]);
    let none = Shadow::new(double, |_| panic!("never called")).sampled(0, 10).unwrap();
    assert_eq!(none.run(&1), Ok(2));
    assert!(Shadow::new(double, double).sampled(1, 0).is_err());
}

/// The order that is observed is the order in which they were called.
#[test]
fn both_orders_occur_and_are_told() {
    let (seen, sink) = seen();
    let log = Arc::new(Mutex::new(Vec::new()));
    let (left, right) = (Arc::clone(&log), Arc::clone(&log));
    let baseline = move |x: &i64| {
        left.lock().unwrap().push(First::Baseline);
        double(x)
    };
    let candidate = move |x: &i64| {
        right.lock().unwrap().push(First::Candidate);
        double(x)
    };
    let shadow = Shadow::new(baseline, candidate).order_seed(1).publish_to(sink);
    for x in 0..20 {
        shadow.run(&x).unwrap();
    }
    let told: Vec<First> = seen.lock().unwrap().iter().map(|observation| observation.first).collect();
    let called: Vec<First> = log.lock().unwrap().chunks(2).map(|pair| pair[0]).collect();
    assert_eq!(told, called);
    assert!(told.contains(&First::Baseline) && told.contains(&First::Candidate));
}

#[test]
fn what_compares_and_what_publishes_may_panic() {
    let (seen, sink) = seen();
    let shadow = Shadow::new(double, double).compare_with(|_, _| panic!("compare")).publish_to(sink);
    assert_eq!(shadow.run(&1), Ok(2));
    assert_eq!(seen.lock().unwrap()[0].verdict, Verdict::Uncompared);
    let shadow = Shadow::new(double, double).publish_to(|_| panic!("publish"));
    assert_eq!((shadow.run(&1), shadow.unpublished()), (Ok(2), 1));
}

#[test]
fn a_tolerance_is_a_way_to_compare() {
    let (seen, sink) = seen();
    let near = |left: &i64, right: &i64| (left - right).abs() <= 1;
    let shadow = Shadow::new(double, |x: &i64| Ok(2 * x + 1)).compare_with(near).publish_to(sink);
    shadow.run(&1).unwrap();
    assert_eq!(seen.lock().unwrap()[0].verdict, Verdict::Match);
}

#[test]
fn a_baseline_that_only_fails_is_no_self_check() {
    let fails = Shadow::new(|_: &i64| Err::<i64, _>("x".to_owned()), double);
    let check = fails.self_check(&[1, 2]);
    assert_eq!((check.holds(), check.differing()), (false, vec![]));
    assert!(!fails.self_check(&[]).holds());
    assert!(Shadow::new(double, |_| Err(String::new())).self_check(&[1, 2]).holds());
}
