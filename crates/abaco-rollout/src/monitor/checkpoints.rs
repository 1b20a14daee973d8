//! The hours after the cutover at which somebody looks.

use chrono::{DateTime, TimeDelta, Utc};

use crate::journal::Event;
use crate::stage::Stage;

/// One of the hours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// Hours after the cutover.
    pub hour: u32,
    /// When that is.
    pub due_at: DateTime<Utc>,
    /// Whether it is time.
    pub due: bool,
    /// When a reconciliation was recorded at that time or later.
    pub passed_at: Option<DateTime<Utc>>,
    /// The triggers that had fired since the cutover until then.
    pub fired: Vec<String>,
}

/// The hours, counted from the cutover that still holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checkpoints {
    /// When the candidate became official; none where it is not.
    pub cutover: Option<DateTime<Utc>>,
    /// The hours in their order; none without a cutover.
    pub hours: Vec<Checkpoint>,
}

impl Checkpoints {
    /// Whether every hour was passed.
    pub fn complete(&self) -> bool {
        self.cutover.is_some() && self.hours.iter().all(|checkpoint| checkpoint.passed_at.is_some())
    }
}

/// What the journal says of the hours.
///
/// ```
/// use abaco_rollout::journal::Event;
/// use abaco_rollout::monitor::checkpoints;
/// use abaco_rollout::stage::Stage::{Cutover, Monitoring};
///
/// let moved = Event::Moved { from: Cutover, to: Monitoring, reason: String::new(), evidence: vec![] };
/// let entries = [("2026-03-02T08:00:00Z".parse()?, "op".to_owned(), moved)];
/// let found = checkpoints(&[1, 8, 24], &entries, "2026-03-02T09:00:00Z".parse()?);
/// assert_eq!(found.hours.iter().map(|hour| hour.due).collect::<Vec<_>>(), [true, false, false]);
/// assert!(!found.complete());
/// # Ok::<(), chrono::ParseError>(())
/// ```
pub fn checkpoints(
    hours: &[u32],
    entries: &[(DateTime<Utc>, String, Event)],
    now: DateTime<Utc>,
) -> Checkpoints {
    let moved = entries.iter().rposition(
        |(_, _, event)| matches!(event, Event::Moved { to, .. } if !matches!(to, Stage::Complete)),
    );
    let Some((at, (cutover, _, Event::Moved { to: Stage::Monitoring, .. }))) =
        moved.and_then(|at| Some((at, entries.get(at)?)))
    else {
        return Checkpoints::default();
    };
    let since = &entries[at..];
    let checkpoint = |hour: &u32| {
        let due_at = *cutover + TimeDelta::hours(i64::from(*hour));
        let recorded = since.iter().find(|(at, _, event)| {
            *at >= due_at && matches!(event, Event::Recorded { kind, .. } if kind == "reconciliation")
        });
        let passed_at = recorded.map(|(at, _, _)| *at);
        let fired = since.iter().filter(|(at, _, _)| passed_at.is_none_or(|passed| *at <= passed));
        let fired = fired.filter_map(|(_, _, event)| match event {
            Event::Triggered { trigger, message, .. } => Some(format!("{trigger}: {message}")),
            _ => None,
        });
        Checkpoint { hour: *hour, due_at, due: now >= due_at, passed_at, fired: fired.collect() }
    };
    Checkpoints { cutover: Some(*cutover), hours: hours.iter().map(checkpoint).collect() }
}
