//! Setting a shadow up.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::order::{Order, Sample};
use super::{Observation, Shadow};
use crate::RolloutError;

impl<I, T, E> Shadow<I, T, E> {
    /// Both on every call, in an order that nobody can foresee, compared by `==`, without a limit of time.
    pub fn new(
        baseline: impl Fn(&I) -> Result<T, E> + Send + Sync + 'static,
        candidate: impl Fn(&I) -> Result<T, E> + Send + Sync + 'static,
    ) -> Self
    where
        T: PartialEq,
    {
        Self {
            baseline: Arc::new(baseline),
            candidate: Arc::new(candidate),
            same: Box::new(|baseline, candidate| baseline == candidate),
            sink: None,
            sample: Sample::ALL,
            order: Order::random(),
            timeout: None,
            calls: AtomicU64::new(0),
            unpublished: AtomicU64::new(0),
        }
    }

    /// Shadows only so many of so many calls, spread evenly; the others go to the baseline alone.
    ///
    /// ```
    /// use abaco_rollout::shadow::Shadow;
    ///
    /// let shadow = Shadow::new(|x: &u8| Ok::<u8, ()>(*x), |x: &u8| Ok(*x));
    /// assert!(shadow.sampled(1, 10).is_ok());
    /// let shadow = Shadow::new(|x: &u8| Ok::<u8, ()>(*x), |x: &u8| Ok(*x));
    /// let error = shadow.sampled(2, 1).err().map(|error| error.to_string());
    /// assert_eq!(error.as_deref(), Some("sample: expected a part of the calls, found 2 of 1"));
    /// ```
    ///
    /// # Errors
    /// [`RolloutError::Refused`] unless `of` is at most `out_of` and `out_of` at least 1.
    pub fn sampled(mut self, of: u32, out_of: u32) -> Result<Self, RolloutError> {
        if out_of == 0 || of > out_of {
            let message = format!("sample: expected a part of the calls, found {of} of {out_of}");
            return Err(RolloutError::Refused(message));
        }
        self.sample = Sample { of, out_of };
        Ok(self)
    }

    /// Makes the order follow from a seed and the number of the call.
    #[must_use]
    pub fn order_seed(mut self, seed: u64) -> Self {
        self.order = Order { seed };
        self
    }

    /// Waits no longer than this for the candidate, which then runs in a thread of its own on a copy of the input.
    ///
    /// A thread cannot be ended from outside: one that is late runs on until the candidate returns, and what it returns is
    /// dropped. Whoever shadows something that may hang for ever needs a sample small enough for the threads that stay.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Compares two values in another way than by `==`; the baseline's comes first.
    #[must_use]
    pub fn compare_with(mut self, same: impl Fn(&T, &T) -> bool + Send + Sync + 'static) -> Self {
        self.same = Box::new(same);
        self
    }

    /// Gives each observation to `sink`, in the caller's thread and before the caller has its answer. A panic in it is
    /// counted by [`Shadow::unpublished`] and goes no further.
    #[must_use]
    pub fn publish_to(mut self, sink: impl Fn(&Observation<T, E>) + Send + Sync + 'static) -> Self {
        self.sink = Some(Box::new(sink));
        self
    }

    /// How many observations were lost because their sink panicked.
    pub fn unpublished(&self) -> u64 {
        self.unpublished.load(Ordering::Relaxed)
    }
}
