//! After the cutover: the baseline runs beside the candidate, and what the triggers see is acted on.

use std::collections::BTreeSet;

use abaco_engine::AsOf;
use abaco_pipeline::Catalogue;
use abaco_pipeline::verify::Options;
use chrono::{DateTime, Utc};

use super::trying::{Compared, Versions, expected};
use crate::evidence::{ComparisonRecord, Evidence, Occasion, ReconciliationRecord, TieOutRecord};
use crate::figures::{self, ReadOptions};
use crate::journal::{Entry, Event, Record};
use crate::monitor::{
    Checkpoints, Day, Fired, Observed, PublishedRun, Watched, checkpoints, judge, observe, reconcile,
};
use crate::procedures::{GateVerdict, ProcedureReport};
use crate::stage::Stage;
use crate::{Rollout, RolloutError};

/// What was seen after the cutover.
#[derive(Clone, Debug)]
pub struct Watch {
    /// The reverse comparison; none where a side has failed.
    pub compared: Option<Compared>,
    /// The runs since the cutover.
    pub watched: Watched,
    /// The triggers that fired.
    pub fired: Vec<Fired>,
    /// The rollback that followed, where the policy asks for one.
    pub rolled_back: Option<ProcedureReport>,
}

/// What came of the reverse comparison. A side that fails is something that is seen, not something that keeps from looking.
enum Reverse {
    Compared(Box<Compared>),
    NoBaseline(RolloutError),
    NoCandidate(RolloutError),
}

impl Rollout {
    /// Compares the candidate's last run with the baseline on the same inputs, looks at all runs since the cutover, fires
    /// triggers, and rolls back where the policy says so.
    ///
    /// The candidate's side is the last published run where `runs` has one since the cutover; otherwise it is computed.
    ///
    /// # Errors
    /// [`RolloutError::Refused`] unless the rollout is being monitored, and what is wrong with the state folder or the
    /// section `trials.live`.
    pub fn monitor(&self, catalogue: &Catalogue) -> Result<Watch, RolloutError> {
        let record = self.record()?;
        if record.standing.stage != Stage::Monitoring {
            let stage = record.standing.stage;
            return Err(RolloutError::Refused(format!(
                "monitor: expected the stage monitoring, found {stage}"
            )));
        }
        let since = cutover(&record).unwrap_or_else(|| (self.options().clock)());
        let mut watched = self.watched(&record, since, Vec::new())?;
        let observed = &mut watched.observed;
        let compared = match self.reverse(&watched.published, catalogue)? {
            Reverse::Compared(compared) => {
                observed.comparisons.push(compared.record.clone());
                Some(*compared)
            }
            Reverse::NoBaseline(error) => {
                observed.uncompared = Some(format!("the baseline failed: {error}"));
                None
            }
            Reverse::NoCandidate(error) => {
                (observed.runs, observed.failed) = (observed.runs + 1, observed.failed + 1);
                observed.failure = Some(error.to_string());
                observed.uncompared = Some("the candidate failed".to_owned());
                None
            }
        };
        let fired = judge(&self.config().settings.monitor, &watched.observed);
        let mut journal = self.journal()?;
        for fired in &fired {
            journal.append(Event::Triggered {
                trigger: fired.trigger.to_owned(),
                message: fired.message(),
                rolls_back: fired.rolls_back,
            })?;
        }
        drop(journal);
        let reasons: Vec<String> =
            fired.iter().filter(|fired| fired.rolls_back).map(Fired::message).collect();
        let rolled_back = match reasons.is_empty() {
            true => None,
            false => {
                let reasons = reasons.join("; ");
                let failed = |error| match error {
                    // Why it was tried is no less important than why it failed.
                    RolloutError::Failed(message) => RolloutError::Failed(format!("{reasons}: {message}")),
                    other => other,
                };
                Some(self.rollback(&reasons).map_err(failed)?)
            }
        };
        Ok(Watch { compared, watched, fired, rolled_back })
    }

    /// Writes the record of a day: what was published, compared and tied since the cutover, and what is open.
    ///
    /// # Errors
    /// [`RolloutError::Refused`] unless the rollout is being monitored.
    pub fn reconcile(&self) -> Result<ReconciliationRecord, RolloutError> {
        let record = self.record()?;
        let Some(since) = cutover(&record) else {
            let stage = record.standing.stage;
            return Err(RolloutError::Refused(format!(
                "reconcile: expected a cutover, found the stage {stage}"
            )));
        };
        let now = (self.options().clock)();
        let day = now.date_naive();
        let sifted = self.sifted(&record);
        let of_the_day =
            sifted.had.iter().filter(|(_, piece)| piece.at >= since && piece.at.date_naive() == day);
        let (mut comparisons, mut tie_outs): (Vec<ComparisonRecord>, Vec<TieOutRecord>) = (vec![], vec![]);
        for (_, piece) in of_the_day {
            match &piece.evidence {
                Evidence::Comparison(record) if record.occasion == Occasion::Reverse => {
                    comparisons.push(record.clone());
                }
                Evidence::TieOut(record) => tie_outs.push(record.clone()),
                _ => {}
            }
        }
        let watched = self.watched(&record, since, comparisons)?;
        let fired = judge(&self.config().settings.monitor, &watched.observed);
        let record = reconcile(Day { day, watched: &watched, tie_outs: &tie_outs, fired: &fired });
        self.record_evidence(Evidence::Reconciliation(record.clone()))?;
        Ok(record)
    }

    /// The hours after the cutover at which somebody must have looked.
    ///
    /// # Errors
    /// A journal that is not what was written.
    pub fn checkpoints(&self) -> Result<Checkpoints, RolloutError> {
        let hours = &self.config().settings.monitor.checkpoints;
        Ok(checkpoints(hours, &self.record()?.events(), (self.options().clock)()))
    }

    /// What [`advance`](Self::advance) needs: after the cutover whether every checkpoint was passed without anything open,
    /// before it what the gate says.
    ///
    /// # Errors
    /// As [`verdict`](Self::verdict).
    pub fn next_verdict(&self, demo: bool) -> Result<GateVerdict, RolloutError> {
        let record = self.record()?;
        if record.standing.stage != Stage::Monitoring {
            return self.gate(demo);
        }
        let (missing, candidate) = (self.unwatched(&record)?, Some(self.candidate()?));
        let weighed = Some(record.entries.len());
        Ok(GateVerdict { open: missing.is_empty(), missing, candidate, weighed, ..GateVerdict::default() })
    }

    /// What keeps the monitoring from being complete.
    pub(super) fn unwatched(&self, record: &Record) -> Result<Vec<String>, RolloutError> {
        let hours = checkpoints(
            &self.config().settings.monitor.checkpoints,
            &record.events(),
            (self.options().clock)(),
        )
        .hours;
        let mut missing: Vec<String> = hours
            .iter()
            .filter(|checkpoint| checkpoint.passed_at.is_none())
            .map(|checkpoint| {
                let due = checkpoint.due_at.to_rfc3339();
                format!("hour {}: no reconciliation since it was due, {due}", checkpoint.hour)
            })
            .collect();
        let sifted = self.sifted(record);
        // Whatever it said may have spoken against the candidate.
        missing.extend(sifted.lost.iter().map(|(digest, reason)| format!("evidence {digest}: {reason}")));
        missing.extend(self.astray(record)?);
        let is_reconciliation =
            |entry: &&Entry| matches!(&entry.event, Event::Recorded { kind, .. } if kind == "reconciliation");
        let last = record.entries.iter().rfind(is_reconciliation).map_or(0, |entry| entry.seq);
        let fired = record.entries.iter().filter(|entry| entry.seq > last);
        missing.extend(fired.filter_map(|entry| match &entry.event {
            Event::Triggered { message, .. } => Some(format!("since the last reconciliation: {message}")),
            _ => None,
        }));
        let open = sifted.had.into_iter().rev().find_map(|(_, piece)| match piece.evidence {
            Evidence::Reconciliation(record) => Some(record.open),
            _ => None,
        });
        missing.extend(open.into_iter().flatten().map(|open| format!("open: {open}")));
        Ok(missing)
    }

    /// What is not as the cutover left it: another version is active, or the candidate is another one by now.
    fn astray(&self, record: &Record) -> Result<Vec<String>, RolloutError> {
        let mut astray: Vec<String> = self.status()?.trouble.into_iter().collect();
        let took_over =
            record.standing.cutover.as_ref().and_then(|cutover| cutover.detail("validate", "candidate"));
        let (name, found) = (&self.config().settings.candidate.name, self.candidate());
        match (took_over, found) {
            (Some(expected), Ok(found)) if expected != found => astray.push(format!(
                "`{name}` is not what took over: expected the identity {expected}, found {found}"
            )),
            (Some(_), Err(error)) => astray.push(format!("`{name}` is not what took over: {error}")),
            _ => {}
        }
        Ok(astray)
    }

    /// The baseline beside the candidate, which is official now.
    fn reverse(&self, published: &[PublishedRun], catalogue: &Catalogue) -> Result<Reverse, RolloutError> {
        let settings = &self.config().settings;
        let mut asked = self.asked("trials.live", settings.trials.live.as_ref())?;
        let run = published.last().zip(settings.runs.as_ref());
        if let Some((run, _)) = run {
            asked.as_of = run.as_of.map_or(AsOf::Single, AsOf::Date);
        }
        let candidate = self.candidate().and_then(|identity| {
            let figures = match run {
                Some((run, runs)) => {
                    let options = ReadOptions {
                        name: Some(settings.candidate.name.clone()),
                        names: figures::names(catalogue, &settings.comparison.names),
                        segment_column: settings.comparison.segment_column().to_owned(),
                        ..ReadOptions::default()
                    };
                    figures::read(self.config().beside(runs)?.join(&run.run_id), &options)?
                }
                None => settings.candidate.figures(self.config(), &asked, catalogue)?,
            };
            Ok((identity, figures))
        });
        let baseline = self.baseline().and_then(|identity| {
            Ok((identity, settings.baseline.figures(self.config(), &asked, catalogue)?))
        });
        match (baseline, candidate) {
            (_, Err(error)) => Ok(Reverse::NoCandidate(error)),
            (Err(error), _) => Ok(Reverse::NoBaseline(error)),
            (Ok((baseline, left)), Ok((candidate, right))) => {
                let comparison = self.held_against(&left, &right);
                let expected = expected(&left, &comparison);
                let versions = Versions { candidate, baseline };
                let compared = self.record_comparison(comparison, Occasion::Reverse, expected, &versions)?;
                Ok(Reverse::Compared(Box::new(compared)))
            }
        }
    }

    /// Runs that a reconciliation since the cutover has counted and that are not there any more: a ledger that lacks its last
    /// lines, or a folder that is away, looks as if nothing had been published.
    fn vanished(&self, record: &Record, since: DateTime<Utc>, published: &[PublishedRun]) -> Vec<String> {
        let found: BTreeSet<&str> = published.iter().map(|run| run.run_id.as_str()).collect();
        let had = self.sifted(record).had;
        let since_then = had.iter().filter(|(_, piece)| piece.at >= since);
        let counted = since_then.filter_map(|(_, piece)| match &piece.evidence {
            Evidence::Reconciliation(record) => Some(&record.published),
            _ => None,
        });
        let gone: BTreeSet<&String> = counted.flatten().filter(|run| !found.contains(run.as_str())).collect();
        gone.into_iter()
            .map(|run| format!("run {run}: it was published, and is not in the ledger now"))
            .collect()
    }

    fn watched(
        &self,
        record: &Record,
        since: DateTime<Utc>,
        comparisons: Vec<ComparisonRecord>,
    ) -> Result<Watched, RolloutError> {
        let runs = self.config().settings.runs.as_ref().map(|runs| self.config().beside(runs)).transpose()?;
        // Before the first run there is no folder.
        let mut watched = match runs.filter(|runs| runs.exists()) {
            Some(runs) => observe(&runs, since, Vec::new(), &Options::default()).unwrap_or_else(|error| {
                // Of runs that cannot be read nobody can say that they are whole.
                let unsound = vec![format!("{}: {error}", runs.display())];
                Watched { observed: Observed { unsound, ..Observed::default() }, published: Vec::new() }
            }),
            None => Watched::default(),
        };
        if watched.observed.unsound.is_empty() {
            watched.observed.lost.extend(self.vanished(record, since, &watched.published));
        }
        watched.observed.comparisons = comparisons;
        watched.observed.coverage = Some(self.config().settings.gate.coverage);
        watched.observed.unsound.extend(self.astray(record)?);
        Ok(watched)
    }
}

/// When the candidate became official, if it still is.
fn cutover(record: &Record) -> Option<DateTime<Utc>> {
    checkpoints(&[], &record.events(), DateTime::<Utc>::MAX_UTC).cutover
}
