//! Logs on standard error, on demand: the spans of a run with their durations, as text or as lines of JSON.
//!
//! Only what abaco itself says is logged. Its spans hold names and counts, never a cell of a tape; what other libraries
//! might say of queries and addresses is left out.

use std::env::{self, VarError};
use std::io;

use clap::ValueEnum;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::format::FmtSpan;
use tracing_subscriber::fmt::{self, MakeWriter};
use tracing_subscriber::layer::SubscriberExt;

use crate::failure::Failure;

/// The variable that says how to log where no option does.
const VARIABLE: &str = "ABACO_LOG";

/// How logs are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// Not at all.
    Off,
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// Begins to log as the option `--log` says, or else the variable `ABACO_LOG`; a program calls it once.
pub(crate) fn start(option: Option<LogFormat>) -> Result<(), Failure> {
    let variable = match env::var(VARIABLE) {
        Ok(text) => Some(text),
        Err(VarError::NotPresent) => None,
        Err(VarError::NotUnicode(text)) => Some(text.to_string_lossy().into_owned()),
    };
    let format = chosen(option, variable.as_deref()).map_err(Failure::usage)?;
    if let Some(subscriber) = subscriber(format, io::stderr) {
        // Only a second call fails, and the first one's logs go on.
        let _first = tracing::subscriber::set_global_default(subscriber);
    }
    Ok(())
}

fn chosen(option: Option<LogFormat>, variable: Option<&str>) -> Result<LogFormat, String> {
    match (option, variable) {
        (Some(option), _) => Ok(option),
        (None, None | Some("")) => Ok(LogFormat::Off),
        (None, Some(text)) => LogFormat::from_str(text, false).map_err(|_| {
            format!("environment variable `{VARIABLE}`: expected off, text or json, found `{text}`")
        }),
    }
}

type Subscriber = Box<dyn tracing::Subscriber + Send + Sync>;

fn subscriber<W>(format: LogFormat, writer: W) -> Option<Subscriber>
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let ours = || Targets::new().with_target("abaco", LevelFilter::INFO);
    let registry = tracing_subscriber::registry();
    match format {
        LogFormat::Off => None,
        LogFormat::Text => {
            let text = fmt::layer().with_ansi(false).with_span_events(FmtSpan::CLOSE).with_writer(writer);
            Some(Box::new(registry.with(text.with_filter(ours()))))
        }
        LogFormat::Json => {
            let json = fmt::layer()
                .json()
                .with_span_list(false)
                .with_span_events(FmtSpan::CLOSE)
                .with_writer(writer);
            Some(Box::new(registry.with(json.with_filter(ours()))))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::{Arc, Mutex};

    use abaco_loans::pipeline::spans::{self, RunSpan};
    use serde_json::json;

    use super::*;

    #[test]
    fn the_option_comes_before_the_variable() {
        let cases = [
            (None, None, LogFormat::Off),
            (None, Some(""), LogFormat::Off),
            (None, Some("json"), LogFormat::Json),
            (Some(LogFormat::Text), Some("json"), LogFormat::Text),
            (Some(LogFormat::Off), Some("nonsense"), LogFormat::Off),
        ];
        for (option, variable, expected) in cases {
            assert_eq!(chosen(option, variable), Ok(expected), "{option:?} {variable:?}");
        }
        assert_eq!(
            chosen(None, Some("loud")).unwrap_err(),
            "environment variable `ABACO_LOG`: expected off, text or json, found `loud`"
        );
    }

    #[derive(Clone, Default)]
    struct Buffer(Arc<Mutex<Vec<u8>>>);

    impl Write for Buffer {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// What is logged of a run with one phase and one step, and of another library's words.
    fn logged(format: LogFormat) -> String {
        let buffer = Buffer::default();
        let writer = buffer.clone();
        let subscriber = subscriber(format, move || writer.clone()).unwrap();
        tracing::subscriber::with_default(subscriber, || {
            let run = RunSpan::new("0192");
            let ingest = run.phase("ingest");
            let step = ingest.step("tape");
            step.in_scope(|| tracing::info!(target: "tokio_postgres::query", "SELECT 'secret'"));
            spans::rows(&step, 3);
            spans::rows(ingest.span(), 4);
            // The last clone of a span closes it: the step goes first, then the phase, then the run.
            drop(step);
            drop(ingest);
        });
        String::from_utf8(buffer.0.lock().unwrap().clone()).unwrap()
    }

    #[test]
    fn json_lines_name_run_phase_step_and_rows() {
        let text = logged(LogFormat::Json);
        assert!(!text.contains("secret"));
        let lines: Vec<serde_json::Value> =
            text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        for line in &lines {
            assert_eq!(line["fields"]["message"], "close");
            assert_eq!(line["target"], "abaco_pipeline::spans");
            assert!(line["timestamp"].as_str().unwrap().ends_with('Z'));
        }
        let told: Vec<&serde_json::Value> = lines.iter().map(|line| &line["span"]).collect();
        let step = json!({"name": "step", "run_id": "0192", "phase": "ingest", "step": "tape", "rows": 3});
        let phase = json!({"name": "phase", "run_id": "0192", "phase": "ingest", "rows": 4});
        assert_eq!(told, [&step, &phase, &json!({"name": "run", "run_id": "0192"})]);
    }

    #[test]
    fn text_has_a_line_for_each_span_and_off_has_none() {
        let text = logged(LogFormat::Text);
        assert_eq!(text.lines().count(), 3);
        assert!(
            text.lines()
                .next()
                .unwrap()
                .contains("step{run_id=\"0192\" phase=\"ingest\" step=\"tape\" rows=3}"),
            "{text}"
        );
        assert!(!text.contains("secret") && !text.contains('\u{1b}'));
        assert!(subscriber(LogFormat::Off, io::sink).is_none());
    }
}
