//! A call: the baseline's answer to the caller, whatever the candidate does.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use super::{Answer, Call, First, Observation, Same, Shadow, Timed, Verdict};

impl<I, T, E> Shadow<I, T, E>
where
    I: Clone + Send + 'static,
    T: Send + 'static,
    E: Send + 'static,
{
    /// Calls the baseline, and in a sampled call the candidate too, in either order; gives what the baseline gives. A panic
    /// of the baseline goes on in the caller once it has been observed; nothing of the candidate's reaches the caller but
    /// the time that it takes.
    ///
    /// # Errors
    /// Those of the baseline.
    pub fn run(&self, input: &I) -> Result<T, E> {
        let call = self.calls.fetch_add(1, Ordering::Relaxed);
        if !self.sample.has(call) {
            return (self.baseline)(input);
        }
        let (first, (baseline, panic), candidate) = if self.order.candidate_first(call) {
            let candidate = self.candidate(input);
            (First::Candidate, timed(&*self.baseline, input), candidate)
        } else {
            let baseline = timed(&*self.baseline, input);
            (First::Baseline, baseline, self.candidate(input))
        };
        let verdict = verdict(&*self.same, &baseline.answer, &candidate.answer);
        let observation = Observation { call, first, baseline, candidate, verdict };
        self.publish(&observation);
        match (observation.baseline.answer, panic) {
            (_, Some(panic)) => resume_unwind(panic),
            (Answer::Value(value), None) => Ok(value),
            (Answer::Error(error), None) => Err(error),
            // The baseline is neither limited nor started elsewhere; whatever else it were, it would be called again.
            (Answer::Panicked(_) | Answer::TimedOut | Answer::NotStarted(_), None) => (self.baseline)(input),
        }
    }

    fn candidate(&self, input: &I) -> Timed<T, E> {
        match self.timeout {
            None => timed(&*self.candidate, input).0,
            Some(timeout) => limited(&self.candidate, input, timeout),
        }
    }

    fn publish(&self, observation: &Observation<T, E>) {
        let Some(sink) = &self.sink else { return };
        if catch_unwind(AssertUnwindSafe(|| sink(observation))).is_err() {
            self.unpublished.fetch_add(1, Ordering::Relaxed);
        }
    }
}

type Panic = Box<dyn Any + Send>;

/// Calls a side in this thread.
pub(super) fn timed<I, T, E>(call: &Call<I, T, E>, input: &I) -> (Timed<T, E>, Option<Panic>) {
    let began = Instant::now();
    let result = catch_unwind(AssertUnwindSafe(|| call(input)));
    let duration = began.elapsed();
    let (answer, panic) = match result {
        Ok(Ok(value)) => (Answer::Value(value), None),
        Ok(Err(error)) => (Answer::Error(error), None),
        Err(panic) => (Answer::Panicked(message(&*panic)), Some(panic)),
    };
    (Timed { answer, duration }, panic)
}

/// Calls a side in a thread of its own and waits so long for it.
fn limited<I, T, E>(call: &Arc<Call<I, T, E>>, input: &I, timeout: Duration) -> Timed<T, E>
where
    I: Clone + Send + 'static,
    T: Send + 'static,
    E: Send + 'static,
{
    let began = Instant::now();
    let ended = |answer| Timed { answer, duration: began.elapsed() };
    // A copy that panics is the shadow's fault too, not the caller's.
    let input = match catch_unwind(AssertUnwindSafe(|| input.clone())) {
        Ok(input) => input,
        Err(panic) => return ended(Answer::NotStarted(format!("the input: {}", message(&*panic)))),
    };
    let (sender, receiver) = channel();
    let call = Arc::clone(call);
    let thread = thread::Builder::new().name("shadow".to_owned()).spawn(move || {
        // Nobody may be waiting any more.
        let _unread = sender.send(timed(&*call, &input).0);
    });
    if let Err(error) = thread {
        return ended(Answer::NotStarted(error.to_string()));
    }
    match receiver.recv_timeout(timeout) {
        Ok(timed) => timed,
        Err(RecvTimeoutError::Timeout) => ended(Answer::TimedOut),
        Err(RecvTimeoutError::Disconnected) => ended(Answer::Panicked("the thread was lost".to_owned())),
    }
}

pub(super) fn verdict<T, E>(same: &Same<T>, baseline: &Answer<T, E>, candidate: &Answer<T, E>) -> Verdict {
    match (baseline.value(), candidate.value()) {
        (Some(baseline), Some(candidate)) => {
            match catch_unwind(AssertUnwindSafe(|| same(baseline, candidate))) {
                Ok(true) => Verdict::Match,
                Ok(false) => Verdict::Mismatch,
                Err(_) => Verdict::Uncompared,
            }
        }
        (Some(_), None) => Verdict::CandidateFailed,
        (None, Some(_)) => Verdict::BaselineFailed,
        (None, None) => Verdict::BothFailed,
    }
}

fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "without a message".to_owned())
}
