//! How far a run has come, on a terminal.

use std::io::{IsTerminal, stderr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use abaco_loans::pipeline::Watch;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::Format;

const INTERVAL: Duration = Duration::from_millis(100);

/// A line on standard error that counts the rows of a run until it is dropped, and is then gone.
pub(crate) struct Progress {
    done: Arc<AtomicBool>,
    /// `None` where nobody watches.
    painter: Option<JoinHandle<()>>,
}

impl Progress {
    /// Begins to show the rows of `watch`, if standard error is a terminal and people read the result.
    pub(crate) fn of(watch: &Arc<Watch>, format: Format) -> Self {
        let shown = is_shown(stderr().is_terminal(), format);
        Self::on(watch, shown.then(ProgressDrawTarget::stderr))
    }

    fn on(watch: &Arc<Watch>, target: Option<ProgressDrawTarget>) -> Self {
        let done = Arc::new(AtomicBool::new(false));
        let painter = target.and_then(|target| {
            let (watch, done) = (Arc::clone(watch), Arc::clone(&done));
            // A run without its progress is still a run.
            thread::Builder::new()
                .name("progress".to_owned())
                .spawn(move || paint(&watch, &done, target))
                .ok()
        });
        Self { done, painter }
    }
}

impl Drop for Progress {
    /// Takes the line away, so that what is written next stands on a line of its own.
    fn drop(&mut self) {
        self.done.store(true, Ordering::Relaxed);
        if let Some(painter) = self.painter.take() {
            painter.thread().unpark();
            let _painted = painter.join();
        }
    }
}

fn is_shown(terminal: bool, format: Format) -> bool {
    terminal && format == Format::Table
}

fn paint(watch: &Watch, done: &AtomicBool, target: ProgressDrawTarget) {
    let bar = ProgressBar::with_draw_target(None, target);
    if let Ok(style) = ProgressStyle::with_template("{spinner} {msg}") {
        bar.set_style(style);
    }
    // It is shown at least once, however short the run.
    loop {
        bar.set_message(message(watch));
        bar.tick();
        if done.load(Ordering::Relaxed) {
            break;
        }
        thread::park_timeout(INTERVAL);
    }
    bar.finish_and_clear();
}

fn message(watch: &Watch) -> String {
    let rows = grouped(watch.rows());
    if watch.is_cancelled() { format!("{rows} rows; cancelling") } else { format!("{rows} rows") }
}

/// Thousands apart, as in 1,000,000.
fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::Mutex;

    use indicatif::TermLike;

    use super::*;

    #[test]
    fn only_a_person_at_a_terminal_sees_it() {
        let cases = [
            (true, Format::Table, true),
            (true, Format::Json, false),
            (false, Format::Table, false),
            (false, Format::Json, false),
        ];
        for (terminal, format, shown) in cases {
            assert_eq!(is_shown(terminal, format), shown, "{terminal} {format:?}");
        }
    }

    #[test]
    fn the_message_counts_rows_and_says_when_the_run_ends_early() {
        let watch = Watch::default();
        assert_eq!(message(&watch), "0 rows");
        for (rows, text) in
            [(7, "7 rows"), (992, "999 rows"), (1, "1,000 rows"), (1_233_567, "1,234,567 rows")]
        {
            watch.add_rows(rows);
            assert_eq!(message(&watch), text);
        }
        watch.cancel();
        assert_eq!(message(&watch), "1,234,567 rows; cancelling");
    }

    /// A terminal that keeps everything that is written to it.
    #[derive(Clone, Debug, Default)]
    struct Paper(Arc<Mutex<Vec<String>>>);

    impl Paper {
        fn add(&self, text: &str) -> io::Result<()> {
            self.0.lock().unwrap().push(text.to_owned());
            Ok(())
        }
    }

    impl TermLike for Paper {
        fn width(&self) -> u16 {
            80
        }

        fn move_cursor_up(&self, _: usize) -> io::Result<()> {
            Ok(())
        }

        fn move_cursor_down(&self, _: usize) -> io::Result<()> {
            Ok(())
        }

        fn move_cursor_right(&self, _: usize) -> io::Result<()> {
            Ok(())
        }

        fn move_cursor_left(&self, _: usize) -> io::Result<()> {
            Ok(())
        }

        fn write_line(&self, text: &str) -> io::Result<()> {
            self.add(text)
        }

        fn write_str(&self, text: &str) -> io::Result<()> {
            self.add(text)
        }

        fn clear_line(&self) -> io::Result<()> {
            self.add("(cleared)")
        }

        fn flush(&self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn the_line_is_painted_and_taken_away() {
        let paper = Paper::default();
        let watch = Arc::new(Watch::default());
        watch.add_rows(1_322);
        drop(Progress::on(&watch, Some(ProgressDrawTarget::term_like(Box::new(paper.clone())))));
        let written = paper.0.lock().unwrap().clone();
        let painted = written.iter().position(|text| text.contains("1,322 rows")).unwrap();
        assert!(written[painted..].contains(&"(cleared)".to_owned()), "{written:?}");
        let cleared = written.iter().rposition(|text| text == "(cleared)").unwrap();
        assert!(!written[cleared..].iter().any(|text| text.contains("rows")), "{written:?}");
    }

    #[test]
    fn without_a_terminal_there_is_no_painter() {
        assert!(Progress::on(&Arc::new(Watch::default()), None).painter.is_none());
    }
}
