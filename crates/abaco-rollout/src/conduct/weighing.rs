//! What the gate says of the evidence there is.

use abaco_pipeline::PipelineConfig;

use crate::approval::configuration;
use crate::gate::{Case, Policy, Verdict, weigh};
use crate::journal::Record;
use crate::procedures::GateVerdict;
use crate::{Rollout, RolloutError};

impl Rollout {
    /// Weighs evidence and approvals against the policy; `demo` lets unsigned approvals count.
    ///
    /// # Errors
    /// Whatever is wrong with the candidate's configuration or the journal.
    pub fn verdict(&self, demo: bool) -> Result<Verdict, RolloutError> {
        self.verdict_of(&self.record()?, demo)
    }

    pub(super) fn verdict_of(&self, record: &Record, demo: bool) -> Result<Verdict, RolloutError> {
        let settings = &self.config().settings;
        let sifted = self.sifted(record);
        let policy =
            Policy { gate: &settings.gate, approvals: &settings.approvals, checklists: &settings.checklists };
        let case = Case {
            candidate: &self.candidate()?,
            configuration: &self.configuration()?,
            evidence: &sifted.had,
            lost: &sifted.lost,
            approvals: &self.signed(record),
            now: (self.options().clock)(),
            demo,
        };
        Ok(weigh(policy, case))
    }

    /// The same as the procedures take it.
    ///
    /// # Errors
    /// As [`verdict`](Self::verdict).
    pub fn gate(&self, demo: bool) -> Result<GateVerdict, RolloutError> {
        let verdict = self.verdict(demo)?;
        let candidate = Some(self.candidate()?);
        Ok(GateVerdict {
            open: verdict.open,
            missing: verdict.missing(),
            candidate,
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
