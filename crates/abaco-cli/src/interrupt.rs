//! Ctrl-C and its like: the first asks the run to end, the second ends the program.

use std::process;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use abaco_loans::pipeline::Watch;

use crate::failure::Failure;
use crate::say;

/// The exit status of a program that an interrupt has ended: 128 and the number of the signal.
pub(crate) const INTERRUPTED: u8 = 130;

/// What a signal leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    /// The run was asked to end and clears up.
    Cancel,
    /// Somebody does not want to wait for that.
    Abort,
}

/// Cancels the watch at the first Ctrl-C or SIGTERM, and ends the program with status 130 at the second.
///
/// A program calls it once. What an abort leaves behind is a hidden staging folder, which the next run removes.
pub(crate) fn cancel_on_signals(watch: Arc<Watch>) -> Result<(), Failure> {
    let asked = AtomicBool::new(false);
    let handler = move || match answer(&watch, &asked) {
        Answer::Cancel => say("cancelling; once more to end at once"),
        Answer::Abort => process::exit(i32::from(INTERRUPTED)),
    };
    ctrlc::set_handler(handler).map_err(|error| Failure::signals(&error))
}

fn answer(watch: &Watch, asked: &AtomicBool) -> Answer {
    if asked.swap(true, Ordering::Relaxed) {
        return Answer::Abort;
    }
    watch.cancel();
    Answer::Cancel
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_signal_cancels_and_the_second_aborts() {
        let (watch, asked) = (Watch::default(), AtomicBool::new(false));
        assert!(!watch.is_cancelled());
        assert_eq!(answer(&watch, &asked), Answer::Cancel);
        assert!(watch.is_cancelled());
        assert_eq!(answer(&watch, &asked), Answer::Abort);
        assert_eq!(answer(&watch, &asked), Answer::Abort);
    }
}
