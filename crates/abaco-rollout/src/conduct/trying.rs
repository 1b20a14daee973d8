//! Trying the versions: on the past, on the day, under load, against figures from elsewhere.

use std::collections::BTreeSet;

use abaco_engine::AsOf;
use abaco_pipeline::run::{Duplicates, Measuring};
use abaco_pipeline::{Catalogue, Pipeline, PipelineConfig, PipelineError};
use chrono::NaiveDate;
use num_traits::Signed;
use rust_decimal::Decimal;
use serde_json::Value;

use crate::attribution::{Tie, tie};
use crate::causes::{self, Findings, Subject};
use crate::comparison::{Comparison, Inputs, compare};
use crate::config::AskedSettings;
use crate::evidence::{
    ComparisonRecord, ConcurrencyRecord, Evidence, Occasion, PerformanceRecord, RehearsalRecord, SoakRecord,
    TieOutRecord,
};
use crate::exercise::Exercise;
use crate::figures::{Figures, number::rational_of};
use crate::journal::{Entry, Event, Outcome, Procedure, Record};
use crate::procedures::Rehearsed;
use crate::version::Asked;
use crate::{Rollout, RolloutConfig, RolloutError};

/// A comparison that is evidence now.
#[derive(Clone, Debug)]
pub struct Compared {
    /// What was compared.
    pub comparison: Comparison,
    /// What the evidence holds of it.
    pub record: ComparisonRecord,
    /// The evidence's digest.
    pub digest: String,
}

/// The identities of both sides when they began to be compared.
#[derive(Clone, Debug)]
pub(super) struct Versions {
    pub(super) candidate: String,
    pub(super) baseline: String,
}

/// The snapshots of the past, compared.
#[derive(Clone, Debug)]
pub struct Replayed {
    /// One comparison for each snapshot, the oldest first.
    pub snapshots: Vec<Compared>,
    /// Why the sides differ, where they do and the candidate is a configuration whose tape can tell.
    pub causes: Option<Findings>,
}

/// What the candidate bore.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exercised {
    /// One large tape.
    pub performance: PerformanceRecord,
    /// Many runs at once.
    pub concurrency: ConcurrencyRecord,
    /// Many one after another.
    pub soak: SoakRecord,
}

/// A figure of the candidate's that another source knows too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TieOutRequest {
    /// A KPI's id, or a component as it is printed: `SUM(outstanding_balance)`.
    pub figure: String,
    /// Where the other figure comes from: a general ledger, a servicer's report. Never the tape.
    pub source: String,
    /// What the source says.
    pub expected: Decimal,
    /// The largest difference that is accepted.
    pub tolerance: Decimal,
    /// The snapshot; that of the tape of the day without one.
    pub as_of: Option<NaiveDate>,
}

impl Rollout {
    /// Compares baseline and candidate at every snapshot of the tape of the past, records each comparison, and looks for
    /// the cause of what differs.
    ///
    /// # Errors
    /// A configuration without `trials.replay`, and what either version or the cause finder fails with.
    pub fn replay(&self, catalogue: &Catalogue) -> Result<Replayed, RolloutError> {
        let asked = self.asked("trials.replay", self.config().settings.trials.replay.as_ref())?;
        let versions = self.versions()?;
        let mut all = Figures::default();
        let mut comparisons = Vec::new();
        for as_of in self.snapshots(&asked, catalogue)? {
            let (baseline, candidate) = self.both(&Asked { as_of, ..asked.clone() }, catalogue)?;
            let comparison = self.held_against(&baseline, &candidate);
            let expected = expected(&baseline, &comparison);
            all.values.extend(baseline.values);
            all.name = baseline.name;
            comparisons.push((comparison, expected));
        }
        let causes = match comparisons.iter().any(|(comparison, _)| comparison.unexplained().next().is_some())
        {
            true => explain(self.config(), &all, &asked, catalogue)?,
            false => None,
        };
        if let Some(causes) = &causes {
            let document = self.evidence().put_document(causes)?;
            let evidence = Evidence::Causes(causes.to_record(&versions.baseline, document));
            self.note_evidence(&mut self.journal()?, &versions.candidate, evidence)?;
        }
        let snapshots = comparisons
            .into_iter()
            .map(|(comparison, expected)| {
                self.record_comparison(comparison, Occasion::Replay, expected, &versions)
            })
            .collect::<Result<_, _>>()?;
        Ok(Replayed { snapshots, causes })
    }

    /// Compares baseline and candidate on the tape of the day, and records it.
    ///
    /// # Errors
    /// A configuration without `trials.live`, and what either version fails with.
    pub fn compare(&self, catalogue: &Catalogue) -> Result<Compared, RolloutError> {
        let asked = self.asked("trials.live", self.config().settings.trials.live.as_ref())?;
        let versions = self.versions()?;
        let (baseline, candidate) = self.both(&asked, catalogue)?;
        let comparison = self.held_against(&baseline, &candidate);
        let expected = expected(&baseline, &comparison);
        self.record_comparison(comparison, Occasion::Live, expected, &versions)
    }

    /// Puts the candidate under load, and records what it bore.
    ///
    /// # Errors
    /// A configuration without `trials.load`, a candidate that is no configuration, and a first run that fails.
    pub fn exercise(&self, catalogue: &Catalogue) -> Result<Exercised, RolloutError> {
        let (trials, gate) = (&self.config().settings.trials, &self.config().settings.gate);
        let asked = self.asked("trials.load", trials.load.as_ref())?;
        let Some(configuration) = &self.config().settings.candidate.configuration else {
            return Err(
                self.refuse("`candidate`: expected a configuration to exercise, found another source")
            );
        };
        let identity = self.candidate()?;
        let exercise = Exercise::new(&self.config().beside(configuration)?, &asked, catalogue)?;
        let performance = exercise.performance()?;
        let concurrency =
            exercise.concurrency(trials.exercise.concurrent_runs.unwrap_or(gate.concurrency.runs))?;
        let soak = exercise.soak(trials.exercise.soak_runs.unwrap_or(gate.soak.runs))?;
        let mut journal = self.journal()?;
        self.note_evidence(&mut journal, &identity, Evidence::Performance(performance.clone()))?;
        self.note_evidence(&mut journal, &identity, Evidence::Concurrency(concurrency.clone()))?;
        self.note_evidence(&mut journal, &identity, Evidence::Soak(soak.clone()))?;
        Ok(Exercised { performance, concurrency, soak })
    }

    /// Cuts over, rolls back and cuts over again on copies, and records how that went, also where it failed.
    ///
    /// # Errors
    /// As [`rehearse`](Self::rehearse).
    pub fn rehearsed(&self) -> Result<Rehearsed, RolloutError> {
        let versions = self.versions();
        let rehearsed = match (self.rehearse(), versions) {
            // Versions that do not load are no evidence about either of them.
            (Err(RolloutError::Failed(message)), Ok(versions)) => {
                let evidence = Evidence::Rehearsal(failed_rehearsal(&self.record()?, versions.baseline));
                let noted = self
                    .journal()
                    .and_then(|mut journal| self.note_evidence(&mut journal, &versions.candidate, evidence));
                return Err(RolloutError::Failed(match noted {
                    Ok(_) => message,
                    Err(error) => format!("{message}; it could not be recorded: {error}"),
                }));
            }
            (rehearsed, _) => rehearsed?,
        };
        let evidence = Evidence::Rehearsal(rehearsed.record.clone());
        self.note_evidence(&mut self.journal()?, &rehearsed.candidate, evidence)?;
        Ok(rehearsed)
    }

    /// Holds a figure of the candidate's, on the tape of the day, against one from elsewhere, and records it.
    ///
    /// # Errors
    /// A figure that the candidate does not have, and what it fails with.
    pub fn tie_out(
        &self,
        request: &TieOutRequest,
        catalogue: &Catalogue,
    ) -> Result<TieOutRecord, RolloutError> {
        let mut asked = self.asked("trials.live", self.config().settings.trials.live.as_ref())?;
        if let Some(as_of) = request.as_of {
            asked.as_of = AsOf::Date(as_of);
        }
        let identity = self.candidate()?;
        let figures = self.config().settings.candidate.figures(self.config(), &asked, catalogue)?;
        let totals = figures.values.iter().filter(|(key, _)| key.segment.is_empty());
        let mut found = totals.filter_map(|(key, figure)| {
            let component = figure.components.get(&request.figure).copied();
            let value = figure.value.as_ref().ok().copied().filter(|_| key.kpi == request.figure);
            Some((key.as_of, component.or(value)?))
        });
        let Some((as_of, found)) = found.next_back() else {
            let message = format!("expected a KPI or a component of one, found `{}`", request.figure);
            return Err(self.refuse(&message));
        };
        let difference = rational_of(found) - rational_of(request.expected);
        let record = TieOutRecord {
            as_of,
            figure: request.figure.clone(),
            source: request.source.clone(),
            found: found.to_string(),
            expected: request.expected.to_string(),
            tolerance: request.tolerance.to_string(),
            ties: difference.abs() <= rational_of(request.tolerance),
        };
        self.note_evidence(&mut self.journal()?, &identity, Evidence::TieOut(record.clone()))?;
        Ok(record)
    }

    /// Holds the amounts of `ties` against each other: tape, loans and transactions, in total and key by key.
    ///
    /// # Errors
    /// What keeps a table from being read or joined.
    pub fn ties(&self) -> Result<Vec<Tie>, RolloutError> {
        let config = self.config();
        let beside = |name: &str| config.beside(name);
        config.settings.ties.iter().map(|settings| tie(settings, &config.path, &beside)).collect()
    }

    /// Notes that an item of a checklist is done.
    ///
    /// # Errors
    /// [`RolloutError::Configuration`] for an item that `rollout.yml` does not have.
    pub fn check_off(&self, list: &str, item: &str, note: &str) -> Result<String, RolloutError> {
        let lists = &self.config().settings.checklists;
        let Some(items) = lists.get(list) else {
            let known = quoted(lists.keys());
            return Err(self.refuse(&format!("`checklists`: expected one of {known}, found `{list}`")));
        };
        if !items.contains(&item.to_owned()) {
            let known = quoted(items);
            return Err(self.refuse(&format!("`checklists.{list}`: expected one of {known}, found `{item}`")));
        }
        let (list, item, note) = (list.to_owned(), item.to_owned(), note.to_owned());
        self.record_evidence(Evidence::Checklist(crate::evidence::ChecklistRecord { list, item, note }))
    }

    /// What is compared from now on.
    pub(super) fn versions(&self) -> Result<Versions, RolloutError> {
        Ok(Versions { candidate: self.candidate()?, baseline: self.baseline()? })
    }

    /// Both versions' figures for the same inputs.
    pub(super) fn both(
        &self,
        asked: &Asked,
        catalogue: &Catalogue,
    ) -> Result<(Figures, Figures), RolloutError> {
        let settings = &self.config().settings;
        let baseline = settings.baseline.figures(self.config(), asked, catalogue)?;
        let candidate = settings.candidate.figures(self.config(), asked, catalogue)?;
        Ok((baseline, candidate))
    }

    pub(super) fn held_against(&self, baseline: &Figures, candidate: &Figures) -> Comparison {
        let today = (self.options().clock)().date_naive();
        compare(baseline, candidate, &self.config().settings.comparison, today)
    }

    /// Stores the whole comparison and what counts of it.
    pub(super) fn record_comparison(
        &self,
        comparison: Comparison,
        occasion: Occasion,
        expected: u64,
        versions: &Versions,
    ) -> Result<Compared, RolloutError> {
        let rules = &self.config().settings.comparison;
        let record = comparison
            .to_record(occasion, expected, &versions.baseline, rules)
            .map_err(PipelineError::Json)?;
        let document = self.evidence().put_document(&comparison.document())?;
        // Sides that do not both say what they read may have read different things.
        let informative = if comparison.inputs == Inputs::Same { record.informative } else { 0 };
        let record = ComparisonRecord { document, informative, ..record };
        let evidence = Evidence::Comparison(record.clone());
        let digest = self.note_evidence(&mut self.journal()?, &versions.candidate, evidence)?;
        Ok(Compared { comparison, record, digest })
    }

    /// The snapshots of a tape, as the candidate reads it.
    fn snapshots(&self, asked: &Asked, catalogue: &Catalogue) -> Result<Vec<AsOf>, RolloutError> {
        let Some(configuration) = &self.config().settings.candidate.configuration else {
            return Ok(vec![asked.as_of]);
        };
        let pipeline = Pipeline::new(PipelineConfig::load(self.config().beside(configuration)?)?, catalogue)?;
        let measuring = Measuring { inputs: &asked.inputs, groups: &[], duplicates: Duplicates::Collapsed };
        let first: Vec<_> = pipeline.engine().kpis().take(1).collect();
        let folded = pipeline.measure(&first, &measuring)?;
        let dates = folded.plan.snapshots(&folded.state);
        Ok(if dates.is_empty() { vec![AsOf::Single] } else { dates.into_iter().map(AsOf::Date).collect() })
    }

    pub(super) fn asked(
        &self,
        section: &str,
        settings: Option<&AskedSettings>,
    ) -> Result<Asked, RolloutError> {
        match settings {
            Some(settings) => settings.resolve(self.config()),
            None => Err(self.refuse(&format!("expected `{section}`, found none"))),
        }
    }

    pub(super) fn refuse(&self, message: &str) -> RolloutError {
        RolloutError::Configuration { path: self.config().path.clone(), message: message.to_owned() }
    }
}

/// Looks for the conventions under which the candidate of a configuration gives the baseline's values; none where it is no
/// configuration, or one with tables beside the tape, which the finder cannot compute.
///
/// # Errors
/// What keeps the tape from being read, and limits that are too narrow.
pub fn explain(
    config: &RolloutConfig,
    baseline: &Figures,
    asked: &Asked,
    catalogue: &Catalogue,
) -> Result<Option<Findings>, RolloutError> {
    let settings = &config.settings;
    let Some(configuration) = &settings.candidate.configuration else { return Ok(None) };
    let pipeline = Pipeline::new(PipelineConfig::load(config.beside(configuration)?)?, catalogue)?;
    if pipeline.config().settings.tables.is_some() {
        return Ok(None);
    }
    let name = &settings.candidate.name;
    let subject = Subject { name, pipeline: &pipeline, inputs: &asked.inputs };
    let keys = baseline.values.keys().cloned().collect();
    causes::find(baseline, &subject, &keys, &settings.causes).map(Some)
}

/// How far the last rehearsal came, which failed.
fn failed_rehearsal(record: &Record, baseline: String) -> RehearsalRecord {
    let is_begin = |entry: &Entry| matches!(&entry.event, Event::Began { procedure, .. } if *procedure == Procedure::Rehearsal);
    let steps = record.entries.iter().rev().take_while(|entry| !is_begin(entry));
    let mut rolled_back = steps.filter_map(|entry| match &entry.event {
        Event::Step { step, outcome: Outcome::Passed, details, .. } if step == "rollback" => {
            details.get("milliseconds").and_then(Value::as_u64)
        }
        _ => None,
    });
    let took = rolled_back.next();
    RehearsalRecord {
        baseline,
        rollback_milliseconds: took.unwrap_or(0),
        proven: took.is_some(),
        forward: false,
    }
}

/// All that the baseline has at this snapshot, and what was compared beyond it.
pub(super) fn expected(baseline: &Figures, comparison: &Comparison) -> u64 {
    let compared = comparison.keys.iter().map(|key| &key.key);
    baseline.values.keys().chain(compared).collect::<BTreeSet<_>>().len() as u64
}

fn quoted<'n>(names: impl IntoIterator<Item = &'n String>) -> String {
    names.into_iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
