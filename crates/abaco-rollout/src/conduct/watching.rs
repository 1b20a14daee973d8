//! After the cutover: the baseline runs beside the candidate, and what the triggers see is acted on.

use abaco_engine::AsOf;
use abaco_pipeline::Catalogue;
use abaco_pipeline::verify::Options;
use chrono::{DateTime, Utc};

use super::evidence::entries;
use super::trying::{Compared, expected};
use crate::evidence::{ComparisonRecord, Evidence, Occasion, ReconciliationRecord, TieOutRecord};
use crate::figures::{self, ReadOptions};
use crate::journal::{Event, Record};
use crate::monitor::{Checkpoints, Day, Fired, Watched, checkpoints, judge, observe, reconcile};
use crate::procedures::{GateVerdict, ProcedureReport};
use crate::stage::Stage;
use crate::version::Asked;
use crate::{Rollout, RolloutError};

/// What was seen after the cutover.
#[derive(Clone, Debug)]
pub struct Watch {
    /// The reverse comparison.
    pub compared: Compared,
    /// The runs since the cutover.
    pub watched: Watched,
    /// The triggers that fired.
    pub fired: Vec<Fired>,
    /// The rollback that followed, where the policy asks for one.
    pub rolled_back: Option<ProcedureReport>,
}

impl Rollout {
    /// Compares the candidate's last run with the baseline on the same inputs, looks at all runs since the cutover, fires
    /// triggers, and rolls back where the policy says so.
    ///
    /// The candidate's side is the last published run where `runs` has one since the cutover; otherwise it is computed.
    ///
    /// # Errors
    /// [`RolloutError::Refused`] unless the rollout is being monitored, and what cannot be compared or read.
    pub fn monitor(&self, catalogue: &Catalogue) -> Result<Watch, RolloutError> {
        let record = self.record()?;
        if record.standing.stage != Stage::Monitoring {
            let stage = record.standing.stage;
            return Err(RolloutError::Refused(format!(
                "monitor: expected the stage monitoring, found {stage}"
            )));
        }
        let since = cutover(&record).unwrap_or_else(|| (self.options().clock)());
        let compared = self.reverse(since, catalogue)?;
        let watched = self.watched(since, vec![compared.record.clone()])?;
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
            false => Some(self.rollback(&reasons.join("; "))?),
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
        let watched = self.watched(since, comparisons)?;
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
        Ok(checkpoints(hours, &entries(&self.record()?), (self.options().clock)()))
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
        let checkpoints = self.checkpoints()?;
        let mut missing: Vec<String> = checkpoints
            .hours
            .iter()
            .filter(|checkpoint| checkpoint.passed_at.is_none())
            .map(|checkpoint| {
                let due = checkpoint.due_at.to_rfc3339();
                format!("hour {}: no reconciliation since it was due, {due}", checkpoint.hour)
            })
            .collect();
        let last = self.sifted(&record).had.into_iter().rev().find_map(|(_, piece)| match piece.evidence {
            Evidence::Reconciliation(record) => Some(record),
            _ => None,
        });
        missing.extend(last.into_iter().flat_map(|record| record.open).map(|open| format!("open: {open}")));
        let candidate = Some(self.candidate()?);
        Ok(GateVerdict { open: missing.is_empty(), missing, candidate, evidence: Vec::new() })
    }

    /// The baseline beside the candidate, which is official now.
    fn reverse(&self, since: DateTime<Utc>, catalogue: &Catalogue) -> Result<Compared, RolloutError> {
        let settings = &self.config().settings;
        let asked = self.asked("trials.live", settings.trials.live.as_ref())?;
        let published = self.watched(since, Vec::new())?.published;
        let (baseline, candidate) = match (published.last(), &settings.runs) {
            (Some(run), Some(runs)) => {
                let as_of = run.as_of.map_or(AsOf::Single, AsOf::Date);
                let asked = Asked { as_of, ..asked };
                let baseline = settings.baseline.figures(self.config(), &asked, catalogue)?;
                let options = ReadOptions {
                    name: Some(settings.candidate.name.clone()),
                    names: figures::names(catalogue, &settings.comparison.names),
                    segment_column: settings.comparison.segment_column().to_owned(),
                    ..ReadOptions::default()
                };
                (baseline, figures::read(self.config().beside(runs)?.join(&run.run_id), &options)?)
            }
            _ => self.both(&asked, catalogue)?,
        };
        let comparison = self.held_against(&baseline, &candidate);
        let expected = expected(&baseline, &comparison);
        self.record_comparison(comparison, Occasion::Reverse, expected)
    }

    fn watched(
        &self,
        since: DateTime<Utc>,
        comparisons: Vec<ComparisonRecord>,
    ) -> Result<Watched, RolloutError> {
        let Some(runs) = &self.config().settings.runs else {
            let observed = crate::monitor::Observed { comparisons, ..Default::default() };
            return Ok(Watched { observed, published: Vec::new() });
        };
        let runs = self.config().beside(runs)?;
        if !runs.exists() {
            let observed = crate::monitor::Observed { comparisons, ..Default::default() };
            return Ok(Watched { observed, published: Vec::new() });
        }
        observe(&runs, since, comparisons, &Options::default())
    }
}

/// When the candidate became official, if it still is.
fn cutover(record: &Record) -> Option<DateTime<Utc>> {
    checkpoints(&[], &entries(record), DateTime::<Utc>::MAX_UTC).cutover
}
