//! What the gate says of the evidence there is.

use abaco_pipeline::{PipelineConfig, PipelineError};

use crate::approval::configuration;
use crate::gate::{Case, Policy, Verdict, weigh};
use crate::journal::{Entry, Event, Procedure, Record};
use crate::procedures::GateVerdict;
use crate::{Rollout, RolloutError};

impl Rollout {
    /// Weighs evidence and approvals against the policy; `demo` lets unsigned approvals count.
    ///
    /// # Errors
    /// Whatever is wrong with the candidate's configuration or the journal.
    pub fn verdict(&self, demo: bool) -> Result<Verdict, RolloutError> {
        let record = self.record()?;
        self.verdict_of(&record, &operators(&record), demo)
    }

    pub(super) fn verdict_of(
        &self,
        record: &Record,
        operators: &[String],
        demo: bool,
    ) -> Result<Verdict, RolloutError> {
        let settings = &self.config().settings;
        let sifted = self.sifted(record);
        let policy =
            Policy { gate: &settings.gate, approvals: &settings.approvals, checklists: &settings.checklists };
        let baseline = self.baseline().map_err(|error| error.to_string());
        let case = Case {
            candidate: &self.candidate()?,
            baseline: baseline.as_deref().map_err(String::as_str),
            rules: &settings.comparison.digest().map_err(PipelineError::Json)?,
            configuration: &self.configuration()?,
            evidence: &sifted.had,
            lost: &sifted.lost,
            approvals: &self.signed(record),
            operators,
            now: (self.options().clock)(),
            demo,
        };
        Ok(weigh(policy, case))
    }

    /// The same as the procedures take it: whoever asks carries them out, and approves nothing.
    ///
    /// # Errors
    /// As [`verdict`](Self::verdict).
    pub fn gate(&self, demo: bool) -> Result<GateVerdict, RolloutError> {
        let record = self.record()?;
        let mut operators = operators(&record);
        operators.push(self.options().actor.clone());
        let verdict = self.verdict_of(&record, &operators, demo)?;
        Ok(GateVerdict {
            open: verdict.open,
            missing: verdict.missing(),
            candidate: Some(self.candidate()?),
            demo,
            weighed: Some(record.entries.len()),
            evidence: verdict.evidence,
        })
    }

    /// The digest of what is configured, which approvals name.
    ///
    /// # Errors
    /// Whatever is wrong with the candidate's configuration.
    pub fn configuration(&self) -> Result<String, RolloutError> {
        let config = self.config();
        let candidate = &config.settings.candidate;
        let effective = match &candidate.configuration {
            Some(path) => Some(PipelineConfig::load(config.beside(path)?)?.settings),
            None => None,
        };
        configuration(&config.digest, &(candidate, effective))
    }
}

/// Who carried out a cutover so far.
pub(super) fn operators(record: &Record) -> Vec<String> {
    let began = |entry: &&Entry| matches!(&entry.event, Event::Began { procedure: Procedure::Cutover, .. });
    record.entries.iter().filter(began).map(|entry| entry.actor.clone()).collect()
}
