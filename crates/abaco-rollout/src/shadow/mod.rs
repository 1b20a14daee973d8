//! A candidate beside a baseline in code, as GitHub's Scientist does it: the caller always gets the baseline's answer.

mod builder;
mod call;
mod check;
mod observation;
mod order;

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

pub use self::check::SelfCheck;
pub use self::observation::{Answer, First, Observation, Timed, Verdict};
use self::order::{Order, Sample};

type Call<I, T, E> = dyn Fn(&I) -> Result<T, E> + Send + Sync;
type Same<T> = dyn Fn(&T, &T) -> bool + Send + Sync;
type Sink<T, E> = dyn Fn(&Observation<T, E>) + Send + Sync;

/// Two ways to the same answer, of which the first is official.
///
/// ```
/// use std::sync::{Arc, Mutex};
/// use abaco_rollout::shadow::{Shadow, Verdict};
///
/// let seen = Arc::new(Mutex::new(Vec::new()));
/// let sink = Arc::clone(&seen);
/// let shadow = Shadow::new(
///     |cents: &i64| Ok::<i64, String>(cents / 100),
///     // Rounds where the baseline truncates.
///     |cents: &i64| Ok((cents + 50) / 100),
/// )
/// .order_seed(7)
/// .publish_to(move |observation| {
///     if let Ok(mut seen) = sink.lock() {
///         seen.push(observation.verdict);
///     }
/// });
///
/// assert!(shadow.self_check(&[149, 150]).holds());
/// assert_eq!(shadow.run(&149), Ok(1));
/// assert_eq!(shadow.run(&150), Ok(1));
/// assert_eq!(*seen.lock().map_err(|error| error.to_string())?, [Verdict::Match, Verdict::Mismatch]);
/// # Ok::<(), String>(())
/// ```
pub struct Shadow<I, T, E> {
    baseline: Arc<Call<I, T, E>>,
    candidate: Arc<Call<I, T, E>>,
    same: Box<Same<T>>,
    sink: Option<Box<Sink<T, E>>>,
    sample: Sample,
    order: Order,
    timeout: Option<Duration>,
    calls: AtomicU64,
    unpublished: AtomicU64,
}

impl<I, T, E> std::fmt::Debug for Shadow<I, T, E> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shadow")
            .field("sample", &self.sample)
            .field("order", &self.order)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}
