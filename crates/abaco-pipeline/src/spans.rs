//! The `tracing` spans of a run: run, phase, step.
//!
//! Their fields are names and counts: `run_id`, `phase`, `step`, `rows`. Nothing of a tape's cells is ever in them. Each
//! span has the fields of those above it, so that a line that tells of one tells which run it was, on every thread.

use tracing::field::Empty;
use tracing::{Span, info_span};

/// The span of a whole run.
///
/// ```
/// use abaco_pipeline::spans::{self, RunSpan};
///
/// let run = RunSpan::new("0192");
/// let ingest = run.phase("ingest");
/// let rows = ingest.step("tape").in_scope(|| 1_322);
/// spans::rows(ingest.span(), rows);
/// ```
#[derive(Clone, Debug)]
pub struct RunSpan {
    span: Span,
    run_id: String,
}

/// The span of a phase of a run.
#[derive(Clone, Debug)]
pub struct PhaseSpan {
    span: Span,
    run_id: String,
    phase: &'static str,
}

impl RunSpan {
    /// A run begins.
    pub fn new(run_id: &str) -> Self {
        Self { span: info_span!("run", run_id), run_id: run_id.to_owned() }
    }

    /// A phase begins: `ingest`, `validate`, `transform`, `calculate` or `publish`.
    pub fn phase(&self, phase: &'static str) -> PhaseSpan {
        let run_id = self.run_id.clone();
        PhaseSpan {
            span: info_span!(parent: &self.span, "phase", run_id, phase, rows = Empty),
            run_id,
            phase,
        }
    }

    /// The span itself.
    pub fn span(&self) -> &Span {
        &self.span
    }
}

impl PhaseSpan {
    /// A step of the phase begins.
    pub fn step(&self, step: &'static str) -> Span {
        let Self { span, run_id, phase } = self;
        info_span!(parent: span, "step", run_id, phase, step, rows = Empty)
    }

    /// The span itself.
    pub fn span(&self) -> &Span {
        &self.span
    }
}

/// Tells the span of a phase or a step how many rows passed.
pub fn rows(span: &Span, rows: u64) {
    span.record("rows", rows);
}
