//! The baseline beside itself: whoever does not match himself proves nothing about others.

use super::call::{timed, verdict};
use super::{Shadow, Verdict};

/// What came of the baseline beside itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SelfCheck {
    /// What came of each input, in order.
    pub verdicts: Vec<Verdict>,
}

impl SelfCheck {
    /// Whether there was a value to compare, and every value was the same twice. Where the baseline fails both times,
    /// nothing is known.
    pub fn holds(&self) -> bool {
        let is_sound = |verdict: &Verdict| matches!(verdict, Verdict::Match | Verdict::BothFailed);
        self.verdicts.contains(&Verdict::Match) && self.verdicts.iter().all(is_sound)
    }

    /// The inputs, from 0, on which the baseline does not match itself.
    pub fn differing(&self) -> Vec<usize> {
        let sound = [Verdict::Match, Verdict::BothFailed];
        let verdicts = self.verdicts.iter().enumerate();
        verdicts.filter(|(_, verdict)| !sound.contains(verdict)).map(|(index, _)| index).collect()
    }
}

impl<I, T, E> Shadow<I, T, E> {
    /// Calls the baseline twice on each input, without a limit of time, and compares it with itself. Only if that holds does
    /// a difference of the candidate's say anything about the candidate.
    ///
    /// ```
    /// use std::sync::atomic::{AtomicU32, Ordering};
    /// use abaco_rollout::shadow::Shadow;
    ///
    /// let calls = AtomicU32::new(0);
    /// let shadow = Shadow::new(
    ///     // Depends on more than its input.
    ///     move |_: &()| Ok::<u32, ()>(calls.fetch_add(1, Ordering::Relaxed)),
    ///     |_: &()| Ok(0),
    /// );
    /// let check = shadow.self_check(&[()]);
    /// assert!(!check.holds());
    /// assert_eq!(check.differing(), [0]);
    /// ```
    pub fn self_check(&self, inputs: &[I]) -> SelfCheck {
        let twice = |input: &I| {
            let [(first, _), (second, _)] = [(); 2].map(|()| timed(&*self.baseline, input));
            verdict(&*self.same, &first.answer, &second.answer)
        };
        SelfCheck { verdicts: inputs.iter().map(twice).collect() }
    }
}
